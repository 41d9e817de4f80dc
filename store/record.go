package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
)

// behindMost is how many missing events one answer brings; the caller folds
// them and asks again.
const behindMost = 1000

// looksMost bounds the looks at a document that others keep changing.
const looksMost = 3

// Stamp fills the instants of a task.opened draft, counting from at. It is pure:
// the calendars were loaded before.
type Stamp func(at time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error)

// Record writes one transition in one transaction: events, read model, notices,
// and the outcome of its cause. It alone gives out sequence numbers. 落账
//
// The transaction is one statement wherever it can be: round trips are most of
// what a transition costs.
//
// Safe to repeat: a cause that is known is answered with its stored outcome and
// events. Behind and Waiting answers have written nothing.
// Errors: NotFound document.not_found; Forbidden act.forged, where the act is
// not the one that was signed; Conflict revision.changed, where a resubmitted
// content is not the stored one, or a sanctioned or amended one is not the content
// before it with exactly the patch; Internal document.ahead, where the caller knows
// more events than the database; Busy, and nothing happened or the repeat tells.
func (s *Store) Record(ctx context.Context, r approval.RecordRequest, stamp Stamp) (approval.Recorded, error) {
	if r.Deadline != "" || r.Yield || len(r.Copies) > 0 || r.Act != nil && takesRevision(r.Act.Name) {
		return s.recordLocked(ctx, r, stamp)
	}
	for range looksMost {
		got, done, err := s.recordOnce(ctx, s.db, r, stamp)
		if done || err != nil {
			return got, sqlFault("store.Record", err)
		}
	}
	return approval.Recorded{}, fault.New(fault.Busy, "store.busy")
}

// takesRevision says whether an act brings a content that was stored before it. It
// is written with the transition or not at all.
func takesRevision(name approval.Name) bool {
	return name == approval.Resubmit || name == approval.Sanction || name == approval.Amend
}

// recordLocked holds the document while it looks and writes. Who yields to acts
// needs it: an act that is being committed right now holds the row shared, which changes
// nothing in it, so it must be waited for before anything is read.
func (s *Store) recordLocked(ctx context.Context, r approval.RecordRequest, stamp Stamp) (approval.Recorded, error) {
	var got approval.Recorded
	err := s.inTx(ctx, "store.Record", func(tx *sqlx.Tx) error {
		if len(r.Copies) > 0 { // whoever copies somebody in meanwhile did it before this, or will after
			if err := lockCopies(ctx, tx, r.Document); err != nil {
				return err
			}
		}
		const lock = `SELECT 1 FROM documents WHERE id = $1 FOR UPDATE`
		if _, err := tx.ExecContext(ctx, lock, r.Document); err != nil {
			return err
		}
		var done bool
		var err error
		got, done, err = s.recordOnce(ctx, tx, r, stamp)
		if err == nil && !done {
			// Refused between our look and now: the refusal is the answer, and nothing of ours stays.
			return fault.New(fault.Busy, "store.busy")
		}
		return err
	})
	if err != nil {
		return approval.Recorded{}, err
	}
	return got, nil
}

// recordOnce looks, judges and writes, each in one statement. The write takes the
// document only as it was looked at, so nothing needs to be held in between; done
// is false where somebody else was faster.
func (s *Store) recordOnce(ctx context.Context, q sqlx.ExtContext, r approval.RecordRequest, stamp Stamp,
) (got approval.Recorded, done bool, err error) {
	h, err := readHead(ctx, q, r)
	if err != nil {
		return got, false, err
	}
	answered, err := s.answered(ctx, q, h, r, &got)
	got.Entity = h.Entity
	if answered || err != nil {
		return got, true, err
	}
	t, err := newTransition(h, r, stamp)
	if err != nil {
		return got, false, err
	}
	done, err = t.write(ctx, q)
	return approval.Recorded{Events: t.events, Outcome: t.outcome, Entity: h.Entity}, done, err
}

// head is the document with everything that Record must know before it writes.
type head struct {
	Now        time.Time
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
	ReceivedAt   sql.NullTime   `db:"received_at"`
	InboxOutcome sql.NullString `db:"inbox_outcome"`

	Waiting pq.StringArray
}

