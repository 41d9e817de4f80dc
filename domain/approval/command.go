package approval

import (
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/evidence"
)

// Command is something that may change a document. Its cause names it for ever:
// the same cause is answered once, whoever repeats it.
//
// The commands are Act, Planned, Unplanned, Staffed, Struck, Settled, Recounted,
// HandedOver and LetGo.
type Command interface {
	Cause() string
}

// Planned brings the route of a round. A plan that nobody could follow is judged
// as if there were none: it waits in the admin queue.
type Planned struct {
	Plan    Plan
	Attempt int // State.PlanAttempt when it was asked for

	// Changed is what differs materially from a content of State.SeenRevisions.
	Changed []string
}

// Unplanned says that no route could be found: the document waits in the admin
// queue with the fault's code, never approved by an error.
type Unplanned struct {
	Round   int
	Attempt int // State.PlanAttempt when it was asked for
	Code    string
	Admins  []string
}

// Staffed brings the approvers of a step that was reached, see Late. Where nobody
// fit is among them the step waits in the admin queue.
type Staffed struct {
	Round      int
	Step       string
	N          int // State.Staffings when it was asked for
	Approvers  []Approver
	OrgVersion int64
	Code       string // why nobody was found, a fault's code
}

// Struck says that a task's clock struck: the next reminder, or the deadline.
type Struck struct {
	Task string
	Due  bool       // the deadline; else the next reminder
	N    int        // which reminder, from 1; the latest due one, so an outage is made up for by one
	To   []Approver // who takes over, found by an activity, where the timeout escalates or reassigns
}

// Settled brings the answer about an effect.
type Settled struct {
	Reference  string
	Attempt    int    // State.Effect.Attempt when it was asked for
	Posted     bool   // it is in the books
	Number     string // the ERP's number, when posted
	ID         string // the ERP's id, when posted
	Code       string // why it was parked, when not posted
	Detail     string // the ERP's words
	Unanswered bool   // no answer was final: it may be in the books, or come there yet
}

// Cause of an act is its id.
func (a Act) Cause() string { return a.ID }

// Cause of a plan is its round and attempt, so that a plan asked for again after
// a failure is not taken for the failure.
func (p Planned) Cause() string { return planCause(p.Plan.Round, p.Attempt) }

// Cause of a missing plan is the same as that of the plan it stands for.
func (u Unplanned) Cause() string { return planCause(u.Round, u.Attempt) }

func planCause(round, attempt int) string {
	return "plan:" + strconv.Itoa(round) + ":" + strconv.Itoa(attempt)
}

// Cause of a staffing is its round and number.
func (s Staffed) Cause() string {
	return "staff:" + strconv.Itoa(s.Round) + ":" + strconv.Itoa(s.N)
}

// Cause of a clock is the task and its generation.
func (s Struck) Cause() string {
	if s.Due {
		return "clock:" + s.Task + ":due"
	}
	return "clock:" + s.Task + ":remind:" + strconv.Itoa(s.N)
}

// Cause of an effect's answer is its reference and attempt.
func (s Settled) Cause() string {
	return "effect:" + s.Reference + ":" + strconv.Itoa(s.Attempt)
}

// Machine is what the workflow needs of the core; State is the only one. It is
// written down here so that the three promises stand in one place:
//
//   - Judge answers with drafts or a *fault.Fault and changes nothing. For an act
//     already seen it answers with the fault act.seen (the caller gives the
//     stored outcome instead); for a clock, plan or effect that is no longer
//     wanted it answers with no drafts and no error.
//   - Fold returns the next state; events at or before Seq are passed over.
//   - Wake is the instant of the next reminder or deadline of an open task, zero
//     for none; Strike lists what has struck by now, deadlines without To.
type Machine interface {
	Judge(c Command, now time.Time) ([]evidence.Draft, error)
	Fold(events []evidence.Event) State
	Wake() time.Time
	Strike(now time.Time) []Struck
}
