package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/org"
)

const (
	defaultMaxOpen          = 10
	defaultStatementTimeout = 15 * time.Second
	defaultLockTimeout      = 5 * time.Second
	idleInTransactionMax    = 30 * time.Second
	connectionLifeMax       = 30 * time.Minute
	connectionIdleMax       = 5 * time.Minute
	connectTimeoutSeconds   = "5"
)

// Options says which database to open and how hard to lean on it.
type Options struct {
	URL              string        // libpq URL; the role in it decides what the store may do
	MaxOpen          int           // connections; 0 means 10
	StatementTimeout time.Duration // of one statement; 0 means 15 s
	LockTimeout      time.Duration // of one wait for a row; 0 means 5 s
	Application      string        // shown in pg_stat_activity
	ReadOnly         bool          // the database refuses every write of this store
	// PlanOnce has the database plan a statement once a connection, without looking at what it
	// is asked: for who works by keys, and searches nothing.
	PlanOnce bool
}

// Store is the product's memory: documents, acts, events, and the queues
// between the rooms. It is safe for concurrent use.
type Store struct {
	db       *sqlx.DB
	readOnly bool

	mu        sync.Mutex
	snapshots map[int64]*org.Snapshot
	present   *org.Snapshot // the newest, with the rights that hold now

	versions believed[int64]     // newest version of the organisation
	inForce  believed[PolicyRow] // by kind and id
	tokens   believed[Token]     // by hash
	keys     evidence.KeyRing    // a copy that is replaced, never changed
}

// Open connects to a migrated database and proves that it answers.
//
// Errors: Busy where the database cannot be reached. Time: 5 s at most.
func Open(ctx context.Context, o Options) (*Store, error) {
	address, err := withSettings(o)
	if err != nil {
		return nil, err
	}
	connector, err := pq.NewConnector(address)
	if err != nil {
		return nil, fmt.Errorf("store.Open: %w", err)
	}
	s := openConnector(preparing{connector}, o)
	if err := s.Ping(ctx); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// openConnector builds a store on any connector; tests count statements with one.
func openConnector(connector driver.Connector, o Options) *Store {
	if o.MaxOpen == 0 {
		o.MaxOpen = defaultMaxOpen
	}
	db := sqlx.NewDb(sql.OpenDB(connector), "postgres")
	db.SetMaxOpenConns(o.MaxOpen)
	// A burst of people must find the connections of the last one: a new one is a process of
	// PostgreSQL that knows nothing, and plans each statement for 10 ms and more.
	db.SetMaxIdleConns(o.MaxOpen)
	db.SetConnMaxIdleTime(connectionIdleMax)
	db.SetConnMaxLifetime(connectionLifeMax)
	return &Store{db: db, readOnly: o.ReadOnly, snapshots: map[int64]*org.Snapshot{}, keys: evidence.KeyRing{}}
}

// withSettings puts the session's settings into the URL. Times are read in
// UTC, and a statement, a lock or an idle transaction never waits for ever.
func withSettings(o Options) (string, error) {
	if o.StatementTimeout == 0 {
		o.StatementTimeout = defaultStatementTimeout
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = defaultLockTimeout
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme == "" {
		return "", fmt.Errorf("store.Open: the database address is not a URL")
	}
	q := u.Query()
	for name, value := range map[string]string{
		"TimeZone":                            "UTC",
		"binary_parameters":                   "yes", // one round trip a statement instead of two
		"connect_timeout":                     connectTimeoutSeconds,
		"statement_timeout":                   milliseconds(o.StatementTimeout),
		"lock_timeout":                        milliseconds(o.LockTimeout),
		"idle_in_transaction_session_timeout": milliseconds(idleInTransactionMax),
		// No statement here runs so long that machine code for it is worth its making: what reads
		// twenty rows along indexes took up to 7 s, because what it might cost seemed much.
		"jit": "off",
	} {
		if !q.Has(name) {
			q.Set(name, value)
		}
	}
	if o.ReadOnly {
		q.Set("default_transaction_read_only", "on")
	}
	if o.PlanOnce && !q.Has("plan_cache_mode") {
		q.Set("plan_cache_mode", "force_generic_plan")
	}
	if o.Application != "" {
		q.Set("application_name", o.Application)
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// Close gives the connections back.
func (s *Store) Close() error { return s.db.Close() }

// Ping proves that the database answers.
//
// Errors: Busy where it does not.
func (s *Store) Ping(ctx context.Context) error {
	return sqlFault("store.Ping", s.db.PingContext(ctx))
}

// inTx runs work in one transaction and commits it where work returns nil.
//
// Every write goes through here: a lost reply makes database/sql repeat a
// statement outside a transaction, and nothing inside one.
func (s *Store) inTx(ctx context.Context, name string, work func(tx *sqlx.Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{ReadOnly: s.readOnly}) // said either way, whatever the session says
	if err != nil {
		return sqlFault(name, err)
	}
	if err := work(tx); err != nil {
		_ = tx.Rollback() // the first error is the one to tell
		return sqlFault(name, err)
	}
	return sqlFault(name, tx.Commit())
}
