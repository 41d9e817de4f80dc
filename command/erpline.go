package command

import (
	"fmt"
	"net"
	"net/http"

	"golang.org/x/time/rate"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/platform/publicnet"
)

// erpLinesIdle is how many lines to one ERP stay open while nobody speaks: a new one
// for each request would cost more than the request.
const erpLinesIdle = 64

// lineTo is the way to the ERP of a connection, the only one there is: verified, with
// our certificate where one is set, and into our own network only where the connection
// itself says so, whatever the ERP answers.
func lineTo(c config.Connection) (*http.Transport, error) {
	settings, err := c.TLS.Client()
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	named := []string{c.URL}
	for _, option := range c.Options {
		named = append(named, option) // gateway_url and the like; what is no address names nothing
	}
	line := publicnet.Way{Named: named, Proxied: true, TLS: settings}.Transport()
	line.MaxIdleConnsPerHost = erpLinesIdle
	return line, nil
}

// paced keeps calls to an ERP within what its owner allows us.
type paced struct {
	line  http.RoundTripper
	limit *rate.Limiter
}

// RoundTrip waits its turn, then asks.
func (p paced) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := p.limit.Wait(r.Context()); err != nil {
		// As a line that was never opened: nothing was sent, and adapters know it by that.
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("waiting for a turn at the ERP: %w", err)}
	}
	return p.line.RoundTrip(r)
}
