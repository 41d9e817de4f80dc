package store_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

func copyIn(d store.Document, by string, people ...string) store.CopyInput {
	return store.CopyInput{Document: d.ID, By: by, How: cc.ByApproval, Remark: "请知悉", People: people}
}

func (w *world) reads(person, id string) bool {
	w.t.Helper()
	_, err := w.s.Document(w.ctx, access.Scope{Person: person}, id)
	if err != nil {
		require.Equal(w.t, "document.not_found", fault.CodeOf(err))
	}
	return err == nil
}

// TestACopyLetsReadUntilItIsTakenBack, and nothing but read; each change has its
// event in a chain of its own.
func TestACopyLetsReadUntilItIsTakenBack(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	require.False(t, w.reads("bob", d.ID))
	made, err := w.s.AddCopies(w.ctx, copyIn(d, "sue", "bob", "rob"))
	require.NoError(t, err)
	require.Len(t, made, 2)
	assert.True(t, w.reads("bob", d.ID))
	_, err = w.s.AddCopies(w.ctx, copyIn(d, "ann", "adm", "bob"))
	assert.Equal(t, "copy.already", fault.CodeOf(err))
	assert.False(t, w.reads("adm", d.ID), "all of a call or nothing")
	assert.Equal(t, 2, w.count(`SELECT count(*) FROM notices WHERE kind = 'document.copied' AND data->>'reason' = '请知悉'`))

	unread, err := w.s.UnreadCopies(w.ctx, "bob")
	require.NoError(t, err)
	assert.EqualValues(t, 1, unread)
	for _, f := range []store.DocumentFilter{{CopiedTo: "bob"}, {CopiedTo: "bob", Unread: true}} {
		page, err := w.s.Documents(w.ctx, access.Scope{Person: "bob"}, f)
		require.NoError(t, err)
		assert.Len(t, page.Items, 1)
	}
	require.NoError(t, w.s.ReadCopy(w.ctx, d.ID, "bob"))
	first, err := w.s.Copies(w.ctx, d.ID)
	require.NoError(t, err)
	require.NoError(t, w.s.ReadCopy(w.ctx, d.ID, "bob"), "safe to repeat")
	again, err := w.s.Copies(w.ctx, d.ID)
	require.NoError(t, err)
	assert.Equal(t, first, again, "the first instant stays")
	assert.False(t, first[0].ReadAt.IsZero())
	assert.True(t, first[1].ReadAt.IsZero())
	page, err := w.s.Documents(w.ctx, access.Scope{Person: "bob"}, store.DocumentFilter{CopiedTo: "bob", Unread: true})
	require.NoError(t, err)
	assert.Empty(t, page.Items)

	removed, err := w.s.RemoveCopy(w.ctx, store.CopyRemoval{Document: d.ID, Person: "bob", By: "sue", Reason: "发错人"})
	require.NoError(t, err)
	repeated, err := w.s.RemoveCopy(w.ctx, store.CopyRemoval{Document: d.ID, Person: "bob", By: "adm", Reason: "again"})
	require.NoError(t, err)
	assert.Equal(t, removed, repeated, "safe to repeat")
	assert.False(t, w.reads("bob", d.ID))
	_, err = w.s.RemoveCopy(w.ctx, store.CopyRemoval{Document: d.ID, Person: "fin", By: "sue", Reason: ""})
	assert.Equal(t, "copy.not_found", fault.CodeOf(err))
	_, err = w.s.AddCopies(w.ctx, copyIn(d, "ann", "bob"))
	require.NoError(t, err, "given again")
	assert.True(t, w.reads("bob", d.ID))
	assert.Equal(t, 3, w.count(`SELECT count(*) FROM events WHERE stream = $1`, cc.StreamPrefix+d.ID))
	w.clean()
}

