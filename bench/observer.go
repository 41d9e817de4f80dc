package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lib/pq"
)

// observerName marks the connections of those who only watch.
const observerName = "bench-observer"

// lookEvery is how often somebody who waits to be asked looks, here and there.
const lookEvery = 50 * time.Millisecond

// observer watches a database in the place of notices: it tells people when they
// are asked, and what. It works on one connection, whose CPU time is not counted: to
// look is the benchmark's own doing, of ours as of the floor. It looks for all who wait
// at once, so that watching does not take the machine from what is watched.
type observer struct {
	db *sql.DB

	mu      sync.Mutex
	waiting map[string]chan []byte // by what is waited for
	stop    context.CancelFunc
	failed  chan struct{} // closed when err is set
	err     error
}

// observe looks by a query that answers, of the keys in $1, with those that have come,
// and what there is to tell of each, as JSON.
func observe(ctx context.Context, address, query string) (*observer, error) {
	db, err := sql.Open("postgres", address)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "SET application_name = '"+observerName+"'"); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("watching the database: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	o := &observer{db: db, waiting: map[string]chan []byte{}, stop: stop, failed: make(chan struct{})}
	go func() {
		o.err = o.look(ctx, query)
		close(o.failed)
	}()
	return o, nil
}

func (o *observer) close() error {
	o.stop()
	<-o.failed
	return o.db.Close()
}

// look tells who waits until ctx ends.
func (o *observer) look(ctx context.Context, query string) error {
	looking, err := o.db.PrepareContext(ctx, query)
	if err != nil {
		return fmt.Errorf("looking: %w", err)
	}
	defer func() { _ = looking.Close() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
		keys := o.keys()
		if len(keys) == 0 {
			continue
		}
		rows, err := looking.QueryContext(ctx, pq.Array(keys))
		if err != nil {
			return fmt.Errorf("looking: %w", err)
		}
		if err := o.tell(rows); err != nil {
			return fmt.Errorf("looking: %w", err)
		}
	}
}

func (o *observer) keys() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Collect(maps.Keys(o.waiting))
}

func (o *observer) tell(rows *sql.Rows) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key string
		var told []byte
		if err := rows.Scan(&key, &told); err != nil {
			return err
		}
		o.mu.Lock()
		if waits := o.waiting[key]; waits != nil {
			waits <- told
			delete(o.waiting, key)
		}
		o.mu.Unlock()
	}
	return rows.Err()
}

// await waits for what the key stands for, and reads what is told of it.
func (o *observer) await(ctx context.Context, key string, into any) error {
	told := make(chan []byte, 1)
	o.mu.Lock()
	o.waiting[key] = told
	o.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-o.failed:
		return o.err
	case text := <-told:
		return json.Unmarshal(text, into)
	}
}

// until looks until the query gives a row.
func (o *observer) until(ctx context.Context, query string) error {
	for {
		var done bool
		err := o.db.QueryRowContext(ctx, query).Scan(&done)
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
