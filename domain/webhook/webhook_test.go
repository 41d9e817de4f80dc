package webhook_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/webhook"
)

var (
	fact = evidence.Event{
		Stream: "d1", Seq: 7, At: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC), Kind: "document.approved", Actor: "chen",
		Cause: "a1", Round: 1, Revision: 2, ContentHash: "abc", Data: json.RawMessage(`{"opinion":"fine"}`), Hash: "h7", V: 1,
	}
	expense = webhook.Document{
		ID: "d1", Number: "EXP-2026-000001", Type: "expense", Entity: "acme-cn", Department: "sales", Submitter: "lin",
		Requester: "lin", Total: money.Amount{Minor: 82000, Currency: "CNY"},
	}
)

func TestWants(t *testing.T) {
	for _, c := range []struct {
		name string
		to   webhook.Subscription
		kind string
		want bool
	}{
		{"what is ordinary", webhook.Subscription{}, "document.approved", true},
		{"who was asked is not", webhook.Subscription{}, "task.opened", false},
		{"by its kind", webhook.Subscription{Events: []string{"task.opened"}}, "task.opened", true},
		{"another kind of the noun", webhook.Subscription{Events: []string{"task.opened"}}, "task.approved", false},
		{"all of a noun", webhook.Subscription{Events: []string{"task.*"}}, "task.approved", true},
		{"another noun", webhook.Subscription{Events: []string{"task.*"}}, "document.approved", false},
		{"another type", webhook.Subscription{Types: []string{"loan"}}, "document.approved", false},
		{"its type", webhook.Subscription{Types: []string{"loan", "expense"}}, "document.approved", true},
		{"another entity", webhook.Subscription{Entities: []string{"acme-de"}}, "document.approved", false},
		{"what it did itself", webhook.Subscription{Account: "chen"}, "document.approved", false},
		{"what others did", webhook.Subscription{Account: "oa"}, "document.approved", true},
	} {
		e := fact
		e.Kind = c.kind
		require.Equal(t, c.want, c.to.Wants(e, expense), c.name)
	}
}

func TestNamed(t *testing.T) {
	for text, want := range map[string]bool{
		"document.approved": true, "voucher.*": true, "*": false, "document": false, "document.": false, "Document.approved": false,
		"document.approved ": false, "a.b.c": false, "step.auto_approved": true,
	} {
		require.Equal(t, want, webhook.Named(text), text)
	}
}

// TestTheMessage holds every byte of a message: a receiver parses it for years.
func TestTheMessage(t *testing.T) {
	m, err := webhook.Subscription{ID: "w"}.Of(fact, expense, 12, "https://pay.example.com")
	require.NoError(t, err)
	require.Equal(t, "d1.7", m.ID)
	require.JSONEq(t, `{
		"specversion": "1.0", "id": "d1.7", "source": "https://pay.example.com", "type": "countersign.document.approved",
		"subject": "EXP-2026-000001", "time": "2026-11-20T08:00:00Z", "sequence": "00000000000000000012",
		"datacontenttype": "application/json", "data": {
			"document": "d1", "number": "EXP-2026-000001", "type": "expense", "entity": "acme-cn", "department": "sales",
			"submitter": "lin", "requester": "lin", "total": {"amount": "820.00", "currency": "CNY"}, "seq": 7, "actor": "chen",
			"round": 1, "revision": 2, "content_hash": "abc", "url": "https://pay.example.com/documents/d1",
			"api": "https://pay.example.com/api/v1/documents/d1"}}`, string(m.Body))

	sent := expense
	sent.Origin = document.Origin{Source: "oa", Reference: "PR-17"}
	m, err = webhook.Subscription{ID: "w"}.Of(fact, sent, 12, "https://pay.example.com")
	require.NoError(t, err)
	require.Contains(t, string(m.Body), `"source":"oa","external_id":"PR-17"`)

	full, err := webhook.Subscription{ID: "w", Evidence: true}.Of(fact, expense, 12, "https://pay.example.com")
	require.NoError(t, err)
	var said struct {
		Data struct{ Event evidence.Event }
	}
	require.NoError(t, json.Unmarshal(full.Body, &said))
	require.Equal(t, fact, said.Data.Event, "the record's own envelope: its hash can be computed again")
}

func TestJudge(t *testing.T) {
	for status, want := range map[int]webhook.Verdict{
		200: webhook.Delivered, 204: webhook.Delivered, 301: webhook.Again, 400: webhook.Again, 410: webhook.Gone,
		429: webhook.Again, 500: webhook.Again, 0: webhook.Again,
	} {
		require.Equal(t, want, webhook.Judge(status), status)
	}
}

func TestWait(t *testing.T) {
	for _, c := range []struct {
		tries       int
		asked, want time.Duration
	}{
		{1, 0, 5 * time.Second},
		{2, 0, 30 * time.Second},
		{8, 0, 4 * time.Hour},
		{800, 0, 4 * time.Hour},
		{1, time.Minute, time.Minute},
		{8, time.Minute, 4 * time.Hour},
		{1, 1000 * time.Hour, 4 * time.Hour}, // nobody sends us away for ever
	} {
		require.Equal(t, c.want, webhook.Wait(c.tries, c.asked), c)
	}
}
