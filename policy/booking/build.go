package booking

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
)

// TextMax is how many characters an entry's text may have.
const TextMax = 200

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

// Build makes the voucher of a document, balanced in both currencies. It depends
// on its input alone, so the same document always makes the same voucher.
//
// Errors: Invalid booking.*, the faults of voucher.Check, or money's own.
func Build(m *Mapping, in BuildInput) (voucher.Voucher, error) {
	v, _, err := Explain(m, in)
	return v, err
}

// Explain is Build, and tells of every entry which rule of the mapping made it.
func Explain(m *Mapping, in BuildInput) (voucher.Voucher, []Why, error) {
	b, err := newBuilder(m, in)
	if err != nil {
		return voucher.Voucher{}, nil, err
	}
	reference := voucher.Reference(in.Document, in.Kind, in.Revision)
	v := voucher.Voucher{
		Reference: reference, Short: voucher.Short(reference), Document: in.Document, Number: in.Number, Kind: in.Kind,
		Revision: in.Revision, Entity: in.Content.Entity, Journal: b.rules.Journal, Date: in.Date, Text: b.text,
	}
	entries, err := b.entries()
	if err != nil {
		return voucher.Voucher{}, nil, err
	}
	whys := make([]Why, len(entries))
	for i, e := range entries {
		v.Entries, whys[i] = append(v.Entries, e.Entry), e.why
	}
	if err := v.Check(); err != nil {
		return voucher.Voucher{}, nil, err
	}
	return v, whys, nil
}

// newBuilder refuses what the mapping is not for.
func newBuilder(m *Mapping, in BuildInput) (*builder, error) {
	if in.Kind != voucher.Accrual {
		return nil, fault.New(fault.Invalid, "booking.not_in_version", fault.Arg("kind", string(in.Kind)))
	}
	if in.Content.Type != m.Type {
		return nil, m.text.Fault("booking.wrong_type", "type",
			fault.Arg("type", m.Type), fault.Arg("want", in.Content.Type))
	}
	if base := in.Content.BaseTotal.Currency; base != in.EntityCurrency {
		return nil, fault.New(fault.Invalid, "booking.wrong_base",
			fault.Arg("currency", string(base)), fault.Arg("want", string(in.EntityCurrency)))
	}
	b := &builder{mapping: m, rules: m.For(in.Content.Entity), in: in}
	b.text = b.render()
	return b, nil
}

type builder struct {
	mapping *Mapping
	rules   Rules
	in      BuildInput
	text    string
}

// reasoned is an entry with the rule that made it.
type reasoned struct {
	voucher.Entry
	why Why
}

func (b *builder) entries() ([]reasoned, error) {
	var debits []reasoned
	for i, l := range b.in.Content.Lines {
		entries, err := b.line(i, l)
		if err != nil {
			return nil, err
		}
		// Of a line that was sanctioned down to nothing there is nothing to book.
		debits = append(debits, slices.DeleteFunc(entries, func(e reasoned) bool { return e.Amount.IsZero() })...)
	}
	if err := b.bases(debits); err != nil {
		return nil, err
	}
	rest, err := b.rest()
	if err != nil {
		return nil, err
	}
	return append(debits, rest...), nil
}

// line debits the cost of a line, and the tax inside it where it is deductible.
func (b *builder) line(i int, l document.Line) ([]reasoned, error) {
	account := b.rules.Account(l.Category)
	if account == "" {
		path := fmt.Sprintf("lines[%d].category", i)
		f := b.mapping.text.Fault("booking.unmapped_category", "debit",
			fault.Arg("category", l.Category), fault.Arg("entity", b.in.Content.Entity))
		f.Field = path
		return nil, f
	}
	cost := voucher.Entry{Side: voucher.Debit, Account: account, Amount: l.Amount,
		Text: cut(cmp.Or(oneLine(l.Description), b.text)), CostCenter: b.costCenter(l)}
	if b.rules.DebitParty == PartyPayee {
		cost.Party = b.in.Content.Payee.ID
	}
	if b.rules.Tax == "" || l.Tax.IsZero() {
		return []reasoned{{cost, b.ofCategory(i, l.Category)}}, nil
	}
	net, err := l.Amount.Sub(l.Tax)
	if err != nil {
		return nil, err
	}
	cost.Amount = net
	tax := voucher.Entry{Side: voucher.Debit, Account: b.rules.Tax, Amount: l.Tax, Text: cost.Text, Tax: b.rules.TaxCode}
	taxed := b.because(ruleTax, "")
	taxed.Line = i + 1
	return []reasoned{{cost, b.ofCategory(i, l.Category)}, {tax, taxed}}, nil
}

