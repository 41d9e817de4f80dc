package approval_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

func TestNextStatus(t *testing.T) {
	for _, tt := range []struct {
		from approval.Status
		kind string
		want approval.Status
	}{
		{"", approval.DocumentSubmitted, approval.Submitted},
		{approval.Submitted, approval.PlanMade, approval.Pending},
		{approval.Submitted, approval.PlanFailed, approval.Submitted},
		{approval.Submitted, approval.PlanResolved, approval.Submitted},
		{approval.Pending, approval.StepPassed, approval.Pending},
		{approval.Pending, approval.TaskOverdue, approval.Pending},
		{approval.Pending, approval.DocumentReturned, approval.Returned},
		{approval.Returned, approval.DocumentResubmitted, approval.Submitted},
		{approval.Pending, approval.DocumentApproved, approval.Approved},
		{approval.Approved, approval.VoucherParked, approval.Parked},
		{approval.Parked, approval.VoucherResolved, approval.Approved},
		{approval.Approved, approval.VoucherPosted, approval.Posted},
		{approval.Posted, approval.DocumentClosed, approval.Closed},
		{approval.Pending, "future.kind", approval.Pending},
		{approval.Closed, approval.DocumentResubmitted, approval.Closed},
		{approval.Rejected, approval.DocumentApproved, approval.Rejected},
		{approval.Withdrawn, approval.PlanMade, approval.Withdrawn},
	} {
		require.Equal(t, tt.want, approval.NextStatus(tt.from, tt.kind), "%s after %s", tt.kind, tt.from)
	}
}

func TestFoldIsAValue(t *testing.T) {
	r := planned(t, late(step(approval.AllOf, "li", "wu"), approval.TimeoutEscalate))
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	before, snapshot := r.state, encoded(t, r.state)
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	require.NoError(t, r.do(approval.Settled{Reference: reference, Code: "erp.refused"}))
	require.Equal(t, snapshot, encoded(t, before), "an older state is as it was")

	one, two := before.Fold(r.events), before.Fold(r.events)
	one.Tasks[0].Opinion, one.Seen["x"], one.Effect.Code, one.Deciders[0] = "x", approval.Outcome{}, "x", "x"
	require.Equal(t, r.state, two)
	require.Equal(t, snapshot, encoded(t, before))
}

func TestFoldPassesOverWhatItKnowsAndStopsAtAGap(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li"))
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	first, err := approval.Start(r.events[0])
	require.NoError(t, err)
	require.Equal(t, int64(1), first.Seq)
	require.Equal(t, first, first.Fold(r.events[2:]), "the state after a gap is not known")
	require.Equal(t, first, first.Fold(r.events[:1]))
	require.Equal(t, r.state, first.Fold(r.events))
	require.Equal(t, r.state, first.Fold(r.events[1:3]).Fold(r.events))
}

func TestFoldAllTrustsNothing(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li"))
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	for name, spoil := range map[string]func(e []evidence.Event) []evidence.Event{
		"nothing":          func([]evidence.Event) []evidence.Event { return nil },
		"no beginning":     func(e []evidence.Event) []evidence.Event { return e[1:] },
		"a gap":            func(e []evidence.Event) []evidence.Event { return append(e[:2:2], e[3:]...) },
		"twice":            func(e []evidence.Event) []evidence.Event { return append(e[:2:2], e[1:]...) },
		"another document": func(e []evidence.Event) []evidence.Event { e[2].Stream = "d2"; return e },
		"an unreadable plan": func(e []evidence.Event) []evidence.Event {
			e[1].Data = json.RawMessage(`{"plan":7}`)
			return e
		},
		"an unreadable task": func(e []evidence.Event) []evidence.Event { e[3].Data = json.RawMessage(`[]`); return e },
		"an unreadable step": func(e []evidence.Event) []evidence.Event { e[5].Data = json.RawMessage(`[]`); return e },
	} {
		_, err := approval.FoldAll(spoil(append([]evidence.Event(nil), r.events...)))
		require.Error(t, err, name)
	}
	all, err := approval.FoldAll(r.events)
	require.NoError(t, err)
	require.Equal(t, r.state, all)
}

func TestAKindOfTheFutureIsPassedOver(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li"))
	later := r.state.Fold([]evidence.Event{{Stream: doc, Seq: r.state.Seq + 1, Kind: "task.blessed",
		Data: json.RawMessage(`{}`)}})
	require.Equal(t, r.state.Seq+1, later.Seq)
	later.Seq--
	require.Equal(t, r.state, later)
}

// TestLimits holds that what bounds the state still leaves a way out.
func TestLimits(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li"))
	for i := range 2000 {
		r.state.Seen[fmt.Sprint("old-", i)] = approval.Outcome{Code: approval.OK}
	}
	require.Equal(t, "document.too_many_acts", fault.CodeOf(r.do(r.act(approval.Approve, "li"))))
	require.Equal(t, "document.too_many_acts", fault.CodeOf(r.do(r.act(approval.Return, "li"))))
	require.NoError(t, r.do(r.act(approval.Reject, "li")))

	r = planned(t, late(step(approval.AnyOf, "li"), approval.TimeoutReassign))
	for i := len(r.state.Tasks); i < 500; i++ {
		r.state.Tasks = append(r.state.Tasks, approval.Task{ID: fmt.Sprint(i), Step: "s0", State: approval.TaskEscalated})
	}
	r.after(100)
	r.strike("max")
	require.Equal(t, approval.TaskOverdue, r.last().Kind, "too many tasks: nobody takes over")

	r = parked(t)
	r.state.Effect.Attempt = 100
	for ruling, code := range map[string]string{approval.RulingRetry: "voucher.too_many_rulings",
		approval.RulingVoid: ""} {
		a := r.act(approval.Resolve, "fin")
		a.Effect, a.Attempt, a.Ruling = reference, 100, ruling
		_, err := r.state.Judge(a, r.now)
		require.Equal(t, code, fault.CodeOf(err))
	}
}

func encoded(t *testing.T, s approval.State) string {
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	return string(raw)
}
