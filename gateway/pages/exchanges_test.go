package pages_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// TestExchanges proves that finance reads what was said to the ERP for a document, that
// nobody else does, and that a parked posting is tried now once, and where it cannot be
// the page says why.
func TestExchanges(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.approved(at)
		id := strings.TrimPrefix(at, "/documents/")
		reference := "v:" + id + ":accrual:1"
		require.NoError(t, h.store.SaveVoucher(t.Context(), store.VoucherRow{
			Reference: reference, Document: id, Kind: "accrual", Entity: "acme-cn", State: "pending", Date: "2026-03-31",
			Voucher: entries, Hash: "h",
		}, store.Ended{}))
		require.NoError(t, h.store.SaveExchanges(t.Context(), []store.Exchange{{Connection: "books", Adapter: "tryton",
			Op: "create", Document: id, Reference: reference, Entity: "acme-cn", Attempt: 1, StartedAt: time.Now(),
			Took: 1500 * time.Microsecond, Status: 200, Class: "unknown", Code: "erp.unknown", Method: "POST", Path: "/<b>/",
			SentBytes: 9, Sent: `{"a":"<b>•"}`, GotBytes: 3, GotSum: "abcd"}}))
		log, err := h.store.Exchanges(t.Context(), access.Scope{All: true}, nil, store.ExchangeFilter{Document: id})
		require.NoError(t, err)
		one := fmt.Sprintf("/erp/exchanges/%d", log.Items[0].ID)
		list := "/erp/exchanges?document=" + id

		h.get("wang", list).is(200).says(one, h.word("exchange.op.create", nil), h.word("exchange.class.unknown", nil), "1.5 ms")
		h.get("wang", one).is(200).says("&lt;b&gt;•", "/&lt;b&gt;/", "SHA-256 abcd", one+"/resend").saysNot("<b>•")
		h.get("audit", one).is(200).saysNot(one + "/resend")
		h.get("lin", one).is(403)
		h.get("wang", "/erp/exchanges?document=nothing").is(200).says(h.word("exchange.none_so", nil))
		h.get("wang", "/erp").is(200).says(h.word("erp.hint", nil))

		send := h.get("wang", one).form(one + "/resend")
		h.post("wang", one+"/resend", send).is(409).says(h.word("fault.resend.underway", nil))
		_, err = h.engine.apply(t.Context(), id, approval.Settled{Reference: reference, Code: "erp.unknown", Unanswered: true})
		require.NoError(t, err)
		h.get("wang", at).says(list)
		h.get("lin", at).saysNot(list)
		again := url.Values{"key": {"now"}, "opinion": {"the ERP is back"}}
		require.Equal(t, at, h.post("wang", one+"/resend", again).to())
		require.Equal(t, at, h.post("wang", one+"/resend", again).to(), "the same key is the same act")
		h.get("wang", at).says("the ERP is back")
		again.Set("key", "once more")
		h.post("wang", one+"/resend", again).is(409).says(h.word("fault.resend.underway", nil))
	})
}
