package booking

import (
	"fmt"
	"maps"
	"slices"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/source"
)

// Ground is what a mapping is tried on before it is published.
type Ground struct {
	Type  *doctype.Type
	Org   *org.Snapshot
	Books map[string]map[master.Key]master.Row // by entity: its ERP's master data; none where it was never read
	Keeps map[string]voucher.Keeps             // by entity: what its books keep of a voucher; none where nobody knows
}

// Proof is what trying a mapping out came to.
type Proof struct {
	Faults   []*fault.Fault // why it is not published
	Unknown  []string       // entities whose accounts could not be held against their books
	Vouchers int            // that were made and balance in both currencies
}

// The limits of trying out.
const (
	provedFaultsMax = 20
	peopleTried     = 300 // requesters, and suppliers, a mapping's look-ups are tried with
)

// Prove makes the vouchers of made-up documents of the type, in every entity and
// currency, with every category, by every department, payee and option of a choice,
// with taxes and rates that do not divide; and holds every account that the mapping
// names, or comes to, against the books. The same for the same ground.
func Prove(m *Mapping, g Ground) Proof {
	p := &proving{mapping: m, ground: g, seen: map[string]bool{}}
	p.fields()
	for _, entity := range slices.Sorted(maps.Keys(g.Org.Entities)) {
		p.entity(g.Org.Entities[entity])
	}
	return p.proof
}

type proving struct {
	mapping *Mapping
	ground  Ground
	proof   Proof
	seen    map[string]bool // faults by code and place: one example of each is enough
}

func (p *proving) fault(f *fault.Fault, key string) bool {
	key = f.Code + "|" + f.Field + "|" + key
	if p.seen[key] || len(p.proof.Faults) >= provedFaultsMax {
		return false
	}
	p.seen[key] = true
	p.proof.Faults = append(p.proof.Faults, f)
	return true
}

// fields refuses expressions over fields that the type does not have.
func (p *proving) fields() {
	var known []string
	for _, f := range p.ground.Type.Fields {
		known = append(known, f.Name)
	}
	for _, path := range slices.Sorted(maps.Keys(p.mapping.formulas)) {
		for _, use := range p.mapping.formulas[path].Fields() {
			// get is a function of the map: fields.get(…) is no field.
			if !slices.Contains(known, use.Name) {
				p.fault(p.mapping.text.Fault("booking.unknown_field", path,
					fault.Arg("name", use.Name), fault.Arg("nearest", source.Nearest(use.Name, known))), use.Name)
			}
		}
	}
}

// entity tries one legal entity.
func (p *proving) entity(e org.LegalEntity) {
	_, read := p.ground.Books[e.ID]
	if !read {
		p.proof.Unknown = append(p.proof.Unknown, e.ID)
	}
	p.accounts(e.ID)
	for _, c := range p.samples(e) {
		p.try(c, voucher.Accrual)
		if p.mapping.For(e.ID).Settlement.Bank != "" && c.Offset == nil {
			p.try(c, voucher.Settlement)
		}
	}
}

// try makes one voucher, and says by which document it cannot be made.
func (p *proving) try(c document.Content, kind voucher.Kind) {
	v, whys, err := Explain(p.mapping, BuildInput{
		Content: c, Document: "sample", Number: "SAMPLE-1", Revision: 1, Kind: kind, Date: "2026-01-31",
		EntityCurrency: c.BaseTotal.Currency, Org: p.ground.Org, Master: p.byName(c.Entity),
	})
	if err == nil {
		p.proof.Vouchers++
		p.booked(c.Entity, v)
		if keeps, known := p.ground.Keeps[c.Entity]; known {
			for _, lost := range Lost(p.mapping, keeps, v, whys) {
				p.fault(lost, c.Entity+"|"+lost.Args["account"])
			}
		}
		return
	}
	f, ok := fault.As(err)
	if !ok {
		f = fault.New(fault.Invalid, "booking.no_value", fault.Arg("words", err.Error()))
	}
	if p.fault(f, f.Args["category"]+f.Args["account"]) {
		p.proof.Faults = append(p.proof.Faults, p.example(c))
	}
}

// example is the document that shows it, in words.
func (p *proving) example(c document.Content) *fault.Fault {
	l := c.Lines[0]
	return p.mapping.text.Fault("booking.counter_example", "",
		fault.Arg("entity", c.Entity), fault.Arg("department", c.Department),
		fault.Arg("payee", c.Payee.ID), fault.Arg("category", l.Category), fault.Arg("amount", c.Total.Text()),
		fault.Arg("currency", string(c.Currency)), fault.Arg("tax", l.Tax.Text()))
}

