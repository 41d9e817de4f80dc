package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// edge stands before the books of one company and is their illness: the first requests hang,
// of the others every second is told 503, and the rest lose their connection.
type edge struct {
	*testing.T
	ill   atomic.Bool
	asked atomic.Int64
}

const (
	sickBooks = "sandbox-de"
	hangs     = 2 // requests that get no answer at all
	sickMany  = 3 // documents that wait
)

// before answers with where it listens.
func (e *edge) before(address string) string {
	target, err := url.Parse(address)
	require.NoError(e, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !e.ill.Load() {
			proxy.ServeHTTP(w, r)
			return
		}
		switch n := e.asked.Add(1); {
		case n <= hangs:
			_, _ = io.Copy(io.Discard, r.Body) // what is not read keeps the caller's leave from us
			<-r.Context().Done()
		case n%2 == 0:
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			panic(http.ErrAbortHandler)
		}
	}))
	e.Cleanup(server.Close)
	return server.URL
}

// sickERP proves that the books of one company may fall ill, hanging, refusing and cutting
// off, while those of another go on: the healthy one's voucher is posted meanwhile, the sick
// one's wait, it is left alone and finance is told so, the log says how it answered, and
// when it is well again everything is posted, once.
func (s *scene) sickERP(e *edge) {
	well := s.submit("lin", expense("健康的账", "400.00", "600.00"))
	for _, person := range []string{"wang", "zhao"} {
		s.decide(person, well.ID, "approve", "")
	}
	s.task("liu", well.ID)
	e.ill.Store(true)
	var sick []string
	for n := range sickMany {
		sick = append(sick, s.submit("emma", euros(fmt.Sprintf("Tram %d", n), "12.00")).ID)
	}
	require.Eventually(s, func() bool { return e.asked.Load() > 0 }, patience, look, "the sick books are asked")
	s.decide("liu", well.ID, "approve", "")
	s.closed("lin", well.ID)
	require.Eventually(s, func() bool { return strings.Contains(s.metrics(), `phase="resting"`) }, patience, look)
	for line := range strings.Lines(s.metrics()) {
		if strings.Contains(line, `phase="resting"`) {
			require.Contains(s, line, sickBooks, "no other books rest")
		}
	}
	for _, id := range sick {
		d, err := s.as("emma").Document(s.ctx, id)
		require.NoError(s, err)
		require.NotEqual(s, "closed", d.Status)
		require.Nil(s, d.Parked, "it waits, and nobody need do anything")
	}
	require.Positive(s, s.count(`SELECT count(*) FROM erp_exchanges WHERE connection = $1 AND class IN ('busy', 'unknown')`,
		sickBooks))

	e.ill.Store(false)
	for _, id := range sick {
		s.closed("emma", id) // one voucher each, in the books themselves
	}
	require.Eventually(s, func() bool { return !strings.Contains(s.metrics(), `phase="resting"`) }, patience, look)
}

// metrics are the gateway's.
func (s *scene) metrics() string {
	s.Helper()
	answer, err := http.Get(s.house.URL + "/metrics") //nolint:noctx // loopback
	require.NoError(s, err)
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(s, err)
	return string(text)
}
