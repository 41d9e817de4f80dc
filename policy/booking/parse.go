package booking

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/source"
)

var (
	idText       = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	accountText  = regexp.MustCompile(`^[0-9A-Za-z._-]{1,32}$`)
	placeholder  = regexp.MustCompile(`\{[^{}]*\}`)
	placeholders = []string{"{number}", "{title}", "{type}", "{payee}", "{requester}", "{department}", "{entity}"}
	costCenters  = []string{FromLine, FromDocument, FromDepartment, FromNowhere}
)

type mappingYAML struct {
	Mapping    string               `yaml:"mapping,required"`
	Type       string               `yaml:"type,required"`
	Journal    string               `yaml:"journal,required"`
	Text       string               `yaml:"text,required"`
	Debit      map[string]string    `yaml:"debit,required"`
	Default    string               `yaml:"default"`
	Tax        string               `yaml:"tax"`
	TaxCode    string               `yaml:"tax_code"`
	Credit     string               `yaml:"credit,required"`
	CostCenter string               `yaml:"cost_center"`
	Advance    string               `yaml:"advance"`
	Owed       string               `yaml:"owed"`
	DebitParty string               `yaml:"debit_party"`
	Entities   map[string]rulesYAML `yaml:"entities"`
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
}

type reading struct {
	text   *source.Text
	faults []*fault.Fault
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
	r := &reading{text: text}
	m := &Mapping{ID: raw.Mapping, Type: raw.Type, text: text, Entities: map[string]Rules{}}
	r.match("mapping", raw.Mapping, idText)
	r.match("type", raw.Type, idText)
	m.Rules = r.rules("", rulesYAML{
		Journal: raw.Journal, Text: raw.Text, Debit: raw.Debit, Default: raw.Default, Tax: raw.Tax, TaxCode: raw.TaxCode,
		Credit: raw.Credit, CostCenter: raw.CostCenter, Advance: raw.Advance, Owed: raw.Owed, DebitParty: raw.DebitParty,
	})
	for entity, over := range raw.Entities {
		m.Entities[entity] = r.rules("entities."+entity+".", over)
	}
	slices.SortFunc(r.faults, func(a, b *fault.Fault) int { return strings.Compare(a.Field, b.Field) })
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

func (r *reading) rules(path string, raw rulesYAML) Rules {
	for category, account := range raw.Debit {
		r.match(path+"debit."+category, account, accountText)
	}
	for key, value := range map[string]string{"journal": raw.Journal, "default": raw.Default, "tax": raw.Tax,
		"tax_code": raw.TaxCode, "credit": raw.Credit, "advance": raw.Advance, "owed": raw.Owed} {
		r.match(path+key, value, accountText)
	}
	if raw.CostCenter != "" && !slices.Contains(costCenters, raw.CostCenter) {
		r.bad(path+"cost_center", raw.CostCenter, strings.Join(costCenters, ", "))
	}
	if raw.DebitParty != "" && raw.DebitParty != PartyPayee {
		r.bad(path+"debit_party", raw.DebitParty, PartyPayee)
	}
	for _, p := range placeholder.FindAllString(raw.Text, -1) {
		if !slices.Contains(placeholders, p) {
			r.bad(path+"text", p, strings.Join(placeholders, " "))
		}
	}
	return Rules(raw)
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
