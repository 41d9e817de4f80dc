package policy

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math/bits"
	"math/rand/v2"
	"regexp"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy/doctype"
)

// What documents are made of, in per cent.
const (
	atAnEdge    = 25 // amounts just at, below or above a threshold of either policy
	foreign     = 10 // in another currency than the entity's
	urgent      = 10
	onBehalf    = 10 // entered by somebody else
	fieldFilled = 60 // of the fields that may stay empty
)

// monthly is how many documents each person asks for in thirty days.
const monthly = 4

// generatedFrom is when the first one is asked for.
var generatedFrom = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	generatedLinesMax = 3
	generatedSmallest = 1_000       // minor units
	generatedLargest  = 500_000_000 // likewise; the type's own maximum is kept
)

// GenerateInput says from what documents are made.
type GenerateInput struct {
	Policies []*Policy // whose thresholds are worth trying
	Types    Types
	Org      *org.Snapshot
	Rates    doctype.Rates
	Seed     uint64
}

// Generator makes documents that the policies could meet: the same seed gives
// the same documents. 模拟单据
type Generator struct {
	in        GenerateInput
	types     []*doctype.Type
	people    []org.Person // active, by id
	suppliers []org.Supplier
	edges     []money.Amount
}

var moneyLiteral = regexp.MustCompile(`money\("([0-9.]+)"\)`)

// NewGenerator gathers what documents are made of.
//
// Errors: Invalid policy.unused where no document type goes by the policies;
// organisation.none where nobody works there.
func NewGenerator(in GenerateInput) (*Generator, error) {
	g := &Generator{in: in}
	for _, id := range slices.Sorted(maps.Keys(in.Types)) {
		if slices.ContainsFunc(in.Policies, func(p *Policy) bool { return in.Types[id].Policy == p.ID }) {
			g.types = append(g.types, in.Types[id])
		}
	}
	if len(g.types) == 0 {
		return nil, in.Policies[0].text.Fault("policy.unused", "policy", fault.Arg("policy", in.Policies[0].ID))
	}
	for _, id := range slices.Sorted(maps.Keys(in.Org.People)) {
		if p := in.Org.People[id]; p.Active && in.Org.Entities[p.Entity].ID != "" {
			g.people = append(g.people, p)
		}
	}
	if len(g.people) == 0 {
		return nil, fault.New(fault.NotFound, "organisation.none")
	}
	for _, id := range slices.Sorted(maps.Keys(in.Org.Suppliers)) {
		g.suppliers = append(g.suppliers, in.Org.Suppliers[id])
	}
	for _, p := range in.Policies {
		for _, when := range p.conditions() {
			for _, found := range moneyLiteral.FindAllStringSubmatch(when.text, -1) {
				if edge, err := money.Parse(found[1], p.Base); err == nil {
					g.edges = append(g.edges, edge)
				}
			}
		}
	}
	return g, nil
}

// Cases makes so many documents, one when it is asked for.
func (g *Generator) Cases(n int) iter.Seq2[Case, error] {
	return func(yield func(Case, error) bool) {
		for i := range n {
			if !yield(g.Case(i)) {
				return
			}
		}
	}
}

// Case makes the document of a number.
func (g *Generator) Case(n int) (Case, error) {
	draw := rand.New(rand.NewPCG(g.in.Seed, uint64(n))) //nolint:gosec // repeatable on purpose, and no secret
	t := pick(draw, g.types)
	requester := pick(draw, g.people)
	entity := g.in.Org.Entities[requester.Entity]
	c := document.Content{Type: t.ID, Title: fmt.Sprintf("%s %d", t.ID, n), Reason: "simulation", Entity: entity.ID,
		Department: requester.Department, CostCenter: g.costCenter(requester), Submitter: requester.ID,
		Requester: requester.ID, Urgency: document.Normal, Payee: g.payee(draw, t, requester)}
	if chance(draw, urgent) {
		c.Urgency = document.Urgent
	}
	if chance(draw, onBehalf) {
		c.Submitter = pick(draw, g.people).ID
	}
	base := money.Currency(entity.Currency)
	c.Currency = g.currency(draw, t, base)
	c.Total = g.amount(draw, t, c.Currency)
	c.Fields = g.fields(draw, t)
	var err error
	if c.Lines, err = lines(draw, t, c.Total); err != nil {
		return Case{}, err
	}
	c.BaseTotal = c.Total
	if c.Currency != base {
		rate, _ := g.in.Rates(c.Currency, base)
		rate.Currency, rate.Base = c.Currency, base
		c.Rate = &rate
		c.BaseTotal, err = c.Total.At(rate.Value, base)
	}
	return Case{N: n, Number: fmt.Sprintf("SIM-%06d", n+1), Content: c, At: g.at(n)}, err
}

