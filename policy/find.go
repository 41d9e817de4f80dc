package policy

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

// Where a role is looked for.
const (
	ofEntity      = "entity"       // granted for the document's legal entity
	ofDepartment  = "department"   // by a post in the document's department or the nearest above
	ofCostCenter  = "cost_center"  // by a post in each cost centre of the lines
	ofGroup       = "group"        // granted for every entity
	ofCostCenters = "cost_centers" // heads: of the departments of the lines' cost centres
)

// Why a step's own approvers could not be asked; Approver.Via is fallback:<why>.
const (
	viaSelf        = "fallback:self"         // the one found is an interested person
	viaInactive    = "fallback:inactive"     // the one found has left or is disabled
	viaVacant      = "fallback:vacant"       // nobody holds the role, or heads the department
	viaNoManager   = "fallback:no_manager"   // nobody stands above
	viaNoPerson    = "fallback:no_person"    // the document's field names nobody we know
	viaDistinct    = "fallback:distinct"     // the one found was asked in a step that needs another human
	viaAsked       = "fallback:asked"        // the one found has a place of this step already
	viaQuorum      = "fallback:quorum"       // too few people for the quorum
	viaNoAuthority = "fallback:no_authority" // nobody above may approve so much
	viaNotAllowed  = "fallback:not_allowed"  // the submitter chose somebody who may not be chosen
	viaNoRow       = "fallback:no_row"       // the matrix says nothing
)

// search finds the approvers of one document.
type search struct {
	org        *org.Snapshot
	content    document.Content
	interested []string
	humans     map[string][]string // the accounts of each human with several, by each of them
	amount     money.Amount        // the document's, in the policy's base currency
	base       func(money.Amount) (money.Amount, error)
	matrices   map[string]Matrix

	barred  map[string]string // human → the earlier step that needs another
	passed  []Passed          // over whom the current finder went
	trouble error             // the first thing that makes a plan impossible
}

// interestedIn lists everybody with an interest in a document, and every other
// account of theirs: none of them approves it.
func interestedIn(c document.Content, humans map[string][]string) []string {
	people := []string{c.Submitter, c.Requester}
	if c.Payee.Kind == document.PayeeEmployee {
		people = append(people, c.Payee.ID)
	}
	var all []string
	for _, p := range people {
		if p != "" {
			all = append(append(all, p), humans[p]...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func isHuman(a approval.Approver) bool { return a.Person != approval.AdminQueue }

// human is the account that stands for the one behind an account.
func (s *search) human(person string) string {
	if accounts := s.humans[person]; len(accounts) > 0 {
		return accounts[0]
	}
	return person
}

func (s *search) eligible(person string) bool {
	return s.org.Active(person) && !slices.Contains(s.interested, person) && s.barred[s.human(person)] == ""
}

// why says what keeps a person from deciding, as Approver.Via says it.
func (s *search) why(person string) string {
	switch {
	case slices.Contains(s.interested, person):
		return viaSelf
	case !s.org.Active(person):
		return viaInactive
	}
	return viaDistinct
}

func (s *search) pass(person, why string) {
	s.passed = append(s.passed, Passed{Person: person, Why: why})
}

// free keeps those who may decide, and remembers why the others may not.
func (s *search) free(people []org.Person, via string) []approval.Approver {
	var found []approval.Approver
	for _, p := range people {
		if s.eligible(p.ID) {
			found = append(found, approval.Approver{Person: p.ID, Via: via})
		} else {
			s.pass(p.ID, s.why(p.ID))
		}
	}
	return found
}

// holders are those of a role who may decide; where none may, who stands above the
// first of them; where nobody holds it, the admin queue.
func (s *search) holders(holders []org.Person, via string) []approval.Approver {
	switch found := s.free(holders, via); {
	case len(found) > 0:
		return found
	case len(holders) > 0:
		return []approval.Approver{s.above(holders[0].ID, s.why(holders[0].ID))}
	}
	return queue(viaVacant)
}

func queue(why string) []approval.Approver {
	return []approval.Approver{{Person: approval.AdminQueue, Via: why}}
}

// orAbove is the person where they may decide, else the nearest of their managers
// who may, else the admin queue.
func (s *search) orAbove(person, via string) approval.Approver {
	if s.eligible(person) {
		return approval.Approver{Person: person, Via: via}
	}
	s.pass(person, s.why(person))
	return s.above(person, s.why(person))
}

func (s *search) above(person, why string) approval.Approver {
	for _, m := range s.org.Chain(person) {
		if s.eligible(m.ID) {
			return approval.Approver{Person: m.ID, Via: why}
		}
		s.pass(m.ID, s.why(m.ID))
	}
	return approval.Approver{Person: approval.AdminQueue, Via: why}
}

// costCenters lists those of the lines, and the document's own where a line has
// none; sorted, each once.
func (s *search) costCenters() []string {
	var all []string
	for _, l := range s.content.Lines {
		if l.CostCenter != "" {
			all = append(all, l.CostCenter)
		} else {
			all = append(all, s.content.CostCenter)
		}
	}
	if len(all) == 0 {
		all = append(all, s.content.CostCenter)
	}
	slices.Sort(all)
	return slices.Compact(all)
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

// Successors lists who could take over from somebody who left: every different,
// active, uninterested human up the managers, the nearest first.
func Successors(snapshot *org.Snapshot, from string, interested []string) []approval.Approver {
	s := &search{org: snapshot, interested: append(slices.Clone(interested), snapshot.Aliases(from)...)}
	var found []approval.Approver
	for _, m := range snapshot.Chain(from) {
		if s.eligible(m.ID) {
			found = append(found, approval.Approver{Person: m.ID, Via: viaInactive})
		}
	}
	return found
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
		return queue(viaVacant)
	}
	return found
}

// TakeOver finds who gets a task whose deadline passed, as its step says: nobody where
// it passes nothing on.
func TakeOver(snapshot *org.Snapshot, late approval.Timeout, from string, interested []string, entity string,
) []approval.Approver {
	switch late.Do {
	case approval.TimeoutEscalate:
		return []approval.Approver{NextApprover(snapshot, from, interested)}
	case approval.TimeoutReassign:
		return Reassign(snapshot, late.Role, entity, append(slices.Clone(interested), from))
	}
	return nil
}

// way names how a finder finds, as Approver.Via says it; "" for none.
func (f Finder) way() string {
	switch {
	case f.Role != "" && f.Of != "" && f.Of != ofEntity:
		return f.Of + "_role:" + f.Role
	case f.Role != "":
		return "role:" + f.Role
	case f.Manager != 0:
		return "manager:" + strconv.Itoa(f.Manager)
	case f.TopManager:
		return "top_manager"
	case f.Climb != nil:
		return f.Climb.way()
	case f.DepartmentHead:
		return "department_head"
	case f.Heads != nil:
		return f.Heads.way()
	case f.Person != "":
		return "person:" + f.Person
	case f.Field != "":
		return "field:" + f.Field
	case f.Choice != nil && f.Choice.Field == "":
		return "chosen:" + f.Choice.Step
	case f.Choice != nil:
		return "choice:" + f.Choice.Field
	case f.Matrix != "":
		return "matrix:" + f.Matrix
	}
	return ""
}

func (c Climb) way() string {
	switch {
	case c.Authority:
		return "authority"
	case c.Grade != "":
		return "up_to_grade:" + c.Grade
	}
	return "up_to_level:" + strconv.Itoa(c.Level)
}

func (h Heads) way() string {
	switch {
	case h.Of != "":
		return "cost_center_head"
	case h.Every:
		return "every_head"
	}
	return "department_head:" + strconv.Itoa(h.Level)
}
