package main

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// privatePostgres starts a PostgreSQL that ends with the test. The product's own runner is in the other module, whose
// requirements would decide our versions if we imported it; a test needs much less.
func privatePostgres(t *testing.T) string {
	t.Helper()
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	if path, err := exec.LookPath("initdb"); err == nil {
		programs = append(programs, filepath.Dir(path))
	}
	if len(programs) == 0 {
		t.Fatal("no PostgreSQL here: scripts/install.sh test installs it")
	}
	bin := slices.Max(programs)
	dir, err := os.MkdirTemp("", "pg-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	run := runner(t, dir)
	out, err := run(filepath.Join(bin, "initdb"), "-D", dir, "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--no-sync").CombinedOutput()
	require.NoError(t, err, "%s", out)
	port, err := freePort(map[int]bool{})
	require.NoError(t, err)

	server := run(filepath.Join(bin, "postgres"), "-D", dir, "-k", "", "-c", "listen_addresses="+loopback,
		"-p", strconv.Itoa(port), "-c", "max_connections=200", "-c", "fsync=off")
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGQUIT)
		_ = server.Wait()
	})
	text := "postgres://postgres@" + hostPort(port) + "/?sslmode=disable"
	where, err := parsePostgres(text)
	require.NoError(t, err)
	require.Eventually(t, func() bool { // it listens before it lets anybody in
		admin, err := where.open(adminDatabase)
		if err != nil {
			return false
		}
		defer func() { _ = admin.Close() }()
		return admin.Ping() == nil
	}, time.Minute, 20*time.Millisecond)
	return text
}

// runner prepares commands as another user when we are root, as which PostgreSQL refuses to run.
func runner(t *testing.T, dir string) func(name string, args ...string) *exec.Cmd {
	t.Helper()
	var credential *syscall.Credential
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		require.NoError(t, err)
		uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
		require.NoError(t, err)
		credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
		require.NoError(t, os.Chown(dir, int(uid), int(uid)))
	}
	return func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
		return cmd
	}
}
