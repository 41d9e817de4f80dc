package approval_test

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
)

// act is any act, more often one that could take effect.
func (q *sequence) act() approval.Act {
	q.acts++
	a := approval.Act{
		ID: "act-" + strconv.Itoa(q.acts), Name: q.name(), Document: doc, Actor: q.person(), Round: q.s.Round,
		ContentHash: q.s.ContentHash, Opinion: pick(q, []string{"because", "because", ""}), To: []string{q.person()},
		Where:    pick(q, []string{approval.SignBefore, approval.SignAfter, approval.SignBeside}),
		Extra:    pick(q, []string{"20 s", "20 s", "20 workhours"}),
		Revision: q.s.Revision + 1, NewHash: "hash" + strconv.Itoa(q.s.Revision+1),
	}
	if len(q.s.Tasks) > 0 {
		task := pick(q, q.s.Tasks)
		if open := q.s.OpenTasks(); len(open) > 0 && a.Name != approval.Retract && q.IntN(5) > 0 {
			task = pick(q, open)
		}
		a.Task = task.ID
		if q.IntN(8) > 0 {
			a.Actor = task.Assignee
		}
		if acting := q.deputies[task.Assignee]; len(acting) > 0 && q.IntN(3) == 0 {
			a.Actor, a.OnBehalfOf = pick(q, acting), task.Assignee
		}
		if task.Assignee == queue {
			a.Actor, a.OnBehalfOf = q.person(), queue
		}
		if task.For != "" && a.Name == approval.Consult {
			a.To = nil
		}
	}
	q.aim(&a)
	q.patch(&a)
	q.spoil(&a)
	return a
}

func (q *sequence) name() approval.Name {
	switch {
	case q.IntN(6) == 0:
		return pick(q, everyAct)
	case q.IntN(40) == 0, q.meddled && q.IntN(5) == 0, q.wanders && q.s.Then != "" && q.IntN(3) == 0:
		return approval.Intervene
	case q.s.Status == approval.Pending && q.s.Stopped != nil:
		return approval.Release
	case q.s.Status == approval.Pending && q.wanders && q.IntN(3) > 0:
		return pick(q, []approval.Name{approval.Approve, approval.Approve, approval.Approve, approval.Return})
	case q.s.Status == approval.Pending:
		return pick(q, []approval.Name{
			approval.Approve, approval.Approve, approval.Approve, approval.Approve, approval.Return, approval.Transfer,
			approval.Consult, approval.AddSigner, approval.RemoveSigner, approval.Retract, approval.Hold, approval.Extend,
			pick(q, []approval.Name{approval.Reject, approval.Return, approval.Approve}),
			approval.Sanction, approval.Sanction, approval.Amend,
		})
	case q.s.Status == approval.Returned:
		return approval.Resubmit
	}
	return approval.Resolve
}

// aim fills in what only some acts need.
func (q *sequence) aim(a *approval.Act) {
	switch a.Name {
	case approval.Approve:
		if !q.chooses(a.Task) || q.IntN(6) == 0 {
			a.To = nil
		}
	case approval.Resubmit, approval.Withdraw:
		a.Actor, a.OnBehalfOf = pick(q, []string{"sue", "rob", "li"}), ""
	case approval.Intervene:
		q.aimIntervention(a)
	case approval.Release:
		a.OnBehalfOf = ""
		if q.s.Stopped != nil {
			a.Actor = pick(q, []string{q.s.Stopped.By, "rob"})
		}
	case approval.Return:
		if q.IntN(4) == 0 {
			a.Back = approval.BackStraight
		} else if q.IntN(4) > 0 || q.wanders && q.IntN(8) > 0 {
			a.ToStep, a.Back = q.target(), pick(q, []string{"", approval.BackStraight, approval.BackStraight})
		}
	case approval.RemoveSigner:
		if len(q.s.Added) > 0 {
			gone := pick(q, q.s.Added)
			a.Task, a.To, a.Actor, a.OnBehalfOf = gone.Task, []string{gone.Person}, assignee(q.s, gone.Task), ""
			if a.Actor == queue {
				a.Actor, a.OnBehalfOf = q.person(), queue
			}
		}
	case approval.Resolve:
		a.Actor, a.OnBehalfOf, a.Ruling = "ada", "", pick(q, []string{"retry", "void", "redate"})
		a.Date, a.Effect, a.Attempt = "2026-12-01", q.s.PlanReference(), q.s.PlanAttempt
		if q.s.Effect != nil {
			a.Effect, a.Attempt = q.s.Effect.Reference, q.s.Effect.Attempt
		}
	}
}

// target is a step to go to: more often one that is over.
func (q *sequence) target() string {
	var over []string
	for _, step := range []string{"s1", "s2", "s3", "s4"} {
		if q.s.Over(step) {
			over = append(over, step)
		}
	}
	if len(over) == 0 || q.IntN(4) == 0 {
		return pick(q, []string{"s1", "s2", "s3", "s4", "s5"})
	}
	return pick(q, over)
}

// spoil makes some acts stale, repeated or on somebody's behalf.
func (q *sequence) spoil(a *approval.Act) {
	switch q.IntN(40) {
	case 0:
		a.ContentHash = "other"
	case 1:
		a.Round--
	case 2:
		a.ID = "act-" + strconv.Itoa(1+q.IntN(q.acts))
	case 3, 4, 5, 6:
		a.OnBehalfOf, a.Actor = a.Actor, q.person()
	case 7, 8:
		a.To = append(a.To, q.person())
	case 9:
		a.Attempt++
	case 10:
		a.Revision += 1 - 2*q.IntN(2)
	}
}

// chooses says whether the step of a task chooses for another one.
func (q *sequence) chooses(task string) bool {
	return q.s.Plan != nil && slices.ContainsFunc(q.s.Tasks, func(t approval.Task) bool {
		return t.ID == task && slices.ContainsFunc(q.s.Plan.Steps, func(s approval.Step) bool {
			return s.Late != nil && s.Late.Chooser == t.Step
		})
	})
}
