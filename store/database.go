package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/lib/pq"
)

// CreateDatabase makes an empty database where there is none of that name; the
// address is of any database of the same server, as a role that may do it.
//
// Safe to repeat, also by several processes at a time.
func CreateDatabase(ctx context.Context, address, name string) error {
	db, err := sql.Open("postgres", address)
	if err != nil {
		return fmt.Errorf("store.CreateDatabase: %w", err)
	}
	defer func() { _ = db.Close() }()
	var there bool
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)`, name).Scan(&there)
	if err != nil {
		return sqlFault("store.CreateDatabase", err)
	}
	if there {
		return nil
	}
	// CREATE DATABASE refuses to run inside a transaction; a second one is refused by its name.
	_, err = db.ExecContext(ctx, `CREATE DATABASE `+pq.QuoteIdentifier(name)+` ENCODING 'UTF8' TEMPLATE template0`)
	if pqErr := pq.As(err, "42P04"); pqErr != nil { // duplicate_database: somebody else was faster
		return nil
	}
	if err != nil {
		return sqlFault("store.CreateDatabase", err)
	}
	return nil
}
