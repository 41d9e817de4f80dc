package booking

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/expr"
	"github.com/countersign/countersign/policy/source"
)

var (
	idText      = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	accountText = regexp.MustCompile(`^[0-9A-Za-z._-]{1,32}$`)
	// journalText has blanks inside and any script: ERPNext's are called «Bank Entry».
	journalText  = regexp.MustCompile(`^[\p{L}\p{N}._-](?:[\p{L}\p{N}._ -]{0,30}[\p{L}\p{N}._-])?$`)
	placeholder  = regexp.MustCompile(`\{[^{}]*\}`)
	placeholders = []string{"{number}", "{title}", "{type}", "{payee}", "{requester}", "{department}", "{entity}"}
	// onlyExpressions is what no plain value is like.
	onlyExpressions = regexp.MustCompile(`^= .+`)
	costCenters     = []string{FromLine, FromDocument, FromDepartment, FromNowhere}
)

type mappingYAML struct {
	Mapping    string                       `yaml:"mapping,required"`
	Type       string                       `yaml:"type,required"`
	Journal    string                       `yaml:"journal,required"`
	Text       string                       `yaml:"text,required"`
	Debit      map[string]string            `yaml:"debit,required"`
	Default    string                       `yaml:"default"`
	Tax        string                       `yaml:"tax"`
	TaxCode    string                       `yaml:"tax_code"`
	Credit     string                       `yaml:"credit,required"`
	CostCenter string                       `yaml:"cost_center"`
	Advance    string                       `yaml:"advance"`
	Owed       string                       `yaml:"owed"`
	DebitParty string                       `yaml:"debit_party"`
	Party      string                       `yaml:"party"`
	Taxes      []TaxRule                    `yaml:"taxes"`
	Dimensions map[string]map[string]string `yaml:"dimensions"`
	Tables     map[string]map[string]string `yaml:"tables"`
	Settlement Settlement                   `yaml:"settlement"`
	Entities   map[string]rulesYAML         `yaml:"entities"`
}

type rulesYAML struct {
	Journal    string            `yaml:"journal"`
	Text       string            `yaml:"text"`
	Debit      map[string]string `yaml:"debit"`
	Default    string            `yaml:"default"`
	Tax        string            `yaml:"tax"`
	TaxCode    string            `yaml:"tax_code"`
	Credit     string            `yaml:"credit"`
	CostCenter string            `yaml:"cost_center"`

	Advance    string `yaml:"advance"`
	Owed       string `yaml:"owed"`
	DebitParty string `yaml:"debit_party"`

	Party      string                       `yaml:"party"`
	Taxes      []TaxRule                    `yaml:"taxes"`
	Dimensions map[string]map[string]string `yaml:"dimensions"`
	Tables     map[string]map[string]string `yaml:"tables"`
	Settlement Settlement                   `yaml:"settlement"`
}

// ofAll are the rules that hold for every entity.
func (raw mappingYAML) ofAll() rulesYAML {
	return rulesYAML{
		Journal: raw.Journal, Text: raw.Text, Debit: raw.Debit, Default: raw.Default, Tax: raw.Tax, TaxCode: raw.TaxCode,
		Credit: raw.Credit, CostCenter: raw.CostCenter, Advance: raw.Advance, Owed: raw.Owed, DebitParty: raw.DebitParty,
		Party: raw.Party, Taxes: raw.Taxes, Dimensions: raw.Dimensions, Tables: raw.Tables, Settlement: raw.Settlement,
	}
}

type reading struct {
	text     *source.Text
	faults   []*fault.Fault
	formulas formulas
}

// Parse reads a mapping strictly.
//
// Errors: faults yaml.* and booking.*, all at once, each with file, line and column.
func Parse(name string, yaml []byte) (*Mapping, error) {
	var raw mappingYAML
	text, err := source.Read(name, yaml, &raw)
	if err != nil {
		return nil, err
	}
	r := &reading{text: text, formulas: formulas{}}
	m := &Mapping{ID: raw.Mapping, Type: raw.Type, text: text, formulas: r.formulas, Entities: map[string]Rules{}}
	r.match("mapping", raw.Mapping, idText)
	r.match("type", raw.Type, idText)
	m.Rules = r.rules("", raw.ofAll())
	for entity, over := range raw.Entities {
		m.Entities[entity] = r.rules("entities."+entity+".", over)
	}
	r.tablesNamed(m)
	slices.SortStableFunc(r.faults, func(a, b *fault.Fault) int { return strings.Compare(a.Field, b.Field) })
	if len(r.faults) > 0 {
		return nil, fault.Join(r.faults)
	}
	return m, nil
}

