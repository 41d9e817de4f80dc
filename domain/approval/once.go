package approval

import "slices"

// Agreed is a place of a step that is not asked: its human agreed in a step before it.
type Agreed struct {
	Step   string `json:"step"`
	Slot   int    `json:"slot"`
	Person string `json:"person"` // who has the place
	Task   string `json:"task"`   // in which they agreed, maybe with another account of theirs
}

// agreedBefore lists the places of a step that need not be asked. Nobody is spared
// while more humans must agree than have, nor where they choose who comes next.
func (s State) agreedBefore(step Step) []Agreed {
	chooses := func(later Step) bool { return later.Late != nil && later.Late.Chooser == step.ID }
	if !step.Once || len(s.agreed()) < s.needed() || slices.ContainsFunc(s.Plan.Steps, chooses) {
		return nil
	}
	var none []Agreed
	filled := map[string]bool{}
	for slot, a := range places(step) {
		yes, found := s.earlierYes(step, a.Person)
		if found && !filled[s.behind(a.Person)] {
			filled[s.behind(a.Person)] = true
			none = append(none, Agreed{step.ID, slot, a.Person, yes.ID})
		}
	}
	return none
}

// earlierYes finds the yes of a human that counts in a step too: their own and not the
// clock's or somebody's for them, in a step before it, of this round, on this very
// content, and since the document last went back. It never does where other humans are
// needed than decided elsewhere.
func (s State) earlierYes(step Step, person string) (Task, bool) {
	if !human(person) || s.Interested(person) || s.intervened(person) || s.heldApart(step.ID, person) != nil {
		return Task{}, false
	}
	at := s.indexOfStep(step.ID)
	for _, t := range s.Tasks {
		theirs := t.Assignee == t.DecidedBy && s.behind(t.DecidedBy) == s.behind(person)
		counts := t.State == TaskApproved && t.For == "" && !t.Past && !t.Before &&
			t.Revision == s.Revision && t.ContentHash == s.ContentHash
		if theirs && counts && s.Plan.before(s.indexOfStep(t.Step), at) {
			return t, true
		}
	}
	return Task{}, false
}

// spared are the places of a step that are not asked.
func (s State) spared(step string) []Agreed {
	var of []Agreed
	for _, a := range s.Agreed {
		if a.Step == step {
			of = append(of, a)
		}
	}
	return of
}

// asksNobody says whether a place is not asked: its human agreed before, or, where one
// yes of each group is enough, another of its group.
func (s State) asksNobody(step Step, place int) bool {
	of := places(step)
	return slices.ContainsFunc(s.spared(step.ID), func(a Agreed) bool {
		return a.Slot == place || step.Mode == PerGroup && of[a.Slot].Group == of[place].Group
	})
}

// askFrom asks the places of a step from one on: in order, the first that is asked.
func (p *pen) askFrom(step Step, first int) {
	for place, a := range places(step) {
		if place < first || p.s.asksNobody(step, place) {
			continue
		}
		p.openTask(step, a, place)
		if step.Mode == InOrder {
			return
		}
	}
}
