package house

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver
	"github.com/stretchr/testify/require"
)

// restPause lies between two looks at whether everything came to rest.
const restPause = 200 * time.Millisecond

// restless counts what is still on its way: starts, acts, notices, rows of
// imports, and documents that neither wait for people nor are over. A notice to
// somebody who has left reaches nobody any more, and one that asks for what is over asks
// nothing: both have come to their rest.
const restless = `
	SELECT (SELECT count(*) FROM starts WHERE done_at IS NULL) AS starts,
	       (SELECT count(*) FROM inbox WHERE outcome IS NULL OR NOT delivered) AS acts,
	       (SELECT count(*) FROM notices
	        WHERE sent_at IS NULL AND NOT quiet AND person <> '' AND held <> 'moot'
	          AND NOT (next_try = 'infinity' AND person IN (SELECT person FROM leavers))) AS notices,
	       (SELECT count(*) FROM import_rows WHERE state = 'pending') AS rows,
	       (SELECT count(*) FROM documents
	        WHERE status IN ('approved', 'posted') OR status = 'submitted' AND parked_code = '') AS documents`

// hurry brings the next try of what failed before forward: a test need not wait
// out the patience that spares a server in trouble.
var hurry = []string{
	`UPDATE starts SET next_try = clock_timestamp() WHERE done_at IS NULL AND next_try > clock_timestamp() + interval '6 s'`,
	`UPDATE inbox SET next_delivery = clock_timestamp()
	 WHERE (outcome IS NULL OR NOT delivered) AND next_delivery > clock_timestamp() + interval '6 s'`,
	`UPDATE notices SET next_try = clock_timestamp()
	 WHERE sent_at IS NULL AND held <> 'moot' AND next_try > clock_timestamp() + interval '6 s'`,
	`UPDATE import_rows SET next_try = clock_timestamp()
	 WHERE state = 'pending' AND next_try > clock_timestamp() + interval '6 s'`,
}

// databaseOpenMost bounds a test's own connections.
const databaseOpenMost = 4

// Database is the product's database, as superuser.
func (h *House) Database(t testing.TB) *sql.DB {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.db == nil {
		db, err := sql.Open("postgres", h.DatabaseURL())
		require.NoError(t, err)
		db.SetMaxOpenConns(databaseOpenMost)
		h.t.Cleanup(func() { _ = db.Close() })
		h.db = db
	}
	return h.db
}

// Rest waits until nothing is on its way any more; impatient also shortens the
// waits of queues for what failed before.
//
// Time: patience at most, then the test fails with what still moves.
func (h *House) Rest(t testing.TB, patience time.Duration, impatient bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db := h.Database(t)
	var moving string
	for n := 0; ; n++ {
		var err error
		if moving, err = movement(ctx, db); err == nil && moving == "" {
			return
		}
		if impatient && n%20 == 10 {
			for _, query := range hurry {
				_, _ = db.ExecContext(ctx, query) // it is only for speed
			}
		}
		select {
		case <-ctx.Done():
			require.FailNow(t, "it does not come to rest", "%s %v\n%s", moving, err, h.stuck(db))
		case <-time.After(restPause):
		}
	}
}

// movement says in words what is on its way, "" for nothing.
func movement(ctx context.Context, db *sql.DB) (string, error) {
	var starts, acts, notices, rows, documents int
	err := db.QueryRowContext(ctx, restless).Scan(&starts, &acts, &notices, &rows, &documents)
	if err != nil || starts+acts+notices+rows+documents == 0 {
		return "", err
	}
	return fmt.Sprintf("%d starts, %d acts, %d notices, %d rows, %d documents",
		starts, acts, notices, rows, documents), nil
}

// stuckMost is how many notices and documents a failure names.
const stuckMost = 5

func (h *House) stuck(db *sql.DB) string {
	const query = `
		SELECT n.id, 'a notice of ' || n.kind || ' to ' || n.person,
		       n.tries || ', next at ' || n.next_try || ', ' || n.failure
		FROM notices n WHERE n.sent_at IS NULL AND NOT n.quiet AND n.held <> 'moot'
		UNION ALL
		SELECT d.id, d.status, coalesce((SELECT string_agg(a.n || ' ' || a.op || ' ' || coalesce(a.class, '?'), ', ' ORDER BY a.n)
		       FROM effect_attempts a WHERE a.reference LIKE 'v:' || d.id || ':%'), '')
		FROM documents d WHERE d.status IN ('approved', 'posted', 'submitted') LIMIT $1`
	rows, err := db.QueryContext(context.Background(), query, stuckMost)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = rows.Close() }()
	var text string
	for rows.Next() {
		var id, status, attempts string
		if rows.Scan(&id, &status, &attempts) == nil {
			text += id + " is " + status + ", attempts: " + attempts + "\n"
		}
	}
	if err := rows.Err(); err != nil {
		return err.Error()
	}
	return text
}
