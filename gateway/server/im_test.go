package server_test

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/im"
	"github.com/countersign/countersign/adapters/im/wecom/sim"
	"github.com/countersign/countersign/gateway/hooks"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
)

// wecom is a house whose people have WeCom, each under another id than ours.
type wecom struct {
	*house

	sim   *sim.Server
	place string       // where it is
	asked atomic.Int64 // how often
	cards *relay.Cards
}

func phoneOf(person string) string { return "wx-" + person }

func wecomConfig(url, name string) im.Config {
	return im.Config{Name: name, Provider: "wecom", URL: url, Tenant: sim.Corp, App: strconv.Itoa(sim.Agent),
		Secret: sim.Secret, Token: sim.Token, Key: sim.Key,
		Options: map[string]string{"authorize_url": url + "/connect/oauth2/authorize"}}
}

func newWeCom(t *testing.T) *wecom {
	t.Helper()
	h := newHouse(t)
	server, err := sim.New(sim.Options{Callback: h.url + "/hooks/im/wecom", RetryAfter: time.Millisecond})
	require.NoError(t, err)
	w := &wecom{house: h, sim: server}
	listener := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		w.asked.Add(1)
		server.ServeHTTP(answer, r)
	}))
	w.place = listener.URL
	t.Cleanup(func() {
		listener.Close()
		server.Close()
	})
	people, err := h.store.Snapshot(t.Context(), 0)
	require.NoError(t, err)
	for id, p := range people.People {
		server.Join(sim.Member{ID: phoneOf(id), Name: p.Name, Email: p.Email, Disabled: !p.Active})
	}
	port, err := im.Open(wecomConfig(listener.URL, "wecom"))
	require.NoError(t, err)
	other, err := im.Open(wecomConfig(listener.URL, "other"))
	require.NoError(t, err)
	h.im.Apps["wecom"] = hooks.App{Port: port, Channel: "wecom"}
	h.im.Apps["other"] = hooks.App{Port: other, Channel: "wecom"}
	w.cards = &relay.Cards{Book: h.store, Desk: h.desk,
		Mail: &relay.Mail{Directory: h.store, Text: i18n.Shipped().Text, Locale: "zh-CN", Zone: time.UTC, PublicURL: h.url},
		Apps: []relay.CardApp{{Port: port, Public: true, SyncEvery: time.Hour}}}
	w.cards.Match(t.Context())
	return w
}

// tell delivers every notice that waits, and lets cards say what is.
func (w *wecom) tell() {
	w.t.Helper()
	notices, err := w.store.ClaimNotices(w.t.Context(), 1000)
	require.NoError(w.t, err)
	for _, n := range notices {
		if n.Kind == "task.opened" {
			require.NoError(w.t, w.cards.Tell(w.t.Context(), asOne(n)), n.Person)
		}
	}
	w.cards.Change(w.t.Context())
}

// asOne is a message of one notice.
func asOne(n store.Notice) store.Delivery {
	return store.Delivery{ID: n.ID, Person: n.Person, Shape: store.DeliveryOne, All: []store.Notice{n}}
}

// card is the one that somebody has of a document.
func (w *wecom) card(person, document string) sim.Card {
	w.t.Helper()
	var found []sim.Card
	for _, card := range w.sim.Cards(phoneOf(person)) {
		if strings.HasSuffix(card.URL, document) {
			found = append(found, card)
		}
	}
	require.Len(w.t, found, 1)
	return found[0]
}

// keyOf is what pressing a button of a card tells.
func keyOf(card sim.Card, words string) string {
	for _, b := range card.Buttons {
		if b.Text == words {
			return b.Key
		}
	}
	return ""
}

func (w *wecom) post(path string, told sim.Told) int {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+path+"?"+told.Query.Encode(),
		bytes.NewReader(told.Body))
	require.NoError(w.t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(w.t, err)
	require.NoError(w.t, answer.Body.Close())
	return answer.StatusCode
}

