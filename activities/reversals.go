package activities

import (
	"context"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/platform/crash"
	"github.com/countersign/countersign/store"
)

// ReversalBook is the part of the store that Reversals needs.
type ReversalBook interface {
	Undo(ctx context.Context, reference string) (store.Undoing, error)
	SettleReversal(ctx context.Context, a store.ReversalAnswer) error
	BeginEffect(ctx context.Context, in store.EffectIntent) error
	SaveVoucher(ctx context.Context, v store.VoucherRow, call store.Ended) error
	AttemptStore
}

// Reversals are the activities that undo what stands in the books. 凭证冲销
type Reversals struct {
	Book    ReversalBook
	Ledgers Ledgers
	Now     func() time.Time // nil = time.Now
}

// ReverseVoucherInput says which attempt to carry out. What is undone, on which day, is
// read here: history keeps ids, not money.
type ReverseVoucherInput struct {
	Document  string `json:"document"`
	Reference string `json:"reference"` // of the reversal
	Attempt   int    `json:"attempt"`   // rulings so far
}

// ReverseVoucher leaves exactly one posted reversal under the reference.
//
// Safe to repeat: what is sent is on record before the socket, and the ERP is asked for
// the reference before it is told anything. An attempt that is not the approved one any
// more sends nothing.
// Errors: Busy and Unknown, to be tried again. A refusal is an answer with its code,
// because only a person can mend it.
// Time: as erp.ReverseOnce, well under the two minutes that the workflow grants.
func (r *Reversals) ReverseVoucher(ctx context.Context, in ReverseVoucherInput) (Posted, error) {
	defer alive(ctx)()
	row, err := r.intend(ctx, in)
	crash.At("reversal.intended")
	if err == nil {
		row, err = r.reverse(ctx, row)
	}
	crash.At("reversal.saved")
	switch {
	case err == nil:
		return Posted{Posted: true, Number: row.Number, ID: row.ID}, nil
	case !final(err):
		return Posted{}, answer(ctx, err)
	}
	f, _ := fault.As(err)
	refused := Posted{Code: f.Code, Detail: detail(f)}
	if row.Voucher == "" {
		return refused, nil // refused before there was anything to send
	}
	row.State, row.Code, row.Detail = voucherParked, refused.Code, refused.Detail
	return refused, answer(ctx, r.Book.SaveVoucher(ctx, row.VoucherRow, store.Ended{}))
}

// undoing is a reversal that may be sent, its row, and what it undoes.
type undoing struct {
	intended
	original voucher.Voucher
}

// intend puts on record what will be sent: the opposite of what was posted, on the day
// that was approved.
func (r *Reversals) intend(ctx context.Context, in ReverseVoucherInput) (undoing, error) {
	known, err := r.Book.Undo(ctx, in.Reference)
	if err != nil {
		return undoing{}, err
	}
	if known.Document != in.Document || known.State.Attempt != in.Attempt || known.State.Status != reversal.Approved {
		return undoing{}, fault.New(fault.Conflict, "reversal.moved_on")
	}
	row, err := rowOf(known.Original.Reversed(known.State.Date))
	if err != nil {
		return undoing{}, err
	}
	row.last = known.Last
	return undoing{row, known.Original}, r.Book.BeginEffect(ctx, store.EffectIntent{
		Reference: in.Reference, Attempt: in.Attempt, Document: in.Document, Kind: row.Kind, Entity: row.Entity,
		Date: row.Date, Voucher: row.Voucher, Hash: row.Hash,
	})
}

// reverse has it booked, and keeps what the books answered.
func (r *Reversals) reverse(ctx context.Context, row undoing) (undoing, error) {
	ledger, err := r.Ledgers.of(row.Entity)
	if err != nil {
		return row, err
	}
	book := &attempts{store: r.Book, hash: row.Hash, last: row.last}
	posted, err := ask(ledger, func() (erp.Found, error) {
		return erp.ReverseOnce(ctx, erp.ReverseInput{Original: row.original, PostInput: erp.PostInput{
			Port: ledger.Port, Voucher: row.made, Settle: ledger.Settle, Now: r.now, Book: book,
		}})
	})
	if err != nil {
		return row, err
	}
	book.foundDone()
	row.State, row.ID, row.Number, row.Date = store.VoucherPosted, posted.ID, posted.Number, posted.Date
	return row, r.Book.SaveVoucher(ctx, row.VoucherRow, book.ended)
}

func (r *Reversals) now() time.Time { return clock(r.Now) }

// SettleReversalInput is what the books said of an attempt.
type SettleReversalInput struct {
	Reference  string `json:"reference"`
	Attempt    int    `json:"attempt"`
	Answer     Posted `json:"answer"`
	Unanswered bool   `json:"unanswered,omitempty"`
}

// SettleReversal records what the books said.
//
// Safe to repeat. Errors: only of the database, to be tried again.
func (r *Reversals) SettleReversal(ctx context.Context, in SettleReversalInput) error {
	a := in.Answer
	return answer(ctx, r.Book.SettleReversal(ctx, store.ReversalAnswer{
		Reference: in.Reference, Attempt: in.Attempt, Posted: a.Posted, Number: a.Number, ID: a.ID, Code: a.Code,
		Detail: a.Detail, Unanswered: in.Unanswered,
	}))
}
