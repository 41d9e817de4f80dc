package doctype

import (
	"slices"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

// Rates finds the exchange rate of a day: 1 unit of from is Value units of to.
type Rates func(from, to money.Currency) (document.Rate, bool)

// Complete fills in what the house knows better than the submitter: line
// numbers, totals, the frozen payee and rate, and every field of the type, empty
// where nothing was said. The content given is not changed, and may have any
// standard it likes: what the lines might cost is measured here.
//
// Errors: Invalid document.unknown_entity, document.unknown_person,
// document.unknown_supplier, document.missing, document.no_rate, line.over_standard and
// line.no_standard for every line that it holds of, or money's own.
func Complete(t *Type, c document.Content, snapshot *org.Snapshot, rates Rates) (document.Content, error) {
	entity, ok := snapshot.Entities[c.Entity]
	if !ok {
		return document.Content{}, fault.New(fault.Invalid, "document.unknown_entity",
			fault.Field("entity"), fault.Arg("entity", shown(c.Entity)))
	}
	var err error
	if c.Payee, err = frozenPayee(t, c, snapshot); err != nil {
		return document.Content{}, err
	}
	c = c.Unclaimed() // what was approved of an earlier round is the claim of this one
	c.Lines = numbered(c)
	c.Fields = filled(t, c)
	if c.CostCenter == "" {
		c.CostCenter = costCenter(c, snapshot)
	}
	amounts := make([]money.Amount, 0, len(c.Lines))
	for _, l := range c.Lines {
		amounts = append(amounts, l.Amount)
	}
	if c.Total, err = money.Sum(c.Currency, amounts...); err != nil {
		return document.Content{}, err
	}
	if c, err = converted(c, money.Currency(entity.Currency), rates); err != nil {
		return document.Content{}, err
	}
	return measured(t, c, snapshot)
}

// frozenPayee takes name and account from the organisation, never from the request.
func frozenPayee(t *Type, c document.Content, snapshot *org.Snapshot) (document.Payee, error) {
	if t.Payee == PayeeNone {
		return document.Payee{}, nil
	}
	if t.Payee == PayeeSelf {
		p, ok := snapshot.People[c.Requester]
		if !ok {
			return document.Payee{}, fault.New(fault.Invalid, "document.unknown_person",
				fault.Field("requester"), fault.Arg("person", shown(c.Requester)))
		}
		return document.Payee{Kind: document.PayeeEmployee, ID: p.ID, Name: p.Name}, nil
	}
	if c.Payee.ID == "" {
		return document.Payee{}, fault.New(fault.Invalid, "document.missing", fault.Field("payee"))
	}
	s, ok := snapshot.Suppliers[c.Payee.ID]
	if !ok {
		return document.Payee{}, fault.New(fault.Invalid, "document.unknown_supplier",
			fault.Field("payee"), fault.Arg("supplier", shown(c.Payee.ID)))
	}
	return document.Payee{Kind: document.PayeeSupplier, ID: s.ID, Name: s.Name, Account: s.Account}, nil
}

func numbered(c document.Content) []document.Line {
	lines := slices.Clone(c.Lines)
	for i := range lines {
		lines[i].No = i + 1
		if lines[i].Tax.Currency == "" && lines[i].Tax.Minor == 0 {
			lines[i].Tax = money.Zero(c.Currency)
		}
	}
	return lines
}

func filled(t *Type, c document.Content) map[string]string {
	fields := make(map[string]string, len(t.Fields))
	for _, f := range t.Fields {
		fields[f.Name] = f.canonical(c.Fields[f.Name], c.Currency)
	}
	return fields
}

// costCenter is the requester's own, else their department's.
func costCenter(c document.Content, snapshot *org.Snapshot) string {
	requester := snapshot.People[c.Requester]
	if requester.CostCenter != "" && requester.Department == c.Department {
		return requester.CostCenter
	}
	return snapshot.Departments[c.Department].CostCenter
}

func converted(c document.Content, base money.Currency, rates Rates) (document.Content, error) {
	c.Rate = nil
	if c.Currency == base {
		c.BaseTotal = c.Total
		return c, nil
	}
	var rate document.Rate
	known := false
	if rates != nil {
		rate, known = rates(c.Currency, base)
	}
	if !known {
		return document.Content{}, fault.New(fault.Invalid, "document.no_rate", fault.Field("currency"),
			fault.Arg("from", string(c.Currency)), fault.Arg("to", string(base)))
	}
	rate.Currency, rate.Base = c.Currency, base
	var err error
	if c.BaseTotal, err = c.Total.At(rate.Value, base); err != nil {
		return document.Content{}, err
	}
	c.Rate = &rate
	return c, nil
}
