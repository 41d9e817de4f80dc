package sap

import (
	"context"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
)

// ourShape is how a reference of ours looks in SAP: thirteen of our capitals and digits.
var ourShape = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{13}$`)

// List returns one page of the journal entries of our company code posted in a range of
// days whose reference has the form of ours, under their short references. Safe to repeat.
//
// SAP gives items, so the last entry of a full page may be cut off: it is left for the
// next one. The cursor is the last entry, year/document, or year/ for what comes after a year.
func (p *Port) List(ctx context.Context, asked port.Listing) (port.Listed, error) {
	for _, text := range []string{asked.From, asked.Until} {
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return port.Listed{}, port.Fault(port.CodeRefused, "the date "+text+" is not one")
		}
	}
	filter := "CompanyCode eq " + quoted(p.company) + " and PostingDate ge datetime'" + asked.From +
		"T00:00:00' and PostingDate le datetime'" + asked.Until + "T00:00:00'"
	year, document, _ := strings.Cut(asked.Cursor, "/")
	switch {
	case document != "":
		filter += " and FiscalYear eq " + quoted(year) + " and AccountingDocument gt " + quoted(document)
	case year != "":
		filter += " and FiscalYear gt " + quoted(year)
	}
	var rows []line
	err := p.client.read(ctx, cube, url.Values{"$filter": {filter}, "$select": {p.selected()},
		"$orderby": {"FiscalYear,AccountingDocument,AccountingDocumentItem"}, "$top": {strconv.Itoa(pageSize)},
		"$skip": {"0"}}, &rows)
	if err != nil {
		return port.Listed{}, err
	}
	return p.page(rows, asked.Limit, year, document)
}

// page keeps of the rows what is whole and ours, and says where the next page begins.
func (p *Port) page(rows []line, limit int, year, document string) (port.Listed, error) {
	full := len(rows) == pageSize
	var page port.Listed
	for start := 0; start < len(rows); {
		end := start + 1
		for end < len(rows) && rows[end].Year == rows[start].Year && rows[end].Document == rows[start].Document {
			end++
		}
		if end == len(rows) && full && start > 0 {
			return page, nil // it may go on: Next is the entry before it
		}
		if limit > 0 && len(page.Vouchers) == limit {
			return page, nil
		}
		if reference := rows[start].Reference; ourShape.MatchString(reference) {
			found, err := p.found(strings.ToLower(reference), rows[start:end])
			if err != nil {
				return page, err
			}
			page.Vouchers = append(page.Vouchers, found...)
		}
		page.Next = rows[start].Year + "/" + rows[start].Document
		start = end
	}
	if full {
		return page, nil
	}
	page.Next = ""
	if document != "" {
		page.Next = year + "/" // all of that year was seen
	}
	return page, nil
}
