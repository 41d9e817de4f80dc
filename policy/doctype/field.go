package doctype

// Field is a field of the type's own, kept as canonical text in Content.Fields.
type Field struct {
	Name     string            `json:"name"`
	Title    map[string]string `json:"title"`
	Kind     FieldKind         `json:"kind"`
	Required bool              `json:"required"`
	Options  []Option          `json:"options,omitempty"` // for a choice

	Hint    map[string]string `json:"hint,omitempty"`    // what to write, under the input
	Min     string            `json:"min,omitempty"`     // for dates and numbers; a date may be Today
	Max     string            `json:"max,omitempty"`     // likewise
	After   string            `json:"after,omitempty"`   // for a date: the earlier field that it may not precede
	Pattern string            `json:"pattern,omitempty"` // for text: the whole of it, as a regular expression
	Of      []string          `json:"of,omitempty"`      // for a document: the types it may be of
	Listed  bool              `json:"listed,omitempty"`  // shown in lists of documents
}

// FieldKind says what a field's text must be.
type FieldKind string

// The kinds of field.
const (
	Text       FieldKind = "text"
	Choice     FieldKind = "choice"     // one of the options
	Date       FieldKind = "date"       // YYYY-MM-DD
	Integer    FieldKind = "integer"    // a whole number
	Decimal    FieldKind = "decimal"    // a number with at most DecimalsMax decimals
	Money      FieldKind = "money"      // an amount in the document's currency
	Supplier   FieldKind = "supplier"   // a supplier's id
	Person     FieldKind = "person"     // a person's id
	Department FieldKind = "department" // a department's id
	Document   FieldKind = "document"   // the number of another document
)

// Today is the date of the entity's wall, as Min or Max of a date.
const Today = "today"

// The limits of numbers.
const (
	DecimalsMax = 6
	digitsMax   = 15
)

// Option is one value of a choice.
type Option struct {
	ID    string            `json:"id"`
	Title map[string]string `json:"title"`
}

// Field finds a field of the type by name.
func (t *Type) Field(name string) (Field, bool) {
	for _, f := range t.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// FieldNames lists the type's own fields in order.
func (t *Type) FieldNames() []string {
	names := make([]string, 0, len(t.Fields))
	for _, f := range t.Fields {
		names = append(names, f.Name)
	}
	return names
}
