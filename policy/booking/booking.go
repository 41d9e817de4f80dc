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

	text     *source.Text
	formulas formulas
}

// Rules are the accounts and texts of a voucher. A text that begins with = is an
// expression over the document, see docs/mapping.md.
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

	Party      string                       `json:"party,omitempty"`      // code of the party; "" = the payee's id
	Taxes      []TaxRule                    `json:"taxes,omitempty"`      // the first that fits decides
	Dimensions map[string]map[string]string `json:"dimensions,omitempty"` // by rule, then by name 辅助核算
	Tables     map[string]map[string]string `json:"tables,omitempty"`     // look-ups of one's own, for expressions
	Settlement Settlement                   `json:"settlement,omitzero"`
}

// TaxRule says where the tax inside a line goes. 进项税
type TaxRule struct {
	When  string    `json:"when,omitempty" yaml:"when"`   // an expression; "" = always
	Parts []TaxPart `json:"parts,omitempty" yaml:"parts"` // what they leave stays in the cost
}

// TaxPart is a deductible share of the tax. 可抵扣部分
type TaxPart struct {
	Account string `json:"account" yaml:"account,required"`
	Code    string `json:"code,omitempty" yaml:"code"`
	Share   string `json:"share,omitempty" yaml:"share"` // "60%"; "" = all of it
}

// Settlement is how the payment is booked: what was owed against the bank. 结算凭证
type Settlement struct {
	Journal string `json:"journal,omitempty" yaml:"journal"`
	Text    string `json:"text,omitempty" yaml:"text"`
	Bank    string `json:"bank,omitempty" yaml:"bank"` // account the money leaves
	Gain    string `json:"gain,omitempty" yaml:"gain"` // accounts of a difference of exchange 汇兑损益
	Loss    string `json:"loss,omitempty" yaml:"loss"`
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
		DebitParty: cmp.Or(over.DebitParty, base.DebitParty), Party: cmp.Or(over.Party, base.Party),
		Taxes: base.Taxes, Settlement: base.Settlement.under(over.Settlement),
		Debit: map[string]string{}, Dimensions: map[string]map[string]string{}, Tables: map[string]map[string]string{},
	}
	if len(over.Taxes) > 0 {
		rules.Taxes = over.Taxes
	}
	for _, r := range []Rules{base, over} {
		maps.Copy(rules.Debit, r.Debit)
		maps.Copy(rules.Dimensions, r.Dimensions)
		maps.Copy(rules.Tables, r.Tables)
	}
	return rules
}

// under lays an entity's own settlement over this one.
func (s Settlement) under(over Settlement) Settlement {
	return Settlement{
		Journal: cmp.Or(over.Journal, s.Journal), Text: cmp.Or(over.Text, s.Text), Bank: cmp.Or(over.Bank, s.Bank),
		Gain: cmp.Or(over.Gain, s.Gain), Loss: cmp.Or(over.Loss, s.Loss),
	}
}

// Account finds the account of a category, "" where there is none.
func (r Rules) Account(category string) string { return cmp.Or(r.Debit[category], r.Default) }