func (r *reading) bad(path, value, known string) {
	r.faults = append(r.faults, r.text.Fault("booking.bad_value", path,
		fault.Arg("value", value), fault.Arg("known", known)))
}

func (r *reading) match(path, value string, pattern *regexp.Regexp) {
	if _, written := r.text.At[path]; written && !pattern.MatchString(value) {
		r.bad(path, value, pattern.String())
	}
}

// compiler is expr.CompileText or expr.CompileTest.
type compiler func(expr.Place, string) (*expr.Formula, error)

// formula compiles an expression, and remembers it by its path.
func (r *reading) formula(path, written string, compile compiler, place expr.Place) {
	before, _, _ := strings.Cut(written, expressionOf(written))
	expression := strings.TrimPrefix(written, before)
	made, err := compile(place, expression)
	if err == nil {
		r.formulas[path] = made
		return
	}
	line, column, words := 1, 1, err.Error()
	if at := new(expr.Error); errors.As(err, &at) {
		line, column, words = at.Line, at.Column, at.Words
	}
	if line == 1 {
		column += utf8.RuneCountInString(before)
	}
	r.faults = append(r.faults, r.text.FaultAt("booking.bad_expression", path, r.text.Inside(path, line, column),
		fault.Arg("expression", expression), fault.Arg("words", words)))
}

// value holds a value against its pattern, or compiles it where it is an expression.
func (r *reading) value(path, value string, pattern *regexp.Regexp, place expr.Place) {
	if expressionOf(value) != "" {
		r.formula(path, value, expr.CompileText, place)
		return
	}
	r.match(path, value, pattern)
}

func (r *reading) rules(path string, raw rulesYAML) Rules {
	for category, account := range raw.Debit {
		r.value(path+"debit."+category, account, accountText, expr.OfLine)
	}
	r.value(path+"default", raw.Default, accountText, expr.OfLine)
	r.value(path+"tax", raw.Tax, accountText, expr.OfLine)
	for key, value := range map[string]string{"credit": raw.Credit, "advance": raw.Advance, "owed": raw.Owed,
		"settlement.bank": raw.Settlement.Bank,
		"settlement.gain": raw.Settlement.Gain, "settlement.loss": raw.Settlement.Loss} {
		r.value(path+key, value, accountText, expr.OfDocument)
	}
	r.match(path+"tax_code", raw.TaxCode, accountText)
	r.match(path+"journal", raw.Journal, journalText)
	r.match(path+"settlement.journal", raw.Settlement.Journal, journalText)
	r.costCenter(path+"cost_center", raw.CostCenter)
	if raw.DebitParty != "" && raw.DebitParty != PartyPayee {
		r.bad(path+"debit_party", raw.DebitParty, PartyPayee)
	}
	r.value(path+"party", raw.Party, onlyExpressions, expr.OfDocument)
	r.template(path+"text", raw.Text)
	r.template(path+"settlement.text", raw.Settlement.Text)
	r.taxRules(path, raw.Taxes)
	r.dimensionRules(path, raw.Dimensions)
	r.tables(path, raw.Tables)
	if _, written := r.text.At[path+"settlement"]; written && raw.Settlement.Bank == "" && path == "" {
		r.faults = append(r.faults, r.text.Fault("yaml.missing_key", "settlement", fault.Arg("key", "bank")))
	}
	return Rules(raw)
}

func (r *reading) costCenter(path, value string) {
	switch {
	case expressionOf(value) != "":
		r.formula(path, value, expr.CompileText, expr.OfLine)
	case value != "" && !slices.Contains(costCenters, value):
		r.bad(path, value, strings.Join(costCenters, ", ")+", = …")
	}
}

// template holds a text against the placeholders there are.
func (r *reading) template(path, text string) {
	if expressionOf(text) != "" {
		r.formula(path, text, expr.CompileText, expr.OfDocument)
		return
	}
	for _, p := range placeholder.FindAllString(text, -1) {
		if !slices.Contains(placeholders, p) {
			r.bad(path, p, strings.Join(placeholders, " "))
		}
	}
}

