package port

import "context"

// ReferencePrefix begins every reference of ours to a voucher; what lies in the
// books under another is nobody's business here.
const ReferencePrefix = "v:"

// Lister is a Port that can list what the ERP holds under references of ours, day
// by day, so that both sides can be compared. 对账
type Lister interface {
	// List returns one page of the vouchers dated From to Until whose reference begins
	// with ReferencePrefix, or looks like a short one of ours (Capabilities.ListsShort),
	// with their lines, in any state and in an order that stays. A page may be empty and
	// still have a next one; Next "" ends. What is booked meanwhile may or may not be
	// seen, and nothing is left out for it.
	//
	// Safe to repeat. Errors: those of Find; Invalid erp.unsupported where this
	// connection cannot list after all.
	List(ctx context.Context, asked Listing) (Listed, error)
}

// Listing says what is to be listed.
type Listing struct {
	From, Until string // YYYY-MM-DD, both included
	Cursor      string // Next of the page before; "" for the first
	Limit       int    // vouchers of one page at most, as far as the ERP lets us say so; 0 = the connector's choice
}

// Listed is one page.
type Listed struct {
	Vouchers []Found
	Next     string
}
