package server_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server"
)

// TestAnAppThatDoesNotWork is told of where operators look, by what the relay found and
// without asking the platform; the gateway stays ready, and what was refused is made good
// once the app works again.
func TestAnAppThatDoesNotWork(t *testing.T) {
	w := newWeCom(t)
	door, err := auth.New(auth.Config{Public: "http://localhost"}, w.store, w.store.Sessions())
	require.NoError(t, err)
	d := &desk.Desk{Store: w.store, Files: w.desk.Files, Messengers: []desk.Messenger{{ID: "wecom"}, {ID: "never-asked"}}}
	handler, err := server.New(server.Deps{Desk: d, Auth: door, Checks: server.MessengerChecks(d)})
	require.NoError(t, err)
	told := func(wecom, working string) {
		t.Helper()
		before := w.asked.Load()
		ready, metrics := httptest.NewRecorder(), httptest.NewRecorder()
		handler.ServeHTTP(ready, httptest.NewRequestWithContext(t.Context(), "GET", "/readyz", nil))
		handler.ServeHTTP(metrics, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
		require.Equal(t, before, w.asked.Load(), "the platform was asked")
		require.Equal(t, 200, ready.Code, ready.Body)
		var answer struct{ Checks map[string]string }
		require.NoError(t, json.Unmarshal(ready.Body.Bytes(), &answer))
		require.Equal(t, wecom, answer.Checks["im.wecom"])
		require.Equal(t, "ok", answer.Checks["im.never-asked"])
		require.Contains(t, metrics.Body.String(), `countersign_im_working{app="wecom"} `+working+"\n")
	}
	told("ok", "1")

	id := w.submitted("lin", "2000.00")
	w.tell()
	good := w.cards.Apps[0].Port
	config := wecomConfig(w.place, "wecom")
	config.Secret = "changed elsewhere"
	w.cards.Apps[0].Port, err = im.Open(config)
	require.NoError(t, err)
	w.change(`UPDATE im_syncs SET done_at = done_at - interval '2 minutes'`) // the last matching went well
	w.decide("wang", id, "approve", "").is(200)
	w.cards.Change(t.Context())
	require.Empty(t, w.card("wang", id).Replace, "it could not be changed")
	told("ok", "1")
	w.cards.Match(t.Context()) // which the refusal brought forward
	told("im.refused", "0")

	w.cards.Apps[0].Port = good
	w.change(`UPDATE im_syncs SET next_at = clock_timestamp()`)
	w.cards.Match(t.Context())
	told("ok", "1")
	w.change(`UPDATE im_cards SET next_try = clock_timestamp()`)
	w.cards.Change(t.Context())
	require.Equal(t, "已由王芳同意", w.card("wang", id).Replace)
}
