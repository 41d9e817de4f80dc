// Package doctype is a document type as data: what it asks for, what it allows,
// and which policy and mapping it goes by.
package doctype

import "github.com/countersign/countersign/domain/money"

// Type is one document type. It is a value: nothing changes it after Parse. 单据类型
type Type struct {
	ID           string            `json:"type"`
	Title        map[string]string `json:"title"`         // by locale
	NumberPrefix string            `json:"number_prefix"` // EXP, PAY
	Policy       string            `json:"policy"`        // policy id
	Mapping      string            `json:"mapping"`       // mapping id; "" for what is never booked
	Payee        string            `json:"payee"`         // PayeeSelf, PayeeSupplier or PayeeNone
	Currencies   []money.Currency  `json:"currencies"`
	Fields       []Field           `json:"fields"`
	Categories   []Category        `json:"categories"`
	Limits       Limits            `json:"limits"`
	Attachments  string            `json:"attachments"` // AttachmentsOptional or AttachmentsRequired
	LineDates    bool              `json:"line_dates"`  // every line says when the money was spent

	LinesOptional bool   `json:"lines_optional,omitempty"` // a document without money may be asked for
	OwnCurrency   bool   `json:"own_currency,omitempty"`   // only in the currency of the entity's books
	Offsets       string `json:"offsets,omitempty"`        // the type of advance that it may settle 核销
	Cities        []City `json:"cities,omitempty"`         // where money is spent, with their tiers 城市级别
}

// Who is paid.
const (
	PayeeSelf     = "self"     // the requester
	PayeeSupplier = "supplier" // a supplier that the document names
	PayeeNone     = "none"     // nobody: it asks for leave, not for money
)

// Whether a document must carry attachments.
const (
	AttachmentsOptional = "optional"
	AttachmentsRequired = "required"
)

// Category is what a line is for. 费用类别
type Category struct {
	ID           string            `json:"id"`
	Title        map[string]string `json:"title"`
	NeedsInvoice bool              `json:"needs_invoice"`
	TaxRates     []string          `json:"tax_rates,omitempty"` // allowed, in per cent as text: "6"; none = any
	Standard     *Standard         `json:"standard,omitempty"`
}

// Limits of a document.
type Limits struct {
	MaxLines  int    `json:"max_lines"`  // at most LinesMax
	MaxAmount string `json:"max_amount"` // decimal text, in the document's currency; "" = none
}

// The limits of every document, whatever its type says.
const (
	LinesMax  = 200
	FilesMax  = 50   // attachments of one line, and of the document itself
	TitleMax  = 120  // characters
	TextMax   = 2000 // characters of a reason, a description or a field
	CodeMax   = 64   // characters of an id, an invoice number or a cost centre
	faultsMax = 100  // reported at once
)

// Category finds a category of the type by id.
func (t *Type) Category(id string) (Category, bool) {
	for _, c := range t.Categories {
		if c.ID == id {
			return c, true
		}
	}
	return Category{}, false
}

func (t *Type) categoryNames() []string {
	names := make([]string, 0, len(t.Categories))
	for _, c := range t.Categories {
		names = append(names, c.ID)
	}
	return names
}
