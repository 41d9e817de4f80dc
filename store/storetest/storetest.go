// Package storetest gives every test a migrated database of its own.
//
// One private PostgreSQL serves a test process; a template is migrated once and
// cloned for each test. COUNTERSIGN_TEST_POSTGRES names a server to use instead
// (a superuser's URL).
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver

	"github.com/countersign/countersign/platform/postgres"
	"github.com/countersign/countersign/store"
)

// ServerVariable names the environment variable with a server to use.
const ServerVariable = "COUNTERSIGN_TEST_POSTGRES"

const startMax = 2 * time.Minute

var (
	serverOnce sync.Once
	errServer  error
	urlOf      func(database string) string // superuser's URL of a database
	template   string
	cloneMutex sync.Mutex // a template can be cloned by one at a time
	clones     atomic.Int64
	databases  sync.Map // URL by test
)

// New opens a store on a database of its own; both go when the test ends.
func New(t testing.TB) *store.Store {
	t.Helper()
	s, _ := Open(t)
	return s
}

// Open is New that also tells the database's URL, as superuser.
func Open(t testing.TB) (*store.Store, string) {
	t.Helper()
	address := URL(t)
	s, err := store.Open(t.Context(), store.Options{URL: address, MaxOpen: 20})
	if err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, address
}

// URL tells the URL, as superuser, of the test's own migrated database; it is
// made at the first call.
func URL(t testing.TB) string {
	t.Helper()
	if known, ok := databases.Load(t); ok {
		return known.(string)
	}
	serverOnce.Do(func() { errServer = startServer() })
	if errServer != nil {
		t.Fatalf("start PostgreSQL for tests: %v", errServer)
	}
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), clones.Add(1))
	cloneMutex.Lock()
	err := execute(urlOf("postgres"), fmt.Sprintf(`CREATE DATABASE %s TEMPLATE %s STRATEGY file_copy`, name, template))
	cloneMutex.Unlock()
	if err != nil {
		t.Fatalf("clone the template: %v", err)
	}
	t.Cleanup(func() {
		databases.Delete(t)
		_ = execute(urlOf("postgres"), fmt.Sprintf(`DROP DATABASE IF EXISTS %s WITH (FORCE)`, name))
	})
	databases.Store(t, urlOf(name))
	return urlOf(name)
}

// startServer starts PostgreSQL, or finds the one that was named, and makes the template.
func startServer() error {
	ctx, cancel := context.WithTimeout(context.Background(), startMax)
	defer cancel()
	if named := os.Getenv(ServerVariable); named != "" {
		u, err := url.Parse(named)
		if err != nil {
			return fmt.Errorf("%s is not a URL", ServerVariable)
		}
		urlOf = func(database string) string {
			other := *u
			other.Path = "/" + database
			return other.String()
		}
	} else if err := startPrivate(ctx); err != nil {
		return err
	}
	template = "template_" + strconv.Itoa(os.Getpid())
	if err := execute(urlOf("postgres"), `CREATE DATABASE `+template); err != nil {
		return err
	}
	return store.Migrate(ctx, urlOf(template))
}

// startPrivate starts a server that dies with the process.
func startPrivate(ctx context.Context) error {
	dir, _, err := postgres.ScratchDir()
	if err != nil {
		return err
	}
	server, err := postgres.Start(ctx, postgres.Options{Dir: dir, Fsync: false})
	if err != nil {
		return err
	}
	urlOf = server.URL
	return nil
}

// Execute runs a statement in the test's own database as its superuser: what no role of
// ours may do.
func Execute(t testing.TB, statement string) {
	t.Helper()
	if err := execute(URL(t), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func execute(address, statement string) error {
	db, err := sql.Open("postgres", address)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(context.Background(), statement)
	return err
}
