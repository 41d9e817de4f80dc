package erp_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

func (l *ledger) Capabilities() erp.Capabilities { return erp.Capabilities{Reverse: true} }

// Reverse writes the draft of a reversal and posts it: two requests, either of which
// can be lost, as an ERP's own wizard does it.
func (l *ledger) Reverse(ctx context.Context, f erp.Found, reference, date string) (erp.Found, error) {
	found, err := l.Find(ctx, reference)
	if err != nil {
		return erp.Found{}, err
	}
	if len(found) == 1 {
		return l.Post(ctx, found[0])
	}
	undo := erp.Found{Reference: reference, State: erp.Draft, Date: date}
	for _, line := range f.Lines {
		line.Debit, line.Credit = line.Credit, line.Debit
		undo.Lines = append(undo.Lines, line)
	}
	err = l.write(func() { undo.ID = string(rune('a' + len(l.vouchers))); l.vouchers = append(l.vouchers, undo) })
	if err != nil {
		return erp.Found{}, err
	}
	return l.Post(ctx, undo)
}

// booked is a voucher as the ledger holds it once it was posted.
func booked(v voucher.Voucher) erp.Found {
	f := erp.Found{Reference: v.Reference, ID: "1", State: erp.Posted, Date: v.Date}
	for _, e := range v.Entries {
		f.Lines = append(f.Lines, port.LineOf(e))
	}
	return f
}

func TestReversedExactlyOnce(t *testing.T) {
	const settle = time.Minute
	original := sample("v:1:accrual:1", 100)
	rapid.Check(t, func(t *rapid.T) {
		now := time.Now()
		answers := []string{"ok", "lost", "unanswered", "late", "busy"}
		faults := rapid.IntRange(0, 30).Draw(t, "faults")
		books := &ledger{vouchers: []erp.Found{booked(original)}, next: func() string {
			if faults--; faults < 0 {
				return "ok"
			}
			return rapid.SampledFrom(answers).Draw(t, "answer")
		}}
		books.travel = func() time.Time {
			return now.Add(time.Duration(rapid.Int64Range(0, int64(settle)).Draw(t, "travel")))
		}
		book := erptest.NewBook()
		book.Now = func() time.Time { return now }
		for try := 0; ; try++ {
			books.arrive(now)
			found, err := erp.ReverseOnce(context.Background(), erp.ReverseInput{Original: original, PostInput: erp.PostInput{
				Port: books, Voucher: original.Reversed("2026-04-01"), Book: book, Settle: settle,
				Now: func() time.Time { return now }}})
			if len(books.vouchers) > 2 {
				t.Fatalf("reversed %d times", len(books.vouchers)-1)
			}
			if err == nil {
				require.Equal(t, erp.Posted, found.State)
				require.Equal(t, "2026-04-01", found.Date)
				require.Equal(t, erp.Posted, books.vouchers[1].State)
				return
			}
			require.Contains(t, []fault.Kind{fault.Busy, fault.Unknown}, fault.KindOf(err), "%v", err)
			require.Less(t, try, 200)
			now = now.Add(rapid.SampledFrom([]time.Duration{0, settle / 8, settle / 2, settle}).Draw(t, "wait"))
		}
	})
}

// TestReverseOnceStops where the books are not as we left them; what it adopts it adopts
// without a word to the ERP.
func TestReverseOnceStops(t *testing.T) {
	original := sample("v:1:accrual:1", 100)
	undo := original.Reversed("2026-04-01")
	red := booked(undo) // the same in red letters
	for i, l := range booked(original).Lines {
		l.Debit.Minor, l.Credit.Minor = -l.Debit.Minor, -l.Credit.Minor
		red.Lines[i] = l
	}
	changed := func(f erp.Found, change func(*erp.Found)) erp.Found {
		f.Lines = slices.Clone(f.Lines)
		change(&f)
		return f
	}
	for _, tt := range []struct {
		name  string
		books []erp.Found
		code  string
	}{
		{"it is booked", []erp.Found{booked(original)}, ""},
		{"a reversal that is there is adopted", []erp.Found{booked(undo)}, ""},
		{"and one in red letters", []erp.Found{red}, ""},
		{"one of another day is not ours", []erp.Found{changed(booked(undo), func(f *erp.Found) { f.Date = "2026-04-02" })},
			erp.CodeConflict},
		{"nor one of half the amount", []erp.Found{changed(booked(undo), func(f *erp.Found) {
			f.Lines[0].Credit.Minor, f.Lines[1].Debit.Minor = 50, 50
		})}, erp.CodeConflict},
		{"nor one on the original's side", []erp.Found{changed(booked(original), func(f *erp.Found) {
			f.Reference, f.Date = undo.Reference, undo.Date
		})}, erp.CodeConflict},
		{"two of them", []erp.Found{booked(undo), booked(undo)}, erp.CodeAmbiguous},
		{"the original is gone", nil, erp.CodeConflict},
		{"the original was changed", []erp.Found{changed(booked(original), func(f *erp.Found) { f.Lines[0].Account = "6601" })},
			erp.CodeConflict},
		{"the original was cancelled there", []erp.Found{changed(booked(original), func(f *erp.Found) { f.State = erp.Cancelled })},
			erp.CodeConflict},
		{"the original is a draft again", []erp.Found{changed(booked(original), func(f *erp.Found) { f.State = erp.Draft })},
			erp.CodeConflict},
		{"there are two originals", []erp.Found{booked(original), booked(original)}, erp.CodeAmbiguous},
	} {
		t.Run(tt.name, func(t *testing.T) {
			books, book := &ledger{vouchers: tt.books, next: func() string { return "ok" }}, erptest.NewBook()
			_, err := erp.ReverseOnce(t.Context(), erp.ReverseInput{Original: original,
				PostInput: erp.PostInput{Port: books, Voucher: undo, Book: book, Now: time.Now}})
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
			if tt.code != "" || tt.name != "it is booked" {
				require.Empty(t, book.Attempts(undo.Reference), "nothing was asked for")
				require.Len(t, books.vouchers, len(tt.books))
			}
		})
	}
}

// TestAReversalThatVanishedIsNotWrittenAnew: it was booked, and is not found any more.
func TestAReversalThatVanishedIsNotWrittenAnew(t *testing.T) {
	original, book, now := sample("v:1:accrual:1", 100), erptest.NewBook(), time.Now()
	undo := original.Reversed("2026-04-01")
	a, err := book.StartAttempt(t.Context(), undo.Reference, erp.OpReverse, 0)
	require.NoError(t, err)
	require.NoError(t, book.FinishAttempt(t.Context(), a, erp.ClassOK, ""))
	now = now.Add(2 * time.Minute)
	_, err = erp.ReverseOnce(t.Context(), erp.ReverseInput{Original: original, PostInput: erp.PostInput{
		Port: &ledger{vouchers: []erp.Found{booked(original)}, next: func() string { return "ok" }}, Voucher: undo,
		Book: book, Settle: time.Minute, Now: func() time.Time { return now }}})
	require.Equal(t, erp.CodeConflict, fault.CodeOf(err), "%v", err)
}
