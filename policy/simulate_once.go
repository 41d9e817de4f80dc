package policy

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
)

// stillAsked is a step of a plan without those who must have agreed in a step before it, where
// it asks nobody twice; false: nobody is left to ask. Who only may have agreed is counted
// as asked, and so is every step by ratio: the figures never promise too much.
func stillAsked(plan approval.Plan, i int) (approval.Step, bool) {
	step := plan.Steps[i]
	chooses := func(later approval.Step) bool { return later.Late != nil && later.Late.Chooser == step.ID }
	if !step.Once || step.Late != nil || slices.ContainsFunc(plan.Steps, chooses) {
		return step, true
	}
	agreed := mustHaveAgreed(plan, step)
	spared := func(a approval.Approver) bool { return agreed[a.Person] }
	rest := slices.DeleteFunc(slices.Clone(step.Approvers), spared)
	n := len(step.Approvers) - len(rest)
	if n == 0 || len(agreed) < plan.Humans {
		return step, true
	}
	switch step.Mode {
	case approval.AnyOf:
		return step, false
	case approval.AllOf, approval.InOrder:
		step.Approvers = rest
	case approval.Quorum:
		votes := *step.Votes
		votes.Count -= n
		if step.Votes, step.Approvers = &votes, rest; votes.Count <= 0 {
			return step, false
		}
	case approval.PerGroup:
		said := map[string]bool{}
		for _, a := range step.Approvers {
			said[a.Group] = said[a.Group] || spared(a)
		}
		step.Approvers = slices.DeleteFunc(rest, func(a approval.Approver) bool { return said[a.Group] })
	}
	return step, len(step.Approvers) > 0
}

// mustHaveAgreed are the people without whose yes no document comes as far as a step, but
// for those of steps that need other humans than it.
func mustHaveAgreed(plan approval.Plan, at approval.Step) map[string]bool {
	agreed := map[string]bool{}
	for _, s := range plan.Steps {
		apart := slices.Contains(at.DistinctFrom, s.ID) || slices.Contains(s.DistinctFrom, at.ID)
		if s.Need != approval.NeedsPeople || s.Late != nil || apart || !plan.Before(s.ID, at.ID) ||
			fewestYeses(s) < len(s.Approvers) {
			continue
		}
		for _, a := range s.Approvers {
			agreed[a.Person] = a.Person != approval.AdminQueue
		}
	}
	delete(agreed, approval.AdminQueue)
	return agreed
}
