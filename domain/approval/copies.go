package approval

import (
	"slices"

	"github.com/countersign/countersign/domain/evidence"
)

// When a policy copies people in. Names are stored for years. 抄送时机
const (
	CopyOpened = "opened" // a step is asked; of a whole plan: it was made
	CopyPassed = "passed" // a step has agreed; of a whole plan: the document was approved
	CopyClosed = "closed" // of a whole plan only: rejected, or closed with all that follows approval done
)

// Copies are the people whom a policy copies in, and when. 抄送
type Copies struct {
	On     string     `json:"on"`
	People []Approver `json:"people"` // none: the policy looked, and found nobody
}

// CopiesDue is whom a plan copies in because of one draft.
type CopiesDue struct {
	Draft  int      `json:"draft"` // which of the drafts, from 0
	People []string `json:"people"`
}

// CopiesDue lists whom the plan copies in because of drafts that were judged for a
// command. Who has the document to read already is among them: the record knows, and
// passes them over.
func (s State) CopiesDue(c Command, drafts []evidence.Draft) []CopiesDue {
	plan := s.Plan
	if made, ok := c.(Planned); ok {
		plan = &made.Plan
	}
	if plan == nil || !plan.copiesIn() {
		return nil
	}
	var due []CopiesDue
	for i, d := range drafts {
		if people := plan.copiedBy(d); len(people) > 0 {
			due = append(due, CopiesDue{Draft: i, People: people})
		}
	}
	return due
}

// copiesIn says whether a plan copies anybody in.
func (p *Plan) copiesIn() bool {
	return p.CC != nil || slices.ContainsFunc(p.Steps, func(s Step) bool { return s.CC != nil })
}

// copiedBy lists whom one draft makes the plan copy in. A step that is skipped,
// approved by rule or jumped over neither opens nor passes; a document that is
// withdrawn or voided does not end by its policy, and copies nobody in.
func (p *Plan) copiedBy(d evidence.Draft) []string {
	switch d.Kind {
	case PlanMade:
		return p.CC.at(CopyOpened)
	case DocumentApproved:
		return p.CC.at(CopyPassed)
	case DocumentRejected, DocumentClosed:
		return p.CC.at(CopyClosed)
	case StepOpened, StepPassed:
		when := map[string]string{StepOpened: CopyOpened, StepPassed: CopyPassed}[d.Kind]
		of, err := DraftData[StepData](d)
		i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == of.Step })
		if err != nil || i < 0 {
			return nil
		}
		return p.Steps[i].CC.at(when)
	}
	return nil
}

// at lists the people who are copied in at a moment, each once.
func (c *Copies) at(when string) []string {
	if c == nil || c.On != when {
		return nil
	}
	var people []string
	for _, a := range c.People {
		if !slices.Contains(people, a.Person) {
			people = append(people, a.Person)
		}
	}
	return people
}
