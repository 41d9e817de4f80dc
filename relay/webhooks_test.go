package relay_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	sending "github.com/countersign/countersign/adapters/webhook"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/webhook"
	"github.com/countersign/countersign/relay"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

const webhookKey = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver is another system: it verifies, keeps what it took in order, and fails as told.
type receiver struct {
	t  *testing.T
	mu sync.Mutex

	got  []string // type and id of each message, in order
	nos  []int64
	fail func(n int) int // status of the n-th request from 1; 0: takes it
	n    int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, in *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(in.Body)
	require.NoError(r.t, err)
	key, err := standardwebhooks.NewWebhook(webhookKey)
	require.NoError(r.t, err)
	require.NoError(r.t, key.Verify(body, in.Header))
	r.n++
	if status := r.fail(r.n); status != 0 {
		w.WriteHeader(status)
		return
	}
	var said struct{ ID, Type, Sequence string }
	require.NoError(r.t, json.Unmarshal(body, &said))
	require.Equal(r.t, in.Header.Get("webhook-id"), said.ID)
	no, err := strconv.ParseInt(said.Sequence, 10, 64)
	require.NoError(r.t, err)
	r.got, r.nos = append(r.got, said.Type+" "+said.ID), append(r.nos, no)
}

func (r *receiver) taken() ([]string, []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.got...), append([]int64(nil), r.nos...)
}

// told is a store with a company, a relay and one system that it tells.
type told struct {
	*receiver
	store *store.Store
	root  *sqlx.DB
	relay *relay.Relay
	made  int
}

func newTold(t *testing.T, change func(*relay.Webhooks)) *told {
	s, address := storetest.Open(t)
	root := sqlx.MustOpen("postgres", address)
	t.Cleanup(func() { _ = root.Close() })
	_, err := s.ReplaceOrganisation(t.Context(), org.Snapshot{
		People: map[string]org.Person{
			"sue": {ID: "sue", Name: "Sue", Entity: "cn", Department: "sales", Active: true, Subject: "sue"},
			"adm": {ID: "adm", Name: "Adm", Entity: "cn", Department: "sales", Active: true, Subject: "adm"},
		},
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn"}},
		Entities:    map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY", Zone: "Asia/Shanghai"}},
		Grants:      []org.Grant{{Person: "adm", Role: "admin"}},
	}, "test")
	require.NoError(t, err)
	r := &receiver{t: t, fail: func(int) int { return 0 }}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	w := &relay.Webhooks{
		Book: s, Sender: sending.New(), PublicURL: "https://pay.example.com", GiveUp: time.Hour, Keep: time.Hour,
		To:        []webhook.Subscription{{ID: "oa", Events: []string{"document.*"}}},
		Addresses: map[string]sending.Endpoint{"oa": {URL: server.URL, Secrets: []sending.Secret{webhookKey}, Private: true}},
	}
	if change != nil {
		change(w)
	}
	q := &queues{refused: map[string]approval.Outcome{}}
	relayed := &told{receiver: r, store: s, root: root, relay: &relay.Relay{Book: q, Engine: q, Webhooks: w}}
	relayed.look() // it knows which systems there are
	return relayed
}

func (w *told) look() {
	w.t.Helper()
	w.relay.Once(w.t.Context())
}

// submit records a document.submitted, and answers with its document.
func (w *told) submit() string {
	w.t.Helper()
	yuan := money.Amount{Minor: 82000, Currency: "CNY"}
	w.made++
	c := document.Content{
		Type: "expense", Title: fmt.Sprint("Trip ", w.made), Entity: "cn", Department: "sales", Submitter: "sue", Requester: "sue",
		Payee: document.Payee{Kind: document.PayeeEmployee, ID: "sue", Name: "Sue"}, Currency: "CNY",
		Urgency: document.Normal, Total: yuan, BaseTotal: yuan,
		Lines: []document.Line{{No: 1, Category: "travel", Date: "2026-11-20", Amount: yuan, Tax: money.Amount{Currency: "CNY"}}},
	}
	hash, err := c.Hash()
	require.NoError(w.t, err)
	d, err := w.store.Submit(w.t.Context(), store.SubmitInput{Actor: "sue", Content: c, Hash: hash, NumberPrefix: "EXP",
		YearZone: "Asia/Shanghai"})
	require.NoError(w.t, err)
	return d.ID
}

