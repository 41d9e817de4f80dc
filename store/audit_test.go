package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/store"
)

// findings lists the codes that the audit finds.
func (w *world) findings() []string {
	w.t.Helper()
	report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{})
	require.NoError(w.t, err)
	var codes []string
	for _, f := range report.Findings {
		codes = append(codes, f.What)
	}
	return codes
}

// TestAuditFinds plants one forgery at a time, as a superuser with the triggers
// off would, and expects it to be found. $1 is the document.
func TestAuditFinds(t *testing.T) {
	w := newWorld(t)
	for name, tt := range forgeries {
		t.Run(name, func(t *testing.T) {
			d := w.routed("train", approval.AnyOf, "ann")
			w.do(d.ID, approval.Approve, "ann")
			before, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{Streams: []string{d.ID}})
			require.NoError(t, err)
			require.Empty(t, before.Findings)
			w.tamper(tt.statement, d.ID)
			report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{})
			require.NoError(t, err)
			var found []string
			for _, f := range report.Findings {
				if f.Stream == d.ID || f.Stream == "ghost" {
					found = append(found, f.What)
				}
			}
			assert.Contains(t, found, tt.code)
		})
	}
}

type forgery struct{ statement, code string }

var forgeries = map[string]forgery{
	"an event's data": {`UPDATE events SET data = replace(data, 'one', 'two') WHERE stream = $1 AND kind = 'step.opened'`,
		"evidence.wrong_hash"},
	"an event's actor": {
		`UPDATE events SET actor = 'bob' WHERE stream = $1 AND kind = 'task.approved'`,
		"evidence.wrong_hash",
	},
	"an event's time": {
		`UPDATE events SET at = at + interval '1 second' WHERE stream = $1 AND seq = 1`,
		"evidence.wrong_hash",
	},
	"a deleted event": {`DELETE FROM events WHERE stream = $1 AND seq = 3`, "evidence.gap"},
	"a deleted end": {`DELETE FROM events WHERE stream = $1 AND seq = (SELECT max(seq) FROM events WHERE stream = $1)`,
		"read_model.differs"},
	"all events": {`DELETE FROM events WHERE stream = $1`, "stream.missing"},
	"an invented stream": {`INSERT INTO events SELECT 'ghost', seq, at, kind, actor, on_behalf_of, cause, round, revision,
		content_hash, data, prev, hash, v FROM events WHERE stream = $1`, "stream.orphaned"},
	"a document's status": {`UPDATE documents SET status = 'approved' WHERE id = $1`, "read_model.differs"},
	"a document's head":   {`UPDATE documents SET head_hash = 'x' WHERE id = $1`, "read_model.differs"},
	"when it was asked for": {`UPDATE documents SET asked_at = asked_at - interval '90 days' WHERE id = $1`,
		"read_model.differs"},
	"that it was asked for":    {`UPDATE documents SET asked_at = NULL WHERE id = $1`, "read_model.differs"},
	"who is paid, in the list": {`UPDATE documents SET payee_id = 'rob' WHERE id = $1`, "read_model.differs"},
	"whose books, in the list": {`UPDATE documents SET entity = 'HK02' WHERE id = $1`, "read_model.differs"},
	"a task's decision": {
		`UPDATE tasks SET decided_by = 'bob' WHERE document = $1 AND state = 'approved'`,
		"task.differs",
	},
	"a task's deadline": {
		`UPDATE tasks SET due_at = due_at + interval '1 day' WHERE document = $1`,
		"task.differs",
	},
	"an invented task": {`INSERT INTO tasks SELECT id || 'x', document, step, step_title, round, assignee, via, slot,
		state, decided_by, decided_at, opinion, opened_at, opened_seq, due_at, remind_at, reminded, overdue, provisional
		FROM tasks WHERE document = $1`, "task.invented"},
	"a deleted task": {`DELETE FROM tasks WHERE document = $1 AND state = 'open'`, "task.missing"},
	"an act's text": {
		`UPDATE inbox SET canonical = replace(canonical, '好', '不') WHERE document = $1`,
		"act.bad_signature",
	},
	"an act's actor":       {`UPDATE inbox SET actor = 'bob' WHERE document = $1`, "act.differs"},
	"a deleted act":        {`DELETE FROM inbox WHERE document = $1`, "act.missing"},
	"a taken back outcome": {`UPDATE inbox SET outcome = NULL WHERE document = $1`, "act.unanswered"},
	"a changed content": {`UPDATE revisions SET content = replace(content, '82000', '92000') WHERE document = $1`,
		"content.differs"},
	"a changed content's hash": {`UPDATE revisions SET hash = 'x' WHERE document = $1`, "content.unknown"},
	"a deleted cause":          {`DELETE FROM causes WHERE stream = $1 AND cause LIKE 'plan:%'`, "cause.missing"},
	"a changed cause": {
		`UPDATE causes SET outcome = '{"code":"task.stale"}' WHERE stream = $1`,
		"cause.differs",
	},
	"an invented cause": {`INSERT INTO causes SELECT stream, 'plan:9:0', 90, 91, outcome, at FROM causes
		WHERE stream = $1 LIMIT 1`, "cause.without_events"},
	"a number": {`UPDATE documents SET number = 'EXP-2026-999999' WHERE id = $1`, "number.invented"},
}

