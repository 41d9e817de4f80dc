package access_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/org"
)

// The columns of the matrix: one object each, seen by me, who has the role for e1.
var objects = []struct {
	name string
	o    access.Object
}{
	{"mine", access.Object{Entity: "e2", Department: "far", Owners: []string{"bo", "me"}}},
	{"asked", access.Object{Entity: "e2", Department: "far", Owners: []string{"bo"}, Assignees: []string{"me"}}},
	{"queued", access.Object{Entity: "e1", Department: "far", Owners: []string{"bo"},
		Assignees: []string{approval.AdminQueue}}},
	{"queued elsewhere", access.Object{Entity: "e2", Department: "far", Owners: []string{"bo"},
		Assignees: []string{approval.AdminQueue}}},
	{"near", access.Object{Entity: "e2", Department: "mine", Owners: []string{"bo"}}},
	{"e1", access.Object{Entity: "e1", Department: "far", Owners: []string{"bo"}, Assignees: []string{"bo"}}},
	{"e2", access.Object{Entity: "e2", Department: "far", Owners: []string{"bo"}}},
	{"nowhere", access.Object{}},
}

// matrix is every role against every permission: y or . for each object above.
// A role has what employee has as well, so only employee's own row repeats it.
var matrix = map[string]map[string]string{
	access.Employee: {
		"document:create":   "y.......",
		"document:read":     "yy......",
		"document:submit":   "y.......",
		"document:resubmit": "y.......",
		"document:withdraw": "y.......",
		"document:comment":  "yy......",
		"document:urge":     "y.......",
		"document:copy":     "yy......",
		"copy:remove":       "y.......",
		"task:decide":       ".y......",
		"voucher:read":      "y.......",
		"policy:read":       "yyyyyyyy",
		"calendar:read":     "yyyyyyyy",
		"organisation:read": "yyyyyyyy",
		"delegation:read":   "y.......",
		"delegation:manage": "y.......",
		"token:manage":      "y.......",
		"grant:read":        "y.......",
		"grant:request":     "y.......",
		"inbound:send":      "y.......",
	},
	access.FinanceClerk: {
		"document:on_behalf": "..y..y..",
		"document:read":      "yyy..y..",
		"document:comment":   "yyy..y..",
		"document:urge":      "y.y..y..",
		"voucher:read":       "y.y..y..",
		"effect:read":        "..y..y..",
		"effect:resolve":     "..y..y..",
		"voucher:reverse":    "..y..y..",
		"import:create":      "..y..y..",
		"inbound:read":       "..y..y..",
		"inbound:manage":     "..y..y..",
		"people:read":        "..y..y..",
	},
	access.FinanceHead: {
		"document:on_behalf": "..y..y..",
		"document:read":      "yyy..y..",
		"document:comment":   "yyy..y..",
		"document:urge":      "y.y..y..",
		"voucher:read":       "y.y..y..",
		"effect:read":        "..y..y..",
		"effect:resolve":     "..y..y..",
		"voucher:reverse":    "..y..y..",
		"import:create":      "..y..y..",
		"inbound:read":       "..y..y..",
		"inbound:manage":     "..y..y..",
		"people:read":        "..y..y..",
		"policy:propose":     "..y..y..",
		"policy:publish":     "..y..y..",
		"policy:review":      "..y..y..",
		"audit:read":         "..y..y..",
	},
	access.Cashier: {
		"document:read": "yyy..y..",
		"voucher:read":  "y.y..y..",
		"effect:read":   "..y..y..",
	},
	access.Auditor: {
		"document:read": "yyy..y..",
		"voucher:read":  "y.y..y..",
		"effect:read":   "..y..y..",
		"people:read":   "..y..y..",
		"inbound:read":  "..y..y..",
		"audit:read":    "..y..y..",
		"metrics:read":  "yyyyyyyy",

		"delivery:read":   "..y..y..",
		"delegation:read": "y.y..y..",
		"grant:read":      "y.y..y..",
		"policy:review":   "..y..y..",
		"webhook:read":    "..y..y..",

		"organisation:inspect": "..y..y..",
	},
	access.Admin: {
		"document:on_behalf": "..y..y..",
		"document:read":      "yyy..y..",
		"document:comment":   "yyy..y..",
		"document:urge":      "y.y..y..",
		"document:intervene": "..y..y..",
		"document:copy":      "yyy.....",
		"copy:remove":        "y.y..y..",
		"task:decide":        ".yy.....",
		"voucher:read":       "y.y..y..",
		"effect:read":        "..y..y..",
		"plan:resolve":       "..y..y..",
		"policy:propose":     "..y..y..",
		"policy:publish":     "..y..y..",
		"policy:review":      "..y..y..",
		"import:create":      "..y..y..",
		"inbound:read":       "..y..y..",
		"inbound:manage":     "..y..y..",
		"people:read":        "..y..y..",
		"organisation:write": "..y..y..",
		"audit:read":         "..y..y..",
		"delegation:read":    "y.y..y..",
		"delegation:manage":  "y.y..y..",
		"token:manage":       "y.y..y..",
		"metrics:read":       "yyyyyyyy",
		"scim:provision":     "..y..y..",
		"webhook:read":       "..y..y..",
		"webhook:manage":     "..y..y..",
		"delivery:read":      "..y..y..",
		"delivery:manage":    "..y..y..",
		"grant:read":         "y.y..y..",
		"grant:request":      "y.y..y..",
		"grant:decide":       "..y..y..",

		"organisation:inspect": "..y..y..",
	},
	access.Assistant: {
		"document:on_behalf": "..y..y..",
	},
	access.Operator: {
		"effect:read":     "..y..y..",
		"metrics:read":    "yyyyyyyy",
		"webhook:read":    "yyyyyyyy",
		"webhook:manage":  "yyyyyyyy",
		"delivery:read":   "yyyyyyyy",
		"delivery:manage": "yyyyyyyy",
	},
}

