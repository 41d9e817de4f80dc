package erp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/gate"
	"github.com/countersign/countersign/adapters/erp/sandbox"
)

// sickAtOnce is how often the sick ERP may be asked at once; sickMany wait for it.
const (
	sickAtOnce = 2
	sickMany   = 8
	sickRest   = 50 * time.Millisecond
	sickCall   = time.Second
)

// clinic is a real sandbox ERP behind a real connector and gate, which counts what
// reaches it after it asked for time.
type clinic struct {
	*httptest.Server
	gate *gate.Gate
	port erp.Port
	book erp.AttemptBook

	mutex   sync.Mutex
	asked   time.Time // until when it is to be left alone
	pushing int       // requests that came all the same
}

func newClinic(t *testing.T) *clinic {
	t.Helper()
	books, err := sandbox.Open(sandbox.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	c := &clinic{book: erptest.NewBook()}
	c.Server = httptest.NewServer(books)
	t.Cleanup(func() { c.Close(); require.NoError(t, books.Close()) })
	c.gate = gate.New(gate.Options{Connection: "sick", AtOnce: sickAtOnce, Failures: sickAtOnce, Rest: sickRest})
	c.port, err = erp.Open(erp.Config{Name: "sick", Provider: "httpjson", Mapping: "sandbox", URL: c.URL, Currency: "CNY",
		Timeout: sickCall, Client: &http.Client{Transport: c.told(c.gate.Transport(told(c.sent)))}})
	require.NoError(t, err)
	return c
}

type told func(*http.Request) (*http.Response, error)

func (t told) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// told notes until when the gate, which heard it just now, knows to leave the ERP alone.
func (c *clinic) told(next http.RoundTripper) told {
	return func(r *http.Request) (*http.Response, error) {
		answer, err := next.RoundTrip(r)
		if err == nil && answer.Header.Get("Retry-After") != "" {
			c.mutex.Lock()
			c.asked = c.gate.State().Until
			c.mutex.Unlock()
		}
		return answer, err
	}
}

// sent counts what is sent all the same.
func (c *clinic) sent(r *http.Request) (*http.Response, error) {
	c.mutex.Lock()
	if time.Now().Before(c.asked) {
		c.pushing++
	}
	c.mutex.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// fall makes it ill.
func (c *clinic) fall(t *testing.T, ill []sandbox.Fault) {
	t.Helper()
	text, err := json.Marshal(ill)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL+"/_sandbox/faults", bytes.NewReader(text))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

// post posts as a worker does: again and again, never before the gate says so.
func (c *clinic) post(ctx context.Context, reference string) error {
	v := sample(reference, 12345)
	for ctx.Err() == nil {
		leave, err := c.gate.Enter()
		if err == nil {
			_, err = erp.PostOnce(ctx, erp.PostInput{Port: c.port, Voucher: v, Book: c.book, Now: time.Now, Settle: time.Minute})
			err = leave(err)
		}
		if err == nil {
			return nil
		}
		until, _ := gate.Until(err)
		time.Sleep(max(time.Until(until), sickRest))
	}
	return ctx.Err()
}

// TestASickERPRecovers takes a real sandbox through everything that makes an ERP rest: it
// hangs, loses answers after the commit, asks for time by 503 and 429, while more wait for
// it than it may be asked for at once. Asked for time it is left alone, and in the end
// each voucher is posted, once.
func TestASickERPRecovers(t *testing.T) {
	for _, illness := range [][]sandbox.Fault{
		{{Kind: "delay", Op: "find", DelayMS: int(sickCall.Milliseconds()) * 3 / 2, Count: sickAtOnce + 1}},
		{{Kind: "drop-after", Op: "create", Count: 3}, {Kind: "drop-before", Op: "find", Count: 3}},
		{{Kind: "unavailable", Op: "find", RetryAfter: "1", Count: 1}},
		{{Kind: "rate-limit", Op: "create", RetryAfter: "1", Count: 1}},
	} {
		t.Run(illness[0].Kind, func(t *testing.T) {
			t.Parallel()
			c := newClinic(t)
			c.fall(t, illness)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			errs := make(chan error)
			for place := range sickAtOnce { // as the queue of a connection gives them out
				go func() {
					var err error
					for n := place; n < sickMany && err == nil; n += sickAtOnce {
						err = c.post(ctx, fmt.Sprintf("v:%s-%d:accrual:1", illness[0].Kind, n))
					}
					errs <- err
				}()
			}
			for range sickAtOnce {
				require.NoError(t, <-errs)
			}
			for n := range sickMany {
				found, err := c.port.Find(ctx, fmt.Sprintf("v:%s-%d:accrual:1", illness[0].Kind, n))
				require.NoError(t, err)
				require.Len(t, found, 1)
				require.Equal(t, erp.Posted, found[0].State)
			}
			require.Less(t, c.pushing, sickAtOnce, "only what was on its way already")
			require.Equal(t, gate.Open, c.gate.State().Phase)
			require.Zero(t, c.gate.State().InFlight)
		})
	}
}
