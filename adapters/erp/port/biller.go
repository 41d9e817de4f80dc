package port

import (
	"context"

	"github.com/countersign/countersign/domain/money"
)

// Biller is a Port that can list the suppliers' bills that were approved in the ERP and
// of which nothing is paid yet, so that each becomes a payment request. 供应商账单
type Biller interface {
	// Bills returns one page of those that changed since a mark, in any order that stays.
	// What changed at the mark itself comes again; Next "" ends.
	//
	// Safe to repeat. Errors: those of Find.
	Bills(ctx context.Context, asked BillsAsked) (BillPage, error)
}

// BillsAsked says which bills are wanted.
type BillsAsked struct {
	Since  string // the newest mark of an earlier listing, in the ERP's own words; "" for all
	Cursor string // Next of the page before; "" for the first
}

// BillPage is one page.
type BillPage struct {
	Bills []Bill
	Mark  string // the newest of this page; "" for none
	Next  string
}

// Bill is one bill of a supplier, as the ERP holds it.
type Bill struct {
	ID           string // the ERP's own key
	Number       string // the ERP's number, for people
	Invoice      string // the supplier's own number
	Supplier     string // code of the party
	SupplierName string
	Date, DueOn  string // YYYY-MM-DD
	Text         string
	Gross, Tax   money.Amount // what is to be paid, and the tax in it
	Link         string       // where people see it; "" = nobody knows
}
