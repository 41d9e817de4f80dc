package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func house() *org.Snapshot {
	return &org.Snapshot{
		People: map[string]org.Person{
			"li": {ID: "li", Active: true}, "li2": {ID: "li2", Active: true, Aliases: []string{"li"}},
			"gone": {ID: "gone"}, "adm": {ID: "adm", Active: true}, "ada": {ID: "ada", Active: true},
		},
		Entities: map[string]org.LegalEntity{"cn": {ID: "cn"}, "de": {ID: "de"}},
		Departments: map[string]org.Department{
			"sales": {ID: "sales", Entity: "cn"}, "east": {ID: "east", Entity: "cn", Parent: "sales"},
		},
		Grants: []org.Grant{
			{Person: "adm", Role: access.Admin}, {Person: "ada", Role: access.Admin, Entity: "cn"},
			{Person: "li", Role: access.FinanceClerk, Entity: "cn", ID: "g1", From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)},
		},
	}
}

func TestWhatMayBeAskedFor(t *testing.T) {
	good := access.RoleRequest{Person: "li", Role: access.FinanceClerk, Entity: "de", Reason: "Berlin is short of hands"}
	for _, tt := range []struct {
		name   string
		change func(r *access.RoleRequest)
		code   string
	}{
		{"a role for an entity", func(*access.RoleRequest) {}, ""},
		{"for a department", func(r *access.RoleRequest) { r.Entity, r.Department, r.Until = "cn", "east", noon.Add(9*time.Hour) }, ""},
		{"no role", func(r *access.RoleRequest) { r.Role = "king" }, "grant.unknown_role"},
		{"what everybody is", func(r *access.RoleRequest) { r.Role = access.Employee }, "grant.unknown_role"},
		{"what the organisation says", func(r *access.RoleRequest) { r.Role = "department_head" }, "grant.unknown_role"},
		{"for who left", func(r *access.RoleRequest) { r.Person = "gone" }, "grant.unknown_person"},
		{"no such entity", func(r *access.RoleRequest) { r.Entity = "fr" }, "grant.unknown_entity"},
		{"a department of another entity", func(r *access.RoleRequest) { r.Department = "east" }, "grant.unknown_department"},
		{"an administrator of a department", func(r *access.RoleRequest) {
			r.Role, r.Entity, r.Department = access.Admin, "cn", "east"
		}, "grant.whole_entity_only"},
		{"without a reason", func(r *access.RoleRequest) { r.Reason = " " }, "grant.reason_required"},
		{"with a novel", func(r *access.RoleRequest) { r.Reason = strings.Repeat("因", 2001) }, "proposal.too_long"},
		{"until before from", func(r *access.RoleRequest) { r.From, r.Until = noon.Add(2*time.Hour), noon.Add(time.Hour) }, "grant.bad_period"},
		{"over already", func(r *access.RoleRequest) { r.Until = noon }, "grant.over"},
		{"in two years", func(r *access.RoleRequest) { r.From = noon.AddDate(2, 0, 0) }, "grant.bad_period"},
		{"what they have", func(r *access.RoleRequest) { r.Entity, r.Until = "cn", noon.Add(time.Hour) }, "grant.held"},
		{"longer than they have it", func(r *access.RoleRequest) { r.Entity, r.Until = "cn", noon.Add(2*time.Hour) }, ""},
		{"for good, what they have for an hour", func(r *access.RoleRequest) { r.Entity = "cn" }, ""},
		{"a part of what they have", func(r *access.RoleRequest) {
			r.Entity, r.Department, r.Until = "cn", "east", noon.Add(time.Minute)
		}, "grant.held"},
	} {
		r := good
		tt.change(&r)
		require.Equal(t, tt.code, fault.CodeOf(r.Check(house(), noon)), tt.name)
	}
	require.Equal(t, noon, good.Grant("x", noon).From, "it never begins before it was approved")
}

func TestWhatMayBeTakenAway(t *testing.T) {
	for _, tt := range []struct{ person, key, reason, code string }{
		{"li", "g1", "moved on", ""},
		{"ada", "admin@cn", "moved on", ""},
		{"ada", "admin@cn", "", "grant.reason_required"},
		{"adm", "admin@", "moved on", "grant.last_administrator"},
		{"adm", "cashier@", "moved on", "grant.not_found"},
		{"nobody", "admin@", "moved on", "grant.not_found"},
	} {
		r, err := access.RevocationOf(house(), tt.person, tt.key, tt.reason)
		if err == nil {
			err = r.Check(house())
		}
		require.Equal(t, tt.code, fault.CodeOf(err), "%s %s", tt.person, tt.key)
	}
	second := house()
	second.Grants = append(second.Grants, org.Grant{Person: "ada", Role: access.Admin})
	r, err := access.RevocationOf(second, "adm", "admin@", "moved on")
	require.NoError(t, err)
	require.NoError(t, r.Check(second), "another one goes on")
	require.Equal(t, "grant.own", fault.CodeOf(access.MayDecideGrant(second, "li", "li2")), "whatever the account")
}

// TestADepartmentIsAsFarAsItGoes holds the reach of a grant for a department: it, what
// is below it, and nothing else; and no place among those whom a policy asks.
func TestADepartmentIsAsFarAsItGoes(t *testing.T) {
	s := house()
	s.Grants = []org.Grant{{Person: "li", Role: access.FinanceClerk, Entity: "cn", Department: "sales", ID: "g"}}
	li := access.SubjectOf(s, "li")
	for _, tt := range []struct {
		o    access.Object
		want bool
	}{
		{access.Object{Entity: "cn", Department: "sales"}, true}, {access.Object{Entity: "cn", Department: "east"}, true},
		{access.Object{Entity: "cn", Department: "west"}, false}, {access.Object{Entity: "cn"}, false},
		{access.Object{Entity: "de", Department: "sales"}, false}, {access.Object{}, false},
	} {
		can, _ := access.Can(li, access.DocumentUrge, tt.o)
		require.Equal(t, tt.want, can, "%+v", tt.o)
	}
	scope := access.ScopeFor(li, access.EffectRead)
	require.ElementsMatch(t, []string{"sales", "east"}, scope.Departments)
	require.Empty(t, scope.Entities)
	require.False(t, scope.All)
	require.Empty(t, s.Holders(access.FinanceClerk, "cn"))
	require.Empty(t, s.GroupHolders(access.FinanceClerk))
}

// TestTimeAloneChangesRights: half-open, and it tells when next.
func TestTimeAloneChangesRights(t *testing.T) {
	s := house()
	s.Grants = append(s.Grants, org.Grant{Person: "ada", Role: access.Cashier, ID: "g2", From: noon.Add(time.Minute)})
	for _, tt := range []struct {
		at     time.Duration
		grants int
		until  time.Time
	}{
		{-time.Hour - 1, 2, noon.Add(-time.Hour)}, {-time.Hour, 3, noon.Add(time.Minute)}, {0, 3, noon.Add(time.Minute)},
		{time.Minute, 4, noon.Add(time.Hour)}, {time.Hour, 3, time.Time{}},
	} {
		then := s.At(noon.Add(tt.at))
		require.Len(t, then.Grants, tt.grants, tt.at)
		require.Equal(t, tt.until, then.Until, tt.at)
	}
	plain := &org.Snapshot{Grants: []org.Grant{{Person: "adm", Role: access.Admin}}}
	require.Same(t, plain, plain.At(noon), "what has no dates is not copied")
}
