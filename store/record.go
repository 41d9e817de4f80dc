package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// behindMost is how many missing events one answer brings; the caller folds
// them and asks again.
const behindMost = 1000

// lockLooksMost bounds the looks at a locked document; the second one is fresh.
const lockLooksMost = 3

// Stamp fills the instants of a task.opened draft, counting from at. It is pure:
// the calendars were loaded before.
type Stamp func(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error)

// Record writes one transition in one transaction: events, read model, notices,
// and the outcome of its cause. It alone gives out sequence numbers. 落账
//
// Safe to repeat: a cause that is known is answered with its stored outcome and
// events. Behind and Waiting answers have written nothing.
// Errors: NotFound document.not_found; Forbidden act.forged, where the act is
// not the one that was signed; Conflict revision.changed, where a resubmitted
// content is not the stored one; Internal document.ahead, where the caller knows
// more events than the database; Busy, and nothing happened or the repeat tells.
func (s *Store) Record(ctx context.Context, r approval.RecordRequest, stamp Stamp) (approval.Recorded, error) {
	var got approval.Recorded
	err := s.inTx(ctx, "store.Record", func(tx *sqlx.Tx) error {
		h, err := lockHead(ctx, tx, r)
		if err != nil {
			return err
		}
		answered, err := s.answered(ctx, tx, h, r, &got)
		if answered || err != nil {
			return err
		}
		got, err = transition(ctx, tx, h, r, stamp)
		return err
	})
	if err != nil {
		return approval.Recorded{}, err
	}
	return got, nil
}

// head is the locked document with everything that Record must know before it writes.
type head struct {
	Now        time.Time
	Fresh      bool // nobody changed the row between the statement's snapshot and the lock
	ID         string
	Number     string
	Title      string
	Entity     string
	Submitter  string
	Requester  string
	TotalMinor int64 `db:"total_minor"`
	Currency   string
	projected

	CauseFirst   sql.NullInt64  `db:"cause_first"`
	CauseLast    sql.NullInt64  `db:"cause_last"`
	CauseOutcome sql.NullString `db:"cause_outcome"`

	Canonical    sql.NullString
	KeyID        sql.NullString `db:"key_id"`
	Signature    sql.NullString
	InboxOutcome sql.NullString `db:"inbox_outcome"`

	Waiting pq.StringArray
}

const lockHeadQuery = `
	SELECT clock_timestamp() AS now, d.ctid = (SELECT o.ctid FROM documents o WHERE o.id = $1) AS fresh,
	       d.id, d.number, d.title, d.entity, d.submitter, d.requester, d.total_minor, d.currency,
	       d.status, d.round, d.revision, d.content_hash, d.seq, d.head_hash, d.step, d.step_titles, d.deciders,
	       d.parked_ref, d.parked_attempt, d.parked_code, d.parked_detail, d.parked_at,
	       d.voucher_ref, d.voucher_number, d.closed_at,
	       c.first_seq AS cause_first, c.last_seq AS cause_last, c.outcome AS cause_outcome,
	       i.canonical, i.key_id, i.signature, i.outcome AS inbox_outcome,
	       ARRAY(SELECT w.id FROM inbox w
	             WHERE $4 <> '' AND w.document = $1 AND w.outcome IS NULL
	               AND w.received_at < (SELECT t.due_at FROM tasks t WHERE t.id = $4)
	             ORDER BY w.received_at, w.id) AS waiting
	FROM documents d
	LEFT JOIN causes c ON c.stream = d.id AND c.cause = $2
	LEFT JOIN inbox i ON i.id = $3
	WHERE d.id = $1 AND d.status <> 'draft'
	FOR UPDATE OF d`

// lockHead locks the document and reads its head, its cause and its act.
//
// Where the lock had to wait, the rest was read before the winner committed:
// it is read once more, now that nobody can come between.
func lockHead(ctx context.Context, tx *sqlx.Tx, r approval.RecordRequest) (head, error) {
	actID := ""
	if r.Act != nil {
		actID = r.Act.ID
	}
	if r.Deadline != "" {
		// An act that is being committed right now holds the row shared, which
		// changes nothing in it: wait for it before anything is read.
		const lock = `SELECT 1 FROM documents WHERE id = $1 FOR UPDATE`
		if _, err := tx.ExecContext(ctx, lock, r.Document); err != nil {
			return head{}, err
		}
	}
	for range lockLooksMost {
		var h head
		err := tx.GetContext(ctx, &h, lockHeadQuery, r.Document, r.Cause, actID, r.Deadline)
		if errors.Is(err, sql.ErrNoRows) {
			return head{}, fault.New(fault.NotFound, "document.not_found")
		}
		if err != nil {
			return head{}, err
		}
		if h.Fresh {
			h.Now = h.Now.UTC().Truncate(time.Microsecond)
			return h, nil
		}
	}
	return head{}, fault.New(fault.Busy, "store.busy")
}

