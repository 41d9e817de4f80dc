package temporal

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"go.temporal.io/sdk/converter"
)

// codecBodyMax is the largest body that the codec endpoint reads.
const codecBodyMax = 4 << 20

// Authorizer says whether a request may have payloads decoded. It is asked on
// every request, and logs what it allowed if it must.
type Authorizer func(r *http.Request) bool

// CodecHandler serves POST …/decode for the Temporal UI and CLI. Encoding is not
// served: nobody outside writes payloads.
//
// Origin is the UI's, for CORS; "" allows none.
func CodecHandler(codec *Codec, origin string, allowed Authorizer) http.Handler {
	decode := converter.NewPayloadCodecHTTPHandler(codec)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin != "" && r.Header.Get("Origin") == origin {
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
			h.Set("Access-Control-Allow-Credentials", "true")
			h.Set("Vary", "Origin")
		}
		switch {
		case r.Method == http.MethodOptions:
			w.WriteHeader(http.StatusNoContent)
		case !allowed(r):
			http.Error(w, "not allowed", http.StatusUnauthorized)
		case !strings.HasSuffix(r.URL.Path, "/decode"):
			http.NotFound(w, r)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, codecBodyMax)
			decode.ServeHTTP(w, r)
		}
	})
}

// BearerToken allows requests that carry the token. An empty token allows none.
func BearerToken(token string) Authorizer {
	return func(r *http.Request) bool {
		given, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return found && token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1
	}
}
