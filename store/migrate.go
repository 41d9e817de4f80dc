package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migrate brings a database to the newest schema. Replicas that start together
// take turns; a database that is already there is left alone.
//
// Safe to repeat.
func Migrate(ctx context.Context, address string) error {
	db, err := sql.Open("postgres", address)
	if err != nil {
		return fmt.Errorf("store.Migrate: %w", err)
	}
	defer db.Close()
	provider, err := newProvider(db)
	if err != nil {
		return sqlFault("store.Migrate", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return sqlFault("store.Migrate", err)
	}
	return nil
}

// SchemaVersion is the newest migration that a database has, and the newest
// that this program knows; they are equal where the program may work.
func SchemaVersion(ctx context.Context, address string) (database, program int64, err error) {
	db, err := sql.Open("postgres", address)
	if err != nil {
		return 0, 0, fmt.Errorf("store.SchemaVersion: %w", err)
	}
	defer db.Close()
	provider, err := newProvider(db)
	if err != nil {
		return 0, 0, sqlFault("store.SchemaVersion", err)
	}
	database, program, err = provider.GetVersions(ctx)
	return database, program, sqlFault("store.SchemaVersion", err)
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
}
