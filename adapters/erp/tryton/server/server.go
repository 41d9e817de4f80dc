// Package server runs a real Tryton 6.0 on loopback, for tests and for trying
// the product out. It is not for production, where the ERP is somebody else's.
//
//	cache: a pristine cluster, built once (two minutes) ──copy──▶ Dir ──▶ PostgreSQL + trytond
//
// It needs Debian's packages; as root it installs them through apt and runs
// PostgreSQL and Tryton as their own users.
package server

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/lib/pq" // Tryton's own database, to count what it really booked
)

//go:embed setup.sh bootstrap.py
var scripts embed.FS

const (
	database    = "tryton"
	pristine    = "tryton_pristine" // never opened, so that it can be cloned
	user        = "erpbot"
	password    = "b0t-Pass.word7"
	startWithin = 90 * time.Second
)

// Options say where the server runs.
type Options struct {
	Dir   string    // kept between runs; "" = a temporary one, deleted at Stop
	Cache string    // of the pristine cluster; "" = $COUNTERSIGN_TRYTON_CACHE or a directory in /var/tmp
	Port  int       // HTTP; 0 = any free one
	Out   io.Writer // progress in words; nil = nowhere
}

// Server is a running Tryton, seen through one of its databases.
type Server struct {
	URL      string
	Database string
	User     string
	Password string

	dir             string
	temporary       bool
	clone           bool
	port, databases int // ports on loopback: HTTP and PostgreSQL
	out             io.Writer
	db              *sql.DB
}

// Start runs Tryton with the demo company. The first start on a machine takes
// two minutes and may install packages; later ones a few seconds. It stops by
// itself when this process ends.
//
// Safe to repeat with the same Dir, after Stop, Kill or a crash.
func Start(ctx context.Context, options Options) (*Server, error) {
	s := &Server{Database: database, User: user, Password: password,
		dir: options.Dir, port: options.Port, out: options.Out}
	if s.out == nil {
		s.out = io.Discard
	}
	if err := s.prepare(ctx, options.Cache); err != nil {
		if s.temporary {
			_ = os.RemoveAll(s.dir)
		}
		return nil, err
	}
	if err := s.Resume(ctx); err != nil {
		_ = s.Stop()
		return nil, err
	}
	return s, nil
}

// prepare makes sure that Dir holds a cluster and the current scripts.
func (s *Server) prepare(ctx context.Context, cache string) error {
	if s.dir == "" {
		dir, err := os.MkdirTemp(reachable(), "cst")
		if err != nil {
			return fmt.Errorf("tryton server: %w", err)
		}
		s.dir, s.temporary = dir, true
	}
	s.enterable()
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("tryton server: %w", err)
	}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return fmt.Errorf("tryton server: %w", err)
	}
	if _, err := os.Stat(filepath.Join(s.dir, "pg", "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		ready, err := Prepare(ctx, cache, s.out)
		if err != nil {
			return err
		}
		if out, err := exec.CommandContext(ctx, "cp", "-a", ready+"/.", s.dir).CombinedOutput(); err != nil {
			return fmt.Errorf("tryton server: copy the cluster: %w: %s", err, out)
		}
	}
	return writeScripts(s.dir)
}

// Resume starts the server again in its directory, after Kill.
func (s *Server) Resume(ctx context.Context) error {
	var err error
	if s.port == 0 {
		if s.port, err = freePort(); err != nil {
			return err
		}
	}
	if s.databases == 0 {
		if s.databases, err = freePort(); err != nil {
			return err
		}
	}
	env := []string{"WATCH=" + strconv.Itoa(os.Getpid())}
	if s.temporary {
		env = append(env, "REMOVE=1", "FSYNC=off")
	}
	if err := s.script(ctx, env, "start", strconv.Itoa(s.databases), strconv.Itoa(s.port)); err != nil {
		return err
	}
	s.URL = fmt.Sprintf("http://127.0.0.1:%d", s.port)
	if err := s.open(); err != nil {
		return err
	}
	if err := s.await(ctx); err != nil {
		return err
	}
	return s.ensureYears(ctx)
}

// open connects to Tryton's own database.
func (s *Server) open() (err error) {
	address := fmt.Sprintf("host=127.0.0.1 port=%d user=postgres dbname=%s sslmode=disable", s.databases, s.Database)
	//nolint:forbidigo // it is Tryton's database, not ours
	if s.db, err = sql.Open("postgres", address); err != nil {
		return fmt.Errorf("tryton server: %w", err)
	}
	s.db.SetMaxIdleConns(0) // an open connection would stand in the way of stopping and cloning
	return nil
}

