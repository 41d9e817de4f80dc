package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/lib/pq"
)

// booksCountMost bounds what is counted of vouchers that wait.
const booksCountMost = 1000

// BooksHealth is how a connection does.
type BooksHealth struct {
	Connection                 string
	OK, Refused, Busy, Unknown int64 // of the last hour, counted up to healthMost
	P50, P99                   time.Duration
	LastOK                     time.Time // zero where there is none on record
	LastAnswer                 time.Time // that the ERP said yes or no
	Unanswered                 time.Time // since when it gives no answer; zero where its last word was one
	Waiting, Parked            int64     // vouchers, counted up to a thousand
}

// healthMost bounds how many exchanges one look reads.
const healthMost = 20_000

// BooksHealth says how connections do, in the order given; vouchers are counted for
// their entities. The last window says how much of the past counts.
func (s *Store) BooksHealth(ctx context.Context, books []Books, window time.Duration) ([]BooksHealth, error) {
	list := make([]BooksHealth, 0, len(books))
	for _, b := range books {
		h, err := s.booksHealth(ctx, b, window)
		if err != nil {
			return nil, err
		}
		list = append(list, h)
	}
	return list, nil
}

func (s *Store) booksHealth(ctx context.Context, b Books, window time.Duration) (BooksHealth, error) {
	const query = `
		WITH hour AS (
			SELECT class, took_us FROM erp_exchanges
			WHERE connection = $1 AND started_at > now() - make_interval(secs => $3)
			ORDER BY started_at DESC, id DESC LIMIT $4
		), last AS (
			SELECT (SELECT started_at FROM erp_exchanges WHERE connection = $1 AND class = 'ok'
			        ORDER BY started_at DESC, id DESC LIMIT 1) AS ok,
			       (SELECT started_at FROM erp_exchanges WHERE connection = $1 AND class = 'refused'
			        ORDER BY started_at DESC, id DESC LIMIT 1) AS refused
		), answered AS (SELECT ok, greatest(ok, refused) AS at FROM last)
		SELECT count(*) FILTER (WHERE class = 'ok') AS ok, count(*) FILTER (WHERE class = 'refused') AS refused,
		       count(*) FILTER (WHERE class = 'busy') AS busy, count(*) FILTER (WHERE class = 'unknown') AS unknown,
		       coalesce(percentile_disc(0.5) WITHIN GROUP (ORDER BY took_us), 0) AS p50,
		       coalesce(percentile_disc(0.99) WITHIN GROUP (ORDER BY took_us), 0) AS p99,
		       (SELECT ok FROM answered) AS last_ok, (SELECT at FROM answered) AS last_answer,
		       least((SELECT e.started_at FROM erp_exchanges e WHERE e.connection = $1 AND e.class = 'busy'
		              AND e.started_at > (SELECT coalesce(at, '-infinity') FROM answered)
		              ORDER BY e.started_at, e.id LIMIT 1),
		             (SELECT e.started_at FROM erp_exchanges e WHERE e.connection = $1 AND e.class = 'unknown'
		              AND e.started_at > (SELECT coalesce(at, '-infinity') FROM answered)
		              ORDER BY e.started_at, e.id LIMIT 1)) AS unanswered,
		       (SELECT count(*) FROM (SELECT FROM vouchers v JOIN documents d ON d.id = v.document
		        WHERE v.state = 'pending' AND v.entity = ANY($2) AND d.parked_code = '' LIMIT $5) AS w) AS waiting,
		       (SELECT count(*) FROM (SELECT FROM documents d WHERE d.parked_code <> '' AND d.parked_ref LIKE 'v:%'
		        AND d.entity = ANY($2) LIMIT $5) AS p) AS parked
		FROM hour`
	var row struct {
		OK, Refused, Busy, Unknown, P50, P99, Waiting, Parked int64

		LastOK     sql.NullTime `db:"last_ok"`
		LastAnswer sql.NullTime `db:"last_answer"`
		Unanswered sql.NullTime
	}
	err := s.db.GetContext(ctx, &row, query, b.Connection, pq.Array(b.Entities), window.Seconds(), healthMost,
		booksCountMost)
	return BooksHealth{
		Connection: b.Connection, OK: row.OK, Refused: row.Refused, Busy: row.Busy, Unknown: row.Unknown,
		P50: time.Duration(row.P50) * time.Microsecond, P99: time.Duration(row.P99) * time.Microsecond,
		LastOK: orZero(row.LastOK), LastAnswer: orZero(row.LastAnswer), Unanswered: orZero(row.Unanswered),
		Waiting: row.Waiting, Parked: row.Parked,
	}, sqlFault("store.BooksHealth", err)
}
