package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// observerName marks the connections of those who only watch.
const observerName = "bench-observer"

// lookEvery is how often somebody who waits to be asked looks, here and there.
const lookEvery = 50 * time.Millisecond

// observer watches a database in the place of notices: it tells people when they
// are asked, and what. It works on one connection, whose CPU time is not counted:
// to look is the benchmark's own doing, of ours as of the floor.
type observer struct{ db *sql.DB }

func observe(ctx context.Context, address string) (*observer, error) {
	db, err := sql.Open("postgres", address)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "SET application_name = '"+observerName+"'"); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("watching the database: %w", err)
	}
	return &observer{db: db}, nil
}

func (o *observer) close() error { return o.db.Close() }

// await looks until the query gives a row, and reads it.
func (o *observer) await(ctx context.Context, query string, args []any, into ...any) error {
	for {
		err := o.db.QueryRowContext(ctx, query, args...).Scan(into...)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// cpu is the CPU time of every observer's server process.
func (o *observer) cpu(ctx context.Context) (time.Duration, error) {
	return cpuOfBackends(ctx, o.db, observerName)
}

// cpuOfBackends is the CPU time of the server processes that serve connections of a name.
func cpuOfBackends(ctx context.Context, db *sql.DB, application string) (sum time.Duration, err error) {
	rows, err := db.QueryContext(ctx, `SELECT pid FROM pg_stat_activity WHERE application_name = $1`, application)
	if err != nil {
		return 0, fmt.Errorf("finding the connections of %s: %w", application, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return 0, err
		}
		used, err := cpuOf(pid)
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, rows.Err()
}
