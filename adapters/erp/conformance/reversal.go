package conformance

import (
	"context"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

func reversesOnce(t T, f Fixture) {
	ctx, ref := context.Background(), Reference()
	booked, err := f.PostOnce(ctx, NewBook(), f.Voucher(ref, 4200))
	noError(t, err)
	undo := voucher.ReversalOf(ref)
	for range 2 {
		reversed, err := f.Port.Reverse(ctx, booked, undo, f.Date)
		noError(t, err)
		equal(t, erp.Posted, reversed.State)
		equal(t, undo, reversed.Reference)
		equal(t, f.Date, reversed.Date)
		count(t, f, undo, 0, 1)
		areOpposite(t, booked.Lines, reversed.Lines)
	}
	count(t, f, ref, 0, 1)
}

// reversesAfterALostAnswer holds the recipe as a whole: a refused day leaves nothing
// behind, a lost answer is found again, and both vouchers come to nothing together.
func reversesAfterALostAnswer(t T, f Fixture) {
	book, original := NewBook(), f.Voucher(Reference(), 4200)
	booked, err := f.PostOnce(context.Background(), book, original)
	noError(t, err)
	undo := voucher.ReversalOf(original.Reference)
	if f.ClosedDate != "" && !f.Port.Capabilities().RefusesLater {
		_, err = f.reverseOnce(book, original, f.ClosedDate)
		isCode(t, err, erp.CodeClosedPeriod)
		count(t, f, undo, 0, 0)
	}
	posts := f.Posts
	if can := f.Port.Capabilities(); can.PostsAtOnce || can.RefusesLater {
		posts = f.Creates
	}
	f.Proxy.Once(posts, DropAfter)
	_, err = f.reverseOnce(book, original, f.Date)
	equal(t, fault.Unknown, fault.KindOf(err), "%v", err)
	count(t, f, undo, 0, 1)
	tried := len(book.Attempts(undo))
	for range 2 {
		reversed, err := f.reverseOnce(book, original, f.Date)
		noError(t, err)
		equal(t, erp.Posted, reversed.State)
		areOpposite(t, booked.Lines, reversed.Lines)
	}
	length(t, book.Attempts(undo), tried, "found, not asked for again")
	count(t, f, undo, 0, 1)
	count(t, f, original.Reference, 0, 1)
}

// reverseOnce calls erp.ReverseOnce with the fixture's times.
func (f Fixture) reverseOnce(book erp.AttemptBook, original voucher.Voucher, date string) (erp.Found, error) {
	return erp.ReverseOnce(context.Background(), erp.ReverseInput{Original: original, PostInput: f.input(book,
		original.Reversed(date))})
}

// areOpposite holds that both together come to nothing on every account;
// some ERPs swap the sides, others (红字) negate the amounts.
func areOpposite(t T, one, other []erp.Line) {
	t.Helper()
	balance := map[string]int64{}
	for _, l := range append(append([]erp.Line{}, one...), other...) {
		balance[l.Account+"/"+l.Party] += l.Debit.Minor - l.Credit.Minor
	}
	for key, left := range balance {
		equal(t, 0, left, key)
	}
	length(t, other, len(one))
}
