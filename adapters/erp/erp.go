// Package erp books vouchers in an ERP exactly once, whatever the network does.
//
// The port and its types live in adapters/erp/port, so that providers and this
// package's list of providers do not import each other; they carry the same
// names here, and callers need no other package.
//
//	activities ─▶ erp.PostOnce ─▶ Port ─▶ tryton · httpjson · soap ─▶ the ERP
//	                  └─▶ AttemptBook: every attempt, written before the socket
package erp

import (
	"context"

	"github.com/countersign/countersign/adapters/erp/port"
)

// The port and what travels through it; see package port for each promise.
type (
	// Port is one connection to one ERP company.
	Port = port.Port
	// Discarder is a Port that can delete a refused draft.
	Discarder = port.Discarder
	// Lister is a Port that can list what the ERP holds under our references.
	Lister = port.Lister
	// Biller is a Port that can list approved bills of suppliers.
	Biller = port.Biller
	// BillsAsked says which of them are wanted.
	BillsAsked = port.BillsAsked
	// BillPage is one page of them.
	BillPage = port.BillPage
	// Bill is one of them.
	Bill = port.Bill
	// Listing says what is to be listed.
	Listing = port.Listing
	// Listed is one page of it.
	Listed = port.Listed
	// Found is a voucher as the ERP holds it.
	Found = port.Found
	// State is how far a voucher came inside the ERP.
	State = port.State
	// Totals are the two sums of a voucher, in the base currency.
	Totals = port.Totals
	// Line is one entry as the ERP holds it.
	Line = port.Line
	// Mark is how a request is recognised on the wire.
	Mark = port.Mark
	// Capabilities says what an ERP can do.
	Capabilities = port.Capabilities
	// Master is the ERP's master data.
	Master = port.Master
	// Account is a ledger account.
	Account = port.Account
	// Party is a supplier, customer or employee the books know.
	Party = port.Party
	// Period is a posting period.
	Period = port.Period
	// Currency is a currency the ERP knows.
	Currency = port.Currency
	// Entry is an employee, a department or a project that the ERP knows.
	Entry = port.Entry
	// CostCenter is a cost center the ERP knows.
	CostCenter = port.CostCenter
	// Config is one connection.
	Config = port.Config
	// Secret is a password or token that never shows itself.
	Secret = port.Secret
	// Call says on whose behalf an ERP is asked.
	Call = port.Call
)

// The operations that only look, for Calling.
const (
	OpFind = port.OpFind
	OpList = port.OpList
	OpSync = port.OpSync
)

// Calling makes one call of a port, so that the log of exchanges knows what it was for
// and how it ended.
func Calling(ctx context.Context, call Call, run func(context.Context) error) error {
	return port.Calling(ctx, call, run)
}

// ReferencePrefix begins every reference of ours to a voucher.
const ReferencePrefix = port.ReferencePrefix

// The states of a voucher in the ERP.
const (
	Draft     = port.Draft
	Posted    = port.Posted
	Cancelled = port.Cancelled
)
