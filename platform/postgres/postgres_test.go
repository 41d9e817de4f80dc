package postgres_test

import (
	"bytes"
	"database/sql"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/postgres"
)

// childVariable makes this test binary start a server in the directory it names and wait to be killed.
const childVariable = "POSTGRES_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		runChild(dir)
	}
	os.Exit(m.Run())
}

func TestRestartKeepsDataAndPort(t *testing.T) {
	s := start(t, postgres.Options{Dir: tempDir(t)})
	execute(t, s, `CREATE TABLE kept (n int)`, `INSERT INTO kept VALUES (1), (2)`)
	url := s.URL("postgres")

	require.NoError(t, s.Restart(t.Context()))

	require.Equal(t, url, s.URL("postgres"))
	require.Equal(t, 2, count(t, s, "kept"))
}

func TestStopAndStartKeepsDataPasswordAndPort(t *testing.T) {
	dir := tempDir(t)
	s := start(t, postgres.Options{Dir: dir, Fsync: true})
	execute(t, s, `CREATE TABLE kept (n int)`)
	url := s.URL("postgres")
	require.NoError(t, s.Stop())
	require.NoError(t, s.Stop(), "safe to repeat")

	again := start(t, postgres.Options{Dir: dir, Fsync: true})

	require.Equal(t, url, again.URL("postgres"))
	require.Equal(t, 0, count(t, again, "kept"))
}

func TestItsURLGoesThroughTheSocket(t *testing.T) {
	s := start(t, postgres.Options{Dir: tempDir(t)})

	var socket bool
	require.NoError(t, open(t, s.URL("postgres")).QueryRow(`SELECT inet_client_addr() IS NULL`).Scan(&socket))

	require.True(t, socket)
}

func TestKillThenStart(t *testing.T) {
	dir := tempDir(t)
	s := start(t, postgres.Options{Dir: dir, Fsync: true})
	execute(t, s, `CREATE TABLE kept (n int)`, `INSERT INTO kept VALUES (1)`)
	open(t, s.URL("postgres")) // a backend that is there when the postmaster dies
	require.NoError(t, s.Kill())

	again := start(t, postgres.Options{Dir: dir, Fsync: true})
	require.Equal(t, 1, count(t, again, "kept"))

	require.NoError(t, again.Kill())
	require.NoError(t, again.Restart(t.Context()))
	require.Equal(t, 1, count(t, again, "kept"))
}

// TestKilledByAnother is a postmaster killed behind our back: the directory must be free for the next Start.
func TestKilledByAnother(t *testing.T) {
	dir := tempDir(t)
	s := start(t, postgres.Options{Dir: dir})
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGKILL))
	<-s.Done()

	require.Eventually(t, func() bool {
		again, err := postgres.Start(t.Context(), postgres.Options{Dir: dir})
		return err == nil && again.Stop() == nil
	}, time.Minute, 100*time.Millisecond)
}

func TestDiesWithItsParent(t *testing.T) {
	dir := tempDir(t)
	parent, postmaster := startInChild(t, dir)
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	require.Eventually(t, func() bool { return errors.Is(syscall.Kill(postmaster, 0), syscall.ESRCH) },
		time.Minute, 50*time.Millisecond)
}

// TestStalePIDOfAStranger is a pid file whose number now belongs to another program, which must be left alone.
func TestStalePIDOfAStranger(t *testing.T) {
	dir := tempDir(t)
	require.NoError(t, start(t, postgres.Options{Dir: dir}).Stop())
	file := filepath.Join(dir, "data", "postmaster.pid")
	require.NoError(t, os.WriteFile(file, []byte(strconv.Itoa(os.Getpid())+"\n"+filepath.Join(dir, "data")+"\n"), 0o600))

	s := start(t, postgres.Options{Dir: dir})

	require.Equal(t, 1, count(t, s, "(SELECT 1) AS one"))
}

func TestOneServerInADirectory(t *testing.T) {
	dir := tempDir(t)
	s := start(t, postgres.Options{Dir: dir})

	_, err := postgres.Start(t.Context(), postgres.Options{Dir: dir})

	var inUse *postgres.InUseError
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, 1, count(t, s, "(SELECT 1) AS one"), "the first one goes on")
}

