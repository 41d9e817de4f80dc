// Package stack is the ground that the product stands on, on one machine: a
// private PostgreSQL, a real Temporal server, an ERP, a mailbox.
//
// `countersign dev`, the benchmark and the whole-house tests start it; the
// product itself runs on it, in the same process or in processes of its own.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp/sandbox"
	"github.com/countersign/countersign/adapters/erp/tryton/server"
	"github.com/countersign/countersign/adapters/mail/mailbox"
	"github.com/countersign/countersign/platform/freeport"
	"github.com/countersign/countersign/platform/postgres"
	"github.com/countersign/countersign/platform/temporalserver"
)

// Names of the ERPs that the stack can start.
const (
	Sandbox = "sandbox"
	Tryton  = "tryton"
)

// Database is the name of the product's database.
const Database = "countersign"

// readHeaderTimeout bounds a slow client of the stack's own little servers.
const readHeaderTimeout = 5 * time.Second

// Options says what is started and where. Ports are on loopback; 0 takes a free one.
type Options struct {
	Dir          string // everything that is kept lies here
	ERP          string // Sandbox or Tryton
	PostgresURL  string // a server that runs already, as superuser; "" starts a private one
	TemporalAddr string // a server that runs already; "" starts one
	TemporalCLI  bool   // start an installed `temporal` instead of our own server
	Fsync        bool   // false only where a power cut may cost the data
	TemporalPort int
	UIPort       int // -1 starts no UI
	ERPPort      int
	MailPort     int       // the mailbox's page
	UICodec      string    // URL of the codec endpoint for the Temporal UI
	Out          io.Writer // progress in words
	Log          io.Writer // what PostgreSQL and Temporal say; nil drops it
}

// Stack is the running ground.
type Stack struct {
	Options  Options
	Postgres *postgres.Server       // nil when somebody else's is used
	Temporal *temporalserver.Server // nil when somebody else's is used
	Sandbox  *sandbox.Server        // books every entity, or with Tryton those that Tryton does not
	Tryton   *server.Server         // books the entity TrytonEntity; nil when the ERP is the sandbox
	Mailbox  *mailbox.Mailbox

	ERPURL  string // where people look at the sandbox ERP
	MailURL string // where people look at the mailbox
	SMTP    string // host:port

	stop   context.CancelFunc
	served sync.WaitGroup
}

// Start brings everything up and waits until it answers; what it started is
// stopped again when something fails.
//
// Time: seconds; minutes on a machine's first run, with progress on Out.
func Start(ctx context.Context, o Options) (*Stack, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("making %s: %w", o.Dir, err)
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Stack{Options: o, stop: stop}
	for _, part := range []func(start, run context.Context) error{
		s.startPostgres, s.startTemporal, s.startMailbox, s.startERP,
	} {
		if err := part(ctx, background); err != nil {
			return nil, errors.Join(err, s.Stop())
		}
	}
	return s, nil
}

// DatabaseURL is the product's database, as superuser.
func (s *Stack) DatabaseURL() string { return s.databaseURL(Database) }

// TemporalAddress is the host:port of Temporal's frontend.
func (s *Stack) TemporalAddress() string {
	if s.Temporal != nil {
		return s.Temporal.Address()
	}
	return s.Options.TemporalAddr
}

// TemporalUI is the URL of Temporal's web UI, "" where there is none.
func (s *Stack) TemporalUI() string {
	if s.Temporal != nil {
		return s.Temporal.UI()
	}
	return ""
}

// Stop ends everything in the opposite order. Safe to repeat.
func (s *Stack) Stop() error {
	s.stop()
	s.served.Wait()
	var failed []error
	if s.Tryton != nil {
		failed = append(failed, s.Tryton.Stop())
	}
	if s.Temporal != nil {
		failed = append(failed, s.Temporal.Stop())
	}
	if s.Postgres != nil {
		failed = append(failed, s.Postgres.Stop())
	}
	return errors.Join(failed...)
}

func (s *Stack) say(format string, args ...any) {
	if s.Options.Out != nil {
		fmt.Fprintf(s.Options.Out, format+"\n", args...)
	}
}

