package doctype

import (
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

var (
	integerText = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,` + strconv.Itoa(digitsMax-1) + `})$`)
	decimalText = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,` + strconv.Itoa(digitsMax-1) + `})(\.[0-9]{1,` +
		strconv.Itoa(DecimalsMax) + `})?$`)
	numberText = regexp.MustCompile(`^[A-Z]{2,6}-[0-9]{4}-[0-9]{6,12}$`)
)

func (v *validation) fields() {
	for _, f := range v.t.Fields {
		v.field("fields."+f.Name, f, v.c.Fields[f.Name])
	}
	for _, name := range slices.Sorted(maps.Keys(v.c.Fields)) {
		if _, ok := v.t.Field(name); !ok {
			v.add("document.unknown_field", "fields."+shown(name), fault.Arg("field", shown(name)))
		}
	}
}

func (v *validation) field(path string, f Field, value string) {
	if strings.TrimSpace(value) == "" {
		if f.Required {
			v.add("document.missing", path)
		}
		return
	}
	switch f.Kind {
	case Text:
		v.textField(path, f, value)
	case Choice:
		v.choice(path, f, value)
	case Date:
		v.date(path, f, value)
	case Integer, Decimal:
		v.number(path, f, value)
	case Money:
		v.money(path, f, value)
	case Supplier:
		v.supplier(path, value)
	case Person:
		v.person(path, value)
	case Department:
		v.department(path, value)
	case Document:
		if !numberText.MatchString(value) {
			v.unknownDocument(path, value)
		}
	}
}

func (v *validation) textField(path string, f Field, value string) {
	before := len(v.faults)
	v.text(path, value, TextMax)
	if f.Pattern == "" || len(v.faults) > before {
		return
	}
	if pattern, err := whole(f.Pattern); err != nil || !pattern.MatchString(value) {
		v.add("document.bad_pattern", path, fault.Arg("value", shown(value)), fault.Arg("pattern", f.Pattern))
	}
}

// whole is a pattern that a text must match from its beginning to its end.
func whole(pattern string) (*regexp.Regexp, error) { return regexp.Compile(`^(?:` + pattern + `)$`) }

func (v *validation) choice(path string, f Field, value string) {
	var ids []string
	for _, o := range f.Options {
		ids = append(ids, o.ID)
	}
	if !slices.Contains(ids, value) {
		v.add("document.bad_choice", path, fault.Arg("value", shown(value)), fault.Arg("allowed", strings.Join(ids, ", ")))
	}
}

// date compares as text: that is the order of days.
func (v *validation) date(path string, f Field, value string) {
	if !isDate(value) {
		v.add("document.bad_date", path, fault.Arg("value", shown(value)))
		return
	}
	earliest, latest := v.day(f.Min), v.day(f.Max)
	if other := v.c.Fields[f.After]; f.After != "" && isDate(other) {
		earliest = max(earliest, other)
	}
	if value < earliest {
		v.add("document.below_min", path, fault.Arg("value", value), fault.Arg("min", earliest))
	}
	if latest != "" && value > latest {
		v.add("document.above_max", path, fault.Arg("value", value), fault.Arg("max", latest))
	}
}

func (v *validation) day(text string) string {
	if text == Today {
		return v.today
	}
	return text
}

func (v *validation) number(path string, f Field, value string) {
	pattern := integerText
	if f.Kind == Decimal {
		pattern = decimalText
	}
	if !pattern.MatchString(value) {
		v.add("document.bad_number", path, fault.Arg("value", shown(value)))
		return
	}
	v.within(path, f, value)
}

// compare orders two decimal texts, exactly.
func compare(a, b string) int {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	if !okX || !okY {
		return 0 // both were held to their patterns before
	}
	return x.Cmp(y)
}

func (v *validation) money(path string, f Field, value string) {
	if _, known := money.Exponent(v.c.Currency); !known {
		return // the currency was reported
	}
	amount, err := money.Parse(value, v.c.Currency)
	if told, ok := fault.As(err); ok {
		at := *told
		at.Field = path
		if len(v.faults) < faultsMax {
			v.faults = append(v.faults, &at)
		}
		return
	}
	v.within(path, f, amount.Text())
}

func (v *validation) within(path string, f Field, value string) {
	if f.Min != "" && compare(value, f.Min) < 0 {
		v.add("document.below_min", path, fault.Arg("value", value), fault.Arg("min", f.Min))
	}
	if f.Max != "" && compare(value, f.Max) > 0 {
		v.add("document.above_max", path, fault.Arg("value", value), fault.Arg("max", f.Max))
	}
}

func (v *validation) department(path, id string) {
	if d, ok := v.org.Departments[id]; !ok || d.Entity != v.c.Entity {
		v.add("document.unknown_department", path, fault.Arg("department", shown(id)))
	}
}

func (v *validation) unknownDocument(path, number string) {
	v.add("document.unknown_document", path, fault.Arg("number", shown(number)))
}

// Reference is a document that a content names in one of its fields.
type Reference struct {
	Field  string // path
	Number string
	Of     []string // the types it may be of; none = any
}

// References lists the documents that a content names, in the order of the
// type's fields. Whether they are there only the record can tell.
func References(t *Type, c document.Content) []Reference {
	var named []Reference
	for _, f := range t.Fields {
		if number := c.Fields[f.Name]; f.Kind == Document && number != "" {
			named = append(named, Reference{Field: "fields." + f.Name, Number: number, Of: f.Of})
		}
	}
	return named
}

// canonical is the one form in which a valid value is kept and hashed.
func (f Field) canonical(value string, currency money.Currency) string {
	if strings.TrimSpace(value) == "" && f.Kind != Text {
		return ""
	}
	switch f.Kind {
	case Money:
		if a, err := money.Parse(value, currency); err == nil {
			return a.Text()
		}
	case Decimal:
		if strings.Contains(value, ".") {
			value = strings.TrimRight(strings.TrimRight(value, "0"), ".")
		}
		if value == "-0" {
			return "0"
		}
	}
	return value
}