// TestCards tells what a card on a messaging platform does, and what it does not.
func TestCards(t *testing.T) {
	w := newWeCom(t)
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *wecom)
	}{
		{"a card decides", aCardDecides},
		{"nothing else decides", nothingElseDecides},
		{"a press is taken while Temporal is away", takenWhileTemporalIsAway},
		{"a lost answer is one card", aLostAnswerIsOneCard},
		{"a web view opens signed in", aWebViewOpensSignedIn},
		{"above a limit a card only opens", aboveALimitACardOnlyOpens}, // changes the policy: last
	} {
		t.Run(tt.name, func(t *testing.T) { tt.run(t, w) })
	}
}

// aCardDecides tells the story of a card: shown, pressed, and true again for
// everybody who had one.
func aCardDecides(t *testing.T, w *wecom) {
	id := w.submitted("lin", "2000.00")
	w.tell()
	card := w.card("wang", id)
	require.Contains(t, card.Title, "Visit to Hangzhou")
	require.NotContains(t, card.Title+card.Desc, "2000", "no amount on a lock screen")
	require.Contains(t, card.Rows, [2]string{"金额", "CNY 2000.00"})
	require.Contains(t, card.Rows, [2]string{"事由", "客户拜访"})
	require.Equal(t, w.url+"/documents/"+id, card.URL)
	require.Empty(t, keyOf(card, "拒绝"), "to reject wants a reason: it opens the page")
	require.Equal(t, "pending", w.do(call{as: "lin", method: "GET", path: "/documents/" + id}).text("status"))

	taken, err := w.sim.Press(t.Context(), phoneOf("wang"), card.Task, keyOf(card, "同意"))
	require.NoError(t, err)
	require.True(t, taken)
	require.Eventually(t, func() bool { return w.decided("wang", id) }, time.Minute, 10*time.Millisecond)
	w.tell()
	require.Equal(t, "已由王芳同意", w.card("wang", id).Replace)
	require.Equal(t, "已由王芳同意", w.card("chen", id).Replace, "the other clerk's card says so too")
	require.Equal(t, 1, w.card("chen", id).Updates)
	require.Contains(t, w.card("zhao", id).Rows, [2]string{"金额", "CNY 2000.00"}, "the next one is asked")
	require.Equal(t, "wecom", w.channel(id))

	w.decide("zhao", id, "approve", "").is(200)
	w.tell()
	require.Equal(t, "已由赵敏同意", w.card("zhao", id).Replace, "decided on the web")
}

func (w *wecom) decided(person, document string) bool {
	tasks, err := w.store.DocumentTasks(w.t.Context(), document)
	require.NoError(w.t, err)
	for _, task := range tasks {
		if task.DecidedBy == person {
			return true
		}
	}
	return false
}