func TestMatrix(t *testing.T) {
	require.Len(t, matrix, len(access.Roles()))
	for _, role := range access.Roles() {
		me := access.Subject{Person: "me", Roles: []org.Grant{{Person: "me", Role: role, Entity: "e1"}}}
		for _, permission := range access.Permissions() {
			want, special := matrix[role][permission]
			if !special {
				want = matrix[access.Employee][permission]
			}
			if want == "" {
				want = strings.Repeat(".", len(objects))
			}
			require.Equal(t, strings.Contains(want, "y"), access.Has(me, permission), "%s %s", role, permission)
			for i, column := range objects {
				can, why := access.Can(me, permission, column.o)
				require.Equal(t, want[i] == 'y', can, "%s %s %s: %s", role, permission, column.name, why)
				require.NotEmpty(t, why)
			}
		}
	}
}

func TestReasons(t *testing.T) {
	clerk := access.Subject{Person: "me", Roles: []org.Grant{{Role: access.FinanceClerk, Entity: "e1"}}}
	head := access.Subject{Person: "me", Departments: []string{"mine"}}
	for _, tt := range []struct {
		name       string
		s          access.Subject
		permission string
		column     int
		want       string
	}{
		{"theirs before all else", clerk, access.DocumentRead, 0, access.ByOwn},
		{"they were asked", clerk, access.DocumentRead, 1, access.ByTask},
		{"their role", clerk, access.DocumentRead, 5, access.ByEntity},
		{"the department they head", head, access.DocumentRead, 4, access.ByDepartment},
		{"everybody", head, access.PolicyRead, 7, access.ByAll},
		{"too far", clerk, access.DocumentRead, 6, access.OutOfReach},
		{"no role gives it", head, access.EffectResolve, 5, access.NoRole},
		{"no such thing", clerk, "document:burn", 5, access.NoPermission},
		{"nobody", access.Subject{Roles: clerk.Roles}, access.DocumentRead, 5, access.NoPerson},
	} {
		_, why := access.Can(tt.s, tt.permission, objects[tt.column].o)
		require.Equal(t, tt.want, why, tt.name)
	}
}

// TestWhoWasCopiedInReadsAndNeverDecides holds that a copy gives these rights and
// no other, to whatever role.
func TestWhoWasCopiedInReadsAndNeverDecides(t *testing.T) {
	copied := access.Object{Entity: "e2", Department: "far", Owners: []string{"bo"}, Copied: []string{"me"}}
	plain := copied
	plain.Copied = nil
	for _, role := range access.Roles() {
		me := access.Subject{Person: "me", Roles: []org.Grant{{Role: role, Entity: "e1"}}}
		var gained []string
		for _, permission := range access.Permissions() {
			before, _ := access.Can(me, permission, plain)
			after, why := access.Can(me, permission, copied)
			if after && !before {
				gained = append(gained, permission)
				require.Equal(t, access.ByCopy, why)
			}
		}
		require.ElementsMatch(t, []string{access.DocumentRead, access.DocumentComment, access.DocumentCopy}, gained, role)
	}
}

