package postgres

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/countersign/countersign/platform/process"
)

const (
	openMode    = 0o755 // for the account that the server runs as to pass through
	privateMode = 0o700
	secretMode  = 0o600

	passwordBytes  = 16
	socketPathMax  = 107 // of the kernel, for the whole path of a unix socket
	longestSocket  = "/.s.PGSQL.65535"
	shortTemporary = "/tmp"
	elsewhere      = "/var/lib/countersign" // only root writes there, so nobody can lay a trap
	elsewhereBytes = 6
	waitDelay      = 2 * time.Second // for the last words of a killed server's children
)

// TempDir makes an empty directory for a short-lived server, whatever account that will run as: what testing.T
// offers is closed to others, and often too long for a socket.
func TempDir() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "pg-")
	if err != nil {
		return "", nil, err
	}
	if err := os.Chmod(dir, openMode); err != nil {
		return "", nil, err
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// Settle returns a directory that Start can use: the preferred one, or, if we are root and the account that runs the
// server may not enter it (a checkout below /root), always the same other one below /var/lib.
//
// It makes nothing. Errors: none but the system's.
func Settle(preferred string) (dir string, err error) {
	if dir, err = filepath.Abs(preferred); err != nil {
		return "", err
	}
	a, err := chooseAccount(filepath.Join(dir, "data"))
	if err != nil {
		return "", err
	}
	err = a.checkReach(dir)
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) {
		return dir, err
	}
	name := sha256.Sum256([]byte(dir))
	return filepath.Join(elsewhere, hex.EncodeToString(name[:elsewhereBytes])), nil
}

// openDir makes the directory and finds out who will run the server in it.
func (s *Server) openDir() error {
	if s.options.Dir == "" {
		return errors.New("postgres: no directory given")
	}
	dir, err := filepath.Abs(s.options.Dir)
	if err != nil {
		return err
	}
	if err := makeOpen(dir); err != nil {
		return fmt.Errorf("make the PostgreSQL directory: %w", err)
	}
	// PostgreSQL records its directory by its real name; ours must compare equal.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	s.options.Dir = dir
	if s.account, err = chooseAccount(s.path("data")); err != nil {
		return err
	}
	return s.account.checkReach(dir)
}

// makeOpen sets the mode whatever the umask is, on the directories that it makes and on no other.
func makeOpen(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeOpen(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, openMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Chmod(dir, openMode)
}

// initialize makes the cluster under another name and renames it when it is whole, so that an initdb killed half-way
// is done again.
func (s *Server) initialize(ctx context.Context) error {
	if err := s.openPassword(); err != nil {
		return err
	}
	if _, err := os.Stat(s.path("data")); err == nil {
		return nil
	}
	draft := s.path("data.draft")
	if err := os.RemoveAll(draft); err != nil {
		return err
	}
	if err := s.makePrivate(draft); err != nil {
		return err
	}
	args := []string{"-D", draft, "-U", superuser, "--pwfile", s.path("password"), "-A", "scram-sha-256",
		"-E", "UTF8", "--locale", locale()}
	if !s.options.Fsync {
		args = append(args, "--no-sync")
	}
	child, err := process.Start(s.command(s.programs.initdb, args...), syscall.SIGKILL)
	if err != nil {
		return err
	}
	select {
	case <-child.Done():
	case <-ctx.Done():
		return errors.Join(ctx.Err(), child.Stop(stopPatience, syscall.SIGKILL))
	}
	if err := child.Err(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, s.log)
	}
	return os.Rename(draft, s.path("data"))
}

// locale sorts by code point everywhere and knows letters beyond ASCII where the system can.
func locale() string {
	if runtime.GOOS == "linux" {
		return "C.UTF-8"
	}
	return "C"
}

// openPassword reads the superuser's password, or makes one for the cluster to come.
func (s *Server) openPassword() error {
	file := s.path("password")
	stored, err := os.ReadFile(file)
	if err == nil {
		s.password = strings.TrimSpace(string(stored))
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	random := make([]byte, passwordBytes)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	s.password = hex.EncodeToString(random)
	if err := os.WriteFile(file, []byte(s.password+"\n"), secretMode); err != nil {
		return err
	}
	return s.account.own(file)
}

// makeSocketDir stays inside our directory if the kernel's limit allows it.
func (s *Server) makeSocketDir() error {
	s.sockets = s.path("sockets")
	if len(s.sockets+longestSocket) <= socketPathMax {
		return s.makePrivate(s.sockets)
	}
	dir, err := os.MkdirTemp(shortTemporary, "pg-")
	if err != nil {
		return err
	}
	s.sockets = dir
	return s.account.own(dir)
}

func (s *Server) makePrivate(dir string) error {
	if err := os.MkdirAll(dir, privateMode); err != nil {
		return err
	}
	return s.account.own(dir)
}

// command runs a program of PostgreSQL as its account, away from our environment and working directory, which that
// account may not be able to enter.
func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = s.options.Dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=" + locale(), "TZ=UTC"}
	cmd.Stdout, cmd.Stderr = s.log, s.log
	cmd.WaitDelay = waitDelay
	s.account.apply(cmd)
	return cmd
}
