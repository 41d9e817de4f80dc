package workflows

import "github.com/countersign/countersign/domain/approval"

// Names that stay in histories for years: chosen once, never reused.
const (
	DocumentWorkflow  = "Document"
	SignalActRecorded = "act_recorded" // argument: ActRecorded
	QueryState        = "state"        // answer: approval.State
)

// The activities, by the names of their methods in package activities.
const (
	Opening      = "Opening"
	Record       = "Record"
	ReadAct      = "ReadAct"
	RefuseAct    = "RefuseAct"
	Route        = "Route"
	NextApprover = "NextApprover"
	Staff        = "Staff"
	PostVoucher  = "PostVoucher" // on the task queue effects
)

// The task queues. Each has its own worker, see package worker.
const (
	QueueApproval = "approval" // workflows and what they write to our own database
	QueueEffects  = "effects"  // what reaches outside: the ERP
)

// Updates are the names of the acts that a document answers, which are also the
// names of its Temporal updates.
func Updates() []approval.Name {
	return []approval.Name{
		approval.Approve, approval.Reject, approval.Return,
		approval.Resubmit, approval.Withdraw, approval.Resolve,
		approval.Transfer, approval.Consult, approval.AddSigner, approval.RemoveSigner, approval.Retract,
		approval.Hold, approval.Release, approval.RequestInfo, approval.Extend,
		approval.Sanction, approval.Amend,
		approval.Intervene,
	}
}

// ActRecorded says that an act lies in the inbox. It is sent by the relay and by
// operators, and is believed only as far as the inbox row is signed.
type ActRecorded struct {
	ID string `json:"id"`
}
