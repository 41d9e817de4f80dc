// Package postgres runs a private PostgreSQL for development and tests: its own directory, its own port on the
// loopback, its own password, and never longer than the program that started it.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/countersign/countersign/platform/filelock"
	"github.com/countersign/countersign/platform/freeport"
	"github.com/countersign/countersign/platform/process"
)

const (
	superuser             = "postgres"
	defaultMaxConnections = 200

	startMax     = 60 * time.Second // recovery after a crash is within it
	readyPoll    = 20 * time.Millisecond
	stopPatience = 10 * time.Second // for each, harder signal
	launchTries  = 5
	launchPause  = 500 * time.Millisecond
)

// Options says where a private PostgreSQL lives and how it runs.
type Options struct {
	Dir            string    // holds everything; made when missing
	Port           int       // on 127.0.0.1; 0 takes a free one and keeps it over restarts while it stays free
	Fsync          bool      // false trades safety against power loss for speed: tests only
	MaxConnections int       // 0 means 200
	Log            io.Writer // what PostgreSQL says; nil keeps only the end of it, for errors
}

// Server is a private PostgreSQL that this process started.
type Server struct {
	options  Options
	programs programs
	account  account
	password string
	port     int
	sockets  string // directory of the unix socket
	log      *process.Tail
	child    *process.Process
	lock     *filelock.Lock
}

// Start makes the database cluster if there is none, starts it, and waits until it answers.
//
// A server that an earlier, killed process left behind in the directory is stopped first.
// Errors: *MissingError, *UnreachableError, *PortError, *InUseError; each text says what to do.
// Time: about a second the first time, a tenth later, a minute at most.
func Start(ctx context.Context, o Options) (*Server, error) {
	programs, err := findPrograms()
	if err != nil {
		return nil, err
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = defaultMaxConnections
	}
	s := &Server{options: o, programs: programs, log: process.NewTail(o.Log)}
	if err := s.openDir(); err != nil {
		return nil, err
	}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// URL is the libpq URL of a database, as superuser. It goes through the socket,
// which costs both ends a fifth less than TCP does. No host stands before the port:
// libpq would let the query's win, lib/pq whichever sorts last.
func (s *Server) URL(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     ":" + strconv.Itoa(s.port),
		Path:     "/" + database,
		RawQuery: "sslmode=disable&host=" + url.QueryEscape(s.sockets),
	}
	return u.String()
}

// Port is the TCP port on 127.0.0.1.
func (s *Server) Port() int { return s.port }

// SocketDir is the directory of the unix socket; the password is asked for there too.
func (s *Server) SocketDir() string { return s.sockets }

// PID is the process id of the postmaster.
func (s *Server) PID() int { return s.child.PID() }

// Done is closed when the server has ended, whoever ended it.
func (s *Server) Done() <-chan struct{} { return s.child.Done() }

// Stop disconnects every client, writes a checkpoint, and waits for the end.
//
// Safe to repeat.
func (s *Server) Stop() error {
	defer s.leave()
	if err := s.child.Stop(stopPatience, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

// Kill ends the postmaster and all its children with SIGKILL, as a crash of the machine would; for fault tests.
func (s *Server) Kill() error {
	defer s.leave()
	children := childrenOf(s.PID())
	if err := s.child.Stop(stopPatience, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill PostgreSQL: %w", err)
	}
	return killAll(children)
}

// Restart stops the server if it runs and starts it again on the same port.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	s.log.Forget()
	return s.start(ctx)
}

// start takes the lock and brings the server up; it leaves nothing behind when it fails.
func (s *Server) start(ctx context.Context) error {
	lock, err := filelock.Try(s.path("lock"))
	if errors.Is(err, filelock.ErrHeld) {
		return &InUseError{Dir: s.options.Dir}
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", s.options.Dir, err)
	}
	s.lock = lock
	if err := s.bringUp(ctx); err != nil {
		s.leave()
		return err
	}
	child := s.child
	go func() {
		// Whoever ends the server, another Start may have the directory then.
		<-child.Done()
		_ = lock.Release()
	}()
	return nil
}

func (s *Server) bringUp(ctx context.Context) error {
	if err := s.initialize(ctx); err != nil {
		return err
	}
	if err := stopOrphan(s.path("data")); err != nil {
		return err
	}
	if err := s.makeSocketDir(); err != nil {
		return err
	}
	return s.launch(ctx)
}

// leave gives back what lives only as long as the server.
func (s *Server) leave() {
	if s.lock != nil {
		_ = s.lock.Release()
	}
	if s.sockets != "" && s.sockets != s.path("sockets") {
		_ = os.RemoveAll(s.sockets)
	}
}

// launch tries again where another try may succeed: somebody took the port between our look and the bind, or the
// kernel has not yet buried the last child of a killed server.
func (s *Server) launch(ctx context.Context) error {
	for try := 1; ; try++ {
		port, err := s.choosePort()
		if err != nil {
			return err
		}
		err = s.launchOnce(ctx, port)
		if err == nil {
			s.port = port
			return os.WriteFile(s.path("port"), []byte(strconv.Itoa(port)), 0o644)
		}
		said := s.log.String()
		mayPass := strings.Contains(said, "Address already in use") && s.options.Port == 0 ||
			strings.Contains(said, "pre-existing shared memory block")
		if !mayPass || try == launchTries {
			return err
		}
		s.log.Forget()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(launchPause):
		}
	}
}

func (s *Server) launchOnce(ctx context.Context, port int) error {
	cmd := s.command(s.programs.postgres, s.settings(port)...)
	// SIGINT, a fast stop: if we are killed, it closes its books instead of leaving them to recovery.
	child, err := process.Start(cmd, syscall.SIGINT)
	if err != nil {
		return err
	}
	if err := s.awaitReady(ctx, child); err != nil {
		_ = child.Stop(stopPatience, syscall.SIGINT, syscall.SIGKILL)
		return err
	}
	s.child = child
	return nil
}

func (s *Server) settings(port int) []string {
	values := map[string]string{
		"listen_addresses":        freeport.Loopback,
		"port":                    strconv.Itoa(port),
		"unix_socket_directories": s.sockets,
		"max_connections":         strconv.Itoa(s.options.MaxConnections),
		"timezone":                "UTC",
		"log_timezone":            "UTC",
	}
	if !s.options.Fsync {
		values["fsync"], values["synchronous_commit"], values["full_page_writes"] = "off", "off", "off"
	}
	args := []string{"-D", s.path("data")}
	for name, value := range values {
		args = append(args, "-c", name+"="+value)
	}
	return args
}

// awaitReady reads PostgreSQL's own record of its state, which pg_ctl trusts too: unlike a connection to the port,
// it cannot be somebody else's server.
func (s *Server) awaitReady(ctx context.Context, child *process.Process) error {
	ctx, cancel := context.WithTimeout(ctx, startMax)
	defer cancel()
	for {
		if record, ok := readPostmaster(s.path("data")); ok && record.pid == child.PID() && record.ready {
			return nil
		}
		select {
		case <-child.Done():
			return fmt.Errorf("PostgreSQL ended at once: %w\n%s", child.Err(), s.log)
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w\n%s", ctx.Err(), s.log)
		case <-time.After(readyPoll):
		}
	}
}

func (s *Server) path(name string) string { return filepath.Join(s.options.Dir, name) }
