package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// TestAnOpenDocumentIsNotCalledFinal: a workflow that somebody terminated is over,
// its document is not. An act is not answered with an end that never came.
func TestAnOpenDocumentIsNotCalledFinal(t *testing.T) {
	w := newWorld(t)
	d := w.submit("report")
	final := approval.Outcome{Code: "document.final", Kind: string(fault.Conflict)}
	early := w.act(d.ID, approval.Withdraw, "sue")
	_, _, err := w.s.CommitAct(w.ctx, w.signed(early))
	require.NoError(t, err)
	_, err = w.s.RefuseAct(w.ctx, early.ID, final)
	require.Equal(t, "document.unattended", fault.CodeOf(err))
	row, err := w.s.Act(w.ctx, early.ID)
	require.NoError(t, err)
	require.Nil(t, row.Outcome, "it waits for somebody to mend the workflow")

	w.record(d.ID, early)
	late := w.act(d.ID, approval.Withdraw, "sue")
	_, _, err = w.s.CommitAct(w.ctx, w.signed(late))
	require.NoError(t, err)
	stands, err := w.s.RefuseAct(w.ctx, late.ID, final)
	require.NoError(t, err)
	require.Equal(t, "document.final", stands.Code)
}
