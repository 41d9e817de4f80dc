// Package trace gives every request an id, by which its caller, its log lines
// and its problem find each other.
package trace

import (
	"context"
	"net/http"
	"regexp"

	"github.com/google/uuid"
)

// Header carries the id of a request, in and out.
const Header = "X-Request-Id"

type key struct{}

// wellFormed is what we accept as an id from a caller; anything else is replaced.
var wellFormed = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// Request is the id of the request this context belongs to, or "".
func Request(ctx context.Context) string {
	id, _ := ctx.Value(key{}).(string)
	return id
}

// Middleware gives each request its id: the caller's where it is well formed.
func Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(Header)
		if !wellFormed.MatchString(id) {
			id = uuid.NewString()
		}
		w.Header().Set(Header, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, id)))
	})
}
