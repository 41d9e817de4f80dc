// Package table asks another PostgreSQL for the rows of a query, those that are new
// since the last time. It reads only, in a transaction that cannot write.
package table

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/fault"
)

// Config is one query.
type Config struct {
	URL       string        // postgres://…; its password is a secret
	Query     string        // a SELECT without parameters; what is new is asked for around it
	Key       string        // column that tells rows of one watermark apart
	Watermark string        // column that grows: a time of change, or a number
	Overlap   time.Duration // a time of change: how far back rows are asked for again
	TLS       *tls.Config   // nil = as URL says
}

// The limits of one reading.
const (
	pageRows     = 500
	pagesMost    = 20
	queryTimeout = time.Minute
)

var _ = fault.Register(map[string]fault.Entry{
	"table.unavailable": {Kind: fault.Busy},
	"table.refused":     {Kind: fault.Invalid, Args: []string{"words"}},
	"table.stuck":       {Kind: fault.Invalid, Args: []string{"column"}},
})

// Source is one query of one database. A connection is made for each reading.
type Source struct {
	config    Config
	connector *pq.Connector
}

// Open reads the address. Nothing is asked yet.
//
// Errors: an address that is none; its words repeat nothing of it.
func Open(c Config) (*Source, error) {
	address, err := verified(c.URL, c.TLS)
	if err != nil {
		return nil, err
	}
	connector, err := pq.NewConnector(address)
	if err != nil {
		return nil, errors.New("the address is none of a PostgreSQL database, or a file that it names cannot be read")
	}
	return &Source{config: c, connector: connector}, nil
}

// Read hands on each row as a JSON object, those first that changed first, and answers
// with the watermark of the last. Rows of the watermark that it begins with come again.
//
// Safe to repeat. Errors: Busy table.unavailable; Invalid table.refused with the
// database's words, table.stuck; those of take, which end it.
func (s *Source) Read(ctx context.Context, after string, take func(row []byte) error) (string, error) {
	db := sql.OpenDB(s.connector)
	defer func() { _ = db.Close() }() // it was only read
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return after, told(err)
	}
	defer func() { _ = tx.Rollback() }() // likewise
	_, err = tx.ExecContext(ctx, "SET LOCAL statement_timeout = "+strconv.FormatInt(queryTimeout.Milliseconds(), 10))
	if err != nil {
		return after, told(err)
	}
	last := place{mark: after}
	for range pagesMost {
		n, next, err := s.page(ctx, tx, last, take)
		if err != nil {
			return last.mark, err
		}
		if n > 0 {
			last = next
		}
		if n < pageRows {
			return last.mark, nil
		}
	}
	if last.mark == after {
		return after, fault.New(fault.Invalid, "table.stuck", fault.Arg("column", s.config.Watermark))
	}
	return last.mark, nil
}

// place is where a page ended: behind key of mark, or before mark where there is no key.
type place struct {
	mark, key string
	inside    bool
}

func (s *Source) page(ctx context.Context, tx *sql.Tx, from place, take func(row []byte) error) (int, place, error) {
	query, args := s.query(from)
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, from, told(err)
	}
	defer func() { _ = rows.Close() }() // it was only read
	n := 0
	for rows.Next() {
		var row []byte
		next := place{inside: true}
		if err := rows.Scan(&row, &next.mark, &next.key); err != nil {
			return n, from, told(err)
		}
		if err := take(row); err != nil {
			return n, from, err
		}
		from = next
		n++
	}
	return n, from, told(rows.Err())
}

// query is the operator's, with what is new around it.
func (s *Source) query(from place) (string, []any) {
	mark, key := "q."+pq.QuoteIdentifier(s.config.Watermark), "q."+pq.QuoteIdentifier(s.config.Key)
	where, args := mark+" IS NOT NULL", []any{}
	switch {
	case from.inside:
		where, args = "("+mark+", "+key+") > ($1, $2)", []any{from.mark, from.key}
	case from.mark != "" && s.config.Overlap > 0:
		where = mark + " >= $1::timestamptz - make_interval(secs => $2)"
		args = []any{from.mark, s.config.Overlap.Seconds()}
	case from.mark != "":
		where, args = mark+" >= $1", []any{from.mark}
	}
	return "SELECT row_to_json(q)::text, " + mark + "::text, coalesce(" + key + "::text, '') FROM (" + s.config.Query +
		"\n) q WHERE " +
		where + " ORDER BY " + mark + ", " + key + " LIMIT " + strconv.Itoa(pageRows), args
}

// told makes a fault of an error. What the database says of the query is told; how it
// is reached is not.
func told(err error) error {
	if err == nil {
		return nil
	}
	var said *pq.Error
	var line net.Error
	if !errors.As(err, &said) || errors.As(err, &line) {
		return fault.New(fault.Busy, "table.unavailable")
	}
	switch said.Code.Class() {
	case "08", "28", "3D", "53", "57", "58": // connection, sign-in, resources, shutdown
		return fault.New(fault.Busy, "table.unavailable")
	}
	return fault.New(fault.Invalid, "table.refused", fault.Arg("words", said.Message))
}

// verified asks for a certificate that proves who answers where the address does not say:
// the driver's own default takes any.
func verified(address string, settings *tls.Config) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		if settings != nil {
			return "", errors.New("the address is no postgres://")
		}
		return address, nil // of name=value, or none
	}
	query := u.Query()
	switch {
	case settings != nil:
		name := fmt.Sprintf("countersign-%p", settings)
		if err := pq.RegisterTLSConfig(name, settings); err != nil {
			return "", err
		}
		query.Set("sslmode", "pqgo-"+name)
		if settings.ServerName != "" {
			query.Set("sslsni", "0") // the driver would put the host in its place
		}
	case !query.Has("sslmode") && os.Getenv("PGSSLMODE") == "":
		query.Set("sslmode", "verify-full")
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}
