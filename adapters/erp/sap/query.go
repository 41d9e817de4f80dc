package sap

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	pageSize = 1000
	pagesMax = 20
	cube     = "API_OPLACCTGDOCITEMCUBE_SRV/A_OperationalAcctgDocItemCube"
)

// line is one item as the cube tells it.
type line struct {
	Company     string `json:"CompanyCode"`
	Year        string `json:"FiscalYear"`
	Document    string `json:"AccountingDocument"`
	Reference   string `json:"DocumentReferenceID"`
	PostingDate string
	Account     string `json:"GLAccount"`
	Supplier    string
	Customer    string
	CostCenter  string
	Profit      string `json:"ProfitCenter"`
	WBSElement  string
	OrderID     string
	Side        string `json:"DebitCreditCode"`
	Base        string `json:"AmountInCompanyCodeCurrency"`
	Amount      string `json:"AmountInTransactionCurrency"`
	Currency    string `json:"TransactionCurrency"`
	Text        string `json:"DocumentItemText"`
}

const lineFields = "CompanyCode,FiscalYear,AccountingDocument,AccountingDocumentItem,DocumentReferenceID,PostingDate," +
	"GLAccount,Supplier,Customer,DebitCreditCode,AmountInCompanyCodeCurrency,AmountInTransactionCurrency," +
	"TransactionCurrency,DocumentItemText"

// selected are the fields asked for. A release that does not know one refuses the whole
// question, so account assignments are asked for only where the options name them.
func (p *Port) selected() string {
	fields := []string{lineFields}
	for _, field := range assignments() {
		if slices.Contains(p.dimensions.Fields(""), field) {
			fields = append(fields, field)
		}
	}
	return strings.Join(fields, ",")
}

// items asks for the items under a reference, in all years.
func (p *Port) items(ctx context.Context, reference string) ([]line, error) {
	var all []line
	for page := range pagesMax {
		var rows []line
		err := p.client.read(ctx, cube, url.Values{
			"$filter":  {"CompanyCode eq " + quoted(p.company) + " and DocumentReferenceID eq " + quoted(reference)},
			"$select":  {p.selected()},
			"$orderby": {"FiscalYear,AccountingDocument,AccountingDocumentItem"},
			"$top":     {strconv.Itoa(pageSize)}, "$skip": {strconv.Itoa(page * pageSize)},
		}, &rows)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if strings.EqualFold(r.Reference, reference) {
				all = append(all, r)
			}
		}
		if len(rows) < pageSize {
			return all, nil
		}
	}
	return nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "too many items under "+reference))
}

// quoted is a text of an OData filter.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// found puts items together to journal entries.
func (p *Port) found(reference string, items []line) ([]port.Found, error) {
	var found []port.Found
	at := map[string]int{}
	for _, i := range items {
		id := i.Company + "/" + i.Year + "/" + i.Document
		if _, seen := at[id]; !seen {
			at[id] = len(found)
			found = append(found, port.Found{Reference: reference, ID: id, Number: i.Document, State: port.Posted,
				Date: day(i.PostingDate)})
		}
		one, err := p.line(i)
		if err != nil {
			return nil, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", id))
		}
		found[at[id]].Lines = append(found[at[id]].Lines, one)
	}
	for i := range found {
		found[i].Totals = port.Sum(found[i].Lines)
	}
	return found, nil
}

func (p *Port) line(i line) (port.Line, error) {
	l := port.Line{Account: bare(i.Account), Debit: money.Zero(p.currency), Credit: money.Zero(p.currency)}
	switch p.dimensions.Field(l.Account, port.OfParty) {
	case fieldCreditor:
		l.Party = bare(i.Supplier)
	case fieldDebtor:
		l.Party = bare(i.Customer)
	}
	l.Dimensions = voucher.SplitsOf(p.dimensions.Read(l.Account, i.assigned))
	amount, err := port.ParseAmount(i.Base, p.currency)
	if err != nil {
		return l, err
	}
	if i.Side == "H" { // with a minus; what is plus was a negative posting
		l.Credit, err = amount.Neg()
		return l, err
	}
	l.Debit = amount
	return l, nil
}

// assigned is what an item holds in a field of its account assignment. SAP derives some
// of them by itself, a profit center from the cost center for one.
func (i line) assigned(field string) string {
	return map[string]string{fieldCostCenter: i.CostCenter, fieldProfitCenter: i.Profit, fieldWBS: i.WBSElement,
		fieldOrder: i.OrderID}[field]
}

// swapped is an entry of the opposite voucher.
func (p *Port) swapped(i line) (voucher.Entry, error) {
	l, err := p.line(i)
	if err != nil {
		return voucher.Entry{}, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", i.Document))
	}
	paid, err := port.ParseAmount(strings.TrimPrefix(i.Amount, "-"), money.Currency(i.Currency))
	if err != nil {
		return voucher.Entry{}, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", i.Document))
	}
	e := voucher.Entry{Side: voucher.Credit, Account: l.Account, Party: l.Party, Amount: paid, Base: l.Debit, Text: i.Text}
	if i.Side == "H" {
		e.Side, e.Base = voucher.Debit, l.Credit
	}
	return port.Refill(e, p.dimensions.Read(l.Account, i.assigned)), nil
}

// day reads OData's /Date(1700000000000)/, which is midnight in UTC.
func day(text string) string {
	body, _ := strings.CutPrefix(text, "/Date(")
	body, _ = strings.CutSuffix(body, ")/")
	milliseconds, err := strconv.ParseInt(body, 10, 64)
	if err != nil {
		return text[:min(len(text), len("2006-01-02"))]
	}
	return time.UnixMilli(milliseconds).UTC().Format(time.DateOnly)
}
