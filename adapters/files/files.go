// Package files is the port to where attachments are kept: a directory or an
// object store. What is kept is bytes under a key made here; names, types and
// rights live in the database.
package files

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"io"
	"regexp"

	"github.com/countersign/countersign/domain/fault"
)

// Store keeps bytes under keys. Every provider passes filestest.Run.
type Store interface {
	// Put keeps size bytes of content under a key from NewKey, and returns when
	// they would survive a power cut. Safe to repeat with the same content.
	//
	// Errors: Busy file.unavailable; nothing is kept then that Open would find.
	Put(ctx context.Context, key string, content io.Reader, size int64) error

	// Open reads what is kept under a key.
	//
	// Errors: NotFound file.not_found, Busy file.unavailable.
	Open(ctx context.Context, key string) (io.ReadCloser, error)

	// Delete forgets a key. Safe to repeat: a key that is not there is no error.
	Delete(ctx context.Context, key string) error

	// Check says whether the store can be reached, for /readyz.
	Check(ctx context.Context) error
}

// Config chooses a provider.
type Config struct {
	Provider  string `mapstructure:"provider"`  // disk or s3
	Directory string `mapstructure:"directory"` // disk: where the files lie; made if missing
	Endpoint  string `mapstructure:"endpoint"`  // s3: host:port
	Bucket    string `mapstructure:"bucket"`
	Region    string `mapstructure:"region"`
	Prefix    string `mapstructure:"prefix"` // s3: before every key, "" or "countersign/"
	AccessKey string `mapstructure:"access_key"`
	SecretKey string `mapstructure:"secret_key"`
	Insecure  bool   `mapstructure:"insecure"` // s3: plain http, for a store on the same machine

	TLS *tls.Config `mapstructure:"-"` // s3; nil = the system's
}

// Codes are the faults of files and of what may be attached.
var Codes = fault.Register(map[string]fault.Entry{
	"file.not_found":         {Kind: fault.NotFound},
	"file.unavailable":       {Kind: fault.Busy},
	"attachment.empty":       {Kind: fault.Invalid, Args: []string{"name"}},
	"attachment.too_large":   {Kind: fault.Invalid, Status: 413, Args: []string{"name", "limit"}},
	"attachment.bad_name":    {Kind: fault.Invalid},
	"attachment.broken":      {Kind: fault.Invalid, Status: 415, Args: []string{"name"}},
	"attachment.not_allowed": {Kind: fault.Invalid, Status: 415, Args: []string{"name", "allowed"}},
	"attachment.disguised":   {Kind: fault.Invalid, Status: 415, Args: []string{"name", "found"}},
})

// keyForm is the only form a key has, so that no key is ever a path.
var keyForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// NewKey makes the key of new content: 128 random bits, never the file's name.
func NewKey() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// ValidKey says whether a key has the form that NewKey gives it.
func ValidKey(key string) bool { return keyForm.MatchString(key) }

// NotFound is the fault of a key that holds nothing.
func NotFound() error { return fault.New(fault.NotFound, "file.not_found") }
