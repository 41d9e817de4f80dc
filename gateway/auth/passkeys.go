package auth

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/passkey"
	"github.com/countersign/countersign/store"
)

// QuestionLife is how long somebody may take to answer with a passkey.
const QuestionLife = 5 * time.Minute

// PasskeyConfig says for whom passkeys sign, and on which pages.
type PasskeyConfig struct {
	Public  string   // the house's own address
	RP      string   // relying party id; "" = the host of Public
	Origins []string // pages that may ask; none = that of Public
}

// Passkeys is the ceremony of WebAuthn: it asks browsers, and reads what an
// authenticator answers when a passkey is added. What passkeys sign is judged by
// domain/passkey. 通行密钥
type Passkeys struct {
	ceremony *webauthn.WebAuthn
	rp       string
	origins  []string
}

// NewPasskeys makes it; nil where the house is reached by a bare address, for which
// no browser makes passkeys.
//
// Errors: what cannot be a relying party or an origin.
func NewPasskeys(c PasskeyConfig) (*Passkeys, error) {
	public, err := url.Parse(c.Public)
	if err != nil {
		return nil, fmt.Errorf("auth: the public address is not a URL: %w", err)
	}
	if c.RP == "" {
		c.RP = public.Hostname()
	}
	if net.ParseIP(c.RP) != nil {
		return nil, nil
	}
	if len(c.Origins) == 0 {
		c.Origins = []string{public.Scheme + "://" + public.Host}
	}
	for _, origin := range c.Origins {
		page, err := url.Parse(origin)
		if err != nil || page.Host == "" || page.Path != "" ||
			page.Hostname() != c.RP && !strings.HasSuffix(page.Hostname(), "."+c.RP) {
			return nil, fmt.Errorf("auth: %q is no page of %q: passkeys of that domain cannot be asked for there", origin, c.RP)
		}
	}
	ceremony, err := webauthn.New(&webauthn.Config{
		RPID: c.RP, RPDisplayName: "Countersign 会签", RPOrigins: c.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("auth: passkeys: %w", err)
	}
	return &Passkeys{ceremony: ceremony, rp: c.RP, origins: c.Origins}, nil
}

// kinds are the signatures that we can prove: what browsers make in practice.
var kinds = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// owner is a person as the ceremony knows them. The handle says nothing of who it is:
// authenticators keep it in the clear.
type owner struct{ person org.Person }

func (o owner) WebAuthnID() []byte {
	sum := sha256.Sum256([]byte("countersign person " + o.person.ID))
	return sum[:]
}

func (o owner) WebAuthnName() string {
	if o.person.Email != "" {
		return o.person.Email
	}
	return o.person.ID
}

func (o owner) WebAuthnDisplayName() string                { return o.person.Name }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return nil }

// Invite asks somebody's browser for a new passkey on an authenticator that has none
// of theirs yet. The challenge is what its answer will name.
func (p *Passkeys) Invite(person org.Person, have []store.Passkey) (options any, challenge string, err error) {
	creation, _, err := p.ceremony.BeginRegistration(owner{person},
		webauthn.WithExclusions(descriptors(have)), webauthn.WithCredentialParameters(kinds))
	if err != nil {
		return nil, "", err
	}
	return creation.Response, creation.Response.Challenge.String(), nil
}

// Named is the challenge that an answer names; what it is worth is seen when it is read.
//
// Errors: Forbidden passkey.refused.
func (p *Passkeys) Named(answer []byte) (challenge string, err error) {
	read, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return "", unreadable(err)
	}
	return read.Response.CollectedClientData.Challenge, nil
}

