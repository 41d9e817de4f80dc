// Package house runs the whole house for tests: real servers, the product in
// processes of its own, and hands to kill them with.
package house

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/postgres"
	"github.com/countersign/countersign/platform/process"
	"github.com/countersign/countersign/stack"
	"github.com/countersign/countersign/walk"
)

// The processes that a test may kill.
const (
	Gateway  = "gateway"
	Worker   = "worker"
	Relay    = "relay"
	Temporal = "temporal"
	Postgres = "postgres"
)

const (
	startPatience = 3 * time.Minute // the first build of the Temporal server is `make test`'s business
	stopPatience  = 20 * time.Second
)

// Options says what kind of house a test wants.
type Options struct {
	ERP       string                             // stack.Sandbox or stack.Tryton; "" = the sandbox
	Fsync     bool                               // as in production; tests without power cuts do not need it
	Settings  map[string]any                     // keys of the configuration, such as worker.sticky_cache
	Edge      func(url string) string            // what the product reaches instead of the ERP: a proxy that fails
	Edges     map[string]func(url string) string // the same before the books of one connection, by its id
	Crash     map[string]string                  // CRASH_AT by process
	Processes []string                           // nil = gateway, worker and relay
	Elsewhere bool                               // it is booked in ERPs of the test's own, which counts there itself
	ByName    bool                               // reached as localhost: browsers make no passkeys for a bare address
}

// House is a running house.
type House struct {
	URL    string
	Stack  *stack.Stack
	Dir    string
	Config string // the configuration file of the product
	Tokens map[string]string

	t         testing.TB
	addresses map[string]string // database addresses by role
	mu        sync.Mutex
	running   map[string]*process.Process
	crash     map[string]string // CRASH_AT by process
	db        *sql.DB           // for looks inside
	said      *said             // by the product
	elsewhere bool              // see Options
}

// prepared is what `countersign prepare` answers.
type prepared struct {
	Addresses map[string]string `json:"addresses"`
	Tokens    map[string]string `json:"tokens"`
}

// Start brings a house up and takes it down at the end of the test.
func Start(t testing.TB, o Options) *House {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	dir, remove, err := postgres.ScratchDir()
	require.NoError(t, err)
	t.Cleanup(remove)
	if o.ERP == "" {
		o.ERP = stack.Sandbox
	}
	ground, err := stack.Start(ctx, stack.Options{Dir: dir, ERP: o.ERP, Fsync: o.Fsync, UIPort: -1,
		Out: Output(t), Log: nil})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ground.Stop() })

	listen, err := stack.FreeAddress()
	require.NoError(t, err)
	h := &House{t: t, URL: "http://" + listen, Stack: ground, Dir: dir, Config: filepath.Join(dir, "config.yaml"),
		running: map[string]*process.Process{}, crash: map[string]string{}, said: &said{}, elsewhere: o.Elsewhere}
	for name, at := range o.Crash {
		h.crash[name] = at
	}
	settings := map[string]any{"gateway.rate_per_second": 100_000, "gateway.rate_burst": 100_000,
		"worker.effects.per_second": 1000, "observability.log_level": "warn"}
	if o.ByName {
		h.URL = strings.Replace(h.URL, "127.0.0.1", "localhost", 1)
		settings["gateway.public_url"] = h.URL
	}
	for key, value := range o.Settings {
		settings[key] = value
	}
	edge := ""
	if o.Edge != nil {
		edge = o.Edge(ground.Books())
	}
	edges := map[string]string{}
	for id, before := range o.Edges {
		edges[id] = before(ground.Books())
	}
	require.NoError(t, ground.WriteConfig(h.Config, stack.Product{Listen: listen, Namespace: "default",
		Settings: settings, ERPEdge: edge, ERPEdges: edges}))
	h.prepare(ctx)
	processes := o.Processes
	if processes == nil {
		processes = []string{Worker, Relay, Gateway}
	}
	for _, name := range processes {
		h.Run(name)
	}
	t.Cleanup(h.stopAll)
	if contains(processes, Gateway) {
		h.AwaitReady()
	}
	return h
}

