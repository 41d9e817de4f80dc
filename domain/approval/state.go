// Package approval is the decision core: a state machine without I/O.
//
// A command is judged into drafts, the drafts are recorded by somebody else,
// and the recorded events are folded into the next state: state = fold(events).
// Nothing here knows a clock, a database or Temporal.
package approval

import (
	"time"

	"github.com/countersign/countersign/domain/evidence"
)

// Status is where a document stands. 单据状态
type Status string

// The statuses. Draft exists only before the stream begins.
const (
	Draft     Status = "draft"     // 草稿
	Submitted Status = "submitted" // accepted, not routed yet 已提交
	Pending   Status = "pending"   // waits for approvers 审批中
	Returned  Status = "returned"  // back at the submitter 已退回
	Approved  Status = "approved"  // approved, posting 已通过
	Parked    Status = "parked"    // the ERP refused; waits for finance 入账挂起
	Posted    Status = "posted"    // in the books, closing 已入账
	Closed    Status = "closed"    // done 已办结
	Rejected  Status = "rejected"  // 已拒绝
	Withdrawn Status = "withdrawn" // 已撤回
	Voided    Status = "voided"    // ended by an administrator 已作废
)

// Final says whether nothing can change the status any more.
func (s Status) Final() bool {
	return s == Closed || s == Rejected || s == Withdrawn || s == Voided
}

// TaskState is where a task stands.
type TaskState string

// The states of a task.
const (
	TaskOpen       TaskState = "open"
	TaskApproved   TaskState = "approved"
	TaskRejected   TaskState = "rejected"
	TaskReturned   TaskState = "returned"
	TaskSuperseded TaskState = "superseded" // ended by somebody else's decision: neither yes nor no
	TaskEscalated  TaskState = "escalated"  // overdue, passed on
	TaskExpired    TaskState = "expired"    // decided by system:deadline

	TaskTransferred TaskState = "transferred" // handed to somebody else
	TaskAdvised     TaskState = "advised"     // advice was given, no decision
	TaskRetracted   TaskState = "retracted"   // the decision was taken back
	TaskReassigned  TaskState = "reassigned"  // given to somebody else by an administrator
	TaskHandedOver  TaskState = "handed_over" // its assignee left, or holds its role no more
)

