package pages

import (
	"net/url"
	"time"

	"github.com/countersign/countersign/store"
)

// documentFilter is what a list of documents is narrowed by, as it was typed: what a list
// of tasks is, and by when they were submitted.
type documentFilter struct {
	inboxFilter
	Since, Until string // days, both included
}

// The parameters that only a list of documents has.
const (
	bySince = "since"
	byUntil = "until"
)

func (v *visit) readDocumentFilter(query url.Values) documentFilter {
	return documentFilter{
		inboxFilter: v.readFilter(query), Since: dayOr(query.Get(bySince)), Until: dayOr(query.Get(byUntil)),
	}
}

// dayOr is a day; "" for what is none.
func dayOr(text string) string {
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return ""
	}
	return text
}

// More says whether something is asked beside the search.
func (f documentFilter) More() bool { return f.inboxFilter.More() || f.Since+f.Until != "" }

// query is the filter as the address of its list has it.
func (f documentFilter) query() url.Values {
	values := f.inboxFilter.query()
	for name, value := range map[string]string{bySince: f.Since, byUntil: f.Until} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

// apply narrows a list of documents. Days are those where the reader works.
func (f *documentFilter) apply(v *visit, filter *store.DocumentFilter) error {
	narrow, err := f.narrow(v)
	if err != nil {
		return err
	}
	filter.Types, filter.Entities, filter.People = narrow.Types, narrow.Entities, narrow.People
	filter.Urgency, filter.Amounts, filter.Query = narrow.Urgency, narrow.Amounts, narrow.Query
	zone := v.zone(v.who.Person.Entity)
	if at, err := time.ParseInLocation(time.DateOnly, f.Since, zone); err == nil {
		filter.From = at
	}
	if at, err := time.ParseInLocation(time.DateOnly, f.Until, zone); err == nil {
		filter.To = at.AddDate(0, 0, 1)
	}
	return nil
}
