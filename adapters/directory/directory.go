// Package directory is the port to a company's directory that we ask ourselves: it
// lists everybody who works there. One that tells us by itself comes in by
// gateway/scim. WeCom, DingTalk and Feishu plug in here.
package directory

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/countersign/countersign/domain/directory"
)

// The kinds of source.
const (
	Table = "table" // a CSV file at a path or an https address
	SCIM  = "scim"  // another system's SCIM 2.0 service
)

// BodyMax is how many bytes one answer of a source may have.
const BodyMax = 16 << 20

// Config is one source.
type Config struct {
	ID      string
	Kind    string // Table or SCIM
	Path    string // of a table's file
	URL     string // of a table, or the base of a SCIM service: https
	Token   string // sent as a bearer token
	SHA256  string // of a table, hex; "" takes whatever is there
	Filter  string // of SCIM users, such as: active eq true
	Groups  bool   // list SCIM groups too
	Private bool   // its address may lie in a private network
	Timeout time.Duration
	TLS     *tls.Config // nil = the system's
}

// Source lists everybody at once.
type Source interface {
	// List reads all there is, or nothing: a listing that is cut off is an error.
	//
	// Errors: Busy directory.unavailable; Forbidden directory.refused; Invalid
	// directory.unreadable, scim.*.
	List(ctx context.Context) (directory.Listing, error)
}