// nothingElseDecides proves that no other press does anything, nor leaves
// anything in the inbox.
func nothingElseDecides(t *testing.T, w *wecom) {
	const hook = "/hooks/im/wecom"
	id := w.submitted("lin", "2000.00")
	w.tell()
	card, other := w.card("wang", id), w.card("chen", id)
	key := keyOf(card, "同意")
	press := func(who, task, key string) sim.Told {
		told, err := w.sim.Pressed(phoneOf(who), task, key)
		require.NoError(t, err)
		return told
	}
	foreign, err := sim.New(sim.Options{Key: "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba"})
	require.NoError(t, err)
	for _, tt := range []struct {
		name   string
		path   string
		told   func() sim.Told
		status int
	}{
		{"not signed", hook, func() sim.Told { p := press("wang", card.Task, key); p.Query.Del("msg_signature"); return p }, 403},
		{"signed by nobody", hook, func() sim.Told {
			p := press("wang", card.Task, key)
			p.Query.Set("msg_signature", "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3")
			return p
		}, 403},
		{"encrypted anew with another key", hook, func() sim.Told {
			p, err := foreign.Pressed(phoneOf("wang"), card.Task, key)
			require.NoError(t, err)
			return p
		}, 403},
		{"another body under the same signature", hook, func() sim.Told {
			p := press("wang", card.Task, key)
			p.Body = press("wang", card.Task, key).Body
			return p
		}, 403},
		{"made an hour ago", hook, func() sim.Told {
			p, err := w.sim.Tell([]byte("<xml></xml>"), time.Now().Add(-time.Hour))
			require.NoError(t, err)
			return p
		}, 403},
		{"no event at all", hook, func() sim.Told { return sim.Told{} }, 403},
		{"a made-up token", hook, func() sim.Told { return press("wang", card.Task, "approve:made-up") }, 200},
		{"another verdict for the token", hook, func() sim.Told { return press("wang", card.Task, "reject"+key[len("approve"):]) }, 200},
		{"forwarded to a colleague", hook, func() sim.Told { return press("chen", card.Task, key) }, 200},
		{"forwarded to their superior", hook, func() sim.Told { return press("liu", card.Task, key) }, 200},
		{"by the applicant", hook, func() sim.Told { return press("lin", card.Task, key) }, 200},
		{"by somebody who left", hook, func() sim.Told { return press("gone", card.Task, key) }, 200},
		{"by nobody of ours", hook, func() sim.Told { return press("unknown", card.Task, key) }, 200},
		{"the token of another card", hook, func() sim.Told { return press("wang", other.Task, key) }, 200},
		{"told by another app", "/hooks/im/other", func() sim.Told { return press("wang", card.Task, key) }, 200},
		{"told to an app that is not there", "/hooks/im/nowhere", func() sim.Told { return press("wang", card.Task, key) }, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.status, w.post(tt.path, tt.told()))
			require.False(t, w.decided("wang", id) || w.decided("chen", id))
			require.Zero(t, w.acts(id))
		})
	}
	w.tell()
	require.Empty(t, w.card("wang", id).Replace, "the card still asks")
}

// channel is how the only act on a document came.
func (w *wecom) channel(document string) (name string) {
	w.t.Helper()
	w.ask(`SELECT canonical::jsonb ->> 'channel' FROM inbox WHERE document = $1`, document, &name)
	return name
}

func (w *wecom) ask(query, document string, into any) {
	w.t.Helper()
	db, err := sql.Open("postgres", w.database) //nolint:forbidigo // looks into the table
	require.NoError(w.t, err)
	defer db.Close() //nolint:errcheck // only read
	require.NoError(w.t, db.QueryRowContext(w.t.Context(), query, document).Scan(into))
}

// acts counts every act that was ever committed for a document.
func (w *wecom) acts(document string) (n int) {
	w.t.Helper()
	w.ask(`SELECT count(*) FROM inbox WHERE document = $1`, document, &n)
	return n
}

// takenWhileTemporalIsAway proves that a press is acknowledged without
// Temporal, however often the platform tells it, and applied once when it is back.
func takenWhileTemporalIsAway(t *testing.T, w *wecom) {
	id := w.submitted("lin", "2000.00")
	w.tell()
	card := w.card("wang", id)
	w.engine.is(true, false)
	told, err := w.sim.Pressed(phoneOf("wang"), card.Task, keyOf(card, "同意"))
	require.NoError(t, err)
	for range 4 {
		require.Equal(t, http.StatusOK, w.post("/hooks/im/wecom", told))
	}
	again, err := w.sim.Pressed(phoneOf("wang"), card.Task, keyOf(card, "同意"))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, w.post("/hooks/im/wecom", again), "a second press of the same button")
	require.False(t, w.decided("wang", id))
	require.Equal(t, 1, w.acts(id))

	w.engine.is(false, false)
	var acts []store.ActRef
	require.Eventually(t, func() bool { // the relay waits a little for who committed it
		claimed, err := w.store.ClaimActs(t.Context(), 10)
		require.NoError(t, err)
		for _, act := range claimed {
			if act.Document == id {
				acts = append(acts, act)
			}
		}
		return len(acts) > 0
	}, time.Minute, 100*time.Millisecond)
	require.Len(t, acts, 1)
	row, err := w.store.Act(t.Context(), acts[0].ID)
	require.NoError(t, err)
	_, err = w.engine.Deliver(t.Context(), row.Act)
	require.NoError(t, err)
	require.True(t, w.decided("wang", id))
	require.Equal(t, http.StatusOK, w.post("/hooks/im/wecom", told))
	require.Equal(t, 1, w.acts(id))
	w.tell()
	require.Equal(t, "已由王芳同意", w.card("wang", id).Replace)
}

