// Package port is what every ERP is asked for, in five calls, and the errors it
// may answer with. Providers import it; everybody else imports adapters/erp,
// which names the same types and knows the list of providers.
//
//	Find ──none──▶ Create ──▶ Post        Found, then Reverse where it must be undone
//	  └──one────────────────▶ Post        Sync reads accounts, parties and periods
package port

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// Port is one connection to one ERP company.
//
// Errors are faults. Invalid, Forbidden and Conflict mean the ERP refused and
// nothing was written; Busy means nothing happened; Unknown means it may have
// happened, and only Find may follow.
// Time: each call is bounded by Config.Timeout.
type Port interface {
	// Name says which connection this is, for logs and journals.
	Name() string
	// Capabilities says what this ERP can do, as data.
	Capabilities() Capabilities
	// Find returns every voucher that carries the reference. Safe to repeat.
	Find(ctx context.Context, reference string) ([]Found, error)
	// Create writes a draft that carries the reference. Never repeat it blindly.
	Create(ctx context.Context, v voucher.Voucher) (Found, error)
	// Post makes a draft effective. It reads the state first, so a voucher that
	// is already posted is returned as it is. Safe to repeat.
	Post(ctx context.Context, f Found) (Found, error)
	// Reverse books the opposite of a posted voucher under a reference of its
	// own, dated date (YYYY-MM-DD), and posts it. It looks for that reference
	// first. Safe to repeat one after another, not at the same time.
	Reverse(ctx context.Context, f Found, reference, date string) (Found, error)
	// Sync reads the master data changed since then; the zero time reads all.
	// Safe to repeat.
	Sync(ctx context.Context, since time.Time) (Master, error)
}

// Discarder is a Port that can delete a draft which the ERP refused to post.
type Discarder interface {
	// Discard deletes a draft; a posted voucher is never touched. Safe to repeat.
	Discard(ctx context.Context, f Found) error
}

// State is how far a voucher came inside the ERP.
type State string

// The states of a voucher in the ERP.
const (
	Draft     State = "draft"     // written, without effect on the books 未过账
	Posted    State = "posted"    // effective 已过账
	Cancelled State = "cancelled" // made void inside the ERP 已作废
)

// Found is a voucher as the ERP holds it.
type Found struct {
	Reference string `json:"reference"`
	ID        string `json:"id"`     // the ERP's own key
	Number    string `json:"number"` // voucher number for people; may be "" before posting 凭证号
	State     State  `json:"state"`
	Date      string `json:"date"` // YYYY-MM-DD
	Totals    Totals `json:"totals"`
	Lines     []Line `json:"lines,omitempty"`
}

// Totals are the two sums of a voucher, in the base currency.
type Totals struct {
	Debit  money.Amount `json:"debit"`
	Credit money.Amount `json:"credit"`
}

// Line is one entry as the ERP holds it; one of the two amounts is zero.
type Line struct {
	Account string       `json:"account"`
	Party   string       `json:"party,omitempty"`
	Debit   money.Amount `json:"debit"`
	Credit  money.Amount `json:"credit"`

	// Dimensions are those that the ERP tells of, see Capabilities.Told. 辅助核算
	Dimensions voucher.Splits `json:"dimensions,omitempty"`
}

