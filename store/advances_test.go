package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/store"
)

// advanced is an advance of sue's over 820.00 that is in the books.
func (w *world) advanced() store.Document {
	w.t.Helper()
	d := w.routed("advance", approval.AnyOf, "ann")
	w.do(d.ID, approval.Approve, "ann")
	w.do(d.ID, approval.Approve, "fin")
	w.record(d.ID, approval.Settled{Reference: w.state(d.ID).Effect.Reference, Posted: true, Number: "JV/" + d.Number, ID: "1"})
	return d
}

// settling is a report that settles so much of an advance.
func settling(title string, of store.Document, minor int64) document.Content {
	c := content(title)
	c.Offset = &document.Offset{Document: of.ID, Number: of.Number, Amount: money.Amount{Minor: minor, Currency: "CNY"}}
	return c
}

func (w *world) open(of store.Document) int64 {
	w.t.Helper()
	a, err := w.s.Advance(w.ctx, "cn", of.Number, "")
	require.NoError(w.t, err)
	require.Equal(w.t, int64(82000), a.Total.Minor)
	return a.Open.Minor
}

// TestOneAdvanceIsNotSettledTwice lets many reports settle one advance at once:
// as many succeed as it bears, and no more.
func TestOneAdvanceIsNotSettledTwice(t *testing.T) {
	const racers = 12
	w := newWorld(t)
	advance := w.advanced()
	errs := make([]error, racers)
	var done sync.WaitGroup
	for i := range racers {
		done.Go(func() {
			_, errs[i] = w.s.Submit(w.ctx, w.submitInput(settling(fmt.Sprint("report ", i), advance, 30000)))
		})
	}
	done.Wait()
	submitted := 0
	for _, err := range errs {
		if err == nil {
			submitted++
			continue
		}
		require.Equal(t, "offset.exceeds_open", fault.CodeOf(err), "%v", err)
	}
	require.Equal(t, 2, submitted)
	require.Equal(t, int64(22000), w.open(advance))
	list, err := w.s.OpenAdvances(w.ctx, "expense", "cn", "sue", "")
	require.NoError(t, err)
	require.Len(t, list, 1, "the reports are not in the books, so they are no advances")
	require.Equal(t, int64(22000), list[0].Open.Minor)
	w.clean()
}

// TestWhatHoldsAnAdvance proves that a rejected report gives back what it held,
// and that a returned one holds the dearest content that may still be decided on.
func TestWhatHoldsAnAdvance(t *testing.T) {
	w := newWorld(t)
	advance := w.advanced()
	report, err := w.s.Submit(w.ctx, w.submitInput(settling("report", advance, 50000)))
	require.NoError(t, err)
	require.Equal(t, int64(32000), w.open(advance))
	w.record(report.ID, approval.Planned{Plan: plan(1, approval.AnyOf, "ann")})
	w.do(report.ID, approval.Return, "ann")

	revise := func(minor int64) (int, string, error) {
		c := settling("report", advance, minor)
		hash, err := c.Hash()
		require.NoError(t, err)
		n, err := w.s.SaveRevision(w.ctx, store.RevisionInput{Document: report.ID, Actor: "sue", Content: c, Hash: hash})
		return n, hash, err
	}
	_, _, err = revise(82001)
	require.Equal(t, "offset.exceeds_open", fault.CodeOf(err))
	_, _, err = revise(82000)
	require.NoError(t, err, "its own offset is not in its way")
	require.Equal(t, int64(0), w.open(advance))
	revision, hash, err := revise(20000)
	require.NoError(t, err)
	require.Equal(t, int64(32000), w.open(advance), "until it is resubmitted, the first content counts")
	act := w.act(report.ID, approval.Resubmit, "sue")
	act.Revision, act.NewHash = revision, hash
	w.commit(act)
	w.record(report.ID, act)
	require.Equal(t, int64(62000), w.open(advance))

	w.record(report.ID, approval.Planned{Plan: plan(2, approval.AnyOf, "ann")})
	w.do(report.ID, approval.Reject, "ann")
	require.Equal(t, int64(82000), w.open(advance))
	w.clean()
}

// TestManySettledAdvancesDoNotHideAnOpenOne: a list is at most a hundred long, and
// what is settled takes no place in it.
func TestManySettledAdvancesDoNotHideAnOpenOne(t *testing.T) {
	w := newWorld(t)
	for i := range 100 {
		_, err := w.s.Submit(w.ctx, w.submitInput(settling(fmt.Sprint("report ", i), w.advanced(), 82000)))
		require.NoError(t, err)
	}
	open := w.advanced()
	list, err := w.s.OpenAdvances(w.ctx, "expense", "cn", "sue", "")
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, open.Number, list[0].Number)
}

// TestWhatIsNoAdvance refuses what is not in the books, and what is somebody else's.
func TestWhatIsNoAdvance(t *testing.T) {
	w := newWorld(t)
	advance, young := w.advanced(), w.submit("young")
	for _, tt := range []struct {
		change func(*document.Content)
		want   string
	}{
		{func(c *document.Content) { c.Offset.Document, c.Offset.Number = young.ID, young.Number }, "offset.not_posted"},
		{func(c *document.Content) { c.Offset.Document = "nothing" }, "offset.unknown_advance"},
		{func(c *document.Content) { c.Requester = "rob" }, "offset.unknown_advance"},
		{func(c *document.Content) { c.Offset.Amount.Currency = "EUR" }, "offset.wrong_currency"},
		{func(c *document.Content) { c.Offset.Amount.Minor = 82001 }, "offset.exceeds_open"},
		{func(*document.Content) {}, ""},
	} {
		c := settling("report", advance, 82000)
		tt.change(&c)
		before := w.count(`SELECT count(*) FROM documents`)
		_, err := w.s.Submit(w.ctx, w.submitInput(c))
		require.Equal(t, tt.want, fault.CodeOf(err), "%v", err)
		if tt.want != "" {
			require.Equal(t, before, w.count(`SELECT count(*) FROM documents`), "a refusal leaves nothing")
		}
	}
	_, err := w.s.Advance(w.ctx, "de", advance.Number, "")
	require.Equal(t, "document.not_found", fault.CodeOf(err))
	require.True(t, errors.Is(err, fault.New(fault.NotFound, "document.not_found")))
	visible, err := w.s.DocumentByNumber(w.ctx, everything, "cn", advance.Number)
	require.NoError(t, err)
	require.Equal(t, advance.ID, visible.ID)
}
