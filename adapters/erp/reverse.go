package erp

import (
	"context"
	"slices"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// ReverseInput is what ReverseOnce needs.
type ReverseInput struct {
	PostInput                 // Voucher is the reversal, as it shall be booked
	Original  voucher.Voucher // what it undoes, as we had it posted
}

// ReverseOnce leaves exactly one posted reversal under the reference of in.Voucher,
// however often and from wherever it is called, and returns it. 红字冲销
//
// It looks before it writes, adopts what it finds if it is the opposite of the
// original, and undoes only what stands in the books as we posted it.
// Safe to repeat.
// Errors: as PostOnce. erp.conflict also where the original is gone, was cancelled or
// was changed in the ERP; erp.unsupported where the ERP cannot reverse.
// Time: as many calls as Port.Reverse needs, all within half of Settle, and two looks.
func ReverseOnce(ctx context.Context, in ReverseInput) (Found, error) {
	if !in.Port.Capabilities().Reverse {
		return Found{}, port.Fault(CodeUnsupported, "", fault.Arg("what", "reverse"))
	}
	if err := checkBalance(in.Voucher); err != nil {
		return Found{}, err
	}
	if in.Settle <= 0 {
		in.Settle = DefaultSettle
	}
	last, err := in.Book.LastAttempt(ctx, in.Voucher.Reference)
	if err != nil {
		return Found{}, err
	}
	found, err := in.find(ctx, in.Voucher.Reference)
	if err != nil {
		return Found{}, readFault(err)
	}
	r := &reversing{posting{in: in.PostInput, last: last}, in.Original}
	switch len(found) {
	case 0:
		return r.begin(ctx)
	case 1:
		return r.adopt(ctx, found[0])
	}
	return Found{}, ambiguous(in.Voucher.Reference, found)
}

// reversing is one call of ReverseOnce.
type reversing struct {
	posting
	original voucher.Voucher
}

// begin books what is not there, unless an earlier request may still arrive.
func (r *reversing) begin(ctx context.Context) (Found, error) {
	if err := r.mayCreate(); err != nil {
		return Found{}, err
	}
	return r.book(ctx)
}

// adopt goes on with a reversal that is already there, if it is ours. A draft was left
// by a lost answer or a refusal; it may have been meant for another day.
func (r *reversing) adopt(ctx context.Context, f Found) (Found, error) {
	if f.State == Posted {
		return r.compared(f)
	}
	sameDay := r.in.Voucher
	sameDay.Date = f.Date
	if what := difference(sameDay, swapped(f), r.in.Port.Capabilities()); what != "" {
		return Found{}, r.conflict(f, what)
	}
	if r.atWork() {
		return Found{}, port.Fault(CodeSettling, "", fault.Arg("reference", f.Reference))
	}
	return r.book(ctx)
}

// book has the original reversed. What is left of a refusal is deleted where the ERP
// can, so that nothing stays behind if nobody asks again.
func (r *reversing) book(ctx context.Context) (Found, error) {
	original, err := r.standing(ctx)
	if err != nil {
		return Found{}, err
	}
	before := r.last
	var done Found
	err = r.attempt(ctx, OpReverse, func(ctx context.Context) (err error) {
		done, err = r.in.Port.Reverse(ctx, original, r.in.Voucher.Reference, r.in.Voucher.Date)
		return err
	})
	if r.doubtful(err, before) {
		return Found{}, port.Fault(CodeSettling, "", fault.Arg("reference", r.in.Voucher.Reference))
	}
	if port.Refused(err) {
		r.tidy(ctx)
	}
	if err != nil {
		return Found{}, err
	}
	return r.compared(done)
}

// standing is the original in the books, posted and as we posted it: only that is undone.
func (r *reversing) standing(ctx context.Context) (Found, error) {
	reference := r.original.Reference
	found, err := r.in.find(ctx, reference)
	if err != nil {
		return Found{}, readFault(err)
	}
	if len(found) > 1 {
		return Found{}, ambiguous(reference, found)
	}
	if len(found) == 0 {
		return Found{}, port.Fault(CodeConflict, "it is not in the books any more", fault.Arg("reference", reference),
			fault.Arg("what", ""))
	}
	what := difference(r.original, found[0], r.in.Port.Capabilities())
	if what == "" && found[0].State != Posted {
		what = "it is not posted"
	}
	if what != "" {
		return Found{}, r.conflict(found[0], what)
	}
	return found[0], nil
}

// compared holds what is booked against the opposite of the original.
func (r *reversing) compared(f Found) (Found, error) {
	if what := difference(r.in.Voucher, swapped(f), r.in.Port.Capabilities()); what != "" {
		return Found{}, r.conflict(f, what)
	}
	return f, nil
}

func (r *reversing) conflict(f Found, what string) error {
	return port.Fault(CodeConflict, what, fault.Arg("reference", f.Reference), fault.Arg("what", f.ID))
}

// tidy deletes the draft that a refusal left.
func (r *reversing) tidy(ctx context.Context) {
	discarder, ok := r.in.Port.(Discarder)
	if !ok {
		return
	}
	found, err := r.in.find(ctx, r.in.Voucher.Reference)
	if err == nil && len(found) == 1 && found[0].State == Draft {
		_ = port.Calling(ctx, r.in.about(port.OpDiscard, 0), func(ctx context.Context) error {
			return discarder.Discard(ctx, found[0])
		})
	}
}

// swapped reads red letters, which are negative amounts on the side of the original, as
// what they come to: the same amounts on the other side.
func swapped(f Found) Found {
	f.Lines = slices.Clone(f.Lines)
	for i, l := range f.Lines {
		if l.Debit.Minor < 0 || l.Credit.Minor < 0 {
			f.Lines[i].Debit, f.Lines[i].Credit = across(l.Credit, l.Debit), across(l.Debit, l.Credit)
		}
	}
	return f
}

func across(from, like money.Amount) money.Amount {
	return money.Amount{Minor: -from.Minor, Currency: like.Currency}
}