// Task is one approver's part of a step. 待办
type Task struct {
	ID        string    `json:"id"`
	Step      string    `json:"step"`
	Round     int       `json:"round"`
	Assignee  string    `json:"assignee"` // person id, or AdminQueue
	Via       string    `json:"via"`
	Slot      int       `json:"slot,omitempty"` // place in the step, from 0; who takes over fills the same
	State     TaskState `json:"state"`
	DecidedBy string    `json:"decided_by,omitempty"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	Opinion   string    `json:"opinion,omitempty"`

	// What its decider saw.
	Revision    int    `json:"revision,omitempty"`
	ContentHash string `json:"content_hash,omitempty"`

	OpenedAt time.Time   `json:"opened_at"`
	DueAt    time.Time   `json:"due_at,omitzero"`     // zero: no deadline
	RemindAt []time.Time `json:"remind_at,omitempty"` // instants of the reminders, in order
	Reminded int         `json:"reminded,omitempty"`  // how many were sent, or passed over after an outage
	Overdue  bool        `json:"overdue,omitempty"`   // the deadline was recorded and strikes no more
	For      string      `json:"for,omitempty"`       // the task whose assignee asks for advice; it decides nothing
	No       bool        `json:"no,omitempty"`        // expired, and that is a no
	Past     bool        `json:"past,omitempty"`      // of a pass through the step that does not count any more
	Before   bool        `json:"before,omitempty"`    // the document went back since: it counts in its own step alone
	Extended int         `json:"extended,omitempty"`  // how often its deadline was excused
	Chose    []string    `json:"chose,omitempty"`     // whom a yes names for a later step, see Late.Chooser
	Ended    End         `json:"ended,omitzero"`      // how, where nobody decided it
	GivenBy  string      `json:"given_by,omitempty"`  // how who took it over was found; "": Via says it

	// By which version of the calendar the deadline was counted, when that was, and
	// whether it rests on a year that is not published.
	CalendarVersion int       `json:"calendar_version,omitempty"`
	CountedAt       time.Time `json:"counted_at,omitzero"`
	Provisional     bool      `json:"provisional,omitempty"`
}

// Way is how the policy found whose task it is: role:finance_clerk, timeout:finance_head, manager:1, …
func (t Task) Way() string {
	if t.GivenBy != "" {
		return t.GivenBy
	}
	return t.Via
}

// End says who ended a task or a round without deciding it, when and by what: an act,
// the ruling of an intervention, or escalate, hand_over and role_ended. It is what somebody is
// told who comes too late.
type End struct {
	By  string    `json:"by"`
	At  time.Time `json:"at"`
	Act string    `json:"act"`
}

// Stopped says since when the clock stands still, and for whom. 暂挂
type Stopped struct {
	At   time.Time `json:"at"`
	By   string    `json:"by"`   // who stopped it
	Task string    `json:"task"` // as whose assignee
	Info bool      `json:"info"` // the submitter is asked for something
}

// Added is a signer whom an approver added to a step: they must agree, whatever
// the step's mode. 加签人
type Added struct {
	Step   string `json:"step"`
	Slot   int    `json:"slot"` // their place, after those of the plan
	Person string `json:"person"`
	Task   string `json:"task"`  // of the adder
	Where  string `json:"where"` // before, after or beside
}

// State is one document's whole approval, as its events tell it. It is a value:
// Fold returns the next one.
type State struct {
	Document    string             `json:"document"`
	Number      string             `json:"number"`
	Type        string             `json:"type"`
	Entity      string             `json:"entity"`
	Department  string             `json:"department"`
	Urgency     string             `json:"urgency"`
	Submitter   string             `json:"submitter"`
	Requester   string             `json:"requester"`
	Seq         int64              `json:"seq"` // the last event folded
	Status      Status             `json:"status"`
	Round       int                `json:"round"`
	Revision    int                `json:"revision"`
	ContentHash string             `json:"content_hash"`
	Plan        *Plan              `json:"plan,omitempty"`
	PlanAttempt int                `json:"plan_attempt,omitempty"` // rulings on a failed plan of this round
	PlanFault   string             `json:"plan_fault,omitempty"`   // why there is no route: waits for an admin
	Step        int                `json:"step"`                   // index of the first step that is not over
	Ahead       []string           `json:"ahead,omitempty"`        // steps beyond it that are over, of other branches
	Staffings   int                `json:"staffings,omitempty"`    // steps of this round staffed when reached
	Tasks       []Task             `json:"tasks,omitempty"`        // of the current round
	Added       []Added            `json:"added,omitempty"`        // signers, of the current round
	Agreed      []Agreed           `json:"agreed,omitempty"`       // places that a yes in an earlier step fills
	Then        string             `json:"then,omitempty"`         // the step to go straight back to
	Stopped     *Stopped           `json:"stopped,omitempty"`      // the clock stands still and nobody decides
	Decided     bool               `json:"decided"`                // a human decided something in this document
	Deciders    []string           `json:"deciders,omitempty"`
	Effect      *Effect            `json:"effect,omitempty"`
	Seen        map[string]Outcome `json:"seen"` // causes already answered, by cause

	// Moneyless says that the document asked for no money when it was submitted. It is
	// the exception that is remembered, so that where nothing is known two are needed.
	Moneyless bool `json:"moneyless,omitempty"`

	// Interveners are who changed in this round whom it asks: none of them approves
	// it, nor counts among the humans it needs.
	Interveners []string `json:"interveners,omitempty"`

	// LastRound says what ended the round before this one.
	LastRound End `json:"last_round,omitzero"`

	// Straight is how the document goes straight back from its submitter; nil: anew.
	Straight *StraightBack `json:"straight,omitempty"`

	// Jumped are the steps of this round that an administrator passed over: not approved.
	Jumped []string `json:"jumped,omitempty"`
}

// Effect is the posting of a document's voucher as far as the stream knows it.
type Effect struct {
	Reference string `json:"reference"`      // v:<document>:<kind>:<revision>
	Attempt   int    `json:"attempt"`        // rulings so far; part of the cause, never of the reference
	Date      string `json:"date,omitempty"` // posting date ruled by finance
	State     string `json:"state"`          // pending, parked, posted, void
	Code      string `json:"code,omitempty"`
	Detail    string `json:"detail,omitempty"`
	Number    string `json:"number,omitempty"` // the ERP's number
	// Unanswered says that it may be in the books all the same: it is not given
	// up before the ERP was asked again.
	Unanswered bool `json:"unanswered,omitempty"`
}

// RecordRequest asks for one transition to be recorded, in one transaction.
type RecordRequest struct {
	Document string           `json:"document"`
	Expected int64            `json:"expected"`           // State.Seq the drafts were judged on
	Cause    string           `json:"cause"`              // Command.Cause
	Act      *Act             `json:"act,omitempty"`      // when the cause is an act: must equal the signed inbox row
	Deadline string           `json:"deadline,omitempty"` // of a deadline: the task whose earlier acts it yields to
	Yield    bool             `json:"yield,omitempty"`    // it yields to every act that has no outcome yet
	Drafts   []evidence.Draft `json:"drafts"`
	Copies   []CopiesDue      `json:"copies,omitempty"` // State.CopiesDue of the drafts
}

// Recorded is what Record answers.
type Recorded struct {
	Events  []evidence.Event `json:"events,omitempty"`  // ours, or the missing ones when Behind
	Outcome Outcome          `json:"outcome"`           // stored for the cause
	Behind  bool             `json:"behind,omitempty"`  // the stream is ahead of the caller: fold, then judge again
	Waiting []string         `json:"waiting,omitempty"` // act ids received before the deadline: it yields to them
	Stamps  *Stamps          `json:"stamps,omitempty"`  // in place of Events, see Packed
	Books   string           `json:"books,omitempty"`   // the ERP connection that a voucher now goes to
	Entity  string           `json:"-"`                 // whose document it is; history does not ask
}
