package auth_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// says is a provider that says at once who somebody is.
type says struct {
	identity.Provider
	who identity.Identity
}

func (says) ID() string { return "co" }

func (says) Begin(_ context.Context, a identity.Attempt) (string, error) {
	return a.Callback + "?state=" + url.QueryEscape(a.State), nil
}

func (s says) Finish(context.Context, identity.Attempt, url.Values) (identity.Identity, error) {
	return s.who, nil
}

// TestAChangedAddressBindsNobody: who may change a person's address, such as a
// directory, comes into nobody's account by it.
func TestAChangedAddressBindsNobody(t *testing.T) {
	s := storetest.New(t)
	organisation := func(addresses map[string]string) {
		next := org.Snapshot{People: map[string]org.Person{}, Suppliers: map[string]org.Supplier{},
			Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn", Head: "li"}},
			Entities:    map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY", Zone: "Asia/Shanghai"}}}
		for id, address := range addresses {
			next.People[id] = org.Person{ID: id, Name: id, Email: address, Entity: "cn", Department: "sales", Active: true}
		}
		_, err := s.ReplaceOrganisation(t.Context(), next, "test")
		require.NoError(t, err)
	}
	organisation(map[string]string{"li": "li@co.example", "wu": "", "zhou": "zhou@co.example"})
	organisation(map[string]string{"li": "mallory@co.example", "wu": "wu@co.example", "zhou": "ZHOU@co.example"})

	for _, tt := range []struct {
		address string
		status  int
		said    string
	}{
		{"mallory@co.example", http.StatusForbidden, "auth.unknown_person"},
		{"wu@co.example", http.StatusOK, "wu"},
		{"zhou@co.example", http.StatusOK, "zhou"},
	} {
		mux := http.NewServeMux()
		server := httptest.NewServer(mux)
		a, err := auth.New(auth.Config{Public: server.URL}, s, s.Sessions(),
			says{who: identity.Identity{Issuer: "https://co", Subject: "at " + tt.address, Email: tt.address}})
		require.NoError(t, err)
		mux.HandleFunc("GET /login/co", func(w http.ResponseWriter, r *http.Request) { a.Begin(w, r, "co") })
		mux.Handle("/", a.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login/co/callback" {
				a.Callback(w, r, "co")
				return
			}
			_, _ = io.WriteString(w, auth.Person(r.Context()).ID)
		})))
		status, body, _ := (&door{t: t}).get((&door{t: t}).browser(), server.URL+"/login/co")
		require.Equal(t, tt.status, status, "%s: %s", tt.address, body)
		require.Contains(t, body, tt.said)
		server.Close()
	}
	bound, err := s.Identities(t.Context(), "wu")
	require.NoError(t, err)
	require.Equal(t, store.BoundByEmail, bound[0].How)
}
