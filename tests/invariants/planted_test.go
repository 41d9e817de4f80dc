package invariants_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/lib/pq" // the driver
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/tests/invariants"
)

// TestPlantedViolationsAreFound proves that the oracle is silent on a healthy
// house, and that it sees each of many lies under the invariant it breaks. Each
// is told to the database itself, triggers off, in a transaction of its own that
// is taken back: a clone each would cost seconds where the disk is busy.
func TestPlantedViolationsAreFound(t *testing.T) {
	h := build(t)
	t.Run("a healthy house", func(t *testing.T) {
		report, err := invariants.Check(t.Context(), h.input(h.journal))
		require.NoError(t, err)
		require.Empty(t, report.Violations(), "%s", report)
		require.True(t, report.OK())
		for _, r := range report.Results {
			require.Equal(t, r.NotApplicable, r.Checked == 0, "%s checked nothing", r.ID)
		}
		t.Logf("\n%s", report)
	})
	db, err := sql.Open("postgres", h.address)
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	for _, tt := range slices.Concat(planted, plantedByTheWorld, plantedAtTheDoor, plantedRights, plantedInPasskeys,
		plantedReversals, plantedReviews) {
		t.Run(tt.name, func(t *testing.T) {
			tx, err := db.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			defer func() { require.NoError(t, tx.Rollback()) }()
			l := &liar{T: t, house: h, db: tx, journal: filepath.Join(t.TempDir(), "journal.jsonl"), told: h.told}
			original, err := os.ReadFile(h.journal)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(l.journal, original, 0o600))
			tt.plant(l)
			in := h.input(l.journal)
			in.Acknowledged, in.Histories = l.told, l.histories
			report, err := invariants.CheckIn(t.Context(), tx, in)
			require.NoError(t, err)
			require.NotEmpty(t, report.Of(tt.invariant).Violations, "not found under %s:\n%s", tt.invariant, report)
			about := func(v invariants.Violation) bool { return strings.Contains(v.Subject+" "+v.What, tt.says) }
			require.True(t, slices.ContainsFunc(report.Of(tt.invariant).Violations, about),
				"nothing under %s says %q:\n%s", tt.invariant, tt.says, report)
			require.False(t, report.OK())
		})
	}
}

func (h *house) input(journal string) invariants.Input {
	return invariants.Input{DatabaseURL: h.address, Journals: []string{journal}, Acknowledged: h.told, Quiet: true}
}

// liar changes what must not be changed, past every guard.
type liar struct {
	*testing.T
	house   *house
	db      *sql.Tx // taken back at the end
	journal string
	told    invariants.Acknowledged

	histories []string
}

// history writes a history that ends with an event of a type.
func (l *liar) history(workflow, last string) {
	path := filepath.Join(l.TempDir(), "history.json")
	addLine(l, path, map[string]any{"events": []map[string]any{
		{"eventType": "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED",
			"workflowExecutionStartedEventAttributes": map[string]any{"workflowId": workflow}},
		{"eventType": last},
	}})
	l.histories = append(l.histories, path)
}

// tell runs a statement on a table whose triggers are off; $1 is a document.
func (l *liar) tell(table, statement string, args ...any) {
	l.Helper()
	_, err := l.db.Exec(`ALTER TABLE ` + table + ` DISABLE TRIGGER ALL`)
	require.NoError(l, err)
	result, err := l.db.Exec(statement, args...)
	require.NoError(l, err)
	n, err := result.RowsAffected()
	require.NoError(l, err)
	require.Positive(l, n, "the lie changed nothing")
}

func (l *liar) id(what string) string { return l.house.ids[what] }

