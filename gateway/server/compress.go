package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzhttp"

	"github.com/countersign/countersign/gateway/api"
)

// compressedTypes are what shrinks. Files and events are left as they are: files are
// compressed already, and an event must not wait for more of them.
var compressedTypes = []string{"text/html", "text/css", "text/javascript", "application/json",
	"application/problem+json", "image/svg+xml"}

// compressedFrom is how long an answer must be, in bytes: below it one packet is one packet.
const compressedFrom = 1024

// jitterMost is how many bytes of the answer's length are made up.
const jitterMost = 32

// compressed shrinks answers to a GET where the caller asks for it.
//
// The length of a compressed answer tells whether what a stranger had the browser
// send stands in it beside a secret (BREACH). So no answer with a secret in it is
// compressed: a token is shown once, in the answer to the POST that made it, sign-in is
// left out, and there is no token against forged forms to find, for those are told by
// their origin. What is in the pages, the documents of a company, nobody reads by
// that way either: cookies are SameSite, so another site can only open whole pages,
// one guess a window; and a few bytes of the length are made up, by the content, so
// that to ask again tells nothing more. A handler that knows better sets
// gzhttp.HeaderNoCompression.
func compressed(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.ContentTypes(compressedTypes), gzhttp.MinSize(compressedFrom),
		gzhttp.RandomJitter(jitterMost, 0, false))
	if err != nil {
		return nil, err
	}
	shrunk := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || secretive(r.URL.Path) || streams(r) {
			next.ServeHTTP(w, r)
			return
		}
		shrunk.ServeHTTP(w, r)
	}), nil
}

// secretRooms are where answers may carry a secret: codes and states of a sign-in,
// tokens of people and of directories.
var secretRooms = []string{"/login", "/logout", "/dev/", "/scim/", api.Base + "/tokens"}

func secretive(path string) bool {
	return slices.ContainsFunc(secretRooms, func(room string) bool { return strings.HasPrefix(path, room) })
}

// streams says whether events are asked for, which arrive one by one.
func streams(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}
