package doctype

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy/source"
)

var (
	idText     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	prefixText = regexp.MustCompile(`^[A-Z]{2,6}$`)
	rateText   = regexp.MustCompile(`^(0|[1-9][0-9]?)(\.[0-9]{1,2})?$`)
	locales    = []string{"en", "zh-CN"}
)

type typeYAML struct {
	Type         string            `yaml:"type,required"`
	Title        map[string]string `yaml:"title,required"`
	NumberPrefix string            `yaml:"number_prefix,required"`
	Policy       string            `yaml:"policy,required"`
	Mapping      string            `yaml:"mapping"`
	Payee        string            `yaml:"payee,required"`
	Currencies   []string          `yaml:"currencies,required"`
	Fields       []fieldYAML       `yaml:"fields"`
	Categories   []categoryYAML    `yaml:"categories,required"`
	Limits       limitsYAML        `yaml:"limits"`
	Attachments  string            `yaml:"attachments"`
	LineDates    bool              `yaml:"line_dates"`

	LinesOptional bool       `yaml:"lines_optional"`
	OwnCurrency   bool       `yaml:"own_currency"`
	Offsets       string     `yaml:"offsets"`
	Cities        []cityYAML `yaml:"cities"`
}

type categoryYAML struct {
	ID           string            `yaml:"id,required"`
	Title        map[string]string `yaml:"title,required"`
	NeedsInvoice bool              `yaml:"needs_invoice"`
	TaxRates     []string          `yaml:"tax_rates"`
	Standard     standardYAML      `yaml:"standard"`
}

type limitsYAML struct {
	MaxLines  int    `yaml:"max_lines"`
	MaxAmount string `yaml:"max_amount"`
}

type reading struct {
	text   *source.Text
	faults []*fault.Fault
}

// Places is where everything stands in the text of a type, for who finds fault with it
// beside what it says itself.
//
// Errors: faults yaml.*, as Parse.
func Places(name string, yaml []byte) (*source.Text, error) {
	var raw typeYAML
	return source.Read(name, yaml, &raw)
}

// Parse reads a document type strictly.
//
// Errors: faults yaml.* and type.*, all at once, each with file, line and column.
func Parse(name string, yaml []byte) (*Type, error) {
	var raw typeYAML
	text, err := source.Read(name, yaml, &raw)
	if err != nil {
		return nil, err
	}
	r := &reading{text: text}
	t := r.read(raw)
	if len(r.faults) > 0 {
		return nil, fault.Join(r.faults)
	}
	return t, nil
}

func (r *reading) refuse(code, path string, details ...fault.Detail) {
	r.faults = append(r.faults, r.text.Fault(code, path, details...))
}

func (r *reading) bad(path, value, known string) {
	r.refuse("type.bad_value", path, fault.Arg("value", value), fault.Arg("known", known))
}

func (r *reading) read(raw typeYAML) *Type {
	t := &Type{
		ID: r.id("type", raw.Type), Title: r.title("title", raw.Title), NumberPrefix: raw.NumberPrefix,
		Policy: r.id("policy", raw.Policy), Mapping: r.idOrNone("mapping", raw.Mapping), Payee: raw.Payee,
		Currencies: r.currencies(raw.Currencies), Limits: r.limits(raw),
		Attachments: cmp.Or(raw.Attachments, AttachmentsOptional), LineDates: raw.LineDates,
		LinesOptional: raw.LinesOptional, OwnCurrency: raw.OwnCurrency, Offsets: r.idOrNone("offsets", raw.Offsets),
		Fields: []Field{}, Categories: []Category{},
	}
	if !prefixText.MatchString(raw.NumberPrefix) {
		r.bad("number_prefix", raw.NumberPrefix, "2 to 6 of A-Z")
	}
	r.oneOf("payee", raw.Payee, PayeeSelf, PayeeSupplier, PayeeNone)
	r.oneOf("attachments", t.Attachments, AttachmentsOptional, AttachmentsRequired)
	for i, c := range raw.Cities {
		t.Cities = append(t.Cities, r.city("cities["+strconv.Itoa(i)+"]", c))
	}
	for i, f := range raw.Fields {
		t.Fields = append(t.Fields, r.field("fields["+strconv.Itoa(i)+"]", f, t))
	}
	for i, c := range raw.Categories {
		t.Categories = append(t.Categories, r.category("categories["+strconv.Itoa(i)+"]", c, t))
	}
	r.unique("cities", t.cityNames())
	r.unique("fields", t.FieldNames())
	r.unique("categories", t.categoryNames())
	if len(t.Categories) == 0 {
		r.bad("categories", "", "at least one")
	}
	return t
}

func (r *reading) oneOf(path, value string, known ...string) {
	if !slices.Contains(known, value) {
		r.bad(path, value, strings.Join(known, ", "))
	}
}

func (r *reading) idOrNone(path, value string) string {
	if value == "" {
		return ""
	}
	return r.id(path, value)
}

func (r *reading) id(path, value string) string {
	if !idText.MatchString(value) {
		r.bad(path, value, "a-z, 0-9 and _, from a letter, at most 40")
	}
	return value
}

func (r *reading) title(path string, title map[string]string) map[string]string {
	for _, locale := range locales {
		if strings.TrimSpace(title[locale]) == "" {
			r.refuse("type.missing_title", path, fault.Arg("locale", locale))
		}
	}
	for locale := range title {
		if !slices.Contains(locales, locale) {
			r.bad(path+"."+locale, locale, strings.Join(locales, ", "))
		}
	}
	return title
}

func (r *reading) unique(path string, names []string) {
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			r.refuse("type.duplicate", path+"["+strconv.Itoa(i)+"]", fault.Arg("value", name))
		}
	}
}

func (r *reading) currencies(given []string) []money.Currency {
	out := make([]money.Currency, 0, len(given))
	for i, c := range given {
		if _, ok := money.Exponent(money.Currency(c)); !ok {
			r.bad("currencies["+strconv.Itoa(i)+"]", c, "ISO 4217")
		}
		out = append(out, money.Currency(c))
	}
	r.unique("currencies", given)
	if len(given) == 0 {
		r.bad("currencies", "", "at least one")
	}
	return out
}

func (r *reading) limits(raw typeYAML) Limits {
	l := Limits{MaxLines: raw.Limits.MaxLines, MaxAmount: raw.Limits.MaxAmount}
	if _, written := r.text.At["limits.max_lines"]; !written {
		l.MaxLines = LinesMax
	}
	if l.MaxLines < 1 || l.MaxLines > LinesMax {
		r.bad("limits.max_lines", strconv.Itoa(l.MaxLines), "1 to "+strconv.Itoa(LinesMax))
	}
	for _, c := range raw.Currencies {
		if l.MaxAmount == "" {
			break
		}
		if a, err := money.Parse(l.MaxAmount, money.Currency(c)); err != nil || a.Sign() <= 0 {
			r.bad("limits.max_amount", l.MaxAmount, "a positive amount in "+c)
		}
	}
	return l
}

func (r *reading) category(path string, raw categoryYAML, t *Type) Category {
	for i, rate := range raw.TaxRates {
		if !rateText.MatchString(rate) {
			r.bad(path+".tax_rates["+strconv.Itoa(i)+"]", rate, "per cent as text, below 100")
		}
	}
	c := Category{ID: r.id(path+".id", raw.ID), Title: r.title(path+".title", raw.Title),
		NeedsInvoice: raw.NeedsInvoice, TaxRates: raw.TaxRates}
	if _, written := r.text.At[path+".standard"]; written {
		c.Standard = r.standard(path+".standard", raw.Standard, t)
	}
	return c
}
