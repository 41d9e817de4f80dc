package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store"
)

// TestDue: each queue is seen to hold something when something of it may be taken, and
// not when it was taken, or may not be taken yet.
func TestDue(t *testing.T) {
	w := newWorld(t)
	due := func() store.Due {
		t.Helper()
		d, err := w.s.Due(w.ctx, true)
		require.NoError(t, err)
		return d
	}
	settled := func() {
		t.Helper()
		w.root.MustExec(`UPDATE starts SET done_at = clock_timestamp()`)
		w.root.MustExec(`UPDATE notices SET next_try = 'infinity'`)
		require.Equal(t, store.Due{}, due())
	}
	_, err := w.s.SpreadChanges(w.ctx, 100)
	require.NoError(t, err)
	w.root.MustExec(`UPDATE changes SET spread_at = clock_timestamp()`)
	settled()

	d := w.routed("train", approval.AnyOf, "ann")
	require.Equal(t, store.Due{Notices: true}, due(), "the first transition says that its workflow runs")
	claimed, err := w.s.ClaimNotices(w.ctx, 10)
	require.NoError(t, err)
	require.Equal(t, store.Due{}, due(), "who claims has them for a minute")
	begun := w.plan(w.s, claimed, notice.Manners{})
	require.Equal(t, store.Due{}, due(), "who begins a message has it for a minute")
	w.root.MustExec(`UPDATE notice_deliveries SET next_try = clock_timestamp() WHERE id = $1`, begun[0].ID)
	require.Equal(t, store.Due{Notices: true}, due())
	w.end(w.s, begun[0], store.DeliveryDelivered, "")
	settled()

	w.submit("by rail")
	w.root.MustExec(`UPDATE notices SET next_try = 'infinity'`)
	require.Equal(t, store.Due{}, due(), "the gateway starts it first")
	w.root.MustExec(`UPDATE starts SET next_try = clock_timestamp()`)
	require.Equal(t, store.Due{Starts: true}, due())
	settled()

	act := w.act(d.ID, approval.Approve, "ann")
	w.commit(act)
	require.Equal(t, store.Due{}, due(), "the gateway tries first")
	w.root.MustExec(`UPDATE inbox SET next_delivery = clock_timestamp()`)
	require.Equal(t, store.Due{Acts: true}, due())
	w.record(d.ID, act)
	require.NoError(t, w.s.ActsDelivered(w.ctx, []string{act.ID}))
	settled()

	w.root.MustExec(`UPDATE changes SET spread_at = NULL WHERE (kind, name, version) IN (SELECT kind, name, version FROM changes LIMIT 1)`)
	require.Equal(t, store.Due{Tellings: true}, due())
	w.root.MustExec(`UPDATE changes SET spread_at = clock_timestamp()`)
	w.root.MustExec(`INSERT INTO tellings (document, kind, name, version) VALUES ($1, 'directory', '', 1)`, d.ID)
	require.Equal(t, store.Due{Tellings: true}, due())
	w.root.MustExec(`DELETE FROM tellings`)
	settled()
}

// whatWaits holds the questions of the relay to what may be taken now: most of what was
// never sent never will be.
func (w *world) whatWaits(t *testing.T) {
	c, s := w.counting()
	w.root.MustExec(`UPDATE notices SET sent_at = NULL, quiet = false, held = 'moot', next_try = 'infinity'`)
	w.root.MustExec(`ANALYZE notices`)
	for name, ask := range map[string]func(context.Context) error{
		"what is due": func(ctx context.Context) error { _, err := s.Due(ctx, true); return err },
		"notices":     func(ctx context.Context) error { _, err := s.ClaimNotices(ctx, 100); return err },
		"messages":    func(ctx context.Context) error { _, err := s.ClaimDeliveries(ctx, 100, notice.Manners{}); return err },
		"acts":        func(ctx context.Context) error { _, err := s.ClaimActs(ctx, 100); return err },
		"starts":      func(ctx context.Context) error { _, err := s.ClaimStarts(ctx, 100); return err },
		"tellings":    func(ctx context.Context) error { _, err := s.ClaimTellings(ctx, 100); return err },
	} {
		c.reset()
		require.NoError(t, ask(t.Context()))
		at := slices.IndexFunc(c.seen, func(said string) bool { return !strings.HasPrefix(said, "BEGIN") })
		rows, _ := w.explain(c.seen[at], c.args[at])
		require.Less(t, rows, 100.0, "%s: %s", name, c.seen[at])
		if name == "notices" { // by a clock that may move meanwhile PostgreSQL uses no index
			rows, _ = w.explain(strings.ReplaceAll(c.seen[at], "<= statement_timestamp()", "<= clock_timestamp()"), c.args[at])
			require.Greater(t, rows, float64(plannedDocuments), "it would tell")
		}
	}
}
