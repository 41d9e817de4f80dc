package approval

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Then is what a plan asks for after the approval.
const (
	ThenAccrue  = "accrue"  // book the voucher 计提
	ThenArchive = "archive" // 归档
)

// The states of an effect.
const (
	EffectPending = "pending"
	EffectParked  = "parked"
	EffectPosted  = "posted"
	EffectVoid    = "void"
)

// Done says whether the document has its outcome.
func (s State) Done() bool { return s.Status.Final() }

// WantsPlan says that the document waits for its route: answer with Planned or
// Unplanned for Round and PlanAttempt.
func (s State) WantsPlan() bool { return s.Status == Submitted && s.PlanFault == "" }

// WantsPosting says that Effect is to be posted: answer with Settled for its
// Reference and Attempt.
func (s State) WantsPosting() bool {
	return s.Status == Approved && s.Effect != nil && s.Effect.State == EffectPending
}

// Stuck says that the document waits for a ruling: of finance on a parked
// voucher, or of an admin on a route that could not be found.
func (s State) Stuck() bool { return s.Status == Parked || s.planFailed() }

func (s State) planFailed() bool { return s.Status == Submitted && s.PlanFault != "" }

// OpenTasks lists the open tasks in the order they were opened.
func (s State) OpenTasks() []Task {
	var open []Task
	for _, t := range s.Tasks {
		if t.State == TaskOpen {
			open = append(open, t)
		}
	}
	return open
}

// Assignees lists who is asked to act now, sorted, each once: the assignees of
// the open tasks, or the admin queue where the route failed.
func (s State) Assignees() []string {
	asked := map[string]bool{}
	for _, t := range s.OpenTasks() {
		asked[t.Assignee] = true
	}
	if s.planFailed() {
		asked[AdminQueue] = true
	}
	return slices.Sorted(maps.Keys(asked))
}

// DueAt is the earliest deadline of an open task, overdue ones included; zero
// for none.
func (s State) DueAt() time.Time {
	var due time.Time
	for _, t := range s.OpenTasks() {
		due = earlier(due, t.DueAt)
	}
	return due
}

// Interested says whether a person may never decide this document: who entered
// it, whom it is for, who is paid, and every alias of theirs. 利害关系人
func (s State) Interested(person string) bool {
	if person == "" {
		return false
	}
	return person == s.Submitter || person == s.Requester ||
		s.Plan != nil && slices.Contains(s.Plan.Interested, person)
}

// behind is the account that stands for the human behind an account.
func (s State) behind(account string) string {
	if s.Plan == nil {
		return account
	}
	for _, accounts := range s.Plan.Same {
		if slices.Contains(accounts, account) {
			return accounts[0]
		}
	}
	return account
}

// task finds a task of the current round.
func (s State) task(id string) (Task, bool) {
	i := slices.IndexFunc(s.Tasks, func(t Task) bool { return t.ID == id })
	if i < 0 {
		return Task{}, false
	}
	return s.Tasks[i], true
}

// tasksOf lists the tasks of a step that count, in the order of opening.
func (s State) tasksOf(step string) []Task {
	var of []Task
	for _, t := range s.Tasks {
		if t.Step == step && !t.Past {
			of = append(of, t)
		}
	}
	return of
}

// agreed says whether a task stands for a yes, of a person or of the clock.
func (t Task) agreed() bool {
	return !t.Past && (t.State == TaskApproved || t.State == TaskExpired && !t.No)
}

// refused says whether a task stands for a no.
func (t Task) refused() bool {
	return !t.Past && (t.State == TaskRejected || t.State == TaskExpired && t.No)
}

// decided says whether somebody's decision on a task counts.
func (t Task) decided() bool { return t.agreed() || t.refused() }

// human says whether an actor is a person, not the system nor a queue.
func human(actor string) bool {
	return actor != "" && !strings.HasPrefix(actor, "system:") && !strings.HasPrefix(actor, "queue:")
}

// earlier is the earlier of two instants, where zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