// byName offers the books' master data to the look-ups of a mapping.
func (p *proving) byName(entity string) map[string]map[string]string {
	return MasterByName(p.ground.Books[entity])
}

// accounts holds what the mapping writes out against the books of an entity.
func (p *proving) accounts(entity string) {
	rules := p.mapping.For(entity)
	named := map[string]string{"default": rules.Default, "tax": rules.Tax, "credit": rules.Credit,
		"advance": rules.Advance, "owed": rules.Owed, "settlement.bank": rules.Settlement.Bank,
		"settlement.gain": rules.Settlement.Gain,
		"settlement.loss": rules.Settlement.Loss}
	for category, account := range rules.Debit {
		named["debit."+category] = account
	}
	for n, rule := range rules.Taxes {
		for i, part := range rule.Parts {
			named[fmt.Sprintf("taxes[%d].parts[%d].account", n, i)] = part.Account
		}
	}
	for _, path := range slices.Sorted(maps.Keys(named)) {
		if account := named[path]; account != "" && expressionOf(account) == "" {
			p.account(entity, path, account)
		}
	}
}

// writes says whether the mapping has a value of its own at a path.
func (p *proving) writes(path string) bool {
	_, written := p.mapping.text.At[path]
	return written
}

// account holds one account against the books of an entity.
func (p *proving) account(entity, path, account string) {
	books, read := p.ground.Books[entity]
	if !read {
		return
	}
	if own := "entities." + entity + "." + path; p.writes(own) {
		path = own
	}
	row, known := books[master.Key{Kind: master.Account, Code: account}]
	code := ""
	switch {
	case !known || row.Gone:
		code = "booking.no_such_account"
	case !row.Active:
		code = "booking.closed_account"
	default:
		return
	}
	if found := "account|" + entity + "|" + account; !p.seen[found] {
		p.seen[found] = true
		p.fault(p.mapping.text.Fault(code, path, fault.Arg("account", account), fault.Arg("name", row.Name),
			fault.Arg("entity", entity)), account)
	}
}

// booked holds a voucher against the books: accounts that expressions came to, and
// accounts that want a party.
func (p *proving) booked(entity string, v voucher.Voucher) {
	books, read := p.ground.Books[entity]
	if !read {
		return
	}
	for _, e := range v.Entries {
		p.account(entity, "debit", e.Account)
		row := books[master.Key{Kind: master.Account, Code: e.Account}]
		if row.Attributes[master.PartyRequired] == "true" && e.Party == "" {
			p.fault(p.mapping.text.Fault("booking.wants_party", "debit", fault.Arg("account", e.Account),
				fault.Arg("name", row.Name), fault.Arg("entity", entity)), e.Account)
		}
	}
}

// samples are made-up documents of an entity.
func (p *proving) samples(e org.LegalEntity) []document.Content {
	t := p.ground.Type
	if len(t.Categories) == 0 {
		return nil
	}
	var all []document.Content
	currencies := t.Currencies
	if t.OwnCurrency || len(currencies) == 0 {
		currencies = []money.Currency{money.Currency(e.Currency)}
	}
	basic := p.basic(e)
	for _, currency := range currencies {
		for _, category := range t.Categories {
			for n, minor := range []int64{1, 100, 11_333, 100_001} {
				all = append(all, in(basic, currency, n, line(category.ID, currency, minor, n)))
			}
		}
		all = append(all, p.crowded(basic, currency))
	}
	all = append(all, p.offsets(basic, money.Currency(e.Currency))...)
	return append(all, p.elsewhere(basic, money.Currency(e.Currency))...)
}

// basic is a document of the entity without lines.
func (p *proving) basic(e org.LegalEntity) document.Content {
	c := document.Content{Type: p.ground.Type.ID, Title: "Sample", Entity: e.ID, Requester: "sample", Submitter: "sample",
		Payee: document.Payee{Kind: document.PayeeEmployee, ID: "sample", Name: "Sample"}, Fields: map[string]string{}}
	if p.ground.Type.Payee == doctype.PayeeSupplier {
		c.Payee.Kind = document.PayeeSupplier
	}
	c.BaseTotal.Currency = money.Currency(e.Currency)
	for _, id := range slices.Sorted(maps.Keys(p.ground.Org.Departments)) {
		if p.ground.Org.Departments[id].Entity == e.ID && c.Department == "" {
			c.Department = id
		}
	}
	if ids := p.payees(c); len(ids) > 0 {
		p.paid(&c, ids[0])
	}
	for _, f := range p.ground.Type.Fields {
		if !f.Required {
			continue
		}
		c.Fields[f.Name] = "1"
		if len(f.Options) > 0 {
			c.Fields[f.Name] = f.Options[0].ID
		}
	}
	return c
}

