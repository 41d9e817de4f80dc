package nemesis

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/house"
)

// reversing is that finance has a voucher undone when a process is to die.
const reversing stage = "reverse"

// reversalPoints is every place between the approval of a reversal and the record of what
// the books said of it.
var reversalPoints = []crashPoint{
	{house.Relay, "reversals.claimed", reversing, "", ""},
	{house.Relay, "reversal.delivered", reversing, "", ""},
	{house.Worker, "reversal.intended", reversing, "", ""},
	{house.Worker, "reverse.sending", reversing, "", ""},
	{house.Worker, "reverse.sent", reversing, "", ""},
	{house.Worker, "reversal.saved", reversing, "", ""},
}

// reversals has the vouchers of documents that are closed undone; a process dies at each
// step in turn. In the end each is undone, once: in our record and in the books.
func (c *crashes) reversals() {
	ctx, cancel := context.WithTimeout(c.Context(), crashPatience)
	defer cancel()
	for i, p := range reversalPoints {
		began := time.Now()
		c.dying(p, func() error { return c.reverse(ctx, c.documents[i]) })
		c.Logf("%-8s %-18s dies during %-7s %5.1f s", p.process, p.place, p.stage, time.Since(began).Seconds())
	}
	for i, p := range reversalPoints {
		c.awaitReversed(ctx, c.documents[i], fmt.Sprintf("%+v", p))
	}
}

func reversalOf(document string) string { return "/vouchers/v:" + document + ":accrual:1/reversal" }

// reverse has one ask, and another approve; clients repeat what they got no answer to.
func (c *crashes) reverse(ctx context.Context, document string) error {
	at, key := reversalOf(document), "undo-"+document
	say := func(person, path, key string, body map[string]any) (undone, error) {
		return persist(ctx, func(ctx context.Context) (undone, error) {
			var now undone
			_, err := c.door.As(c.T, person).Call(ctx, http.MethodPost, path, key, body, &now)
			return now, err
		})
	}
	day := time.Now().UTC().Add(14 * time.Hour).Format(time.DateOnly) // not before the voucher's day, wherever it is
	asked, err := say("wang", at, key, map[string]any{"date": day, "reason": "科目错误"})
	if err != nil {
		return err
	}
	_, err = say("liu", at+"/decision", key, map[string]any{"proposal": asked.Proposal, "approve": true})
	return err
}

// undone is how far a reversal has come.
type undone struct {
	Status, Proposal, Reference string

	BookNo string `json:"erp_number"`
}

// awaitReversed waits until a reversal is booked, and counts it in the books.
func (c *crashes) awaitReversed(ctx context.Context, document, what string) {
	c.Helper()
	var now undone
	for now.Status != "posted" {
		_, err := c.house.As("wang").Call(ctx, http.MethodGet, reversalOf(document), "", nil, &now)
		require.NoError(c, err)
		require.NoError(c, ctx.Err(), "%s: never posted, but %s", what, now.Status)
		time.Sleep(again)
	}
	var books struct {
		Vouchers []struct{ Number, State string }
	}
	//nolint:noctx // loopback
	response, err := http.Get(c.house.Stack.ERPURL + "/api/vouchers?external_ref=" + url.QueryEscape(now.Reference))
	require.NoError(c, err)
	defer func() { _ = response.Body.Close() }()
	require.NoError(c, json.NewDecoder(response.Body).Decode(&books))
	require.Len(c, books.Vouchers, 1, what)
	require.Equal(c, [2]string{now.BookNo, "posted"}, [2]string{books.Vouchers[0].Number, books.Vouchers[0].State}, what)
}