func (s *Stack) startPostgres(ctx, _ context.Context) error {
	if s.Options.PostgresURL == "" {
		dir, err := postgres.Settle(s.dir("postgres"))
		if err != nil {
			return err
		}
		s.say("starting a private PostgreSQL in %s", dir)
		started, err := postgres.Start(ctx, postgres.Options{
			Dir: dir, Fsync: s.Options.Fsync, Log: s.Options.Log})
		if err != nil {
			return err
		}
		s.Postgres = started
	}
	return s.createDatabase(ctx)
}

func (s *Stack) startTemporal(ctx, _ context.Context) (err error) {
	o := s.Options
	switch {
	case o.TemporalAddr != "":
		return nil
	case o.TemporalCLI:
		s.say("starting the installed temporal command")
		s.Temporal, err = temporalserver.StartCLI(ctx, temporalserver.CLIOptions{
			DBFile: s.dir("temporal.db"), FrontendPort: o.TemporalPort, UIPort: max(o.UIPort, 0),
			UICodec: o.UICodec, Log: o.Log,
		})
		return err
	}
	binary, err := temporalserver.Find(ctx, temporalserver.FindOptions{Out: o.Out})
	if err != nil {
		return err
	}
	s.say("starting Temporal")
	uiPort := o.UIPort
	if uiPort == 0 {
		if uiPort, err = freeport.Find(); err != nil {
			return err
		}
	}
	s.Temporal, err = temporalserver.Start(ctx, temporalserver.Options{
		Binary: binary, PostgresURL: s.databaseURL("postgres"), FrontendPort: o.TemporalPort,
		UIPort: max(uiPort, 0), UICodec: o.UICodec, Log: o.Log})
	return err
}

func (s *Stack) startMailbox(ctx, run context.Context) error {
	smtp, err := listen(ctx, 0)
	if err != nil {
		return err
	}
	s.Mailbox, s.SMTP = mailbox.New(), smtp.Addr().String()
	s.served.Go(func() {
		if err := s.Mailbox.Serve(run, smtp); err != nil {
			s.say("the mailbox stopped: %v", err)
		}
	})
	s.MailURL, err = s.serve(ctx, run, s.Options.MailPort, s.Mailbox)
	return err
}

func (s *Stack) startERP(ctx, run context.Context) error {
	if s.Options.ERP == Tryton {
		s.say("starting Tryton as the ERP (the first time takes two minutes)")
		started, err := server.Start(ctx, server.Options{
			Dir: s.dir("tryton"), Port: s.Options.ERPPort, Out: s.Options.Out})
		if err != nil {
			return err
		}
		s.Tryton = started
	}
	erp, err := sandbox.Open(sandbox.Options{Dir: s.dir("sandbox")})
	if err != nil {
		return fmt.Errorf("opening the sandbox ERP: %w", err)
	}
	s.Sandbox = erp
	s.ERPURL, err = s.serve(ctx, run, s.Options.ERPPort, erp)
	return err
}

// serve runs a handler on a loopback port until the stack stops.
func (s *Stack) serve(ctx, run context.Context, port int, handler http.Handler) (string, error) {
	l, err := listen(ctx, port)
	if err != nil {
		return "", err
	}
	web := &http.Server{Handler: handler, ReadHeaderTimeout: readHeaderTimeout}
	stop := context.AfterFunc(run, func() { _ = web.Close() })
	s.served.Go(func() {
		defer stop()
		if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.say("%s stopped: %v", l.Addr(), err)
		}
	})
	return "http://" + l.Addr().String(), nil
}

func (s *Stack) dir(name string) string { return filepath.Join(s.Options.Dir, name) }

func listen(ctx context.Context, port int) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("port %d is taken; choose another, or 0 for any free one: %w", port, err)
	}
	return l, nil
}

// FreeAddress is a host:port of the loopback that nobody listens on now.
func FreeAddress() (string, error) {
	port, err := freeport.Find()
	return freeport.Address(port), err
}
