package store_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// TestDrafts are their author's alone, and are never deleted once submitted.
func TestDrafts(t *testing.T) {
	w := newWorld(t)
	draft, err := w.s.SaveDraft(w.ctx, store.DraftInput{Content: content("draft"), Owner: "sue"})
	require.NoError(t, err)
	assert.Equal(t, approval.Draft, draft.Status)
	for _, scope := range []access.Scope{{}, {Person: "rob"}, everything, {Entities: []string{"cn"}}} {
		_, err = w.s.Document(w.ctx, scope, draft.ID)
		assert.Equal(t, "document.not_found", fault.CodeOf(err))
	}
	_, err = w.s.SaveDraft(w.ctx, store.DraftInput{ID: draft.ID, Content: content("stolen"), Owner: "rob"})
	assert.Equal(t, "draft.not_found", fault.CodeOf(err))
	draft, err = w.s.SaveDraft(w.ctx, store.DraftInput{ID: draft.ID, Content: content("better"), Owner: "sue"})
	require.NoError(t, err)
	assert.Equal(t, "better", draft.Content.Title)
	assert.Equal(t, "draft.not_found", fault.CodeOf(w.s.DeleteDraft(w.ctx, access.Scope{Person: "rob"}, draft.ID)))

	in := w.submitInput(content("better"))
	in.ID = draft.ID
	d, err := w.s.Submit(w.ctx, in)
	require.NoError(t, err)
	assert.Equal(t, draft.ID, d.ID)
	mine := access.Scope{Person: "sue"}
	assert.Equal(t, "document.not_draft", fault.CodeOf(w.s.DeleteDraft(w.ctx, mine, d.ID)))
	_, err = w.s.SaveDraft(w.ctx, store.DraftInput{ID: d.ID, Content: content("late"), Owner: "sue"})
	assert.Equal(t, "document.not_draft", fault.CodeOf(err))
	_, err = w.s.Submit(w.ctx, in)
	assert.Equal(t, "document.not_draft", fault.CodeOf(err))
	in.Hash = "0000"
	_, err = w.s.Submit(w.ctx, in)
	assert.Equal(t, "draft.changed", fault.CodeOf(err))

	gone, err := w.s.SaveDraft(w.ctx, store.DraftInput{Content: content("gone"), Owner: "sue"})
	require.NoError(t, err)
	require.NoError(t, w.s.DeleteDraft(w.ctx, mine, gone.ID))
	_, err = w.s.Document(w.ctx, mine, gone.ID)
	assert.Equal(t, fault.NotFound, fault.KindOf(err))
	w.clean()
}

// TestSubmitNumbers gives each of many racers a number of its own, without a gap.
func TestSubmitNumbers(t *testing.T) {
	const racers = 20
	w := newWorld(t)
	numbers, errs := make([]string, racers), make([]error, racers)
	var done sync.WaitGroup
	for i := range racers {
		done.Go(func() {
			d, err := w.s.Submit(w.ctx, w.submitInput(content(fmt.Sprint("trip ", i))))
			numbers[i], errs[i] = d.Number, err
		})
	}
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	slices.Sort(numbers)
	for i, number := range numbers {
		assert.Regexp(t, regexp.MustCompile(fmt.Sprintf(`^EXP-20\d\d-%06d$`, i+1)), number)
	}
	other := w.submitInput(content("other"))
	other.NumberPrefix = "PAY"
	d, err := w.s.Submit(w.ctx, other)
	require.NoError(t, err)
	assert.Contains(t, d.Number, "-000001")
	w.clean()
}

