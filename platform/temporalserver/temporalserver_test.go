package temporalserver_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/platform/freeport"
	"github.com/countersign/countersign/platform/postgres"
	"github.com/countersign/countersign/platform/temporalserver"
)

const queue = "temporalserver-test"

// counting counts signals until it is told to end, and answers with the count.
func counting(ctx workflow.Context) (int, error) {
	n := 0
	for done := false; !done; {
		workflow.NewSelector(ctx).
			AddReceive(workflow.GetSignalChannel(ctx, "one"), func(c workflow.ReceiveChannel, _ bool) {
				c.Receive(ctx, nil)
				n++
			}).
			AddReceive(workflow.GetSignalChannel(ctx, "end"), func(c workflow.ReceiveChannel, _ bool) {
				c.Receive(ctx, nil)
				done = true
			}).Select(ctx)
	}
	return n, nil
}

// TestStateSurvives kills the server, then the database under it, then restarts both; the workflow goes on each time
// and the client, which saw it all, never has to dial again.
func TestStateSurvives(t *testing.T) {
	database, s := start(t)
	c := dial(t, s.Address(), "countersign-test")
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(counting)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "kept", TaskQueue: queue,
		WorkflowTaskTimeout: time.Second}, counting)
	require.NoError(t, err)
	address, pid := s.Address(), s.PID()

	for _, fault := range []struct {
		name   string
		happen func() error
	}{
		{"the server is killed", func() error { return firstError(s.Kill(), s.Restart(t.Context())) }},
		{"the server is restarted", func() error { return s.Restart(t.Context()) }},
		{"the database is killed", func() error { return firstError(database.Kill(), database.Restart(t.Context())) }},
	} {
		signal(t, c, "one")
		began := time.Now()
		require.NoError(t, fault.happen(), fault.name)
		t.Logf("%s: back after %s", fault.name, time.Since(began).Round(time.Millisecond))
	}
	signal(t, c, "end")

	var n int
	require.NoError(t, run.Get(t.Context(), &n))
	require.Equal(t, 3, n)
	require.Equal(t, address, s.Address())
	require.NotEqual(t, pid, s.PID())
	page, err := http.Get(s.UI())
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	require.Equal(t, http.StatusOK, page.StatusCode)
	require.NoError(t, s.Stop())
	require.NoError(t, s.Stop(), "safe to repeat")
	require.ErrorIs(t, syscall.Kill(s.PID(), 0), syscall.ESRCH)
}

func TestPortInUse(t *testing.T) {
	database := startPostgres(t)
	_, err := temporalserver.Start(t.Context(), temporalserver.Options{
		PostgresURL: database.URL("postgres"), FrontendPort: database.Port()})
	require.ErrorContains(t, err, "cannot be used")
}

func TestFindMissing(t *testing.T) {
	t.Setenv("COUNTERSIGN_DEVSERVER", "")
	t.Chdir(t.TempDir())
	var missing *temporalserver.MissingError
	_, err := temporalserver.Find(t.Context(), temporalserver.FindOptions{})
	require.ErrorAs(t, err, &missing)

	_, err = temporalserver.Find(t.Context(), temporalserver.FindOptions{Binary: "no-such-program"})
	require.ErrorAs(t, err, &missing)

	named := filepath.Join(t.TempDir(), "server")
	require.NoError(t, os.WriteFile(named, []byte("#!/bin/sh\n"), 0o700))
	t.Setenv("COUNTERSIGN_DEVSERVER", named)
	found, err := temporalserver.Find(t.Context(), temporalserver.FindOptions{})
	require.NoError(t, err)
	require.Equal(t, named, found)
}

// TestCLI stands in for the temporal command, which is not everywhere.
func TestCLI(t *testing.T) {
	dir := t.TempDir()
	fake := filepath.Join(dir, "temporal")
	require.NoError(t, os.WriteFile(fake, []byte(`#!/bin/sh
if [ "$1" = operator ]; then test -f "`+dir+`/started"; exit; fi
echo "$@" > "`+dir+`/starting"
mv "`+dir+`/starting" "`+dir+`/started"
exec sleep 60
`), 0o700))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))

	port, err := freeport.Find()
	require.NoError(t, err)

	s, err := temporalserver.StartCLI(t.Context(), temporalserver.CLIOptions{DBFile: "/state.db", FrontendPort: port})
	require.NoError(t, err)
	said, err := os.ReadFile(filepath.Join(dir, "started"))
	require.NoError(t, err)
	require.Equal(t, "server start-dev --ip 127.0.0.1 --port "+strconv.Itoa(port)+" --namespace default --log-level warn "+
		"--db-filename /state.db --headless\n", string(said))
	require.Equal(t, freeport.Address(port), s.Address())
	require.NoError(t, s.Kill())
	<-s.Done()
}

func start(t *testing.T) (*postgres.Server, *temporalserver.Server) {
	t.Helper()
	database := startPostgres(t)
	binary, err := temporalserver.Find(t.Context(), temporalserver.FindOptions{Out: os.Stderr})
	require.NoError(t, err)
	ui, err := freeport.Find()
	require.NoError(t, err)
	began := time.Now()
	s, err := temporalserver.Start(t.Context(), temporalserver.Options{
		Binary: binary, PostgresURL: database.URL("postgres"), UIPort: ui, Namespace: "countersign-test"})
	require.NoError(t, err)
	t.Logf("ready in %s", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() { _ = s.Stop() })
	return database, s
}

func startPostgres(t *testing.T) *postgres.Server {
	t.Helper()
	dir, remove, err := postgres.ScratchDir()
	require.NoError(t, err)
	t.Cleanup(remove)
	database, err := postgres.Start(t.Context(), postgres.Options{Dir: dir, Fsync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = database.Stop() })
	return database
}

func dial(t *testing.T, address, namespace string) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{HostPort: address, Namespace: namespace})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func signal(t *testing.T, c client.Client, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(t, c.SignalWorkflow(ctx, "kept", "", name, nil))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
