package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/notice"
)

// transition is everything that one Record writes.
type transition struct {
	request approval.RecordRequest
	before  head
	after   *projection
	events  []evidence.Event
	outcome approval.Outcome
}

// newTransition stamps, seals and projects. It is pure.
func newTransition(h head, r approval.RecordRequest, stamp Stamp) (*transition, error) {
	drafts, err := stampDrafts(r.Drafts, h.Now, stamp)
	if err != nil {
		return nil, err
	}
	before := evidence.Event{Stream: h.ID, Seq: h.Seq, Hash: h.HeadHash}
	events, err := evidence.Seal(before, drafts, r.Cause, h.Now, h.ID)
	if err != nil {
		return nil, err
	}
	p := newProjection(h)
	for _, e := range events {
		if err := p.apply(e); err != nil {
			return nil, fmt.Errorf("project event %d of %s: %w", e.Seq, e.Stream, err)
		}
	}
	outcome := approval.Outcome{Code: approval.OK, Status: p.Status, Seq: p.Seq}
	return &transition{request: r, before: h, after: p, events: events, outcome: outcome}, nil
}

// stampDrafts fills the deadlines of the tasks that open, from the database's clock.
func stampDrafts(drafts []evidence.Draft, at time.Time, stamp Stamp) ([]evidence.Draft, error) {
	stamped := make([]evidence.Draft, len(drafts))
	copy(stamped, drafts)
	for i, d := range stamped {
		if !approval.Stamped(d.Kind) || stamp == nil {
			continue
		}
		var opened approval.TaskOpenedData
		if err := json.Unmarshal(d.Data, &opened); err != nil {
			return nil, fmt.Errorf("read the data of %s: %w", d.Kind, err)
		}
		opened, err := stamp(at, opened)
		if err != nil {
			return nil, err
		}
		if stamped[i].Data, err = json.Marshal(opened); err != nil {
			return nil, fmt.Errorf("write the data of %s: %w", d.Kind, err)
		}
	}
	return stamped, nil
}

