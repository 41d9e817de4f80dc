package access

import (
	"slices"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

// ClaimsLastMax is how long a right that a claim gives holds at most after the
// sign-in that told of it.
const ClaimsLastMax = 90 * 24 * time.Hour

// neverByClaim are the roles that no sign-in brings: who administers and operates the
// house, and who releases money. Nobody here sees who approved there that somebody
// came into a group, so for these two people of the house say so.
var neverByClaim = []string{Employee, Admin, Operator, Cashier}

// ByClaim says whether the claims of a sign-in may give a role.
func ByClaim(role string) bool {
	return slices.Contains(Roles(), role) && !slices.Contains(neverByClaim, role)
}

// ClaimRule is what one value of a provider's claim gives. 声明映射
type ClaimRule struct {
	Value      string
	Role       string
	Entity     string // "" = every entity
	Department string // and those below it; "" = the whole entity
}

// Check says whether a rule can give anything in the organisation.
//
// Errors: Invalid grant.unknown_role, grant.unknown_entity, grant.unknown_department,
// grant.whole_entity_only.
func (r ClaimRule) Check(s *org.Snapshot) error {
	if !ByClaim(r.Role) {
		return fault.New(fault.Invalid, "grant.unknown_role", fault.Field("role"), fault.Arg("role", r.Role))
	}
	return RoleRequest{Role: r.Role, Entity: r.Entity, Department: r.Department}.checkReach(s)
}

// reach is what a right is beside whose it is, its name and its time.
func reach(g org.Grant) ClaimRule {
	return ClaimRule{Role: g.Role, Entity: g.Entity, Department: g.Department}
}

// Told is what a provider's claims said at one sign-in. 登录声明
type Told struct {
	Values []string
	Rules  []ClaimRule
	Lasts  time.Duration // a right holds so long without another sign-in
}

// ClaimChange is one right that the claims end or begin.
type ClaimChange struct {
	Grant org.Grant // with id where it ends
	Value string    // that gives it; "" where none does any more
	Ends  bool
}

// Compare holds what the claims say against the rights that they gave before, and
// against those taken away in the house, which stay away. A right is renewed when half
// of its time is over: it ends and begins, without a gap.
func (t Told) Compare(held, barred []org.Grant, now time.Time) []ClaimChange {
	wanted := map[ClaimRule]string{}
	for _, r := range t.Rules {
		right := ClaimRule{Role: r.Role, Entity: r.Entity, Department: r.Department}
		if _, known := wanted[right]; !known && slices.Contains(t.Values, r.Value) {
			wanted[right] = r.Value
		}
	}
	for _, g := range barred {
		delete(wanted, reach(g))
	}
	var changes []ClaimChange
	since := map[ClaimRule]time.Time{}
	for _, g := range held {
		left := g.Until.Sub(now)
		value, still := wanted[reach(g)]
		switch {
		case left <= 0: // it ended by itself
		case still && left > t.Lasts/2 && left <= t.Lasts:
			delete(wanted, reach(g))
		case still:
			since[reach(g)] = g.From
			changes = append(changes, ClaimChange{Grant: g, Value: value, Ends: true})
		default:
			changes = append(changes, ClaimChange{Grant: g, Ends: true})
		}
	}
	for _, r := range t.Rules { // in the order of the configuration
		right := ClaimRule{Role: r.Role, Entity: r.Entity, Department: r.Department}
		value, missing := wanted[right]
		if !missing {
			continue
		}
		delete(wanted, right)
		from := now
		if at, renewed := since[right]; renewed {
			from = at
		}
		changes = append(changes, ClaimChange{Value: value, Grant: org.Grant{
			Role: r.Role, Entity: r.Entity, Department: r.Department, From: from, Until: now.Add(t.Lasts)}})
	}
	return changes
}
