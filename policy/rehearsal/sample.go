package rehearsal

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy/doctype"
)

// Asked is what a rehearsal is about; the rest of the document is generated.
type Asked struct {
	Requester string
	Amount    money.Amount
	Category  string            // of its one line; "" for the first that has no standard
	Urgency   document.Urgency  // "" for normal
	Choices   map[string]string // fields of the type that have options
	Words     string            // wherever words are needed
}

// sampleFile stands for whatever must be attached.
var sampleFile = document.Attachment{ID: Document, Name: "rehearsal.pdf"}

// sampleSpan is how far dates that follow one another lie apart.
const sampleSpan = 7 * 24 * time.Hour

// Content generates a document of a type, complete as it would be submitted today.
//
// Errors: Invalid with what the type refuses of what was asked for.
func Content(t *doctype.Type, a Asked, company *org.Snapshot, today time.Time, rates doctype.Rates) (
	document.Content, error) {
	person := company.People[a.Requester]
	day := today.Format(time.DateOnly)
	line := document.Line{No: 1, Category: a.Category, Description: a.Words, Amount: a.Amount,
		Tax: money.Zero(a.Amount.Currency), Attachments: []document.Attachment{sampleFile}}
	if line.Category == "" {
		line.Category = plainCategory(t)
	}
	c := document.Content{
		Type: t.ID, Title: a.Words, Reason: a.Words, Entity: person.Entity, Department: person.Department,
		Submitter: person.ID, Requester: person.ID, Currency: a.Amount.Currency, Attachments: line.Attachments,
		Urgency: cmp.Or(a.Urgency, document.Normal), Fields: fields(t, a, company, today), Payee: payee(t, person, company),
	}
	if category, _ := t.Category(line.Category); category.Standard != nil {
		line.Units = 1
		if category.Standard.Tiers() && len(t.Cities) > 0 {
			line.City = t.Cities[0].ID
		}
	}
	if t.LineDates {
		line.Date = day
	}
	c.Lines = []document.Line{line}
	if err := fault.Join(blamed(doctype.Validate(t, c, company, day), a)); err != nil {
		return c, err
	}
	return doctype.Complete(t, c, company, rates)
}

// blamed leaves out what is wrong with a field that was generated: a type may ask for
// texts that nobody can make up, and no rule of a route reads them.
func blamed(faults []*fault.Fault, a Asked) []*fault.Fault {
	return slices.DeleteFunc(faults, func(f *fault.Fault) bool {
		name, ofType := strings.CutPrefix(f.Field, "fields.")
		_, asked := a.Choices[name]
		return ofType && !asked
	})
}

func plainCategory(t *doctype.Type) string {
	for _, c := range t.Categories {
		if c.Standard == nil {
			return c.ID
		}
	}
	if len(t.Categories) > 0 {
		return t.Categories[0].ID
	}
	return ""
}

func payee(t *doctype.Type, person org.Person, company *org.Snapshot) document.Payee {
	switch t.Payee {
	case doctype.PayeeSelf:
		return document.Payee{Kind: document.PayeeEmployee, ID: person.ID}
	case doctype.PayeeSupplier:
		return document.Payee{Kind: document.PayeeSupplier, ID: supplier(person, company)}
	}
	return document.Payee{}
}

// supplier is the first that the person's company may pay.
func supplier(person org.Person, company *org.Snapshot) string {
	for _, id := range slices.Sorted(maps.Keys(company.Suppliers)) {
		if s := company.Suppliers[id]; s.Entity == "" || s.Entity == person.Entity {
			return id
		}
	}
	return ""
}

// fields fills those of the type: as asked, else with something that fits.
func fields(t *doctype.Type, a Asked, company *org.Snapshot, today time.Time) map[string]string {
	made := make(map[string]string, len(t.Fields))
	for i, f := range t.Fields {
		switch f.Kind {
		case doctype.Choice:
			made[f.Name] = a.Choices[f.Name]
			if made[f.Name] == "" && f.Required && len(f.Options) > 0 {
				made[f.Name] = f.Options[0].ID
			}
		case doctype.Date:
			made[f.Name] = today.Add(time.Duration(i+1) * sampleSpan).Format(time.DateOnly)
		case doctype.Person:
			made[f.Name] = colleague(a.Requester, company)
		case doctype.Department:
			made[f.Name] = company.People[a.Requester].Department
		case doctype.Supplier:
			made[f.Name] = supplier(company.People[a.Requester], company)
		case doctype.Integer, doctype.Decimal, doctype.Money:
			made[f.Name] = cmp.Or(f.Min, "1")
		case doctype.Text:
			if f.Required {
				made[f.Name] = a.Words
			}
		case doctype.Document: // of a document that is none
		}
	}
	return made
}

// colleague is somebody beside the requester whom a document names: their manager, else
// the first of the same company.
func colleague(requester string, company *org.Snapshot) string {
	if m, ok := company.Manager(requester); ok {
		return m.ID
	}
	for _, id := range slices.Sorted(maps.Keys(company.People)) {
		p := company.People[id]
		if p.Active && id != requester && p.Entity == company.People[requester].Entity {
			return id
		}
	}
	return requester
}
