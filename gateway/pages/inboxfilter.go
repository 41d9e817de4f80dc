package pages

import (
	"net/url"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// inboxFilter is what a list of tasks is narrowed and sorted by, as it was typed.
type inboxFilter struct {
	Query, Type, Entity, Applicant, From, To, Currency, Sort string

	Urgent, Overdue bool
	Wrong           string // what is wrong with the amounts; "" for nothing

	Types, Entities []choice
	Currencies      []string
}

// The parameters of the filter in an address, in the order of the form.
const (
	byQuery     = "q"
	byType      = "type"
	byEntity    = "entity"
	byApplicant = "applicant"
	byFrom      = "from"
	byTo        = "to"
	byCurrency  = "currency"
	byUrgent    = "urgent"
	byOverdue   = "overdue"
	bySort      = "sort"
)

// readFilter reads the filter of a list from an address.
func (v *visit) readFilter(query url.Values) inboxFilter {
	asked := func(name string) string {
		runes := []rune(strings.TrimSpace(query.Get(name)))
		return string(runes[:min(len(runes), queryMax)])
	}
	f := inboxFilter{
		Query: asked(byQuery), Type: asked(byType), Entity: asked(byEntity), Applicant: asked(byApplicant),
		From: asked(byFrom), To: asked(byTo), Currency: asked(byCurrency), Sort: asked(bySort),
		Urgent: asked(byUrgent) != "", Overdue: asked(byOverdue) != "",
	}
	if !slices.Contains([]store.TaskOrder{store.ByNewest, store.ByAmount}, store.TaskOrder(f.Sort)) {
		f.Sort = ""
	}
	own := v.org.Entities[v.who.Person.Entity].Currency
	for id, e := range v.org.Entities {
		f.Entities = append(f.Entities, choice{id, v.entity(id)})
		if e.Currency != own && !slices.Contains(f.Currencies, e.Currency) {
			f.Currencies = append(f.Currencies, e.Currency)
		}
	}
	slices.Sort(f.Currencies)
	f.Currencies = slices.Insert(f.Currencies, 0, own)
	if !slices.Contains(f.Currencies, f.Currency) {
		f.Currency = own
	}
	byTitle := func(a, b choice) int { return strings.Compare(a.Title, b.Title) }
	slices.SortFunc(f.Entities, byTitle)
	if types, err := v.typesInForce(); err == nil { // without them there is nothing to choose
		for id, t := range types {
			f.Types = append(f.Types, choice{id, i18n.Pick(t.Title, v.locale)})
		}
		slices.SortFunc(f.Types, byTitle)
	}
	return f
}

// More says whether something is asked beside the search and the order, so that it is
// shown.
func (f inboxFilter) More() bool {
	return f.Type+f.Entity+f.Applicant+f.From+f.To != "" || f.Urgent || f.Overdue
}

// Any says whether the list is narrowed at all.
func (f inboxFilter) Any() bool { return f.More() || f.Query != "" }

// query is the filter as the address of its list has it, without what says nothing.
func (f inboxFilter) query() url.Values {
	values := url.Values{}
	for name, value := range map[string]string{
		byQuery: f.Query, byType: f.Type, byEntity: f.Entity, byApplicant: f.Applicant, byFrom: f.From, byTo: f.To,
		bySort: f.Sort, byUrgent: tick(f.Urgent), byOverdue: tick(f.Overdue),
	} {
		if value != "" {
			values.Set(name, value)
		}
	}
	if f.From+f.To != "" {
		values.Set(byCurrency, f.Currency)
	}
	return values
}

func tick(is bool) string {
	if is {
		return "1"
	}
	return ""
}

// narrow makes the store's conditions of it. Amounts that cannot be read are told, and
// narrow nothing.
func (f *inboxFilter) narrow(v *visit) (store.Narrow, error) {
	search := desk.Search{Query: f.Query, Applicant: f.Applicant, From: f.From, To: f.To, Currency: f.Currency}
	if f.Type != "" {
		search.Types = []string{f.Type}
	}
	if f.Entity != "" {
		search.Entities = []string{f.Entity}
	}
	if f.Urgent {
		search.Urgency = document.Urgent
	}
	narrow, err := v.desk().Narrow(v.r.Context(), search)
	if wrong, ok := fault.As(err); ok && wrong.Kind == fault.Invalid {
		f.Wrong = v.faultText(wrong)
		search.From, search.To = "", ""
		narrow, err = v.desk().Narrow(v.r.Context(), search)
	}
	return narrow, err
}

// filter makes the store's filter of tasks of it.
func (f *inboxFilter) filter(v *visit) (store.TaskFilter, error) {
	filter := store.TaskFilter{Order: store.TaskOrder(f.Sort)}
	if f.Overdue {
		filter.DueBefore = v.now
	}
	var err error
	filter.Narrow, err = f.narrow(v)
	return filter, err
}

// Sorts are the orders to choose from.
func (f inboxFilter) Sorts() []choice {
	return []choice{{"", "page.inbox.sort.due"}, {string(store.ByNewest), "page.inbox.sort.newest"},
		{string(store.ByAmount), "page.inbox.sort.amount"}}
}
