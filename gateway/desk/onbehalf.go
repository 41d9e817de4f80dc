package desk

import (
	"context"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
)

var _ = fault.Register(map[string]fault.Entry{
	"document.not_on_behalf": {Kind: fault.Forbidden, Args: []string{"person"}},
})

// OnBehalf says whether somebody may enter a document for a person: for themselves, or
// by a right that reaches to where the person works. 代提单
func OnBehalf(who auth.Who, person org.Person) bool {
	if person.ID == who.Person.ID {
		return true
	}
	ok, _ := access.Can(who.Subject, access.DocumentOnBehalf,
		access.Object{Entity: person.Entity, Department: person.Department})
	return ok && person.Active
}

// entered holds that a content is for somebody whom its author may enter it for. Whether
// there is such a person is validation's to say.
//
// Errors: Forbidden document.not_on_behalf.
func (d *Desk) entered(ctx context.Context, who auth.Who, c document.Content) error {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	person, known := snapshot.People[c.Requester]
	if !known || OnBehalf(who, person) {
		return nil
	}
	return fault.New(fault.Forbidden, "document.not_on_behalf", fault.Field("requester"), fault.Arg("person", person.Name))
}

// Requester finds the person for whom somebody wants to write, named as people do.
//
// Errors: Invalid act.to_unknown, act.to_several with the field requester; Forbidden
// document.not_on_behalf.
func (d *Desk) Requester(ctx context.Context, who auth.Who, name string) (org.Person, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return org.Person{}, err
	}
	id, err := personMeant(snapshot, strings.TrimSpace(name))
	if err != nil {
		return org.Person{}, atField(err, "requester")
	}
	return snapshot.People[id], d.entered(ctx, who, document.Content{Requester: id})
}
