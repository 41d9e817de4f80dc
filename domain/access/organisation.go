package access

import (
	"maps"
	"slices"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

// ReorganiseFaults are the refusals of a change of the organisation by one administrator.
var ReorganiseFaults = fault.Register(map[string]fault.Entry{
	"organisation.not_yours":          {Kind: fault.Forbidden, Args: []string{"entity"}},
	"organisation.own_row":            {Kind: fault.Forbidden, Args: []string{"person"}},
	"organisation.own_team":           {Kind: fault.Forbidden, Args: []string{"id"}},
	"organisation.own_department":     {Kind: fault.Forbidden, Args: []string{"department"}},
	"organisation.sign_in_stays":      {Kind: fault.Forbidden, Args: []string{"person"}},
	"organisation.last_administrator": {Kind: fault.Conflict},
})

// ReorganiseFaultsOf lists what of a change of people and departments somebody may not
// make, in a fixed order: the rows of companies that they do not administer, before or
// after; what is about themselves with whatever account, such as their manager, their
// department or who answers to them; how anybody signs in; and the last administrator.
//
// Errors: organisation.… faults, one for each finding, with the row and its field.
func ReorganiseFaultsOf(s Subject, before, after *org.Snapshot) []*fault.Fault {
	r := reorganising{subject: s, known: after.Entities, own: map[string]bool{}, home: map[string]bool{}}
	for _, o := range []*org.Snapshot{before, after} {
		for _, account := range o.Aliases(s.Person) {
			r.own[account] = true
			for _, department := range o.Above(o.People[account].Department) {
				r.home[department] = true
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(after.People)) {
		was, is := before.People[id], after.People[id]
		if was.Active != is.Active || len(org.FieldsChanged(was, is)) > 0 {
			r.person(id, was, is)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(after.Departments)) {
		was, is := before.Departments[id], after.Departments[id]
		if changed := org.DepartmentChanged(was, is); len(changed) > 0 {
			r.department(id, was, is, changed)
		}
	}
	if Administered(before) && !Administered(after) {
		r.found = append(r.found, fault.New(fault.Conflict, "organisation.last_administrator"))
	}
	return r.found
}

// reorganising is a change that is judged.
type reorganising struct {
	subject Subject
	known   map[string]org.LegalEntity
	own     map[string]bool // the accounts of who makes it
	home    map[string]bool // the departments that they are in, and those above
	found   []*fault.Fault
}

func (r *reorganising) refuse(when bool, at, code string, arg, value string) {
	if when {
		r.found = append(r.found, fault.New(fault.Forbidden, code, fault.Field(at), fault.Arg(arg, value)))
	}
}

// entities refuses a row of a company that they do not administer; an unknown one is told of by others.
func (r *reorganising) entities(at string, entities ...string) {
	for _, entity := range slices.Compact(entities) {
		_, known := r.known[entity]
		may, _ := Can(r.subject, OrganisationWrite, Object{Entity: entity})
		r.refuse(known && !may, at+".entity", "organisation.not_yours", "entity", entity)
	}
}

func (r *reorganising) person(id string, was, is org.Person) {
	at := "people[" + id + "]"
	r.entities(at, was.Entity, is.Entity)
	r.refuse(r.own[id], at, "organisation.own_row", "person", id)
	r.refuse(r.own[is.Manager] && !r.own[was.Manager], at+".manager", "organisation.own_team", "id", id)
	same := was.Subject == is.Subject && slices.Equal(was.Aliases, is.Aliases)
	r.refuse(!same, at+".subject", "organisation.sign_in_stays", "person", id)
}

func (r *reorganising) department(id string, was, is org.Department, changed []org.FieldChange) {
	at := "departments[" + id + "]"
	r.entities(at, was.Entity, is.Entity)
	r.refuse(r.own[is.Head] && !r.own[was.Head], at+".head", "organisation.own_team", "id", id)
	moves := slices.ContainsFunc(changed, func(f org.FieldChange) bool { return f.Name == "head" || f.Name == "parent" })
	r.refuse(r.home[id] && moves && was.ID != "", at, "organisation.own_department", "department", id)
}
