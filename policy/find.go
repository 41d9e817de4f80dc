package policy

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/org"
)

// ofEntity limits a role to the document's own legal entity.
const ofEntity = "entity"

// Why a step's own approvers could not be asked; Approver.Via is fallback:<why>.
const (
	viaSelf      = "fallback:self"       // the one found is an interested person
	viaInactive  = "fallback:inactive"   // the one found has left or is disabled
	viaVacant    = "fallback:vacant"     // nobody holds the role, or heads the department
	viaNoManager = "fallback:no_manager" // nobody stands above
	viaNoPerson  = "fallback:no_person"  // the document's field names nobody we know
)

// way names how a finder finds, as Approver.Via says it; "" for none.
func (f Finder) way() string {
	switch {
	case f.Role != "":
		return "role:" + f.Role
	case f.Manager != 0:
		return "manager:" + strconv.Itoa(f.Manager)
	case f.TopManager:
		return "top_manager"
	case f.DepartmentHead:
		return "department_head"
	case f.Person != "":
		return "person:" + f.Person
	case f.Field != "":
		return "field:" + f.Field
	}
	return ""
}

// search finds the approvers of one document.
type search struct {
	org        *org.Snapshot
	content    document.Content
	interested []string
}

// interestedIn lists everybody with an interest in a document, and every other
// account of theirs: none of them approves it.
func interestedIn(c document.Content, snapshot *org.Snapshot) []string {
	people := []string{c.Submitter, c.Requester}
	if c.Payee.Kind == document.PayeeEmployee {
		people = append(people, c.Payee.ID)
	}
	var all []string
	for _, p := range people {
		if p != "" {
			all = append(all, snapshot.Aliases(p)...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// approvers finds who decides a step: each human once, active and uninterested.
// Where nobody is left it is the admin queue, never nobody.
func (s *search) approvers(step Step) []approval.Approver {
	var found []approval.Approver
	for _, f := range step.Approvers {
		for _, a := range s.find(f) {
			if !s.has(found, a) {
				found = append(found, a)
			}
		}
	}
	if step.Mode == approval.AnyOf && slices.ContainsFunc(found, isHuman) {
		found = slices.DeleteFunc(found, func(a approval.Approver) bool { return !isHuman(a) })
	}
	return found
}

func isHuman(a approval.Approver) bool { return a.Person != approval.AdminQueue }

func (s *search) has(found []approval.Approver, a approval.Approver) bool {
	return slices.ContainsFunc(found, func(b approval.Approver) bool {
		return a.Person == b.Person || isHuman(a) && isHuman(b) && s.org.Same(a.Person, b.Person)
	})
}

func (s *search) find(f Finder) []approval.Approver {
	if f.Role != "" {
		return s.holders(f)
	}
	person, why := s.one(f)
	if why != "" {
		return []approval.Approver{{Person: approval.AdminQueue, Via: why}}
	}
	return []approval.Approver{s.orAbove(person, f.way())}
}

func (s *search) holders(f Finder) []approval.Approver {
	holders := s.org.Holders(f.Role, s.content.Entity)
	var found []approval.Approver
	for _, p := range holders {
		if s.eligible(p.ID) {
			found = append(found, approval.Approver{Person: p.ID, Via: f.way()})
		}
	}
	switch {
	case len(found) > 0:
		return found
	case len(holders) > 0:
		return []approval.Approver{s.orAbove(holders[0].ID, f.way())}
	}
	return []approval.Approver{{Person: approval.AdminQueue, Via: viaVacant}}
}

// one finds the single person of a finder that is not a role, or why there is none.
func (s *search) one(f Finder) (person, why string) {
	switch {
	case f.Manager != 0, f.TopManager:
		return s.manager(f)
	case f.DepartmentHead:
		head, ok := s.org.Head(s.content.Department)
		if !ok {
			return "", viaVacant
		}
		return head.ID, ""
	}
	id, missing := f.Person, viaVacant
	if f.Field != "" {
		id, missing = s.content.Fields[f.Field], viaNoPerson
	}
	if _, ok := s.org.People[id]; !ok {
		return "", missing
	}
	return id, ""
}

func (s *search) manager(f Finder) (person, why string) {
	chain := s.org.Chain(s.content.Requester)
	if f.TopManager {
		chain = slices.DeleteFunc(chain, func(p org.Person) bool { return !p.Active })
		f.Manager = len(chain)
	}
	if f.Manager == 0 || len(chain) < f.Manager {
		return "", viaNoManager
	}
	return chain[f.Manager-1].ID, ""
}

func (s *search) eligible(person string) bool {
	return s.org.Active(person) && !slices.Contains(s.interested, person)
}

// orAbove is the person where they may decide, else the nearest of their managers
// who may, else the admin queue.
func (s *search) orAbove(person, via string) approval.Approver {
	if s.eligible(person) {
		return approval.Approver{Person: person, Via: via}
	}
	via = viaInactive
	if slices.Contains(s.interested, person) {
		via = viaSelf
	}
	for _, m := range s.org.Chain(person) {
		if s.eligible(m.ID) {
			return approval.Approver{Person: m.ID, Via: via}
		}
	}
	return approval.Approver{Person: approval.AdminQueue, Via: via}
}

// NextApprover finds who takes over from somebody: up the managers to a
// different, active, uninterested human, else the admin queue.
func NextApprover(snapshot *org.Snapshot, from string, interested []string) approval.Approver {
	s := &search{org: snapshot, interested: append(slices.Clone(interested), snapshot.Aliases(from)...)}
	for _, m := range snapshot.Chain(from) {
		if s.eligible(m.ID) {
			return approval.Approver{Person: m.ID, Via: "escalated:" + from}
		}
	}
	return approval.Approver{Person: approval.AdminQueue, Via: viaNoManager}
}

// Reassign finds who takes over by a role where a timeout says so: every active,
// uninterested holder for the entity, else the admin queue.
func Reassign(snapshot *org.Snapshot, role, entity string, interested []string) []approval.Approver {
	var found []approval.Approver
	for _, p := range snapshot.Holders(role, entity) {
		if !slices.Contains(interested, p.ID) && len(found) < ApproversMax {
			found = append(found, approval.Approver{Person: p.ID, Via: "reassigned:" + role})
		}
	}
	if len(found) == 0 {
		return []approval.Approver{{Person: approval.AdminQueue, Via: viaVacant}}
	}
	return found
}
