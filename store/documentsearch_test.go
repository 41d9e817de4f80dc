package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
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
		for _, q := range []store.DocumentFilter{
			{Query: one.Number}, {Query: strings.ToLower(one.Number[:len(one.Number)-2])},
			{Query: one.Number[len(one.Number)-6:]}, {Query: "no such title", Named: []string{one.Requester}},
		} {
			assert.True(t, slices.ContainsFunc(w.all(scope, q), func(d store.Document) bool { return d.ID == one.ID }),
				"%s looks for %q %v", who, q.Query, q.Named)
		}
	}
}
