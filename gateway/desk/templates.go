package desk

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// TemplateNameMax is how many characters the name of a template may have.
const TemplateNameMax = 80

var _ = fault.Register(map[string]fault.Entry{
	"template.bad_name": {Kind: fault.Invalid, Args: []string{"max"}},
})

// Blueprint is a content as the start of another one: what is said of one occasion alone
// (dates, invoices, files, what was settled, approved or frozen) is left out.
func Blueprint(c document.Content) document.Content {
	next := document.Content{
		Type: c.Type, Title: c.Title, Reason: c.Reason, Entity: c.Entity, Department: c.Department,
		CostCenter: c.CostCenter, Requester: c.Requester, Currency: c.Currency, Urgency: c.Urgency, Fields: c.Fields,
		Payee: document.Payee{Kind: c.Payee.Kind, ID: c.Payee.ID},
	}
	for i, l := range c.Lines {
		asked := document.Line{
			No: i + 1, Category: l.Category, Description: l.Description, CostCenter: l.CostCenter, City: l.City,
			Units: l.Units, Amount: l.Amount, Tax: l.Tax,
		}
		if l.Claimed != nil {
			asked.Amount, asked.Tax = l.Claimed.Amount, l.Claimed.Tax
		}
		if asked.Tax.Currency == "" {
			asked.Tax = money.Zero(asked.Amount.Currency)
		}
		next.Lines = append(next.Lines, asked)
	}
	return next
}

// Earlier is a document that somebody may read, as the start of another one of their own.
//
// Errors: NotFound document.not_found.
func (d *Desk) Earlier(ctx context.Context, who auth.Who, id string) (document.Content, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return document.Content{}, err
	}
	return d.own(ctx, who, Blueprint(detail.Content))
}

// own makes a blueprint one's own where one may not write for whom it was.
func (d *Desk) own(ctx context.Context, who auth.Who, c document.Content) (document.Content, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return c, err
	}
	person, known := snapshot.People[c.Requester]
	if !known || !OnBehalf(who, person) {
		c.Requester, c.Entity, c.Department, c.CostCenter = "", "", "", ""
	}
	return Filled(c, who.Person.ID, snapshot), nil
}

// SaveTemplate keeps a content under a name of one's own; one of that name is replaced.
//
// Errors: Invalid template.bad_name, document.type_unknown; Conflict template.too_many.
func (d *Desk) SaveTemplate(ctx context.Context, who auth.Who, name string, c document.Content) (
	store.Template, error) {
	if _, err := needAny(who, access.DocumentCreate); err != nil {
		return store.Template{}, err
	}
	name, err := templateName(name)
	if err != nil {
		return store.Template{}, err
	}
	if _, err := d.Type(ctx, c.Type); err != nil {
		return store.Template{}, err
	}
	return d.Store.SaveTemplate(ctx, store.Template{Owner: who.Person.ID, Name: name, Content: Blueprint(c)})
}

// templateName reads the name that somebody gives to a template.
func templateName(text string) (string, error) {
	name := strings.Join(strings.Fields(text), " ")
	if n := utf8.RuneCountInString(name); n == 0 || n > TemplateNameMax || !utf8.ValidString(name) {
		return "", fault.New(fault.Invalid, "template.bad_name", fault.Field("name"),
			fault.Arg("max", strconv.Itoa(TemplateNameMax)))
	}
	return name, nil
}

// RenameTemplate gives one of one's own templates another name.
//
// Errors: Invalid template.bad_name; NotFound template.not_found; Conflict template.name_taken.
func (d *Desk) RenameTemplate(ctx context.Context, who auth.Who, id, name string) error {
	if _, err := needAny(who, access.DocumentCreate); err != nil {
		return err
	}
	if uuid.Validate(id) != nil {
		return fault.New(fault.NotFound, "template.not_found")
	}
	// What is not one's own is not there, whatever it shall be called.
	if _, err := d.Store.Template(ctx, who.Person.ID, id); err != nil {
		return err
	}
	name, err := templateName(name)
	if err != nil {
		return err
	}
	return d.Store.RenameTemplate(ctx, who.Person.ID, id, name)
}

// Templates lists one's own templates.
func (d *Desk) Templates(ctx context.Context, who auth.Who) ([]store.Template, error) {
	if _, err := needAny(who, access.DocumentCreate); err != nil {
		return nil, err
	}
	return d.Store.Templates(ctx, who.Person.ID)
}

// Template is the content of one of one's own templates.
//
// Errors: NotFound template.not_found.
func (d *Desk) Template(ctx context.Context, who auth.Who, id string) (document.Content, error) {
	if _, err := needAny(who, access.DocumentCreate); err != nil {
		return document.Content{}, err
	}
	if uuid.Validate(id) != nil {
		return document.Content{}, fault.New(fault.NotFound, "template.not_found")
	}
	t, err := d.Store.Template(ctx, who.Person.ID, id)
	if err != nil {
		return document.Content{}, err
	}
	return d.own(ctx, who, t.Content)
}

// DeleteTemplate forgets one of one's own templates.
//
// Errors: NotFound template.not_found.
func (d *Desk) DeleteTemplate(ctx context.Context, who auth.Who, id string) error {
	if _, err := needAny(who, access.DocumentCreate); err != nil {
		return err
	}
	if uuid.Validate(id) != nil {
		return fault.New(fault.NotFound, "template.not_found")
	}
	return d.Store.DeleteTemplate(ctx, who.Person.ID, id)
}
