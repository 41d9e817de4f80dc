package invariants_test

import (
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/store"
)

// copied was given by li to zhang2 and bo, passed on by bo to an, and taken back
// from zhang2; wu decided it.
func (h *house) copied() string {
	s := h.plan(h.submit(contentOf("广州", 5000)), step("manager", approval.AnyOf, "wu"),
		step("finance", approval.AllOf, "zhang", "chen"))
	for _, in := range []store.CopyInput{
		{By: "li", How: cc.ByApproval, People: []string{"zhang2", "bo"}, Remark: "知悉"},
		{By: "bo", How: cc.PassedOn, People: []string{"an"}},
	} {
		in.Document = s.Document
		_, err := h.store.AddCopies(h.ctx, in)
		require.NoError(h.t, err)
	}
	_, err := h.store.RemoveCopy(h.ctx, store.CopyRemoval{Document: s.Document, Person: "zhang2", By: "li", Reason: "发错人"})
	require.NoError(h.t, err)
	return h.decide(s, approval.Approve, "wu", "").Document
}
