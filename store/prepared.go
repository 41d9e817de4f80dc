package store

import (
	"context"
	"database/sql/driver"
)

// preparedMax bounds the statements kept ready on one connection. Our texts are
// constants and filters with few shapes, so it is never reached in practice.
const preparedMax = 400

// preparing makes connections that prepare each statement once and keep it: to
// plan one of ours costs PostgreSQL more than to run it, and lib/pq would have it
// planned anew, in a round trip of its own, every time.
//
// A pooler between us and PostgreSQL must know prepared statements (PgBouncer
// 1.21 does).
type preparing struct {
	driver.Connector
}

// Connect opens a connection.
func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := conn.(pqConn)
	if !ok {
		return conn, nil // another driver: it works as it is
	}
	return &preparedConn{pqConn: full, ready: map[string]preparedStmt{}}, nil
}

// pqConn is what a connection of lib/pq can do.
type pqConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

// preparedStmt is a prepared statement of lib/pq.
type preparedStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// preparedConn keeps the statements of one connection ready; they end with it.
type preparedConn struct {
	pqConn
	ready map[string]preparedStmt
}

// QueryContext runs a query, prepared if it has arguments.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	stmt, err := c.prepared(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return c.pqConn.QueryContext(ctx, query, args)
	}
	return stmt.QueryContext(ctx, args)
}

// ExecContext runs a statement, prepared if it has arguments.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	stmt, err := c.prepared(ctx, query, args)
	if err != nil {
		return nil, err
	}
	if stmt == nil {
		return c.pqConn.ExecContext(ctx, query, args)
	}
	return stmt.ExecContext(ctx, args)
}

// prepared finds or prepares a statement; nil where it is better run as it is:
// without arguments nothing is gained, and several commands in one text cannot
// be prepared.
func (c *preparedConn) prepared(ctx context.Context, query string, args []driver.NamedValue) (preparedStmt, error) {
	if len(args) == 0 {
		return nil, nil
	}
	if stmt, ok := c.ready[query]; ok {
		return stmt, nil
	}
	if len(c.ready) >= preparedMax {
		return nil, nil
	}
	made, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	stmt, ok := made.(preparedStmt)
	if !ok {
		return nil, made.Close()
	}
	c.ready[query] = stmt
	return stmt, nil
}
