// Package doctype is a document type as data: what it asks for, what it allows,
// and which policy and mapping it goes by.
package doctype

import (
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
)

// Type is one document type. It is a value: nothing changes it after Parse. 单据类型
type Type struct {
	ID           string            `json:"type"`
	Title        map[string]string `json:"title"`         // by locale
	NumberPrefix string            `json:"number_prefix"` // EXP, PAY
	Policy       string            `json:"policy"`        // policy id
	Mapping      string            `json:"mapping"`       // mapping id
	Payee        string            `json:"payee"`         // PayeeSelf or PayeeSupplier
	Currencies   []money.Currency  `json:"currencies"`
	Fields       []Field           `json:"fields"`
	Categories   []Category        `json:"categories"`
	Limits       Limits            `json:"limits"`
	Attachments  string            `json:"attachments"` // AttachmentsOptional or AttachmentsRequired
	LineDates    bool              `json:"line_dates"`  // every line says when the money was spent
}

// Who is paid.
const (
	PayeeSelf     = "self"     // the requester
	PayeeSupplier = "supplier" // a supplier that the document names
)

// Whether a document must carry attachments.
const (
	AttachmentsOptional = "optional"
	AttachmentsRequired = "required"
)

// Field is a field of the type's own, kept as text in Content.Fields.
type Field struct {
	Name     string            `json:"name"`
	Title    map[string]string `json:"title"`
	Kind     FieldKind         `json:"kind"`
	Required bool              `json:"required"`
	Options  []Option          `json:"options,omitempty"` // for a choice
}

// FieldKind says what a field's text must be.
type FieldKind string

// The kinds of field.
const (
	Text     FieldKind = "text"
	Choice   FieldKind = "choice"   // one of the options
	Date     FieldKind = "date"     // YYYY-MM-DD
	Supplier FieldKind = "supplier" // a supplier's id
	Person   FieldKind = "person"   // a person's id
)

// Option is one value of a choice.
type Option struct {
	ID    string            `json:"id"`
	Title map[string]string `json:"title"`
}

// Category is what a line is for. 费用类别
type Category struct {
	ID           string            `json:"id"`
	Title        map[string]string `json:"title"`
	NeedsInvoice bool              `json:"needs_invoice"`
	TaxRates     []string          `json:"tax_rates,omitempty"` // allowed, in per cent as text: "6"; none = any
}

// Limits of a document.
type Limits struct {
	MaxLines  int    `json:"max_lines"`  // at most LinesMax
	MaxAmount string `json:"max_amount"` // decimal text, in the document's currency; "" = none
}

// Rates finds the exchange rate of a day: 1 unit of from is Value units of to.
type Rates func(from, to money.Currency) (document.Rate, bool)

// Parse reads a document type strictly. Errors: faults yaml.* and type.*.
func Parse(name string, yaml []byte) (*Type, error) { return nil, nil }

// Validate answers with everything that is wrong with a content, each fault
// with the path of its field; today is YYYY-MM-DD in the entity's zone.
func Validate(t *Type, c document.Content, snapshot *org.Snapshot, today string) []*fault.Fault {
	return nil
}

// Complete fills in what the house knows better than the submitter: line
// numbers, totals, the frozen payee and the frozen rate.
//
// Errors: Invalid document.no_rate, or money's own.
func Complete(t *Type, c document.Content, snapshot *org.Snapshot, rates Rates) (document.Content, error) {
	return document.Content{}, nil
}
