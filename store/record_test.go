package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// TestRecordWholeLife carries a document to its end and finds the read model, the
// notices and the audit in agreement.
func TestRecordWholeLife(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann", "bob")
	tasks, err := w.s.Tasks(w.ctx, store.TaskFilter{Assignees: []string{"ann"}})
	require.NoError(t, err)
	require.Len(t, tasks.Items, 1)
	assert.Equal(t, d.Number, tasks.Items[0].Number)
	assert.Equal(t, "Step one", tasks.Items[0].StepTitle["en"])
	assert.WithinDuration(t, time.Now().Add(time.Hour), tasks.Items[0].DueAt, time.Minute)

	w.do(d.ID, approval.Approve, "ann")
	got := w.do(d.ID, approval.Approve, "fin")
	assert.Equal(t, approval.Approved, got.Outcome.Status)
	reference := w.state(d.ID).Effect.Reference
	w.record(d.ID, approval.Settled{Reference: reference, Code: "erp.closed_period", Detail: "closed"})
	parked, err := w.s.ParkedEffects(w.ctx, everything)
	require.NoError(t, err)
	require.Len(t, parked, 1)
	assert.Equal(t, reference, parked[0].Reference)

	resolve := w.act(d.ID, approval.Resolve, "fin")
	resolve.Effect, resolve.Ruling = reference, approval.RulingRetry
	w.commit(resolve)
	w.record(d.ID, resolve)
	w.record(d.ID, approval.Settled{Reference: reference, Attempt: 1, Posted: true, Number: "JV/1", ID: "7"})
	final, err := w.s.Document(w.ctx, everything, d.ID)
	require.NoError(t, err)
	assert.Equal(t, approval.Closed, final.Status)
	assert.Equal(t, "JV/1", final.VoucherNumber)
	assert.Empty(t, final.ParkedCode)
	assert.False(t, final.ClosedAt.IsZero())
	assert.Equal(t, "train", final.Content.Title)
	assert.Positive(t, w.count(`SELECT count(*) FROM notices WHERE person = 'fin' AND kind = 'voucher.parked'`))
	w.clean()
}

// TestRecordReturnAndResubmit shows the new content once it is resubmitted, and
// refuses content that was swapped after the act was signed.
func TestRecordReturnAndResubmit(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	w.do(d.ID, approval.Return, "ann")
	next := content("train and taxi")
	hash, _ := next.Hash()
	in := store.RevisionInput{Document: d.ID, Actor: "sue", Content: next, Hash: hash}
	revision, err := w.s.SaveRevision(w.ctx, in)
	require.NoError(t, err)
	require.Equal(t, 2, revision)
	act := w.act(d.ID, approval.Resubmit, "sue")
	act.Revision, act.NewHash = revision, hash
	w.commit(act)
	request, err := w.request(d.ID, act)
	require.NoError(t, err)

	swapped := content("a yacht")
	swappedHash, _ := swapped.Hash()
	swap := store.RevisionInput{Document: d.ID, Actor: "sue", Content: swapped, Hash: swappedHash}
	_, err = w.s.SaveRevision(w.ctx, swap)
	require.NoError(t, err)
	_, err = w.s.Record(w.ctx, request, nil)
	require.Equal(t, "revision.changed", fault.CodeOf(err))

	_, err = w.s.SaveRevision(w.ctx, in)
	require.NoError(t, err)
	_, err = w.s.Record(w.ctx, request, nil)
	require.NoError(t, err)
	now, err := w.s.Document(w.ctx, everything, d.ID)
	require.NoError(t, err)
	assert.Equal(t, "train and taxi", now.Title)
	assert.Equal(t, 2, now.Revision)
	assert.Equal(t, "train and taxi", now.Content.Title)
	_, err = w.s.SaveRevision(w.ctx, in)
	assert.Equal(t, "document.not_open", fault.CodeOf(err))
	w.clean()
}

// TestRecordRepeats answers a known cause with what was stored, whatever is asked now.
func TestRecordRepeats(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	a := w.act(d.ID, approval.Approve, "ann")
	w.commit(a)
	request, err := w.request(d.ID, a)
	require.NoError(t, err)
	first, err := w.s.Record(w.ctx, request, stampIn(time.Hour))
	require.NoError(t, err)
	before := w.count(`SELECT count(*) FROM events`)
	again, err := w.s.Record(w.ctx, request, stampIn(time.Minute))
	require.NoError(t, err)
	assert.Equal(t, first, again)
	assert.Equal(t, before, w.count(`SELECT count(*) FROM events`))
	row, err := w.s.Act(w.ctx, a.ID)
	require.NoError(t, err)
	assert.Equal(t, first.Outcome, *row.Outcome)
}

