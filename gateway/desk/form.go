package desk

import (
	"strconv"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/domain/money"
)

// Money is an amount as people and programs write it: decimal text.
type Money struct {
	Amount   string `json:"amount" maxLength:"24" doc:"Decimal text" example:"820.00"`
	Currency string `json:"currency" minLength:"3" maxLength:"3" doc:"ISO 4217 code" example:"CNY"`
}

// MoneyOf is an amount as people write it; nil where there is none.
func MoneyOf(a money.Amount) *Money {
	if a.Currency == "" {
		return nil
	}
	return &Money{Amount: a.Text(), Currency: string(a.Currency)}
}

// Form is a document's content as its author writes it: what the house knows
// better (totals, the submitter, a file's type) is not in it.
type Form struct {
	Type        string            `json:"type" maxLength:"64" doc:"Document type, from GET /types" example:"expense"`
	Title       string            `json:"title" maxLength:"200"`
	Reason      string            `json:"reason,omitempty" maxLength:"2000"`
	Entity      string            `json:"entity,omitempty" maxLength:"64" doc:"The requester's own where left out"`
	Department  string            `json:"department,omitempty" maxLength:"64" doc:"The requester's own where left out"`
	CostCenter  string            `json:"cost_center,omitempty" maxLength:"64"`
	Requester   string            `json:"requester,omitempty" maxLength:"64" doc:"Who it is for; oneself where left out"`
	Payee       *FormPayee        `json:"payee,omitempty" doc:"Who is paid, where the type asks for it"`
	Currency    string            `json:"currency,omitempty" maxLength:"3" doc:"The entity's own where left out"`
	Urgency     string            `json:"urgency,omitempty" enum:"normal,urgent"`
	Lines       []FormLine        `json:"lines,omitempty" maxItems:"500" nullable:"false"`
	Fields      map[string]string `json:"fields,omitempty" doc:"The type's own fields" maxProperties:"50"`
	Attachments []string          `json:"attachments,omitempty" maxItems:"50" nullable:"false" doc:"Ids"`
	Offset      *FormOffset       `json:"offset,omitempty" doc:"What it settles of an advance, where the type allows it"`
}

// FormOffset names an advance and how much of it is settled.
type FormOffset struct {
	Advance string `json:"advance" maxLength:"64" doc:"The number of the advance" example:"ADV-2026-000001"`
	Amount  *Money `json:"amount,omitempty" doc:"Never more than is open of it"`
}

// FormPayee names who is paid.
type FormPayee struct {
	Kind string `json:"kind" enum:"employee,supplier"`
	ID   string `json:"id" maxLength:"64" doc:"Person or supplier id"`
}

// FormLine is one line.
type FormLine struct {
	Category    string   `json:"category,omitempty" maxLength:"64"`
	Description string   `json:"description,omitempty" maxLength:"500"`
	Date        string   `json:"date,omitempty" maxLength:"10" doc:"When it was spent" example:"2026-11-20"`
	Amount      *Money   `json:"amount,omitempty" doc:"Gross, tax included"`
	Tax         *Money   `json:"tax,omitempty" doc:"The tax inside the amount"`
	CostCenter  string   `json:"cost_center,omitempty" maxLength:"64"`
	Invoice     string   `json:"invoice,omitempty" maxLength:"64"`
	Attachments []string `json:"attachments,omitempty" maxItems:"50" nullable:"false"`
	City        string   `json:"city,omitempty" maxLength:"64" doc:"One of the type's cities"`
	Units       int64    `json:"units,omitempty" minimum:"0" maximum:"366" doc:"Nights or days, where they are counted"`
}

// Content reads a form. Amounts are read strictly; everything that is wrong is
// told at once, each with its field.
//
// Errors: Invalid, the faults of money.
func (f Form) Content() (document.Content, error) {
	c := document.Content{
		Type: f.Type, Title: f.Title, Reason: f.Reason, Entity: f.Entity, Department: f.Department,
		CostCenter: f.CostCenter, Requester: f.Requester, Currency: money.Currency(f.Currency),
		Urgency: document.Urgency(f.Urgency), Fields: f.Fields, Attachments: named(f.Attachments),
	}
	if f.Payee != nil {
		c.Payee = document.Payee{Kind: document.PayeeKind(f.Payee.Kind), ID: f.Payee.ID}
	}
	var faults []*fault.Fault
	for i, line := range f.Lines {
		read := document.Line{
			No: i + 1, Category: line.Category, Description: line.Description, Date: line.Date,
			CostCenter: line.CostCenter, Invoice: invoice.Plain(line.Invoice), Attachments: named(line.Attachments),
			City: line.City, Units: line.Units,
		}
		faults = append(faults, readMoney(&read.Amount, line.Amount, lineField(i, "amount"))...)
		faults = append(faults, readMoney(&read.Tax, line.Tax, lineField(i, "tax"))...)
		if read.Tax.Currency == "" {
			read.Tax = money.Zero(read.Amount.Currency)
		}
		c.Lines = append(c.Lines, read)
	}
	if c.Currency == "" && len(c.Lines) > 0 {
		c.Currency = c.Lines[0].Amount.Currency
	}
	if f.Offset != nil {
		c.Offset = &document.Offset{Number: f.Offset.Advance}
		faults = append(faults, readMoney(&c.Offset.Amount, f.Offset.Amount, "offset.amount")...)
		if c.Offset.Amount.Currency == "" {
			c.Offset.Amount = money.Zero(c.Currency)
		}
	}
	return c, fault.Join(faults)
}

// unitsUnreadable stands for a count that is no number: no category takes it.
const unitsUnreadable = -1

// Units reads how many days or nights somebody wrote; "" is none, and what cannot
// be read is a count that validation refuses.
func Units(text string) int64 {
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return unitsUnreadable
	}
	return n
}

func readMoney(into *money.Amount, m *Money, field string) []*fault.Fault {
	if m == nil {
		return nil
	}
	read, err := money.Parse(m.Amount, money.Currency(m.Currency))
	if f, ok := fault.As(err); ok {
		at := *f
		at.Field = field + ".amount"
		if f.Code == "money.unknown_currency" {
			at.Field = field + ".currency"
		}
		return []*fault.Fault{&at}
	}
	*into = read
	return nil
}

func named(ids []string) []document.Attachment {
	var list []document.Attachment
	for _, id := range ids {
		list = append(list, document.Attachment{ID: id})
	}
	return list
}

func lineField(i int, name string) string { return "lines[" + strconv.Itoa(i) + "]." + name }

// FormOf is a content as its author would write it.
func FormOf(c document.Content) Form {
	f := Form{
		Type: c.Type, Title: c.Title, Reason: c.Reason, Entity: c.Entity, Department: c.Department, CostCenter: c.CostCenter,
		Requester: c.Requester, Currency: string(c.Currency), Urgency: string(c.Urgency), Fields: c.Fields,
		Attachments: idsOf(c.Attachments),
	}
	if c.Payee.ID != "" {
		f.Payee = &FormPayee{Kind: string(c.Payee.Kind), ID: c.Payee.ID}
	}
	if c.Offset != nil {
		f.Offset = &FormOffset{Advance: c.Offset.Number, Amount: MoneyOf(c.Offset.Amount)}
	}
	for _, l := range c.Lines {
		f.Lines = append(f.Lines, FormLine{
			Category: l.Category, Description: l.Description, Date: l.Date, Amount: MoneyOf(l.Amount), Tax: MoneyOf(l.Tax),
			CostCenter: l.CostCenter, Invoice: l.Invoice, Attachments: idsOf(l.Attachments), City: l.City, Units: l.Units,
		})
	}
	return f
}
