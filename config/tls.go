package config

import (
	"crypto/tls"
	"errors"

	"github.com/countersign/countersign/platform/certs"
)

// TLS is a client's side of a TLS connection; the zero value is none. It has one form at
// every door on which we go out.
type TLS struct {
	CA         string `mapstructure:"ca"`          // file of authorities; "" = the system's
	Cert       string `mapstructure:"cert"`        // file of our certificate, with Key
	Key        string `mapstructure:"key"`         // file of its private key
	ServerName string `mapstructure:"server_name"` // "" = the host of the address
	Enabled    bool   `mapstructure:"enabled"`     // temporal: TLS without any of the above
}

// On says whether TLS is used: it is enabled, or something of it is set.
func (t TLS) On() bool { return t.Enabled || t.set() }

func (t TLS) set() bool { return t.CA != "" || t.Cert != "" || t.Key != "" || t.ServerName != "" }

// Client reads the files; nil where none is named.
//
// Errors: certs.Problem.
func (t TLS) Client() (*tls.Config, error) {
	if !t.set() {
		return nil, nil //nolint:nilnil // none is no error
	}
	return certs.Client(certs.Files{CA: t.CA, Cert: t.Cert, Key: t.Key, ServerName: t.ServerName})
}

// check holds that a door which is at the key at can be opened with it: the files are
// there, and what is said there is encrypted.
func (t TLS) check(k *check, at string, encrypted bool, mend string) {
	k.want(encrypted || !t.On(), at, "is set and nothing is encrypted", mend)
	var bad certs.Problem
	if _, err := t.Client(); errors.As(err, &bad) {
		k.fail(at+"."+bad.Of, bad.Text, bad.Mend)
	}
}
