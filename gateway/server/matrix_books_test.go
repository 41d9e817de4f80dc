package server_test

import (
	"crypto/rand"
	"encoding/json"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/reconciliation"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/domain/webhook"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// reconciliation is a comparison of acme-cn's books that found a voucher missing.
func (c *crossing) reconciliation() {
	c.desk.Connections = []desk.Connection{{ID: "books", Entities: []string{"acme-cn"}}}
	run := store.Reconciliation{ID: "01900000-0000-7000-8000-00000000000b", Connection: "books", From: "2026-11-01",
		Entities: []string{"acme-cn"}, Until: "2026-11-30", State: store.ReconciliationDone}
	require.NoError(c.t, c.store.BeginReconciliation(c.t.Context(), run))
	require.NoError(c.t, c.store.SaveDifferences(c.t.Context(), []store.FoundDifference{{Run: run.ID, Connection: "books",
		Difference: reconciliation.Difference{Kind: reconciliation.MissingThere, Reference: "v:x:accrual:1", Entity: "acme-cn"}}}))
	require.NoError(c.t, c.store.EndReconciliation(c.t.Context(), run))
	page, err := c.store.Differences(c.t.Context(), access.Scope{All: true}, store.DifferenceFilter{Run: run.ID})
	require.NoError(c.t, err)
	x := store.Exchange{Connection: "books", Adapter: "tryton", Op: "find", Reference: "v:x:accrual:1", Document: "x",
		Entity: "acme-cn", Class: "ok", Method: "POST", Path: "/", StartedAt: time.Now()}
	require.NoError(c.t, c.store.SaveExchanges(c.t.Context(), []store.Exchange{x}))
	log, err := c.store.Exchanges(c.t.Context(), access.Scope{All: true}, []store.Books{{Connection: "books"}},
		store.ExchangeFilter{})
	require.NoError(c.t, err)
	c.objects["exchanges"] = strconv.FormatInt(log.Items[0].ID, 10)
	c.objects["connection"], c.objects["master-data"] = "books", "books"
	c.objects["reconciliations"], c.objects["differences"] = run.ID, strconv.FormatInt(page.Items[0].N, 10)
}

// kept is what the books hold of lin's document, and what she remarked on it.
func (c *crossing) kept(document string) {
	c.objects["comments"] = c.made("lin", "POST", "/documents/"+document+"/comments", map[string]any{"text": secretly}, "id")
	made := voucher.Voucher{Reference: "v:" + document + ":accrual:1", Document: document, Kind: voucher.Accrual, Revision: 1,
		Entity: "acme-cn", Date: "2026-03-31", Text: secretly}
	text, err := json.Marshal(made)
	require.NoError(c.t, err)
	require.NoError(c.t, c.store.SaveVoucher(c.t.Context(), store.VoucherRow{
		Reference: made.Reference, Document: document, Kind: string(made.Kind), Entity: made.Entity, State: store.VoucherPosted,
		ID: "1", Number: "1", Date: made.Date, Voucher: string(text), Hash: "h",
	}, store.Ended{}))
	c.objects["vouchers"], c.objects["effects"] = made.Reference, made.Reference
}

// webhook is another system that is told of events, of every company.
func (c *crossing) webhook() {
	c.desk.Webhooks = []desk.Endpoint{{Subscription: webhook.Subscription{ID: "oa"}}}
	ctx := c.t.Context()
	require.NoError(c.t, c.store.KeepWebhooks(ctx, []string{"oa"}))
	require.NoError(c.t, c.store.TestWebhook(ctx, "oa", "admin"))
	c.objects["endpoint"], c.objects["no"] = "oa", "1"
}

// letter asks zhao about lin's task, which is no longer hers.
func (c *crossing) letter() {
	task, err := c.store.Task(c.t.Context(), c.objects["tasks"])
	require.NoError(c.t, err)
	c.objects["letters"] = rand.Text()
	require.NoError(c.t, c.store.WriteLetters(c.t.Context(), store.NewLetter{Letter: store.Letter{ID: "l-" + task.ID, Notice: "n", Person: "zhao",
		Task: task.ID, Document: task.Document, Round: task.Round, ContentHash: task.ContentHash},
		LetterTokens: store.LetterTokens{Page: store.HashToken(c.objects["letters"]), Life: time.Hour}}))
}
