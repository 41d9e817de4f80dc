package passkey

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"strings"
)

// The limits of an assertion's parts, in characters.
const partMax = 8 << 10

// rsaBitsMin is the least size of an RSA key.
const rsaBitsMin = 2048

// Flags and places in authenticator data: WebAuthn level 2, section 6.1.
const (
	userPresent  = 0x01
	userVerified = 0x04
	backupMay    = 0x08
	backupDone   = 0x10

	flagsAt   = sha256.Size
	counterAt = flagsAt + 1
	headerLen = counterAt + 4
)

// Seen is what an assertion that holds tells beside.
type Seen struct {
	Counter uint32 // how often the key signed; 0 where it does not count, as synced ones do
	Origin  string // of the page
}

// clientData is what the browser says.
type clientData struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
}

// Fits says whether an assertion answers a question, by somebody who was verified, on
// a page that is not framed by another: everything that needs no key.
//
// Errors: Forbidden passkey.refused.
func (a Assertion) Fits(challenge string) error {
	said, err := a.client()
	if err != nil {
		return err
	}
	header, err := a.header()
	switch {
	case err != nil:
		return err
	case said.Type != "webauthn.get" || a.Nonce == "" || said.Challenge != challenge:
		return refused(BadChallenge)
	case said.CrossOrigin:
		return refused(BadOrigin)
	case header[flagsAt]&userPresent == 0 || header[flagsAt]&userVerified == 0:
		return refused(Unverified)
	case header[flagsAt]&backupDone != 0 && header[flagsAt]&backupMay == 0:
		return refused(BadForm)
	}
	return nil
}

// Verify proves that a key signed the answer to a question, for its domain.
//
// Errors: Forbidden passkey.unknown, passkey.refused.
func (a Assertion) Verify(k Key, challenge string) (Seen, error) {
	if a.Credential == "" || a.Credential != k.Credential {
		return Seen{}, unknown()
	}
	if err := a.Fits(challenge); err != nil {
		return Seen{}, err
	}
	said, err := a.client()
	if err != nil {
		return Seen{}, err
	}
	if !of(said.Origin, k.RP) {
		return Seen{}, refused(BadOrigin)
	}
	header, err := a.header()
	if err != nil {
		return Seen{}, err
	}
	if rp := sha256.Sum256([]byte(k.RP)); !bytes.Equal(header[:flagsAt], rp[:]) {
		return Seen{}, refused(BadRP)
	}
	if !a.signedBy(k) {
		return Seen{}, refused(BadSignature)
	}
	return Seen{Counter: binary.BigEndian.Uint32(header[counterAt:headerLen]), Origin: said.Origin}, nil
}

// of says whether a page belongs to a domain, over a way that nobody else reads.
func of(origin, rp string) bool {
	page, err := url.Parse(origin)
	if err != nil || rp == "" {
		return false
	}
	host := page.Hostname()
	if host != rp && !strings.HasSuffix(host, "."+rp) {
		return false
	}
	return page.Scheme == "https" || page.Scheme == "http" && host == "localhost"
}

func (a Assertion) client() (clientData, error) {
	var said clientData
	text, err := part(a.Client)
	if err != nil || json.Unmarshal(text, &said) != nil {
		return clientData{}, refused(BadForm)
	}
	return said, nil
}

func (a Assertion) header() ([]byte, error) {
	data, err := part(a.Authenticator)
	if err != nil || len(data) < headerLen {
		return nil, refused(BadForm)
	}
	return data, nil
}

// signedBy verifies the signature over the authenticator data and the hash of what
// the browser said.
func (a Assertion) signedBy(k Key) bool {
	der, err := base64.StdEncoding.DecodeString(k.Public)
	if err != nil {
		return false
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return false
	}
	data, err1 := part(a.Authenticator)
	client, err2 := part(a.Client)
	signature, err3 := part(a.Signature)
	if err1 != nil || err2 != nil || err3 != nil {
		return false
	}
	said := sha256.Sum256(client)
	signed := append(bytes.Clone(data), said[:]...)
	sum := sha256.Sum256(signed)
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		return key.Curve == elliptic.P256() && ecdsa.VerifyASN1(key, sum[:], signature)
	case ed25519.PublicKey:
		return ed25519.Verify(key, signed, signature)
	case *rsa.PublicKey:
		return key.N.BitLen() >= rsaBitsMin && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
	}
	return false
}

func part(text string) ([]byte, error) {
	if text == "" || len(text) > partMax {
		return nil, refused(BadForm)
	}
	return base64.RawURLEncoding.DecodeString(text)
}
