// Package booking turns an approved document into a balanced voucher, by a
// mapping that finance keeps as data.
package booking

import (
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/policy/doctype"
)

// Mapping says which accounts a document type is booked on. 凭证模板
type Mapping struct {
	ID       string           `json:"mapping"`
	Type     string           `json:"type"` // document type id
	Rules    Rules            `json:"rules"`
	Entities map[string]Rules `json:"entities,omitempty"` // overrides by legal entity: what is set wins
}

// Rules are the accounts and texts of a voucher.
type Rules struct {
	Journal    string            `json:"journal"`
	Text       string            `json:"text"`        // {number} {title} {type} {payee} {requester}
	Debit      map[string]string `json:"debit"`       // category → account
	Default    string            `json:"default"`     // account of a category not in Debit; "" = none
	Tax        string            `json:"tax"`         // account of input tax; "" = tax stays in the cost
	TaxCode    string            `json:"tax_code"`    // tax code of a tax entry
	Credit     string            `json:"credit"`      // payable account
	CostCenter string            `json:"cost_center"` // line, document or department: where to look first
}

// BuildInput is everything a voucher depends on.
type BuildInput struct {
	Content        document.Content
	Document       string // id
	Number         string // human number
	Revision       int
	Kind           voucher.Kind
	Date           string // posting date, YYYY-MM-DD in the entity's zone
	EntityCurrency money.Currency
	Org            *org.Snapshot
}

// Parse reads a mapping strictly. Errors: faults yaml.* and booking.*.
func Parse(name string, yaml []byte) (*Mapping, error) { return nil, nil }

// Check answers with what a mapping lacks for a document type.
func Check(m *Mapping, t *doctype.Type) []*fault.Fault { return nil }

// Build makes the voucher of a document, balanced in both currencies.
//
// Errors: Invalid booking.*, or the faults of voucher.Check.
func Build(m *Mapping, in BuildInput) (voucher.Voucher, error) { return voucher.Voucher{}, nil }
