package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/countersign/countersign/platform/postgres"
	"github.com/countersign/countersign/platform/process"
	"github.com/countersign/countersign/stack"
)

const (
	stopPatience = 20 * time.Second
)

// house is the product in processes of its own, on a stack of its own, with the
// floor beside it.
type house struct {
	url     string
	stack   *stack.Stack
	tokens  map[string]string
	running map[string]*process.Process
	floor   *floorProcess
	remove  func()

	config    string            // configuration file
	addresses map[string]string // database addresses by role
}

// floorProcess is the floor's process and the line to it.
type floorProcess struct {
	process *process.Process
	orders  *json.Encoder
	answers *json.Decoder
	stdin   io.Closer
}

func openHouse(ctx context.Context, out io.Writer, settings map[string]any) (h *house, err error) {
	dir, remove, err := postgres.TempDir()
	if err != nil {
		return nil, err
	}
	h = &house{running: map[string]*process.Process{}, remove: remove}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	// fsync on: a benchmark without it measures another product.
	h.stack, err = stack.Start(ctx, stack.Options{Dir: dir, ERP: stack.Sandbox, Fsync: true, UIPort: -1, Out: out})
	if err != nil {
		return h, err
	}
	listen, err := stack.FreeAddress()
	if err != nil {
		return h, err
	}
	h.url = "http://" + listen
	all := map[string]any{"gateway.rate_per_second": 100_000, "gateway.rate_burst": 100_000,
		"worker.effects.per_second": 10_000, "observability.log_level": "warn", "mail.enabled": true}
	for key, value := range settings {
		all[key] = value
	}
	config := filepath.Join(dir, "config.yaml")
	err = h.stack.WriteConfig(config, stack.Product{Listen: listen, Namespace: "default", Settings: all})
	if err != nil {
		return h, err
	}
	addresses, err := h.prepare(ctx, config)
	if err != nil {
		return h, err
	}
	h.config, h.addresses = config, addresses
	for _, name := range []string{"worker", "relay", "gateway"} {
		if err := h.run(name, config, addresses["countersign_"+name]); err != nil {
			return h, err
		}
	}
	if err := h.runFloor(config); err != nil {
		return h, err
	}
	return h, stack.AwaitReady(ctx, h.url)
}

func (h *house) prepare(ctx context.Context, config string) (map[string]string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, self, "prepare", "--config", config)
	cmd.Env, cmd.Stderr = environment(h.stack.DatabaseURL()), &stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("preparing the database: %w\n%s", err, stderr.String())
	}
	var prepared struct {
		Addresses map[string]string `json:"addresses"`
		Tokens    map[string]string `json:"tokens"`
	}
	if err := json.Unmarshal(text, &prepared); err != nil {
		return nil, fmt.Errorf("preparing the database: %w", err)
	}
	h.tokens = prepared.Tokens
	return prepared.Addresses, nil
}

func (h *house) run(name, config, database string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, name, "--config", config)
	cmd.Env, cmd.Stderr = environment(database), os.Stderr
	started, err := process.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return err
	}
	h.running[name] = started
	return nil
}

// restart kills a process and starts it again.
func (h *house) restart(name string) error {
	if err := h.running[name].Stop(stopPatience, syscall.SIGKILL); err != nil {
		return err
	}
	return h.run(name, h.config, h.addresses["countersign_"+name])
}

func (h *house) runFloor(config string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "bench", "floor", "--config", config)
	cmd.Env, cmd.Stderr = environment(h.stack.DatabaseURL()), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	started, err := process.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return err
	}
	h.floor = &floorProcess{process: started, orders: json.NewEncoder(in), answers: json.NewDecoder(out), stdin: in}
	return nil
}

func environment(database string) []string {
	return append(os.Environ(), "COUNTERSIGN_MODE=dev", "COUNTERSIGN_DATABASE_URL="+database)
}

// close takes the house down and deletes it.
func (h *house) close() error {
	var failed []error
	if h.floor != nil {
		_ = h.floor.stdin.Close()
		failed = append(failed, h.floor.process.Stop(stopPatience, syscall.SIGTERM, syscall.SIGKILL))
	}
	for _, p := range h.running {
		_ = p.Stop(stopPatience, syscall.SIGTERM, syscall.SIGKILL)
	}
	if h.stack != nil {
		failed = append(failed, h.stack.Stop())
	}
	h.remove()
	return errors.Join(failed...)
}
