package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAnInvoiceUsedTwiceIsShownToWhoDecides in the inbox, on the document and in the
// review, with the way to the other one; and no more once that one is out of the way.
func TestAnInvoiceUsedTwiceIsShownToWhoDecides(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		claim := func(key, invoice string) string {
			form := expense(key, "2000.00")
			form.Set("lines.0.invoice", invoice)
			first := h.post("lin", "/new/expense", form)
			if first.status == http.StatusSeeOther {
				return first.to()
			}
			form.Set("warned", first.is(http.StatusOK).form("/new/expense").Get("warned"))
			return h.post("lin", "/new/expense", form).to()
		}
		const number = "24312000000136634917"
		once, other := claim("k1", number), claim("k2", "24312000000136634918")
		twice := claim("k3", "２"+number[1:])
		why := h.word("page.mark.reused.why.one", nil)
		list := h.get("wang", "/").is(http.StatusOK)
		require.Contains(t, list.rowOf(once), why)
		require.Contains(t, list.rowOf(twice), why)
		require.NotContains(t, list.rowOf(other), why)

		where := h.word("page.live.invoice.used", map[string]string{"name": number})
		for _, page := range []string{twice, twice + "/review"} {
			h.get("wang", page).is(http.StatusOK).says(where, `<a href="`+once+`"`)
		}
		h.get("wang", other).is(http.StatusOK).saysNot(`class="warning"`)

		require.Equal(t, once, h.decide("wang", once, "reject", "twice").to())
		h.get("wang", twice).is(http.StatusOK).saysNot(where)
		require.False(t, strings.Contains(h.get("wang", "/").rowOf(twice), why), "what was refused uses nothing")
	})
}