// TestAuditFindsSetBackCounter and a fact that was taken from another stream.
func TestAuditFindsSetBackCounter(t *testing.T) {
	w := newWorld(t)
	w.submit("train")
	w.clean()
	w.tamper(`UPDATE counters SET value = 0`)
	assert.Contains(t, w.findings(), "number.invented")
	w.tamper(`DELETE FROM causes WHERE stream = 'org'`)
	assert.Contains(t, w.findings(), "cause.missing")
	w.tamper(`UPDATE events SET data = '{}' WHERE stream = 'org'`)
	assert.Contains(t, w.findings(), "chain.broken")
}

// TestGuards refuse, also to a superuser, to change what is recorded.
func TestGuards(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	w.do(d.ID, approval.Reject, "ann")
	row := store.PolicyRow{Kind: "policy", ID: "expense", Hash: "h", YAML: "y", PublishedBy: "adm"}
	_, err := w.s.PublishPolicy(w.ctx, row)
	require.NoError(t, err)
	in := store.EffectIntent{Reference: "v:1", Document: d.ID, Voucher: "{}", Hash: "h"}
	require.NoError(t, w.s.BeginEffect(w.ctx, in))
	a, err := w.s.StartAttempt(w.ctx, "v:1", "create", "r", store.Ended{})
	require.NoError(t, err)
	require.NoError(t, w.s.FinishAttempt(w.ctx, a, "ok", ""))
	for _, statement := range []string{
		`UPDATE events SET actor = 'x'`, `DELETE FROM events`, `TRUNCATE events`,
		`UPDATE causes SET outcome = '{}'`, `DELETE FROM causes`, `TRUNCATE causes`,
		`UPDATE inbox SET canonical = '{}'`, `UPDATE inbox SET outcome = NULL`, `UPDATE inbox SET outcome = '{"code":"x"}'`,
		`UPDATE inbox SET idem_key = 'x'`, `DELETE FROM inbox`, `TRUNCATE inbox`,
		`UPDATE revisions SET content = '{}'`, `DELETE FROM revisions`, `TRUNCATE revisions CASCADE`,
		`UPDATE documents SET status = 'pending'`, `UPDATE documents SET seq = 1`, `UPDATE documents SET number = 'x'`,
		`DELETE FROM documents`, `TRUNCATE documents CASCADE`, `DELETE FROM tasks`, `TRUNCATE tasks`,
		`UPDATE policies SET yaml = 'x'`, `DELETE FROM policies`, `TRUNCATE policies`,
		`UPDATE org_rows SET body = '{}'`, `DELETE FROM org_rows`, `DELETE FROM org_versions`,
		`UPDATE counters SET value = value - 1`, `DELETE FROM counters`, `DELETE FROM verify_keys`,
		`UPDATE verify_keys SET public = 'x'`, `UPDATE effects SET voucher = 'x'`, `DELETE FROM effects`,
		`UPDATE effect_attempts SET class = 'refused'`, `DELETE FROM effect_attempts`, `DELETE FROM streams`,
		`SET session_replication_role = replica; DELETE FROM events`,
	} {
		_, err := w.root.Exec(statement)
		require.Error(t, err, statement)
		assert.Contains(t, err.Error(), "countersign:", statement)
	}
	w.clean()
}

