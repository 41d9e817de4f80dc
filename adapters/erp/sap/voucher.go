package sap

import (
	"context"
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	linesMax      = 900 // of one journal entry; SAP takes 999
	headerTextMax = 25
	itemTextMax   = 50
	accountDigits = 10
	partyDigits   = 10
)

// The elements of a request in the order of SAP's schema, which matters.
type (
	journalEntry struct {
		XMLName        xml.Name `xml:"JournalEntry"`
		OriginalType   string   `xml:"OriginalReferenceDocumentType"`
		Original       string   `xml:"OriginalReferenceDocument"`
		OriginalSystem string   `xml:"OriginalReferenceDocumentLogicalSystem"`
		Business       string   `xml:"BusinessTransactionType"`
		DocumentType   string   `xml:"AccountingDocumentType"`
		Reference      string   `xml:"DocumentReferenceID"`
		HeaderText     string   `xml:"DocumentHeaderText"`
		CreatedBy      string   `xml:"CreatedByUser"`
		CompanyCode    string   `xml:"CompanyCode"`
		DocumentDate   string   `xml:"DocumentDate"`
		PostingDate    string   `xml:"PostingDate"`
		Items          []item   `xml:"Item"`
		Debtors        []item   `xml:"DebtorItem"`
		Creditors      []item   `xml:"CreditorItem"`
	}

	item struct {
		Number     string      `xml:"ReferenceDocumentItem"`
		Account    string      `xml:"GLAccount,omitempty"`
		Debtor     string      `xml:"Debtor,omitempty"`
		Creditor   string      `xml:"Creditor,omitempty"`
		Amount     amount      `xml:"AmountInTransactionCurrency"`
		Base       *amount     `xml:"AmountInCompanyCodeCurrency"`
		Side       string      `xml:"DebitCreditCode"` // S or H
		Text       string      `xml:"DocumentItemText,omitempty"`
		Assignment *assignment `xml:"AccountAssignment"`
	}

	assignment struct {
		CostCenter   string `xml:"CostCenter,omitempty"`
		ProfitCenter string `xml:"ProfitCenter,omitempty"`
		WBSElement   string `xml:"WBSElement,omitempty"`
		Order        string `xml:"OrderID,omitempty"`
	}

	amount struct {
		Currency string `xml:"currencyCode,attr"`
		Value    string `xml:",chardata"`
	}
)

// signed is an amount as SAP wants it: a credit carries a minus and H.
func signed(a money.Amount, side voucher.Side) amount {
	text := a.Text()
	if side == voucher.Credit {
		if positive, negative := strings.CutPrefix(text, "-"); negative {
			text = positive
		} else {
			text = "-" + text
		}
	}
	return amount{string(a.Currency), text}
}

// entry is a voucher as SAP wants it, and its lines as they will be found.
func (p *Port) entry(v voucher.Voucher) (journalEntry, []port.Line, error) {
	if _, err := time.Parse(time.DateOnly, v.Date); err != nil || len(v.Entries) > linesMax {
		return journalEntry{}, nil, port.Fault(port.CodeRefused, "a date that is none, or too many entries")
	}
	j := journalEntry{OriginalType: "BKPFF", Business: "RFBU", DocumentType: p.options["document_type"],
		Reference: referenceID(v.Reference), HeaderText: cut(strings.TrimSpace(v.Number+" "+v.Text), headerTextMax),
		CreatedBy: p.options["created_by"], CompanyCode: p.company, DocumentDate: v.Date, PostingDate: v.Date}
	if strings.HasPrefix(v.Text, v.Number) {
		j.HeaderText = cut(v.Text, headerTextMax)
	}
	lines := make([]port.Line, 0, len(v.Entries))
	for n, e := range v.Entries {
		i, line, err := p.item(e)
		if err != nil {
			return j, nil, err
		}
		i.Number = strconv.Itoa(n + 1)
		switch {
		case i.Creditor != "":
			j.Creditors = append(j.Creditors, i)
		case i.Debtor != "":
			j.Debtors = append(j.Debtors, i)
		default:
			j.Items = append(j.Items, i)
		}
		lines = append(lines, line)
	}
	return j, lines, nil
}