// aLostAnswerIsOneCard proves that a card whose answer was lost is shown once, can
// be pressed, and says in the end what became of it.
func aLostAnswerIsOneCard(t *testing.T, w *wecom) {
	id := w.submitted("lin", "2000.00")
	w.sim.Plan("send", sim.Fault{Kind: sim.DropReply})
	notices, err := w.store.ClaimNotices(t.Context(), 100)
	require.NoError(t, err)
	lost := 0
	for _, n := range notices {
		if n.Kind != "task.opened" {
			continue
		}
		if err := w.cards.Tell(t.Context(), asOne(n)); err != nil {
			lost++
			require.NoError(t, w.cards.Tell(t.Context(), asOne(n)))
		}
	}
	require.Equal(t, 1, lost)
	for _, person := range []string{"wang", "chen"} {
		card := w.card(person, id)
		if card.Again == 0 {
			continue
		}
		taken, err := w.sim.Press(t.Context(), phoneOf(person), card.Task, keyOf(card, "同意"))
		require.NoError(t, err)
		require.True(t, taken)
		require.Eventually(t, func() bool { return w.decided(person, id) }, time.Minute, 10*time.Millisecond)
		w.tell()
		require.NotEmpty(t, w.card(person, id).Replace)
		return
	}
	t.Fatal("no card was sent twice")
}

// aboveALimitACardOnlyOpens proves that what asks for a fresh sign-in has no button
// to press, and that a press on a card that has one all the same leads to the page.
func aboveALimitACardOnlyOpens(t *testing.T, w *wecom) {
	w.asksForFreshSignIns()
	id := w.submitted("lin", "2000.00")
	w.tell()
	card := w.card("wang", id)
	require.Len(t, card.Buttons, 1)
	require.Equal(t, card.URL, card.Buttons[0].URL)

	mine := w.task("wang", id)
	port := w.im.Apps["wecom"].Port
	old := im.Card{ID: "c-old", Locale: "zh-CN", Title: "T", Link: w.url, Open: "O",
		Buttons: []im.Button{{Verdict: im.Approve, Words: "同意", Token: "old"}}}
	_, err := w.store.IntendIMCard(t.Context(), store.IMCard{ID: old.ID, App: "wecom", Notice: "old", Person: "wang",
		Platform: phoneOf("wang"), Task: mine["id"].(string), Document: id, Round: 1, ContentHash: mine["content_hash"].(string),
		Locale: "zh-CN"}, time.Hour, func(string) []store.IMToken {
		return []store.IMToken{{Hash: store.HashToken("old"), Verdict: "approve"}}
	})
	require.NoError(t, err)
	_, err = port.Send(context.Background(), phoneOf("wang"), old)
	require.NoError(t, err)
	taken, err := w.sim.Press(t.Context(), phoneOf("wang"), old.ID, "approve:old")
	require.NoError(t, err)
	require.True(t, taken)
	w.tell()
	all := w.sim.Cards(phoneOf("wang"))
	require.Equal(t, "请在页面上处理", all[len(all)-1].Replace)
	require.Zero(t, w.acts(id))
	require.False(t, w.decided("wang", id))
}
