// Package document is what a person asks for: its lines, its money, and the
// hash that says which content was decided on.
package document

import "github.com/countersign/countersign/domain/money"

// Urgency chooses the deadlines of a policy. 紧急程度
type Urgency string

// The urgencies.
const (
	Normal Urgency = "normal"
	Urgent Urgency = "urgent"
)

// PayeeKind says what a payee is.
type PayeeKind string

// The kinds of payee.
const (
	PayeeEmployee PayeeKind = "employee"
	PayeeSupplier PayeeKind = "supplier"
)

// Payee receives the money. 收款方
type Payee struct {
	Kind    PayeeKind `json:"kind"`
	ID      string    `json:"id"`      // person or supplier id
	Name    string    `json:"name"`    // frozen at submission
	Account string    `json:"account"` // masked at the edges 收款账户
}

// Attachment is a file by reference; its bytes live in the file store. 附件
type Attachment struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"` // found from the content, not from the name
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Line is one line of a document. 明细行
type Line struct {
	No          int          `json:"no"` // from 1
	Category    string       `json:"category"`
	Description string       `json:"description"`
	Date        string       `json:"date"`   // YYYY-MM-DD, when it was spent; "" where the type has none
	Amount      money.Amount `json:"amount"` // gross, tax included 价税合计
	Tax         money.Amount `json:"tax"`    // the tax inside the amount; zero where none 税额
	CostCenter  string       `json:"cost_center,omitempty"`
	Invoice     string       `json:"invoice,omitempty"` // invoice number 发票号码
	Attachments []Attachment `json:"attachments,omitempty"`
	City        string       `json:"city,omitempty"`     // where it was spent, by the type's list
	Units       int64        `json:"units,omitempty"`    // nights or days, where the category counts them
	Standard    *Standard    `json:"standard,omitempty"` // what it might cost; none where the category has no table
	Claimed     *Claim       `json:"claimed,omitempty"`  // what it asked for, where another amount was approved
}

// Rate is an exchange rate frozen at submission: 1 unit of Currency is Value
// units of the base currency. 汇率
type Rate struct {
	Currency money.Currency `json:"currency"`
	Base     money.Currency `json:"base"`
	Value    string         `json:"value"` // decimal text
	Source   string         `json:"source"`
	Date     string         `json:"date"`
}

// Content is one revision of a document, frozen when it is submitted. Its
// canonical JSON is what is hashed and decided on. 单据内容
type Content struct {
	Type        string            `json:"type"` // expense, payment_request, … 单据类型
	Title       string            `json:"title"`
	Reason      string            `json:"reason"`
	Entity      string            `json:"entity"`
	Department  string            `json:"department"`
	CostCenter  string            `json:"cost_center"`
	Submitter   string            `json:"submitter"` // who entered it 提单人
	Requester   string            `json:"requester"` // who it is for 申请人
	Payee       Payee             `json:"payee"`
	Currency    money.Currency    `json:"currency"`
	Urgency     Urgency           `json:"urgency"`
	Lines       []Line            `json:"lines"`
	Total       money.Amount      `json:"total"`      // sum of the lines
	BaseTotal   money.Amount      `json:"base_total"` // Total at Rate, in the entity's base currency
	Rate        *Rate             `json:"rate,omitempty"`
	Fields      map[string]string `json:"fields,omitempty"` // the type's own fields, such as supplier_kind
	Attachments []Attachment      `json:"attachments,omitempty"`
	Offset      *Offset           `json:"offset,omitempty"`  // of an advance
	Claimed     *Claimed          `json:"claimed,omitempty"` // what it asked for, where a line's amount was sanctioned
}

// Files are the attachments of the document and of its lines, in order.
func (c Content) Files() []Attachment {
	files := append([]Attachment(nil), c.Attachments...)
	for _, l := range c.Lines {
		files = append(files, l.Attachments...)
	}
	return files
}
