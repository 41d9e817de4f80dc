package directory

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/publicnet"
)

const (
	fetchMax     = 30 * time.Second // one answer
	redirectsMax = 3
)

// Fetcher asks one source, and nobody whom its address leads to by surprise: where the
// name resolves is judged when the connection is made, so no answer of a name server
// in between leads into our own network.
type Fetcher struct {
	config Config
	client *http.Client
}

// NewFetcher makes it. Plain http is for tests on this machine only: it needs Private.
func NewFetcher(c Config) *Fetcher {
	timeout := fetchMax
	if c.Timeout > 0 {
		timeout = c.Timeout
	}
	return &Fetcher{config: c, client: &http.Client{
		Timeout:   timeout,
		Transport: publicnet.Way{Private: c.Private, TLS: c.TLS}.Transport(),
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > redirectsMax || r.URL.Scheme != via[0].URL.Scheme || r.URL.Host != via[0].URL.Host {
				return errors.New("it leads to another place") // a token goes to nobody else
			}
			return nil
		},
	}}
}

// Get reads one answer whole.
//
// Errors: Busy directory.unavailable; Forbidden directory.refused.
func (f *Fetcher) Get(ctx context.Context, address *url.URL, accept string) ([]byte, error) {
	if address.Scheme != "https" && (address.Scheme != "http" || !f.config.Private) {
		return nil, f.refused("https only")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, f.refused("no address")
	}
	r.Header.Set("Accept", accept)
	if f.config.Token != "" {
		r.Header.Set("Authorization", "Bearer "+f.config.Token)
	}
	answer, err := f.client.Do(r)
	if errors.Is(err, publicnet.ErrPrivate) {
		return nil, f.refused(publicnet.ErrPrivate.Error())
	}
	if err != nil {
		return nil, f.Unavailable(err)
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	if answer.StatusCode != http.StatusOK {
		if answer.StatusCode/100 == 4 && answer.StatusCode != http.StatusTooManyRequests {
			return nil, f.refused(strconv.Itoa(answer.StatusCode))
		}
		return nil, f.Unavailable(errors.New(answer.Status))
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, BodyMax+1))
	if err != nil {
		return nil, f.Unavailable(err)
	}
	if len(text) > BodyMax {
		return nil, f.refused("more than 16 MiB")
	}
	return text, nil
}

// Unavailable is the fault of a source that does not answer as it should just now.
func (f *Fetcher) Unavailable(err error) error {
	return errors.Join(fault.New(fault.Busy, "directory.unavailable", fault.Arg("source", f.config.ID)), err)
}

func (f *Fetcher) refused(why string) error {
	return fault.New(fault.Forbidden, "directory.refused", fault.Arg("source", f.config.ID), fault.Arg("why", why))
}
