package worker_test

import (
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// intervene delivers an intervention that al proposed and ada approved.
func (h *house) intervene(id, ruling string, change func(*approval.Act, approval.State)) {
	h.t.Helper()
	s := h.book.State(id)
	a := approval.Act{
		ID: actID(), Name: approval.Intervene, Document: id, Actor: "ada", Maker: "al", Ruling: ruling, Round: s.Round,
		ContentHash: s.ContentHash, Opinion: "left",
	}
	if open := s.OpenTasks(); len(open) > 0 {
		a.Task = open[0].ID
	}
	if change != nil {
		change(&a, s)
	}
	require.NoError(h.t, h.deliver(h.book.Commit(a)), ruling)
}

// playIntervened goes every way that administrators can send a document, through
// histories begun anew on the way.
func playIntervened(h *house, id string) {
	h.untilAsked(id, "li")
	h.intervene(id, approval.RulingReassign, func(a *approval.Act, _ approval.State) { a.To = []string{"max"} })
	h.do(id, approval.Hold, "max", nil)
	h.intervene(id, approval.RulingRelease, func(a *approval.Act, s approval.State) { a.Task = s.Stopped.Task })
	h.intervene(id, approval.RulingReplan, nil)
	require.NoError(h.t, h.decide(id, approval.Approve, "li"))
	h.untilAsked(id, "wu")
	h.intervene(id, approval.RulingJump, func(a *approval.Act, _ approval.State) { a.ToStep = "manager" })
	h.untilAsked(id, "li")
	h.intervene(id, approval.RulingJump, func(a *approval.Act, _ approval.State) { a.ToStep = "director" })
	require.NoError(h.t, h.decide(id, approval.Approve, "sun"))
	require.Equal(h.t, 2, h.book.State(id).Round)
}

// playVoided ends a document whose voucher was refused.
func playVoided(h *house, id string) {
	h.allApprove(id)
	h.untilStatus(id, approval.Parked)
	h.intervene(id, approval.RulingVoid, nil)
}

// refusedByTheBooks makes the next posting fail.
func (h *house) refusedByTheBooks() {
	h.outside.Answer(fault.New(fault.Busy, "erp.unavailable"), activities.Posted{Code: "erp.closed_period"})
}
