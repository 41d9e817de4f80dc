package conformance

import (
	"context"
	"maps"
	"slices"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/voucher"
)

// unkept is a dimension that nobody keeps, but who keeps any.
const unkept = "conformance_none"

// carriesDimensions holds that dimensions reach the books, come back from them as far as
// the ERP tells any, tell our voucher from another, and are there on its reversal too.
func carriesDimensions(t T, f Fixture) {
	ctx, ref, book := context.Background(), Reference(), NewBook()
	v := f.split(f.Voucher(ref, 12850))
	_, err := f.PostOnce(ctx, book, v)
	noError(t, err)
	told := f.Port.Capabilities().Splits(v.Entries[0])
	f.areTold(t, ref, told)
	count(t, f, ref, 0, 1)

	_, err = f.PostOnce(ctx, book, v)
	noError(t, err, "found and adopted")
	for _, name := range told.Names() {
		other := f.split(f.Voucher(ref, 12850))
		if other.Entries[0].Dimensions[name] == "" {
			continue // the cost center
		}
		other.Entries[0].Dimensions[name] = "another"
		_, err = f.PostOnce(ctx, book, other)
		isCode(t, err, erp.CodeConflict)
	}
	if !f.Port.Capabilities().Reverse {
		return
	}
	_, err = f.reverseOnce(book, v, f.Date)
	noError(t, err)
	f.areTold(t, voucher.ReversalOf(ref), told)
}

// areTold holds that the ERP tells the dimensions of the cost under a reference.
func (f Fixture) areTold(t T, ref string, want voucher.Splits) {
	t.Helper()
	names := map[string]bool{}
	for _, name := range want.Names() {
		names[name] = true
	}
	found, err := f.Port.Find(context.Background(), ref)
	noError(t, err)
	length(t, found, 1)
	at := slices.IndexFunc(found[0].Lines, func(l erp.Line) bool { return l.Account == f.Expense })
	holds(t, at >= 0, "%s is not among %+v", f.Expense, found[0].Lines)
	equal(t, want, found[0].Lines[at].Dimensions.Only(names))
}

// refusesUnkeptDimension holds that nothing is left out in silence.
func refusesUnkeptDimension(t T, f Fixture) {
	v := f.Voucher(Reference(), 100)
	v.Entries[0].Dimensions = map[string]string{unkept: "X"}
	before := f.Proxy.Requests()
	_, err := f.PostOnce(context.Background(), NewBook(), v)
	isCode(t, err, erp.CodeUnsupported)
	equal(t, before, f.Proxy.Requests(), "the ERP is not even asked")
	count(t, f, v.Reference, 0, 0)
}

func refusesUnknownDimension(t T, f Fixture) {
	for _, name := range slices.Sorted(maps.Keys(f.Dimensions)) {
		v := f.split(f.Voucher(Reference(), 100))
		v.Entries[0].Dimensions[name] = "no-such-value"
		_, err := f.PostOnce(context.Background(), NewBook(), v)
		isCode(t, err, erp.CodeUnknownDimension)
		count(t, f, v.Reference, 0, 0)
	}
}
