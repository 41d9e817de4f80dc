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

	Paid   *money.Amount                // of a settlement: what the bank took, in the books' currency; nil = as booked
	Master map[string]map[string]string // of the ERP, codes by name: parties, accounts, cost_centers, projects, …
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
	entriesOf := b.entries
	if in.Kind == voucher.Settlement {
		v.Journal, entriesOf = cmp.Or(b.rules.Settlement.Journal, v.Journal), b.settlement
	}
	entries, err := entriesOf()
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
	if in.Kind != voucher.Accrual && in.Kind != voucher.Settlement {
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
	var err error
	b.text, err = b.render()
	return b, err
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
	cost, err := b.cost(i, l)
	if err != nil {
		return nil, err
	}
	taxes, err := b.taxes(i, l)
	if err != nil {
		return nil, err
	}
	all := []reasoned{cost}
	for _, t := range taxes {
		if all[0].Amount, err = all[0].Amount.Sub(t.amount); err != nil {
			return nil, err
		}
		dimensions, err := b.dimensions(ruleTax, &l)
		if err != nil {
			return nil, err
		}
		all = append(all, reasoned{voucher.Entry{Side: voucher.Debit, Account: t.account, Amount: t.amount,
			Text: cost.Text, Tax: t.code, Dimensions: dimensions}, t.why})
	}
	return all, nil
}

// cost is the debit of a whole line, before its tax is taken out.
func (b *builder) cost(i int, l document.Line) (reasoned, error) {
	account, why, err := b.lineAccount(i, l)
	if err != nil {
		return reasoned{}, err
	}
	cost := voucher.Entry{Side: voucher.Debit, Account: account, Amount: l.Amount,
		Text: cut(cmp.Or(oneLine(l.Description), b.text))}
	if cost.CostCenter, err = b.costCenter(l); err != nil {
		return reasoned{}, err
	}
	if cost.Dimensions, err = b.dimensions(ruleDebit, &l); err != nil {
		return reasoned{}, err
	}
	if b.rules.DebitParty == PartyPayee {
		cost.Party, err = b.party()
	}
	return reasoned{cost, why}, err
}

// lineAccount is the account of a line's category; the default where it has none, or
// where its expression names none.
func (b *builder) lineAccount(i int, l document.Line) (string, Why, error) {
	account, err := b.account("debit."+l.Category, b.rules.Debit[l.Category], &l)
	if err != nil || account != "" {
		return account, b.ofCategory(i, ruleDebit, l.Category), err
	}
	if account, err = b.account("default", b.rules.Default, &l); err != nil || account != "" {
		return account, b.ofCategory(i, ruleDefault, l.Category), err
	}
	f := b.mapping.text.Fault("booking.unmapped_category", "debit",
		fault.Arg("category", l.Category), fault.Arg("entity", b.in.Content.Entity))
	f.Field = fmt.Sprintf("lines[%d].category", i)
	return "", Why{}, f
}

// party is whom the entries of the payee carry.
func (b *builder) party() (string, error) {
	if b.in.Content.Payee.ID == "" {
		return "", fault.New(fault.Invalid, "booking.no_party", fault.Field("payee"))
	}
	code, err := b.worth("party", b.rules.Party, nil)
	return cmp.Or(code, b.in.Content.Payee.ID), err
}

func (b *builder) departmentCostCenter() string {
	if b.in.Org == nil {
		return ""
	}
	return b.in.Org.Departments[b.in.Content.Department].CostCenter
}

func (b *builder) costCenter(l document.Line) (string, error) {
	if expressionOf(b.rules.CostCenter) != "" {
		return b.worth("cost_center", b.rules.CostCenter, &l)
	}
	department := b.departmentCostCenter()
	switch b.rules.CostCenter {
	case FromNowhere:
		return "", nil
	case FromDepartment:
		return department, nil
	case FromDocument:
		return cmp.Or(b.in.Content.CostCenter, department), nil
	}
	return cmp.Or(l.CostCenter, b.in.Content.CostCenter, department), nil
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

// owing is an entry on the account of the payee.
func (b *builder) owing(side voucher.Side, rule string, amount, base money.Amount) (reasoned, error) {
	party, err := b.party()
	if err != nil {
		return reasoned{}, err
	}
	path := rule
	if rule == ruleSettled || rule == ruleOwed && b.rules.Owed == "" {
		path = ruleCredit
	}
	account, err := b.required(path, written(b.rules, rule, ""))
	if err != nil {
		return reasoned{}, err
	}
	dimensions, err := b.dimensions(rule, nil)
	return reasoned{voucher.Entry{
		Side: side, Account: account, Amount: amount, Base: base, Text: b.text, Party: party, Dimensions: dimensions,
	}, b.because(rule, "")}, err
}

// rest balances the debits: what an advance already paid comes off it, and the
// payee is owed what is left, or owes it where the advance was more than the cost.
func (b *builder) rest() ([]reasoned, error) {
	c := b.in.Content
	if c.Offset == nil {
		credit, err := b.owing(voucher.Credit, ruleCredit, c.Total, c.BaseTotal)
		return []reasoned{credit}, err
	}
	offset, err := b.offset()
	if err != nil {
		return nil, err
	}
	payable, err := c.Payable()
	if err != nil {
		return nil, err
	}
	settled, err := b.owing(voucher.Credit, ruleAdvance, offset, offset)
	if err != nil || payable.IsZero() {
		return []reasoned{settled}, err
	}
	if payable.Sign() > 0 {
		credit, err := b.owing(voucher.Credit, ruleCredit, payable, payable)
		return []reasoned{settled, credit}, err
	}
	rule := ruleOwed
	if b.rules.Owed == "" {
		rule = ruleCredit
	}
	payable.Minor = -payable.Minor
	owed, err := b.owing(voucher.Debit, rule, payable, payable)
	return []reasoned{owed, settled}, err
}

// offset is what comes off the advance; in the currency of the books only, so that
// no difference of exchange arises.
func (b *builder) offset() (money.Amount, error) {
	c := b.in.Content
	if b.rules.Advance == "" {
		return money.Amount{}, b.mapping.text.Fault("booking.no_advance_account", "advance", fault.Arg("number", b.in.Number))
	}
	offset := c.Offset.Amount
	if offset.Currency != b.in.EntityCurrency || offset.Currency != c.Currency {
		return money.Amount{}, fault.New(fault.Invalid, "offset.wrong_currency", fault.Field("offset.amount"),
			fault.Arg("currency", string(c.Currency)), fault.Arg("want", string(b.in.EntityCurrency)))
	}
	return offset, nil
}

func (b *builder) render() (string, error) {
	path, template := "text", b.rules.Text
	if b.in.Kind == voucher.Settlement && b.rules.Settlement.Text != "" {
		path, template = "settlement.text", b.rules.Settlement.Text
	}
	if expressionOf(template) != "" {
		text, err := b.worth(path, template, nil)
		return cut(oneLine(text)), err
	}
	c := b.in.Content
	requester := c.Requester
	if b.in.Org != nil {
		requester = cmp.Or(b.in.Org.People[c.Requester].Name, c.Requester)
	}
	return cut(oneLine(strings.NewReplacer(
		"{number}", b.in.Number, "{title}", c.Title, "{type}", c.Type, "{payee}", c.Payee.Name,
		"{requester}", requester, "{department}", c.Department, "{entity}", c.Entity,
	).Replace(template))), nil
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func cut(text string) string {
	if runes := []rune(text); len(runes) > TextMax {
		return string(runes[:TextMax-1]) + "…"
	}
	return text
}