// Capabilities says what an ERP can do. Callers and the conformance suite read
// it instead of asking for the provider's name.
type Capabilities struct {
	PostsAtOnce     bool          // Create makes it effective: there are no drafts
	UniqueReference bool          // refuses a second voucher with the same reference by itself
	ChecksBalance   bool          // Create refuses an unbalanced voucher; otherwise Post does
	ClosedPeriods   bool          // refuses dates in a closed period
	Reverse         bool          // can book the opposite of a posted voucher
	ForeignCurrency bool          // keeps the document's currency beside the base currency
	CostCenters     bool          // keeps the cost center of an entry
	Delta           bool          // Sync can read only what changed
	Master          []master.Kind // what Sync reads 主数据
	ReferenceMax    int           // longest reference, in characters; 0 = no limit

	// Dimensions are those of an entry that it keeps on every account, by name;
	// AnyDimension = all. Fields are those it keeps on some accounts, and where.
	Dimensions []string
	Fields     Dimensions
	// Told are the dimensions that Find and List give back of what is kept, by name, so
	// that both sides can be compared; AnyDimension = all but the cost center.
	Told []string

	// ChecksDimensions: it refuses a value of a dimension that it does not know.
	ChecksDimensions bool

	// RefusesLater: what it was sent it works on later, and tells a refusal elsewhere.
	RefusesLater bool
	// ListsShort: List tells our short references, for the ERP holds no others.
	ListsShort bool

	// AmountMax is the largest amount, in minor units, that it keeps to the last
	// unit; Create refuses what is larger. 0 = any.
	AmountMax int64
	// Creates and Posts tell the requests that create a draft and that post one
	// from all others on the wire, so that conformance can break exactly those.
	Creates, Posts Mark
}

// AnyDimension says that an ERP keeps whatever dimension an entry has.
const AnyDimension = voucher.AnyDimension

// Keeps is what concerns whoever writes mappings for this ERP.
func (c Capabilities) Keeps() voucher.Keeps {
	k := voucher.Keeps{Foreign: c.ForeignCurrency, Reverses: c.Reverse, Dimensions: c.Dimensions}
	for _, d := range c.Fields {
		if d.Of != OfParty {
			k.Accounts = append(k.Accounts, voucher.Kept{Accounts: d.Accounts, Name: d.Of, Not: d.Field == ""})
		}
	}
	return k
}

// Splits are the dimensions of an entry that this ERP keeps and gives back.
func (c Capabilities) Splits(e voucher.Entry) voucher.Splits {
	keeps, told := c.Keeps(), map[string]string{}
	for name, value := range e.Dimensions {
		if c.tells(name) && keeps.Dimension(e.Account, name) {
			told[name] = value
		}
	}
	if slices.Contains(c.Told, OfCostCenter) && keeps.Dimension(e.Account, OfCostCenter) {
		told[OfCostCenter] = valueOf(e, OfCostCenter)
	}
	return voucher.SplitsOf(told)
}

func (c Capabilities) tells(name string) bool {
	return slices.Contains(c.Told, name) || name != OfCostCenter && slices.Contains(c.Told, AnyDimension)
}

// Mark is how a request is recognised on the wire.
type Mark struct {
	Method string // POST, PUT; "" = any
	Text   string // somewhere in its path or body; "" = nobody can tell
}

// Master is the ERP's master data. 主数据
type Master struct {
	Accounts    []Account
	Parties     []Party
	Periods     []Period
	Currencies  []Currency
	CostCenters []CostCenter
	Employees   []Entry // by the code that vouchers name them by, where they are parties too
	Departments []Entry
	Projects    []Entry
	Rates       []document.Rate // 1 unit of Currency is Value units of Base, from Date on
	Complete    bool            // everything, not only what changed
	AsOf        time.Time       // pass it as since next time; a little early on purpose, so rows may repeat
}

// Account is a ledger account. 会计科目
type Account struct {
	ID, Code, Name string
	PartyRequired  bool
	Active         bool
}

// Party is a supplier, customer or employee the books know. 往来单位
type Party struct {
	ID, Code, Name string
	Active         bool
}

// Period is a posting period with its first and last day. 会计期间
type Period struct {
	ID, Name, From, To string
	Open               bool
}

// Currency is a currency the ERP knows, with its digits.
type Currency struct {
	ID, Code string
	Digits   int
}

// Entry is an employee, a department or a project that the ERP knows.
type Entry struct {
	ID, Code, Name string
	Active         bool
}

// CostCenter is a cost center the ERP knows. 成本中心
type CostCenter struct {
	ID, Code, Name string
	Active         bool
}
