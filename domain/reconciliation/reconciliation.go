// Package reconciliation compares what we know of a voucher with what the ERP holds
// under its reference. 对账
//
// It judges one reference at a time, so that a difference can be looked at again by
// itself before anybody is told of it.
package reconciliation

import (
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// Kind is what differs. 差异类型
type Kind string

// The kinds of difference.
const (
	MissingThere Kind = "missing_there" // posted here, and not in the ERP at all
	MissingHere  Kind = "missing_here"  // in the ERP under a reference of ours that nobody here knows
	NotRecorded  Kind = "not_recorded"  // posted in the ERP, and not recorded as posted here
	Duplicate    Kind = "duplicate"     // more than one stands in the ERP
	StillDraft   Kind = "draft"         // posted here, a draft in the ERP
	Cancelled    Kind = "cancelled"     // made void in the ERP, or booked back there
	OtherDate    Kind = "date"
	OtherAmount  Kind = "amount"
	OtherAccount Kind = "account"
	OtherParty   Kind = "party"

	OtherDimension Kind = "dimension" // 辅助核算
)

// Kinds lists every kind, the gravest first.
func Kinds() []Kind {
	return []Kind{
		MissingThere, MissingHere, Duplicate, Cancelled, OtherAmount, OtherAccount, OtherParty, OtherDimension, OtherDate,
		StillDraft, NotRecorded,
	}
}

// PostsAgain says whether posting again, which looks first, mends it: it creates what
// is gone and posts what is a draft. Everything else is mended in the ERP by a person.
func (k Kind) PostsAgain() bool { return k == MissingThere || k == StillDraft }

// The states of a voucher in the ERP, as package port has them, and ours.
const (
	Draft          = "draft"
	Posted         = "posted"
	CancelledThere = "cancelled"
)

// Line is one entry on either side; one of the two amounts is zero.
type Line struct {
	Account, Party string
	Debit, Credit  money.Amount

	Dimensions voucher.Splits // those that the ERP gives back 辅助核算
}

// Ours is a voucher as we know it.
type Ours struct {
	Reference, Document, Entity string

	State string // posted, or on its way
	Date  string // YYYY-MM-DD
	Lines []Line
}

// Theirs is a voucher as the ERP holds it.
type Theirs struct {
	Reference, ID, Number, State, Date string

	Lines []Line
}

// Difference is one thing that is not the same on both sides. 差异
type Difference struct {
	Kind      Kind   `json:"kind"`
	Reference string `json:"reference"`
	Document  string `json:"document,omitempty"` // "" where nobody knows the reference
	Entity    string `json:"entity,omitempty"`
	ERPID     string `json:"erp_id,omitempty"` // of the ERP's voucher, or vouchers
	Number    string `json:"number,omitempty"`
	Ours      string `json:"ours,omitempty"` // what differs, as data: a date, an amount, accounts
	Theirs    string `json:"theirs,omitempty"`
}
