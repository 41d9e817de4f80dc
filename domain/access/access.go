// Package access is the only judge of who may do what.
//
// A permission is noun:verb. A role gives permissions, each with a reach: how
// far from the person the object may lie. A grant ties a role to one legal
// entity or to all of them. A machine's token narrows what its owner may do,
// and never widens it.
package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/org"
)

// Subject is who asks: a person, or a machine with a person's token.
type Subject struct {
	Person      string      `json:"person"`
	Roles       []org.Grant `json:"roles"`                 // employee need not be among them: everybody is one
	Departments []string    `json:"departments,omitempty"` // the departments this person heads
	Scopes      []string    `json:"scopes,omitempty"`      // of the token: noun:verb, or noun:* for a noun, see namedOnly
	Machine     bool        `json:"machine,omitempty"`     // asks with a token: Scopes narrow the rights
}

// Object is what is asked about. What does not apply is left empty; an object
// without an entity lies within the reach of an entity only for a grant of all.
type Object struct {
	Entity     string   `json:"entity"`
	Department string   `json:"department"`
	Owners     []string `json:"owners"`              // submitter and requester, the token's owner, …
	Assignees  []string `json:"assignees"`           // who was asked or decided, ever; may hold the admin queue
	Delegates  []string `json:"delegates,omitempty"` // who may decide for one asked now, by a delegation
	Copied     []string `json:"copied,omitempty"`    // who was copied in, and still is
	Source     string   `json:"source,omitempty"`    // of what another system sends
}

// Scope is what a list is cut to: everything when All, else the objects of
// these entities and departments, and those that the person owns, was asked to
// decide, may decide for another or was copied in on. The zero value sees nothing.
type Scope struct {
	Person      string   `json:"person"`
	Entities    []string `json:"entities"`
	Departments []string `json:"departments,omitempty"`
	All         bool     `json:"all"`
}

// Reasons of an answer, for logs and for the refusal's arguments.
const (
	ByOwn           = "own"                // theirs
	ByTask          = "task"               // they were asked to decide
	ByDelegation    = "delegation"         // they decide for who was asked, by a delegation in force
	ByCopy          = "copy"               // they were copied in
	ByDepartment    = "department"         // they head the department
	ByEntity        = "entity"             // their role covers the entity, or the department
	ByAll           = "all"                // their role covers everything
	NoPerson        = "no_person"          // nobody is signed in
	NoPermission    = "unknown_permission" // no such permission
	NoRole          = "no_role"            // no role of theirs gives it
	OutOfReach      = "out_of_reach"       // a role gives it, but not for this object
	OutOfTokenScope = "out_of_token_scope" // the token was not given it
)

// SubjectOf makes the subject of a person from the organisation: their grants, one
// for a department reaching those below it, and the departments they head.
func SubjectOf(snapshot *org.Snapshot, person string) Subject {
	s := Subject{Person: person}
	for _, g := range snapshot.GrantsOf(person) {
		if g.Department == "" {
			s.Roles = append(s.Roles, g)
			continue
		}
		for _, id := range snapshot.Below(g.Department) {
			below := g
			below.Department = id
			s.Roles = append(s.Roles, below)
		}
	}
	for id, d := range snapshot.Departments {
		if d.Head == person {
			s.Departments = append(s.Departments, id)
		}
	}
	return s
}

// Can judges whether a subject may do something to an object, and says why.
func Can(s Subject, permission string, o Object) (bool, string) {
	reaches, refusal := reachesOf(s, permission)
	if refusal != "" {
		return false, refusal
	}
	if s.Machine && !inScopes(s.Scopes, permission) && !slices.Contains(s.Scopes, ForSource(permission, o.Source)) {
		return false, OutOfTokenScope
	}
	for _, r := range reaches {
		if why := r.covers(s, o); why != "" {
			return true, why
		}
	}
	return false, OutOfReach
}

// ScopeFor says what a list behind a permission is cut to.
func ScopeFor(s Subject, permission string) Scope {
	reaches, refusal := reachesOf(s, permission)
	if refusal != "" {
		return Scope{}
	}
	entities, departments := map[string]bool{}, map[string]bool{}
	var scope Scope
	for _, r := range reaches {
		switch {
		case r.reach == Own || r.reach == Assigned || r.reach == Standing || r.reach == Copied:
			scope.Person = s.Person
		case r.reach == Department:
			for _, d := range s.Departments {
				departments[d] = true
			}
		case r.reach == Company && r.department != "": // nothing
		case r.reach == All || r.entity == "" && r.department == "":
			scope.All = true
		case r.department != "":
			departments[r.department] = true
		default:
			entities[r.entity] = true
		}
	}
	scope.Entities = slices.Sorted(maps.Keys(entities))
	scope.Departments = slices.Sorted(maps.Keys(departments))
	return scope
}

