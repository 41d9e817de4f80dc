package approval

import "slices"

// verdict is how far the votes of a step are.
type verdict int

const (
	undecided verdict = iota
	won
	lost
)

// weightMost bounds a vote, so that sums of weights stay far from overflow.
const weightMost = 1_000_000

// unfitVotes says why nobody could count the votes of a step, or "". A quorum that
// cannot be met is never shrunk: it makes no plan.
func unfitVotes(step Step) string {
	n, v := len(places(step)), step.Votes
	switch step.Mode {
	case AnyOf, AllOf, InOrder:
	case Quorum:
		if v == nil || v.Count < 1 {
			return "plan.bad_votes"
		}
		if v.Count > n {
			return "plan.no_quorum"
		}
	case Ratio:
		if v == nil || v.Num < 1 || v.Den < v.Num || v.Den > weightMost {
			return "plan.bad_votes"
		}
	case PerGroup:
		if slices.ContainsFunc(step.Approvers, func(a Approver) bool { return a.Group == "" }) {
			return "plan.bad_votes"
		}
	default:
		return "plan.bad_step"
	}
	for _, a := range step.Approvers {
		if a.Weight < 0 || a.Weight > weightMost {
			return "plan.bad_votes"
		}
	}
	switch step.OnReject {
	case "", RejectVeto, RejectVote, RejectEveryone:
		return ""
	}
	return "plan.bad_votes"
}

// vetoes says whether a no in a task's place ends the document at once. That of
// an added signer always does.
func (s State) vetoes(step Step, task Task) bool {
	if task.Slot >= len(places(step)) {
		return true
	}
	switch step.OnReject {
	case RejectVote, RejectEveryone:
		return step.Mode == AllOf || step.Mode == InOrder // one no is enough there anyhow
	case RejectVeto:
		return true
	}
	return step.Mode != Quorum && step.Mode != Ratio
}

// tally counts the places of the plan: won or lost as soon as no vote that is
// still out can change it. Added signers are not counted here, see signed.
func (s State) tally(step Step) verdict {
	of := places(step)
	yes, no := make([]bool, len(of)), make([]bool, len(of))
	for _, t := range s.tasksOf(step.ID) {
		if t.For == "" && t.Slot < len(of) {
			yes[t.Slot] = yes[t.Slot] || t.agreed()
			no[t.Slot] = no[t.Slot] || t.refused()
		}
	}
	for _, a := range s.spared(step.ID) {
		yes[a.Slot] = true
	}
	switch step.Mode {
	case AnyOf:
		return counted(sum(of, yes, one), sum(of, no, one), 1, int64(len(of)))
	case Quorum:
		return counted(sum(of, yes, one), sum(of, no, one), int64(step.Votes.Count), int64(len(of)))
	case Ratio:
		total := int64(0)
		for _, a := range of {
			total += weight(a)
		}
		needed := (step.Votes.Num*total + step.Votes.Den - 1) / step.Votes.Den // at least Num/Den, exactly
		return counted(sum(of, yes, weight), sum(of, no, weight), needed, total)
	case PerGroup:
		return tallyGroups(of, yes, no)
	}
	return counted(sum(of, yes, one), sum(of, no, one), int64(len(of)), int64(len(of)))
}

func counted(yes, no, needed, total int64) verdict {
	switch {
	case yes >= needed:
		return won
	case total-no < needed:
		return lost
	}
	return undecided
}

func tallyGroups(of []Approver, yes, no []bool) verdict {
	agreed, open := map[string]bool{}, map[string]bool{}
	for i, a := range of {
		agreed[a.Group] = agreed[a.Group] || yes[i]
		open[a.Group] = open[a.Group] || !no[i]
	}
	result := won
	for _, a := range of {
		if !agreed[a.Group] && !open[a.Group] {
			return lost
		}
		if !agreed[a.Group] {
			result = undecided
		}
	}
	return result
}

func one(Approver) int64 { return 1 }

func weight(a Approver) int64 { return max(a.Weight, 1) }

func sum(of []Approver, who []bool, worth func(Approver) int64) int64 {
	var total int64
	for i, a := range of {
		if who[i] {
			total += worth(a)
		}
	}
	return total
}

// pointless says whether a yes leaves an open task without a purpose: it has the
// same place, be it for advice, its group has its yes, or one yes is enough.
func (s State) pointless(step Step, t, decided Task) bool {
	of := places(step)
	if t.Step != decided.Step {
		return false
	}
	if t.Slot == decided.Slot {
		return true
	}
	if t.For != "" {
		return false // it ends with the task that it is for
	}
	if t.Slot >= len(of) || decided.Slot >= len(of) {
		return false // an added signer is asked for themselves
	}
	return step.Mode == AnyOf || step.Mode == PerGroup && of[t.Slot].Group == of[decided.Slot].Group
}
