package soapxml

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // WS-Security's digest is SHA-1 by its specification
	"encoding/base64"
	"encoding/xml"
	"time"
)

// soapPrefix is that of our envelopes.
const soapPrefix = "soap"

// envelopes are the namespaces of the versions, and types their media types.
var (
	envelopes = map[string]string{version11: "http://schemas.xmlsoap.org/soap/envelope/",
		version12: "http://www.w3.org/2003/05/soap-envelope"}
	mustUnderstand = map[string]string{version11: "1", version12: "true"}
)

// The names of WS-Security 1.0 and its UsernameToken profile.
const (
	wss      = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
	wsse     = wss + "wssecurity-secext-1.0.xsd"
	wsu      = wss + "wssecurity-utility-1.0.xsd"
	token    = wss + "username-token-profile-1.0#"
	encoding = wss + "soap-message-security-1.0#Base64Binary"
)

// nonceSize is how long what is used once is, in bytes.
const nonceSize = 16

// envelope is a whole message, and what in it proves who we are beside the password.
func (p *wire) envelope(body []byte) (text []byte, proofs []string) {
	version := p.mapping.SOAP
	var to bytes.Buffer
	to.WriteString(xml.Header + `<soap:Envelope xmlns:soap="` + envelopes[version] + `">`)
	if p.mapping.Auth == authWSSText || p.mapping.Auth == authWSSDigest {
		var security []byte
		security, proofs = p.security()
		to.WriteString("<soap:Header>")
		to.Write(security)
		to.WriteString("</soap:Header>")
	}
	to.WriteString("<soap:Body>")
	to.Write(body)
	to.WriteString("</soap:Body></soap:Envelope>")
	return to.Bytes(), proofs
}

// security is the header that says who we are. Each has a nonce of its own.
func (p *wire) security() (text []byte, proofs []string) {
	raw := make([]byte, nonceSize)
	_, _ = rand.Read(raw) // never fails
	nonce, created := base64.StdEncoding.EncodeToString(raw), p.now().UTC().Format(time.RFC3339)
	password, kind := string(p.config.Secret), "PasswordText"
	proofs = []string{nonce}
	if p.mapping.Auth == authWSSDigest {
		password, kind = digest(raw, created, password), "PasswordDigest"
		proofs = append(proofs, password)
	}
	var to bytes.Buffer
	to.WriteString(`<wsse:Security xmlns:wsse="` + wsse + `" xmlns:wsu="` + wsu + `" soap:mustUnderstand="` +
		mustUnderstand[p.mapping.SOAP] + `"><wsse:UsernameToken><wsse:Username>`)
	_ = xml.EscapeText(&to, []byte(p.config.User)) // a buffer
	to.WriteString(`</wsse:Username><wsse:Password Type="` + token + kind + `">`)
	_ = xml.EscapeText(&to, []byte(password))
	to.WriteString(`</wsse:Password><wsse:Nonce EncodingType="` + encoding + `">` + nonce + `</wsse:Nonce><wsu:Created>` +
		created + `</wsu:Created></wsse:UsernameToken></wsse:Security>`)
	return to.Bytes(), proofs
}

// digest is Base64(SHA-1(nonce + created + password)).
func digest(nonce []byte, created, password string) string {
	sum := sha1.Sum(append(append(nonce[:len(nonce):len(nonce)], created...), password...)) //nolint:gosec // see above
	return base64.StdEncoding.EncodeToString(sum[:])
}