// item is one line. Codes go in with the zeros before them that SAP keeps, and
// must come without: they are told without, and would not compare.
func (p *Port) item(e voucher.Entry) (item, port.Line, error) {
	line, base := port.LineOf(e), port.Base(e)
	if base.Currency != p.currency {
		return item{}, line, port.Fault(port.CodeRefused,
			"the books are kept in "+string(p.currency)+", not "+string(base.Currency))
	}
	if strings.HasPrefix(e.Account, "0") || e.Account == "" {
		return item{}, line, port.Fault(port.CodeUnknownAccount, "write it without the zeros before it",
			fault.Arg("account", e.Account))
	}
	values, err := p.dimensions.Values(e)
	if err != nil {
		return item{}, line, err
	}
	paid := e.Amount
	if paid.Currency == "" {
		paid = base
	}
	i := item{Amount: signed(paid, e.Side), Side: "S", Text: cut(e.Text, itemTextMax),
		Creditor: zeros(values[fieldCreditor], partyDigits), Debtor: zeros(values[fieldDebtor], partyDigits)}
	if e.Side == voucher.Credit {
		i.Side = "H"
	}
	if paid.Currency != base.Currency {
		other := signed(base, e.Side)
		i.Base = &other
	}
	line.Party = values[p.dimensions.Field(e.Account, port.OfParty)]
	line.Dimensions = p.Capabilities().Splits(e)
	assigned := assignment{CostCenter: values[fieldCostCenter], ProfitCenter: values[fieldProfitCenter],
		WBSElement: values[fieldWBS], Order: values[fieldOrder]}
	if i.Creditor == "" && i.Debtor == "" { // otherwise the party's own account is taken
		i.Account = zeros(e.Account, accountDigits)
		if assigned != (assignment{}) {
			i.Assignment = &assigned
		}
	} else if assigned != (assignment{}) {
		return i, line, port.Fault(port.CodeUnsupported, "a creditor's or a debtor's item takes no account assignment",
			fault.Arg("what", line.Dimensions.Words()+" on account "+e.Account))
	}
	return i, line, nil
}

// assignments are the fields of an account assignment, in the order of SAP's schema.
func assignments() []string {
	return []string{fieldCostCenter, fieldProfitCenter, fieldWBS, fieldOrder}
}

// zeros fills a number with zeros before it; other codes stay.
func zeros(code string, digits int) string {
	if code == "" || len(code) >= digits || strings.Trim(code, "0123456789") != "" {
		return code
	}
	return strings.Repeat("0", digits-len(code)) + code
}

// bare takes the zeros off again.
func bare(code string) string {
	if strings.Trim(code, "0123456789") != "" {
		return code
	}
	return strings.TrimLeft(code, "0")
}

func cut(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

// request is the message around one journal entry.
type request struct {
	XMLName xml.Name `xml:"sfin:JournalEntryBulkCreateRequest"`
	Space   string   `xml:"xmlns:sfin,attr"`
	Header  header   `xml:"MessageHeader"`
	Entry   struct {
		Header  header       `xml:"MessageHeader"`
		Journal journalEntry `xml:"JournalEntry"`
	} `xml:"JournalEntryCreateRequest"`
}

type header struct {
	ID      string `xml:"ID"`
	Created string `xml:"CreationDateTime"`
}

const (
	envelopeStart = `<?xml version="1.0" encoding="UTF-8"?>` +
		`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Header/><soapenv:Body>`
	envelopeEnd = `</soapenv:Body></soapenv:Envelope>`
	namespace   = "http://sap.com/xi/SAPSCORE/SFIN"
)

// send sends one journal entry; status is 200 or 202.
func (p *Port) send(ctx context.Context, j journalEntry) (answer []byte, status int, err error) {
	head := header{ID: j.Reference, Created: p.now().UTC().Format(time.RFC3339)}
	message := request{Space: namespace, Header: head}
	message.Entry.Header, message.Entry.Journal = head, j
	text, err := xml.Marshal(message)
	if err != nil {
		return nil, 0, port.Fault(port.CodeRefused, err.Error())
	}
	return p.client.message(ctx, append(append([]byte(envelopeStart), text...), envelopeEnd...))
}

// post sends one journal entry and reads what became of it.
func (p *Port) post(ctx context.Context, j journalEntry) (document, year string, err error) {
	answer, _, err := p.send(ctx, j)
	if err != nil {
		return "", "", err
	}
	var got confirmation
	if err := readXML(answer, &got); err != nil {
		return "", "", port.Fault(port.CodeUnknown, "not an answer of SAP: "+err.Error())
	}
	return p.became(j.Reference, got)
}

// became reads a confirmation: HTTP says 200 whatever happened.
func (p *Port) became(reference string, got confirmation) (document, year string, err error) {
	if len(got.Entries) != 1 || got.Entries[0].Header.ReferenceID != "" && got.Entries[0].Header.ReferenceID != reference {
		return "", "", port.Fault(port.CodeUnknown, "a confirmation of something else")
	}
	one := got.Entries[0]
	if document = number(one.Document.Number); document != "" {
		return document, strings.TrimSpace(one.Document.Year), nil
	}
	words := one.Log.notes()
	if words == "" {
		words = got.Log.notes()
	}
	if words == "" {
		return "", "", port.Fault(port.CodeUnknown, "neither a document nor a reason")
	}
	return "", "", port.Sort(said, port.Hide(words, p.client.password))
}