// A transition is written by one statement, so that it is one round trip and whole by
// itself. It begins with the document as it was looked at, locked, and with the act that
// nobody answered meanwhile: everything else is written for the row of mine, and where
// there is none nothing is.
//
// A part that has nothing to write is left out: to make its tables and all their indexes
// ready costs PostgreSQL as much as to write a row. Each part is its own $n all the same.
const (
	transitionBegin = `
	WITH head AS (
		SELECT id, sorted_at, entity FROM documents
		WHERE id = $1 AND seq = $15 AND head_hash = $16 AND num_nulls($20::jsonb, $21::jsonb, $22::jsonb) = 0 FOR UPDATE
	)`
	transitionOfAct = `, act AS (
		UPDATE inbox SET outcome = $17, outcome_at = $2
		WHERE id = $18 AND outcome IS NULL AND EXISTS (SELECT FROM head) RETURNING id
	), mine AS (
		SELECT id, sorted_at, entity FROM head WHERE EXISTS (SELECT FROM act)
	)`
	transitionOfNone = `, mine AS (
		SELECT id, sorted_at, entity FROM head WHERE $18 = ''
	)`
	transitionEvents = `, event AS (
		INSERT INTO events (stream, at, cause, ` + eventArrayColumns + `)
		SELECT mine.id, $2, $3, u.* FROM mine, ` + eventArrays + ` AS u
	), cause AS (
		INSERT INTO causes (stream, cause, first_seq, last_seq, outcome, at)
		SELECT mine.id, $3, $15 + 1, $19, $17, $2 FROM mine
	)`
	transitionOpened = `, opened AS (
		INSERT INTO tasks (id, document, step, step_title, round, assignee, via, slot, state, decided_by, decided_at,
		                   opinion, opened_at, opened_seq, due_at, remind_at, reminded, overdue, provisional, for_task,
		                   calendar, calendar_version, counted_at, sorted_at)
		SELECT o.id, mine.id, o.step, o.step_title, o.round, o.assignee, o.via, o.slot, o.state, o.decided_by,
		       o.decided_at, o.opinion, o.opened_at, o.opened_seq, o.due_at, o.remind_at, o.reminded, o.overdue,
		       o.provisional, o.for_task, o.calendar, o.calendar_version, o.counted_at,
		       mine.sorted_at
		FROM mine, jsonb_to_recordset($20::jsonb) AS o (id text, step text, step_title text, round int, assignee text,
		     via text, slot int, state text, decided_by text, decided_at timestamptz, opinion text,
		     opened_at timestamptz, opened_seq bigint, due_at timestamptz, remind_at text, reminded int,
		     overdue boolean, provisional boolean, for_task text, calendar text, calendar_version int,
		     counted_at timestamptz)
	), gone AS ( -- a task that opens for somebody who left, or by a role that they do not hold any more, is handed over
		INSERT INTO tellings (document, kind, name, version)
		SELECT mine.id, 'directory', '', (SELECT max(version) FROM org_versions) FROM mine
		WHERE EXISTS (SELECT FROM jsonb_to_recordset($20::jsonb) AS o (assignee text, role text, of_group boolean)
		              WHERE EXISTS (SELECT FROM leavers l WHERE l.person = o.assignee)
		                 OR o.role <> '' AND NOT EXISTS (
		                    SELECT FROM role_holders h WHERE h.person = o.assignee AND h.role = o.role AND ` + holdsNow + `
		                       AND (h.entity = '' OR h.entity = mine.entity AND NOT o.of_group)))
		ON CONFLICT (document, kind, name) DO UPDATE
		SET version = excluded.version, done_at = NULL, tries = 0, next_try = clock_timestamp()
	)`
	transitionChanged = `, changed AS (
		UPDATE tasks t
		SET state = coalesce(nullif(c.state, ''), t.state),
		    decided_by = coalesce(nullif(c.decided_by, ''), t.decided_by),
		    decided_at = coalesce(c.decided_at, t.decided_at),
		    opinion = coalesce(nullif(c.opinion, ''), t.opinion),
		    reminded = greatest(c.reminded, t.reminded),
		    overdue = c.overdue OR t.overdue, due_at = CASE WHEN c.moved THEN c.due_at ELSE t.due_at END,
		    remind_at = CASE WHEN c.moved THEN c.remind_at ELSE t.remind_at END,
		    provisional = CASE WHEN c.moved THEN c.provisional ELSE t.provisional END,
		    calendar = CASE WHEN c.moved THEN c.calendar ELSE t.calendar END,
		    calendar_version = CASE WHEN c.moved THEN c.calendar_version ELSE t.calendar_version END,
		    counted_at = CASE WHEN c.moved THEN c.counted_at ELSE t.counted_at END
		FROM mine, jsonb_to_recordset($21::jsonb) AS c (id text, state text, decided_by text, decided_at timestamptz,
		     opinion text, reminded int, overdue boolean, moved boolean, due_at timestamptz, remind_at text,
		     provisional boolean, calendar text, calendar_version int, counted_at timestamptz)
		WHERE t.id = c.id AND t.document = mine.id
	)`
	// Who is told through a role is looked up here: one notice for each holder.
	transitionNotices = `, notice AS (
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data, created_at, next_try)
		SELECT DISTINCT ON (n.id || '.' || coalesce(h.person, n.person))
		       n.id || '.' || coalesce(h.person, n.person), n.kind, coalesce(h.person, n.person), n.role, n.entity,
		       n.document, n.task, n.quiet, n.data, clock_timestamp(), clock_timestamp()
		FROM mine, jsonb_to_recordset($22::jsonb) AS n (id text, kind text, person text, role text, entity text,
		     document text, task text, quiet boolean, data jsonb)
		LEFT JOIN role_holders h ON n.person = '' AND h.role = n.role AND h.entity IN ('', n.entity) AND ` + holdsNow + `
		ON CONFLICT DO NOTHING
	)`
	// And one for each who decides for somebody who is asked.
	transitionDelegates = `, delegates AS (
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data, created_at, next_try)
		SELECT DISTINCT ON (n.id || '.' || g.delegate)
		       n.id || '.' || g.delegate, n.also, g.delegate, '', '', n.document, n.task, false,
		       n.data || jsonb_build_object('for', g.person), clock_timestamp(), clock_timestamp()
		FROM mine JOIN documents d ON d.id = mine.id
		CROSS JOIN jsonb_to_recordset($22::jsonb) AS n (id text, person text, document text, task text, data jsonb,
		     also text)
		JOIN delegations g ON n.also <> '' AND g.person = n.person AND ` + ruleReaches + `
		ON CONFLICT DO NOTHING
	)`
	// transitionStarted is added to a document's first transition: its workflow runs.
	transitionStarted = `, started AS (
		UPDATE starts SET done_at = $2 WHERE document = $1 AND done_at IS NULL AND EXISTS (SELECT FROM mine)
	)`
	transitionDocument = `
	UPDATE documents d
	SET status = $23, round = $24, revision = $25, content_hash = $26, seq = $19, head_hash = $27, step = $28,
	    step_titles = $29, deciders = $30, parked_ref = $31, parked_attempt = $32, parked_code = $33,
	    parked_detail = $34, parked_at = $35, voucher_ref = $36, voucher_number = $37, closed_at = $38, intervened = $39,
	    updated_at = $2
	FROM mine WHERE d.id = mine.id`
)

