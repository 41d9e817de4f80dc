// Package scim speaks SCIM 2.0 (RFC 7643, 7644) to a company's directory under
// /scim/v2: users and groups in, by a bearer token whose scope is for this alone.
// It parses, asks the store and answers; what follows for the organisation is
// decided by domain/directory.
package scim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

// Base is where it lies.
const Base = problem.SCIMBase

// Limits of a list.
const (
	countDefault = 100
	countMax     = 200
)

// Deps is what the service is made of.
type Deps struct {
	Directory *store.Store // under the role that may write people and grants
	Forget    func()       // drops what the gateway's own store believes for a second
	Rules     directory.Rules
	Stop      directory.Stop
	Public    string // the house's own address, for locations
}

// service answers the requests.
type service struct{ Deps }

// handler answers one request, or gives the error to answer with.
type handler func(w http.ResponseWriter, r *http.Request, actor string) error

// New makes the service's handler.
func New(d Deps) http.Handler {
	s := &service{d}
	mux := http.NewServeMux()
	on := func(pattern string, h handler) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" "+Base+path, s.guarded(h))
	}
	on("GET /ServiceProviderConfig", s.config)
	on("GET /ResourceTypes", s.resourceTypes)
	on("GET /ResourceTypes/{id}", s.resourceType)
	on("GET /Schemas", s.schemas)
	on("GET /Schemas/{id}", s.schema)
	for path, kind := range map[string]directory.Kind{"/Users": directory.User, "/Groups": directory.Group} {
		c := collection{s, kind, path}
		on("GET "+path, c.list)
		on("POST "+path, c.create)
		on("GET "+path+"/{id}", c.get)
		on("PUT "+path+"/{id}", c.replace)
		on("PATCH "+path+"/{id}", c.patch)
		on("DELETE "+path+"/{id}", c.remove)
		mux.Handle(Base+path, s.guarded(notSo))
		mux.Handle(Base+path+"/{id}", s.guarded(notSo))
	}
	mux.Handle(Base+"/Bulk", s.guarded(unsupported))
	mux.Handle(Base+"/Me", s.guarded(unsupported))
	mux.Handle("/", s.guarded(func(_ http.ResponseWriter, r *http.Request, _ string) error {
		return fault.New(fault.NotFound, "request.no_such_route")
	}))
	return mux
}

func unsupported(http.ResponseWriter, *http.Request, string) error {
	return fault.New(fault.Invalid, "scim.unsupported")
}

// notSo refuses a method that an address does not take.
func notSo(http.ResponseWriter, *http.Request, string) error {
	return fault.New(fault.Invalid, "request.method")
}

// guarded lets in who brings a token for this, and nobody else: no session does.
func (s *service) guarded(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, known := auth.Of(r.Context())
		var err error
		switch {
		case !known || !who.Subject.Machine:
			err = fault.New(fault.Forbidden, "auth.required")
		default:
			err = allowed(who)
		}
		if err == nil {
			err = h(w, r, "scim:"+who.TokenName)
		}
		if err != nil {
			problem.Write(w, r, err)
		}
	})
}

func allowed(who auth.Who) error {
	ok, why := access.Can(who.Subject, access.ScimProvision, access.Object{})
	if ok {
		return nil
	}
	return fault.New(fault.Forbidden, "access.denied", fault.Arg("permission", access.ScimProvision),
		fault.Arg("reason", why))
}

// answer writes a resource or a list.
func answer(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", problem.SCIMType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the status is out; nothing is left to say
	return nil
}

// body reads the one JSON object of a request.
//
// Errors: Invalid scim.bad_syntax, request.too_large, request.unsupported_media.
func body(r *http.Request, into any) error {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "", problem.SCIMType, "application/json":
	default:
		return fault.New(fault.Invalid, "request.unsupported_media")
	}
	text, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return problem.TooLarge(tooLarge.Limit)
	}
	if err != nil || json.Unmarshal(text, into) != nil {
		return fault.New(fault.Invalid, "scim.bad_syntax")
	}
	return nil
}

// page is which part of a list is asked for. What lies outside is brought inside.
func page(r *http.Request) (start, count int, err error) {
	start, count = 1, countDefault
	for name, into := range map[string]*int{"startIndex": &start, "count": &count} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		n, wrong := strconv.Atoi(text)
		if wrong != nil {
			return 0, 0, fault.New(fault.Invalid, "scim.bad_value", fault.Arg("attribute", name))
		}
		*into = n
	}
	return max(start, 1), min(max(count, 0), countMax), nil
}
