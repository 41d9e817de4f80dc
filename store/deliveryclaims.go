package store

import (
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/notice"
)

// ClaimUnanswered takes up to limit notices that somebody was told and did not look at in
// time; nobody else gets them for a minute. What is over is not told again.
func (s *Store) ClaimUnanswered(ctx context.Context, limit int) ([]Notice, error) {
	const query = `
		WITH due AS (
			SELECT n.id, n.read_at IS NULL AND EXISTS (SELECT FROM tasks t WHERE t.id = n.task AND t.state = 'open') AS open
			FROM notices n WHERE n.again_at <= statement_timestamp() ORDER BY n.again_at LIMIT $1 FOR UPDATE SKIP LOCKED),
		taken AS (
			UPDATE notices SET again_at = CASE WHEN due.open THEN clock_timestamp() + interval '` + noticeClaim + `' END
			FROM due WHERE notices.id = due.id
			RETURNING notices.*, due.open)
		SELECT ` + noticeColumns + `, ` + urgentColumn + ` FROM taken AS notices WHERE open`
	var rows []noticeRow
	err := s.inTx(ctx, "store.ClaimUnanswered", func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &rows, query, limitOf(limit))
	})
	return noticesOf(rows), err
}

// digestLater is when a digest is looked at again for which there was no budget.
const digestLater = "10 minutes"

// ClaimDeliveries takes up to limit messages that wait to be tried: digests, and what
// failed before. What the budget does not allow any more is held for the digest.
func (s *Store) ClaimDeliveries(ctx context.Context, limit int, manners notice.Manners) ([]Delivery, error) {
	const query = `
		SELECT ` + deliveryColumns + ` FROM notice_deliveries WHERE state = 'waiting' AND next_try <= statement_timestamp()
		ORDER BY next_try LIMIT $1 FOR UPDATE SKIP LOCKED`
	var claimed []Delivery
	err := s.inTx(ctx, "store.ClaimDeliveries", func(tx *sqlx.Tx) error {
		claimed = nil
		var rows []deliveryRow
		if err := tx.SelectContext(ctx, &rows, query, limitOf(limit)); err != nil || len(rows) == 0 {
			return err
		}
		var people []string
		for _, r := range rows {
			people = append(people, r.Person)
		}
		now, told, err := toldLately(ctx, tx, people)
		if err != nil {
			return err
		}
		var held, late []string
		for _, r := range rows {
			d := r.delivery()
			others := slices.Clone(told[d.Person]) // without itself
			if at := slices.IndexFunc(others, d.TriedAt.Equal); at >= 0 && !d.TriedAt.IsZero() {
				others = slices.Delete(others, at, at+1)
			}
			switch {
			case d.Shape == DeliveryDigest && !manners.MayDigest(len(others)):
				late = append(late, d.ID)
			case d.Shape != DeliveryDigest && !manners.MayRepeat(d.Urgency, len(others)):
				held = append(held, d.ID)
			default:
				claimed = append(claimed, d)
				told[d.Person] = append(others, now)
			}
		}
		return settleClaims(ctx, tx, claimed, held, late)
	})
	if err != nil || len(claimed) == 0 {
		return nil, err
	}
	return s.withNotices(ctx, claimed)
}

func settleClaims(ctx context.Context, tx *sqlx.Tx, claimed []Delivery, held, late []string) error {
	const take = `
		UPDATE notice_deliveries SET tries = tries + 1, tried_at = clock_timestamp(),
		       next_try = clock_timestamp() + interval '` + noticeClaim + `' WHERE id = ANY($1)`
	var ids []string
	for _, d := range claimed {
		ids = append(ids, d.ID)
	}
	if _, err := tx.ExecContext(ctx, take, pq.Array(ids)); err != nil {
		return err
	}
	if len(late) > 0 {
		const wait = `
			UPDATE notice_deliveries SET next_try = clock_timestamp() + interval '` + digestLater + `' WHERE id = ANY($1)`
		if _, err := tx.ExecContext(ctx, wait, pq.Array(late)); err != nil {
			return err
		}
	}
	if len(held) == 0 {
		return nil
	}
	const hold = `
		WITH over AS (
			UPDATE notice_deliveries SET state = 'held', ended_at = clock_timestamp() WHERE id = ANY($1) RETURNING notices)
		UPDATE notices SET held = $2 WHERE sent_at IS NULL AND id IN (SELECT unnest(notices) FROM over)`
	_, err := tx.ExecContext(ctx, hold, pq.Array(held), string(notice.OverBudget))
	return err
}