// prepare migrates, seeds the demo company and makes roles and tokens.
func (h *House) prepare(ctx context.Context) {
	h.t.Helper()
	cmd := exec.CommandContext(ctx, Binary(h.t), "prepare", "--config", h.Config)
	cmd.Env = h.env("migrate", h.Stack.DatabaseURL())
	out, err := cmd.Output()
	if err != nil {
		var stderr string
		if exit, ok := err.(*exec.ExitError); ok { //nolint:errorlint // Output returns it bare
			stderr = string(exit.Stderr)
		}
		h.t.Fatalf("preparing the house: %v\n%s", err, stderr)
	}
	var p prepared
	require.NoError(h.t, json.Unmarshal(out, &p))
	h.addresses, h.Tokens = p.Addresses, p.Tokens
}

func (h *House) env(name, database string) []string {
	env := append(os.Environ(), "COUNTERSIGN_MODE=dev", "COUNTERSIGN_DATABASE_URL="+database)
	if name == Gateway {
		env = append(env, "COUNTERSIGN_SCIM_DATABASE_URL="+h.addresses["countersign_directory"])
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if at := h.crash[name]; at != "" {
		env = append(env, "CRASH_AT="+at)
	}
	return env
}

// Run starts a process of the product, or a server of the stack again.
func (h *House) Run(name string) {
	h.t.Helper()
	switch name {
	case Temporal:
		require.NoError(h.t, h.Stack.Temporal.Restart(context.Background()))
		return
	case Postgres:
		require.NoError(h.t, h.Stack.Postgres.Restart(context.Background()))
		return
	}
	cmd := exec.Command(Binary(h.t), name, "--config", h.Config) //nolint:noctx // it is stopped by the test
	cmd.Env = h.env(name, h.addresses["countersign_"+name])
	cmd.Stdout = io.MultiWriter(Output(h.t), h.said)
	cmd.Stderr = cmd.Stdout
	started, err := process.Start(cmd, syscall.SIGKILL)
	require.NoError(h.t, err)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running[name] = started
}

// Kill ends a process as a crash would.
func (h *House) Kill(name string) {
	h.t.Helper()
	switch name {
	case Temporal:
		require.NoError(h.t, h.Stack.Temporal.Kill())
	case Postgres:
		require.NoError(h.t, h.Stack.Postgres.Kill())
	default:
		require.NoError(h.t, h.process(name).Stop(stopPatience, syscall.SIGKILL))
	}
}

// Stop ends a process of the product in good order.
func (h *House) Stop(name string) {
	h.t.Helper()
	require.NoError(h.t, h.process(name).Stop(stopPatience, syscall.SIGTERM, syscall.SIGKILL))
}

// Exited is closed when a process of the product has ended by itself.
func (h *House) Exited(name string) <-chan struct{} { return h.process(name).Done() }

// PID is the process id of a process of the product.
func (h *House) PID(name string) int { return h.process(name).PID() }

// CrashAt names the place, such as record.committed:2, where the process is to
// end when it is run next; "" lets it live.
func (h *House) CrashAt(name, place string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.crash[name] = place
}

func (h *House) process(name string) *process.Process {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.running[name]
}

func (h *House) stopAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.running {
		_ = p.Stop(stopPatience, syscall.SIGTERM, syscall.SIGKILL)
	}
}

// As is a demo person's client.
func (h *House) As(person string) *walk.Client {
	h.t.Helper()
	require.NotEmpty(h.t, h.Tokens[person], "nobody is called %s", person)
	return &walk.Client{Base: h.URL, Token: h.Tokens[person]}
}

// Journal is the path of the sandbox ERP's journal.
func (h *House) Journal() string { return filepath.Join(h.Dir, "sandbox", "journal.jsonl") }

// DatabaseURL is the product's database, as superuser.
func (h *House) DatabaseURL() string { return h.Stack.DatabaseURL() }

// AwaitReady waits until the gateway says that everything behind it answers.
func (h *House) AwaitReady() {
	h.t.Helper()
	require.Eventually(h.t, func() bool { return healthy(h.URL + "/readyz") }, time.Minute, 100*time.Millisecond,
		"the gateway did not become ready")
}

func contains(list []string, wanted string) bool {
	for _, one := range list {
		if one == wanted {
			return true
		}
	}
	return false
}

// Output shows what processes say, where -v asks for it.
func Output(t testing.TB) *Lines {
	return &Lines{t: t}
}

// Lines passes whole lines on to the test's log until the test has ended.
type Lines struct {
	t  testing.TB
	mu sync.Mutex
}

// Write shows the text on standard error under -v, and drops it otherwise.
func (l *Lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if testing.Verbose() {
		fmt.Fprintf(os.Stderr, "%s: %s\n", l.t.Name(), strings.TrimSpace(string(text)))
	}
	return len(text), nil
}
