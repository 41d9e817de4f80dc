package erptest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

func reversesOnce(t *testing.T, f Fixture) {
	if !f.Port.Capabilities().Reverse {
		t.Skip("this ERP cannot reverse")
	}
	ctx, ref := context.Background(), reference(t)
	booked, err := f.PostOnce(ctx, NewBook(), f.Voucher(ref, 4200))
	require.NoError(t, err)
	undo := voucher.ReversalOf(ref)
	for range 2 {
		reversed, err := f.Port.Reverse(ctx, booked, undo, f.Date)
		require.NoError(t, err)
		require.Equal(t, erp.Posted, reversed.State)
		require.Equal(t, undo, reversed.Reference)
		require.Equal(t, f.Date, reversed.Date)
		requireCount(t, f, undo, 0, 1)
		requireOpposite(t, booked.Lines, reversed.Lines)
	}
	requireCount(t, f, ref, 0, 1)
}

// reversesAfterALostAnswer holds the recipe as a whole: a refused day leaves nothing
// behind, a lost answer is found again, and both vouchers come to nothing together.
func reversesAfterALostAnswer(t *testing.T, f Fixture) {
	if !f.Port.Capabilities().Reverse {
		t.Skip("this ERP cannot reverse")
	}
	book, original := NewBook(), f.Voucher(reference(t), 4200)
	booked, err := f.PostOnce(context.Background(), book, original)
	require.NoError(t, err)
	undo := voucher.ReversalOf(original.Reference)
	if f.ClosedDate != "" {
		_, err = f.reverseOnce(book, original, f.ClosedDate)
		requireCode(t, err, erp.CodeClosedPeriod)
		requireCount(t, f, undo, 0, 0)
	}
	f.Proxy.Once(f.Posts, DropAfter)
	_, err = f.reverseOnce(book, original, f.Date)
	require.Equal(t, fault.Unknown, fault.KindOf(err), "%v", err)
	requireCount(t, f, undo, 0, 1)
	tried := len(book.Attempts(undo))
	for range 2 {
		reversed, err := f.reverseOnce(book, original, f.Date)
		require.NoError(t, err)
		require.Equal(t, erp.Posted, reversed.State)
		requireOpposite(t, booked.Lines, reversed.Lines)
	}
	require.Len(t, book.Attempts(undo), tried, "found, not asked for again")
	requireCount(t, f, undo, 0, 1)
	requireCount(t, f, original.Reference, 0, 1)
}

// reverseOnce calls erp.ReverseOnce with the fixture's times.
func (f Fixture) reverseOnce(book erp.AttemptBook, original voucher.Voucher, date string) (erp.Found, error) {
	return erp.ReverseOnce(context.Background(), erp.ReverseInput{Original: original, PostInput: f.input(book,
		original.Reversed(date))})
}

// requireOpposite holds that both together come to nothing on every account;
// some ERPs swap the sides, others (红字) negate the amounts.
func requireOpposite(t *testing.T, one, other []erp.Line) {
	t.Helper()
	balance := map[string]int64{}
	for _, l := range append(append([]erp.Line{}, one...), other...) {
		balance[l.Account+"/"+l.Party] += l.Debit.Minor - l.Credit.Minor
	}
	for key, left := range balance {
		require.Zero(t, left, key)
	}
	require.Len(t, other, len(one))
}