func TestAGrantForEveryEntityReachesAll(t *testing.T) {
	auditor := access.Subject{Person: "me", Roles: []org.Grant{{Role: access.Auditor}}}
	for _, column := range objects {
		can, _ := access.Can(auditor, access.AuditRead, column.o)
		require.True(t, can, column.name)
	}
}

func TestATokenNarrowsAndNeverWidens(t *testing.T) {
	mine, e1 := objects[0].o, objects[5].o
	sent := func(source string) access.Object { return access.Object{Owners: []string{"me"}, Source: source} }
	machine := func(scopes ...string) access.Subject {
		return access.Subject{Person: "me", Machine: true, Scopes: scopes,
			Roles: []org.Grant{{Role: access.FinanceClerk, Entity: "e1"}}}
	}
	admin := func(scopes ...string) access.Subject {
		return access.Subject{Person: "me", Machine: true, Scopes: scopes, Roles: []org.Grant{{Role: access.Admin, Entity: "e1"}}}
	}
	for _, tt := range []struct {
		name       string
		s          access.Subject
		permission string
		o          access.Object
		want       bool
		why        string
	}{
		{"within its scopes", machine("document:read"), access.DocumentRead, e1, true, access.ByEntity},
		{"a whole noun", machine("document:*"), access.DocumentUrge, e1, true, access.ByEntity},
		{"outside its scopes", machine("document:read"), access.DocumentSubmit, mine, false, access.OutOfTokenScope},
		{"for its source", machine("inbound:send@crm"), access.InboundSend, sent("crm"), true, access.ByOwn},
		{"for another source", machine("inbound:send@crm"), access.InboundSend, sent("oa"), false, access.OutOfTokenScope},
		{"for every source", machine("inbound:send"), access.InboundSend, sent("oa"), true, access.ByOwn},
		{"a source is no way to the rest", machine("inbound:read@crm"), access.InboundRead, e1, false, access.OutOfTokenScope},
		{"no scopes at all", machine(), access.PolicyRead, mine, false, access.OutOfTokenScope},
		{"a star is no scope", machine("*", "*:*"), access.PolicyRead, mine, false, access.OutOfTokenScope},
		{"more than its owner may", machine("audit:read"), access.AuditRead, e1, false, access.NoRole},
		{"farther than its owner may", machine("document:read"), access.DocumentRead, objects[6].o, false, access.OutOfReach},
		{"stepping in, by its name", admin("document:intervene"), access.DocumentIntervene, e1, true, access.ByEntity},
		{"stepping in, never by a whole noun", admin("document:*"), access.DocumentIntervene, e1, false, access.OutOfTokenScope},
		{"handing over, by its name", admin("organisation:write"), access.OrganisationWrite, e1, true, access.ByEntity},
		{"handing over, never by a whole noun", admin("organisation:*"), access.OrganisationWrite, e1, false, access.OutOfTokenScope},
		{"making tokens, never", machine("token:*", "token:manage"), access.TokenManage, mine, false, access.OutOfTokenScope},
	} {
		can, why := access.Can(tt.s, tt.permission, tt.o)
		require.Equal(t, tt.want, can, tt.name)
		require.Equal(t, tt.why, why, tt.name)
	}
	require.Equal(t, access.Scope{}, access.ScopeFor(machine("policy:read"), access.DocumentRead))
	person := machine("policy:read")
	person.Machine = false
	can, _ := access.Can(person, access.DocumentRead, mine)
	require.True(t, can, "scopes are of tokens only")
}

