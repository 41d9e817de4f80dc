package port

import (
	"crypto/tls"
	"time"
)

// DefaultTimeout bounds one call to a platform where Config.Timeout is zero.
const DefaultTimeout = 10 * time.Second

// Secret is a key or token that never shows itself in logs or dumps.
type Secret string

// String hides the secret.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret.
func (Secret) GoString() string { return "(secret)" }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// Config is one app on one platform. What a provider calls each of them is in
// its package comment.
type Config struct {
	Name     string        // of this app, for logs, hooks and tables
	Provider string        // wecom, dingtalk, feishu, slack, see the registry
	URL      string        // base address; "" = the vendor's
	Tenant   string        // corp id, tenant key, team id: whose people these are
	App      string        // app key, app id, agent id
	Secret   Secret        // of the app: tokens are got with it
	Token    Secret        // that callbacks are signed or named with
	Key      Secret        // that callbacks are encrypted with
	Timeout  time.Duration // of one call; zero = DefaultTimeout
	TLS      *tls.Config   // nil = the system's
	Private  bool          // addresses that the platform tells may lie in a private network

	Options map[string]string // what only this provider knows, by name; its package comment lists them
}
