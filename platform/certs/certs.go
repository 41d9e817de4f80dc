// Package certs makes a client's side of TLS out of files: whom we believe, and who
// we are. Nothing here can turn verification off.
package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
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

// Problem is a file that serves nobody, and how to mend it.
type Problem struct {
	Of   string // ca, cert or key
	Text string
	Mend string
}

// Error says all three.
func (p Problem) Error() string { return p.Of + " " + p.Text + ": " + p.Mend }

// Client reads the files.
//
// Errors: a Problem.
func Client(f Files) (*tls.Config, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: f.ServerName}
	if f.CA != "" {
		authorities, err := read("ca", f.CA)
		if err != nil {
			return nil, err
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, Problem{"ca", "has no certificate: " + f.CA, "write the authorities' certificates into it, in PEM"}
		}
	}
	own, err := pair(f)
	if err != nil {
		return nil, err
	}
	if own != nil {
		// Certificates would be kept back from who names a root that ours has only by another
		// between them.
		settings.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own, nil }
	}
	return settings, nil
}

// pair reads our certificate and its key; nil where there is none.
func pair(f Files) (*tls.Certificate, error) {
	if f.Cert == "" && f.Key == "" {
		return nil, nil //nolint:nilnil // none is no error
	}
	if f.Cert == "" || f.Key == "" {
		return nil, Problem{"key", "and cert go together", "set both or neither"}
	}
	cert, err := read("cert", f.Cert)
	if err != nil {
		return nil, err
	}
	key, err := read("key", f.Key)
	if err != nil {
		return nil, err
	}
	if !x509.NewCertPool().AppendCertsFromPEM(cert) {
		return nil, Problem{"cert", "has no certificate: " + f.Cert,
			"write our certificate into it, in PEM, and behind it those between it and its authority"}
	}
	own, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, Problem{"key", "is none, or not that of cert: " + f.Key,
			"name the private key that our certificate was made for, in PEM, without a passphrase"}
	}
	return &own, nil
}

func read(of, path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Problem{of, "is not there: " + path, "name the file, with its whole path"}
	}
	if err != nil {
		return nil, Problem{of, "cannot be read: " + path, "let the account that this process runs under read the file"}
	}
	return text, nil
}
