package command

import (
	"fmt"
	"net"
	"net/http"

	"golang.org/x/time/rate"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/platform/certs"
)

// erpLinesIdle is how many lines to one ERP stay open while nobody speaks: a new one
// for each request would cost more than the request.
const erpLinesIdle = 64

// lineTo is the way to the ERP of a connection, the only one there is: verified, with
// our certificate where one is set.
func lineTo(c config.Connection) (http.RoundTripper, error) {
	settings, err := certs.Client(certs.Files{
		CA: c.TLS.CA, Cert: c.TLS.Cert, Key: c.TLS.Key, ServerName: c.TLS.ServerName,
	})
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	line := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // net/http says so
	line.TLSClientConfig, line.MaxIdleConnsPerHost = settings, erpLinesIdle
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