// TestRecordBehind brings the missing events and writes nothing.
func TestRecordBehind(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	late, err := w.request(d.ID, approval.Unplanned{Round: 1, Attempt: 7, Code: "x"})
	require.NoError(t, err)
	w.record(d.ID, approval.Planned{Plan: plan(1, approval.AnyOf, "ann")})
	got, err := w.s.Record(w.ctx, late, nil)
	require.NoError(t, err)
	assert.True(t, got.Behind)
	assert.Equal(t, late.Expected+1, got.Events[0].Seq)
	late.Expected = 99
	_, err = w.s.Record(w.ctx, late, nil)
	assert.Equal(t, "document.ahead", fault.CodeOf(err))
	late.Document = "nobody"
	_, err = w.s.Record(w.ctx, late, nil)
	assert.Equal(t, "document.not_found", fault.CodeOf(err))
	w.clean()
}

// TestRecordForgeries refuses every act that is not the one that was signed.
func TestRecordForgeries(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	other := w.routed("plane", approval.AnyOf, "ann")
	stranger := evidence.Signer{KeyID: "unknown", Key: w.signer.Key}
	for name, forge := range map[string]func(a *approval.Act, r *store.ActRow, commit *bool){
		"not in the inbox":    func(_ *approval.Act, _ *store.ActRow, commit *bool) { *commit = false },
		"another opinion":     func(a *approval.Act, _ *store.ActRow, _ *bool) { a.Opinion = "!" },
		"another actor":       func(a *approval.Act, _ *store.ActRow, _ *bool) { a.OnBehalfOf = "bob" },
		"a broken signature":  func(_ *approval.Act, r *store.ActRow, _ *bool) { r.Signature.Value = "AAAA" },
		"an unknown key":      func(_ *approval.Act, r *store.ActRow, _ *bool) { r.Signature, _ = stranger.Sign(r.Act) },
		"of another document": func(a *approval.Act, _ *store.ActRow, _ *bool) { a.Document = other.ID },
	} {
		t.Run(name, func(t *testing.T) {
			a, commit := w.act(d.ID, approval.Approve, "ann"), true
			request, err := w.request(d.ID, a)
			require.NoError(t, err)
			row := w.signed(a)
			forge(request.Act, &row, &commit)
			if commit {
				_, _, err = w.s.CommitAct(w.ctx, row)
				require.NoError(t, err)
			}
			before := w.count(`SELECT count(*) FROM events`)
			_, err = w.s.Record(w.ctx, request, nil)
			assert.Equal(t, "act.forged", fault.CodeOf(err))
			assert.Equal(t, before, w.count(`SELECT count(*) FROM events`))
		})
	}
}

// TestRecordRefusedAct gives the refusal that stands, not a second outcome.
func TestRecordRefusedAct(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	a := w.act(d.ID, approval.Approve, "ann")
	w.commit(a)
	refusal := approval.Outcome{Code: "task.stale", Kind: "conflict"}
	for range 2 {
		stands, err := w.s.RefuseAct(w.ctx, a.ID, refusal)
		require.NoError(t, err)
		assert.Equal(t, refusal, stands)
	}
	stands, err := w.s.RefuseAct(w.ctx, a.ID, approval.Outcome{Code: "other"})
	require.NoError(t, err)
	assert.Equal(t, refusal, stands)
	got := w.record(d.ID, a)
	assert.Equal(t, refusal, got.Outcome)
	assert.Empty(t, got.Events)
	w.clean()
}

// TestRecordYields makes a deadline wait for an act that was received before it.
func TestRecordYields(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	request, err := w.request(d.ID, approval.Planned{Plan: plan(1, approval.AnyOf, "ann", "bob")})
	require.NoError(t, err)
	_, err = w.s.Record(w.ctx, request, stampIn(2*time.Second))
	require.NoError(t, err)
	inTime := w.act(d.ID, approval.Approve, "ann")
	w.commit(inTime)
	time.Sleep(2050 * time.Millisecond)
	late := w.act(d.ID, approval.Approve, "bob")
	w.commit(late)

	struck := w.state(d.ID).Strike(time.Now())
	require.NotEmpty(t, struck)
	for _, s := range struck {
		if !s.Due {
			continue
		}
		request, err := w.request(d.ID, s)
		require.NoError(t, err)
		before := w.count(`SELECT count(*) FROM events`)
		got, err := w.s.Record(w.ctx, request, nil)
		require.NoError(t, err)
		assert.Equal(t, []string{inTime.ID}, got.Waiting, "for any task of the document, and not for the late one")
		assert.Equal(t, before, w.count(`SELECT count(*) FROM events`))
	}
	w.record(d.ID, inTime)
	assert.Equal(t, "two", w.state(d.ID).Tasks[len(w.state(d.ID).Tasks)-1].Step)
	w.clean()
}

