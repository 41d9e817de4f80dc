// Package booking turns an approved document into a balanced voucher, by a
// mapping that finance keeps as data.
package booking

import (
	"cmp"
	"maps"

	"github.com/countersign/countersign/policy/source"
)

// Mapping says which accounts a document type is booked on. 凭证模板
type Mapping struct {
	ID       string           `json:"mapping"`
	Type     string           `json:"type"` // document type id
	Rules    Rules            `json:"rules"`
	Entities map[string]Rules `json:"entities,omitempty"` // overrides by legal entity: what is set wins

	text *source.Text
}

// Rules are the accounts and texts of a voucher.
type Rules struct {
	Journal    string            `json:"journal"`
	Text       string            `json:"text"`        // {number} {title} {type} {payee} {requester} {department} {entity}
	Debit      map[string]string `json:"debit"`       // category → account
	Default    string            `json:"default"`     // account of a category not in Debit; "" = none
	Tax        string            `json:"tax"`         // account of input tax; "" = tax stays in the cost
	TaxCode    string            `json:"tax_code"`    // tax code of a tax entry
	Credit     string            `json:"credit"`      // payable account; its entry carries the party
	CostCenter string            `json:"cost_center"` // line, document, department or none: where to look first

	Advance    string `json:"advance,omitempty"`     // account of advances: an offset is credited there 核销
	Owed       string `json:"owed,omitempty"`        // what the payee owes beyond the cost; "" = Credit
	DebitParty string `json:"debit_party,omitempty"` // payee: the debits carry the party too, as those of an advance do
}

// PartyPayee is the party of debits that carry one.
const PartyPayee = "payee"

// Where a debit's cost centre is looked for first; each falls back on the next.
const (
	FromLine       = "line"
	FromDocument   = "document"
	FromDepartment = "department"
	FromNowhere    = "none"
)

// For gives the rules of a legal entity: the mapping's own, with the entity's
// overrides laid over them.
func (m *Mapping) For(entity string) Rules {
	base, over := m.Rules, m.Entities[entity]
	rules := Rules{
		Journal: cmp.Or(over.Journal, base.Journal), Text: cmp.Or(over.Text, base.Text),
		Default: cmp.Or(over.Default, base.Default),
		Tax:     cmp.Or(over.Tax, base.Tax), TaxCode: cmp.Or(over.TaxCode, base.TaxCode),
		Credit: cmp.Or(over.Credit, base.Credit), CostCenter: cmp.Or(over.CostCenter, base.CostCenter, FromLine),
		Advance: cmp.Or(over.Advance, base.Advance), Owed: cmp.Or(over.Owed, base.Owed),
		DebitParty: cmp.Or(over.DebitParty, base.DebitParty),
		Debit:      map[string]string{},
	}
	maps.Copy(rules.Debit, base.Debit)
	maps.Copy(rules.Debit, over.Debit)
	return rules
}

// Account finds the account of a category, "" where there is none.
func (r Rules) Account(category string) string { return cmp.Or(r.Debit[category], r.Default) }
