package conformance

import (
	"context"
	"fmt"
	"maps"
	"sync/atomic"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// Fixture is one connector before an ERP company, with the means to break the
// line between them and to count past the connector.
type Fixture struct {
	Port  erp.Port
	Proxy *Proxy // the line that Port speaks through

	// NoLine says that Port does not speak through Proxy: a folder, or what is no HTTP.
	NoLine bool

	// Reopen opens the connection anew, as a worker does that starts; nil = nobody dies.
	Reopen func() (erp.Port, error)

	Creates, Posts Match // which requests create a draft, and which post one; nil = nobody can tell

	// Counted says how many drafts and posted vouchers carry a reference, by
	// the ERP's own books and, where that can be, not through the connector.
	Counted func(ctx context.Context, reference string) (drafts, posted int, err error)

	// Codes that the ERP knows.
	Expense, Payable, Bank string // accounts; Payable wants a party, Expense does not
	Party, Journal         string
	CostCenter             string         // "" = CC-SALES
	Base, Foreign          money.Currency // Foreign "" = not tested

	// Dimensions are values that the ERP knows of dimensions that it keeps on Expense, by
	// name; nil = not tested. 辅助核算
	Dimensions map[string]string

	Date, ClosedDate string        // in an open and in a closed period; ClosedDate "" = not tested
	Settle           time.Duration // long enough that a lost request has ended, see erp.PostInput

	Text     string                 // of every voucher; "" = that of a taxi
	Remember func(reference string) // is told every reference that may have been booked under; nil = nobody
}

// Voucher is a small balanced voucher that the ERP should take.
func (f Fixture) Voucher(reference string, minor int64) voucher.Voucher {
	if f.Remember != nil {
		f.Remember(reference)
	}
	amount := money.Amount{Minor: minor, Currency: f.Base}
	text, center := f.Text, f.CostCenter
	if text == "" {
		text = "出租车 taxi"
	}
	if center == "" {
		center = "CC-SALES"
	}
	return voucher.Voucher{
		Reference: reference, Short: voucher.Short(reference), Document: reference, Number: "EXP-2026-000001",
		Kind: voucher.Accrual, Revision: 1, Entity: "demo", Journal: f.Journal, Date: f.Date,
		Text: "EXP-2026-000001 " + text,
		Entries: []voucher.Entry{
			{Side: voucher.Debit, Account: f.Expense, Amount: amount, Base: amount, Text: text,
				Party: f.Party, CostCenter: center},
			{Side: voucher.Credit, Account: f.Payable, Amount: amount, Base: amount, Text: text, Party: f.Party},
		},
	}
}

// split is the voucher with dimensions on what it costs.
func (f Fixture) split(v voucher.Voucher) voucher.Voucher {
	if len(f.Dimensions) > 0 {
		v.Entries[0].Dimensions = maps.Clone(f.Dimensions)
	}
	return v
}

// inForeign is the voucher of a document in another currency.
func (f Fixture) inForeign(v voucher.Voucher) voucher.Voucher {
	if foreign(f) == "" {
		for i := range v.Entries {
			v.Entries[i].Amount = money.Amount{Minor: 10000, Currency: f.Foreign}
		}
	}
	return v
}

// PostOnce calls erp.PostOnce with the fixture's times.
func (f Fixture) PostOnce(ctx context.Context, book erp.AttemptBook, v voucher.Voucher) (erp.Found, error) {
	return erp.PostOnce(ctx, f.input(book, v))
}

func (f Fixture) input(book erp.AttemptBook, v voucher.Voucher) erp.PostInput {
	return erp.PostInput{Port: f.Port, Voucher: v, Book: book, Settle: f.Settle, Now: time.Now}
}

// patience is how long Until tries: much longer than chance can need.
const patience = 3 * time.Minute

// Until calls PostOnce as an activity is retried: again after Busy and Unknown.
func (f Fixture) Until(ctx context.Context, book erp.AttemptBook, v voucher.Voucher) (erp.Found, error) {
	end := time.Now().Add(max(patience, 2*f.Settle))
	for {
		found, err := f.PostOnce(ctx, book, v)
		kind := fault.KindOf(err)
		if err == nil || time.Now().After(end) || (kind != fault.Busy && kind != fault.Unknown) {
			return found, err
		}
		time.Sleep(min(f.Settle/10, 300*time.Millisecond))
	}
}

// created is the state of a voucher that was created and no more.
func (f Fixture) created() erp.State {
	if f.Port.Capabilities().PostsAtOnce {
		return erp.Posted
	}
	return erp.Draft
}

// Prefix begins every reference of a promise, so that people recognise in their
// books what was only a test.
const Prefix = "v:00c04f00-"

var references atomic.Uint32

// Reference makes a reference of the real form, fresh each time.
func Reference() string {
	return fmt.Sprintf("%s%04x-7000-8000-%012x:accrual:1", Prefix, references.Add(1)&0xffff,
		time.Now().UnixNano()&0xffffffffffff)
}
