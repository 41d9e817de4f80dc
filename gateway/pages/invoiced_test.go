package pages_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAClaimIsHeldAgainstItsInvoice: to claim more than the invoice that was read is shown
// to its author before it is submitted, and to whoever decides, beside its line; to claim
// less is only noted. The inbox marks the first.
func TestAClaimIsHeldAgainstItsInvoice(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		invoice := func(number string) map[string][]byte {
			return map[string][]byte{"lines.0.upload=发票.xml": []byte(`<?xml version="1.0"?><EInvoice><EIid>` + number + `</EIid>` +
				`<TotalTax-includedAmount>1500.00</TotalTax-includedAmount><IssueTime>2026-03-02</IssueTime></EInvoice>`)}
		}
		over := h.word("page.live.invoiced.over", map[string]string{"sum": "CNY\u00a01,500.00", "over": "CNY\u00a0500.00"})
		asked := h.upload("lin", "/new/expense", expense("k1", "2000.00"), invoice("26312000000136634921"))
		seen, more := asked.is(http.StatusOK).says(over).form("/new/expense"), expense("k1", "2000.00")
		more.Set("warned", seen.Get("warned"))
		more.Set("lines.0.file", seen.Get("lines.0.file"))
		at := h.post("lin", "/new/expense", more).to()
		for _, page := range []string{at, at + "/review"} {
			h.get("wang", page).is(http.StatusOK).says(over)
		}

		mark := h.word("page.mark.overclaimed.why.one", nil)
		require.Contains(t, h.get("wang", "/").is(http.StatusOK).rowOf(at), mark)

		under := h.word("page.live.invoiced.under", map[string]string{"sum": "CNY\u00a01,500.00", "under": "CNY\u00a0300.00"})
		at = h.upload("lin", "/new/expense", expense("k2", "1200.00"), invoice("26312000000136634922")).to()
		for _, page := range []string{at, at + "/review"} {
			h.get("wang", page).is(http.StatusOK).says(under).saysNot(`class="warning"`)
		}
		require.NotContains(t, h.get("wang", "/").is(http.StatusOK).rowOf(at), mark)
	})
}