// TestACopyIsOfWhatWasSubmitted, whole and of somebody else, and never of a draft.
func TestACopyIsOfWhatWasSubmitted(t *testing.T) {
	w := newWorld(t)
	draft, err := w.s.SaveDraft(w.ctx, store.DraftInput{Content: content("draft"), Owner: "sue"})
	require.NoError(t, err)
	_, err = w.s.AddCopies(w.ctx, copyIn(draft, "sue", "bob"))
	assert.Equal(t, "document.not_found", fault.CodeOf(err))

	in := w.submitInput(content("train"))
	in.CC, in.CCRemark = []string{"bob"}, "请知悉"
	in.Idem = store.Idempotency{Actor: "sue", Route: "submit", Key: "k"}
	d, err := w.s.Submit(w.ctx, in)
	require.NoError(t, err)
	_, err = w.s.Submit(w.ctx, in)
	require.NoError(t, err, "the same key")
	assert.True(t, w.reads("bob", d.ID))
	assert.Equal(t, 1, w.count(`SELECT count(*) FROM copies`))
	assert.Equal(t, 1, w.count(`SELECT count(*) FROM notices WHERE kind = 'document.copied'`))
	in.CC, in.Idem.Key = []string{"sue"}, "k2"
	_, err = w.s.Submit(w.ctx, in)
	assert.Equal(t, "copy.self", fault.CodeOf(err))
	assert.Equal(t, 2, w.count(`SELECT count(*) FROM documents`), "nothing of a refused submission stays")
	w.clean()
}

// TestCopiesHaveAnEnd holds the limits where many call at once.
func TestCopiesHaveAnEnd(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	var at sync.WaitGroup
	codes := make([]string, 12)
	for i := range codes {
		at.Go(func() {
			var people []string
			for n := range cc.CallMax {
				people = append(people, fmt.Sprintf("p%d-%d", i, n))
			}
			_, err := w.s.AddCopies(w.ctx, copyIn(d, "sue", people...))
			codes[i] = fault.CodeOf(err)
		})
	}
	at.Wait()
	full := 0
	for _, code := range codes {
		if code != "" {
			assert.Equal(t, "copy.document_full", code)
			full++
		}
	}
	assert.Equal(t, 2, full)
	assert.Equal(t, cc.DocumentMax, w.count(`SELECT count(*) FROM copies`))
	w.clean()
}

// TestAKeyCopiesOnce holds the answer to a repeat.
func TestAKeyCopiesOnce(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	in := copyIn(d, "sue", "bob")
	in.Idem = store.Idempotency{Actor: "sue", Route: "copy", Key: "k", Fingerprint: "f"}
	first, err := w.s.AddCopies(w.ctx, in)
	require.NoError(t, err)
	second, err := w.s.AddCopies(w.ctx, in)
	require.NoError(t, err)
	assert.Equal(t, first, second)
	in.People, in.Idem.Fingerprint = []string{"ann"}, "g"
	_, err = w.s.AddCopies(w.ctx, in)
	assert.Equal(t, "idempotency.reused", fault.CodeOf(err))
}

// TestTheAuditSeesCopiesThatNobodyMade, and those that were bent.
func TestTheAuditSeesCopiesThatNobodyMade(t *testing.T) {
	for what, statement := range map[string]string{
		"copy.invented":        `INSERT INTO copies SELECT 'x', document, 'fin', made_by, how, remark, made_at FROM copies LIMIT 1`,
		"copy.missing":         `DELETE FROM copies WHERE person = 'rob'`,
		"copy.differs":         `UPDATE copies SET made_by = 'ann' WHERE person = 'rob'`,
		"copy.removal_missing": `UPDATE copies SET removed_at = NULL, removed_by = '', remove_reason = '' WHERE person = 'bob'`,
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			d := w.submit("train")
			_, err := w.s.AddCopies(w.ctx, copyIn(d, "sue", "bob", "rob"))
			require.NoError(t, err)
			_, err = w.s.RemoveCopy(w.ctx, store.CopyRemoval{Document: d.ID, Person: "bob", By: "sue", Reason: ""})
			require.NoError(t, err)
			w.clean()
			if what != "copy.invented" { // whoever owns the database can always add
				_, err = w.root.Exec(statement)
				require.ErrorContains(t, err, "countersign", "what is recorded stays: %s", what)
			}
			w.tamper(statement)
			report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{})
			require.NoError(t, err)
			var found []string
			for _, f := range report.Findings {
				found = append(found, f.What)
			}
			assert.Contains(t, found, what)
		})
	}
}