// now has every system be told at once, whatever it waits for.
func (w *told) now() {
	w.t.Helper()
	w.root.MustExec(`UPDATE webhook_endpoints SET next_try = clock_timestamp()`)
}

func (w *told) stands() store.Endpoint {
	w.t.Helper()
	all, err := w.store.Endpoints(w.t.Context())
	require.NoError(w.t, err)
	require.Len(w.t, all, 1)
	return all[0]
}

// TestSystemsAreToldInOrder: each event once, in one order without a gap, and nothing
// after what was not accepted.
func TestSystemsAreToldInOrder(t *testing.T) {
	w := newTold(t, nil)
	var want []string
	for range 3 {
		want = append(want, "countersign.document.submitted "+w.submit()+".1")
	}
	w.fail = func(n int) int { return map[int]int{2: 503, 3: 400}[n] }
	w.look()
	got, _ := w.taken()
	require.Equal(t, want[:1], got, "the second waits, and so does what is behind it")
	stands := w.stands()
	require.Equal(t, int64(2), stands.Waiting)
	require.Equal(t, 1, stands.Tries)
	require.False(t, stands.FailingSince.IsZero())
	w.look()
	require.Equal(t, 1, w.stands().Tries, "it is left alone for a while")

	w.now()
	w.look() // the third request fails as well
	require.Equal(t, 2, w.stands().Tries)
	since := w.stands().FailingSince
	require.Equal(t, stands.FailingSince, since, "it has failed since then")
	want = append(want, "countersign.document.submitted "+w.submit()+".1")
	w.now()
	w.look()
	got, nos := w.taken()
	require.Equal(t, want, got)
	require.Equal(t, []int64{1, 2, 3, 4}, nos)
	stands = w.stands()
	require.Zero(t, stands.Waiting)
	require.Zero(t, stands.Tries)
	require.True(t, stands.FailingSince.IsZero())
	page, err := w.store.Webhooks(t.Context(), store.WebhookFilter{Endpoint: "oa"})
	require.NoError(t, err)
	require.Len(t, page.Items, 4)
	require.Equal(t, 3, page.Items[2].Tries, "the newest is first")
	require.Equal(t, 200, page.Items[2].Status)
}

// TestSeveralRelaysTellOnce: they take turns at one system.
func TestSeveralRelaysTellOnce(t *testing.T) {
	w := newTold(t, nil)
	for range 60 {
		w.submit()
	}
	var all sync.WaitGroup
	for range 4 {
		own := *w.relay.Webhooks
		q := &queues{refused: map[string]approval.Outcome{}}
		all.Go(func() { (&relay.Relay{Book: q, Engine: q, Webhooks: &own}).Once(t.Context()) })
	}
	all.Wait()
	w.look()
	_, nos := w.taken()
	require.Len(t, nos, 60)
	for i, no := range nos {
		require.Equal(t, int64(i+1), no)
	}
}

