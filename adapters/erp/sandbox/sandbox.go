// Package sandbox is a small ERP of its own, for trying the product out and for
// breaking it on purpose. It is written as an outside system: it shares no code
// with the connector that speaks to it, nor with the rest of the house.
//
//	HTTP ─▶ fault chosen ─▶ books (rules) ─▶ data log, journal (fsync) ─▶ reply sent, or dropped
//
// What was acknowledged or shown survives kill -9. Like Tryton it lets two
// vouchers carry the same reference, unless told otherwise.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

const stopWithin = 5 * time.Second

// Options of a sandbox ERP.
type Options struct {
	Dir             string           // where books and journal are kept; made if missing
	Token           string           // bearer token asked for; "" = nobody is asked
	UniqueReference bool             // refuse a second voucher with the same reference
	Now             func() time.Time // nil = time.Now
}

// Server is one sandbox ERP; it is an http.Handler.
type Server struct {
	options Options
	books   *books
	logs    *logs
	faults  *faultList
	mux     *http.ServeMux
}

// Open reads the books in the directory and continues them.
func Open(options Options) (*Server, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if err := os.MkdirAll(options.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("sandbox erp: %w", err)
	}
	books := newBooks(options)
	logs, err := openLogs(options.Dir, books.restore)
	if err != nil {
		return nil, err
	}
	s := &Server{options: options, books: books, logs: logs, faults: &faultList{}, mux: http.NewServeMux()}
	s.routes()
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close writes out what is left and closes the files.
func (s *Server) Close() error { return s.logs.close() }

// Run serves a sandbox ERP until the context ends.
func Run(ctx context.Context, listen, dir string) error {
	s, err := Open(Options{Dir: dir})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("sandbox erp: %w", err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: stopWithin}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("sandbox erp: %w", err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := server.Shutdown(stopping); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("sandbox erp: %w", err)
	}
	return nil
}
