package erptest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/journal"
	"github.com/countersign/countersign/adapters/erp/port"
)

// Canary proves that nothing which proves who we are is kept: it books before an ERP
// that repeats every now and then all that it was sent, and looks for the secrets of the
// connection, and for every one that went over the line, in what the journal keeps, in
// the errors and in the log. f is a fixture before the same server; more are secrets
// in options.
func Canary(t *testing.T, config erp.Config, f Fixture, more ...string) {
	t.Helper()
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&log, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	var mutex sync.Mutex
	var kept []journal.Entry
	bird := &parrot{secrets: append(more, string(config.Secret)),
		xml: config.Provider == "sap" || config.Provider == "soap"}
	if config.URL == "" {
		bird.secrets = more
	}
	config.Client, config.Record = &http.Client{Transport: bird}, func(x port.Exchange) {
		e := journal.Redacted(x)
		mutex.Lock()
		defer mutex.Unlock()
		kept = append(kept, e)
	}
	books, err := erp.Open(config)
	require.NoError(t, err)
	f.Port = books
	var failed strings.Builder
	note := func(err error) {
		if err != nil {
			slog.Info("failed", "error", err, "config", config)
			failed.WriteString(err.Error() + "\n")
		}
	}
	for _, every := range []int{0, 2, 3} {
		bird.every = every
		_, err := books.Sync(t.Context(), time.Time{})
		note(err)
		reference := "v:canary" + string(rune('a'+every)) + ":accrual:1"
		found, err := f.PostOnce(t.Context(), NewBook(), f.Voucher(reference, 12850))
		note(err)
		if err == nil && books.Capabilities().Reverse {
			_, err = books.Reverse(t.Context(), found, strings.Replace(reference, "accrual", "reversal", 1), f.Date)
			note(err)
		}
	}
	told, err := json.Marshal(kept)
	require.NoError(t, err)
	require.NotEmpty(t, kept)
	assert.Contains(t, string(told), "v:canarya:accrual:1", "the journal knows what it was about")
	places := map[string]string{"the journal": string(told), "an error": failed.String(), "the log": log.String()}
	for _, secret := range slices.Compact(slices.Sorted(slices.Values(bird.secrets))) {
		for place, text := range places {
			if at := strings.Index(text, secret); at >= 0 && len(secret) >= 5 {
				t.Errorf("%s holds a secret: …%s…", place, text[max(0, at-80):min(len(text), at+len(secret)+20)])
			}
		}
	}
	if config.URL != "" {
		assert.NotEmpty(t, failed.String(), "the ERP never repeated anything, so nothing was proved")
	}
}

// parrot is a line to an ERP that repeats what it was sent.
type parrot struct {
	mutex   sync.Mutex
	secrets []string // that went over the line
	every   int      // repeats each such request; 0 none
	n       int
	xml     bool
}

// RoundTrip asks, or repeats.
func (p *parrot) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mutex.Lock()
	p.n++
	repeats := p.every > 0 && p.n%p.every == 0
	for name, values := range r.Header {
		if name != "Idempotency-Key" && (port.Secretive(name) || strings.HasPrefix(name, "X-")) {
			p.secrets = append(p.secrets, values...)
		}
	}
	for name, values := range r.URL.Query() {
		if port.Secretive(name) {
			p.secrets = append(p.secrets, values...)
		}
	}
	p.mutex.Unlock()
	if !repeats {
		return http.DefaultTransport.RoundTrip(r)
	}
	var said strings.Builder
	if r.Body != nil {
		_, _ = io.Copy(&said, r.Body)
	}
	said.WriteString(" " + r.URL.String() + " ")
	_ = r.Header.Write(&said)
	answer := &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(p.repeat(said.String(), strings.Join(p.secrets, " "))))}
	answer.Header.Set("Content-Type", "application/json")
	return answer, nil
}

func (p *parrot) repeat(said, secrets string) string {
	if p.xml {
		var quoted bytes.Buffer
		_ = xml.EscapeText(&quoted, []byte(said+" "+secrets))
		return "<Fault><faultstring>" + quoted.String() + "</faultstring><detail>" + quoted.String() + "</detail></Fault>"
	}
	text, _ := json.Marshal(map[string]any{"message": "cannot take " + secrets, "error": map[string]any{
		"message": said, "data": map[string]any{"message": said, "debug": secrets}}, "errmsg": said, "code": "x",
		"errors": []any{said, map[string]any{"account": secrets}}})
	return string(text)
}
