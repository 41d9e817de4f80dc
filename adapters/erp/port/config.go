package port

import (
	"crypto/tls"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/money"
)

// DefaultTimeout bounds one call to an ERP where Config.Timeout is zero.
const DefaultTimeout = 20 * time.Second

// Secret is a password or token that never shows itself in logs or dumps.
type Secret string

// String hides the secret.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret.
func (Secret) GoString() string { return "(secret)" }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// Config is one connection to one ERP company.
type Config struct {
	Name     string         // of this connection, for logs
	Provider string         // tryton, odoo, httpjson …, see the registry
	URL      string         // base address, such as http://127.0.0.1:8069
	Database string         // the database's name, where a server has several
	Company  string         // the company's id or name there; "" = the user's own
	User     string         // login; with httpjson and soap as the mapping signs in
	Secret   Secret         // password, API key or bearer token
	Currency money.Currency // base currency of the company
	Timeout  time.Duration  // of one call; zero = DefaultTimeout
	Mapping  string         // httpjson, soap: a built-in mapping ("sandbox", "ledger"), or a file's path
	Client   *http.Client   // nil = a client of its own
	TLS      *tls.Config    // of what speaks no HTTP of ours: a bucket; nil = the system's

	// Record is told of every exchange; nil = nobody. See package journal.
	Record Recorder

	Options map[string]string // what only this provider knows, by name; its package comment lists them
}

// HTTP is the client of a connection: bounded by Timeout, over Client's transport
// where there is one. It follows no redirect, which would turn POST into GET or
// carry the secret elsewhere.
func (c Config) HTTP() *http.Client {
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	own := &http.Client{Timeout: timeout}
	if c.Client != nil {
		own.Transport = c.Client.Transport
	}
	if c.Record != nil {
		next := own.Transport
		if next == nil {
			next = http.DefaultTransport
		}
		own.Transport = witness{next: next, config: c}
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return own
}
