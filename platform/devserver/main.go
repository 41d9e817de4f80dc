// Command countersign-devserver is a Temporal server and its web UI in one process, on PostgreSQL.
//
// It serves development, tests and evaluation. It binds to 127.0.0.1 only, asks nobody who they are, and is not
// the server to run in production: there, use Temporal as its makers ship it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"go.temporal.io/server/common/headers"
)

const (
	defaultFrontendPort = 7233
	defaultRetention    = 7 * 24 * time.Hour
	stopMax             = 10 * time.Second

	// gcPercent spends memory, of which the server needs little here, to save the CPU, of which it needs most.
	gcPercent = 400

	// postgresVariable keeps the password off the command line, where every user of the machine can read it.
	postgresVariable = "COUNTERSIGN_DEVSERVER_POSTGRES"
)

// settings are the command line.
type settings struct {
	postgres     string
	databases    string
	frontendPort int
	httpPort     int
	uiPort       int
	metricsPort  int
	uiCodec      string
	namespace    string
	retention    time.Duration
	logLevel     string
}

// readyLine is the one line on standard output: it says that the namespace can be used.
type readyLine struct {
	Ready    bool   `json:"ready"`
	Frontend string `json:"frontend"`
	HTTP     string `json:"http,omitempty"`
	UI       string `json:"ui,omitempty"`
	Metrics  string `json:"metrics,omitempty"`
	Version  string `json:"version"`
}

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, parseFlags())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "countersign-devserver:", err)
		os.Exit(1)
	}
}

func parseFlags() settings {
	var s settings
	flag.StringVar(&s.postgres, "postgres", os.Getenv(postgresVariable),
		"PostgreSQL as a URL or as host=… port=… user=… password=…; the host may be a socket directory; "+
			"better given as "+postgresVariable)
	flag.StringVar(&s.databases, "databases", "temporal",
		"name of the database, and with _visibility added of the second one")
	flag.IntVar(&s.frontendPort, "frontend-port", defaultFrontendPort, "gRPC port of the frontend; 0 takes a free one")
	flag.IntVar(&s.httpPort, "http-port", 0, "port of the HTTP API; 0 is none")
	flag.IntVar(&s.uiPort, "ui-port", 0, "port of the web UI; 0 is none")
	flag.IntVar(&s.metricsPort, "metrics-port", 0, "port of the Prometheus metrics; 0 is none")
	flag.StringVar(&s.uiCodec, "ui-codec-endpoint", "", "URL of the codec server that the web UI asks to read payloads")
	flag.StringVar(&s.namespace, "namespace", "default", "namespace to register")
	flag.DurationVar(&s.retention, "retention", defaultRetention, "how long finished workflows are kept")
	flag.StringVar(&s.logLevel, "log-level", "warn", "debug, info, warn or error; the log goes to standard error")
	flag.Parse()
	return s
}

// run starts everything, says so, and serves until ctx ends.
func run(ctx context.Context, s settings) error {
	where, err := parsePostgres(s.postgres)
	if err != nil {
		return err
	}
	if err := s.checkPorts(); err != nil {
		return err
	}
	logger, hush, err := newLogger(s.logLevel)
	if err != nil {
		return err
	}
	if err := where.prepareDatabases(ctx, s.databases, logger); err != nil {
		return err
	}
	running, err := startServer(s, where, logger)
	if err != nil {
		return err
	}
	if err := openNamespace(ctx, running.frontend, s.namespace, s.retention); err != nil {
		running.stop()
		return err
	}
	line := readyLine{Ready: true, Frontend: running.frontend, HTTP: running.http, Metrics: running.metrics,
		UI: running.uiURL, Version: headers.ServerVersion}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		running.stop()
		return fmt.Errorf("report readiness: %w", err)
	}
	<-ctx.Done()
	hush() // while they stop, the services complain of each other
	return stopWithin(stopMax, running.stop)
}

// stopWithin gives up waiting after a while: a server that hangs while it stops loses nothing by being cut off,
// because everything it accepted is in PostgreSQL.
func stopWithin(limit time.Duration, stop func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		stop()
	}()
	select {
	case <-done:
		return nil
	case <-time.After(limit):
		return fmt.Errorf("not stopped after %s, cut off", limit)
	}
}
