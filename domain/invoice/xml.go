package invoice

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/money"
)

// Limits of an invoice's XML.
const (
	XMLMax      = 2 << 20 // bytes
	depthMax    = 32
	elementsMax = 20_000
	valueMax    = 200 // characters of one value that is kept
)

// ReadXML reads the XML that is the original of a fully digital invoice (数电票).
// Names are matched without their namespaces, for both are seen. XML of any other kind
// is no invoice.
func ReadXML(content io.Reader) (Invoice, bool) {
	found, err := valuesIn(content)
	if err != nil {
		return Invoice{}, false
	}
	read := Invoice{Number: Plain(first(found, "EIid", "InvoiceNumber")), Seller: found["SellerName"]}
	if !digitalNumber.MatchString(read.Number) {
		return Invoice{}, false
	}
	for name, into := range map[string]*money.Amount{
		"TotalTax-includedAmount": &read.Gross, "TotalAmWithoutTax": &read.Net, "TotalTaxAm": &read.Tax,
	} {
		*into, _ = amountOf(found[name]) // what cannot be read is not known
	}
	read.Date = dateOf(first(found, "IssueTime", "RequestTime"))
	return read, true
}

// wanted are the elements whose text is kept, the first of each.
var wanted = map[string]bool{
	"EIid": true, "InvoiceNumber": true, "SellerName": true, "TotalTax-includedAmount": true,
	"TotalAmWithoutTax": true, "TotalTaxAm": true, "IssueTime": true, "RequestTime": true,
}

var (
	errTooMuch   = errors.New("invoice: more XML than an invoice has")
	errTwoValues = errors.New("invoice: two values where an invoice has one")
)

// valuesIn reads the wanted elements. Entities other than XML's own are refused by the
// decoder, which never fetches anything.
func valuesIn(content io.Reader) (map[string]string, error) {
	rest := &io.LimitedReader{R: content, N: XMLMax + 1}
	decoder := xml.NewDecoder(rest)
	found := map[string]string{}
	var inside []string
	roots := 0
	for elements := 0; ; {
		token, err := decoder.Token()
		if rest.N == 0 {
			return nil, errTooMuch
		}
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements++
			if len(inside) == 0 {
				roots++
			}
			inside = append(inside, token.Name.Local)
			if roots > 1 || elements > elementsMax || len(inside) > depthMax {
				return nil, errTooMuch
			}
		case xml.EndElement:
			inside = inside[:len(inside)-1]
		case xml.Directive:
			return nil, errTooMuch // a document type: no invoice has one
		case xml.CharData:
			if len(inside) == 0 {
				continue
			}
			name, text := inside[len(inside)-1], strings.TrimSpace(string(token))
			if !wanted[name] || text == "" || utf8.RuneCountInString(text) > valueMax {
				continue
			}
			if found[name] != "" && found[name] != text {
				return nil, errTwoValues // of two invoices, or two amounts, nobody knows which was shown
			}
			if found[name] == "" {
				found[name] = text
			}
		}
	}
}

func first(found map[string]string, names ...string) string {
	for _, name := range names {
		if found[name] != "" {
			return found[name]
		}
	}
	return ""
}

// dateOf is the day of an instant as invoices write it; "" where it is none.
func dateOf(text string) string {
	if len(text) >= len(time.DateOnly) {
		if day, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)]); err == nil {
			return day.Format(time.DateOnly)
		}
	}
	return ""
}