// TestKeysStay refuses another key under a known id.
func TestKeysStay(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.s.SavePublicKey(w.ctx, w.signer.KeyID, w.signer.Public()))
	other := append([]byte{}, w.signer.Public()...)
	other[0] ^= 1
	assert.Equal(t, "key.changed", fault.CodeOf(w.s.SavePublicKey(w.ctx, w.signer.KeyID, other)))
	ring, err := w.s.PublicKeys(w.ctx)
	require.NoError(t, err)
	assert.Len(t, ring, 1)
}

// TestReadModelIsTheFold does random things to a document and finds the read
// model to be what its events say, after every step.
func TestReadModelIsTheFold(t *testing.T) {
	w := newWorld(t)
	people := []string{"ann", "bob", "fin", "adm"}
	documents := 0
	rapid.Check(t, func(rt *rapid.T) {
		documents++
		d := w.submit(fmt.Sprint("trip ", documents))
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			c := w.anything(rt, d.ID, people)
			if c == nil {
				break
			}
			request, err := w.request(d.ID, c)
			if act, ok := c.(approval.Act); ok {
				w.commit(act)
				if err != nil {
					_, err = w.s.RefuseAct(w.ctx, act.ID, approval.Outcome{Code: fault.CodeOf(err)})
					require.NoError(rt, err)
					continue
				}
			}
			require.NoError(rt, err)
			got, err := w.s.Record(w.ctx, request, stampIn(time.Hour))
			require.NoError(rt, err)
			require.False(rt, got.Behind)
			report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{Streams: []string{d.ID}})
			require.NoError(rt, err)
			require.Empty(rt, report.Findings)
		}
	})
	w.clean()
	t.Logf("%d documents, %d events", documents, w.count(`SELECT count(*) FROM events`))
}

// anything picks something that may happen to a document; nil at its end.
func (w *world) anything(rt *rapid.T, id string, people []string) approval.Command {
	state := w.state(id)
	switch {
	case state.Done():
		return nil
	case state.WantsPlan():
		if rapid.IntRange(0, 4).Draw(rt, "plan") == 0 {
			return approval.Unplanned{
				Round: state.Round, Attempt: state.PlanAttempt, Code: "policy.none", Admins: []string{"adm"},
			}
		}
		mode := rapid.SampledFrom([]approval.Mode{approval.AnyOf, approval.AllOf, approval.InOrder}).Draw(rt, "mode")
		return approval.Planned{Plan: plan(state.Round, mode, "ann", "bob"), Attempt: state.PlanAttempt}
	case state.WantsPosting():
		return approval.Settled{
			Reference: state.Effect.Reference, Attempt: state.Effect.Attempt,
			Posted: rapid.Bool().Draw(rt, "posted"), Number: "JV/1", ID: "1", Code: "erp.closed_period",
		}
	case state.Status == approval.Returned:
		return w.resubmission(id, state)
	case state.Stuck():
		act := w.act(id, approval.Resolve, "fin")
		act.Effect, act.Ruling, act.Attempt = fmt.Sprintf("plan:%d", state.Round), approval.RulingRetry, state.PlanAttempt
		if state.Effect != nil {
			act.Effect, act.Attempt = state.Effect.Reference, state.Effect.Attempt
		}
		return act
	}
	if rapid.IntRange(0, 5).Draw(rt, "clock") == 0 {
		if struck := state.Strike(time.Now().Add(2 * time.Hour)); len(struck) > 0 {
			return rapid.SampledFrom(struck).Draw(rt, "struck")
		}
	}
	name := rapid.SampledFrom([]approval.Name{
		approval.Approve, approval.Approve, approval.Approve, approval.Reject, approval.Return, approval.Withdraw,
	}).Draw(rt, "name")
	if name == approval.Withdraw {
		return w.act(id, name, "sue")
	}
	return w.act(id, name, rapid.SampledFrom(people).Draw(rt, "actor"))
}

func (w *world) resubmission(id string, state approval.State) approval.Command {
	next := content(fmt.Sprint("again ", state.Round))
	hash, err := next.Hash()
	require.NoError(w.t, err)
	n, err := w.s.SaveRevision(w.ctx, store.RevisionInput{Document: id, Actor: "sue", Content: next, Hash: hash})
	require.NoError(w.t, err)
	act := w.act(id, approval.Resubmit, "sue")
	act.Revision, act.NewHash = n, hash
	return act
}