// at spreads the documents evenly over time.
func (g *Generator) at(n int) time.Time {
	return generatedFrom.Add(time.Duration(n) * (30 * 24 * time.Hour / time.Duration(monthly*len(g.people))))
}

func (g *Generator) costCenter(p org.Person) string {
	return cmp.Or(p.CostCenter, g.in.Org.Departments[p.Department].CostCenter)
}

func (g *Generator) payee(draw *rand.Rand, t *doctype.Type, requester org.Person) document.Payee {
	switch {
	case t.Payee == doctype.PayeeSelf:
		return document.Payee{Kind: document.PayeeEmployee, ID: requester.ID, Name: requester.Name}
	case t.Payee == doctype.PayeeSupplier && len(g.suppliers) > 0:
		s := pick(draw, g.suppliers)
		return document.Payee{Kind: document.PayeeSupplier, ID: s.ID, Name: s.Name, Account: s.Account}
	}
	return document.Payee{}
}

// currency is mostly the entity's own, else one of the type's whose rate is known.
func (g *Generator) currency(draw *rand.Rand, t *doctype.Type, base money.Currency) money.Currency {
	if chance(draw, foreign) && g.in.Rates != nil && len(t.Currencies) > 0 {
		other := pick(draw, t.Currencies)
		if _, known := g.in.Rates(other, base); known {
			return other
		}
	}
	return base
}

// amount lies at a threshold, or anywhere between the smallest and the largest,
// with as many small ones as there are documents of ten times their size.
func (g *Generator) amount(draw *rand.Rand, t *doctype.Type, c money.Currency) money.Amount {
	largest := int64(generatedLargest)
	if limit, err := money.Parse(t.Limits.MaxAmount, c); err == nil && limit.Minor > 0 {
		largest = min(largest, limit.Minor)
	}
	if chance(draw, atAnEdge) && len(g.edges) > 0 {
		edge := pick(draw, g.edges)
		minor := edge.Minor + draw.Int64N(3) - 1
		if edge.Currency == c && minor > 0 && minor <= largest {
			return money.Amount{Minor: minor, Currency: c}
		}
	}
	smallest := min(int64(generatedSmallest), largest)
	from, to := bits.Len64(uint64(smallest)), bits.Len64(uint64(largest))
	low := int64(1) << (from + draw.IntN(to-from+1) - 1)
	return money.Amount{Minor: max(smallest, min(largest, low+draw.Int64N(low))), Currency: c}
}

func (g *Generator) fields(draw *rand.Rand, t *doctype.Type) map[string]string {
	fields := make(map[string]string, len(t.Fields))
	for _, f := range t.Fields {
		fields[f.Name] = ""
		if !f.Required && !chance(draw, fieldFilled) {
			continue
		}
		switch f.Kind {
		case doctype.Choice:
			fields[f.Name] = pick(draw, f.Options).ID
		case doctype.Person:
			fields[f.Name] = pick(draw, g.people).ID
		case doctype.Supplier:
			if len(g.suppliers) > 0 {
				fields[f.Name] = pick(draw, g.suppliers).ID
			}
		case doctype.Date:
			fields[f.Name] = "2026-06-30"
		case doctype.Text:
			fields[f.Name] = "simulation"
		}
	}
	return fields
}

// lines spread a total over one line or a few.
func lines(draw *rand.Rand, t *doctype.Type, total money.Amount) ([]document.Line, error) {
	weights := make([]int64, 1+draw.IntN(generatedLinesMax))
	for i := range weights {
		weights[i] = 1 + draw.Int64N(9)
	}
	parts, err := total.Allocate(weights)
	if err != nil {
		return nil, err
	}
	all := make([]document.Line, len(parts))
	for i, part := range parts {
		all[i] = document.Line{No: i + 1, Description: "simulation", Amount: part, Tax: money.Zero(part.Currency)}
		if t.LineDates {
			all[i].Date = "2026-06-30"
		}
		if len(t.Categories) > 0 {
			all[i].Category = pick(draw, t.Categories).ID
		}
	}
	return all, nil
}

func chance(draw *rand.Rand, percent int) bool { return draw.IntN(100) < percent }

func pick[T any](draw *rand.Rand, from []T) T { return from[draw.IntN(len(from))] }