const headQuery = `
	SELECT clock_timestamp() AS now,
	       d.id, d.number, d.title, d.entity, d.submitter, d.requester, d.total_minor, d.currency,
	       d.status, d.round, d.revision, d.content_hash, d.seq, d.head_hash, d.step, d.step_titles, d.deciders,
	       d.parked_ref, d.parked_attempt, d.parked_code, d.parked_detail, d.parked_at,
	       d.voucher_ref, d.voucher_number, d.closed_at, d.intervened,
	       c.first_seq AS cause_first, c.last_seq AS cause_last, c.outcome AS cause_outcome,
	       i.canonical, i.key_id, i.signature, i.received_at, i.outcome AS inbox_outcome,
	       ARRAY(SELECT w.id FROM inbox w
	             WHERE ($4 <> '' OR $5) AND w.document = $1 AND w.outcome IS NULL
	               AND ($5 OR w.received_at < (SELECT t.due_at FROM tasks t WHERE t.id = $4))
	             ORDER BY w.received_at, w.id) AS waiting
	FROM documents d
	LEFT JOIN causes c ON c.stream = d.id AND c.cause = $2
	LEFT JOIN inbox i ON i.id = $3
	WHERE d.id = $1 AND d.status <> 'draft'`

// readHead reads a document's head, its cause and its act in one snapshot.
func readHead(ctx context.Context, q sqlx.QueryerContext, r approval.RecordRequest) (head, error) {
	actID := ""
	if r.Act != nil {
		actID = r.Act.ID
	}
	var h head
	err := sqlx.GetContext(ctx, q, &h, headQuery, r.Document, r.Cause, actID, r.Deadline, r.Yield)
	if err != nil {
		return head{}, noRows(err, fault.New(fault.NotFound, "document.not_found"))
	}
	h.Now = h.Now.UTC().Truncate(time.Microsecond)
	return h, nil
}

// answered gives the answers that write nothing: a known cause, a stream that is
// ahead, an act that was answered or refused, a deadline that yields.
func (s *Store) answered(ctx context.Context, q sqlx.QueryerContext, h head, r approval.RecordRequest,
	got *approval.Recorded) (bool, error) {
	if h.CauseOutcome.Valid {
		events, err := eventsBetween(ctx, q, r.Document, h.CauseFirst.Int64, h.CauseLast.Int64)
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
		events, err := eventsBetween(ctx, q, r.Document, r.Expected+1, min(h.Seq, r.Expected+behindMost))
		got.Events, got.Behind = events, true
		return true, err
	}
	if r.Act != nil {
		if err := s.proveAct(ctx, q, h, r); err != nil {
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
func (s *Store) proveAct(ctx context.Context, q sqlx.QueryerContext, h head, r approval.RecordRequest) error {
	forged := fault.New(fault.Forbidden, "act.forged", fault.Arg("id", r.Act.ID))
	canonical, err := evidence.Canonical(r.Act)
	if err != nil || !h.Canonical.Valid || string(canonical) != h.Canonical.String ||
		r.Act.Document != r.Document || r.Act.ID != r.Cause {
		return forged
	}
	ring, err := s.keyRing(ctx, q, h.KeyID.String)
	if err != nil {
		return err
	}
	signed := evidence.Signature{KeyID: h.KeyID.String, Value: h.Signature.String}
	if err := ring.Verify(json.RawMessage(h.Canonical.String), signed); err != nil {
		return fmt.Errorf("%w: %w", forged, err)
	}
	if r.Act.Passkey == nil {
		return nil
	}
	key, err := passkeyOf(ctx, q, r.Act.Passkey.Credential)
	if err == nil {
		err = provePasskey(*r.Act, key.Key(), h.ReceivedAt.Time)
	}
	if fault.KindOf(err) == fault.Forbidden && err != nil {
		return fmt.Errorf("%w: %w", forged, err)
	}
	return err
}

// provePasskey proves that a passkey of the actor signed an act, while it might.
//
// Errors: Forbidden passkey.unknown, passkey.refused.
func provePasskey(a approval.Act, key passkey.Key, received time.Time) error {
	if _, err := a.VerifyPasskey(key); err != nil {
		return err
	}
	if !key.At(received) {
		return fault.New(fault.Forbidden, "passkey.unknown")
	}
	return nil
}
