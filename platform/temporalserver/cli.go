package temporalserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/countersign/countersign/platform/freeport"
	"github.com/countersign/countersign/platform/process"
)

const (
	cliName      = "temporal"
	cliReadyPoll = 200 * time.Millisecond
	cliAskMax    = 5 * time.Second
)

// CLIOptions says how to run the development server of an installed temporal command.
type CLIOptions struct {
	Binary       string // empty looks in the PATH
	DBFile       string // SQLite file that keeps the state; empty forgets it at the end
	FrontendPort int    // on 127.0.0.1; 0 takes a free one
	UIPort       int    // 0 is no web UI
	UICodec      string // URL of the codec server that the web UI asks to read payloads
	Namespace    string // empty is default
	LogLevel     string // empty is warn
	Log          io.Writer
}

// StartCLI runs `temporal server start-dev` and waits until its namespace can be used. It is another server than
// that of Start, with a store and limits of its own: for those who have it and want no build.
//
// Errors: *MissingError if there is no such command.
func StartCLI(ctx context.Context, o CLIOptions) (*Server, error) {
	binary, err := exec.LookPath(cmp.Or(o.Binary, cliName))
	if err != nil {
		return nil, &MissingError{Reason: "no temporal command: " + err.Error()}
	}
	o.Binary = binary
	return begin(ctx, o.FrontendPort, o.launch)
}

func (o CLIOptions) launch(ctx context.Context, frontendPort int) (*process.Process, readyLine, error) {
	port, err := choosePort(frontendPort)
	if err != nil {
		return nil, readyLine{}, err
	}
	if err := freeport.Check(port); err != nil {
		return nil, readyLine{}, fmt.Errorf("port %d for Temporal cannot be used: %w", port, err)
	}
	log := process.NewTail(o.Log)
	cmd := exec.Command(o.Binary, o.arguments(port)...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = log, log, waitDelay
	child, err := process.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return nil, readyLine{}, err
	}
	if err := o.await(ctx, child, port); err != nil {
		_ = child.Stop(stopPatience, syscall.SIGKILL)
		return nil, readyLine{}, fmt.Errorf("temporal server start-dev does not start: %w\n%s", err, log)
	}
	ready := readyLine{Ready: true, Frontend: freeport.Address(port)}
	if o.UIPort != 0 {
		ready.UI = "http://" + freeport.Address(o.UIPort)
	}
	return child, ready, nil
}

func (o CLIOptions) arguments(port int) []string {
	arguments := []string{"server", "start-dev", "--ip", freeport.Loopback, "--port", strconv.Itoa(port),
		"--namespace", cmp.Or(o.Namespace, defaultNamespace), "--log-level", cmp.Or(o.LogLevel, defaultLogLevel)}
	if o.DBFile != "" {
		arguments = append(arguments, "--db-filename", o.DBFile)
	}
	if o.UIPort == 0 {
		return append(arguments, "--headless")
	}
	arguments = append(arguments, "--ui-port", strconv.Itoa(o.UIPort))
	if o.UICodec != "" {
		arguments = append(arguments, "--ui-codec-endpoint", o.UICodec)
	}
	return arguments
}

// await asks with the same command, which has no line to wait for.
func (o CLIOptions) await(ctx context.Context, child *process.Process, port int) error {
	ctx, cancel := context.WithTimeout(ctx, readyMax)
	defer cancel()
	for {
		if o.answers(ctx, port) {
			return nil
		}
		select {
		case <-child.Done():
			return errors.Join(errors.New("it ended at once"), child.Err())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(cliReadyPoll):
		}
	}
}

func (o CLIOptions) answers(ctx context.Context, port int) bool {
	ctx, cancel := context.WithTimeout(ctx, cliAskMax)
	defer cancel()
	return exec.CommandContext(ctx, o.Binary, "operator", "namespace", "describe",
		"--namespace", cmp.Or(o.Namespace, defaultNamespace), "--address", freeport.Address(port)).Run() == nil
}