// withNotices reads what messages tell of.
func (s *Store) withNotices(ctx context.Context, deliveries []Delivery) ([]Delivery, error) {
	var ids []string
	for _, d := range deliveries {
		ids = append(ids, d.Notices...)
	}
	const query = `
		SELECT ` + noticeColumns + `, ` + urgentColumn + ` FROM notices WHERE id = ANY($1) ORDER BY created_at, id`
	var rows []noticeRow
	if err := s.db.SelectContext(ctx, &rows, query, pq.Array(ids)); err != nil {
		return nil, sqlFault("store.ClaimDeliveries", err)
	}
	for i := range deliveries {
		for _, r := range rows {
			if slices.Contains(deliveries[i].Notices, r.ID) {
				deliveries[i].All = append(deliveries[i].All, r.notice())
			}
		}
	}
	return deliveries, nil
}

// TasksOver says which of some tasks are open no more: what is over asks for nothing.
func (s *Store) TasksOver(ctx context.Context, ids []string) ([]string, error) {
	const query = `SELECT id FROM tasks WHERE id = ANY($1) AND state <> 'open'`
	var over []string
	err := s.db.SelectContext(ctx, &over, query, pq.Array(ids))
	return over, sqlFault("store.TasksOver", err)
}

// DeliveryEnd is what came of a try.
type DeliveryEnd struct {
	ID      string
	Channel notice.Channel // by which it was tried last
	State   string         // DeliveryDelivered, DeliveryFailed, DeliveryMoot, or DeliveryWaiting: it is tried again
	Moot    []string       // notices that were left out: what they asked for is over
	Failure string
	AgainAt time.Time // of one that was delivered: when it is told again; zero for never
}

// DeliveriesEnded writes what came of tries: of a message, and of the notices in it.
//
// Safe to repeat.
func (s *Store) DeliveriesEnded(ctx context.Context, ends []DeliveryEnd) error {
	if len(ends) == 0 {
		return nil
	}
	rows := make([]map[string]any, 0, len(ends))
	for _, e := range ends {
		rows = append(rows, map[string]any{"id": e.ID, "channel": e.Channel, "state": e.State, "failure": e.Failure,
			"again": textOf(e.AgainAt), "moot": e.Moot})
	}
	const query = `
		WITH ended AS (
			UPDATE notice_deliveries d SET channel = c.channel, state = c.state, failure = c.failure,
			       tried_at = CASE WHEN c.state = 'moot' AND d.tries = 1 THEN NULL ELSE d.tried_at END,
			       ended_at = CASE WHEN c.state = 'waiting' THEN NULL ELSE clock_timestamp() END,
			       next_try = clock_timestamp() + least(interval '` + noticeBackoffMost + `',
			                  interval '` + noticeBackoffBase + `' * power(2, least(d.tries, 20) - 1))
			FROM jsonb_to_recordset($1::jsonb) AS c (id text, channel text, state text, failure text, again timestamptz,
			     moot jsonb)
			WHERE d.id = c.id AND d.state = 'waiting'
			RETURNING d.notices, d.shape, c.state, c.failure, c.again, coalesce(c.moot, '[]') AS moot),
		each AS (
			SELECT id, shape, failure, again, CASE WHEN state <> 'waiting' AND moot ? id THEN 'moot' ELSE state END AS state
			FROM (SELECT unnest(notices) AS id, shape, state, failure, again, moot FROM ended) e)
		UPDATE notices n SET failure = e.failure,
		       sent_at = CASE WHEN e.state = 'delivered' THEN coalesce(n.sent_at, clock_timestamp()) ELSE n.sent_at END,
		       held = CASE WHEN n.sent_at IS NOT NULL THEN n.held WHEN e.state = 'failed' THEN 'unreachable'
		                   WHEN e.state = 'moot' THEN 'moot' ELSE n.held END,
		       again_at = CASE WHEN e.shape = 'again' OR e.state = 'moot' THEN NULL ELSE e.again END
		FROM each e WHERE n.id = e.id`
	return s.inTx(ctx, "store.DeliveriesEnded", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, query, string(mustJSON(rows)))
		return err
	})
}

// textOf is an instant for PostgreSQL; zero is none.
func textOf(at time.Time) *string {
	if at.IsZero() {
		return nil
	}
	text := at.UTC().Format(time.RFC3339Nano)
	return &text
}
