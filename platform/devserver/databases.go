package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/lib/pq"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/tools/common/schema"
	sqltool "go.temporal.io/server/tools/sql"
)

const (
	adminDatabase    = "postgres"
	visibilitySuffix = "_visibility"
	defaultPort      = "5432"

	mainSchema       = "postgresql/v12/temporal"
	visibilitySchema = "postgresql/v12/visibility"
	emptyVersion     = "0.0"
)

// address says how to reach PostgreSQL, without a database.
type address struct {
	host     string // a name, or the directory of a unix socket
	port     string
	user     string
	password string
	options  map[string]string // of the URL or of the list, such as sslmode
}

// parsePostgres reads a libpq URL or a libpq list of key=value pairs. A database named in it is ignored.
func parsePostgres(text string) (address, error) {
	if text == "" {
		return address{}, errors.New("which PostgreSQL? Give --postgres or set " + postgresVariable)
	}
	if strings.Contains(text, "://") {
		return parseURL(text)
	}
	a := address{options: map[string]string{}}
	for _, pair := range strings.Fields(text) {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return address{}, fmt.Errorf("--postgres: %q is not key=value", key)
		}
		a.set(key, value)
	}
	return a.withDefaults(), nil
}

func parseURL(text string) (address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return address{}, errors.New("--postgres is not a URL that can be read") // the cause would show the password
	}
	password, _ := u.User.Password()
	a := address{host: u.Hostname(), port: u.Port(), user: u.User.Username(), password: password,
		options: map[string]string{}}
	for key, values := range u.Query() {
		a.set(key, values[0])
	}
	return a.withDefaults(), nil
}

func (a *address) set(key, value string) {
	switch key {
	case "host":
		a.host = value
	case "port":
		a.port = value
	case "user":
		a.user = value
	case "password":
		a.password = value
	case "dbname":
	default:
		a.options[key] = value
	}
}

func (a address) withDefaults() address {
	if a.host == "" {
		a.host = "127.0.0.1"
	}
	if a.port == "" {
		a.port = defaultPort
	}
	if a.user == "" {
		a.user = "postgres"
	}
	return a
}

// store describes one database in Temporal's own terms.
func (a address) store(database string) *config.SQL {
	attributes := map[string]string{}
	for key, value := range a.options {
		attributes[key] = value
	}
	connect := net.JoinHostPort(a.host, a.port)
	if strings.HasPrefix(a.host, "/") {
		// A path cannot be the host of a URL; lib/pq takes it from the query instead.
		connect = ""
		attributes["host"], attributes["port"] = a.host, a.port
	}
	return &config.SQL{
		PluginName: postgresql.PluginName, DatabaseName: database, ConnectAddr: connect, ConnectProtocol: "tcp",
		User: url.PathEscape(a.user), Password: a.password, ConnectAttributes: attributes,
	}
}

// open connects to one database for the few statements that Temporal's own tool does not know.
func (a address) open(database string) (*sql.DB, error) {
	query := url.Values{"host": {a.host}, "port": {a.port}, "sslmode": {"disable"}}
	for key, value := range a.options {
		query.Set(key, value)
	}
	u := url.URL{Scheme: "postgres", User: url.UserPassword(a.user, a.password), Path: "/" + database,
		RawQuery: query.Encode()}
	return sql.Open("postgres", u.String())
}

// prepareDatabases creates what is missing and brings what exists up to this server's schema.
//
// Safe to repeat, also after being killed in the middle of the first start.
func (a address) prepareDatabases(ctx context.Context, name string, logger log.Logger) error {
	admin, err := a.open(adminDatabase)
	if err != nil {
		return fmt.Errorf("open PostgreSQL: %w", err)
	}
	defer admin.Close()
	for database, files := range map[string]string{name: mainSchema, name + visibilitySuffix: visibilitySchema} {
		var exists bool
		err := admin.QueryRowContext(ctx,
			`SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, database).Scan(&exists)
		if err != nil {
			return fmt.Errorf("look for database %s: %w", database, err)
		}
		if exists {
			err = a.updateSchema(database, files, logger)
		} else {
			err = a.createDatabase(ctx, admin, database, files, logger)
		}
		if err != nil {
			return fmt.Errorf("prepare database %s: %w", database, err)
		}
	}
	return a.trimVisibility(ctx, name+visibilitySuffix)
}

// createDatabase builds under another name and renames at the end: Temporal's schema files cannot be run twice,
// so a half-built database would stop every later start.
func (a address) createDatabase(ctx context.Context, admin *sql.DB, database, files string, logger log.Logger) error {
	draft := database + "_draft"
	for _, statement := range []string{
		`DROP DATABASE IF EXISTS ` + pq.QuoteIdentifier(draft),
		`CREATE DATABASE ` + pq.QuoteIdentifier(draft),
	} {
		if _, err := admin.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	if err := a.buildSchema(draft, database, files, logger); err != nil {
		return err
	}
	_, err := admin.ExecContext(ctx,
		`ALTER DATABASE `+pq.QuoteIdentifier(draft)+` RENAME TO `+pq.QuoteIdentifier(database))
	return err
}

func (a address) buildSchema(draft, database, files string, logger log.Logger) error {
	db, err := sqltool.NewConnection(a.store(draft), logger)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := schema.NewSetupSchemaTask(db, &schema.SetupConfig{InitialVersion: emptyVersion}, logger).Run(); err != nil {
		return err
	}
	if err := schema.NewUpdateSchemaTask(db, &schema.UpdateConfig{SchemaName: files}, logger).Run(); err != nil {
		return err
	}
	// The version row names its database, and the server looks for it by the final name.
	return db.Exec(`UPDATE schema_version SET db_name = $1`, database)
}

func (a address) updateSchema(database, files string, logger log.Logger) error {
	db, err := sqltool.NewConnection(a.store(database), logger)
	if err != nil {
		return err
	}
	defer db.Close()
	return schema.NewUpdateSchemaTask(db, &schema.UpdateConfig{SchemaName: files}, logger).Run()
}
