package webhook_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	sending "github.com/countersign/countersign/adapters/webhook"
	"github.com/countersign/countersign/domain/webhook"
)

const (
	key    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	oldKey = "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

var message = webhook.Message{ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", Body: []byte(`{"test": 2432232314}`)}

// TestThePublishedVector is the example of the specification's own libraries.
func TestThePublishedVector(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("webhook-signature")
	}))
	defer server.Close()
	s := sending.New()
	s.Now = func() time.Time { return time.Unix(1614265330, 0) }
	answer := s.Send(t.Context(), sending.Endpoint{URL: server.URL, Secrets: []sending.Secret{key}, Private: true}, message)
	require.Equal(t, 200, answer.Status)
	require.Equal(t, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", got)
}

// TestAReceiverVerifies takes messages as the published library does, by the new key and by
// the old one.
func TestAReceiverVerifies(t *testing.T) {
	var verified []bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for _, k := range []string{key, oldKey, base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 24)))} {
			receiver, err := standardwebhooks.NewWebhook(k)
			require.NoError(t, err)
			verified = append(verified, receiver.Verify(body, r.Header) == nil)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	to := sending.Endpoint{URL: server.URL, Secrets: []sending.Secret{key, oldKey}, Private: true}
	require.Equal(t, http.StatusAccepted, sending.New().Send(t.Context(), to, message).Status)
	require.Equal(t, []bool{true, true, false}, verified)
}

func TestAnswers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/later":
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, "not\x00 now,\n <b>please</b> "+strings.Repeat("x", 4000))
		case "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusMovedPermanently)
		case "/elsewhere":
			t.Error("nobody is followed elsewhere")
		case "/cut":
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	s, ctx := sending.New(), t.Context()
	at := func(path string) sending.Endpoint {
		return sending.Endpoint{URL: server.URL + path + "?token=canary", Secrets: []sending.Secret{key}, Private: true}
	}
	later := s.Send(ctx, at("/later"), message)
	require.Equal(t, 429, later.Status)
	require.Equal(t, 90*time.Second, later.After)
	require.True(t, strings.HasPrefix(later.Words, "not now, <b>please</b> xxx"), later.Words)
	require.LessOrEqual(t, len(later.Words), 300)

	require.Equal(t, 301, s.Send(ctx, at("/moved"), message).Status)

	cut := s.Send(ctx, at("/cut"), message)
	require.Zero(t, cut.Status)
	require.NotEmpty(t, cut.Words)
	require.NotContains(t, cut.Words, "canary", "an address may carry a token")

	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.NotContains(t, s.Send(ended, at("/"), message).Words, "canary")
}

func TestNobodyLeadsIntoOurNetwork(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a private address was reached")
	}))
	defer server.Close()
	answer := sending.New().Send(t.Context(), sending.Endpoint{URL: server.URL, Secrets: []sending.Secret{key}}, message)
	require.Zero(t, answer.Status)
	require.Equal(t, "the address lies in a private network", answer.Words)
}

func TestSecretsHide(t *testing.T) {
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", sending.Secret(key), sending.Endpoint{Secrets: []sending.Secret{key}},
		sending.Secret(key), sending.Secret(key)), "MfKQ9")
	bad := sending.New().Send(t.Context(), sending.Endpoint{URL: "https://x", Secrets: []sending.Secret{"whsec_!"}}, message)
	require.Equal(t, "a secret is not whsec_ and base64", bad.Words)
}
