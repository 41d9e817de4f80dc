package temporalserver

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/countersign/countersign/platform/freeport"
	"github.com/countersign/countersign/platform/process"
)

const (
	defaultNamespace = "default"
	defaultDatabases = "temporal"
	defaultLogLevel  = "warn"

	readyMax     = 90 * time.Second
	stopPatience = 15 * time.Second
	waitDelay    = time.Second

	// postgresVariable hands over the URL: on the command line every user of the machine could read the password.
	postgresVariable = "COUNTERSIGN_DEVSERVER_POSTGRES"
)

// Options says how to run the server of platform/devserver.
type Options struct {
	Binary       string // from Find; empty calls it
	PostgresURL  string // of a user who may create databases; the database in it does not matter
	Databases    string // name of its first database and start of the second's; empty is temporal
	FrontendPort int    // on 127.0.0.1; 0 takes a free one
	UIPort       int    // 0 is no web UI
	UICodec      string // URL of the codec server that the web UI asks to read payloads
	MetricsPort  int    // Prometheus metrics; 0 is none
	Namespace    string // registered before Start returns; empty is default
	Retention    time.Duration
	LogLevel     string    // empty is warn
	Log          io.Writer // what the server says; nil keeps only the end of it, for errors
}

// Server is a Temporal server that this process started, as a child which dies with it.
type Server struct {
	launch func(ctx context.Context, frontendPort int) (*process.Process, readyLine, error)
	child  *process.Process
	ready  readyLine
}

// readyLine is what the server says once, on standard output, when its namespace can be used.
type readyLine struct {
	Ready    bool   `json:"ready"`
	Frontend string `json:"frontend"`
	UI       string `json:"ui"`
	Metrics  string `json:"metrics"`
	Version  string `json:"version"`
}

// Start runs the server and waits until its namespace can be used.
//
// Time: about 3 s on an empty PostgreSQL, 1 s later; more if the binary must be built.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.PostgresURL == "" {
		return nil, errors.New("temporalserver: no PostgreSQL given")
	}
	if o.Binary == "" {
		found, err := Find(ctx, FindOptions{Out: o.Log})
		if err != nil {
			return nil, err
		}
		o.Binary = found
	}
	return begin(ctx, o.FrontendPort, o.launch)
}

func begin(ctx context.Context, frontendPort int,
	launch func(context.Context, int) (*process.Process, readyLine, error)) (*Server, error) {
	s := &Server{launch: launch}
	var err error
	if s.child, s.ready, err = launch(ctx, frontendPort); err != nil {
		return nil, err
	}
	return s, nil
}

// Address is the host:port of the frontend; it stays over restarts.
func (s *Server) Address() string { return s.ready.Frontend }

// UI is the URL of the web UI, empty if there is none.
func (s *Server) UI() string { return s.ready.UI }

// Metrics is the URL of the Prometheus metrics, empty if there are none.
func (s *Server) Metrics() string { return s.ready.Metrics }

// Version is the version of the Temporal server, as far as it says.
func (s *Server) Version() string { return s.ready.Version }

// PID is the process id.
func (s *Server) PID() int { return s.child.PID() }

// Done is closed when the server has ended, whoever ended it.
func (s *Server) Done() <-chan struct{} { return s.child.Done() }

// Stop ends the server in good order and waits.
//
// Safe to repeat.
func (s *Server) Stop() error {
	if err := s.child.Stop(stopPatience, syscall.SIGTERM, syscall.SIGKILL); err != nil {
		return fmt.Errorf("stop the Temporal server: %w", err)
	}
	return nil
}

// Kill ends the server with SIGKILL, for fault tests.
func (s *Server) Kill() error {
	if err := s.child.Stop(stopPatience, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill the Temporal server: %w", err)
	}
	return nil
}

// Restart stops the server if it runs and starts it again at the same address.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	_, text, err := net.SplitHostPort(s.ready.Frontend)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	child, ready, err := s.launch(ctx, port)
	if err != nil {
		return err
	}
	s.child, s.ready = child, ready
	return nil
}

func (o Options) launch(ctx context.Context, frontendPort int) (*process.Process, readyLine, error) {
	log, line := process.NewTail(o.Log), newFirstLine()
	cmd := exec.Command(o.Binary, o.arguments(frontendPort)...)
	cmd.Env = append(os.Environ(), postgresVariable+"="+o.PostgresURL)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = line, log, waitDelay
	// Nothing that it acknowledged is lost by SIGKILL, and its ports are free at once for the next one.
	child, err := process.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, readyLine{}, err
	}
	ready, err := awaitLine(ctx, child, line)
	if err != nil {
		_ = child.Stop(stopPatience, syscall.SIGKILL)
		return nil, readyLine{}, fmt.Errorf("the Temporal server does not start: %w\n%s", err, log)
	}
	return child, ready, nil
}

func (o Options) arguments(frontendPort int) []string {
	arguments := []string{
		"--databases", cmp.Or(o.Databases, defaultDatabases),
		"--frontend-port", strconv.Itoa(frontendPort),
		"--ui-port", strconv.Itoa(o.UIPort),
		"--metrics-port", strconv.Itoa(o.MetricsPort),
		"--namespace", cmp.Or(o.Namespace, defaultNamespace),
		"--log-level", cmp.Or(o.LogLevel, defaultLogLevel),
	}
	if o.UICodec != "" {
		arguments = append(arguments, "--ui-codec-endpoint", o.UICodec)
	}
	if o.Retention != 0 {
		arguments = append(arguments, "--retention", o.Retention.String())
	}
	return arguments
}

func awaitLine(ctx context.Context, child *process.Process, line *firstLine) (readyLine, error) {
	ctx, cancel := context.WithTimeout(ctx, readyMax)
	defer cancel()
	select {
	case text := <-line.found:
		var ready readyLine
		if err := json.Unmarshal(text, &ready); err != nil || !ready.Ready {
			return readyLine{}, fmt.Errorf("its first line is %q", text)
		}
		return ready, nil
	case <-child.Done():
		return readyLine{}, errors.Join(errors.New("it ended at once"), child.Err())
	case <-ctx.Done():
		return readyLine{}, ctx.Err()
	}
}

// firstLine waits for the first line that a program writes and takes no notice of the rest.
type firstLine struct {
	found chan []byte
	mu    sync.Mutex
	text  []byte
	whole bool
}

func newFirstLine() *firstLine { return &firstLine{found: make(chan []byte, 1)} }

// Write never fails, so that the program never waits for us.
func (l *firstLine) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.whole {
		return len(b), nil
	}
	l.text = append(l.text, b...)
	if line, _, ok := bytes.Cut(l.text, []byte("\n")); ok {
		l.whole = true
		l.found <- line
	}
	return len(b), nil
}

// choosePort keeps the port asked for, or finds one.
func choosePort(asked int) (int, error) {
	if asked != 0 {
		return asked, nil
	}
	return freeport.Find()
}
