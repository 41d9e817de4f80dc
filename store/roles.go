package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// The roles of the database. Each process signs in with its own.
const (
	RoleOwner    = "countersign_owner"    // owns everything, cannot sign in
	RoleMigrator = "countersign_migrator" // becomes the owner, for deployments only
	RoleGateway  = "countersign_gateway"  // drafts, submissions, the inbox
	RoleWorker   = "countersign_worker"   // records, effects
	RoleRelay    = "countersign_relay"    // drains the queues, saves checkpoints
	RoleAuditor  = "countersign_auditor"  // reads
	// RoleDirectory carries out what a directory says by SCIM: people and grants.
	RoleDirectory = "countersign_directory"
)

// loginRoles are those that sign in.
var loginRoles = []string{RoleMigrator, RoleGateway, RoleWorker, RoleRelay, RoleAuditor, RoleDirectory}

// RolesInput says for which database to make the roles, and with which passwords.
type RolesInput struct {
	Database  string            // "" takes the one of the URL
	Passwords map[string]string // by role; a missing one is generated and replaces the old one
}

// MigrateRoles makes the roles with what each may do, and answers with a URL for
// each that signs in. Run it after Migrate, and again after every new schema:
// what a role may no longer do is taken from it.
//
// Safe to repeat; runs that meet take turns. adminURL must be a superuser's.
func MigrateRoles(ctx context.Context, adminURL string, in RolesInput) (map[string]string, error) {
	address, err := url.Parse(adminURL)
	if err != nil {
		return nil, fmt.Errorf("store.MigrateRoles: the database address is not a URL")
	}
	if in.Database == "" {
		in.Database = address.Path[min(1, len(address.Path)):]
	}
	address.Path = "/" + in.Database
	passwords := maps.Clone(in.Passwords)
	if passwords == nil {
		passwords = map[string]string{}
	}
	for _, role := range loginRoles {
		if passwords[role] == "" {
			passwords[role] = rand.Text()
		}
	}
	db, err := sqlx.Open("postgres", address.String())
	if err != nil {
		return nil, fmt.Errorf("store.MigrateRoles: %w", err)
	}
	defer db.Close()
	s := &Store{db: db}
	err = s.inTx(ctx, "store.MigrateRoles", func(tx *sqlx.Tx) error {
		return makeRoles(ctx, tx, in.Database, passwords)
	})
	if err != nil {
		return nil, err
	}
	urls := map[string]string{}
	for _, role := range loginRoles {
		own := *address
		own.User = url.UserPassword(role, passwords[role])
		urls[role] = own.String()
	}
	return urls, nil
}

func makeRoles(ctx context.Context, tx *sqlx.Tx, database string, passwords map[string]string) error {
	statements := []string{
		// Roles are shared by all databases of a server, so the lock is taken where they all meet.
		`SELECT pg_advisory_xact_lock(hashtext('countersign.roles'))`,
		`LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE`,
		`SET LOCAL password_encryption = 'scram-sha-256'`,
		`SET LOCAL log_statement = 'none'`, // passwords stay out of the server's log
		`SET LOCAL log_min_duration_statement = -1`,
		`SET LOCAL log_min_error_statement = 'panic'`,
		createRole(RoleOwner, "NOLOGIN"),
	}
	for _, role := range loginRoles {
		statements = append(statements, createRole(role, "LOGIN"),
			fmt.Sprintf(`ALTER ROLE %s LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %s`,
				role, pq.QuoteLiteral(passwords[role])))
	}
	statements = append(statements, ownEverything(database)...)
	statements = append(statements, grantStatements()...)
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func createRole(role, login string) string {
	return fmt.Sprintf(`DO $$ BEGIN
		IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '%s') THEN CREATE ROLE %s %s; END IF; END $$`,
		role, role, login)
}

// ownEverything gives the schema to the owner and takes everything from the others.
func ownEverything(database string) []string {
	quoted := pq.QuoteIdentifier(database)
	logins := joined(loginRoles)
	return []string{
		fmt.Sprintf(`GRANT %s TO %s`, RoleOwner, RoleMigrator),
		fmt.Sprintf(`ALTER ROLE %s IN DATABASE %s SET role = %s`, RoleMigrator, quoted, RoleOwner),
		fmt.Sprintf(`REVOKE ALL ON DATABASE %s FROM PUBLIC`, quoted),
		fmt.Sprintf(`GRANT CONNECT ON DATABASE %s TO %s`, quoted, logins),
		fmt.Sprintf(`ALTER SCHEMA public OWNER TO %s`, RoleOwner),
		`REVOKE ALL ON SCHEMA public FROM PUBLIC`,
		fmt.Sprintf(`GRANT USAGE ON SCHEMA public TO %s`, logins),
		fmt.Sprintf(`DO $$ DECLARE r record; BEGIN
			FOR r IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
				EXECUTE format('ALTER TABLE public.%%I OWNER TO %[1]s', r.tablename);
			END LOOP;
			FOR r IN SELECT p.oid::regprocedure AS name FROM pg_proc p
			         WHERE p.pronamespace = 'public'::regnamespace
			           AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.objid = p.oid AND x.deptype = 'e') LOOP
				EXECUTE format('ALTER FUNCTION %%s OWNER TO %[1]s', r.name);
			END LOOP; END $$`, RoleOwner),
		fmt.Sprintf(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, %s`, logins),
	}
}

func joined(words []string) string {
	text := ""
	for i, w := range words {
		if i > 0 {
			text += ", "
		}
		text += w
	}
	return text
}

// grantStatements writes the table of grants as SQL, in a fixed order.
func grantStatements() []string {
	var statements []string
	for _, role := range slices.Sorted(maps.Keys(grants)) {
		tables := grants[role]
		for _, table := range slices.Sorted(maps.Keys(tables)) {
			statements = append(statements, fmt.Sprintf(`GRANT %s ON %s TO %s`, tables[table], table, role))
		}
	}
	return statements
}
