package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/doctype"
)

// The limits of taking conditions apart; beyond them cases are samples.
const (
	variantsMax = 2000 // combinations of everything but the amount, for one requester
	amountsMax  = 300  // amounts tried of each
)

// cuts are the constants of all conditions of a policy.
type cuts struct {
	amounts  []int64 // to try, ascending
	totals   map[string][]int64
	texts    map[string][]string
	grades   []int64
	complete bool
}

func (c *proving) cut() (cuts, error) {
	all := cuts{totals: map[string][]int64{}, texts: map[string][]string{}, complete: true}
	var at []int64
	for _, when := range c.policy.conditions() {
		condition, err := c.policy.compile(when)
		if err != nil {
			return all, err
		}
		one := condition.Cuts()
		all.complete = all.complete && one.Complete
		at = append(at, one.Amounts...)
		all.grades = append(all.grades, one.Grades...)
		for category, amounts := range one.Totals {
			all.totals[category] = append(all.totals[category], amounts...)
		}
		for name, texts := range one.Texts {
			all.texts[name] = append(all.texts[name], texts...)
		}
	}
	for _, limit := range c.policy.Require {
		at = append(at, limit.From.Minor)
	}
	for _, amounts := range all.totals {
		at = append(at, amounts...)
	}
	all.amounts = neighbours(at)
	if len(all.amounts) > amountsMax {
		all.amounts, all.complete = all.amounts[:amountsMax], false
	}
	slices.Sort(all.grades)
	for category := range all.totals {
		all.texts["categories"] = append(all.texts["categories"], category)
	}
	for name, texts := range all.texts {
		slices.Sort(texts)
		all.texts[name] = slices.Compact(texts)
	}
	return all, nil
}

// neighbours lists each constant with its neighbours, the least amount, and one far above.
func neighbours(at []int64) []int64 {
	const plain = 100_000
	amounts, far := []int64{1}, int64(plain)
	for _, k := range at {
		amounts = append(amounts, k-1, k, k+1)
		far = max(far, k)
	}
	amounts = append(amounts, far*10)
	amounts = slices.DeleteFunc(amounts, func(minor int64) bool { return minor < 1 })
	slices.Sort(amounts)
	return slices.Compact(amounts)
}

// gradeOf folds a grade: all grades between two constants are one.
func (k cuts) gradeOf(grade int) int {
	at, exact := slices.BinarySearch(slices.Compact(slices.Clone(k.grades)), int64(grade))
	if exact {
		return 2*at + 1
	}
	return 2 * at
}

// variant is a request without its amount: a series of amounts is tried on it.
type variant struct {
	content document.Content
	lines   map[string]int64 // category → minor, present whatever the amount
	rest    string           // category of what is left of the amount; "" for none
	grows   []string         // where there is none: of those conditions ask only whether they are there
}

// variants combines everything that conditions can tell apart but the amount.
func (c *proving) variants(t *doctype.Type, who class) []variant {
	content := document.Content{Type: t.ID, Title: t.ID, Entity: who.entity, Department: who.department,
		Submitter: who.person, Requester: who.person, Currency: c.policy.Base, Urgency: document.Normal,
		Payee: document.Payee{Kind: document.PayeeEmployee, ID: who.person}, Fields: map[string]string{}}
	all := []variant{{content: content, lines: map[string]int64{}}}
	spread := func(n int, set func(v *variant, i int)) {
		var wider []variant
		for _, v := range all {
			for i := range n {
				one := v
				one.content.Fields, one.lines = maps.Clone(v.content.Fields), maps.Clone(v.lines)
				set(&one, i)
				wider = append(wider, one)
			}
		}
		if len(wider) > variantsMax {
			wider, c.cuts.complete = wider[:variantsMax], false
		}
		all = wider
	}
	if t.Payee == doctype.PayeeSupplier {
		payees := c.payees(who.entity)
		spread(len(payees), func(v *variant, i int) { v.content.Payee = payees[i] })
	}
	if len(c.cuts.texts["urgency"]) > 0 {
		both := []document.Urgency{document.Normal, document.Urgent}
		spread(len(both), func(v *variant, i int) { v.content.Urgency = both[i] })
	}
	if mentioned := c.cuts.texts["currency"]; len(mentioned) > 0 {
		currencies := c.currencies(t, mentioned)
		spread(len(currencies), func(v *variant, i int) { v.content.Currency = currencies[i] })
	}
	for _, f := range t.Fields {
		values := c.values(f)
		spread(len(values), func(v *variant, i int) { v.content.Fields[f.Name] = values[i] })
	}
	c.spreadCategories(t, spread)
	rest, grows := c.restOf(t), c.growing(t)
	if rest == "" && (len(grows) == 0 || c.policy.Aggregate != nil) {
		c.cuts.complete = false // the sums of the categories are all there is to make an amount of, or others add to it
	}
	for i := range all {
		all[i].rest, all[i].grows = rest, grows
	}
	return all
}