// statement is the one that writes the transition.
func (t *transition) statement(opened, changed string, owed []notice.Notice) string {
	const nothing = "[]"
	query := transitionBegin + transitionOfNone
	if t.request.Act != nil {
		query = transitionBegin + transitionOfAct
	}
	query += transitionEvents
	if opened != nothing {
		query += transitionOpened
	}
	if changed != nothing {
		query += transitionChanged
	}
	if len(owed) > 0 {
		query += transitionNotices
	}
	if slices.ContainsFunc(owed, func(n notice.Notice) bool { return notice.ForDelegate(n.Kind) != "" }) {
		query += transitionDelegates
	}
	if t.before.Seq == 1 {
		query += transitionStarted
	}
	return query + transitionDocument
}

// write is false where the document or the act is not any more what was looked
// at; nothing was written then.
func (t *transition) write(ctx context.Context, q sqlx.ExtContext) (bool, error) {
	query, args, err := t.said()
	if err != nil {
		return false, err
	}
	written, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	if n, err := written.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	if t.after.patch.Kind != "" {
		if err := t.after.provePatch(ctx, q); err != nil {
			return false, err
		}
	}
	if t.after.resubmits || t.after.patch.Kind != "" {
		if err := t.after.takeRevision(ctx, q); err != nil {
			return true, err
		}
	}
	return true, t.copyIn(ctx, q)
}

// said is the statement with its arguments.
func (t *transition) said() (string, []any, error) {
	p := t.after
	outcome, err := json.Marshal(t.outcome)
	if err != nil {
		return "", nil, err
	}
	opened, changed, err := p.tasksJSON()
	if err != nil {
		return "", nil, err
	}
	owed := p.owed(t.events)
	notices, err := noticeRows(owed, p.document, p.Seq)
	if err != nil {
		return "", nil, err
	}
	act := ""
	if t.request.Act != nil {
		act = t.request.Act.ID
	}
	args := append([]any{p.document, p.at, t.request.Cause}, eventArgs(t.events)...)
	args = append(args, t.before.Seq, t.before.HeadHash, string(outcome), act, p.Seq, opened, changed, notices)
	args = append(args, string(p.Status), p.Round, p.Revision, p.ContentHash, p.HeadHash, p.Step, p.StepTitles,
		p.Deciders, p.ParkedRef, p.ParkedAttempt, p.ParkedCode, p.ParkedDetail, p.ParkedAt, p.VoucherRef,
		p.VoucherNumber, p.ClosedAt, p.Intervened)
	return t.statement(opened, changed, owed), args, nil
}
