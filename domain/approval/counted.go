package approval

import (
	"time"

	"github.com/countersign/countersign/domain/money"
)

// What documents must share to be counted together.
const (
	CountPayee     = "payee"
	CountCategory  = "category"
	CountRequester = "requester"
	CountSubmitter = "submitter"
)

// CountedMost is how many of the documents that were counted a plan names; beyond
// it Count and Others tell of all of them.
const CountedMost = 100

// CountKey says which other documents count with one: those of the same entity and
// type, asked for within so many days of it, that share everything it names. One
// human's accounts count as one.
type CountKey struct {
	By         []string `json:"by"`
	Days       int      `json:"days"` // calendar days, that of the document among them
	Zone       string   `json:"zone"` // of the entity: where its days begin
	Entity     string   `json:"entity"`
	Type       string   `json:"type"`
	PayeeKind  string   `json:"payee_kind,omitempty"`
	Payees     []string `json:"payees,omitempty"`
	Requesters []string `json:"requesters,omitempty"`
	Submitters []string `json:"submitters,omitempty"`
	Categories []string `json:"categories,omitempty"` // of its lines: of the others, only lines of these count
}

// Counted is what a plan counted beside its own document, so that nobody ducks a
// threshold by splitting: the document's amount, for this plan, is the sum. 合并计算
//
// It names the others by id and content only, for whoever reads this document need
// not be allowed to read those.
type Counted struct {
	CountKey

	From      time.Time         `json:"from"` // the window, [From, Until)
	Until     time.Time         `json:"until"`
	At        time.Time         `json:"at"`  // when it was looked, by the database's clock
	Own       money.Amount      `json:"own"` // in the policy's base currency, like Others and Sum
	Others    money.Amount      `json:"others"`
	Sum       money.Amount      `json:"sum"`
	Count     int               `json:"count"`
	Documents []CountedDocument `json:"documents"` // the newest first, CountedMost at most
}

// CountedDocument is one of the others, by the content that was in force.
type CountedDocument struct {
	Document string `json:"document"`
	Revision int    `json:"revision"`
	Hash     string `json:"hash"`
}

// Beside is what the record says of the documents that count with one.
type Beside struct {
	From, Until, At time.Time
	Documents       []BesideDocument // the newest first
}

// BesideDocument is one of them, with the part of its claim that counts.
type BesideDocument struct {
	CountedDocument

	Amount money.Amount // in its own currency
	Base   money.Amount // in its entity's base currency, at its frozen rate
}