func TestScopeFor(t *testing.T) {
	for _, tt := range []struct {
		name       string
		s          access.Subject
		permission string
		want       access.Scope
	}{
		{"an employee sees their own", access.Subject{Person: "me"}, access.DocumentRead, access.Scope{Person: "me"}},
		{"a clerk, their entities, sorted, each once", access.Subject{Person: "me", Roles: []org.Grant{
			{Role: access.FinanceClerk, Entity: "e2"}, {Role: access.Cashier, Entity: "e1"}, {Role: access.FinanceHead,
				Entity: "e2"},
		}}, access.DocumentRead, access.Scope{Person: "me", Entities: []string{"e1", "e2"}}},
		{"an auditor of all", access.Subject{Person: "me", Roles: []org.Grant{{Role: access.Auditor}}}, access.DocumentRead,
			access.Scope{Person: "me", All: true}},
		{"who heads a department", access.Subject{Person: "me", Departments: []string{"d2", "d1"}}, access.DocumentRead,
			access.Scope{Person: "me", Departments: []string{"d1", "d2"}}},
		{"not what is theirs, where that gives nothing", access.Subject{Person: "me", Roles: []org.Grant{
			{Role: access.FinanceClerk, Entity: "e1"}}}, access.EffectRead, access.Scope{Entities: []string{"e1"}}},
		{"nothing without a role", access.Subject{Person: "me"}, access.AuditRead, access.Scope{}},
		{"nothing for nobody", access.Subject{}, access.DocumentRead, access.Scope{}},
	} {
		got := access.ScopeFor(tt.s, tt.permission)
		require.Equal(t, tt.want.Person, got.Person, tt.name)
		require.Equal(t, tt.want.All, got.All, tt.name)
		require.ElementsMatch(t, tt.want.Entities, got.Entities, tt.name)
		require.ElementsMatch(t, tt.want.Departments, got.Departments, tt.name)
	}
}

// TestListsAndLooksAgree holds that a list shows what a look at one would show.
func TestListsAndLooksAgree(t *testing.T) {
	for _, role := range access.Roles() {
		for _, entity := range []string{"", "e1"} {
			s := access.Subject{Person: "me", Departments: []string{"mine"}, Roles: []org.Grant{{Role: role, Entity: entity}}}
			for _, permission := range []string{access.DocumentRead, access.EffectRead, access.AuditRead, access.PeopleRead} {
				for _, column := range objects {
					can, _ := access.Can(s, permission, column.o)
					require.Equal(t, can, within(access.ScopeFor(s, permission), column.o), "%s %q %s %s", role, entity,
						permission, column.name)
				}
			}
		}
	}
}

// within is what the store's SQL does with a scope.
func within(c access.Scope, o access.Object) bool {
	has := func(list []string, v string) bool {
		return v != "" && strings.Contains(" "+strings.Join(list, " ")+" ", " "+v+" ")
	}
	return c.All || has(c.Entities, o.Entity) || has(c.Departments, o.Department) ||
		has(o.Owners, c.Person) || has(o.Assignees, c.Person)
}

func TestInboxes(t *testing.T) {
	require.Equal(t, []string{"me"}, access.Inboxes(access.Subject{Person: "me"}))
	require.Equal(t, []string{"me", approval.AdminQueue},
		access.Inboxes(access.Subject{Person: "me", Roles: []org.Grant{{Role: access.Admin, Entity: "e1"}}}))
}

func TestADepartmentHeadIsNoGrant(t *testing.T) {
	forged := access.Subject{Person: "me", Roles: []org.Grant{{Role: "department_head"}}}
	can, why := access.Can(forged, access.DocumentRead, objects[4].o)
	require.False(t, can, why)
}

// TestStandingIn proves that a delegation reaches as far as deciding needs, and
// that a token has it only where its scopes say so.
func TestStandingIn(t *testing.T) {
	o := access.Object{Entity: "e2", Owners: []string{"bo"}, Assignees: []string{"li"}, Delegates: []string{"me"}}
	me := access.Subject{Person: "me"}
	for _, permission := range access.Permissions() {
		can, why := access.Can(me, permission, o)
		switch permission {
		case access.DocumentRead, access.DocumentComment, access.TaskDecide:
			require.True(t, can, permission)
			require.Equal(t, access.ByDelegation, why)
		case access.PolicyRead, access.CalendarRead, access.OrganisationRead: // everybody's
		default:
			require.False(t, can, permission)
		}
	}
	program := access.Subject{Person: "me", Machine: true, Scopes: []string{"document:read"}}
	can, why := access.Can(program, access.TaskDecide, o)
	require.False(t, can)
	require.Equal(t, access.OutOfTokenScope, why)
}
