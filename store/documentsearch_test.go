package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/store"
)

// all reads every page of a list.
func (w *world) all(scope access.Scope, f store.DocumentFilter) []store.Document {
	w.t.Helper()
	var list []store.Document
	for f.Limit = store.PageMost; ; {
		page, err := w.s.Documents(w.ctx, scope, f)
		require.NoError(w.t, err)
		list = append(list, page.Items...)
		if f.Cursor = page.Next; f.Cursor == "" {
			return list
		}
	}
}

// findsAll holds a search against reading all there is: the same documents in the same
// order, whatever somebody may read and however common the word is.
func (w *world) findsAll(t *testing.T) {
	scopes := readers(w.busiest())
	delete(scopes, "the head of a division")
	var small string
	require.NoError(t, w.root.Get(&small, `SELECT department FROM documents WHERE status <> 'draft' GROUP BY 1
		HAVING count(*) < 400 ORDER BY count(*) DESC LIMIT 1`))
	scopes["the head of a small department"] = access.Scope{Person: "zhao", Departments: []string{small}}
	for who, scope := range scopes {
		everything := w.all(scope, store.DocumentFilter{})
		require.Positive(t, len(everything), who)
		for _, word := range []string{"差旅", "trade FAIR", "软件许可年费 77"} {
			var want, got []string
			for _, d := range everything {
				if strings.Contains(strings.ToLower(d.Title), strings.ToLower(word)) {
					want = append(want, d.ID)
				}
			}
			for _, d := range w.all(scope, store.DocumentFilter{Query: word}) {
				got = append(got, d.ID)
			}
			assert.Equal(t, want, got, "%s looks for %s", who, word)
		}
		one := everything[len(everything)/2]
		w.findsNarrowed(t, scope, everything, one)
		for _, q := range []store.DocumentFilter{
			{Query: one.Number}, {Query: strings.ToLower(one.Number[:len(one.Number)-2])},
			{Query: one.Number[len(one.Number)-6:]}, {Query: "no such title", Named: []string{one.Requester}},
		} {
			assert.True(t, slices.ContainsFunc(w.all(scope, q), func(d store.Document) bool { return d.ID == one.ID }),
				"%s looks for %q %v", who, q.Query, q.Named)
		}
		w.findsOwn(t, scope)
	}
}

// findsOwn holds that a search among somebody's own documents has what is so called of all
// of them, in the same order, however rare it is.
func (w *world) findsOwn(t *testing.T, scope access.Scope) {
	t.Helper()
	own := store.DocumentFilter{Submitter: scope.Person, Own: true}
	everything := w.all(scope, own)
	if len(everything) == 0 {
		return
	}
	one := everything[len(everything)/2]
	for _, q := range []store.DocumentFilter{
		{Query: "差旅"}, {Query: one.Title}, {Query: one.Number}, {Query: one.Requester, Named: []string{one.Requester}},
	} {
		var want, got []string
		for _, d := range everything {
			if strings.Contains(d.Title, q.Query) || d.Number == q.Query || slices.Contains(q.Named, d.Requester) {
				want = append(want, d.ID)
			}
		}
		q.Submitter, q.Own = own.Submitter, own.Own
		for _, d := range w.all(scope, q) {
			got = append(got, d.ID)
		}
		assert.NotEmpty(t, got, "%s looks for %q among their own", scope.Person, q.Query)
		assert.Equal(t, want, got, "%s looks for %q among their own", scope.Person, q.Query)
	}
}

// findsNarrowed holds that a list that is narrowed has what is so narrowed of all, in the
// same order: by company, person, urgency, amount, and by all of them.
func (w *world) findsNarrowed(t *testing.T, scope access.Scope, everything []store.Document, one store.Document) {
	t.Helper()
	amounts := store.AmountRange{Currency: one.Total.Currency, From: one.Total.Minor / 2, To: one.Total.Minor * 2}
	inside := func(d store.Document) bool {
		in := func(a money.Amount) bool {
			return a.Currency == amounts.Currency && a.Minor >= amounts.From && a.Minor <= amounts.To
		}
		return in(d.Total) || d.Total.Currency != amounts.Currency && in(d.BaseTotal)
	}
	theirs := func(d store.Document) bool { return d.Requester == one.Requester || d.Submitter == one.Requester }
	for what, q := range map[string]struct {
		filter store.DocumentFilter
		holds  func(d store.Document) bool
	}{
		"company": {store.DocumentFilter{Entities: []string{one.Entity}},
			func(d store.Document) bool { return d.Entity == one.Entity }},
		"urgency": {store.DocumentFilter{Urgency: one.Urgency}, func(d store.Document) bool { return d.Urgency == one.Urgency }},
		"amount":  {store.DocumentFilter{Amounts: amounts}, inside},
		"person":  {store.DocumentFilter{People: []string{one.Requester}}, theirs},
		"people":  {store.DocumentFilter{People: []string{one.Requester, "", "nobody"}}, theirs},
		"all": {store.DocumentFilter{Entities: []string{one.Entity}, People: []string{one.Requester}, Amounts: amounts},
			func(d store.Document) bool { return d.Entity == one.Entity && theirs(d) && inside(d) }},
	} {
		var want, got []string
		for _, d := range everything {
			if q.holds(d) {
				want = append(want, d.ID)
			}
		}
		for _, d := range w.all(scope, q.filter) {
			got = append(got, d.ID)
		}
		assert.NotEmpty(t, got, what)
		assert.Equal(t, want, got, "by %s", what)
	}
}