// TestSubmitRepeats answers the same key with the same document, also to racers,
// and refuses the key for anything else.
func TestSubmitRepeats(t *testing.T) {
	const racers = 10
	w := newWorld(t)
	in := w.submitInput(content("once"))
	in.Idem = store.Idempotency{Actor: "sue", Route: "POST /documents", Key: "k1", Fingerprint: "f1"}
	ids, errs := make([]string, racers), make([]error, racers)
	var done sync.WaitGroup
	for i := range racers {
		done.Go(func() {
			d, err := w.s.Submit(w.ctx, in)
			ids[i], errs[i] = d.ID, err
		})
	}
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(ids))), 1)
	assert.Equal(t, 1, w.count(`SELECT count(*) FROM documents`))
	in.Idem.Fingerprint = "f2"
	_, err := w.s.Submit(w.ctx, in)
	assert.Equal(t, "idempotency.reused", fault.CodeOf(err))
	entry, _ := fault.Lookup("idempotency.reused")
	assert.Equal(t, 422, entry.Status)
	in.Idem.Actor = "rob"
	_, err = w.s.Submit(w.ctx, in)
	assert.NoError(t, err, "keys are a person's own")
	w.clean()
}

// TestActsRepeat answers the same key with the act of the first time.
func TestActsRepeat(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	first := w.signed(w.act(d.ID, approval.Approve, "ann"))
	first.Idem = store.Idempotency{Actor: "ann", Route: "acts", Key: "k", Fingerprint: "f"}
	got, fresh, err := w.s.CommitAct(w.ctx, first)
	require.NoError(t, err)
	assert.True(t, fresh)
	assert.False(t, got.ReceivedAt.IsZero())
	second := w.signed(w.act(d.ID, approval.Approve, "ann"))
	second.Idem = first.Idem
	again, fresh, err := w.s.CommitAct(w.ctx, second)
	require.NoError(t, err)
	assert.False(t, fresh)
	assert.Equal(t, got, again)
	second.Idem.Fingerprint = "another"
	_, _, err = w.s.CommitAct(w.ctx, second)
	assert.Equal(t, "idempotency.reused", fault.CodeOf(err))

	same := w.signed(first.Act) // by id, without a key
	_, fresh, err = w.s.CommitAct(w.ctx, same)
	require.NoError(t, err)
	assert.False(t, fresh)
	same.Act.Opinion = "changed"
	_, _, err = w.s.CommitAct(w.ctx, w.signed(same.Act))
	assert.Equal(t, "idempotency.reused", fault.CodeOf(err))
	_, _, err = w.s.CommitAct(w.ctx, w.signed(approval.Act{ID: "x", Document: "nobody", Actor: "ann"}))
	assert.Equal(t, "document.not_found", fault.CodeOf(err))
	_, err = w.s.Act(w.ctx, "nobody")
	assert.Equal(t, "act.not_found", fault.CodeOf(err))
}

// TestAttachments can be named by whoever uploaded them, and are then seen by
// whoever sees the document.
func TestAttachments(t *testing.T) {
	w := newWorld(t)
	file := document.Attachment{ID: "a1", Name: "发票.pdf", Type: "application/pdf", Size: 9, SHA256: "s"}
	require.NoError(t, w.s.SaveAttachment(w.ctx, store.AttachmentRow{Attachment: file, Uploader: "sue", Key: "k"}))
	c := content("with a file")
	c.Lines[0].Attachments = []document.Attachment{file}
	_, err := w.s.SaveDraft(w.ctx, store.DraftInput{Content: c, Owner: "rob"})
	assert.Equal(t, "attachment.not_found", fault.CodeOf(err), "not yours to name")
	_, err = w.s.Attachment(w.ctx, access.Scope{Person: "ann"}, "a1")
	assert.Equal(t, "attachment.not_found", fault.CodeOf(err))
	d, err := w.s.Submit(w.ctx, w.submitInput(c))
	require.NoError(t, err)
	w.record(d.ID, approval.Planned{Plan: plan(1, approval.AnyOf, "ann")})
	for _, person := range []string{"sue", "ann"} {
		row, err := w.s.Attachment(w.ctx, access.Scope{Person: person}, "a1")
		require.NoError(t, err)
		assert.Equal(t, file, row.Attachment)
	}
}
