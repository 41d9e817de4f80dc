package workflows

import "github.com/countersign/countersign/domain/approval"

// Names that stay in histories for years: chosen once, never reused.
const (
	DocumentWorkflow = "Document"

	DirectorySyncWorkflow = "DirectorySync"
	MasterDataWorkflow    = "MasterData" // argument: activities.MasterInput

	ReconcileWorkflow = "Reconcile" // argument: activities.ReconcileInput
	PostAgainWorkflow = "PostAgain" // argument: activities.PostAgainInput
	ReversalWorkflow  = "Reversal"
	DigestWorkflow    = "NoticeDigest"

	CollectWorkflow = "CollectInbound" // argument: activities.CollectInput

	SignalActRecorded = "act_recorded" // argument: ActRecorded
	QueryState        = "state"        // answer: approval.State

	SignalCalendarChanged  = "calendar_changed"  // argument: CalendarChanged
	SignalDirectoryChanged = "directory_changed" // argument: DirectoryChanged
)

// The activities, by the names of their methods in package activities.
const (
	Opening      = "Opening"
	Record       = "Record"
	ReadAct      = "ReadAct"
	RefuseAct    = "RefuseAct"
	Route        = "Route"
	NextApprover = "NextApprover"
	Recount      = "Recount"
	Heirs        = "Heirs"
	Staff        = "Staff"
	PostVoucher  = "PostVoucher" // on the task queue effects

	SyncDirectory = "SyncDirectory" // on the task queue effects, as what follows
	FailDirectory = "FailDirectory"
	SyncMaster    = "SyncMaster" // likewise

	BeginReconciliation = "BeginReconciliation" // these on the task queue effects too
	CompareDays         = "CompareDays"
	EndReconciliation   = "EndReconciliation"
	PostVoucherAgain    = "PostAgain"

	TakeInbound   = "TakeInbound" // on the task queue effects
	AnswerInbound = "AnswerInbound"

	ReverseVoucher = "ReverseVoucher" // on the task queue effects
	SettleReversal = "SettleReversal"

	MakeDigests = "MakeDigests"
)

// The task queues. Each has its own worker, see package worker.
const (
	QueueApproval = "approval" // workflows and what they write to our own database
	QueueEffects  = "effects"  // what reaches outside, where it is not known whom it reaches
)

// QueueOf is the task queue of what reaches one ERP connection: each has its own, so that
// one which hangs keeps nobody else waiting. "" is QueueEffects.
func QueueOf(connection string) string {
	if connection == "" {
		return QueueEffects
	}
	return QueueEffects + "-" + connection
}

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

// CollectionID is the name of a source's schedule, and of what it starts.
func CollectionID(source string) string { return CollectionPrefix + source }

// CollectionPrefix begins the names of the schedules of sources.
const CollectionPrefix = "inbound-"

// MasterDataID is the name of the readings of a connection's master data by schedule.
func MasterDataID(connection string) string { return "master:" + connection }

// ActRecorded says that an act lies in the inbox. It is sent by the relay and by
// operators, and is believed only as far as the inbox row is signed.
type ActRecorded struct {
	ID string `json:"id"`
}

// CalendarChanged says that a calendar has a new version. It is sent by the relay
// and is believed only as far as the calendar is stored.
type CalendarChanged struct {
	Calendar string `json:"calendar"`
	Version  int    `json:"version"`
}

// DirectoryChanged says that somebody left. It is sent by the relay and is believed
// only as far as the organisation in force says so.
type DirectoryChanged struct {
	Version int64 `json:"version"`
}