func (r *reading) taxRules(path string, rules []TaxRule) {
	for n, rule := range rules {
		at := path + "taxes[" + strconv.Itoa(n) + "]"
		if rule.When != "" {
			r.formula(at+".when", rule.When, expr.CompileTest, expr.OfLine)
		}
		sum := int64(0)
		for i, part := range rule.Parts {
			one := at + ".parts[" + strconv.Itoa(i) + "]"
			r.value(one+".account", part.Account, accountText, expr.OfLine)
			r.match(one+".code", part.Code, accountText)
			r.match(one+".share", part.Share, shareText)
			sum += part.share()
		}
		if sum > wholeShare {
			share := strconv.FormatFloat(float64(sum)/(wholeShare/100), 'f', -1, 64) + "%"
			r.faults = append(r.faults, r.text.Fault("booking.too_much_tax", at+".parts", fault.Arg("share", share)))
		}
	}
}

func (r *reading) dimensionRules(path string, rules map[string]map[string]string) {
	for rule, byName := range rules {
		at, place := path+"dimensions."+rule, expr.OfDocument
		if rule == ruleDebit || rule == ruleTax {
			place = expr.OfLine
		}
		if !slices.Contains(dimensioned(), rule) {
			r.bad(at, rule, strings.Join(dimensioned(), ", "))
		}
		if len(byName) > DimensionsMax {
			r.faults = append(r.faults, r.text.Fault("yaml.too_many", at, fault.Arg("max", strconv.Itoa(DimensionsMax))))
		}
		for name, value := range byName {
			if !idText.MatchString(name) {
				r.bad(at+"."+name, name, idText.String())
			}
			r.value(at+"."+name, value, dimensionText, place)
		}
	}
}

func (r *reading) tables(path string, tables map[string]map[string]string) {
	for name := range tables {
		if !idText.MatchString(name) {
			r.bad(path+"tables."+name, name, idText.String())
		}
	}
}

// tablesNamed refuses expressions that look something up in a table that is nowhere.
func (r *reading) tablesNamed(m *Mapping) {
	known := slices.Collect(maps.Keys(m.Rules.Tables))
	for _, own := range m.Entities {
		known = slices.AppendSeq(known, maps.Keys(own.Tables))
	}
	for path, f := range r.formulas {
		for _, named := range [2]struct {
			uses  []expr.FieldUse
			known []string
		}{{f.Tables(), known}, {f.MasterTables(), MasterTables()}} {
			for _, use := range named.uses {
				if slices.Contains(named.known, use.Name) {
					continue
				}
				r.faults = append(r.faults, r.text.Fault("booking.unknown_table", path,
					fault.Arg("table", use.Name), fault.Arg("nearest", source.Nearest(use.Name, named.known))))
			}
		}
	}
}

// MasterTables are the look-ups that the ERP's master data offers: what is there by
// its name there, as its code.
func MasterTables() []string {
	return []string{"accounts", "parties", "cost_centers"}
}

// ReadsMaster says whether a mapping looks anything up in the ERP's master data.
func (m *Mapping) ReadsMaster() bool {
	for _, f := range m.formulas {
		if f.SpeaksOf("master") {
			return true
		}
	}
	return false
}

// Check answers with what a mapping lacks for a document type: every category
// must have an account in every entity, no category may be mistyped, and a type
// that settles advances needs the account that they stand on.
func Check(m *Mapping, t *doctype.Type) []*fault.Fault {
	var found []*fault.Fault
	if m.Type != t.ID {
		found = append(found, m.text.Fault("booking.wrong_type", "type", fault.Arg("type", m.Type), fault.Arg("want", t.ID)))
	}
	if t.Offsets != "" && m.Rules.Advance == "" {
		found = append(found, m.text.Fault("booking.no_advance_account", "advance", fault.Arg("number", t.ID)))
	}
	found = append(found, m.mistyped("debit", m.Rules, t)...)
	for _, entity := range append([]string{""}, slices.Sorted(maps.Keys(m.Entities))...) {
		path := "debit"
		if entity != "" {
			path = "entities." + entity + ".debit"
			found = append(found, m.mistyped(path, m.Entities[entity], t)...)
		}
		for _, c := range t.Categories {
			if m.For(entity).Account(c.ID) == "" {
				found = append(found, m.text.Fault("booking.unmapped_category", path+"."+c.ID,
					fault.Arg("category", c.ID), fault.Arg("entity", entity)))
			}
		}
	}
	return found
}

func (m *Mapping) mistyped(path string, rules Rules, t *doctype.Type) []*fault.Fault {
	var known []string
	for _, c := range t.Categories {
		known = append(known, c.ID)
	}
	var found []*fault.Fault
	for _, category := range slices.Sorted(maps.Keys(rules.Debit)) {
		if !slices.Contains(known, category) {
			found = append(found, m.text.Fault("booking.unknown_category", path+"."+category,
				fault.Arg("category", category), fault.Arg("nearest", source.Nearest(category, known))))
		}
	}
	return found
}
