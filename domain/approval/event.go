package approval

import (
	"time"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
)

// The kinds of event in a document's stream. Names are stored for years.
const (
	DocumentSubmitted   = "document.submitted"   // written by the gateway's submit transaction, seq 1
	DocumentResubmitted = "document.resubmitted" // a new revision, a new round
	DocumentReturned    = "document.returned"
	DocumentRejected    = "document.rejected"
	DocumentWithdrawn   = "document.withdrawn"
	DocumentApproved    = "document.approved"
	DocumentClosed      = "document.closed"
	DocumentSanctioned  = "document.sanctioned" // a new revision in the same round: other amounts are approved
	DocumentAmended     = "document.amended"    // a new revision in the same round: an approver changed fields
	PlanMade            = "plan.made"
	PlanFailed          = "plan.failed"   // no route; waits for an admin, the status does not change
	PlanResolved        = "plan.resolved" // an admin asked for the route again
	StepOpened          = "step.opened"
	StepSkipped         = "step.skipped"
	StepAutoApproved    = "step.auto_approved"
	StepPassed          = "step.passed"
	StepReopened        = "step.reopened" // returned to, or a decision was taken back
	StepResumed         = "step.resumed"  // straight back at the step that had returned it
	StepKept            = "step.kept"     // over by decisions of the round before: the document goes straight back
	StepStaffed         = "step.staffed"  // its approvers were found, or chosen, when it was reached
	TaskOpened          = "task.opened"
	TaskReminded        = "task.reminded"
	TaskOverdue         = "task.overdue" // the deadline passed and nobody takes over; the task stays open
	TaskWasApproved     = "task.approved"
	TaskWasRejected     = "task.rejected"
	TaskWasReturned     = "task.returned"
	TaskWasSuperseded   = "task.superseded"
	TaskWasEscalated    = "task.escalated"
	TaskWasExpired      = "task.expired" // decided by system:deadline
	TaskWasTransferred  = "task.transferred"
	TaskWasConsulted    = "task.consulted"   // its assignee asks somebody; it stays open
	TaskWasAdvised      = "task.advised"     // who was asked answered
	TaskWasRetracted    = "task.retracted"   // a decision was taken back
	TaskWasRescheduled  = "task.rescheduled" // its deadline moved, see Moved
	TaskWasHandedOver   = "task.handed_over" // its assignee left, or holds its role no more
	ClockStopped        = "clock.stopped"
	ClockResumed        = "clock.resumed"
	SignerAdded         = "signer.added"
	SignerRemoved       = "signer.removed"
	VoucherPosted       = "voucher.posted"
	VoucherParked       = "voucher.parked"
	VoucherResolved     = "voucher.resolved" // a person ruled on a parked voucher
)

// The kinds of event that an intervention leaves, one each; see Interventions.
const (
	TaskWasReassigned = "task.reassigned" // somebody else fills its place
	StepJumped        = "step.jumped"     // on to another step, or back to one
	DocumentVoided    = "document.voided"
	PlanDiscarded     = "plan.discarded" // a new round; the route is asked for anew
	ClockReleased     = "clock.released" // it runs again, though not by who stopped it
)

// SystemDeadline is the actor of a decision made by a timeout; it never counts
// as a human. SystemPolicy is the actor of a decision made by a rule.
const (
	SystemDeadline = "system:deadline"
	SystemPolicy   = "system:policy"
	SystemPosting  = "system:posting"

	SystemCalendar  = "system:calendar"  // a calendar changed
	SystemDirectory = "system:directory" // somebody left
)

// SubmittedData is the data of document.submitted.
type SubmittedData struct {
	Number     string       `json:"number"`
	Type       string       `json:"type"`
	Title      string       `json:"title"`
	Entity     string       `json:"entity"`
	Department string       `json:"department"`
	Submitter  string       `json:"submitter"`
	Requester  string       `json:"requester"`
	Payee      string       `json:"payee"`
	Urgency    string       `json:"urgency"`
	Total      money.Amount `json:"total"`
	BaseTotal  money.Amount `json:"base_total"`

	Origin *document.Origin `json:"origin,omitempty"` // of what another system had made
}

// ResubmittedData is the data of document.resubmitted; the envelope carries the
// new revision, round and content hash.
type ResubmittedData struct {
	Reason string `json:"reason,omitempty"`
}