// TestASystemThatFailsForDays is disabled, the administrators are told once, and what
// waits is sent when somebody lets it go on.
func TestASystemThatFailsForDays(t *testing.T) {
	w := newTold(t, nil)
	w.fail = func(int) int { return 500 }
	w.submit()
	w.look()
	require.Equal(t, store.EndpointActive, w.stands().State)
	w.root.MustExec(`UPDATE webhook_endpoints SET failing_since = failing_since - interval '2 hours'`)
	for range 2 {
		w.now()
		w.look()
	}
	stands := w.stands()
	require.Equal(t, store.EndpointDisabled, stands.State)
	require.Equal(t, store.WhyFailing, stands.Why)
	var notices []string
	require.NoError(t, w.root.Select(&notices, `SELECT person || ' ' || (data::jsonb ->> 'n') FROM notices WHERE kind = 'webhook.disabled'`))
	require.Equal(t, []string{"adm 1"}, notices)

	w.submit()
	w.fail = func(int) int { return 0 }
	w.look()
	_, nos := w.taken()
	require.Empty(t, nos, "nothing is sent")
	require.NoError(t, w.store.ResumeWebhook(t.Context(), "oa", "adm"))
	w.look()
	_, nos = w.taken()
	require.Equal(t, []int64{1, 2}, nos)
	require.Equal(t, "adm", w.stands().ChangedBy)
}

// TestASystemThatIsGone is not asked again.
func TestASystemThatIsGone(t *testing.T) {
	w := newTold(t, nil)
	w.fail = func(int) int { return http.StatusGone }
	w.submit()
	w.look()
	require.Equal(t, store.WhyGone, w.stands().Why)
	w.now()
	w.look()
	require.Equal(t, 1, w.n)
}

// TestRulingsOnMessages: what is never accepted is left out, what was delivered is told
// again under its id, and a test says nothing of anybody.
func TestRulingsOnMessages(t *testing.T) {
	w := newTold(t, nil)
	ctx := t.Context()
	w.fail = func(n int) int { return map[int]int{1: 422}[n] }
	first, second := w.submit(), w.submit()
	w.look()
	require.NoError(t, w.store.RuleWebhook(ctx, "oa", 1, store.MessageSkipped, "adm"))
	require.NoError(t, w.store.RuleWebhook(ctx, "oa", 1, store.MessageSkipped, "adm"), "twice is once")
	w.now()
	w.look()
	got, _ := w.taken()
	require.Equal(t, []string{"countersign.document.submitted " + second + ".1"}, got)
	require.Equal(t, "webhook.not_so", fault.CodeOf(w.store.RuleWebhook(ctx, "oa", 2, store.MessageSkipped, "adm")))
	require.Equal(t, "webhook.no_message", fault.CodeOf(w.store.RuleWebhook(ctx, "oa", 9, store.MessageSkipped, "adm")))
	require.Equal(t, "webhook.no_endpoint", fault.CodeOf(w.store.PauseWebhook(ctx, "crm", "adm")))

	require.NoError(t, w.store.RuleWebhook(ctx, "oa", 1, store.MessageWaiting, "adm"))
	require.NoError(t, w.store.TestWebhook(ctx, "oa", "adm"))
	again, err := w.store.ReplayWebhooks(ctx, "oa", time.Now().Add(-time.Hour), "adm")
	require.NoError(t, err)
	require.Equal(t, 1, again)
	w.look()
	got, nos := w.taken()
	require.Equal(t, []string{
		"countersign.document.submitted " + second + ".1", "countersign.document.submitted " + first + ".1",
		"countersign.document.submitted " + second + ".1", "countersign.endpoint.tested test.oa.3",
	}, got)
	require.Equal(t, []int64{2, 1, 2, 3}, nos)

	require.NoError(t, w.store.PauseWebhook(ctx, "oa", "adm"))
	w.submit()
	w.look()
	_, nos = w.taken()
	require.Len(t, nos, 4, "a paused one is told nothing")
}

// TestNobodyIsToldUnasked: without a system nothing is kept for one, and one that comes
// later is told from then on.
func TestNobodyIsToldUnasked(t *testing.T) {
	w := newTold(t, func(w *relay.Webhooks) { w.To = nil })
	w.submit()
	var waiting int
	require.NoError(t, w.root.Get(&waiting, `SELECT count(*) FROM webhook_events`))
	require.Zero(t, waiting)

	later := *w.relay.Webhooks
	later.To = []webhook.Subscription{{ID: "oa", Entities: []string{"de"}}, {ID: "crm"}}
	require.NoError(t, w.store.KeepWebhooks(t.Context(), []string{"oa", "crm"}))
	w.submit()
	_, err := w.store.SpreadWebhooks(t.Context(), later.To)
	require.NoError(t, err)
	var messages []string
	require.NoError(t, w.root.Select(&messages, `SELECT endpoint || ' ' || no FROM webhook_messages`))
	require.Equal(t, []string{"crm 1"}, messages)
	require.NoError(t, w.root.Get(&waiting, `SELECT count(*) FROM webhook_events`))
	require.Zero(t, waiting)
}

