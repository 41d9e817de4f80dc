package house

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
)

// said is everything that the processes of the product wrote.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps it.
func (s *said) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(text)
}

// Secrets are all secrets that this house was given: those of its configuration by
// their keys, the passwords of its roles in the database, people's tokens. A key of
// the configuration that has no value is in missing.
func (h *House) Secrets(t testing.TB) (secrets map[string]string, missing []string) {
	t.Helper()
	t.Setenv("COUNTERSIGN_DATABASE_URL", h.addresses["countersign_gateway"])
	t.Setenv("COUNTERSIGN_SCIM_DATABASE_URL", h.addresses["countersign_directory"])
	c, err := config.LoadDev(h.Config, nil)
	require.NoError(t, err)
	secrets = map[string]string{}
	missing = nowhere(collect(reflect.ValueOf(c), "", secrets), secrets)
	for _, key := range []string{"database.url", "scim.database_url"} { // the address is no secret, but the password in it
		delete(secrets, key)
	}
	for role, address := range h.addresses {
		if u, err := url.Parse(address); err == nil {
			if password, given := u.User.Password(); given {
				secrets["database "+role] = password
			}
		}
	}
	for person, token := range h.Tokens {
		secrets["token "+person] = token
	}
	return secrets, missing
}

// nowhere leaves those of the missing that no other element of the same list has: one of
// many kinds has not all of their secrets.
func nowhere(missing []string, secrets map[string]string) []string {
	set := map[string]bool{}
	for key := range secrets {
		set[inList.ReplaceAllString(key, "[]")] = true
	}
	return slices.DeleteFunc(missing, func(key string) bool { return set[inList.ReplaceAllString(key, "[]")] })
}

var inList = regexp.MustCompile(`\[[0-9]*\]`)

// collect walks through a configuration; a list without an element hides its secrets,
// which are missing then.
func collect(v reflect.Value, key string, into map[string]string) (missing []string) {
	if secret, ok := v.Interface().(config.Secret); ok {
		if !secret.IsSet() {
			return []string{key}
		}
		into[key] = secret.Reveal()
		return nil
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			name := strings.TrimPrefix(key+"."+field.Tag.Get("mapstructure"), ".")
			missing = append(missing, collect(v.Field(i), name, into)...)
		}
	case reflect.Slice:
		if v.Len() == 0 {
			return collect(reflect.Zero(v.Type().Elem()), key+"[]", into)
		}
		for i := range v.Len() {
			missing = append(missing, collect(v.Index(i), fmt.Sprintf("%s[%d]", key, i), into)...)
		}
	}
	return missing
}

// Leaks are the places where a secret is found that should be in none of them, as it
// is or encoded: what the processes said, every row of every database on the server
// (ours and both of Temporal, histories with their payloads), metrics, refusals, and
// more texts by name.
func (h *House) Leaks(t testing.TB, d *Door, secrets map[string]string, more map[string]string) []string {
	t.Helper()
	h.said.mu.Lock()
	texts := map[string]string{"the logs": h.said.text.String(), "/metrics": h.read(t, "/metrics")}
	h.said.mu.Unlock()
	d.mu.Lock()
	texts["answers that say no"] = d.denied.String()
	d.mu.Unlock()
	for name, text := range more {
		texts[name] = text
	}
	var found []string
	for key, secret := range secrets {
		for place, text := range texts {
			if holds([]byte(text), secret) {
				found = append(found, key+" in "+place)
			}
		}
	}
	for name, text := range texts {
		require.NotEmpty(t, text, "%s: nothing was looked at", name)
	}
	found = append(found, h.leaksInDatabases(t, secrets)...)
	slices.Sort(found)
	return found
}

func (h *House) read(t testing.TB, path string) string {
	t.Helper()
	response, err := http.Get(h.URL + path) //nolint:noctx // loopback
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

// holds says whether a text has a secret: as it is, in hex as PostgreSQL shows bytes,
// in base64, or as in an address.
func holds(text []byte, secret string) bool {
	for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte(secret)),
		base64.RawURLEncoding.EncodeToString([]byte(secret)), url.QueryEscape(secret)} {
		if bytes.Contains(text, []byte(form)) {
			return true
		}
	}
	return false
}

const (
	everyDatabase = `SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate`
	everyTable    = `
		SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'm') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'`
	tablesLeast = 40 // of both systems together
)

// leaksInDatabases looks at every row of every table as text.
func (h *House) leaksInDatabases(t testing.TB, secrets map[string]string) []string {
	t.Helper()
	var found []string
	tables := 0
	for _, name := range column(t, h.Database(t), everyDatabase) {
		address, err := url.Parse(h.DatabaseURL())
		require.NoError(t, err)
		address.Path = "/" + name
		db, err := sql.Open("postgres", address.String())
		require.NoError(t, err)
		for _, table := range column(t, db, everyTable) {
			tables++
			for _, key := range leaksIn(t, db, table, secrets) {
				found = append(found, fmt.Sprintf("%s in %s %s", key, name, table))
			}
		}
		require.NoError(t, db.Close())
	}
	require.Greater(t, tables, tablesLeast)
	return found
}

// leaksIn names the secrets that a table has. It is read here: PostgreSQL would take
// minutes to look for so many.
func leaksIn(t testing.TB, db *sql.DB, table string, secrets map[string]string) []string {
	t.Helper()
	found := map[string]bool{}
	rows, err := db.QueryContext(context.Background(), `SELECT one::text FROM `+table+` one`) //nolint:gosec // from the catalog
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var row sql.RawBytes
		require.NoError(t, rows.Scan(&row))
		for key, secret := range secrets {
			if holds(row, secret) {
				found[key] = true
			}
		}
	}
	require.NoError(t, rows.Err())
	return slices.Sorted(maps.Keys(found))
}

func column(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query)
	require.NoError(t, err, query)
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var one string
		require.NoError(t, rows.Scan(&one))
		all = append(all, one)
	}
	require.NoError(t, rows.Err())
	return all
}

// Try runs a command of the product that may fail, and answers with what it printed.
func (h *House) Try(t testing.TB, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), checkPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(t), append(args, "--config", h.Config)...)
	cmd.Env = h.env("migrate", h.Stack.DatabaseURL())
	out, _ := cmd.CombinedOutput()
	return string(out)
}

// Say writes a line as a process of the product would: to see that a leak is found.
func (h *House) Say(text string) { _, _ = fmt.Fprintln(h.said, text) }

// Set changes one section of the configuration, for processes that are started from then on.
func (h *House) Set(t testing.TB, section string, value any) {
	t.Helper()
	text, err := os.ReadFile(h.Config)
	require.NoError(t, err)
	var settings map[string]any
	require.NoError(t, yaml.Unmarshal(text, &settings))
	settings[section] = value
	text, err = yaml.Marshal(settings)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(h.Config, text, 0o600))
}
