package access

import (
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
)

// GrantAheadMax is how far ahead a right may begin: nobody remembers for longer why.
const GrantAheadMax = 366 * 24 * time.Hour

// GrantFaults are the refusals of what is asked for, of its decision, and of what a right
// that ended gave.
var GrantFaults = fault.Register(map[string]fault.Entry{
	"grant.unknown_role":       {Kind: fault.Invalid, Args: []string{"role"}},
	"grant.unknown_person":     {Kind: fault.Invalid, Args: []string{"person"}},
	"grant.unknown_entity":     {Kind: fault.Invalid, Args: []string{"entity"}},
	"grant.unknown_department": {Kind: fault.Invalid, Args: []string{"department"}},
	"grant.whole_entity_only":  {Kind: fault.Invalid, Args: []string{"role"}},
	"grant.bad_period":         {Kind: fault.Invalid},
	"grant.over":               {Kind: fault.Conflict, Args: []string{"until"}},
	"grant.reason_required":    {Kind: fault.Invalid},
	"grant.held":               {Kind: fault.Conflict, Args: []string{"person", "role"}},
	"grant.own":                {Kind: fault.Forbidden, Args: []string{"person"}},
	"grant.not_found":          {Kind: fault.NotFound},
	"grant.last_administrator": {Kind: fault.Conflict, Args: []string{"person"}},
	"task.role_ended":          {Kind: fault.Forbidden, Args: []string{"person", "role"}},
})

// wholeEntityOnly are the roles that nobody has for a department alone: what they do
// concerns an entity.
var wholeEntityOnly = []string{Auditor, Admin, Operator, Cashier}

// RoleRequest is a role that somebody asks for, for somebody. 授权申请
type RoleRequest struct {
	Person     string    `json:"person"` // who shall have it
	Role       string    `json:"role"`
	Entity     string    `json:"entity"`     // "" = every entity
	Department string    `json:"department"` // and those below it; "" = the whole entity
	From       time.Time `json:"from"`       // zero: from the approval on
	Until      time.Time `json:"until"`      // half-open; zero: for good
	Reason     string    `json:"reason"`
}

// Grant is what it becomes when it is approved: it never begins before that.
func (r RoleRequest) Grant(id string, approved time.Time) org.Grant {
	g := org.Grant{
		Person: r.Person, Role: r.Role, Entity: r.Entity, Department: r.Department, ID: id, From: r.From, Until: r.Until,
	}
	if g.From.Before(approved) {
		g.From = approved
	}
	return g
}

// Check says whether a role may be asked for: it is one, there is such a person and
// such a reach, it has a reason, and the person has not got as much already.
//
// Errors: Invalid and Conflict grant.*, Invalid proposal.too_long.
func (r RoleRequest) Check(s *org.Snapshot, now time.Time) error {
	switch {
	case !slices.Contains(Roles(), r.Role) || r.Role == Employee: // that everybody is
		return fault.New(fault.Invalid, "grant.unknown_role", fault.Field("role"), fault.Arg("role", r.Role))
	case !s.Active(r.Person):
		return fault.New(fault.Invalid, "grant.unknown_person", fault.Field("person"), fault.Arg("person", r.Person))
	case strings.TrimSpace(r.Reason) == "":
		return fault.New(fault.Invalid, "grant.reason_required", fault.Field("reason"))
	}
	if err := r.checkReach(s); err != nil {
		return err
	}
	if err := r.checkPeriod(now); err != nil {
		return err
	}
	if err := proposal.Words("reason", r.Reason); err != nil {
		return err
	}
	for _, g := range s.GrantsOf(r.Person) {
		if within(g, r.Grant("", now)) {
			return fault.New(fault.Conflict, "grant.held", fault.Arg("person", r.Person), fault.Arg("role", r.Role))
		}
	}
	return nil
}

func (r RoleRequest) checkReach(s *org.Snapshot) error {
	if _, ok := s.Entities[r.Entity]; !ok && r.Entity != "" {
		return fault.New(fault.Invalid, "grant.unknown_entity", fault.Field("entity"), fault.Arg("entity", r.Entity))
	}
	if r.Department == "" {
		return nil
	}
	if d, ok := s.Departments[r.Department]; !ok || d.Entity != r.Entity {
		return fault.New(fault.Invalid, "grant.unknown_department", fault.Field("department"),
			fault.Arg("department", r.Department))
	}
	if slices.Contains(wholeEntityOnly, r.Role) {
		return fault.New(fault.Invalid, "grant.whole_entity_only", fault.Field("department"), fault.Arg("role", r.Role))
	}
	return nil
}

