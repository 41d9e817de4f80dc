package port_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im/port"
	"github.com/countersign/countersign/domain/fault"
)

// TestReadStrictTakesOneMeaning: what two readers could read in two ways is refused.
func TestReadStrictTakesOneMeaning(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		good       bool
	}{
		{"an object", `{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}`, true},
		{"space around it", " \r\n{\"a\":1}\n", true},
		{"a name that nobody knows", `{"new":true}`, true},
		{"a name twice", `{"a":1,"a":2}`, false},
		{"a name twice, in another case", `{"a":1,"A":2}`, false},
		{"a name twice, written otherwise", `{"a":1,"\u0061":2}`, false},
		{"a name twice, inside a list", `{"c":[{"a":1,"a":2}]}`, false},
		{"something behind it", `{"a":1}{"a":2}`, false},
		{"a byte behind it", "{\"a\":1}\x00", false},
		{"a list", `[1]`, false},
		{"a word", `"a"`, false},
		{"nothing", ``, false},
		{"cut off", `{"a":`, false},
		{"not UTF-8", "{\"a\":\"\xff\"}", false},
		{"too deep", strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40), false},
		{"too long", `{"b":"` + strings.Repeat("x", port.BodyMax) + `"}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var into map[string]any
			if err := port.ReadStrict([]byte(tt.body), &into); tt.good {
				require.NoError(t, err)
			} else {
				require.Error(t, err)
			}
		})
	}
}

// TestTokensAreFetchedOnceAndRenewedOnce: a token is fetched early, never for each
// call, and a refused one is replaced once.
func TestTokensAreFetchedOnceAndRenewedOnce(t *testing.T) {
	now, fetched := time.Unix(0, 0), 0
	tokens := port.Tokens{Now: func() time.Time { return now }}
	tokens.Fetch = func(context.Context) (string, time.Duration, error) {
		fetched++
		return string(rune('a' + fetched - 1)), 2 * time.Hour, nil
	}
	for range 3 {
		got, err := tokens.Token(t.Context(), "")
		require.NoError(t, err)
		require.Equal(t, "a", got)
	}
	now = now.Add(2*time.Hour - 4*time.Minute) // five minutes early
	got, err := tokens.Token(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, "b", got)

	var used []string
	require.NoError(t, tokens.With(t.Context(), func(token string) (bool, error) {
		used = append(used, token)
		return token == "b", nil
	}))
	require.Equal(t, []string{"b", "c"}, used)
}

// TestWhatNeverArrivedIsNotUnknown: only what may have been done is.
func TestWhatNeverArrivedIsNotUnknown(t *testing.T) {
	ask := func(address string, writes bool) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"?access_token=hush", strings.NewReader("{}"))
		require.NoError(t, err)
		a, err := port.Exchange("app", port.Config{URL: address}.HTTP(), r, writes)
		if err == nil {
			err = port.StatusFault("app", a, writes)
		}
		return err
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	nobody := "http://" + closed.Addr().String()
	require.NoError(t, closed.Close())
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)

	require.Equal(t, port.CodeUnavailable, fault.CodeOf(ask(nobody, true)))
	for _, tt := range []struct {
		status int
		writes bool
		code   string
	}{
		{200, true, ""}, {0, true, port.CodeUnknown}, {0, false, port.CodeUnavailable}, {500, true, port.CodeUnknown},
		{502, false, port.CodeUnavailable}, {429, true, port.CodeRateLimited}, {400, true, port.CodeRefused},
		{302, true, port.CodeRefused},
	} {
		status = tt.status
		err := ask(server.URL, tt.writes)
		require.Equal(t, tt.code, fault.CodeOf(err), "%+v", tt)
		if err != nil {
			require.NotContains(t, err.Error(), "hush")
		}
	}
	status = http.StatusTooManyRequests
	require.ErrorContains(t, ask(server.URL, true), "Retry-After: 7")
}

// streamer loses its connection at once.
type streamer struct{ calls chan struct{} }

func (s streamer) Listen(context.Context, func(context.Context, port.Click) port.Toast) error {
	s.calls <- struct{}{}
	return errors.New("lost")
}

// TestAConnectionIsOpenedAgain until the context ends.
func TestAConnectionIsOpenedAgain(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	s, ended := streamer{make(chan struct{})}, make(chan struct{})
	go func() {
		port.KeepListening(ctx, s, nil, func(error) {})
		close(ended)
	}()
	<-s.calls
	<-s.calls
	end()
	<-ended
}
