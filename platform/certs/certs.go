// Package certs makes a client's side of TLS out of files: whom we believe, and who
// we are. Nothing here can turn verification off.
package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// Files name what a client needs; the zero value believes the system's authorities
// and has no certificate of its own.
type Files struct {
	CA         string // of authorities, and of no others; "" = the system's
	Cert       string // our certificate, with Key
	Key        string // its private key
	ServerName string // that the other side's certificate must have; "" = the host of the address
}

// Client reads the files.
//
// Errors: a file that cannot be read or has no certificate, half of a pair.
func Client(f Files) (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: f.ServerName}
	if f.CA != "" {
		authorities, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, fmt.Errorf("reading the authorities: %w", err)
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("no certificate in %s", f.CA)
		}
	}
	if f.Cert == "" && f.Key == "" {
		return settings, nil
	}
	if f.Cert == "" || f.Key == "" {
		return nil, errors.New("a certificate and its key go together")
	}
	own, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("reading our certificate: %w", err)
	}
	settings.Certificates = []tls.Certificate{own}
	return settings, nil
}