// await waits until Tryton answers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	const question = `{"id":1,"method":"common.server.version","params":[]}`
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/", strings.NewReader(question))
		if err != nil {
			return fmt.Errorf("tryton server: %w", err)
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				fmt.Fprintf(s.out, "Tryton answers at %s (database %s, user %s)\n", s.URL, s.Database, s.User)
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("tryton server: no answer at %s: %w; see %s",
				s.URL, ctx.Err(), filepath.Join(s.dir, "trytond.log"))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ensureYears adds fiscal years to a directory that is older than this year.
func (s *Server) ensureYears(ctx context.Context) error {
	const query = `SELECT count(*) FROM account_fiscalyear WHERE start_date = make_date($1, 1, 1)`
	var n int
	if err := s.db.QueryRowContext(ctx, query, time.Now().Year()+1).Scan(&n); err != nil {
		return fmt.Errorf("tryton server: fiscal years: %w", err)
	}
	if n > 0 {
		return nil
	}
	fmt.Fprintln(s.out, "adding fiscal years")
	return s.script(ctx, nil, "years", strconv.Itoa(s.databases))
}

// Stop ends Tryton and PostgreSQL, and deletes a temporary directory. On a
// clone it does nothing: the clone ends with its server.
func (s *Server) Stop() error {
	if s.clone {
		return nil
	}
	err := s.end("stop")
	if s.temporary {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// Kill ends both as rudely as a power cut; Resume or Start with the same
// directory brings them back.
func (s *Server) Kill() error { return s.end("kill") }

func (s *Server) end(how string) error {
	if s.db != nil {
		_ = s.db.Close()
	}
	return s.script(context.Background(), nil, how)
}

// Clone makes a fresh copy of the pristine company, which the running server
// serves at once: under a second, and no other test sees it.
func (s *Server) Clone(ctx context.Context, name string) (*Server, error) {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789_"
	if name == "" || strings.Trim(name, allowed) != "" {
		return nil, fmt.Errorf("tryton server: %q is not a database name", name)
	}
	if _, err := s.db.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+pristine+" OWNER tryton"); err != nil {
		return nil, fmt.Errorf("tryton server: clone: %w", err)
	}
	c := *s
	c.Database, c.clone = name, true
	return &c, c.open()
}

// PIDs are the processes of the running server: Tryton's and its PostgreSQL's, for who
// measures what they use.
func (s *Server) PIDs() ([]int, error) {
	var pids []int
	for _, name := range []string{"trytond.pid", "pg/postmaster.pid"} {
		text, err := os.ReadFile(filepath.Join(s.dir, name))
		if err != nil {
			return nil, fmt.Errorf("tryton server: %w", err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		pid, err := strconv.Atoi(strings.TrimSpace(first))
		if err != nil {
			return nil, fmt.Errorf("tryton server: %s: %w", name, err)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// script runs the setup script in the server's directory.
func (s *Server) script(ctx context.Context, env []string, command string, ports ...string) error {
	return runScript(ctx, env, s.out, append([]string{filepath.Join(s.dir, "setup.sh"), command, s.dir}, ports...))
}

// runScript runs bash with its output on files, because what the script leaves
// running would keep a pipe open forever.
func runScript(ctx context.Context, env []string, out io.Writer, args []string) error {
	log, err := os.CreateTemp("", "countersign-tryton-*.log")
	if err != nil {
		return fmt.Errorf("tryton server: %w", err)
	}
	defer func() { _ = log.Close(); _ = os.Remove(log.Name()) }()
	c := exec.CommandContext(ctx, "bash", args...)
	c.Env = append(os.Environ(), env...)
	c.Stdout, c.Stderr = log, log
	err = c.Run()
	text, _ := os.ReadFile(log.Name())
	_, _ = out.Write(text)
	if err != nil {
		return fmt.Errorf("tryton server: %s: %w: %s", args[1], err, text)
	}
	return nil
}

func writeScripts(dir string) error {
	for _, name := range []string{"setup.sh", "bootstrap.py"} {
		text, err := scripts.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o755)
		}
		if err != nil {
			return fmt.Errorf("tryton server: %w", err)
		}
	}
	return nil
}

// fingerprint names the pristine cluster: the scripts, and the year whose
// periods it holds.
func fingerprint() string {
	h := sha256.New()
	for _, name := range []string{"setup.sh", "bootstrap.py"} {
		text, _ := scripts.ReadFile(name)
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil))[:12] + "-" + strconv.Itoa(time.Now().Year())
}

// enterable moves the directory to where the users postgres and tryton can come:
// as root we run them as themselves, and many a home or checkout is closed to them.
func (s *Server) enterable() {
	if os.Getuid() != 0 {
		return
	}
	whole, err := filepath.Abs(s.dir)
	if err != nil {
		return
	}
	for at := filepath.Dir(whole); at != "/"; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && info.Mode()&0o001 == 0 {
			sum := sha256.Sum256([]byte(whole))
			s.dir = filepath.Join(reachable(), "countersign-tryton-"+hex.EncodeToString(sum[:4]))
			fmt.Fprintf(s.out, "Tryton keeps its data in %s, because its users cannot enter %s\n", s.dir, at)
			return
		}
	}
}

// reachable is where temporary directories go: PostgreSQL runs as a user of its
// own, who must be able to enter, and whose socket's path must stay short.
func reachable() string {
	if info, err := os.Stat("/var/tmp"); err == nil && info.IsDir() {
		return "/var/tmp"
	}
	return os.TempDir()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("tryton server: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
