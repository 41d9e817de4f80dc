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

// policyCopied copies xu in when its first step is asked, bo when the second is, and an,
// lu, xu and bo when it is over; lu was copied in by li before, and an administrator
// took bo's copy back.
func (h *house) policyCopied() string {
	named := func(on string, people ...string) *approval.Copies {
		c := &approval.Copies{On: on}
		for _, p := range people {
			c.People = append(c.People, approval.Approver{Person: p, Via: "person:" + p})
		}
		return c
	}
	manager, finance := step("manager", approval.AnyOf, "wu"), step("finance", approval.AllOf, "zhang", "chen")
	manager.CC, finance.CC = named(approval.CopyOpened, "xu"), named(approval.CopyOpened, "bo")
	s := h.submit(contentOf("珠海", 5000))
	s = h.do(s, approval.Planned{Attempt: s.PlanAttempt, Plan: approval.Plan{
		Round: s.Round, Policy: "expense", PolicyVersion: 1, PolicyHash: "p", OrgVersion: h.org, Interested: []string{"li"},
		Admins: []string{"an"}, Steps: []approval.Step{manager, finance}, Then: []string{approval.ThenAccrue},
		CC: named(approval.CopyClosed, "an", "lu", "xu", "bo"),
	}})
	s = h.decide(s, approval.Approve, "wu", "")
	in := store.CopyInput{Document: s.Document, By: "li", How: cc.ByApproval, People: []string{"lu"}}
	_, err := h.store.AddCopies(h.ctx, in)
	require.NoError(h.t, err)
	_, err = h.store.RemoveCopy(h.ctx, store.CopyRemoval{Document: s.Document, Person: "bo", By: "an", Reason: "not for bo"})
	require.NoError(h.t, err)
	return h.decide(s, approval.Reject, "chen", "").Document
}
