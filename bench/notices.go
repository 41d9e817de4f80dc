package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/countersign/countersign/bench/storm"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/platform/postgres"
	"github.com/countersign/countersign/platform/process"
	"github.com/countersign/countersign/store"
)

// NoticesOptions says how large a storm of notices is measured.
type NoticesOptions struct {
	storm.Options
	Budget   int
	Gather   time.Duration
	Steady   time.Duration // how long is measured after it
	Out      io.Writer
	Progress io.Writer
}

// NoticesRelayOptions is where the relay of the measurement finds its database and its
// mail server.
type NoticesRelayOptions struct {
	Database string
	Port     int
	Budget   int
	Gather   time.Duration
}

// RunNoticesRelay is the relay's process; the measurement starts it.
func RunNoticesRelay(ctx context.Context, o NoticesRelayOptions) error {
	s, err := store.Open(ctx, store.Options{URL: o.Database, Application: relayName})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return storm.Relay(s, o.Port, notice.Manners{Budget: o.Budget, Gather: o.Gather}).Run(ctx)
}

// Of the connections to PostgreSQL.
const (
	relayName  = "storm-relay"
	writerName = "storm-writer"
)

// RunNotices opens many tasks within a short while, and measures what it costs to tell of
// them: the CPU of the relay, in a process of its own, and of PostgreSQL, without what
// serves the writer of the tasks; and counts what became of every notice.
func RunNotices(ctx context.Context, o NoticesOptions) (err error) {
	dir, remove, err := postgres.TempDir()
	if err != nil {
		return err
	}
	defer remove()
	server, err := postgres.Start(ctx, postgres.Options{Dir: dir, Fsync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	address := server.URL("postgres")
	if err := store.Migrate(ctx, address); err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{URL: address, Application: writerName})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	db, err := sql.Open("postgres", address)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "SET application_name = '"+writerName+"'"); err != nil {
		return err
	}
	m := &noticesMeasurement{NoticesOptions: o, server: server, db: db}
	return m.run(ctx, s, address)
}

type noticesMeasurement struct {
	NoticesOptions
	server *postgres.Server
	relay  *process.Process
	db     *sql.DB
}

func (m *noticesMeasurement) run(ctx context.Context, s *store.Store, address string) error {
	fmt.Fprintf(m.Progress, "submitting %d documents\n", m.Tasks)
	requests, err := storm.Prepare(ctx, s, m.db, m.Options)
	if err != nil {
		return err
	}
	// What submitting left to do for PostgreSQL is not the storm's.
	if _, err := m.db.ExecContext(ctx, "VACUUM ANALYZE"); err != nil {
		return err
	}
	if _, err := m.db.ExecContext(ctx, "CHECKPOINT"); err != nil {
		return err
	}
	box, err := storm.OpenBox(ctx)
	if err != nil {
		return err
	}
	if err := m.start(address, box.Port); err != nil {
		return err
	}
	defer func() { _ = m.relay.Stop(stopPatience, syscall.SIGTERM, syscall.SIGKILL) }()
	fmt.Fprintf(m.Out, "%d tasks for %d people within %v; budget %d, gather %v\n", m.Tasks, m.People, m.Over, m.Budget,
		m.Gather)
	for _, part := range []struct {
		name string
		work func(context.Context) error
	}{
		{"before", func(ctx context.Context) error { return wait(ctx, m.Steady) }},
		{"storm", func(ctx context.Context) error { return storm.Open(ctx, s, requests, m.Over) }},
		{"until told", m.settled},
		{"after", func(ctx context.Context) error { return wait(ctx, m.Steady) }},
	} {
		if err := m.measure(ctx, part.name, part.work); err != nil {
			return err
		}
	}
	tally, err := storm.Count(ctx, m.db)
	if err != nil {
		return err
	}
	most, all := box.Most()
	fmt.Fprintf(m.Out, "owed %d = told %d + held for the digest %d + lost %d\n", tally.Owed, tally.Told, tally.Held,
		tally.Lost())
	fmt.Fprintf(m.Out, "letters %d; the most that anybody got: %d, of a budget of %d\n", all, most, m.Budget)
	if tally.Lost() != 0 || tally.Owed != m.Tasks || most > m.Budget {
		return errors.New("something was lost, or somebody was told too much")
	}
	return nil
}

func (m *noticesMeasurement) start(address string, port int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "bench", "notices", "relay", "--database", address, "--port", strconv.Itoa(port),
		"--budget", strconv.Itoa(m.Budget), "--gather", m.Gather.String())
	cmd.Stderr = os.Stderr
	m.relay, err = process.Start(cmd, syscall.SIGKILL)
	return err
}

// settled waits until nothing gathers any more.
func (m *noticesMeasurement) settled(ctx context.Context) error {
	for {
		tally, err := storm.Count(ctx, m.db)
		if err != nil || tally.Gathering+tally.Sending == 0 {
			return err
		}
		if err := wait(ctx, time.Second); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// spent is what was used so far.
type spent struct {
	relay   time.Duration
	telling time.Duration // of PostgreSQL, for the relay
	rest    time.Duration // of PostgreSQL's own processes, for whoever wrote

	transactions int64
}

// measure prints what a part costs, as shares of one core.
func (m *noticesMeasurement) measure(ctx context.Context, name string, work func(context.Context) error) error {
	before, err := m.spent(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := work(ctx); err != nil {
		return err
	}
	took := time.Since(began)
	after, err := m.spent(ctx)
	if err != nil {
		return err
	}
	share := func(d time.Duration) float64 { return 100 * d.Seconds() / took.Seconds() }
	fmt.Fprintf(m.Out, "%-11s %4.0f s  relay %5.2f %%  PostgreSQL for it %5.2f %%  PostgreSQL's own processes %5.2f %%"+
		"  %d transactions\n", name, took.Seconds(), share(after.relay-before.relay), share(after.telling-before.telling),
		share(after.rest-before.rest), after.transactions-before.transactions)
	return nil
}

func (m *noticesMeasurement) spent(ctx context.Context) (now spent, err error) {
	if now.relay, err = cpuOf(m.relay.PID()); err != nil {
		return now, err
	}
	all, err := cpuOf(m.server.PID())
	if err != nil {
		return now, err
	}
	writing, err := cpuOfBackends(ctx, m.db, writerName)
	if err != nil {
		return now, err
	}
	if now.telling, err = cpuOfBackends(ctx, m.db, relayName); err != nil {
		return now, err
	}
	now.rest = all - writing - now.telling
	err = m.db.QueryRowContext(ctx, `SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`).
		Scan(&now.transactions)
	return now, err
}
