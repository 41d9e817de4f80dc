package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store"
)

// claimAll lets workers claim until nothing is left, and counts how often each was given.
func claimAll(t *testing.T, claim func() ([]string, error)) map[string]int {
	t.Helper()
	given, errs := map[string]int{}, make([]error, 8)
	var mu sync.Mutex
	var done sync.WaitGroup
	for i := range errs {
		done.Go(func() {
			for {
				ids, err := claim()
				if err != nil || len(ids) == 0 {
					errs[i] = err
					return
				}
				mu.Lock()
				for _, id := range ids {
					given[id]++
				}
				mu.Unlock()
			}
		})
	}
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	return given
}

func each(t *testing.T, given map[string]int, n int) {
	t.Helper()
	assert.Len(t, given, n)
	for id, times := range given {
		assert.Equal(t, 1, times, id)
	}
}

// TestClaimStarts gives each start to one relay, the bulk after everything else.
func TestClaimStarts(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		in := w.submitInput(content(fmt.Sprint(i)))
		in.Bulk = i < 10
		_, err := w.s.Submit(w.ctx, in)
		require.NoError(t, err)
	}
	w.root.MustExec(`UPDATE starts SET next_try = next_try - interval '1 minute'`)
	first, err := w.s.ClaimStarts(w.ctx, 10)
	require.NoError(t, err)
	require.Len(t, first, 10)
	for _, s := range first {
		assert.False(t, s.Bulk)
		assert.Equal(t, "cn", s.Entity)
		require.NoError(t, w.s.StartDone(w.ctx, s.Document))
		require.NoError(t, w.s.StartDone(w.ctx, s.Document))
	}
	each(t, claimAll(t, func() ([]string, error) {
		starts, err := w.s.ClaimStarts(w.ctx, 3)
		var ids []string
		for _, s := range starts {
			ids = append(ids, s.Document)
		}
		return ids, err
	}), 10)
	w.root.MustExec(`UPDATE starts SET next_try = next_try - interval '1 hour'`)
	again, err := w.s.ClaimStarts(w.ctx, 100)
	require.NoError(t, err)
	assert.Len(t, again, 10, "what is not done is given again, what is done is not")
	one, err := w.s.StartOf(w.ctx, again[0].Document)
	require.NoError(t, err)
	assert.Equal(t, again[0], one)
}

// TestClaimActs gives unanswered acts again, the oldest first, ever more seldom.
func TestClaimActs(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	var ids []string
	for range 12 {
		a := w.act(d.ID, approval.Approve, "ann")
		w.commit(a)
		ids = append(ids, a.ID)
	}
	none, err := w.s.ClaimActs(w.ctx, 10)
	require.NoError(t, err)
	assert.Empty(t, none, "the gateway tries first")
	w.root.MustExec(`UPDATE inbox SET next_delivery = clock_timestamp() - interval '1 second'`)
	_, err = w.s.RefuseAct(w.ctx, ids[1], approval.Outcome{Code: "task.stale"})
	require.NoError(t, err)
	require.NoError(t, w.s.ActsDelivered(w.ctx, ids[1:3])) // of those that wait for their outcome it is no end
	first, err := w.s.ClaimActs(w.ctx, 3)
	require.NoError(t, err)
	want := []store.ActRef{{ID: ids[0], Document: d.ID}, {ID: ids[2], Document: d.ID}, {ID: ids[3], Document: d.ID}}
	assert.Equal(t, want, first)
	each(t, claimAll(t, func() ([]string, error) {
		refs, err := w.s.ClaimActs(w.ctx, 2)
		var ids []string
		for _, r := range refs {
			ids = append(ids, r.ID)
		}
		return ids, err
	}), 8)
	row, err := w.s.Act(w.ctx, ids[0])
	require.NoError(t, err)
	assert.Equal(t, 1, row.Deliveries)
}

// TestAnAnsweredActIsDeliveredUntilTemporalHasIt: its outcome does not say that its
// workflow knows of it.
func TestAnAnsweredActIsDeliveredUntilTemporalHasIt(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	a := w.act(d.ID, approval.Approve, "ann")
	w.commit(a)
	w.record(d.ID, a)
	overdue := func() []store.ActRef {
		w.root.MustExec(`UPDATE inbox SET next_delivery = clock_timestamp() - interval '1 second'`)
		refs, err := w.s.ClaimActs(w.ctx, 10)
		require.NoError(t, err)
		return refs
	}
	require.Equal(t, []store.ActRef{{ID: a.ID, Document: d.ID}}, overdue())
	require.NoError(t, w.s.ActsDelivered(w.ctx, []string{a.ID}))
	require.NoError(t, w.s.ActsDelivered(w.ctx, []string{a.ID, "nobody's"}), "safe to repeat")
	require.Empty(t, overdue())
	w.clean()
}

// TestNotices are sent once they are reported, and tried again until then.
func TestNotices(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann", "bob")
	claimed, err := w.s.ClaimNotices(w.ctx, 10)
	require.NoError(t, err)
	require.Len(t, claimed, 2)
	assert.Equal(t, "task.opened", claimed[0].Kind)
	assert.Equal(t, d.Number, claimed[0].Data["number"])
	begun := w.plan(w.s, claimed, notice.Manners{})
	require.Len(t, begun, 2)
	w.end(w.s, begun[0], store.DeliveryDelivered, "")
	w.end(w.s, begun[1], store.DeliveryWaiting, "mail is away")
	more, err := w.s.ClaimNotices(w.ctx, 10)
	require.NoError(t, err)
	assert.Empty(t, more, "a message has them")
	w.root.MustExec(`UPDATE notice_deliveries SET next_try = next_try - interval '1 hour'`)
	again, err := w.s.ClaimDeliveries(w.ctx, 10, notice.Manners{})
	require.NoError(t, err)
	require.Len(t, again, 1)
	assert.Equal(t, "mail is away", again[0].All[0].Failure)

	page, err := w.s.Notices(w.ctx, again[0].Person, "")
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.NoError(t, w.s.NoticeRead(w.ctx, again[0].Person, again[0].Notices[0]))
	assert.Equal(t, "notice.not_found", fault.CodeOf(w.s.NoticeRead(w.ctx, "rob", again[0].Notices[0])))
}

