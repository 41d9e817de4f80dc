package approval_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

const reference = "v:d1:accrual:1"

// approved is a document that li approved and that waits for its posting.
func approved(t *testing.T) *stream {
	r := planned(t, step(approval.AnyOf, "li"))
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	require.Equal(t, &approval.Effect{Reference: reference, State: approval.EffectPending}, r.state.Effect)
	return r
}

// parked is one whose posting the ERP refused.
func parked(t *testing.T) *stream {
	r := approved(t)
	require.NoError(t, r.do(approval.Settled{Reference: reference, Code: "erp.closed_period",
		Detail: "2026-10 is closed"}))
	require.Equal(t, approval.Parked, r.state.Status)
	require.True(t, r.state.Stuck())
	require.False(t, r.state.WantsPosting())
	return r
}

func TestAPostedVoucherClosesTheDocument(t *testing.T) {
	r := approved(t)
	n := len(r.events)
	require.NoError(t, r.do(approval.Settled{Reference: reference, Posted: true, Number: "JV-7", ID: "77"}))
	require.Equal(t, []string{approval.VoucherPosted, approval.DocumentClosed}, r.kinds(n))
	require.Equal(t, approval.Closed, r.state.Status)
	require.Equal(t, approval.ClosedPosted, reason(t, r))
	require.Equal(t, "JV-7", r.state.Effect.Number)
	require.Equal(t, approval.SystemPosting, r.last().Actor)
}

func TestTheWordsOfAnErpAreMadeStorable(t *testing.T) {
	r := approved(t)
	long := strings.Repeat("坏", 3000)
	require.NoError(t, r.do(approval.Settled{Reference: reference, Code: "erp.refused", Detail: "a\x00b\xff" + long}))
	require.Equal(t, "ab\uFFFD"+long[:3*1997], r.state.Effect.Detail)
}

func TestOnlyTheAnswerThatIsAwaitedCounts(t *testing.T) {
	for name, late := range map[string]approval.Settled{
		"another reference": {Reference: "v:d1:accrual:2", Posted: true},
		"another attempt":   {Reference: reference, Attempt: 1, Posted: true},
	} {
		r := approved(t)
		n := len(r.events)
		require.NoError(t, r.do(late), name)
		require.Len(t, r.events, n, name)
	}
	r := parked(t)
	n := len(r.events)
	require.NoError(t, r.do(approval.Settled{Reference: reference, Posted: true}), "it was answered")
	require.Len(t, r.events, n)
}

func TestARulingOnAParkedVoucher(t *testing.T) {
	for _, tt := range []struct {
		name   string
		edit   func(a *approval.Act)
		code   string
		status approval.Status
		effect approval.Effect
	}{
		{"retry", func(a *approval.Act) { a.Ruling = approval.RulingRetry }, "", approval.Approved,
			approval.Effect{Reference: reference, Attempt: 1, State: approval.EffectPending}},
		{"redate", func(a *approval.Act) { a.Ruling, a.Date = approval.RulingRedate, "2026-11-30" }, "", approval.Approved,
			approval.Effect{Reference: reference, Attempt: 1, Date: "2026-11-30", State: approval.EffectPending}},
		{"void", func(a *approval.Act) { a.Ruling = approval.RulingVoid }, "", approval.Closed,
			approval.Effect{Reference: reference, Attempt: 1, State: approval.EffectVoid}},
		{"redate without a date", func(a *approval.Act) { a.Ruling = approval.RulingRedate }, "act.bad_date", "",
			approval.Effect{}},
		{"redate to no day", func(a *approval.Act) { a.Ruling, a.Date = approval.RulingRedate, "2026-02-30" },
			"act.bad_date", "", approval.Effect{}},
		{"no ruling", func(*approval.Act) {}, "act.bad_ruling", "", approval.Effect{}},
		{"another voucher", func(a *approval.Act) { a.Ruling, a.Effect = approval.RulingRetry, "v:d2:accrual:1" },
			"voucher.resolve_stale", "", approval.Effect{}},
		{"another attempt", func(a *approval.Act) { a.Ruling, a.Attempt = approval.RulingVoid, 1 },
			"voucher.resolve_stale", "", approval.Effect{}},
		{"the route", func(a *approval.Act) { a.Ruling, a.Effect = approval.RulingRetry, "plan:1" },
			"plan.not_failed", "", approval.Effect{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := parked(t)
			a := r.act(approval.Resolve, "fin")
			a.Effect = reference
			tt.edit(&a)
			require.Equal(t, tt.code, fault.CodeOf(r.do(a)))
			if tt.code != "" {
				require.Equal(t, approval.Parked, r.state.Status)
				return
			}
			require.Equal(t, tt.status, r.state.Status)
			require.Equal(t, tt.effect, *r.state.Effect)
		})
	}
	r := approved(t)
	a := r.act(approval.Resolve, "fin")
	a.Effect, a.Ruling = reference, approval.RulingRetry
	require.Equal(t, "voucher.not_parked", fault.CodeOf(r.do(a)))
}

func TestALateRulingCannotHitANewerFailure(t *testing.T) {
	r := parked(t)
	late := r.act(approval.Resolve, "fin2")
	late.Effect, late.Ruling = reference, approval.RulingVoid
	a := r.act(approval.Resolve, "fin")
	a.Effect, a.Ruling = reference, approval.RulingRetry
	require.NoError(t, r.do(a))
	require.NoError(t, r.do(approval.Settled{Reference: reference, Attempt: 1, Code: "erp.refused"}))
	require.Equal(t, "voucher.resolve_stale", fault.CodeOf(r.do(late)))
	a = r.act(approval.Resolve, "fin")
	a.Effect, a.Ruling, a.Attempt = reference, approval.RulingRetry, 1
	require.NoError(t, r.do(a))
	require.NoError(t, r.do(approval.Settled{Reference: reference, Attempt: 2, Posted: true, Number: "JV-8"}))
	require.Equal(t, approval.Closed, r.state.Status)
}

func TestADateOnceRuledStaysForTheNextTry(t *testing.T) {
	r := parked(t)
	for attempt, ruling := range []string{approval.RulingRedate, approval.RulingRetry} {
		a := r.act(approval.Resolve, "fin")
		a.Effect, a.Ruling, a.Attempt = reference, ruling, attempt
		if ruling == approval.RulingRedate {
			a.Date = "2026-12-01"
		}
		require.NoError(t, r.do(a))
		require.Equal(t, "2026-12-01", r.state.Effect.Date)
		require.NoError(t, r.do(approval.Settled{Reference: reference, Attempt: attempt + 1, Code: "erp.unavailable"}))
	}
	require.Equal(t, "2026-12-01", r.state.Effect.Date)
}