func (r RoleRequest) checkPeriod(now time.Time) error {
	if r.From.After(now.Add(GrantAheadMax)) || !r.Until.IsZero() && !r.Until.After(r.From) {
		return fault.New(fault.Invalid, "grant.bad_period", fault.Field("until"))
	}
	if !r.Until.IsZero() && !r.Until.After(now) {
		return fault.New(fault.Conflict, "grant.over", fault.Field("until"),
			fault.Arg("until", r.Until.UTC().Format(time.RFC3339)))
	}
	return nil
}

// within says whether a grant that somebody has reaches as far as the one asked for,
// and lasts as long.
func within(has, asked org.Grant) bool {
	reaches := has.Role == asked.Role && (has.Entity == "" || has.Entity == asked.Entity) &&
		(has.Department == "" || has.Department == asked.Department)
	lasts := has.Until.IsZero() || !asked.Until.IsZero() && !has.Until.Before(asked.Until)
	return reaches && lasts && !has.From.After(asked.From)
}

// Revocation takes a grant away from somebody. 撤销授权
type Revocation struct {
	Person     string `json:"person"`
	Role       string `json:"role"`
	Entity     string `json:"entity"`
	Department string `json:"department"`
	Grant      string `json:"grant"` // id of a grant made in the house; "" for what a file or a directory gives
	Reason     string `json:"reason"`

	// Until keeps the right until then, which is earlier than it ended before: it is
	// shortened. Zero: it ends at once.
	Until time.Time `json:"until,omitzero"`
}

// Kept is what is left of a right that is shortened when that is approved; false where
// it is taken away, or the time that was left is over.
func (r Revocation) Kept(approved time.Time) (RoleRequest, bool) {
	return RoleRequest{Person: r.Person, Role: r.Role, Entity: r.Entity, Department: r.Department, Until: r.Until,
		Reason: r.Reason}, r.Until.After(approved)
}

// Key names a grant among those of one person.
func Key(g org.Grant) string {
	if g.ID != "" {
		return g.ID
	}
	return g.Role + "@" + g.Entity
}

// RevocationOf takes away the grant of a person that has a key.
//
// Errors: NotFound grant.not_found.
func RevocationOf(s *org.Snapshot, person, key, reason string) (Revocation, error) {
	for _, g := range s.GrantsOf(person) {
		if Key(g) == key {
			return Revocation{Person: person, Role: g.Role, Entity: g.Entity, Department: g.Department, Grant: g.ID,
				Reason: reason}, nil
		}
	}
	return Revocation{}, fault.New(fault.NotFound, "grant.not_found")
}

// Check says whether a grant may be taken away: somebody has it, there is a reason,
// and the house keeps an administrator.
//
// Errors: NotFound grant.not_found; Invalid grant.reason_required, proposal.too_long;
// Conflict grant.last_administrator.
func (r Revocation) Check(s *org.Snapshot) error {
	if strings.TrimSpace(r.Reason) == "" {
		return fault.New(fault.Invalid, "grant.reason_required", fault.Field("reason"))
	}
	if err := proposal.Words("reason", r.Reason); err != nil {
		return err
	}
	if !slices.ContainsFunc(s.Grants, r.takes) {
		return fault.New(fault.NotFound, "grant.not_found")
	}
	if r.Role == Admin && !administered(s, r.takes) {
		return fault.New(fault.Conflict, "grant.last_administrator", fault.Arg("person", r.Person))
	}
	return nil
}

func (r Revocation) takes(g org.Grant) bool {
	return g.Person == r.Person && g.Role == r.Role && g.Entity == r.Entity &&
		g.Department == r.Department && g.ID == r.Grant
}

// administered says whether somebody active administers every entity for good when
// some grants are gone. One with an end does not count: it ends by itself.
func administered(s *org.Snapshot, gone func(org.Grant) bool) bool {
	return slices.ContainsFunc(s.Grants, func(g org.Grant) bool {
		return g.Role == Admin && g.Everywhere() && g.Until.IsZero() && s.Active(g.Person) && !gone(g)
	})
}

// Administered says whether somebody active administers every entity for good.
func Administered(s *org.Snapshot) bool {
	return administered(s, func(org.Grant) bool { return false })
}

// MayDecideGrant refuses the one whom a decision on rights is about, with whatever
// account; that the maker does not decide is for every proposal.
//
// Errors: Forbidden grant.own.
func MayDecideGrant(s *org.Snapshot, person, checker string) error {
	if s.Same(person, checker) {
		return fault.New(fault.Forbidden, "grant.own", fault.Arg("person", person))
	}
	return nil
}