func TestPortInUse(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()

	_, err = postgres.Start(t.Context(), postgres.Options{Dir: tempDir(t), Port: listener.Addr().(*net.TCPAddr).Port})

	var port *postgres.PortError
	require.ErrorAs(t, err, &port)
}

func TestMissingPrograms(t *testing.T) {
	t.Setenv("COUNTERSIGN_PG_BIN", t.TempDir())

	_, err := postgres.Start(t.Context(), postgres.Options{Dir: tempDir(t)})

	var missing *postgres.MissingError
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "apt-get install postgresql")
	require.ErrorContains(t, err, "--postgres")
	require.ErrorAs(t, postgres.Install(t.Context(), io.Discard), &missing, "a wrong variable is not mended by a package")
}

func TestClosedParent(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root runs the server as another user")
	}
	closed := filepath.Join(tempDir(t), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))

	_, err := postgres.Start(t.Context(), postgres.Options{Dir: filepath.Join(closed, "pg")})

	var unreachable *postgres.UnreachableError
	require.ErrorAs(t, err, &unreachable)
	require.Equal(t, closed, unreachable.Closed)

	settled, err := postgres.Settle(filepath.Join(closed, "pg"))
	require.NoError(t, err)
	require.Equal(t, "/var/lib/countersign", filepath.Dir(settled))
	reachable := filepath.Join(tempDir(t), "not", "yet")
	settled, err = postgres.Settle(reachable)
	require.NoError(t, err)
	require.Equal(t, reachable, settled)
	require.NoDirExists(t, reachable)
}

func TestLongDirectory(t *testing.T) {
	s := start(t, postgres.Options{Dir: filepath.Join(tempDir(t), strings.Repeat("long/", 20))})
	sockets := s.SocketDir()
	require.Less(t, len(sockets), 80)
	require.NoError(t, s.Stop())
	require.NoDirExists(t, sockets)
}

func TestPasswordIsAskedForEverywhere(t *testing.T) {
	s := start(t, postgres.Options{Dir: tempDir(t)})
	for name, dsn := range map[string]string{
		"tcp":    "host=127.0.0.1",
		"socket": "host=" + s.SocketDir(),
	} {
		t.Run(name, func(t *testing.T) {
			dsn += " port=" + strconv.Itoa(s.Port()) + " user=postgres password=wrong sslmode=disable"
			err := open(t, dsn).Ping()
			var refused *pq.Error
			require.True(t, errors.As(err, &refused), "%v", err)
			require.EqualValues(t, "28P01", refused.Code)
		})
	}
	info, err := os.Stat(filepath.Join(filepath.Dir(s.SocketDir()), "password"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func tempDir(t *testing.T) string {
	t.Helper()
	dir, remove, err := postgres.ScratchDir()
	require.NoError(t, err)
	t.Cleanup(remove)
	return dir
}

func start(t *testing.T, o postgres.Options) *postgres.Server {
	t.Helper()
	began := time.Now()
	s, err := postgres.Start(t.Context(), o)
	require.NoError(t, err)
	t.Logf("started in %s", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_ = db.Ping()
	return db
}

func execute(t *testing.T, s *postgres.Server, statements ...string) {
	t.Helper()
	db := open(t, s.URL("postgres"))
	for _, statement := range statements {
		_, err := db.Exec(statement)
		require.NoError(t, err)
	}
}

func count(t *testing.T, s *postgres.Server, from string) int {
	t.Helper()
	var n int
	require.NoError(t, open(t, s.URL("postgres")).QueryRow(`SELECT count(*) FROM `+from).Scan(&n))
	return n
}

// startInChild starts a server in another process, which can then be killed.
func startInChild(t *testing.T, dir string) (parent *exec.Cmd, postmaster int) {
	t.Helper()
	parent = exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), childVariable+"="+dir)
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	t.Cleanup(func() { _ = parent.Process.Kill() })
	line := make([]byte, 32)
	n, err := out.Read(line)
	require.NoError(t, err)
	postmaster, err = strconv.Atoi(string(bytes.TrimSpace(line[:n])))
	require.NoError(t, err)
	return parent, postmaster
}