// forge changes the events of a document and seals them anew, so that the chain
// holds and only what they say is a lie. The row's head follows.
func (l *liar) forge(what string, change func(events []evidence.Event) []evidence.Event) {
	l.Helper()
	id := l.id(what)
	_, err := l.db.Exec(`ALTER TABLE events DISABLE TRIGGER ALL; ALTER TABLE causes DISABLE TRIGGER ALL;
		ALTER TABLE documents DISABLE TRIGGER ALL`)
	require.NoError(l, err)
	var last evidence.Event
	var sealed []evidence.Event
	for _, e := range change(l.events(id)) {
		draft := evidence.Draft{
			Kind: e.Kind, Actor: e.Actor, OnBehalfOf: e.OnBehalfOf, Round: e.Round, Revision: e.Revision,
			ContentHash: e.ContentHash, Data: e.Data,
		}
		again, err := evidence.Seal(last, []evidence.Draft{draft}, e.Cause, e.At, id)
		require.NoError(l, err)
		last = again[0]
		sealed = append(sealed, last)
	}
	_, err = l.db.Exec(`DELETE FROM events WHERE stream = $1`, id)
	require.NoError(l, err)
	for _, e := range sealed {
		l.insert(e)
	}
	_, err = l.db.Exec(`UPDATE documents SET seq = $2, head_hash = $3 WHERE id = $1`, id, last.Seq, last.Hash)
	require.NoError(l, err)
}

func (l *liar) insert(e evidence.Event) {
	_, err := l.db.Exec(`INSERT INTO events (stream, seq, at, kind, actor, on_behalf_of, cause, round, revision,
		content_hash, data, prev, hash, v) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)`,
		e.Stream, e.Seq, e.At, e.Kind, e.Actor, e.OnBehalfOf, e.Cause, e.Round, e.Revision, e.ContentHash,
		string(e.Data), e.Prev, e.Hash, e.V)
	require.NoError(l, err)
}

func (l *liar) events(id string) []evidence.Event {
	rows, err := l.db.Query(`SELECT stream, seq, at, kind, actor, on_behalf_of, cause, round, revision, content_hash, data,
		prev, hash, v FROM events WHERE stream = $1 ORDER BY seq`, id)
	require.NoError(l, err)
	defer func() { _ = rows.Close() }()
	var events []evidence.Event
	for rows.Next() {
		var e evidence.Event
		var text string
		require.NoError(l, rows.Scan(&e.Stream, &e.Seq, &e.At, &e.Kind, &e.Actor, &e.OnBehalfOf, &e.Cause, &e.Round,
			&e.Revision, &e.ContentHash, &text, &e.Prev, &e.Hash, &e.V))
		e.Data = json.RawMessage(text)
		events = append(events, e)
	}
	require.NoError(l, rows.Err())
	return events
}

// find is the position of the nth event of a kind.
func find(events []evidence.Event, kind string, nth int) int {
	for i, e := range events {
		if e.Kind == kind {
			if nth--; nth == 0 {
				return i
			}
		}
	}
	panic("no " + kind)
}

// decidedBy makes another person the actor of the nth approval, in the event, in
// the inbox and in the tasks: signed by us, and still wrong.
func (l *liar) decidedBy(what string, nth int, who string) {
	var task, cause string
	l.forge(what, func(events []evidence.Event) []evidence.Event {
		i := find(events, "task.approved", nth)
		cause = events[i].Cause
		for j := range events {
			if events[j].Cause == cause && !strings.HasPrefix(events[j].Actor, "system:") {
				events[j].Actor = who
			}
		}
		var ended struct{ Task string }
		require.NoError(l, json.Unmarshal(events[i].Data, &ended))
		task = ended.Task
		for j := range events[:i] {
			if events[j].Kind == "task.opened" && strings.Contains(string(events[j].Data), `"`+task+`"`) {
				events[j].Data = setField(events[j].Data, "assignee", who)
			}
		}
		events[i].Data = setField(events[i].Data, "assignee", who)
		return events
	})
	l.tell("tasks", `UPDATE tasks SET assignee = $2, decided_by = $2 WHERE id = $1`, task, who)
	l.sign(cause, "actor", who)
}

// sign changes a field of an act and signs it with the right key.
func (l *liar) sign(act, field, value string) {
	var text string
	require.NoError(l, l.db.QueryRow(`SELECT canonical FROM inbox WHERE id = $1`, act).Scan(&text))
	changed := setField(json.RawMessage(text), field, value)
	signature, err := l.house.signer.Sign(changed)
	require.NoError(l, err)
	form, err := evidence.Canonical(changed)
	require.NoError(l, err)
	l.tell("inbox", `UPDATE inbox SET canonical = $2::text, signature = $3, actor = $2::text::jsonb->>'actor' WHERE id = $1`,
		act, string(form), signature.Value)
}

func setField(data json.RawMessage, name string, value any) json.RawMessage {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &fields); err != nil {
		panic(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	fields[name] = text
	all, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return all
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
