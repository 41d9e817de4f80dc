package server

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/api"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/pages"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/gateway/server/trace"
)

// contentPolicy lets a page load from this house only, run no script but our
// files, and send its forms nowhere else; who may frame it follows.
const contentPolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"object-src 'none'; base-uri 'none'; form-action 'self'; "

// headers sets what protects a browser; a handler may replace a header by a
// stricter one.
func headers(framers []string, next http.Handler) http.Handler {
	policy := contentPolicy + pages.FrameAncestors(framers)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		if len(framers) == 0 { // for browsers that read no policy; it knows no list
			h.Set("X-Frame-Options", "DENY")
		}
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if strings.HasPrefix(r.URL.Path, api.Base) {
			h.Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// recovered turns a panic into a problem: one request fails, the house stands.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p) // the server's own way to drop a connection
			}
			slog.ErrorContext(r.Context(), "panic", "request", trace.Request(r.Context()), "panic", p,
				"stack", string(debug.Stack()))
			problem.Write(w, r, fault.New(fault.Internal, "request.failed"))
		}()
		next.ServeHTTP(w, r)
	})
}

// scimBytesMax is room for a group of the most members.
const scimBytesMax = 8 << 20

// bodyLimits bound every body before anybody reads it.
type bodyLimits struct {
	ordinary   int64
	attachment int64
}

func (l bodyLimits) of(r *http.Request) int64 {
	switch r.URL.Path {
	case api.Base + "/attachments":
		return l.attachment
	case api.Base + "/imports":
		return desk.ImportBytesMax
	case api.TablePath:
		return desk.TableBytesMax
	}
	if strings.HasPrefix(r.URL.Path, problem.SCIMBase+"/") {
		return scimBytesMax
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") && !strings.HasPrefix(r.URL.Path, api.Base) {
		return l.attachment // a page's form with a file in it
	}
	return l.ordinary
}

func (l bodyLimits) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := l.of(r)
		if r.ContentLength > limit {
			w.Header().Set("Connection", "close")
			problem.Write(w, localised(r), problem.TooLarge(limit))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

// purpose is what a token may be made for alone: scopes that begin so, the one that they
// stand for, and where its work is.
type purpose struct{ scopes, permission, below string }

var purposes = []purpose{
	{"scim:", access.ScimProvision, problem.SCIMBase + "/"},
	{access.ForSource(access.InboundSend, ""), access.InboundSend, api.Base + "/inbound/"},
}

// onlyItsPurpose keeps a token that is a directory's, or a source's of documents, with no
// scope but that, to what it is for: not even what asks for no permission is open to it.
func onlyItsPurpose(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, _ := auth.Of(r.Context())
		scopes := who.Subject.Scopes
		for _, p := range purposes {
			other := slices.ContainsFunc(scopes, func(scope string) bool { return !strings.HasPrefix(scope, p.scopes) })
			elsewhere := !strings.HasPrefix(r.URL.Path, p.below)
			if who.Subject.Machine && len(scopes) > 0 && !other && elsewhere {
				problem.Write(w, r, fault.New(fault.Forbidden, "access.denied",
					fault.Arg("permission", p.permission), fault.Arg("reason", access.OutOfTokenScope)))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses what another site makes a browser send with our cookie. A
// request with a token carries no cookie that counts. A browser too old to tell where
// a request comes from acts with the token of our own forms only, which the pages
// look for: it cannot speak to the API by its session.
func sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, fault.New(fault.Forbidden, "request.cross_origin"))
	}))
	guarded := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if auth.HasBearer(r) {
			next.ServeHTTP(w, r)
			return
		}
		who, known := auth.Of(r.Context())
		reading := r.Method == http.MethodGet || r.Method == http.MethodHead
		if known && who.Session != "" && !reading && !auth.ToldOrigin(r) && strings.HasPrefix(r.URL.Path, api.Base) {
			problem.Write(w, r, fault.New(fault.Forbidden, "request.cross_origin"))
			return
		}
		guarded.ServeHTTP(w, r)
	})
}
