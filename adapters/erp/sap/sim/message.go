package sim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp/simbooks"
)

// order is SAP's schema, as far as it is sent here.
var order = map[string][]string{
	"JournalEntry": {"OriginalReferenceDocumentType", "OriginalReferenceDocument",
		"OriginalReferenceDocumentLogicalSystem",
		"BusinessTransactionType", "AccountingDocumentType", "DocumentReferenceID", "DocumentHeaderText", "CreatedByUser",
		"CompanyCode", "DocumentDate", "PostingDate", "Item", "DebtorItem", "CreditorItem"},
	"Item": {"ReferenceDocumentItem", "GLAccount", "AmountInTransactionCurrency", "AmountInCompanyCodeCurrency",
		"DebitCreditCode", "DocumentItemText", "AccountAssignment"},
	"AccountAssignment": {"CostCenter", "ProfitCenter", "WBSElement", "OrderID"},
	"CreditorItem": {"ReferenceDocumentItem", "Creditor", "AmountInTransactionCurrency", "AmountInCompanyCodeCurrency",
		"DebitCreditCode", "DocumentItemText"},
	"DebtorItem": {"ReferenceDocumentItem", "Debtor", "AmountInTransactionCurrency", "AmountInCompanyCodeCurrency",
		"DebitCreditCode", "DocumentItemText"},
}

// inOrder holds a message against the schema.
func inOrder(body []byte) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	var open []string
	last := []int{-1}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(open) > 0 && order[open[len(open)-1]] != nil {
				at := slices.Index(order[open[len(open)-1]], token.Name.Local)
				if at < last[len(last)-1] || at < 0 {
					return errors.New("element " + token.Name.Local + " is not expected here")
				}
				last[len(last)-1] = at
			}
			open, last = append(open, token.Name.Local), append(last, -1)
		case xml.EndElement:
			open, last = open[:len(open)-1], last[:len(last)-1]
		}
	}
}

// message is one request, read.
type message struct {
	ID, Reference, HeaderText, Company, PostingDate string
	Lines                                           []simbooks.Line
}

type sentItem struct {
	Number   string `xml:"ReferenceDocumentItem"`
	Account  string `xml:"GLAccount"`
	Creditor string `xml:"Creditor"`
	Amount   struct {
		Currency string `xml:"currencyCode,attr"`
		Value    string `xml:",chardata"`
	} `xml:"AmountInTransactionCurrency"`
	Base *struct {
		Currency string `xml:"currencyCode,attr"`
		Value    string `xml:",chardata"`
	} `xml:"AmountInCompanyCodeCurrency"`
	Side   string `xml:"DebitCreditCode"`
	Text   string `xml:"DocumentItemText"`
	Center string `xml:"AccountAssignment>CostCenter"`
	Profit string `xml:"AccountAssignment>ProfitCenter"`
	WBS    string `xml:"AccountAssignment>WBSElement"`
	Order  string `xml:"AccountAssignment>OrderID"`
}

type sentMessage struct {
	XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
	Request struct {
		ID      string `xml:"MessageHeader>ID"`
		Entries []struct {
			ID      string `xml:"MessageHeader>ID"`
			Created string `xml:"MessageHeader>CreationDateTime"`
			Journal struct {
				Original  string     `xml:"OriginalReferenceDocumentType"`
				Business  string     `xml:"BusinessTransactionType"`
				Type      string     `xml:"AccountingDocumentType"`
				Reference string     `xml:"DocumentReferenceID"`
				Header    string     `xml:"DocumentHeaderText"`
				Creator   string     `xml:"CreatedByUser"`
				Company   string     `xml:"CompanyCode"`
				Document  string     `xml:"DocumentDate"`
				Posting   string     `xml:"PostingDate"`
				Items     []sentItem `xml:"Item"`
				Creditors []sentItem `xml:"CreditorItem"`
			} `xml:"JournalEntry"`
		} `xml:"JournalEntryCreateRequest"`
	} `xml:"Body>JournalEntryBulkCreateRequest"`
}

// parse reads a request, or says what is wrong with its form.
func parse(body []byte) (message, string) {
	var in sentMessage
	if err := xml.Unmarshal(body, &in); err != nil {
		return message{}, "SOAP message could not be parsed: " + err.Error()
	}
	if !bytes.Contains(body, []byte(`"http://sap.com/xi/SAPSCORE/SFIN"`)) {
		return message{}, "Operation not found in this namespace"
	}
	if err := inOrder(body); err != nil {
		return message{}, err.Error()
	}
	if len(in.Request.Entries) != 1 || in.Request.ID == "" || in.Request.Entries[0].ID == "" ||
		in.Request.Entries[0].Created == "" {
		return message{}, "one request with headers is expected"
	}
	j := in.Request.Entries[0].Journal
	if j.Original != "BKPFF" || j.Business != "RFBU" || j.Type == "" || j.Creator == "" || len(j.Posting) != 10 ||
		j.Document == "" {
		return message{}, "a mandatory element is missing"
	}
	m := message{ID: in.Request.Entries[0].ID, Reference: j.Reference, HeaderText: j.Header, Company: j.Company,
		PostingDate: j.Posting}
	for _, list := range [][]sentItem{j.Items, j.Creditors} {
		for _, i := range list {
			l, no := i.line()
			if no != "" {
				return m, no
			}
			m.Lines = append(m.Lines, l)
		}
	}
	return m, ""
}

// line reads one item: a credit has a minus and H, a debit neither.
func (i sentItem) line() (simbooks.Line, string) {
	base := i.Amount.Value
	if i.Amount.Currency != "CNY" {
		if i.Base == nil || i.Base.Currency != "CNY" {
			return simbooks.Line{}, "the amount in company code currency is missing"
		}
		base = i.Base.Value
	}
	minor, ok := simbooks.Minor(base)
	if !ok || i.Number == "" || (i.Side != "S" && i.Side != "H") || (minor < 0) != (i.Side == "H") || minor == 0 {
		return simbooks.Line{}, "amount, sign and debit/credit code do not go together in item " + i.Number
	}
	l := simbooks.Line{Account: strings.TrimLeft(i.Account, "0"), Text: i.Text, Currency: i.Amount.Currency,
		Foreign:    i.Amount.Value,
		Dimensions: map[string]string{}, Extra: map[string]string{"side": i.Side}}
	if len(i.Account) != 10 && i.Creditor == "" && strings.Trim(i.Account, "0123456789") == "" {
		return l, "a G/L account has ten digits"
	}
	if i.Creditor != "" {
		l.Account, l.Dimensions["supplier"] = "2202", i.Creditor // every supplier's reconciliation account
	}
	for name, code := range map[string]string{"department": i.Center, "profit": i.Profit, "project": i.WBS,
		"order": i.Order} {
		if code != "" {
			l.Dimensions[name] = code
		}
	}
	if minor > 0 {
		l.Debit = minor
	} else {
		l.Credit = -minor
	}
	return l, ""
}