// TestARelayThatKnowsLess leaves what it does not know to one that does: two of them run
// by two configurations while one is changed.
func TestARelayThatKnowsLess(t *testing.T) {
	w := newTold(t, nil)
	w.submit()
	older := *w.relay.Webhooks // as it was started, before there was any system
	older.To = nil
	q := &queues{refused: map[string]approval.Outcome{}}
	(&relay.Relay{Book: q, Engine: q, Webhooks: &older}).Once(t.Context())
	w.look()
	_, nos := w.taken()
	require.Equal(t, []int64{1}, nos)
	w.fail = func(int) int { return 500 }
	w.submit()
	w.look()
	w.now()
	(&relay.Relay{Book: q, Engine: q, Webhooks: &older}).Once(t.Context())
	require.Equal(t, 1, w.stands().Tries, "it does not try either")
}

// TestARelayWithAnOlderConfiguration that starts late takes nothing away that a newer one
// names, until no relay speaks of the newer any more.
func TestARelayWithAnOlderConfiguration(t *testing.T) {
	w := newTold(t, nil)
	older, newer := []string{"oa"}, []string{"oa", "crm"}
	state := func() (state string) {
		require.NoError(t, w.root.Get(&state, `SELECT state FROM webhook_endpoints WHERE id = 'crm'`))
		return state
	}
	require.NoError(t, w.store.KeepWebhooks(t.Context(), older))
	require.NoError(t, w.store.KeepWebhooks(t.Context(), newer))
	require.Equal(t, store.EndpointActive, state())
	require.NoError(t, w.store.KeepWebhooks(t.Context(), older))
	require.Equal(t, store.EndpointActive, state())
	w.root.MustExec(`UPDATE webhook_configurations SET seen_at = seen_at - interval '11 minutes' WHERE endpoints = 'crm oa'`)
	require.NoError(t, w.store.KeepWebhooks(t.Context(), older))
	require.Equal(t, store.EndpointRemoved, state())
	require.NoError(t, w.store.KeepWebhooks(t.Context(), newer))
	require.Equal(t, store.EndpointActive, state(), "and it is the newest again")
}

// TestWhatIsLeftOutProvesNothing: an endpoint that fails is not taken for well because
// somebody left out what it did not accept.
func TestWhatIsLeftOutProvesNothing(t *testing.T) {
	w := newTold(t, nil)
	w.fail = func(int) int { return 500 }
	w.submit()
	w.look()
	since := w.stands().FailingSince
	require.False(t, since.IsZero())
	require.NoError(t, w.store.RuleWebhook(t.Context(), "oa", 1, store.MessageSkipped, "adm"))
	require.NoError(t, w.store.WebhooksTold(t.Context(), store.Told{Endpoint: "oa", GiveUp: time.Hour})) // the batch found nothing
	require.Equal(t, since, w.stands().FailingSince)
	require.Equal(t, 1, w.stands().Tries)
}

// TestOldMessagesAreForgotten, but never what waits.
func TestOldMessagesAreForgotten(t *testing.T) {
	w := newTold(t, nil)
	w.submit()
	w.look()
	w.fail = func(int) int { return 500 }
	w.submit()
	w.look()
	w.root.MustExec(`UPDATE webhook_messages SET made_at = made_at - interval '2 hours'`)
	w.look()
	var left []int64
	require.NoError(t, w.root.Select(&left, `SELECT no FROM webhook_messages`))
	require.Equal(t, []int64{2}, left)
}
