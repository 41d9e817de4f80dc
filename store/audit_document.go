package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// auditFile is one document with everything that must agree with its events.
type auditFile struct {
	auditDocument
	events    []evidence.Event
	tasks     []Task
	causes    map[string]auditCause
	acts      map[string]auditAct
	revisions map[int]auditRevision
	proposed  []ProposalRow // interventions
}

type auditDocument struct {
	ID, Number, Submitter, Status string

	Round       int
	Revision    int
	ContentHash string `db:"content_hash"`
	Seq         int64
	HeadHash    string `db:"head_hash"`
	Intervened  bool

	// What it is found by when it is counted beside another.
	Type, Entity, Requester string

	PayeeKind string       `db:"payee_kind"`
	PayeeID   string       `db:"payee_id"`
	AskedAt   sql.NullTime `db:"asked_at"`
}

type auditCause struct {
	Stream, Cause, Outcome string

	FirstSeq int64 `db:"first_seq"`
	LastSeq  int64 `db:"last_seq"`
}

type auditAct struct {
	ID, Document, Task, Actor, Canonical, Signature, Outcome string

	KeyID      string    `db:"key_id"`
	ReceivedAt time.Time `db:"received_at"`
}

type auditRevision struct {
	Document, Hash, Content string

	Revision  int
	Submitted bool
}

// verify compares one document with its events.
func (a *auditor) verify(f *auditFile) {
	a.report.Streams++
	a.report.Events += int64(len(f.events))
	a.report.Acts += int64(len(f.acts))
	if len(f.events) == 0 {
		a.found(f.ID, 0, "stream.missing", "a %s document without events", f.Status)
		return
	}
	a.chain(f.events)
	a.readModel(f)
	a.causesOf(f)
	a.actsOf(f)
	a.signIns(f)
	a.sealed(f)
	a.contents(f)
	a.interventions(f)
}

// chain proves every link, and goes on behind a broken one.
func (a *auditor) chain(events []evidence.Event) {
	var prev evidence.Event
	for _, e := range events {
		if err := evidence.VerifyAfter(prev, []evidence.Event{e}); err != nil {
			what := fault.CodeOf(err)
			a.found(e.Stream, e.Seq, what, "%v", err)
		}
		prev = e
	}
}

// readModel folds the events anew and compares the row and the tasks of the round.
func (a *auditor) readModel(f *auditFile) {
	state, err := approval.FoldAll(f.events)
	if err != nil {
		a.found(f.ID, 0, "fold.impossible", "%v", err)
		return
	}
	last := f.events[len(f.events)-1]
	var content document.Content
	_ = json.Unmarshal([]byte(f.revisions[last.Revision].Content), &content) // contents says what is wrong with it
	for _, field := range []struct{ name, row, folded string }{
		{"status", f.Status, string(state.Status)},
		{"round", fmt.Sprint(f.Round), fmt.Sprint(state.Round)},
		{"revision", fmt.Sprint(f.Revision), fmt.Sprint(state.Revision)},
		{"content_hash", f.ContentHash, state.ContentHash},
		{"seq", fmt.Sprint(f.Seq), fmt.Sprint(state.Seq)},
		{"head_hash", f.HeadHash, last.Hash},
		{"number", f.Number, state.Number},
		{"submitter", f.Submitter, state.Submitter},
		{"type", f.Type, content.Type},
		{"entity", f.Entity, content.Entity},
		{"requester", f.Requester, content.Requester},
		{"payee_kind", f.PayeeKind, string(content.Payee.Kind)},
		{"payee_id", f.PayeeID, content.Payee.ID},
		{"asked_at", f.AskedAt.Time.UTC().String(), f.askedAt(state.Seq + 1).UTC().String()},
	} {
		if field.row != field.folded {
			a.found(f.ID, last.Seq, "read_model.differs", "%s is %q, folded %q", field.name, field.row, field.folded)
		}
	}
	a.tasksOf(f, state)
}

func (a *auditor) tasksOf(f *auditFile, state approval.State) {
	rows, folded := 0, 0 // of this round: a decision of an earlier one may stand in it
	for _, t := range f.tasks {
		if t.Round == state.Round {
			rows++
		} else if t.State == approval.TaskOpen {
			a.found(f.ID, 0, "task.differs", "%s of round %d is still open", t.ID, t.Round)
		}
	}
	for _, want := range state.Tasks {
		if want.Round == state.Round {
			folded++
		}
		i := slices.IndexFunc(f.tasks, func(t Task) bool { return t.ID == want.ID })
		if i < 0 {
			a.found(f.ID, 0, "task.missing", "%s", want.ID)
			continue
		}
		if diff := taskDiff(f.tasks[i].Task, want); diff != "" {
			a.found(f.ID, 0, "task.differs", "%s: %s", want.ID, diff)
		}
	}
	if rows > folded {
		a.found(f.ID, 0, "task.invented", "%d tasks, folded %d", rows, folded)
	}
}