// payees are one supplier of each kind where conditions ask for kinds, else one.
func (c *proving) payees(entity string) []document.Payee {
	var payees []document.Payee
	seen := map[string]bool{}
	for _, id := range sortedKeys(c.org.Suppliers) {
		s := c.org.Suppliers[id]
		if s.Entity != "" && s.Entity != entity || seen[s.Kind] {
			continue
		}
		seen[s.Kind] = true
		payees = append(payees, document.Payee{Kind: document.PayeeSupplier, ID: id, Name: s.Name})
		if len(c.cuts.texts["supplier_kind"]) == 0 {
			break
		}
	}
	if len(payees) == 0 {
		payees = []document.Payee{{Kind: document.PayeeSupplier}}
	}
	return payees
}

// currencies are those that conditions name and the type allows, and one other.
func (c *proving) currencies(t *doctype.Type, mentioned []string) []money.Currency {
	var named, others []money.Currency
	for _, currency := range t.Currencies {
		if slices.Contains(mentioned, string(currency)) {
			named = append(named, currency)
		} else {
			others = append(others, currency)
		}
	}
	if len(others) > 0 {
		named = append(named, others[0])
	}
	if len(named) == 0 {
		named = []money.Currency{c.policy.Base}
	}
	return named
}

// values are what a field may hold that the policy can tell apart.
func (c *proving) values(f doctype.Field) []string {
	values := slices.Clone(c.cuts.texts["fields."+f.Name])
	asked := len(values) > 0 || slices.Contains(c.askedFields, f.Name) || c.reads(f)
	switch {
	case f.Kind == doctype.Choice:
		values = nil
		for _, o := range f.Options {
			values = append(values, o.ID)
		}
		if !asked && len(values) > 1 {
			values = values[:1]
		}
	case f.Kind == doctype.Person && asked:
		values = []string{c.someone}
	case asked && (f.Kind == doctype.Integer || f.Kind == doctype.Decimal || f.Kind == doctype.Money):
		values = numbers(f)
	case f.Kind == doctype.Date && asked:
		values = []string{"2026-06-30"}
	case asked:
		values = append(values, "another")
	}
	if !asked && len(values) > 0 || asked && f.Required {
		return values
	}
	return append(values, "")
}

// reads says whether any condition speaks of a field, in whatever way.
func (c *proving) reads(f doctype.Field) bool {
	return slices.ContainsFunc(c.policy.conditions(), func(when condition) bool {
		return strings.Contains(when.text, "fields."+f.Name)
	})
}

// numbers are some values of a field that holds a number: its bounds and the small
// ones between. What a condition makes of them is sampled, never proved.
func numbers(f doctype.Field) []string {
	least, most := int64(0), int64(1_000_000)
	if n, err := strconv.ParseInt(f.Min, 10, 64); err == nil {
		least = n
	}
	if n, err := strconv.ParseInt(f.Max, 10, 64); err == nil {
		most = max(n, least)
	}
	values := []string{strconv.FormatInt(least, 10)}
	for n := least + 1; n <= min(least+5, most-1); n++ {
		values = append(values, strconv.FormatInt(n, 10))
	}
	if most > least {
		values = append(values, strconv.FormatInt(most, 10))
	}
	return values
}