// Read proves the answer to an invitation, and is the passkey that it brings.
//
// Errors: Forbidden passkey.refused.
func (p *Passkeys) Read(person org.Person, challenge string, answer []byte) (store.Passkey, error) {
	read, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return store.Passkey{}, unreadable(err)
	}
	made, err := p.ceremony.CreateCredential(owner{person}, webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: p.rp, UserID: owner{person}.WebAuthnID(),
		UserVerification: protocol.VerificationRequired, CredParams: kinds,
	}, read)
	if err != nil {
		return store.Passkey{}, p.because(err, read, challenge)
	}
	public, err := publicKey(made.PublicKey)
	if err != nil {
		return store.Passkey{}, unreadable(err)
	}
	kept := store.Passkey{
		Person: person.ID, Credential: base64.RawURLEncoding.EncodeToString(made.ID), PublicKey: public, RP: p.rp,
		Synced: made.Flags.BackupEligible, Counter: made.Authenticator.SignCount,
	}
	if model := made.Authenticator.AAGUID; len(model) == 16 && !slices.Equal(model, make([]byte, 16)) {
		kept.Model = fmt.Sprintf("%x", model)
	}
	for _, t := range made.Transport {
		kept.Transports = append(kept.Transports, string(t))
	}
	return kept, nil
}

// publicKey writes a COSE key as PKIX, which everybody can read.
func publicKey(cose []byte) (string, error) {
	parsed, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return "", err
	}
	var key any
	switch k := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		key, err = k.ToECDSA()
	case webauthncose.OKPPublicKeyData:
		key = ed25519.PublicKey(k.XCoord)
	case webauthncose.RSAPublicKeyData:
		exponent, unfit := webauthncose.ParseRSAPublicKeyDataExponent(&k)
		key, err = &rsa.PublicKey{N: new(big.Int).SetBytes(k.Modulus), E: exponent}, unfit
	default:
		err = errors.New("an unknown kind of key")
	}
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	return base64.StdEncoding.EncodeToString(der), err
}

// Ask asks a browser to sign a challenge with one of these passkeys.
func (p *Passkeys) Ask(challenge string, with []store.Passkey) (options any, err error) {
	bytes, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		return nil, err
	}
	return protocol.PublicKeyCredentialRequestOptions{
		Challenge: bytes, RelyingPartyID: p.rp, AllowedCredentials: descriptors(with),
		UserVerification: protocol.VerificationRequired, Timeout: int(QuestionLife.Milliseconds()),
	}, nil
}

// Here says whether a passkey was asked for on a page of this house.
func (p *Passkeys) Here(origin string) bool { return slices.Contains(p.origins, origin) }

// Usable leaves those passkeys that may sign for this house.
func (p *Passkeys) Usable(have []store.Passkey) []store.Passkey {
	return slices.DeleteFunc(slices.Clone(have), func(k store.Passkey) bool {
		return !k.RemovedAt.IsZero() || k.RP != p.rp
	})
}

func descriptors(of []store.Passkey) []protocol.CredentialDescriptor {
	list := make([]protocol.CredentialDescriptor, 0, len(of))
	for _, k := range of {
		id, err := base64.RawURLEncoding.DecodeString(k.Credential)
		if err != nil {
			continue // we wrote it
		}
		d := protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: id}
		for _, t := range k.Transports {
			d.Transport = append(d.Transport, protocol.AuthenticatorTransport(t))
		}
		list = append(list, d)
	}
	return list
}

// unreadable is the refusal of what is no answer of an authenticator; the rest is for
// the log.
func unreadable(err error) error {
	slog.Info("an answer of an authenticator was not read", "error", err.Error())
	return fault.New(fault.Forbidden, "passkey.refused", fault.Arg("why", passkey.BadForm))
}

// because says why a new passkey was refused, as far as its owner can do something
// about it.
func (p *Passkeys) because(err error, read *protocol.ParsedCredentialCreationData, challenge string) error {
	slog.Info("a new passkey was refused", "error", err.Error())
	said, made := read.Response.CollectedClientData, read.Response.AttestationObject.AuthData
	domain, why := sha256.Sum256([]byte(p.rp)), passkey.BadForm
	switch {
	case said.Challenge != challenge:
		why = passkey.BadChallenge
	case !p.Here(said.Origin):
		why = passkey.BadOrigin
	case !slices.Equal(made.RPIDHash, domain[:]):
		why = passkey.BadRP
	case !made.Flags.HasUserVerified():
		why = passkey.Unverified
	}
	return fault.New(fault.Forbidden, "passkey.refused", fault.Arg("why", why))
}