// taskDiff names the first field in which a row differs from the folded task.
func taskDiff(row, want approval.Task) string {
	sameReminders := slices.EqualFunc(row.RemindAt, want.RemindAt, time.Time.Equal)
	for _, field := range []struct {
		name string
		same bool
	}{
		{"state", row.State == want.State}, {"assignee", row.Assignee == want.Assignee},
		{"step", row.Step == want.Step}, {"via", row.Via == want.Via}, {"slot", row.Slot == want.Slot},
		{"for_task", row.For == want.For},
		{"decided_by", row.DecidedBy == want.DecidedBy}, {"decided_at", row.DecidedAt.Equal(want.DecidedAt)},
		{"opinion", row.Opinion == want.Opinion}, {"opened_at", row.OpenedAt.Equal(want.OpenedAt)},
		{"due_at", row.DueAt.Equal(want.DueAt)}, {"remind_at", sameReminders},
		{"reminded", row.Reminded == want.Reminded}, {"overdue", row.Overdue == want.Overdue},
		{"provisional", row.Provisional == want.Provisional},
		{"calendar_version", row.CalendarVersion == want.CalendarVersion},
	} {
		if !field.same {
			return field.name
		}
	}
	return ""
}

// causesOf holds events and causes together: every event has its cause, every
// cause its events, and the outcome that was given is the one that was.
func (a *auditor) causesOf(f *auditFile) {
	spans := map[string][2]int64{}
	for _, e := range f.events {
		span, ok := spans[e.Cause]
		if !ok {
			span[0] = e.Seq
		} else if span[1] != e.Seq-1 {
			a.found(f.ID, e.Seq, "cause.torn", "%s has events apart from each other", e.Cause)
		}
		span[1] = e.Seq
		spans[e.Cause] = span
	}
	for cause, span := range spans {
		c, ok := f.causes[cause]
		if !ok {
			a.found(f.ID, span[0], "cause.missing", "%s", cause)
			continue
		}
		var o approval.Outcome
		if json.Unmarshal([]byte(c.Outcome), &o) != nil || o.Code != approval.OK || o.Seq != span[1] ||
			c.FirstSeq != span[0] || c.LastSeq != span[1] {
			a.found(f.ID, span[0], "cause.differs", "%s tells %d–%d with %s", cause, c.FirstSeq, c.LastSeq, c.Outcome)
		}
	}
	for cause, c := range f.causes {
		if _, ok := spans[cause]; !ok && c.LastSeq >= c.FirstSeq {
			a.found(f.ID, c.FirstSeq, "cause.without_events", "%s", cause)
		}
	}
}

// isAct says whether a cause is an act's id.
func isAct(cause string) bool {
	for _, prefix := range []string{
		"submit:", "plan:", "staff:", "clock:", "effect:", "calendar:", "directory:",
	} {
		if strings.HasPrefix(cause, prefix) {
			return false
		}
	}
	return true
}

// actsOf proves the signatures, and that what acts caused was caused by them.
func (a *auditor) actsOf(f *auditFile) {
	for _, row := range f.acts {
		a.act(f, row)
	}
	for _, e := range f.events {
		if !isAct(e.Cause) {
			continue
		}
		row, ok := f.acts[e.Cause]
		if !ok {
			a.found(f.ID, e.Seq, "act.missing", "%s caused %s and is not in the inbox", e.Cause, e.Kind)
			continue
		}
		var o approval.Outcome
		if json.Unmarshal([]byte(row.Outcome), &o) != nil || o.Code != approval.OK {
			a.found(f.ID, e.Seq, "act.unanswered", "%s caused %s, its outcome is %q", e.Cause, e.Kind, row.Outcome)
		}
		if !strings.HasPrefix(e.Actor, "system:") && e.Actor != row.Actor {
			a.found(f.ID, e.Seq, "act.actor_differs", "%s is by %q, %s by %q", e.Cause, row.Actor, e.Kind, e.Actor)
		}
	}
}

func (a *auditor) act(f *auditFile, row auditAct) {
	signed := evidence.Signature{KeyID: row.KeyID, Value: row.Signature}
	if err := a.ring.Verify(json.RawMessage(row.Canonical), signed); err != nil {
		a.found(f.ID, 0, "act.bad_signature", "%s: %v", row.ID, err)
	}
	var act approval.Act
	if json.Unmarshal([]byte(row.Canonical), &act) != nil ||
		act.ID != row.ID || act.Document != row.Document || act.Actor != row.Actor || act.Task != row.Task {
		a.found(f.ID, 0, "act.differs", "%s is not what was signed", row.ID)
	}
	var o approval.Outcome
	if json.Unmarshal([]byte(row.Outcome), &o) == nil && o.Code == approval.OK {
		if _, ok := f.causes[row.ID]; !ok {
			a.found(f.ID, 0, "act.without_cause", "%s is answered ok and was never recorded", row.ID)
		}
	}
}

// contents proves that what was decided on is what is kept, and that what an
// approver changed in it is what is recorded of it.
func (a *auditor) contents(f *auditFile) {
	for n, r := range f.revisions {
		hash, err := evidence.HashOf(json.RawMessage(r.Content))
		if err != nil || hash != r.Hash {
			a.found(f.ID, 0, "content.differs", "revision %d is not what its hash says", n)
		}
	}
	for _, e := range f.events {
		r, ok := f.revisions[e.Revision]
		if !ok || r.Hash != e.ContentHash || !r.Submitted {
			a.found(f.ID, e.Seq, "content.unknown", "%s names revision %d with %s", e.Kind, e.Revision, e.ContentHash)
		}
		if e.Kind != approval.DocumentSanctioned && e.Kind != approval.DocumentAmended {
			continue
		}
		proved, err := approval.Leads(e, []byte(f.revisions[e.Revision-1].Content), []byte(r.Content))
		if err != nil || !proved {
			a.found(f.ID, e.Seq, "content.unproved", "%s does not lead from revision %d to the next", e.Kind, e.Revision-1)
		}
	}
}
