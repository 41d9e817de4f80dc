package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

var _ = fault.Register(map[string]fault.Entry{
	"search.no_currency": {Kind: fault.Invalid},
})

// Search is what a list is narrowed by, as people say it. Empty fields do not narrow.
type Search struct {
	Query           string // in the number or the title, or a part of the applicant's name
	Types, Entities []string
	Urgency         document.Urgency
	Applicant       string // a part of a name, an account or an e-mail address
	From, To        string // amounts as decimal text, in …
	Currency        string
}

// Narrow makes the store's filter of it. A name that nobody has finds nothing.
//
// Errors: Invalid search.no_currency, and those of money.Parse with the field.
func (d *Desk) Narrow(ctx context.Context, s Search) (store.Narrow, error) {
	narrow := store.Narrow{Types: s.Types, Entities: s.Entities, Urgency: s.Urgency, Query: strings.TrimSpace(s.Query)}
	var err error
	if strings.TrimSpace(s.Applicant) != "" {
		if narrow.People, err = d.peopleNamed(ctx, s.Applicant); err != nil {
			return narrow, err
		}
		narrow.People = append(narrow.People, "") // nobody's account
	}
	if narrow.Named, err = d.peopleNamed(ctx, narrow.Query); err != nil {
		return narrow, err
	}
	narrow.Amounts, err = amountRange(s)
	return narrow, err
}

// amountRange reads the ends of a range, in whichever order they were given.
func amountRange(s Search) (store.AmountRange, error) {
	if s.From == "" && s.To == "" {
		return store.AmountRange{}, nil
	}
	in := store.AmountRange{Currency: money.Currency(s.Currency)}
	if s.Currency == "" {
		return in, fault.New(fault.Invalid, "search.no_currency", fault.Field("currency"))
	}
	for _, end := range []struct {
		field, text string
		minor       *int64
	}{{"amount_from", s.From, &in.From}, {"amount_to", s.To, &in.To}} {
		if end.text == "" {
			continue
		}
		amount, err := money.Parse(strings.ReplaceAll(end.text, ",", ""), in.Currency)
		if f, ok := fault.As(err); ok {
			wrong := *f
			wrong.Field = end.field
			return store.AmountRange{}, &wrong
		}
		*end.minor = amount.Minor
	}
	if in.To > 0 && in.To < in.From {
		in.From, in.To = in.To, in.From
	}
	return in, nil
}

// namedMost bounds the people whom one word can mean.
const namedMost = 200

// peopleNamed finds the accounts of those whom somebody means by a part of a name, an
// account or an e-mail address, whether they still work here or not: lists are searched
// for people of before, too.
func (d *Desk) peopleNamed(ctx context.Context, word string) ([]string, error) {
	word = strings.ToLower(strings.TrimSpace(word))
	if word == "" {
		return nil, nil
	}
	people, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	return meantBy(people.People, word), nil
}

// meantBy are the accounts that a word in lower case means, the same ones each time: the
// next page of a list asks again.
func meantBy(people map[string]org.Person, word string) []string {
	var ids []string
	for id, p := range people {
		if strings.EqualFold(id, word) || strings.EqualFold(p.Email, word) ||
			strings.Contains(strings.ToLower(p.Name), word) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(len(ids), namedMost)]
}
