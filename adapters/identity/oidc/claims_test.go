package oidc

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/identity"
)

// TestAClaimThatIsAbsentIsNotEmpty proves what counts as told, and where it is found in
// the tokens of well-known providers.
func TestAClaimThatIsAbsentIsNotEmpty(t *testing.T) {
	many := `{"groups":["` + strings.Repeat(`a","`, groupsMost) + `b"]}`
	for _, tt := range []struct {
		name, path, token string
		want              []string
		told              bool
	}{
		{"a list", "", `{"groups":["a","b"]}`, []string{"a", "b"}, true},
		{"one text", "role", `{"role":"a"}`, []string{"a"}, true},
		{"an empty list", "", `{"groups":[]}`, []string{}, true},
		{"absent", "", `{}`, nil, false},
		{"null", "", `{"groups":null}`, nil, false},
		{"Keycloak", "realm_access.roles", `{"realm_access":{"roles":["a"]}}`, []string{"a"}, true},
		{"Keycloak, a client's", "resource_access.countersign.roles", `{"resource_access":{"countersign":{"roles":["a"]}}}`,
			[]string{"a"}, true},
		{"a name with dots", "https://a.example/groups", `{"https://a.example/groups":["a"]}`, []string{"a"}, true},
		{"a path to nothing", "realm_access.roles", `{"realm_access":{}}`, nil, false},
		{"Entra, too many", "", `{"_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"endpoint":"https://x"}}}`, nil, false},
		{"Entra, implicit flow", "", `{"hasgroups":true}`, nil, false},
		{"more than we read", "", many, nil, false},
		{"no text", "", `{"groups":["a",1]}`, nil, false},
		{"an object", "", `{"groups":{"a":1}}`, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c claims
			require.NoError(t, json.Unmarshal([]byte(tt.token), &c.all))
			p := Provider{config: identity.Config{Trust: identity.Trust{GroupsClaim: tt.path, Grants: true}}}
			got, told := p.groupsOf(c)
			require.Equal(t, tt.told, told)
			require.Equal(t, tt.want, got)
		})
	}
}
