package doctype

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
)

type fieldYAML struct {
	Name     string            `yaml:"name,required"`
	Title    map[string]string `yaml:"title,required"`
	Kind     string            `yaml:"kind,required"`
	Required bool              `yaml:"required"`
	Options  []optionYAML      `yaml:"options"`
	Hint     map[string]string `yaml:"hint"`
	Min      string            `yaml:"min"`
	Max      string            `yaml:"max"`
	After    string            `yaml:"after"`
	Pattern  string            `yaml:"pattern"`
	Of       []string          `yaml:"of"`
	Listed   bool              `yaml:"listed"`
}

type optionYAML struct {
	ID    string            `yaml:"id,required"`
	Title map[string]string `yaml:"title,required"`
}

var (
	kinds = []string{string(Text), string(Choice), string(Date), string(Integer), string(Decimal), string(Money),
		string(Supplier), string(Person), string(Department), string(Document)}
	bounded = []FieldKind{Date, Integer, Decimal, Money}
)

// field reads one field; t has the fields before it.
func (r *reading) field(path string, raw fieldYAML, t *Type) Field {
	f := Field{Name: r.id(path+".name", raw.Name), Title: r.title(path+".title", raw.Title),
		Kind: FieldKind(raw.Kind), Required: raw.Required, Min: raw.Min, Max: raw.Max, After: raw.After,
		Pattern: raw.Pattern, Of: raw.Of, Listed: raw.Listed}
	r.oneOf(path+".kind", raw.Kind, kinds...)
	if (f.Kind == Choice) != (len(raw.Options) > 0) {
		r.refuse("type.options", path, fault.Arg("kind", raw.Kind))
	}
	if raw.Hint != nil {
		f.Hint = r.title(path+".hint", raw.Hint)
	}
	var ids []string
	for i, o := range raw.Options {
		at := path + ".options[" + strconv.Itoa(i) + "]"
		f.Options = append(f.Options, Option{ID: r.id(at+".id", o.ID), Title: r.title(at+".title", o.Title)})
		ids = append(ids, o.ID)
	}
	r.unique(path+".options", ids)
	r.onlyFor(path, f)
	r.bounds(path, f)
	if _, err := whole(f.Pattern); err != nil {
		r.bad(path+".pattern", f.Pattern, "RE2")
	}
	if earlier, known := t.Field(f.After); f.After != "" && (!known || earlier.Kind != Date) {
		r.bad(path+".after", f.After, "a field of kind date before this one")
	}
	return f
}

// onlyFor refuses keys that a field of this kind would silently ignore.
func (r *reading) onlyFor(path string, f Field) {
	for _, key := range []struct {
		name    string
		written bool
		fits    bool
	}{
		{"min", f.Min != "", slices.Contains(bounded, f.Kind)},
		{"max", f.Max != "", slices.Contains(bounded, f.Kind)},
		{"after", f.After != "", f.Kind == Date},
		{"pattern", f.Pattern != "", f.Kind == Text},
		{"of", len(f.Of) > 0, f.Kind == Document},
	} {
		if key.written && !key.fits {
			r.refuse("type.not_for_kind", path+"."+key.name, fault.Arg("key", key.name), fault.Arg("kind", string(f.Kind)))
		}
	}
}

func (r *reading) bounds(path string, f Field) {
	var good func(text string) bool
	known := ""
	switch f.Kind {
	case Date:
		good, known = func(text string) bool { return text == Today || isDate(text) }, "YYYY-MM-DD, "+Today
	case Integer:
		good, known = integerText.MatchString, "a whole number, as text"
	case Decimal, Money:
		good, known = decimalText.MatchString, "a decimal number, as text"
	default:
		return
	}
	for key, text := range map[string]string{"min": f.Min, "max": f.Max} {
		if text != "" && !good(text) {
			r.bad(path+"."+key, text, known)
		}
	}
}
