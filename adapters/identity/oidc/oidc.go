// Package oidc signs people in at any OpenID Connect provider: code flow with
// PKCE, state and nonce; fresh sign-ins; sign-out both ways.
package oidc

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/countersign/countersign/adapters/identity"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/publicnet"
)

const (
	callMax  = 10 * time.Second // one call to the provider
	leeway   = time.Minute      // clocks differ
	wordsMax = 200              // of the provider's own error

	redirectsMost = 5 // of a look

	pauseLeast = time.Second // between two looks for a provider that is away
	pauseMost  = 30 * time.Second
)

// algorithms that an id_token may be signed with; never none, never a shared key.
var algorithms = []string{oidc.RS256, oidc.PS256, oidc.ES256, oidc.EdDSA}

// Provider is one OpenID Connect provider. It is found when it answers, so a
// provider that is away keeps nobody from starting the house.
type Provider struct {
	config identity.Config
	client *http.Client

	looking sync.Mutex // one look at a time

	state sync.Mutex // of what follows, never held for long
	found *found
	pause time.Duration // until the next look
	last  time.Time     // look that found nothing; zero: nobody looked yet
}

// found is what a provider says of itself.
type found struct {
	*oidc.Provider
	SendsIssuer bool   `json:"authorization_response_iss_parameter_supported"`
	EndSession  string `json:"end_session_endpoint"`
}

var _ identity.Provider = (*Provider)(nil)

// Open makes a provider without calling it.
func Open(c identity.Config) (*Provider, error) {
	if c.ID == "" || c.Issuer == "" || c.ClientID == "" {
		return nil, errors.New("an oidc provider needs id, issuer and client_id")
	}
	way := publicnet.Way{Named: []string{c.Issuer}, Private: c.Private, Proxied: true, TLS: c.TLS}
	return &Provider{config: c,
		client: &http.Client{Timeout: callMax, Transport: way.Transport(), CheckRedirect: onlyLooks}}, nil
}

// onlyLooks follows no redirect of what was sent: the client's secret and a sign-in's
// code are for the endpoint that the provider named.
func onlyLooks(r *http.Request, via []*http.Request) error {
	if via[0].Method != http.MethodGet || len(via) > redirectsMost {
		return http.ErrUseLastResponse
	}
	if via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return errors.New("the provider leads to a place that is not https") // its keys would come from anybody
	}
	return nil
}

// ID is the provider's id in our addresses.
func (p *Provider) ID() string { return p.config.ID }

// Title is the provider's name for people.
func (p *Provider) Title(locale string) string {
	return cmp.Or(p.config.Titles[locale], p.config.Title, p.config.ID)
}

// Classes are asked for where a fresh sign-in names none.
func (p *Provider) Classes() []string { return p.config.Classes }

// Ready says whether the provider is there, as far as anybody looked.
func (p *Provider) Ready() error {
	p.state.Lock()
	defer p.state.Unlock()
	if p.found == nil && !p.last.IsZero() {
		return p.away()
	}
	return nil
}

// Watch looks for the provider until it is found or ctx ends.
func (p *Provider) Watch(ctx context.Context) {
	for {
		if _, err := p.discover(); err == nil {
			return
		}
		p.state.Lock()
		wait := time.Until(p.last.Add(p.pause))
		p.state.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(wait, 0)):
		}
	}
}

// discover finds the provider's endpoints and keys, once; while it is away, one
// look at a time, and for people who wait not more often than every second.
func (p *Provider) discover() (*found, error) {
	p.looking.Lock()
	defer p.looking.Unlock()
	p.state.Lock()
	known, last := p.found, p.last
	p.state.Unlock()
	if known != nil {
		return known, nil
	}
	if time.Since(last) < pauseLeast {
		return nil, p.away()
	}
	f, err := p.look()
	p.state.Lock()
	defer p.state.Unlock()
	if err != nil {
		p.pause = min(max(2*p.pause, pauseLeast), pauseMost)
		p.last = time.Now()
		return nil, p.unavailable("discover", err)
	}
	p.found = f
	return f, nil
}

// look asks the provider what it is. The context it keeps fetches new keys later, so
// it is not the request's.
func (p *Provider) look() (*found, error) {
	f := new(found)
	var err error
	f.Provider, err = oidc.NewProvider(oidc.ClientContext(context.Background(), p.client), p.config.Issuer)
	if err != nil {
		return nil, err
	}
	return f, f.Claims(f)
}

func (p *Provider) oauth(f *found, callback string) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     p.config.ClientID,
		ClientSecret: p.config.ClientSecret,
		Endpoint:     f.Endpoint(),
		RedirectURL:  callback,
		Scopes:       append([]string{oidc.ScopeOpenID}, p.config.Scopes...),
	}
}

// Begin is where to send the browser. A fresh sign-in is asked for twice, for there
// are providers that know only one of the two words.
func (p *Provider) Begin(_ context.Context, a identity.Attempt) (string, error) {
	f, err := p.discover()
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.Verifier), oidc.Nonce(a.Nonce)}
	if a.MaxAge > 0 {
		options = append(options, oauth2.SetAuthURLParam("max_age", strconv.Itoa(a.MaxAge)),
			oauth2.SetAuthURLParam("prompt", "login"))
	}
	if len(a.Classes) > 0 {
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(a.Classes, " ")))
	}
	return p.oauth(f, a.Callback).AuthCodeURL(a.State, options...), nil
}

// Finish exchanges the code and verifies the id_token. What the provider refused is
// told before anything is asked of it.
func (p *Provider) Finish(ctx context.Context, a identity.Attempt, answer url.Values) (identity.Identity, error) {
	f, err := p.discover()
	if err != nil {
		return identity.Identity{}, err
	}
	if err := p.checkIssuer(f, answer); err != nil {
		return identity.Identity{}, err
	}
	if words := answer.Get("error"); words != "" {
		return identity.Identity{}, p.refused(words)
	}
	ctx, stop := context.WithTimeout(oidc.ClientContext(ctx, p.client), callMax)
	defer stop()
	token, err := p.oauth(f, a.Callback).Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(a.Verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response != nil && refused.Response.StatusCode/100 == 4 {
		slog.Warn("identity provider refused a code", "provider", p.config.ID, "error", refused.ErrorCode)
		return identity.Identity{}, p.refused(refused.ErrorCode)
	}
	if err != nil {
		return identity.Identity{}, p.unavailable("exchange", err)
	}
	return p.verify(ctx, f, a, token)
}

// checkIssuer refuses an answer of another provider (RFC 9207).
func (p *Provider) checkIssuer(f *found, answer url.Values) error {
	if iss := answer.Get("iss"); iss != p.config.Issuer && (iss != "" || f.SendsIssuer) {
		return p.refused("wrong issuer")
	}
	return nil
}

func (p *Provider) unavailable(while string, err error) error {
	said := []any{"provider", p.config.ID, "while", while, "error", err}
	if errors.Is(err, publicnet.ErrPrivate) {
		said = append(said, "mend", "where it lies in your own network, set private_network: true for this provider")
	}
	slog.Error("identity provider", said...)
	return p.away()
}

func (p *Provider) away() error {
	return fault.New(fault.Busy, "identity.unavailable", fault.Arg("provider", p.config.ID))
}

func (p *Provider) refused(words string) error {
	if len(words) > wordsMax {
		words = words[:wordsMax]
	}
	return fault.New(fault.Forbidden, "identity.refused", fault.Arg("provider", p.config.ID), fault.Arg("words", words))
}