// PlanData is the data of plan.made.
type PlanData struct {
	Plan Plan  `json:"plan"`
	Anew *Anew `json:"anew,omitempty"` // it was to go straight back, and does not
}

// PlanFailedData is the data of plan.failed.
type PlanFailedData struct {
	Code    string   `json:"code"`
	Attempt int      `json:"attempt,omitempty"` // the attempt that failed, from 0
	Admins  []string `json:"admins,omitempty"`  // who held the admin queue then, for reading
}

// PlanResolvedData is the data of plan.resolved.
type PlanResolvedData struct {
	Attempt int    `json:"attempt"` // the attempt it opens
	Ruling  string `json:"ruling"`
	Reason  string `json:"reason,omitempty"`
}

// StepData is the data of step.opened, skipped, auto_approved and passed.
type StepData struct {
	Step   string   `json:"step"`
	Reason string   `json:"reason,omitempty"`
	Agreed []Agreed `json:"agreed,omitempty"` // opened: the places that need not be asked
}

// StaffedData is the data of step.staffed.
type StaffedData struct {
	Step       string     `json:"step"`
	Approvers  []Approver `json:"approvers"`
	OrgVersion int64      `json:"org_version,omitempty"` // organisation snapshot id; 0 = they were chosen
	Code       string     `json:"code,omitempty"`        // why nobody was found, a fault's code
}

// ReopenedData is the data of step.reopened: the tasks that do not count any more,
// and where the step goes on when it agrees.
type ReopenedData struct {
	Step  string   `json:"step"`
	Fresh bool     `json:"fresh,omitempty"` // it begins anew, without the signers who were added to it
	Past  []string `json:"past"`
	Then  string   `json:"then,omitempty"`  // straight back to this step; "" = the next one
	Steps []string `json:"steps,omitempty"` // those not over any more; none: Step and all after it
}

// SignerData is the data of signer.added and signer.removed.
type SignerData struct {
	Step    string `json:"step"`
	Task    string `json:"task"` // of the adder
	Person  string `json:"person"`
	Slot    int    `json:"slot"`
	Where   string `json:"where,omitempty"`
	Opinion string `json:"opinion,omitempty"`
}

// TaskOpenedData is the data of task.opened, and of task.rescheduled, which has
// Moved. Record stamps DueAt and RemindAt from Clock, counting from the database's
// time; everything else is judged.
type TaskOpenedData struct {
	Task        string      `json:"task"`
	Step        string      `json:"step"`
	Assignee    string      `json:"assignee"`
	Via         string      `json:"via"`
	Slot        int         `json:"slot,omitempty"` // whose place in the step it fills, see Task.Slot
	For         string      `json:"for,omitempty"`  // the task whose assignee asks for advice
	Clock       Clock       `json:"clock"`
	DueAt       time.Time   `json:"due_at,omitzero"`
	RemindAt    []time.Time `json:"remind_at,omitempty"`
	Provisional bool        `json:"provisional,omitempty"` // the deadline reaches into a year without a published calendar
	Moved       *Moved      `json:"moved,omitempty"`

	// CalendarVersion is the version of the calendar that counted; of a draft that
	// moves a deadline the one that counted it before. Counted is when that was.
	CalendarVersion int       `json:"calendar_version,omitempty"`
	Counted         time.Time `json:"counted,omitzero"`

	GivenBy string `json:"given_by,omitempty"` // see Task.GivenBy
}

// ClockData is the data of clock.stopped and clock.resumed.
type ClockData struct {
	Task   string `json:"task"` // whose assignee stopped it
	Step   string `json:"step"`
	Info   bool   `json:"info,omitempty"`   // the submitter is asked for something
	Reason string `json:"reason,omitempty"` // the question, the answer, or why
	To     string `json:"to,omitempty"`     // resumed, released: who had stopped it
	Maker  string `json:"maker,omitempty"`  // released: who proposed it
}

// PlanDiscardedData is the data of plan.discarded; the envelope carries the new
// round, and the same revision and content.
type PlanDiscardedData struct {
	Policy  string `json:"policy"`  // of the route that is given up
	Version int    `json:"version"` // of that policy
	Reason  string `json:"reason"`
	Maker   string `json:"maker,omitempty"`
}

