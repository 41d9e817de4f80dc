package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// TestADraftSavedElsewhereIsNotWrittenOver proves that two windows on one draft lose
// nothing: the second is told, unless it has the same to say.
func TestADraftSavedElsewhereIsNotWrittenOver(t *testing.T) {
	w := newWorld(t)
	save := func(in store.DraftInput) (store.Document, error) { in.Owner = "sue"; return w.s.SaveDraft(w.ctx, in) }
	first, err := save(store.DraftInput{Content: content("one")})
	require.NoError(t, err)
	second, err := save(store.DraftInput{ID: first.ID, Content: content("two"), Seen: first.UpdatedAt})
	require.NoError(t, err)
	_, err = save(store.DraftInput{ID: first.ID, Content: content("three"), Seen: first.UpdatedAt})
	require.Equal(t, "draft.saved_elsewhere", fault.CodeOf(err))
	again, err := save(store.DraftInput{ID: first.ID, Content: content("two"), Seen: first.UpdatedAt})
	require.NoError(t, err, "a repeat of the same is no conflict")
	require.Equal(t, second.UpdatedAt, again.UpdatedAt, "and changes nothing")
	over, err := save(store.DraftInput{ID: first.ID, Content: content("three")})
	require.NoError(t, err, "who has not looked replaces it")
	require.Equal(t, "three", over.Content.Title)
}

// TestReused finds invoices and files where they were used, and tells a stranger no
// more than that they were.
func TestReused(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"a1", "a2"} {
		require.NoError(t, w.s.SaveAttachment(w.ctx, store.AttachmentRow{
			Attachment: document.Attachment{ID: id, Name: id, Type: "image/png", Size: 1, SHA256: "same"}, Uploader: "sue", Key: id}))
	}
	named := func(title, number, file string) store.Document {
		c := content(title)
		c.Lines[0].Invoice = number
		c.Attachments = []document.Attachment{{ID: file, SHA256: "same"}} // as the gateway completes it
		d, err := w.s.Submit(w.ctx, w.submitInput(c))
		require.NoError(t, err)
		return d
	}
	d := named("hotel", "24312000000136634917", "a1")
	q := store.ReuseQuery{Invoices: []string{"24312000000136634917", "x"}, Hashes: []string{"same", "other"}}
	mine, err := w.s.Reused(w.ctx, access.Scope{Person: "sue"}, q)
	require.NoError(t, err)
	require.Equal(t, []store.Reuse{
		{Hash: "same", Document: d.ID, Number: d.Number, Title: "hotel", At: mine[0].At},
		{Invoice: "24312000000136634917", Document: d.ID, Number: d.Number, Title: "hotel", At: mine[0].At},
	}, mine)
	marked := func(want map[string]int) {
		t.Helper()
		var ids []string
		for id := range want {
			ids = append(ids, id)
		}
		risks, err := w.s.Risks(w.ctx, ids)
		require.NoError(t, err)
		for id, n := range want {
			require.Equal(t, n, risks[id].Reused, id)
		}
	}
	marked(map[string]int{d.ID: 0})
	other := named("the same hotel", "24312000000136634917", "a2")
	marked(map[string]int{d.ID: 2, other.ID: 2})
	w.tamper(`UPDATE documents SET status = $2 WHERE id = $1`, other.ID, string(approval.Rejected))
	marked(map[string]int{d.ID: 0})

	theirs, err := w.s.Reused(w.ctx, access.Scope{Person: "rob"}, q)
	require.NoError(t, err)
	require.Equal(t, []store.Reuse{{Hash: "same"}, {Invoice: "24312000000136634917"}}, theirs)
	q.Besides = d.ID
	none, err := w.s.Reused(w.ctx, access.Scope{Person: "sue"}, q)
	require.NoError(t, err)
	require.Empty(t, none, "a document does not repeat itself")

	q.Besides = ""
	_, err = w.s.SaveDraft(w.ctx, store.DraftInput{Content: d.Content, Owner: "sue"})
	require.NoError(t, err)
	w.tamper(`UPDATE documents SET status = $2 WHERE id = $1`, d.ID, string(approval.Withdrawn))
	none, err = w.s.Reused(w.ctx, access.Scope{Person: "sue"}, q)
	require.NoError(t, err)
	require.Empty(t, none, "neither drafts nor what was withdrawn use anything up")
}

// TestReusedUsesItsIndexes holds the look-up to the two indexes that were made for it.
func TestReusedUsesItsIndexes(t *testing.T) {
	w := newWorld(t)
	var plan []string
	tx := w.root.MustBegin()
	defer tx.Rollback() //nolint:errcheck // nothing was written
	tx.MustExec(`SET LOCAL enable_seqscan = off`)
	require.NoError(t, tx.Select(&plan, `EXPLAIN SELECT r.document FROM unnest(ARRAY['1']) AS n (invoice)
		JOIN revisions r ON r.content LIKE '%"invoice":"%'
		AND jsonb_path_query_array(r.content::jsonb, '$.lines[*].invoice') ? n.invoice`))
	require.Contains(t, strings.Join(plan, "\n"), "revisions_invoices")
	plan = nil
	require.NoError(t, tx.Select(&plan, `EXPLAIN SELECT id FROM attachments WHERE sha256 = ANY(ARRAY['1'])`))
	require.Contains(t, strings.Join(plan, "\n"), "attachments_sha256")
}

// TestTemplates are their owner's alone, one of a name, and not without end.
func TestTemplates(t *testing.T) {
	w := newWorld(t)
	save := func(owner, name, title string) (store.Template, error) {
		return w.s.SaveTemplate(w.ctx, store.Template{Owner: owner, Name: name, Content: content(title)})
	}
	first, err := save("sue", "monthly", "one")
	require.NoError(t, err)
	second, err := save("sue", "monthly", "two")
	require.NoError(t, err)
	require.Equal(t, first.ID, second.ID)
	got, err := w.s.Template(w.ctx, "sue", first.ID)
	require.NoError(t, err)
	require.Equal(t, "two", got.Content.Title)
	_, err = w.s.Template(w.ctx, "rob", first.ID)
	require.Equal(t, "template.not_found", fault.CodeOf(err))
	require.Equal(t, "template.not_found", fault.CodeOf(w.s.DeleteTemplate(w.ctx, "rob", first.ID)))
	require.Equal(t, "template.not_found", fault.CodeOf(w.s.RenameTemplate(w.ctx, "rob", first.ID, "mine")))
	other, err := save("sue", "weekly", "x")
	require.NoError(t, err)
	require.Equal(t, "template.name_taken", fault.CodeOf(w.s.RenameTemplate(w.ctx, "sue", other.ID, "monthly")))
	require.NoError(t, w.s.RenameTemplate(w.ctx, "sue", other.ID, "weekly"), "its own name is free to it")
	require.NoError(t, w.s.RenameTemplate(w.ctx, "sue", other.ID, "n1"))
	for i := 1; i < store.TemplatesMax; i++ {
		_, err = save("sue", fmt.Sprint("n", i), "x")
		require.NoError(t, err)
	}
	_, err = save("sue", "one more", "x")
	require.Equal(t, "template.too_many", fault.CodeOf(err))
	_, err = save("sue", "monthly", "three")
	require.NoError(t, err, "one that is there is replaced")
	list, err := w.s.Templates(w.ctx, "sue")
	require.NoError(t, err)
	require.Len(t, list, store.TemplatesMax)
	require.NoError(t, w.s.DeleteTemplate(w.ctx, "sue", first.ID))
	list, err = w.s.Templates(w.ctx, "rob")
	require.NoError(t, err)
	require.Empty(t, list)
}
