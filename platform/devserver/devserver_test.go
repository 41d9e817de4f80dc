package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// serveVariable makes this test binary be the server.
const serveVariable = "DEVSERVER_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const queue = "devserver-test"

// waiting answers with what it is told, once it is told.
func waiting(ctx workflow.Context) (string, error) {
	var word string
	workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	return word, nil
}

// TestSurvivesKill starts a workflow, kills the server with no warning, and finds the workflow where it was.
func TestSurvivesKill(t *testing.T) {
	postgres := privatePostgres(t)

	first := serve(t, postgres, "--ui-port", "0")
	c := dial(t, first.line.Frontend)
	stop := work(t, c)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "kept", TaskQueue: queue,
		WorkflowTaskTimeout: time.Second}, waiting)
	require.NoError(t, err)
	require.NoError(t, c.SignalWorkflow(t.Context(), "kept", "", "unread", "a word that nobody waits for"))
	stop()
	require.NoError(t, first.cmd.Process.Kill())
	_ = first.cmd.Wait()

	ports := map[int]bool{}
	ui, err := freePort(ports)
	require.NoError(t, err)
	second := serve(t, postgres, "--ui-port", hostPort(ui)[len(loopback)+1:])
	c = dial(t, second.line.Frontend)
	defer work(t, c)()
	require.NoError(t, c.SignalWorkflow(t.Context(), "kept", run.GetRunID(), "word", "still here"))
	var word string
	require.NoError(t, c.GetWorkflow(t.Context(), "kept", run.GetRunID()).Get(t.Context(), &word))
	require.Equal(t, "still here", word)

	page, err := http.Get(second.line.UI)
	require.NoError(t, err)
	require.NoError(t, page.Body.Close())
	require.Equal(t, http.StatusOK, page.StatusCode)

	require.NoError(t, second.cmd.Process.Signal(os.Interrupt))
	require.NoError(t, second.cmd.Wait())
}

// TestHalfBuiltDatabase is a first start killed while it made the schema.
func TestHalfBuiltDatabase(t *testing.T) {
	where, err := parsePostgres(privatePostgres(t))
	require.NoError(t, err)
	logger, _, err := newLogger("error")
	require.NoError(t, err)
	admin, err := where.open(adminDatabase)
	require.NoError(t, err)
	defer admin.Close()
	_, err = admin.Exec(`CREATE DATABASE temporal_draft`)
	require.NoError(t, err)

	for range 2 {
		require.NoError(t, where.prepareDatabases(t.Context(), "temporal", logger))
	}

	var names int
	require.NoError(t, admin.QueryRow(`SELECT count(*) FROM pg_database WHERE datname LIKE 'temporal%'`).Scan(&names))
	require.Equal(t, 2, names)
}

func TestParsePostgres(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       address
	}{
		{"url", "postgres://me:p%40ss@db:5433/any?sslmode=require",
			address{"db", "5433", "me", "p@ss", map[string]string{"sslmode": "require"}}},
		{"url of a socket", "postgres://me@/?host=/run/pg&port=5433",
			address{"/run/pg", "5433", "me", "", map[string]string{}}},
		{"pairs", "host=/run/pg user=me password=pass dbname=any",
			address{"/run/pg", "5432", "me", "pass", map[string]string{}}},
		{"hardly anything", "sslmode=disable",
			address{"127.0.0.1", "5432", "postgres", "", map[string]string{"sslmode": "disable"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parsePostgres(tt.text)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	for _, text := range []string{"", "nonsense", "postgres://me:secret@host:port/"} {
		_, err := parsePostgres(text)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "secret")
	}
}

type served struct {
	cmd  *exec.Cmd
	line readyLine
}

// serve starts the server as a process of its own, which can be killed, and waits for its line.
func serve(t *testing.T, postgres string, flags ...string) served {
	t.Helper()
	began := time.Now()
	cmd := exec.Command(os.Args[0], append([]string{"--frontend-port", "0"}, flags...)...)
	cmd.Env = append(os.Environ(), serveVariable+"=1", postgresVariable+"="+postgres)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	s := served{cmd: cmd}
	require.NoError(t, json.NewDecoder(out).Decode(&s.line))
	require.True(t, s.line.Ready)
	t.Logf("ready in %s", time.Since(began).Round(time.Millisecond))
	return s
}

func dial(t *testing.T, frontend string) client.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := client.DialContext(ctx, client.Options{HostPort: frontend})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func work(t *testing.T, c client.Client) (stop func()) {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(waiting)
	require.NoError(t, w.Start())
	return w.Stop
}
