package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/store"
)

// The outcomes of a ruling to post again.
const (
	rulingPosted  = "posted"
	rulingRefused = "refused"
)

// PostAgainInput names a ruling. What is posted is read from the record: whoever can
// start workflows can post nothing that nobody ruled on.
type PostAgainInput struct {
	Ruling     string `json:"ruling"`
	Connection string `json:"connection,omitempty"` // on whose queue it waits; the record says what is posted where
}

// PostAgain carries a ruling out: it posts a voucher of ours that is gone from the
// books, or that is a draft there, by the same recipe and under the same reference. It
// looks first, so what is there is adopted and never doubled.
//
// Safe to repeat. Errors: Busy and Unknown, to be tried again. A refusal is kept with
// the ruling.
func (r *Reconciliations) PostAgain(ctx context.Context, in PostAgainInput) error {
	defer alive(ctx)()
	ruling, kind, err := r.Book.RulingOn(ctx, in.Ruling)
	if err != nil || ruling.Ruling != store.RulingPost || ruling.Outcome != "" {
		return answer(ctx, err)
	}
	var posted erp.Found
	if kind.PostsAgain() {
		posted, err = r.postAgain(ctx, ruling)
	} else {
		err = fault.New(fault.Conflict, erp.CodeConflict, fault.Arg("reference", ruling.Reference))
	}
	switch {
	case err == nil:
		ruling.Outcome, ruling.Number = rulingPosted, posted.Number
	case final(err):
		ruling.Outcome = rulingRefused
		ruling.Code, ruling.Detail = failure(err)
	default:
		return answer(ctx, err)
	}
	return answer(ctx, r.Book.EndRuling(ctx, ruling))
}

func (r *Reconciliations) postAgain(ctx context.Context, ruling store.Ruling) (erp.Found, error) {
	rows, err := r.Book.VouchersNamed(ctx, []string{ruling.Reference})
	if err != nil {
		return erp.Found{}, err
	}
	connection, found := r.Connections[ruling.Connection]
	if len(rows) != 1 || rows[0].State != store.VoucherPosted || !found {
		return erp.Found{}, fault.New(fault.Invalid, CodeNoBooks, fault.Arg("connection", ruling.Connection))
	}
	var made voucher.Voucher
	if err := json.Unmarshal([]byte(rows[0].Voucher), &made); err != nil {
		return erp.Found{}, fmt.Errorf("read the voucher %s: %w", ruling.Reference, err)
	}
	last, _, err := r.Book.LastAttempt(ctx, ruling.Reference)
	if err != nil {
		return erp.Found{}, err
	}
	book := &attempts{store: r.Book, hash: rows[0].Hash, last: last}
	posted, err := ask(connection.Ledger, func() (erp.Found, error) {
		return erp.PostOnce(ctx, erp.PostInput{
			Port: connection.Port, Voucher: made, Settle: connection.Settle, Now: r.now, Book: book, Gone: true,
		})
	})
	if err == nil {
		book.foundDone()
		err = book.end(ctx, ruling.Reference)
	}
	return posted, err
}
