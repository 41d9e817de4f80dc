package workflows_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/workflows"
)

// TestNamesNeverChange holds what running histories and callers know by name.
func TestNamesNeverChange(t *testing.T) {
	require.Equal(t, "Document", workflows.DocumentWorkflow)
	require.Equal(t, "DirectorySync", workflows.DirectorySyncWorkflow)
	require.Equal(t, []string{"Document", "Reconcile", "PostAgain"},
		[]string{workflows.DocumentWorkflow, workflows.ReconcileWorkflow, workflows.PostAgainWorkflow})
	require.Equal(t, "act_recorded", workflows.SignalActRecorded)
	require.Equal(t, "state", workflows.QueryState)
	require.Equal(t, "calendar_changed", workflows.SignalCalendarChanged)
	require.Equal(t, "directory_changed", workflows.SignalDirectoryChanged)
	require.Equal(t, "approval", workflows.QueueApproval)
	require.Equal(t, "effects", workflows.QueueEffects)
	var updates []string
	for _, name := range workflows.Updates() {
		updates = append(updates, string(name))
	}
	require.Equal(t, []string{"approve", "reject", "return", "resubmit", "withdraw", "resolve",
		"transfer", "consult", "add_signer", "remove_signer", "retract",
		"hold", "release", "request_info", "extend", "sanction", "amend", "intervene"}, updates)

	for name, of := range map[string]any{
		workflows.Opening: &activities.Records{}, workflows.Record: &activities.Records{},
		workflows.ReadAct: &activities.Records{}, workflows.RefuseAct: &activities.Records{},
		workflows.Route: &activities.Plans{}, workflows.NextApprover: &activities.Plans{},
		workflows.Recount: &activities.Records{}, workflows.Heirs: &activities.Plans{},
		workflows.Staff:       &activities.Plans{},
		workflows.PostVoucher: &activities.Vouchers{}, workflows.SyncDirectory: &activities.Directories{},
		workflows.FailDirectory:       &activities.Directories{},
		workflows.BeginReconciliation: &activities.Reconciliations{}, workflows.CompareDays: &activities.Reconciliations{},
		workflows.EndReconciliation: &activities.Reconciliations{}, workflows.PostVoucherAgain: &activities.Reconciliations{},
	} {
		_, found := reflect.TypeOf(of).MethodByName(name)
		require.True(t, found, "no method is called %s: the workflow would ask for another name", name)
	}
	require.Equal(t, []string{"Opening", "Record", "ReadAct", "RefuseAct", "Route", "NextApprover", "Staff", "Recount", "Heirs",
		"PostVoucher"},
		[]string{workflows.Opening, workflows.Record, workflows.ReadAct, workflows.RefuseAct,
			workflows.Route, workflows.NextApprover, workflows.Staff, workflows.Recount, workflows.Heirs,
			workflows.PostVoucher})

	var attributes []string
	for _, key := range workflows.SearchAttributes() {
		attributes = append(attributes, key.GetName()+" "+key.GetValueType().String())
	}
	require.Equal(t, []string{
		"DocType Keyword", "DocNumber Keyword", "DocStatus Keyword", "Entity Keyword", "Department Keyword",
		"Urgency Keyword", "Steps KeywordList", "Assignees KeywordList", "DueAt Datetime", "Parked Bool",
	}, attributes)
}
