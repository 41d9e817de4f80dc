package invariants

import (
	"slices"
	"strconv"
)

// spared is a place of a step that was not asked: its human agreed before.
type spared struct {
	Step   string `json:"step"`
	Slot   int    `json:"slot"`
	Person string `json:"person"`
	Task   string `json:"task"`

	Round int `json:"-"`
}

// foldSpared holds that a place is left out only where the policy spares people, for
// whose it is, by their own signed yes: of this round, on this very content, in an earlier
// step, since the document last went back, and not where another human must decide.
func (c *checker) foldSpared(f *folded, e event) {
	subject := e.Stream + "#" + strconv.FormatInt(e.Seq, 10)
	for _, one := range e.facts.Agreed {
		i := slices.IndexFunc(f.planSteps(), func(s step) bool { return s.ID == e.facts.Step })
		if !c.hold("I7", subject, i >= 0 && one.Step == e.facts.Step && f.plan.Steps[i].Once,
			"%s is not asked in %s, where the policy spares nobody", one.Person, e.facts.Step) {
			continue
		}
		at := f.plan.Steps[i]
		c.hold("I7", subject, at.has(one.Slot, one.Person),
			"%s is not asked in place %d of %s, which is not theirs", one.Person, one.Slot, at.ID)
		f.spared = append(f.spared, spared{one.Step, one.Slot, one.Person, one.Task, e.Round})
		n := slices.IndexFunc(f.decisions, func(d decision) bool { return d.task.ID == one.Task })
		if !c.hold("I7", subject, n >= 0, "%s is not asked, and never agreed", one.Person) {
			continue
		}
		yes := f.decisions[n]
		earlier := slices.IndexFunc(f.plan.Steps, func(s step) bool { return s.ID == yes.task.Step })
		c.hold("I7", subject, yes.event.Kind == "task.approved" && yes.event.OnBehalfOf == "" && yes.task.For == "" &&
			f.plan.human(yes.event.Actor) == f.plan.human(one.Person), "%s is not asked for what %s did", one.Person, yes.event.Actor)
		c.hold("I7", subject, yes.event.Round == e.Round && yes.event.Seq > f.bent && earlier >= 0 && earlier < i,
			"%s is not asked in %s for what they said in %s of round %d", one.Person, at.ID, yes.task.Step, yes.event.Round)
		c.hold("I8", subject, yes.event.ContentHash == e.ContentHash, "%s is not asked, and agreed to another content", one.Person)
		if earlier >= 0 {
			apart := slices.Contains(at.DistinctFrom, yes.task.Step) || slices.Contains(f.plan.Steps[earlier].DistinctFrom, at.ID)
			c.hold("I7", subject, !apart, "%s is not asked in %s, which needs another human than %s", one.Person, at.ID, yes.task.Step)
		}
	}
}

// has says whether a place is somebody's: a person named twice has one place.
func (s step) has(slot int, person string) bool {
	var of []string
	for _, a := range s.Approvers {
		if a.Person == adminQueue || !slices.Contains(of, a.Person) {
			of = append(of, a.Person)
		}
	}
	return slot < len(of) && of[slot] == person
}

// human is the first account of whoever is behind one.
func (p *plan) human(account string) string {
	for _, accounts := range p.Same {
		if slices.Contains(accounts, account) {
			return accounts[0]
		}
	}
	return account
}

// keepSpared holds that a place that stays out in a new round was left out before.
func (c *checker) keepSpared(f *folded, e event, subject string) {
	for _, one := range e.facts.Agreed {
		was := slices.ContainsFunc(f.spared, func(s spared) bool {
			return s.Step == e.facts.Step && s.Slot == one.Slot && s.Person == one.Person && s.Task == one.Task && s.Round < e.Round
		})
		c.hold("I7", subject, was, "%s is not asked in %s in round %d, and was asked before", one.Person, e.facts.Step, e.Round)
		f.spared = append(f.spared, spared{one.Step, one.Slot, one.Person, one.Task, e.Round})
	}
}

func (f *folded) planSteps() []step {
	if f.plan == nil {
		return nil
	}
	return f.plan.Steps
}