// TestRecordRace lets twenty racers record twenty different acts on one task:
// exactly one wins, the others are behind.
func TestRecordRace(t *testing.T) {
	const racers = 20
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	requests := make([]approval.RecordRequest, racers)
	for i := range requests {
		a := w.act(d.ID, approval.Approve, "ann")
		w.commit(a)
		var err error
		requests[i], err = w.request(d.ID, a)
		require.NoError(t, err)
	}
	answers := w.race(requests)
	won := 0
	for _, got := range answers {
		if !got.Behind {
			won++
			assert.Equal(t, approval.OK, got.Outcome.Code)
		} else {
			assert.NotEmpty(t, got.Events)
		}
	}
	assert.Equal(t, 1, won)
	w.clean()
}

// TestRecordRaceOfOneCause lets twenty racers record the same cause: all get the
// one outcome with its events, and it is written once.
func TestRecordRaceOfOneCause(t *testing.T) {
	const racers = 20
	w := newWorld(t)
	for range 5 {
		d := w.routed("train", approval.AnyOf, "ann")
		a := w.act(d.ID, approval.Approve, "ann")
		w.commit(a)
		request, err := w.request(d.ID, a)
		require.NoError(t, err)
		requests := make([]approval.RecordRequest, racers)
		for i := range requests {
			requests[i] = request
		}
		answers := w.race(requests)
		for _, got := range answers {
			assert.Equal(t, answers[0], got)
			assert.False(t, got.Behind)
		}
	}
	w.clean()
}

// race records requests at the same moment.
func (w *world) race(requests []approval.RecordRequest) []approval.Recorded {
	w.t.Helper()
	answers, errs := make([]approval.Recorded, len(requests)), make([]error, len(requests))
	var start, done sync.WaitGroup
	start.Add(1)
	for i, r := range requests {
		done.Go(func() {
			start.Wait()
			answers[i], errs[i] = w.s.Record(w.ctx, r, stampIn(time.Hour))
		})
	}
	start.Done()
	done.Wait()
	require.NoError(w.t, errors.Join(errs...))
	return answers
}

// TestRecordCancelled leaves nothing behind when the caller gives up.
func TestRecordCancelled(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	request, err := w.request(d.ID, approval.Planned{Plan: plan(1, approval.AnyOf, "ann")})
	require.NoError(t, err)
	holder := w.root.MustBegin()
	holder.MustExec(`SELECT 1 FROM documents WHERE id = $1 FOR UPDATE`, d.ID)
	ctx, cancel := context.WithTimeout(w.ctx, 200*time.Millisecond)
	defer cancel()
	_, err = w.s.Record(ctx, request, nil)
	assert.Equal(t, fault.Busy, fault.KindOf(err))
	require.NoError(t, holder.Rollback())
	assert.Equal(t, int64(1), w.state(d.ID).Seq)
	w.clean()
}

// TestRecordYieldsToASlowCommit makes a deadline wait for an act that was
// received in time and whose commit is still under way when it strikes.
func TestRecordYieldsToASlowCommit(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	planned, err := w.request(d.ID, approval.Planned{Plan: plan(1, approval.AnyOf, "ann", "bob")})
	require.NoError(t, err)
	_, err = w.s.Record(w.ctx, planned, stampIn(2*time.Second))
	require.NoError(t, err)

	a := w.act(d.ID, approval.Approve, "ann")
	row := w.signed(a)
	tx, err := w.root.BeginTxx(w.ctx, nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(w.ctx, `SELECT id FROM documents WHERE id = $1 FOR KEY SHARE`, d.ID)
	require.NoError(t, err)
	_, err = tx.ExecContext(w.ctx, `
		INSERT INTO inbox (id, document, name, task, actor, canonical, key_id, signature, received_at, fingerprint,
		                   next_delivery)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp(), '', clock_timestamp())`,
		a.ID, d.ID, string(a.Name), a.Task, a.Actor, row.Canonical, row.Signature.KeyID, row.Signature.Value)
	require.NoError(t, err)
	time.Sleep(2050 * time.Millisecond)

	var due approval.Struck
	for _, s := range w.state(d.ID).Strike(time.Now()) {
		if s.Due {
			due = s
		}
	}
	request, err := w.request(d.ID, due)
	require.NoError(t, err)
	answered := make(chan approval.Recorded, 1)
	go func() {
		got, err := w.s.Record(w.ctx, request, nil)
		assert.NoError(t, err)
		answered <- got
	}()
	time.Sleep(100 * time.Millisecond) // the deadline stands at the door now
	require.NoError(t, tx.Commit())
	assert.Equal(t, []string{a.ID}, (<-answered).Waiting)
}
