package command

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/fault"
)

// The most that one question may make us read, and hold: four answers of the largest kind.
const (
	hostileReadMost = 80 << 20
	hostileHeldMost = 200 << 20
	hostileEndless  = 128 << 20 // what an endless answer would come to
)

// hostile answers every request in one bad way, and counts what of it was taken.
func hostile(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) (address string, taken, asked *atomic.Int64) {
	t.Helper()
	taken, asked = new(atomic.Int64), new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(counting{w, taken}, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, taken, asked
}

type counting struct {
	http.ResponseWriter
	taken *atomic.Int64
}

func (c counting) Write(text []byte) (int, error) {
	n, err := c.ResponseWriter.Write(text)
	c.taken.Add(int64(n))
	return n, err
}

// endless writes the same again and again, after a beginning.
func endless(media, begin, again string) func(http.ResponseWriter, *http.Request) {
	chunk := []byte(strings.Repeat(again, 1+(64<<10)/len(again)))
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		_, err := w.Write([]byte(begin))
		for n := 0; err == nil && n < hostileEndless; n += len(chunk) {
			_, err = w.Write(chunk)
		}
	}
}

func fixed(media, text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		_, _ = w.Write([]byte(text))
	}
}

// packed answers with little that unpacks to much.
func packed(t *testing.T) func(http.ResponseWriter, *http.Request) {
	t.Helper()
	var text bytes.Buffer
	z := gzip.NewWriter(&text)
	for range hostileEndless >> 20 {
		_, err := z.Write(bytes.Repeat([]byte(" "), 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text.Bytes())
	}
}

// TestNoERPFillsOrMisleadsUs asks each adapter that speaks HTTP while what answers is
// hostile: without end, packed, nested, with entities, or leading elsewhere. Each is told
// as an error of ours in bounded memory, and nobody else is asked.
func TestNoERPFillsOrMisleadsUs(t *testing.T) {
	var strangers atomic.Int64
	stranger := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	t.Cleanup(stranger.Close)
	const jsonly, xmlly = "application/json", "text/xml"
	laughs := `<!DOCTYPE a [<!ENTITY b "ha">`
	for n := range 12 {
		laughs += fmt.Sprintf(`<!ENTITY b%d "%s">`, n, strings.Repeat(fmt.Sprintf("&b%d;", max(n-1, 0)), 10))
	}
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"a list without end":   endless(jsonly, "[", `{"a":1},`),
		"a text without end":   endless(jsonly, `{"result":"`, "x"),
		"a feed without end":   endless(xmlly, "<a>", "<b>x</b>"),
		"little that is much":  packed(t),
		"lists in lists":       fixed(jsonly, strings.Repeat("[", 5<<20)),
		"objects in objects":   fixed(jsonly, strings.Repeat(`{"result":`, 1<<20)),
		"elements in elements": fixed(xmlly, strings.Repeat("<a>", 1<<20)),
		"an external entity":   fixed(xmlly, `<!DOCTYPE a [<!ENTITY x SYSTEM "`+stranger.URL+`">]><a>&x;</a>`),
		"a billion laughs":     fixed(xmlly, laughs+`]><a>&b11;</a>`),
		"nothing at all":       fixed(jsonly, ""),
		"another place": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, stranger.URL, http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			address, taken, asked := hostile(t, answer)
			for _, c := range httpConnections(address, config.TLS{}) {
				c.Timeout = 30 * time.Second
				p, err := openERP(c, nil, nil)
				require.NoError(t, err, c.Adapter)
				taken.Store(0)
				asked.Store(0)
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				_, err = p.Find(t.Context(), "v:1:accrual:1")
				runtime.ReadMemStats(&after)
				require.Error(t, err, c.Adapter)
				require.NotEmpty(t, fault.CodeOf(err), "%s: %v", c.Adapter, err)
				require.Positive(t, asked.Load(), c.Adapter)
				require.Less(t, taken.Load(), int64(hostileReadMost), c.Adapter)
				require.Less(t, after.HeapAlloc-min(before.HeapAlloc, after.HeapAlloc), uint64(hostileHeldMost), c.Adapter)
				require.Less(t, len(err.Error()), 4<<10, "%s: what it said is not all told", c.Adapter)
			}
		})
	}
	require.Zero(t, strangers.Load(), "nobody else is asked")
}
