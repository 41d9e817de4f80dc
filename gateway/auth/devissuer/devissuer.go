// Package devissuer is an OpenID Connect provider for development: anybody may
// sign in as anybody by choosing a name. It refuses to exist anywhere but in
// dev mode on a loopback address.
//
// The house signs in here by the same code as at a real provider, so what is
// tried in development is what runs in production.
package devissuer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/countersign/countersign/domain/org"
)

// Path is where the issuer is mounted.
const Path = "/dev/issuer"

// ClientID is the only client.
const ClientID = "countersign"

const (
	codeLife  = time.Minute
	tokenLife = 5 * time.Minute
	codesMax  = 1000 // codes given out and not redeemed
	formMax   = 16 << 10
)

// Config says where the issuer runs.
type Config struct {
	Mode   string // must be "dev"
	Public string // the house's own address, such as http://127.0.0.1:8080
	Listen string // the address that the gateway listens on
	Secret string // of the client
}

// People lists who may be chosen.
type People func(ctx context.Context) ([]Choice, error)

// Choice is one person to sign in as.
type Choice struct {
	Person org.Person
	Roles  []string
}

// Issuer is the provider.
type Issuer struct {
	config Config
	people People
	signer jose.Signer
	public jose.JSONWebKey

	mutex sync.Mutex
	codes map[string]grant
}

// grant is what a code stands for, until it is redeemed.
type grant struct {
	subject, name              string
	redirect, challenge, nonce string
	expires                    time.Time
}

// New makes the issuer, with keys of its own that live as long as the process.
//
// Errors: where the mode is not dev, or an address is not a loopback one.
func New(c Config, people People) (*Issuer, error) {
	if c.Mode != "dev" {
		return nil, errors.New("devissuer: only in dev mode")
	}
	public, err := url.Parse(c.Public)
	if err != nil || !loopback(public.Hostname()) {
		return nil, errors.New("devissuer: the public address is not a loopback address: " + c.Public)
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || !loopback(host) {
		return nil, errors.New("devissuer: the gateway does not listen on a loopback address: " + c.Listen)
	}
	if c.Secret == "" {
		return nil, errors.New("devissuer: the client has no secret")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	id := token()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: id}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	return &Issuer{
		config: c, people: people, signer: signer, codes: map[string]grant{},
		public: jose.JSONWebKey{Key: key.Public(), KeyID: id, Algorithm: string(jose.ES256), Use: "sig"},
	}, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Issuer is the issuer's name, which is also its address.
func (i *Issuer) Issuer() string { return strings.TrimSuffix(i.config.Public, "/") + Path }

// Handler serves the issuer's endpoints under Path.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path+"/.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET "+Path+"/keys", i.keys)
	mux.HandleFunc("GET "+Path+"/authorize", i.ask)
	mux.HandleFunc("POST "+Path+"/authorize", i.choose)
	mux.HandleFunc("POST "+Path+"/token", i.redeem)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil || !loopback(host) {
			http.Error(w, "this issuer answers this machine only", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, formMax)
		mux.ServeHTTP(w, r)
	})
}

// give makes a code for a choice; it is good once and for a minute.
func (i *Issuer) give(g grant) string {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	now := time.Now()
	for code, old := range i.codes {
		if now.After(old.expires) || len(i.codes) >= codesMax {
			delete(i.codes, code)
		}
	}
	code := token()
	g.expires = now.Add(codeLife)
	i.codes[code] = g
	return code
}

// take redeems a code; the second time it is gone.
func (i *Issuer) take(code string) (grant, bool) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	g, ok := i.codes[code]
	delete(i.codes, code)
	return g, ok && time.Now().Before(g.expires)
}

func (i *Issuer) find(ctx context.Context, subject string) (Choice, bool) {
	people, err := i.people(ctx)
	if err != nil {
		return Choice{}, false
	}
	at := slices.IndexFunc(people, func(c Choice) bool { return c.Person.ID == subject })
	if at < 0 {
		return Choice{}, false
	}
	return people[at], true
}

func token() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Listed makes the choices of an organisation: everybody, those who left too, so
// that being refused can be tried.
func Listed(snapshot *org.Snapshot) []Choice {
	var list []Choice
	for _, p := range snapshot.People {
		c := Choice{Person: p}
		for _, g := range snapshot.GrantsOf(p.ID) {
			if !slices.Contains(c.Roles, g.Role) {
				c.Roles = append(c.Roles, g.Role)
			}
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Choice) int { return strings.Compare(a.Person.ID, b.Person.ID) })
	return list
}