// StepJumpedData is the data of step.jumped. What lies in Over was not approved,
// and what was decided in it counts no more.
type StepJumpedData struct {
	From   string   `json:"from"`           // the step that waited
	Step   string   `json:"step"`           // the one that is asked now
	Over   []string `json:"over,omitempty"` // the steps that needed people and are passed over; none: back
	Reason string   `json:"reason"`
	Maker  string   `json:"maker,omitempty"`
}

// Moved says how a deadline moves: what was left when the clock stopped counts on
// from the database's time, Extra is added to what it was, or it was counted anew
// by another version of its calendar.
type Moved struct {
	Recounted bool              `json:"recounted,omitempty"`
	StoppedAt time.Time         `json:"stopped_at,omitzero"`
	Was       time.Time         `json:"was,omitzero"`
	WasRemind []time.Time       `json:"was_remind,omitempty"` // those still to come
	Extra     calendar.Duration `json:"extra,omitzero"`
	Reason    string            `json:"reason,omitempty"`
}

// SanctionedData is the data of document.sanctioned: the audited patch, and whose
// task it was done on. The envelope carries the new revision and content hash.
type SanctionedData struct {
	Task     string `json:"task"`
	Step     string `json:"step"`
	Assignee string `json:"assignee"`
	Opinion  string `json:"opinion"`
	document.Sanction
}

// AmendedData is the data of document.amended, as SanctionedData.
type AmendedData struct {
	Task     string            `json:"task"`
	Step     string            `json:"step"`
	Assignee string            `json:"assignee"`
	Opinion  string            `json:"opinion"`
	Changes  []document.Change `json:"changes"`
}

// TaskEndedData is the data of task.approved, rejected, returned, superseded,
// escalated, expired, transferred, advised, retracted, reassigned and handed_over; and of
// consulted, which ends nothing.
type TaskEndedData struct {
	Task     string `json:"task"`
	Step     string `json:"step"`
	Assignee string `json:"assignee,omitempty"` // whose task it was
	Opinion  string `json:"opinion,omitempty"`
	Reason   string `json:"reason,omitempty"` // superseded, expired: the deciding act; escalated: the rule
	// To is who takes over (escalated, transferred, reassigned, handed over), is asked (consulted),
	// had asked (advised) or is chosen for a later step (approved).
	To    []string `json:"to,omitempty"`
	Maker string   `json:"maker,omitempty"` // reassigned: who proposed it
	// Next is the task that takes its place (transferred, reassigned, handed over).
	Next   string `json:"next,omitempty"`
	Ruling string `json:"ruling,omitempty"` // superseded by an intervention: which
	// Lost is the way by which the assignee had it and does not hold the role any more
	// (handed over); "" where they left.
	Lost string `json:"lost,omitempty"`
}

// TaskRemindedData is the data of task.reminded and task.overdue.
type TaskRemindedData struct {
	Task     string `json:"task"`
	Step     string `json:"step"`
	Assignee string `json:"assignee,omitempty"` // whose task it is
	N        int    `json:"n"`                  // reminders sent or passed over so far, this one included
}

// Why a document was closed: the reason of document.closed.
const (
	ClosedPosted    = "posted"     // its voucher is in the books
	ClosedVoid      = "void"       // a person gave the posting up
	ClosedNoPosting = "no_posting" // its policy asks for none
)

// EndedData is the data of document.returned, rejected, withdrawn, approved,
// closed and voided.
type EndedData struct {
	Step   string `json:"step,omitempty"`
	Reason string `json:"reason,omitempty"`
	Maker  string `json:"maker,omitempty"` // voided: who proposed it
	Back   string `json:"back,omitempty"`  // returned: straight, if the content stays in all that matters
}

// EffectData is the data of voucher.posted, parked and resolved. The attempt of
// posted and parked is the one that was answered, of resolved the one it opens.
type EffectData struct {
	Reference string `json:"reference"`
	Attempt   int    `json:"attempt"`
	Number    string `json:"number,omitempty"`
	ID        string `json:"id,omitempty"`
	Code      string `json:"code,omitempty"`
	Detail    string `json:"detail,omitempty"`
	Ruling    string `json:"ruling,omitempty"`
	Date      string `json:"date,omitempty"`
	// Unanswered says that it may be in the books all the same.
	Unanswered bool `json:"unanswered,omitempty"`
}
