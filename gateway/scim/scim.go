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
	"github.com/countersign/countersign/platform/jsonread"
	"github.com/countersign/countersign/store"
)

// Base is where it lies.
const Base = problem.SCIMBase

// Limits of a list, and of a body.
const (
	countDefault = 100
	countMax     = 200
	depthMax     = 20
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

// route is one request that a directory may make.
type route struct {
	pattern string // method and path under Base, as http.ServeMux has them
	handle  handler
}

// routes lists them all.
func (s *service) routes() []route {
	all := []route{
		{"GET /ServiceProviderConfig", s.config}, {"GET /ResourceTypes", s.resourceTypes},
		{"GET /ResourceTypes/{id}", s.resourceType}, {"GET /Schemas", s.schemas}, {"GET /Schemas/{id}", s.schema},
	}
	for _, c := range []collection{{s, directory.User, "/Users"}, {s, directory.Group, "/Groups"}} {
		all = append(all, route{"GET " + c.path, c.list}, route{"POST " + c.path, c.create},
			route{"GET " + c.path + "/{id}", c.get}, route{"PUT " + c.path + "/{id}", c.replace},
			route{"PATCH " + c.path + "/{id}", c.patch}, route{"DELETE " + c.path + "/{id}", c.remove})
	}
	return all
}

// Routes lists the requests that are served, as "GET /scim/v2/Users/{id}".
func Routes() []string {
	var patterns []string
	for _, r := range (&service{}).routes() {
		method, path, _ := strings.Cut(r.pattern, " ")
		patterns = append(patterns, method+" "+Base+path)
	}
	return patterns
}

// New makes the service's handler.
func New(d Deps) http.Handler {
	s := &service{d}
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		method, path, _ := strings.Cut(r.pattern, " ")
		mux.Handle(method+" "+Base+path, s.guarded(r.handle))
	}
	for _, path := range []string{"/Users", "/Groups"} {
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
	strict := jsonread.Check(text, jsonread.Limits{Depth: depthMax, Folded: true})
	if err != nil || strict != nil || json.Unmarshal(text, into) != nil {
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
