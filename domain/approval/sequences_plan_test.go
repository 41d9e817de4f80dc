package approval_test

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
)

var (
	sequencePeople = []string{"li", "wu", "zoe", "max", "mia", "ada", "al", "li2", "max2", "sue", "rob", "pat"}
	sequenceModes  = []approval.Mode{
		approval.AnyOf, approval.AllOf, approval.InOrder, approval.Quorum, approval.Ratio, approval.PerGroup,
	}
	rules = []string{
		"", approval.TimeoutEscalate, approval.TimeoutReassign, approval.TimeoutReject, approval.TimeoutApprove,
	}
)

func (q *sequence) person() string { return pick(q, sequencePeople) }

func pick[T any](q *sequence, from []T) T { return from[q.IntN(len(from))] }

// plan is a random route: every mode, nested forks, late and chosen approvers.
func (q *sequence) plan() approval.Command {
	if q.IntN(12) == 0 {
		return approval.Unplanned{Round: q.s.Round, Attempt: q.s.PlanAttempt, Code: "policy.gap"}
	}
	steps := make([]approval.Step, 1+q.IntN(5))
	if q.wanders {
		steps = make([]approval.Step, 4+q.IntN(3))
	}
	for i := range steps {
		if steps[i] = q.planStep(i); q.wanders && q.IntN(4) > 0 {
			steps[i] = q.plain()
		}
	}
	q.fork(steps, 0)
	p := plan(q.s.Round, steps...)
	if q.s.Straight != nil && q.IntN(4) > 0 {
		return q.planAgain()
	}
	p.Rules = q.IntN(approval.RulesNow + 1)
	p.Humans = max(0, q.IntN(6)-3)
	if q.IntN(2) > 0 {
		p.Same = [][]string{{"li", "li2"}, {"max2", "max"}}
	}
	if q.IntN(3) == 0 {
		p.Then = []string{approval.ThenArchive}
	}
	return approval.Planned{Plan: p, Attempt: q.s.PlanAttempt}
}

// plain is a step that is soon passed.
func (q *sequence) plain() approval.Step {
	who := slices.Clone(sequencePeople[:9])
	q.Shuffle(len(who), func(i, j int) { who[i], who[j] = who[j], who[i] })
	s := step(approval.AnyOf, who[:1+q.IntN(3)]...)
	s.Allow, s.Once = handling, q.IntN(4) == 0
	return s
}

func (q *sequence) planStep(i int) approval.Step {
	who := slices.Clone(sequencePeople[:6])
	q.Shuffle(len(who), func(i, j int) { who[i], who[j] = who[j], who[i] })
	who = who[:1+q.IntN(4)]
	switch q.IntN(40) {
	case 0, 1, 2, 3, 4:
		who[0] = queue
	case 5:
		who[0] = "sue2"
	case 6:
		who = append(who, queue, queue)
	}
	s := step(pick(q, sequenceModes), who...)
	s.Allow, s.Amend, s.Once = handling, []string{"title"}, q.IntN(3) == 0
	if q.IntN(3) > 0 {
		s = late(s, pick(q, rules))
		s.Clock.AtMost = q.IntN(3)
		if q.IntN(2) > 0 {
			s.Clock.Due.Unit = calendar.WorkHour // counted as seconds here, but by a calendar
		}
	}
	if q.IntN(8) == 0 {
		s.Need, s.Allow = pick(q, []approval.Need{approval.AutoApprove, approval.Skip}), handling[:q.IntN(len(handling))]
	}
	s.OnReject = pick(q, rejections(s.Mode))
	switch s.Mode {
	case approval.Quorum:
		s.Votes = &approval.Votes{Count: 1 + q.IntN(len(who))}
	case approval.Ratio:
		den := 1 + q.IntN(4)
		s.Votes = &approval.Votes{Num: int64(1 + q.IntN(den)), Den: int64(den)}
	}
	for i := range s.Approvers {
		s.Approvers[i].Group, s.Approvers[i].Weight = pick(q, []string{"a", "b"}), int64(q.IntN(4))
	}
	for j := range i {
		if q.IntN(8) == 0 {
			s.DistinctFrom = append(s.DistinctFrom, "s"+strconv.Itoa(j+1))
		}
	}
	switch {
	case q.IntN(6) == 0:
		s.Late = &approval.Late{}
	case i > 0 && q.IntN(6) == 0:
		chooser := "s" + strconv.Itoa(max(1, i-q.IntN(2)*q.IntN(2)))
		s.Late, s.Approvers = &approval.Late{Chooser: chooser, Among: sequencePeople[1:]}, nil
	}
	return s
}

func rejections(mode approval.Mode) []string {
	switch mode {
	case approval.AnyOf:
		return []string{"", "", approval.RejectVeto, approval.RejectEveryone}
	case approval.Quorum, approval.Ratio:
		return []string{"", "", approval.RejectVeto, approval.RejectVote}
	}
	return []string{"", approval.RejectVeto}
}

// fork puts some neighbouring steps into two or three branches, and some of those again.
func (q *sequence) fork(steps []approval.Step, depth int) {
	if len(steps) < 2 || depth > 2 || q.IntN(2) > 0 && (!q.wanders || depth > 0) {
		return
	}
	from := q.IntN(len(steps) - 1)
	to := from + 2 + q.IntN(len(steps)-from-1)
	inside, lanes := steps[from:to], 2+q.IntN(2)
	name := "f" + strconv.Itoa(q.IntN(1<<30))
	for n := range lanes {
		branch := inside[len(inside)*n/lanes : len(inside)*(n+1)/lanes]
		for i := range branch {
			branch[i].Branches = append(branch[i].Branches, approval.Branch{Fork: name, N: n})
		}
		q.fork(branch, depth+1)
	}
}

// planAgain is the route of the round that was returned, more often as it was.
func (q *sequence) planAgain() approval.Command {
	p := q.s.Straight.Plan
	p.Round, p.Steps = q.s.Round, slices.Clone(p.Steps)
	c := approval.Planned{Plan: p, Attempt: q.s.PlanAttempt}
	at := &p.Steps[q.IntN(len(p.Steps))]
	switch q.IntN(16) {
	case 0:
		c.Changed = []string{document.ChangedAmount}
	case 1:
		bo := approval.Approver{Person: "bo", Group: "a"}
		at.Approvers = append(slices.DeleteFunc(slices.Clone(at.Approvers), func(a approval.Approver) bool {
			return a.Person == bo.Person // nobody has two places of a step
		}), bo)
	case 2:
		at.Mode = pick(q, []approval.Mode{approval.AnyOf, approval.AllOf})
	case 3:
		at.ID = "other" + strconv.Itoa(p.Round)
	case 4:
		if at.ID != "s1" {
			at.DistinctFrom = append(slices.Clone(at.DistinctFrom), "s1")
		}
	case 5:
		c.Plan.Same = [][]string{{"wu", "li"}, {"zoe", "max"}}
	case 6:
		c.Plan.Rules = q.IntN(approval.RulesNow + 1)
	case 7:
		c.Plan.Steps = p.Steps[:max(1, len(p.Steps)-1)]
	case 8:
		at.Once = !at.Once
	}
	return c
}