// spreadCategories tries each category that conditions speak of, absent and
// present, and with each amount that they compare its total with.
func (c *proving) spreadCategories(t *doctype.Type, spread func(int, func(*variant, int))) {
	for _, category := range c.cuts.texts["categories"] {
		if _, ok := t.Category(category); !ok {
			continue
		}
		amounts := []int64{1}
		if at := c.cuts.totals[category]; len(at) > 0 {
			amounts = neighbours(at)
		}
		spread(len(amounts)+1, func(v *variant, i int) {
			if i > 0 {
				v.lines[category] = amounts[i-1]
			}
		})
	}
}

// restOf is a category that no condition speaks of.
func (c *proving) restOf(t *doctype.Type) string {
	for _, category := range t.Categories {
		if !slices.Contains(c.cuts.texts["categories"], category.ID) {
			return category.ID
		}
	}
	if len(t.Categories) == 0 {
		return "other"
	}
	return ""
}

// growing are the categories of which no condition asks the sum.
func (c *proving) growing(t *doctype.Type) []string {
	var grows []string
	for _, category := range t.Categories {
		if len(c.cuts.totals[category.ID]) == 0 {
			grows = append(grows, category.ID)
		}
	}
	return grows
}

// at is the request over an amount; false where its lines cannot add up to it.
func (v variant) at(minor int64, base money.Currency) (document.Content, bool) {
	c := v.content
	left := minor
	for _, category := range sortedKeys(v.lines) {
		left -= v.lines[category]
		c.Lines = append(c.Lines, line(category, v.lines[category], c.Currency))
	}
	if left > 0 && v.rest == "" {
		grown := slices.IndexFunc(c.Lines, func(l document.Line) bool { return slices.Contains(v.grows, l.Category) })
		if grown < 0 {
			return c, false
		}
		c.Lines[grown].Amount.Minor, left = c.Lines[grown].Amount.Minor+left, 0
	}
	if left < 0 {
		return c, false
	}
	if left > 0 {
		c.Lines = append(c.Lines, line(v.rest, left, c.Currency))
	}
	for i := range c.Lines {
		c.Lines[i].No = i + 1
	}
	c.Total, c.BaseTotal = money.Amount{Minor: minor, Currency: c.Currency}, money.Amount{Minor: minor, Currency: base}
	if c.Currency != base {
		c.Rate = &document.Rate{Currency: c.Currency, Base: base, Value: "1", Source: "proof"}
	}
	return c, true
}

func line(category string, minor int64, currency money.Currency) document.Line {
	amount := money.Amount{Minor: minor, Currency: currency}
	return document.Line{Category: category, Amount: amount, Tax: money.Zero(currency)}
}

// cell is one request and what its steps need.
type cell struct {
	content document.Content
	needs   []approval.Need
}

// pattern is all cells whose steps need the same; the first stands for them.
type pattern struct {
	cell
	humans int // that the policy requires of it
}

func (p pattern) key() string { return fmt.Sprint(p.needs, p.humans) }

// series routes one variant over all amounts.
func (c *proving) series(v variant, who class) []cell {
	snapshot := c.around(who.entity, who.department, who.person)
	var cells []cell
	for _, minor := range c.cuts.amounts {
		content, ok := v.at(minor, c.policy.Base)
		if !ok {
			continue
		}
		plan, err := routeOf(c.policy, content, snapshot)
		c.try(ClaimDecided, 0, c.cuts.complete && c.fixed)
		if err != nil {
			c.deadEnd(err, content)
			continue
		}
		one := cell{content: content}
		for i, s := range plan.Steps {
			one.needs = append(one.needs, s.Need)
			c.needed[i] = c.needed[i] || s.Need == approval.NeedsPeople
		}
		cells = append(cells, one)
	}
	return cells
}
