package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/notice"
)

// DigestWaiting is somebody for whom something is held.
type DigestWaiting struct {
	Person string
	Oldest time.Time // when the oldest of it came
	Last   time.Time // of the digest before; zero for none
}

// forDigest are the reasons for which something waits for the digest, see notice.Why.
const forDigest = `('budget', 'quiet', 'off_hours', 'wished', 'unreachable')`

// digestMost is how many notices one digest has, at most: the rest waits for the next.
const digestMost = 2000

// DigestsWaiting lists people for whom something is held, after a person, in order.
func (s *Store) DigestsWaiting(ctx context.Context, after string, limit int) ([]DigestWaiting, error) {
	const query = `
		SELECT person, oldest, coalesce((SELECT max(made_at) FROM notice_deliveries d
		       WHERE d.person = n.person AND shape = 'digest'), '0001-01-01T00:00:00Z') AS last
		FROM (SELECT person, min(created_at) AS oldest FROM notices
		      WHERE sent_at IS NULL AND held <> '' AND held IN ` + forDigest + ` AND person > $1
		      GROUP BY person ORDER BY person LIMIT $2) n ORDER BY person`
	var rows []DigestWaiting
	err := s.db.SelectContext(ctx, &rows, query, after, limitOf(limit))
	for i := range rows {
		rows[i].Oldest, rows[i].Last = rows[i].Oldest.UTC(), rows[i].Last.UTC()
	}
	return rows, sqlFault("store.DigestsWaiting", err)
}

// MakeDigest begins a digest of what is held for somebody; false where there is nothing.
// What they read, and what asked for something that is over, is in no digest.
//
// Safe to repeat: the id is the same digest.
func (s *Store) MakeDigest(ctx context.Context, id, person string, channels []notice.Channel) (bool, error) {
	made := false
	err := s.inTx(ctx, "store.MakeDigest", func(tx *sqlx.Tx) error {
		if _, _, err := toldLately(ctx, tx, []string{person}); err != nil {
			return err
		}
		const moot = `
			UPDATE notices n SET held = 'moot' WHERE person = $1 AND sent_at IS NULL AND held IN ` + forDigest + `
			  AND (read_at IS NOT NULL OR kind = ANY($2)
			       AND NOT EXISTS (SELECT FROM tasks t WHERE t.id = n.task AND t.state = 'open'))`
		if _, err := tx.ExecContext(ctx, moot, person, pq.Array(notice.Asking())); err != nil {
			return err
		}
		const make = `
			WITH held AS (
				SELECT id FROM notices WHERE person = $2 AND sent_at IS NULL AND held IN ` + forDigest + `
				ORDER BY created_at, id LIMIT $4),
			made AS (
				INSERT INTO notice_deliveries (id, person, shape, urgency, channels, notices)
				SELECT $1, $2, 'digest', 'ordinary', $3, ids FROM (SELECT array_agg(id) AS ids FROM held) h WHERE ids IS NOT NULL
				ON CONFLICT DO NOTHING RETURNING id)
			UPDATE notices SET held = 'digest' FROM held, made WHERE notices.id = held.id`
		result, err := tx.ExecContext(ctx, make, id, person, pq.Array(channels), digestMost)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		made = n > 0
		return err
	})
	return made, err
}

// HeldFor lists what waits for somebody's next digest, the newest first, and how much it is.
func (s *Store) HeldFor(ctx context.Context, person string, limit int) ([]Notice, int, error) {
	const query = `
		SELECT ` + noticeColumns + `, count(*) OVER () AS all FROM notices
		WHERE person = $1 AND sent_at IS NULL AND held <> '' AND (held = 'digest' OR held IN ` + forDigest + `)
		ORDER BY created_at DESC, id DESC LIMIT $2`
	var rows []struct {
		noticeRow
		All int
	}
	if err := s.db.SelectContext(ctx, &rows, query, person, limitOf(limit)); err != nil {
		return nil, 0, sqlFault("store.HeldFor", err)
	}
	var held []Notice
	all := 0
	for _, r := range rows {
		held, all = append(held, r.notice()), r.All
	}
	return held, all, nil
}

// DropDeliveries forgets up to limit messages that ended before an age, and says how many.
func (s *Store) DropDeliveries(ctx context.Context, age time.Duration, limit int) (int, error) {
	dropped := int64(0)
	err := s.inTx(ctx, "store.DropDeliveries", func(tx *sqlx.Tx) error {
		const query = `
			DELETE FROM notice_deliveries WHERE id IN (
				SELECT id FROM notice_deliveries
				WHERE made_at < clock_timestamp() - make_interval(secs => $1) AND state <> 'waiting'
				ORDER BY made_at LIMIT $2)`
		result, err := tx.ExecContext(ctx, query, age.Seconds(), limitOf(limit))
		if err != nil {
			return err
		}
		dropped, err = result.RowsAffected()
		return err
	})
	return int(dropped), err
}

// Untold is how much somebody is still to be told.
type Untold struct{ Queued, Held, Failing, Dead int64 }

// Untold counts it, by small partial indexes.
func (s *Store) Untold(ctx context.Context) (Untold, error) {
	const query = `
		SELECT (SELECT count(*) FROM notices WHERE sent_at IS NULL AND NOT quiet AND next_try < 'infinity') AS queued,
		       (SELECT count(*) FROM notices
		        WHERE sent_at IS NULL AND held <> '' AND (held = 'digest' OR held IN ` + forDigest + `)) AS held,
		       (SELECT count(*) FROM notice_deliveries WHERE state = 'waiting' AND tries > 0 AND failure <> '') AS failing`
	var counts Untold
	if err := s.db.GetContext(ctx, &counts, query); err != nil {
		return Untold{}, sqlFault("store.Untold", err)
	}
	dead, err := s.DeadAddresses(ctx)
	counts.Dead = int64(len(dead))
	return counts, err
}