// TestARemarkNamesShowsAndAnswers, once whatever is repeated.
func TestARemarkNamesShowsAndAnswers(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	file := document.Attachment{ID: "f1", Name: "发票.pdf", Type: "application/pdf", Size: 3, SHA256: "s"}
	require.NoError(t, w.s.SaveAttachment(w.ctx, store.AttachmentRow{Attachment: file, Uploader: "sue", Key: "k"}))
	in := store.CommentInput{Comment: store.Comment{
		ID: "c1", Document: d.ID, Author: "sue", Text: "请看", Mentions: []string{"ann", "bob"},
		Attachments: []document.Attachment{{ID: "f1"}},
	}, CopyIn: []string{"bob"}}
	made, err := w.s.AddComment(w.ctx, in)
	require.NoError(t, err)
	assert.Equal(t, []document.Attachment{file}, made.Attachments)
	again, err := w.s.AddComment(w.ctx, in)
	require.NoError(t, err)
	assert.Equal(t, made, again)
	assert.Equal(t, 2, w.count(`SELECT count(*) FROM notices WHERE kind = 'document.mentioned'`), "ann and bob, once each")
	assert.Equal(t, 0, w.count(`SELECT count(*) FROM notices WHERE kind IN ('document.commented', 'document.copied')`))
	_, err = w.s.Attachment(w.ctx, access.Scope{Person: "bob"}, "f1")
	require.NoError(t, err, "a file of a remark that he may read")
	_, err = w.s.Attachment(w.ctx, access.Scope{Person: "rob"}, "f1")
	assert.Equal(t, "attachment.not_found", fault.CodeOf(err))

	answer := store.CommentInput{Comment: store.Comment{ID: "c2", Document: d.ID, Author: "bob", Text: "好", ReplyTo: "c1"}}
	_, err = w.s.AddComment(w.ctx, answer)
	require.NoError(t, err)
	deeper := store.CommentInput{Comment: store.Comment{Document: d.ID, Author: "ann", Text: "好", ReplyTo: "c2"}}
	_, err = w.s.AddComment(w.ctx, deeper)
	assert.Equal(t, "comment.reply_unknown", fault.CodeOf(err), "answers have no answers")
	stolen := store.CommentInput{Comment: store.Comment{
		Document: d.ID, Author: "ann", Text: "好", Attachments: []document.Attachment{{ID: "f1"}},
	}}
	_, err = w.s.AddComment(w.ctx, stolen)
	assert.Equal(t, "attachment.not_found", fault.CodeOf(err), "somebody else's upload")

	_, err = w.s.WithdrawComment(w.ctx, d.ID, "c1", "ann")
	assert.Equal(t, "comment.not_yours", fault.CodeOf(err))
	taken, err := w.s.WithdrawComment(w.ctx, d.ID, "c1", "sue")
	require.NoError(t, err)
	repeated, err := w.s.WithdrawComment(w.ctx, d.ID, "c1", "sue")
	require.NoError(t, err)
	assert.Equal(t, taken, repeated)
	assert.Equal(t, 1, w.count(`SELECT count(*) FROM comments WHERE id = 'c1' AND text = '请看'`), "it stays on record")
	_, err = w.s.Attachment(w.ctx, access.Scope{Person: "bob"}, "f1")
	assert.Equal(t, "attachment.not_found", fault.CodeOf(err), "nor do its files show")
	_, err = w.root.Exec(`UPDATE comments SET text = 'other' WHERE id = 'c2'`)
	require.ErrorContains(t, err, "its words stay")
	w.clean()
}