func (b *builder) costCenter(l document.Line) string {
	department := ""
	if b.in.Org != nil {
		department = b.in.Org.Departments[b.in.Content.Department].CostCenter
	}
	switch b.rules.CostCenter {
	case FromNowhere:
		return ""
	case FromDepartment:
		return department
	case FromDocument:
		return cmp.Or(b.in.Content.CostCenter, department)
	}
	return cmp.Or(l.CostCenter, b.in.Content.CostCenter, department)
}

// bases shares the base total out among the debits by the largest remainder, so
// that they add up to it whatever the rate.
func (b *builder) bases(debits []reasoned) error {
	c := b.in.Content
	if c.Currency == b.in.EntityCurrency {
		for i := range debits {
			debits[i].Base = debits[i].Amount
		}
		return nil
	}
	weights := make([]int64, 0, len(debits))
	for _, e := range debits {
		weights = append(weights, e.Amount.Minor)
	}
	shares, err := c.BaseTotal.Allocate(weights)
	if err != nil {
		return err
	}
	for i := range debits {
		debits[i].Base = shares[i]
	}
	return nil
}

// rest balances the debits: what an advance already paid comes off it, and the
// payee is owed what is left, or owes it where the advance was more than the cost.
func (b *builder) rest() ([]reasoned, error) {
	c := b.in.Content
	if c.Payee.ID == "" {
		return nil, fault.New(fault.Invalid, "booking.no_party", fault.Field("payee"))
	}
	entry := func(side voucher.Side, rule, account string, amount, base money.Amount) reasoned {
		return reasoned{voucher.Entry{
			Side: side, Account: account, Amount: amount, Base: base, Text: b.text, Party: c.Payee.ID,
		}, b.because(rule, "")}
	}
	if c.Offset == nil {
		return []reasoned{entry(voucher.Credit, ruleCredit, b.rules.Credit, c.Total, c.BaseTotal)}, nil
	}
	if b.rules.Advance == "" {
		return nil, b.mapping.text.Fault("booking.no_advance_account", "advance", fault.Arg("number", b.in.Number))
	}
	offset := c.Offset.Amount
	if offset.Currency != b.in.EntityCurrency || offset.Currency != c.Currency {
		return nil, fault.New(fault.Invalid, "offset.wrong_currency", fault.Field("offset.amount"),
			fault.Arg("currency", string(c.Currency)), fault.Arg("want", string(b.in.EntityCurrency)))
	}
	payable, err := c.Payable()
	if err != nil {
		return nil, err
	}
	settled := entry(voucher.Credit, ruleAdvance, b.rules.Advance, offset, offset)
	switch payable.Sign() {
	case 1:
		return []reasoned{settled, entry(voucher.Credit, ruleCredit, b.rules.Credit, payable, payable)}, nil
	case -1:
		owed, err := payable.Neg()
		if err != nil {
			return nil, err
		}
		rule := ruleOwed
		if b.rules.Owed == "" {
			rule = ruleCredit
		}
		account := cmp.Or(b.rules.Owed, b.rules.Credit)
		return []reasoned{entry(voucher.Debit, rule, account, owed, owed), settled}, nil
	}
	return []reasoned{settled}, nil
}

func (b *builder) render() string {
	c := b.in.Content
	requester := c.Requester
	if b.in.Org != nil {
		requester = cmp.Or(b.in.Org.People[c.Requester].Name, c.Requester)
	}
	return cut(oneLine(strings.NewReplacer(
		"{number}", b.in.Number, "{title}", c.Title, "{type}", c.Type, "{payee}", c.Payee.Name,
		"{requester}", requester, "{department}", c.Department, "{entity}", c.Entity,
	).Replace(b.rules.Text)))
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func cut(text string) string {
	if runes := []rune(text); len(runes) > TextMax {
		return string(runes[:TextMax-1]) + "…"
	}
	return text
}
