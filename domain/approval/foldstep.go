package approval

import (
	"slices"

	"github.com/countersign/countersign/domain/evidence"
)

// applyStep folds an event of a step; what is opened is not over yet.
func (s *State) applyStep(e evidence.Event) error {
	if s.Plan == nil {
		return nil
	}
	switch e.Kind {
	case StepOpened:
		d, err := Decode[StepData](e)
		s.Agreed = append(s.Agreed, d.Agreed...)
		return err
	case StepReopened:
		return s.applyReopened(e)
	case StepKept:
		return s.applyKept(e)
	case StepStaffed:
		return s.applyStaffed(e)
	case StepJumped:
		return s.applyJumped(e)
	}
	d, err := Decode[StepData](e)
	i := s.indexOfStep(d.Step)
	if i < 0 {
		return err
	}
	if e.Kind == StepResumed {
		s.finishBefore(i)
		s.Then = ""
		return err
	}
	s.finish(i)
	if len(s.Ahead) == 0 && s.Then != "" && !s.Plan.forks() {
		// A state written before Ahead was: on the way back no step in between is over.
		s.finishBefore(s.indexOfStep(s.Then))
	}
	return err
}

// finish marks a step as over.
func (s *State) finish(i int) {
	if !s.over(i) {
		s.Ahead = append(s.Ahead, s.Plan.Steps[i].ID)
	}
	s.settleAhead()
}

// finishBefore marks the steps before another one as over.
func (s *State) finishBefore(i int) {
	for j := range max(i, 0) {
		if s.Plan.before(j, i) && !s.over(j) {
			s.Ahead = append(s.Ahead, s.Plan.Steps[j].ID)
		}
	}
	s.settleAhead()
}

// settleAhead moves Step past what is over.
func (s *State) settleAhead() {
	for s.Step < len(s.Plan.Steps) {
		at := slices.Index(s.Ahead, s.Plan.Steps[s.Step].ID)
		if at < 0 {
			break
		}
		s.Ahead = slices.Delete(s.Ahead, at, at+1)
		s.Step++
	}
	if len(s.Ahead) == 0 {
		s.Ahead = nil
	}
}

// applyReopened puts steps back: they are not over, and what is past does not count.
func (s *State) applyReopened(e evidence.Event) error {
	d, err := Decode[ReopenedData](e)
	i := s.indexOfStep(d.Step)
	if err != nil || i < 0 {
		return err
	}
	s.Then = d.Then
	for _, id := range d.Past {
		if t := s.indexOf(id); t >= 0 {
			s.Tasks[t].Past = true
		}
	}
	for i, t := range s.Tasks {
		s.Tasks[i].Before = t.Before || t.decided()
	}
	again := func(step int) bool { return step >= i } // an event written before branches were
	if len(d.Steps) > 0 {
		again = func(step int) bool { return slices.Contains(d.Steps, s.Plan.Steps[step].ID) }
	}
	anew := func(id string) bool { // without what stood by it
		at := s.indexOfStep(id)
		return at == i && d.Fresh || at != i && at >= 0 && again(at)
	}
	s.Added = without(s.Added, func(a Added) bool { return anew(a.Step) })
	s.Agreed = without(s.Agreed, func(a Agreed) bool { return anew(a.Step) })
	s.Jumped = without(s.Jumped, func(step string) bool { return again(s.indexOfStep(step)) })
	over := []string{}
	for j, step := range s.Plan.Steps {
		if s.over(j) && !again(j) {
			over = append(over, step.ID)
		}
	}
	s.Step, s.Ahead = 0, over
	s.settleAhead()
	return nil
}

// applyJumped passes over what an administrator jumped over: it is over, and what was
// decided in it counts no more. A jump back is a step that is reopened.
func (s *State) applyJumped(e evidence.Event) error {
	d, err := Decode[StepJumpedData](e)
	s.addInterveners(e.Actor, d.Maker)
	if err != nil || len(d.Over) == 0 {
		return err
	}
	for i := range s.Tasks {
		if slices.Contains(d.Over, s.Tasks[i].Step) {
			s.Tasks[i].Past = true
		}
	}
	s.Agreed = without(s.Agreed, func(a Agreed) bool { return slices.Contains(d.Over, a.Step) })
	s.Jumped = append(s.Jumped, d.Over...)
	s.finishBefore(s.indexOfStep(d.Step))
	if s.Over(s.Then) {
		s.Then = ""
	}
	return nil
}

// applyStaffed gives a step the approvers that were found for it.
func (s *State) applyStaffed(e evidence.Event) error {
	d, err := Decode[StaffedData](e)
	s.Staffings++
	i := s.indexOfStep(d.Step)
	if err != nil || i < 0 {
		return err
	}
	s.giveApprovers(i, d.Approvers)
	return nil
}

// giveApprovers gives a step its approvers. The plan is shared, so it is copied.
func (s *State) giveApprovers(i int, approvers []Approver) {
	plan := *s.Plan
	plan.Steps = slices.Clone(plan.Steps)
	plan.Steps[i].Approvers = approvers
	s.Plan = &plan
}
