// Package voucher is what the books are told: balanced entries under one
// reference that never changes.
package voucher

import "github.com/countersign/countersign/domain/money"

// Kind says which moment of a document's life a voucher books.
type Kind string

// The kinds of voucher.
const (
	Accrual    Kind = "accrual"    // at approval 计提
	Settlement Kind = "settlement" // at payment 结算
	Reversal   Kind = "reversal"   // undoes another voucher 冲销
)

// Side is debit or credit. 借/贷
type Side string

// The two sides of an entry.
const (
	Debit  Side = "debit"
	Credit Side = "credit"
)

// Entry is one line of a voucher. 分录
type Entry struct {
	Side       Side         `json:"side"`
	Account    string       `json:"account"` // ledger account code 会计科目
	Amount     money.Amount `json:"amount"`  // positive, in the document's currency
	Base       money.Amount `json:"base"`    // the same in the entity's base currency
	Text       string       `json:"text"`
	Party      string       `json:"party,omitempty"`       // party code where the account wants one
	CostCenter string       `json:"cost_center,omitempty"` // 成本中心
	Tax        string       `json:"tax,omitempty"`         // tax code of a tax entry

	// Dimensions are what else the books split an account by, by name: department,
	// employee, supplier, project or one of their own. 辅助核算
	Dimensions map[string]string `json:"dimensions,omitempty"`
}

// Voucher is a balanced set of entries. 记账凭证
type Voucher struct {
	Reference string  `json:"reference"` // v:<document>:<kind>:<revision>; of a reversal see ReversalOf
	Short     string  `json:"short"`     // 13 characters for fields that are too short, see Short
	Document  string  `json:"document"`
	Number    string  `json:"number"` // the document's human number
	Kind      Kind    `json:"kind"`
	Revision  int     `json:"revision"`
	Entity    string  `json:"entity"`
	Journal   string  `json:"journal"`
	Date      string  `json:"date"` // posting date, YYYY-MM-DD in the entity's zone
	Text      string  `json:"text"`
	Entries   []Entry `json:"entries"`

	Reverses string `json:"reverses,omitempty"` // of a reversal: the reference of what it undoes
}