// line is one line; n chooses its tax: none, a fen, 6 %, or all but a fen.
func line(category string, currency money.Currency, minor int64, n int) document.Line {
	taxes := []int64{0, min(1, minor-1), minor * 6 / 106, minor - 1}
	return document.Line{No: 1, Category: category, Amount: money.Amount{Minor: minor, Currency: currency},
		Tax: money.Amount{Minor: taxes[n%len(taxes)], Currency: currency}}
}

// rates do not divide.
func rates() []string { return []string{"7.123457", "0.333333", "1", "13.000007"} }

// in completes a document with its lines, at the n-th rate.
func in(basic document.Content, currency money.Currency, n int, lines ...document.Line) document.Content {
	c := basic
	c.Currency, c.Lines, c.Total = currency, lines, money.Zero(currency)
	base := basic.BaseTotal.Currency
	for _, l := range lines {
		c.Total.Minor += l.Amount.Minor
	}
	c.BaseTotal = c.Total
	if currency != base {
		rate := rates()[n%len(rates())]
		c.Rate = &document.Rate{Currency: currency, Base: base, Value: rate, Source: "sample", Date: "2026-01-30"}
		if at, err := c.Total.At(rate, base); err == nil {
			c.BaseTotal = at
		}
	}
	c.BaseTotal.Currency = base
	return c
}

// crowded has every category at once, amounts that share badly.
func (p *proving) crowded(basic document.Content, currency money.Currency) document.Content {
	var lines []document.Line
	for n, category := range p.ground.Type.Categories {
		lines = append(lines, line(category.ID, currency, int64(7*n*n+333), n))
	}
	return in(basic, currency, 0, lines...)
}

// offsets settle a part of a report, all of it, and more.
func (p *proving) offsets(basic document.Content, base money.Currency) []document.Content {
	t := p.ground.Type
	if t.Offsets == "" {
		return nil
	}
	var all []document.Content
	for _, minor := range []int64{1, 11_333, 20_000} {
		c := in(basic, base, 2, line(t.Categories[0].ID, base, 11_333, 2))
		c.Offset = &document.Offset{Document: "sample", Number: "ADV-1", Amount: money.Amount{Minor: minor, Currency: base}}
		all = append(all, c)
	}
	return all
}

// elsewhere varies what look-ups go by: departments, payees, and the options of choices.
func (p *proving) elsewhere(basic document.Content, base money.Currency) []document.Content {
	if len(p.mapping.formulas) == 0 {
		return nil
	}
	var all []document.Content
	add := func(c document.Content) {
		for _, category := range p.ground.Type.Categories {
			all = append(all, in(c, base, 2, line(category.ID, base, 11_333, 2)))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.ground.Org.Departments)) {
		if p.ground.Org.Departments[id].Entity == basic.Entity {
			c := basic
			c.Department = id
			add(c)
		}
	}
	for n, id := range p.payees(basic) {
		if n == peopleTried {
			break
		}
		c := basic
		p.paid(&c, id)
		category := p.ground.Type.Categories[n%len(p.ground.Type.Categories)]
		all = append(all, in(c, base, 2, line(category.ID, base, 11_333, 2)))
	}
	for _, f := range p.ground.Type.Fields {
		for _, option := range f.Options {
			c := basic
			c.Fields = maps.Clone(basic.Fields)
			c.Fields[f.Name] = option.ID
			add(c)
		}
	}
	return all
}

// paid makes somebody the payee of a document.
func (p *proving) paid(c *document.Content, id string) {
	c.Payee.ID = id
	if c.Payee.Kind == document.PayeeEmployee {
		c.Requester, c.Payee.Name = id, p.ground.Org.People[id].Name
		return
	}
	c.Payee.Name = p.ground.Org.Suppliers[id].Name
}

// payees are whom documents of an entity may pay.
func (p *proving) payees(basic document.Content) []string {
	var all []string
	if basic.Payee.Kind == document.PayeeSupplier {
		for id, s := range p.ground.Org.Suppliers {
			if s.Entity == "" || s.Entity == basic.Entity {
				all = append(all, id)
			}
		}
	} else {
		for id, person := range p.ground.Org.People {
			if person.Entity == basic.Entity && person.Active {
				all = append(all, id)
			}
		}
	}
	slices.Sort(all)
	return all
}
