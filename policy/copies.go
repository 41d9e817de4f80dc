package policy

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// CopiesMax is how many people one step, or the policy as a whole, copies in; the
// others are passed over, and the plan is made all the same.
const CopiesMax = 50

// Why somebody is not copied in; the others are those of approvers.
const (
	passedOwner = "passed:owner" // the document is theirs: they read it anyway
	passedAsked = "passed:asked" // they are asked in this step, at the same moment
	passedFull  = "passed:full"  // CopiesMax were found before them
)

// copies finds whom a step, or the policy, copies in: whom its sources name, and
// nobody in their place. It is allowed to find nobody, and what keeps a source from
// being asked keeps no document: a copy decides nothing.
func (s *search) copies(c *Copying, step approval.Step) (*approval.Copies, []Remark) {
	if c == nil {
		return nil, nil
	}
	own := *s // who is interested may read: only its owners need no copy
	own.interested, own.barred = s.owners(), nil
	found := &approval.Copies{On: c.On, People: []approval.Approver{}}
	var remarks []Remark
	for _, f := range c.Who {
		own.passed, own.trouble = nil, nil
		people := own.find(f)
		if own.trouble != nil { // who was passed over by mistake must not lead to another
			continue
		}
		for _, a := range people {
			if why := own.spares(a, found, step); why != "" {
				own.pass(a.Person, why)
			} else if itself(a) && !s.has(found.People, a) {
				found.People = append(found.People, approval.Approver{Person: a.Person, Via: a.Via})
			}
		}
		if passed := own.spared(); len(passed) > 0 {
			remarks = append(remarks, Remark{Step: step.ID, Way: f.way(), Passed: passed, Copy: true})
		}
	}
	return found, remarks
}

// owners are the submitter and the requester, with every account of theirs.
func (s *search) owners() []string {
	var all []string
	for _, person := range []string{s.content.Submitter, s.content.Requester} {
		if person != "" {
			all = append(append(all, person), s.humans[person]...)
		}
	}
	return all
}

// itself says whether somebody was found by what the policy says, not in the place of
// somebody else.
func itself(a approval.Approver) bool { return isHuman(a) && !strings.HasPrefix(a.Via, "fallback:") }

// spares says why somebody who was found is not copied in, or "".
func (s *search) spares(a approval.Approver, found *approval.Copies, step approval.Step) string {
	asked := func(b approval.Approver) bool { return s.human(a.Person) == s.human(b.Person) }
	switch {
	case !itself(a) || s.has(found.People, a):
		return ""
	case found.On == approval.CopyOpened && slices.ContainsFunc(step.Approvers, asked):
		return passedAsked
	case len(found.People) == CopiesMax:
		return passedFull
	}
	return ""
}

// spared are those over whom the search went, in the words of copies.
func (s *search) spared() []Passed {
	passed := slices.Clone(s.passed)
	for i, p := range passed {
		if p.Why == viaSelf {
			passed[i].Why = passedOwner
		}
	}
	return passed
}