// answered gives the answers that write nothing: a known cause, a stream that is
// ahead, an act that was answered or refused, a deadline that yields.
func (s *Store) answered(ctx context.Context, tx *sqlx.Tx, h head, r approval.RecordRequest,
	got *approval.Recorded) (bool, error) {
	if h.CauseOutcome.Valid {
		events, err := eventsBetween(ctx, tx, r.Document, h.CauseFirst.Int64, h.CauseLast.Int64)
		if err != nil {
			return false, err
		}
		got.Events = events
		return true, json.Unmarshal([]byte(h.CauseOutcome.String), &got.Outcome)
	}
	if h.Seq < r.Expected {
		return false, fault.New(fault.Internal, "document.ahead", fault.Arg("expected", strconv.FormatInt(r.Expected, 10)),
			fault.Arg("head", strconv.FormatInt(h.Seq, 10)))
	}
	if h.Seq > r.Expected {
		events, err := eventsBetween(ctx, tx, r.Document, r.Expected+1, min(h.Seq, r.Expected+behindMost))
		got.Events, got.Behind = events, true
		return true, err
	}
	if r.Act != nil {
		if err := s.proveAct(ctx, tx, h, r); err != nil {
			return false, err
		}
		if h.InboxOutcome.Valid {
			return true, json.Unmarshal([]byte(h.InboxOutcome.String), &got.Outcome)
		}
	}
	got.Waiting = h.Waiting
	return len(h.Waiting) > 0, nil
}

// proveAct proves that an act is the one that the gateway signed and committed.
func (s *Store) proveAct(ctx context.Context, tx *sqlx.Tx, h head, r approval.RecordRequest) error {
	forged := fault.New(fault.Forbidden, "act.forged", fault.Arg("id", r.Act.ID))
	canonical, err := evidence.Canonical(r.Act)
	if err != nil || !h.Canonical.Valid || string(canonical) != h.Canonical.String ||
		r.Act.Document != r.Document || r.Act.ID != r.Cause {
		return forged
	}
	ring, err := s.keyRing(ctx, tx, h.KeyID.String)
	if err != nil {
		return err
	}
	signed := evidence.Signature{KeyID: h.KeyID.String, Value: h.Signature.String}
	if err := ring.Verify(json.RawMessage(h.Canonical.String), signed); err != nil {
		return fmt.Errorf("%w: %w", forged, err)
	}
	return nil
}

// transition stamps, seals, projects and writes.
func transition(ctx context.Context, tx *sqlx.Tx, h head, r approval.RecordRequest, stamp Stamp,
) (approval.Recorded, error) {
	drafts, err := stampDrafts(r.Drafts, h.Now, stamp)
	if err != nil {
		return approval.Recorded{}, err
	}
	before := evidence.Event{Stream: h.ID, Seq: h.Seq, Hash: h.HeadHash}
	events, err := evidence.Seal(before, drafts, r.Cause, h.Now, h.ID)
	if err != nil {
		return approval.Recorded{}, err
	}
	p := newProjection(h)
	for _, e := range events {
		if err := p.apply(e); err != nil {
			return approval.Recorded{}, fmt.Errorf("project event %d of %s: %w", e.Seq, e.Stream, err)
		}
	}
	outcome := approval.Outcome{Code: approval.OK, Status: p.Status, Seq: p.Seq}
	if err := insertEvents(ctx, tx, events); err != nil {
		return approval.Recorded{}, err
	}
	if err := p.save(ctx, tx); err != nil {
		return approval.Recorded{}, err
	}
	got := approval.Recorded{Events: events, Outcome: outcome}
	return got, answer(ctx, tx, r, got, p)
}

// stampDrafts fills the deadlines of the tasks that open, from the database's clock.
func stampDrafts(drafts []evidence.Draft, at time.Time, stamp Stamp) ([]evidence.Draft, error) {
	stamped := make([]evidence.Draft, len(drafts))
	copy(stamped, drafts)
	for i, d := range stamped {
		if d.Kind != approval.TaskOpened || stamp == nil {
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

// answer stores the outcome of the cause and of its act, and the notices owed.
func answer(ctx context.Context, tx *sqlx.Tx, r approval.RecordRequest, got approval.Recorded, p *projection) error {
	text, err := json.Marshal(got.Outcome)
	if err != nil {
		return err
	}
	owed, err := noticeRows(p.owed(got.Events), p.document, p.Seq)
	if err != nil {
		return err
	}
	actID := ""
	if r.Act != nil {
		actID = r.Act.ID
	}
	const query = `
		WITH cause AS (
			INSERT INTO causes (stream, cause, first_seq, last_seq, outcome, at) VALUES ($1, $2, $3, $4, $5, $6)
		), act AS (
			UPDATE inbox SET outcome = $5, outcome_at = $6 WHERE id = $7 AND outcome IS NULL RETURNING id
		), notice AS (` + insertNotices + `
		)
		SELECT count(*) FROM act`
	var answered int
	err = tx.GetContext(ctx, &answered, query, r.Document, r.Cause,
		p.Seq-int64(len(got.Events))+1, p.Seq, string(text), p.at, actID, owed)
	if err == nil && actID != "" && answered == 0 {
		// Refused between our look and now: the refusal is the answer, and nothing of ours stays.
		return fault.New(fault.Busy, "store.busy")
	}
	return err
}
