package document

import (
	"strconv"

	"github.com/countersign/countersign/domain/invoice"
)

// Place is where a content names something: a line, from 0, or -1 for the document
// itself; and which invoice or file stands there. 发票与附件的位置
type Place struct {
	Line    int
	Invoice string // as invoice.Plain has it; or
	File    Attachment
}

// Field is the path of a place.
func (p Place) Field() string {
	name := "attachments"
	if p.Invoice != "" {
		name = "invoice"
	}
	if p.Line < 0 {
		return name
	}
	return "lines[" + strconv.Itoa(p.Line) + "]." + name
}

// Key is what two places of the same invoice or file have in common.
func (p Place) Key() string {
	if p.Invoice != "" {
		return "invoice " + p.Invoice
	}
	return "file " + p.File.SHA256
}

// Proofs lists the invoices and files of a content, in the order of its lines, the
// document's own files last.
func (c Content) Proofs() []Place {
	var places []Place
	for i, l := range c.Lines {
		if number := invoice.Plain(l.Invoice); number != "" {
			places = append(places, Place{Line: i, Invoice: number})
		}
		for _, a := range l.Attachments {
			places = append(places, Place{Line: i, File: a})
		}
	}
	for _, a := range c.Attachments {
		places = append(places, Place{Line: -1, File: a})
	}
	return places
}
