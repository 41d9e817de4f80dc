package workflows

import "go.temporal.io/sdk/workflow"

// Changes to running workflows.
//
// A document may wait for months, and the code of the day replays what earlier
// code did. A change that alters which commands a document gives, or their order,
// goes behind a function here, named for what changed:
//
//	// remindsTogether: since 2027-02 all reminders of an instant are one record.
//	// May be removed when no open workflow has TemporalChangeVersion null or
//	// below reminds-together-1, and its histories have left testdata/histories.
//	func remindsTogether(ctx workflow.Context) bool {
//		return workflow.GetVersion(ctx, "reminds-together", workflow.DefaultVersion, 1) == 1
//	}
//
// What the core refuses, or drafts otherwise than before, changes what a history
// replays to as well, and no function here sees it: such a rule goes by the edition
// that the round's plan was recorded with (approval.RulesNow).
//
// Each says since when it is there and when it may go.

// catchesUp: since 2026-11-22 an act that was answered before, and that the history
// does not know of, is a reason to read the record.
// May be removed when no open workflow has TemporalChangeVersion null or below
// catches-up-1, and its histories have left testdata/histories.
func catchesUp(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "catches-up", workflow.DefaultVersion, 1) == 1
}
