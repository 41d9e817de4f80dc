package store_test

import (
	"context"
	"database/sql/driver"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// counter counts what goes to the database, BEGIN and COMMIT included, and
// breaks the connection before one of them when told so, or loses its answer.
type counter struct {
	driver.Connector
	mu    sync.Mutex
	seen  []string
	args  [][]driver.NamedValue // of each of seen
	fatal int                   // 0: none
	with  error                 // what the caller is told; driver.ErrBadConn makes database/sql try again
	late  bool                  // only after the statement was carried out
}

func (w *world) counting() (*counter, *store.Store) {
	w.t.Helper()
	address, err := store.WithSettings(store.Options{URL: w.url})
	require.NoError(w.t, err)
	connector, err := pq.NewConnector(address)
	require.NoError(w.t, err)
	c := &counter{Connector: connector}
	s := store.OpenConnector(c)
	w.t.Cleanup(func() { _ = s.Close() })
	return c, s
}

func (c *counter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen, c.args = nil, nil
}

func (c *counter) breakAt(n int, with error, late bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen, c.args, c.fatal, c.with, c.late = nil, nil, n, with, late
}

// note says what becomes of a statement: it is not sent, or its answer is lost.
func (c *counter) note(statement string, args ...driver.NamedValue) (unsent, lost error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen, c.args = append(c.seen, statement), append(c.args, args)
	if c.fatal == 0 || len(c.seen) != c.fatal {
		return nil, nil
	}
	c.fatal = 0
	if c.late {
		return nil, c.with
	}
	return c.with, nil
}

// Connect wraps pq's connection.
func (c *counter) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &countedConn{Conn: conn, counter: c}, nil
}

type countedConn struct {
	driver.Conn
	counter *counter
}

func (c *countedConn) QueryContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Rows, error) {
	unsent, lost := c.counter.note(q, args...)
	if unsent != nil {
		return nil, unsent
	}
	rows, err := c.Conn.(driver.QueryerContext).QueryContext(ctx, q, args)
	if lost != nil && err == nil {
		_ = rows.Close()
		return nil, lost
	}
	return rows, err
}

func (c *countedConn) ExecContext(ctx context.Context, q string, args []driver.NamedValue) (driver.Result, error) {
	unsent, lost := c.counter.note(q)
	if unsent != nil {
		return nil, unsent
	}
	result, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, q, args)
	if lost != nil {
		return nil, lost
	}
	return result, err
}

func (c *countedConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	unsent, lost := c.counter.note("BEGIN")
	if unsent != nil {
		return nil, unsent
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
	if lost != nil && err == nil {
		_ = tx.Rollback()
		return nil, lost
	}
	return &countedTx{Tx: tx, counter: c.counter}, err
}

func (c *countedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type countedTx struct {
	driver.Tx
	counter *counter
}

func (t *countedTx) Commit() error {
	unsent, lost := t.counter.note("COMMIT")
	if unsent != nil {
		_ = t.Rollback()
		return unsent
	}
	err := t.Tx.Commit()
	if lost != nil {
		return lost
	}
	return err
}

// TestStatements counts round trips: they are most of what a transition costs.
func TestStatements(t *testing.T) {
	w := newWorld(t)
	c, s := w.counting()
	w.s = s
	_, err := s.PublicKeys(w.ctx)
	require.NoError(t, err)
	d := w.submit("train")
	request, err := w.request(d.ID, approval.Planned{Plan: plan(1, approval.AllOf, "ann", "bob")})
	require.NoError(t, err)
	c.reset()
	_, err = s.Record(w.ctx, request, stampIn(time.Hour))
	require.NoError(t, err)
	planned := len(c.seen)

	a := w.act(d.ID, approval.Approve, "ann")
	row := w.signed(a)
	c.reset()
	_, _, err = s.CommitAct(w.ctx, row)
	require.NoError(t, err)
	committed := len(c.seen)
	request, err = w.request(d.ID, a)
	require.NoError(t, err)
	c.reset()
	_, err = s.Record(w.ctx, request, stampIn(time.Hour))
	require.NoError(t, err)
	acted := len(c.seen)

	in := w.submitInput(content("plane"))
	in.Idem = store.Idempotency{Actor: "sue", Route: "submit", Key: "k", Fingerprint: "f"}
	c.reset()
	_, err = s.Submit(w.ctx, in)
	require.NoError(t, err)
	submitted := len(c.seen)
	t.Logf("statements with BEGIN and COMMIT: Record(plan) %d, Record(act) %d, CommitAct %d, Submit %d",
		planned, acted, committed, submitted)
	assert.LessOrEqual(t, planned, 2)
	assert.LessOrEqual(t, acted, 2)
	assert.LessOrEqual(t, committed, 1)
	assert.LessOrEqual(t, submitted, 8)
}
