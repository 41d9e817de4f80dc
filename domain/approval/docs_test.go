package approval_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
)

// TestThePageOfActsIsComplete holds docs/acts.md to the code: every refusal,
// act and event stands there.
func TestThePageOfActsIsComplete(t *testing.T) {
	raw, err := os.ReadFile("../../docs/acts.md")
	require.NoError(t, err)
	page := string(raw)
	for code := range approval.Faults {
		require.Contains(t, page, "`"+code+"`")
	}
	for code := range document.PatchFaults {
		require.Contains(t, page, "`"+code+"`")
	}
	for _, act := range []approval.Name{
		approval.Approve, approval.Reject, approval.Return, approval.Resubmit, approval.Withdraw, approval.Resolve,
		approval.Sanction, approval.Amend, approval.Intervene,
	} {
		require.Contains(t, page, "| `"+string(act)+"` ")
	}
	for _, kind := range append(approval.Interventions(), strings.Fields(`document.submitted document.resubmitted document.returned document.rejected
		document.withdrawn document.approved document.closed document.sanctioned document.amended plan.made plan.failed plan.resolved step.opened step.skipped
		step.auto_approved step.passed task.opened task.reminded task.overdue task.approved task.rejected task.returned
		task.superseded task.escalated task.expired voucher.posted voucher.parked voucher.resolved`)...) {
		require.Contains(t, page, "`"+kind+"`")
	}
}
