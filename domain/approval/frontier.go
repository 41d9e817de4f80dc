package approval

import "slices"

// The frontier of a document: which steps are over, which wait, and which come next.
// Without branches it is one step.

// before says whether step i of a plan must be over before step j is asked: it is
// earlier in the plan, and not in another branch of a fork of both.
func (p *Plan) before(i, j int) bool { return i < j && !beside(p.Steps[i], p.Steps[j]) }

// Before says the same of two steps by their ids; false where the plan has one not.
func (p *Plan) Before(first, second string) bool {
	at := func(id string) int { return slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == id }) }
	i, j := at(first), at(second)
	return i >= 0 && j >= 0 && p.before(i, j)
}

// forks says whether anything in a plan is parallel.
func (p *Plan) forks() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool { return len(s.Branches) > 0 })
}

// beside says whether two steps stand in different branches of one fork.
func beside(a, b Step) bool {
	return slices.ContainsFunc(a.Branches, func(x Branch) bool {
		return slices.ContainsFunc(b.Branches, func(y Branch) bool { return x.Fork == y.Fork && x.N != y.N })
	})
}

func (s State) indexOfStep(id string) int {
	if s.Plan == nil {
		return -1
	}
	return slices.IndexFunc(s.Plan.Steps, func(step Step) bool { return step.ID == id })
}

// stepOf is the step of a task of the current round.
func (s State) stepOf(t Task) (Step, bool) {
	i := s.indexOfStep(t.Step)
	if i < 0 {
		return Step{}, false
	}
	return s.Plan.Steps[i], true
}

func (s State) over(i int) bool {
	return i < s.Step || slices.Contains(s.Ahead, s.Plan.Steps[i].ID)
}

// Over says whether a step of the present plan is over.
func (s State) Over(step string) bool {
	i := s.indexOfStep(step)
	return i >= 0 && s.over(i)
}

// reached says whether a step is not over, and everything before it is.
func (s State) reached(i int) bool {
	if s.over(i) {
		return false
	}
	for j := range i {
		if s.Plan.before(j, i) && !s.over(j) {
			return false
		}
	}
	return true
}

// begun says whether a step asked somebody already, in this pass through it, or need not.
func (s State) begun(i int) bool {
	step := s.Plan.Steps[i].ID
	return len(s.tasksOf(step)) > 0 || len(s.spared(step)) > 0
}

// WaitingSteps lists the steps that wait for people, in the order of the plan: one,
// or one of each branch that is under way.
func (s State) WaitingSteps() []Step {
	var waiting []Step
	if s.Status != Pending || s.Plan == nil {
		return nil
	}
	for i, step := range s.Plan.Steps {
		if !s.over(i) && s.begun(i) {
			waiting = append(waiting, step)
		}
	}
	return waiting
}

// Unstaffed lists the steps that were reached and whose approvers are to be found
// now: answer each with Staffed for Round and Staffings. While the clock is stopped
// it lists none.
func (s State) Unstaffed() []Step {
	var unstaffed []Step
	if s.Status != Pending || s.Plan == nil || s.Stopped != nil {
		return nil
	}
	for i, step := range s.Plan.Steps {
		late := step.Late != nil && step.Late.Chooser == "" && step.Need == NeedsPeople
		if late && s.reached(i) && !s.begun(i) {
			unstaffed = append(unstaffed, step)
		}
	}
	return unstaffed
}

// reopens lists the steps that are not over any more when a document goes back to a
// step: that one and all that follow it; or, straight back, that one, the step to go
// straight back to and all that follow that.
func (s State) reopens(to, then int) []string {
	from := to
	if then >= 0 {
		from = then
	}
	var again []string
	for i, step := range s.Plan.Steps {
		if i == to || i == from || s.Plan.before(from, i) {
			again = append(again, step.ID)
		}
	}
	return again
}
