package store

import (
	"context"
	"time"
)

// Backlog is what was acknowledged and did not go on yet: how many, and how long the
// oldest has waited, zero where none does.
type Backlog struct {
	Submissions, Acts, Parked          int64
	OldestStart, OldestAct, OldestPark time.Duration
}

// Backlog counts submissions that no workflow has begun, acts without an answer, and
// documents that wait for a ruling. It reads small partial indexes.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) {
	const query = `
		SELECT st.n AS submissions, st.age AS oldest_start, ac.n AS acts, ac.age AS oldest_act, pa.n AS parked,
		       pa.age AS oldest_park
		FROM (SELECT count(*) AS n, ` + oldest + `(created_at)), 0)::bigint AS age
		      FROM starts WHERE done_at IS NULL) AS st,
		     (SELECT count(*) AS n, ` + oldest + `(received_at)), 0)::bigint AS age
		      FROM inbox WHERE outcome IS NULL) AS ac,
		     (SELECT count(*) AS n, ` + oldest + `(parked_at)), 0)::bigint AS age
		      FROM documents WHERE parked_code <> '') AS pa`
	var row struct {
		Submissions, Acts, Parked int64

		OldestStart int64 `db:"oldest_start"` // milliseconds
		OldestAct   int64 `db:"oldest_act"`
		OldestPark  int64 `db:"oldest_park"`
	}
	if err := s.db.GetContext(ctx, &row, query); err != nil {
		return Backlog{}, sqlFault("store.Backlog", err)
	}
	return Backlog{
		Submissions: row.Submissions, OldestStart: time.Duration(row.OldestStart) * time.Millisecond,
		Acts: row.Acts, OldestAct: time.Duration(row.OldestAct) * time.Millisecond,
		Parked: row.Parked, OldestPark: time.Duration(row.OldestPark) * time.Millisecond,
	}, nil
}

// oldest is the age of the earliest time of a column, in milliseconds.
const oldest = `coalesce(1000 * extract(epoch FROM clock_timestamp() - min`
