package port

import (
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
	Provider string         // tryton or httpjson, see the registry
	URL      string         // base address, such as http://127.0.0.1:8069
	Database string         // Tryton: the database name
	Company  string         // Tryton: the company's id or party name; "" = the user's own
	User     string         // login; with httpjson for basic authentication
	Secret   Secret         // password, or bearer token
	Currency money.Currency // base currency of the company
	Timeout  time.Duration  // of one call; zero = DefaultTimeout
	Mapping  string         // httpjson: the name of a built-in mapping ("sandbox") or a file's path
	Client   *http.Client   // nil = a client of its own
}