// TestNoticesToRoles tells whoever holds the role now.
func TestNoticesToRoles(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	w.record(d.ID, approval.Unplanned{Round: 1, Code: "policy.no_route"})
	page, err := w.s.Notices(w.ctx, "adm", "")
	require.NoError(t, err)
	require.NotEmpty(t, page.Items)
	assert.Equal(t, "plan.failed", page.Items[0].Kind)
	parked, err := w.s.ParkedEffects(w.ctx, everything)
	require.NoError(t, err)
	require.Len(t, parked, 1)
	assert.Equal(t, "plan:1", parked[0].Reference)
	w.clean()
}

// TestCommentsAndUrges tell the others, an urge at most once in a while.
func TestCommentsAndUrges(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	c, err := w.s.AddComment(w.ctx, store.CommentInput{Comment: store.Comment{ID: "c1", Document: d.ID, Author: "sue", Text: "请看发票"}})
	require.NoError(t, err)
	_, err = w.s.AddComment(w.ctx, store.CommentInput{Comment: c})
	require.NoError(t, err)
	list, err := w.s.Comments(w.ctx, d.ID)
	require.NoError(t, err)
	assert.Equal(t, []store.Comment{c}, list)
	assert.Equal(t, 1, w.count(`SELECT count(*) FROM notices WHERE kind = 'document.commented'`))
	_, err = w.s.AddComment(w.ctx, store.CommentInput{Comment: store.Comment{Document: d.ID, Author: "sue", Text: " "}})
	assert.Equal(t, "comment.empty", fault.CodeOf(err))
	_, err = w.s.AddComment(w.ctx, store.CommentInput{Comment: store.Comment{Document: "none", Author: "sue", Text: "?"}})
	assert.Equal(t, "document.not_found", fault.CodeOf(err))

	require.NoError(t, w.s.AddUrge(w.ctx, d.ID, "sue", time.Hour))
	assert.Equal(t, "urge.too_soon", fault.CodeOf(w.s.AddUrge(w.ctx, d.ID, "sue", time.Hour)))
	require.NoError(t, w.s.AddUrge(w.ctx, d.ID, "sue", 0))
	assert.Equal(t, 2, w.count(`SELECT count(*) FROM notices WHERE kind = 'task.urged' AND person = 'ann'`))
	w.do(d.ID, approval.Reject, "ann")
	assert.Equal(t, "urge.nobody", fault.CodeOf(w.s.AddUrge(w.ctx, d.ID, "sue", 0)))
	w.clean()
}

// TestImports give each row to one worker and tell how far they are.
func TestImports(t *testing.T) {
	w := newWorld(t)
	in := store.ImportInput{Actor: "sue", Name: "july.csv"}
	in.Idem = store.Idempotency{Actor: "sue", Route: "imports", Key: "k"}
	_, err := w.s.CreateImport(w.ctx, in)
	assert.Equal(t, "import.empty", fault.CodeOf(err))
	for i := range 30 {
		in.Rows = append(in.Rows, content(fmt.Sprint(i)))
	}
	batch, err := w.s.CreateImport(w.ctx, in)
	require.NoError(t, err)
	again, err := w.s.CreateImport(w.ctx, in)
	require.NoError(t, err)
	assert.Equal(t, batch.ID, again.ID)
	each(t, claimAll(t, func() ([]string, error) {
		rows, err := w.s.ClaimImportRows(w.ctx, 4)
		var ids []string
		for _, r := range rows {
			ids = append(ids, fmt.Sprint(r.Import, r.N, r.Content.Title == fmt.Sprint(r.N-1)))
		}
		return ids, err
	}), 30)
	require.NoError(t, w.s.ImportRowDone(w.ctx, batch.ID, 1, "d1"))
	bad := fault.New(fault.Invalid, "line.bad", fault.Field("lines[0]"))
	require.NoError(t, w.s.ImportRowFailed(w.ctx, batch.ID, 2, bad))
	require.NoError(t, w.s.ImportRowFailed(w.ctx, batch.ID, 1, fault.New(fault.Invalid, "late")))
	batch, err = w.s.Import(w.ctx, batch.ID)
	require.NoError(t, err)
	assert.Equal(t, [3]int{30, 1, 1}, [3]int{batch.Total, batch.Done, batch.Failed})
	rows, err := w.s.ImportRows(w.ctx, batch.ID, 0, 2)
	require.NoError(t, err)
	assert.Equal(t, "d1", rows[0].Document)
	assert.Equal(t, "lines[0]", rows[1].Fault.Field)
	in.Idem, in.Rows = store.Idempotency{}, make([]document.Content, store.ImportRowsMost+1)
	_, err = w.s.CreateImport(w.ctx, in)
	assert.Equal(t, "import.too_large", fault.CodeOf(err))
	_, err = w.s.Import(w.ctx, "none")
	assert.Equal(t, "import.not_found", fault.CodeOf(err))
}
