package workflows

import (
	"slices"

	"github.com/countersign/countersign/domain/fault"
)

// The codes that are given here; the first three are born elsewhere too.
const (
	CodeForged       = "act.forged"         // the inbox does not vouch for the act
	CodeSwapped      = "revision.changed"   // the content that the act names was replaced
	CodeMisaddressed = "act.wrong_document" // sent to another document, or under another name or id
	CodeBehind       = "document.behind"    // the record moves faster than we can follow
)

var _ = fault.Register(map[string]fault.Entry{
	CodeBehind: {Kind: fault.Busy},
})

// mendable says whether events that we have not seen yet could turn the refusal
// of an act around. Such an act is let in, and judged again beside the record.
func mendable(err error) bool {
	return slices.Contains([]string{
		"act.seen",                     // the stored outcome is the answer
		"task.unknown", "task.changed", // an approver may have changed the content
		"document.not_returned", "document.revision_stale",
		"voucher.not_parked", "voucher.resolve_stale",
		"plan.not_failed", "plan.resolve_stale",
		"task.awaits_signer", "task.not_retractable", "signer.not_removable", "step.not_passed",
		"document.stopped", "document.not_stopped", "task.no_deadline",
	}, fault.CodeOf(err))
}