// Has says whether a subject has a permission for some object at all: what a
// menu asks before it shows an entry.
func Has(s Subject, permission string) bool {
	_, refusal := reachesOf(s, permission)
	return refusal == ""
}

// Allowed lists the active people whose roles give them a permission for an
// object, by id: who is told that something waits for one of them.
func Allowed(snapshot *org.Snapshot, permission string, o Object) []string {
	granted := map[string][]org.Grant{}
	for _, g := range snapshot.Grants {
		granted[g.Person] = append(granted[g.Person], g)
	}
	var people []string
	for id, grants := range granted {
		if ok, _ := Can(Subject{Person: id, Roles: grants}, permission, o); ok && snapshot.Active(id) {
			people = append(people, id)
		}
	}
	slices.Sort(people)
	return people
}

// Inboxes lists whose tasks a subject sees as their own: their own, and the
// admin queue's where they hold the role admin.
func Inboxes(s Subject) []string {
	inboxes := []string{s.Person}
	if slices.ContainsFunc(s.Roles, func(g org.Grant) bool { return g.Role == Admin }) {
		inboxes = append(inboxes, approval.AdminQueue)
	}
	return inboxes
}

// held is one reach that a subject's role gives, and the entity of the grant.
type held struct {
	reach      Reach
	entity     string // "" = every entity
	department string // "" = the whole entity
}

// covers says why an object lies within the reach, or "".
func (h held) covers(s Subject, o Object) string {
	within := (h.entity == "" || h.entity == o.Entity) && (h.department == "" || h.department == o.Department)
	switch h.reach {
	case Own:
		return when(slices.Contains(o.Owners, s.Person), ByOwn)
	case Assigned:
		return when(slices.Contains(o.Assignees, s.Person), ByTask)
	case Standing:
		return when(slices.Contains(o.Delegates, s.Person), ByDelegation)
	case Copied:
		return when(slices.Contains(o.Copied, s.Person), ByCopy)
	case Queue:
		return when(within && slices.Contains(o.Assignees, approval.AdminQueue), ByTask)
	case Department:
		return when(o.Department != "" && slices.Contains(s.Departments, o.Department), ByDepartment)
	case Entity:
		return when(within, ByEntity)
	case Company:
		return when(within && h.department == "", ByEntity)
	case All:
		return ByAll
	}
	return ""
}

func when(is bool, why string) string {
	if is {
		return why
	}
	return ""
}

// reachesOf lists the reaches a subject has for a permission, or the reason why
// there are none.
func reachesOf(s Subject, permission string) ([]held, string) {
	switch {
	case s.Person == "":
		return nil, NoPerson
	case !slices.Contains(Permissions(), permission):
		return nil, NoPermission
	case s.Machine && (!inScopes(s.Scopes, permission) && !forSomeSource(s.Scopes, permission) ||
		slices.Contains(peopleOnly, permission)):
		return nil, OutOfTokenScope
	}
	var reaches []held
	for _, g := range rolesOf(s) {
		for _, r := range table[g.Role][permission] {
			reaches = append(reaches, held{r, g.Entity, g.Department})
		}
	}
	if len(reaches) == 0 {
		return nil, NoRole
	}
	slices.SortStableFunc(reaches, func(a, b held) int { return cmp.Compare(a.reach.order(), b.reach.order()) })
	return reaches, ""
}

func rolesOf(s Subject) []org.Grant {
	roles := []org.Grant{{Person: s.Person, Role: Employee}}
	if len(s.Departments) > 0 {
		roles = append(roles, org.Grant{Person: s.Person, Role: DepartmentHead})
	}
	for _, g := range s.Roles {
		if g.Role != DepartmentHead {
			roles = append(roles, g)
		}
	}
	return roles
}

func inScopes(scopes []string, permission string) bool {
	noun, _, _ := strings.Cut(permission, ":")
	whole := slices.Contains(scopes, noun+":*") && !slices.Contains(namedOnly, permission)
	return whole || slices.Contains(scopes, permission)
}

// ForSource is the scope that gives a token InboundSend for one source alone.
func ForSource(permission, source string) string { return permission + "@" + source }

// forSomeSource says whether a token was given a permission for some source. Only what
// is asked about one object is: lists know no sources.
func forSomeSource(scopes []string, permission string) bool {
	return permission == InboundSend && slices.ContainsFunc(scopes, func(scope string) bool {
		source, ok := strings.CutPrefix(scope, permission+"@")
		return ok && source != ""
	})
}
