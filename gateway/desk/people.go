package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// People finds active people by name, id or address, to choose from. Only who
// may read people sees their addresses.
func (d *Desk) People(ctx context.Context, who auth.Who, query string) ([]org.Person, error) {
	if _, err := needAny(who, access.OrganisationRead); err != nil {
		return nil, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	scope := access.ScopeFor(who.Subject, access.PeopleRead)
	var found []org.Person
	for _, p := range snapshot.People {
		if !p.Active || !matches(query, p.ID, p.Name, p.Email) {
			continue
		}
		p.Subject, p.Aliases = "", nil
		if !scope.All && !slices.Contains(scope.Entities, p.Entity) && p.ID != who.Person.ID {
			p.Email, p.Grade = "", 0
		}
		found = append(found, p)
	}
	slices.SortFunc(found, func(a, b org.Person) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return found[:min(len(found), PeopleMax)], nil
}

// Suppliers finds suppliers to choose from; accounts are masked.
func (d *Desk) Suppliers(ctx context.Context, who auth.Who, query string) ([]org.Supplier, error) {
	if _, err := needAny(who, access.OrganisationRead); err != nil {
		return nil, err
	}
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var found []org.Supplier
	for _, s := range snapshot.Suppliers {
		if matches(query, s.ID, s.Name) {
			s.Account = Masked(s.Account)
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b org.Supplier) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return found[:min(len(found), PeopleMax)], nil
}

func matches(query string, texts ...string) bool {
	query = strings.ToLower(strings.TrimSpace(query))
	return query == "" || slices.ContainsFunc(texts, func(text string) bool {
		return strings.Contains(strings.ToLower(text), query)
	})
}

// accountShown is how many characters of an account people see.
const accountShown = 4

// Masked is an account as people see it: its last four characters.
func Masked(account string) string {
	runes := []rune(account)
	if len(runes) <= accountShown {
		return strings.Repeat("•", len(runes))
	}
	return "•••• " + string(runes[len(runes)-accountShown:])
}

// Notices lists what somebody was told, for who may read documents: that is what
// notices tell of.
func (d *Desk) Notices(ctx context.Context, who auth.Who, cursor string) (store.Page[store.Notice], error) {
	if _, err := needAny(who, access.DocumentRead); err != nil {
		return store.Page[store.Notice]{}, err
	}
	return d.Store.Notices(ctx, who.Person.ID, cursor)
}

// Messages is how somebody was told of late: the newest messages to them, and how many
// notices wait for their next digest.
func (d *Desk) Messages(ctx context.Context, who auth.Who) (latest []store.Delivery, held int, err error) {
	if _, err := needAny(who, access.DocumentRead); err != nil {
		return nil, 0, err
	}
	page, err := d.Store.Deliveries(ctx, store.DeliveryFilter{Person: who.Person.ID})
	if err != nil {
		return nil, 0, err
	}
	_, held, err = d.Store.HeldFor(ctx, who.Person.ID, 1)
	return page.Items, held, err
}
