package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVersionsAndTheirDifferences: who changed what and why, between any two contents:
// a line put in between others is added, and does not change those after it; what an
// approver did to the amounts is told as theirs.
func TestVersionsAndTheirDifferences(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.engine.allow = []string{"sanction"}
		lines := func(key string, rows ...string) map[string][]string {
			values := expense(key, "2000.00")
			values["line"] = nil
			for i, row := range rows {
				n := string(rune('0' + i))
				description, amount, _ := strings.Cut(row, "=")
				values.Add("line", n)
				for name, value := range map[string]string{"category": "travel", "date": "2026-03-02", "description": description, "amount": amount} {
					values.Set("lines."+n+"."+name, value)
				}
			}
			return values
		}
		at := h.post("lin", "/new/expense", lines("k1", "train=1200.00", "bus=800.00")).to()
		h.get("lin", at).saysNot(at + "/versions")
		h.get("lin", at+"/versions").is(http.StatusOK).says(h.word("page.versions.only", nil))
		h.decide("wang", at, "return", "<i>one is missing").to()
		again := lines("k2", "train=1200.00", "taxi <b>=90.00", "bus=750.00")
		again["do"], again["title"] = []string{"resubmit"}, []string{"Visit to Suzhou"}
		require.Equal(t, at, h.post("lin", at+"/edit", again).to())
		form := h.get("wang", at).patchForm(at, "sanction")
		form.Set("amount:2", "50")
		form.Set("opinion", "dear")
		require.Equal(t, at, h.post("wang", at+"/decide", form).to())

		h.get("lin", at).says(at + "/versions")
		last := h.get("zhao", at+"/versions").is(http.StatusOK).says(
			h.word("page.versions.sanctioned", nil), h.word("page.versions.resubmitted", nil), "王芳", "dear",
			h.word("page.versions.differences", map[string]string{"from": "2", "to": "3"}), "CNY\u00a090.00", "CNY\u00a050.00",
			h.word("page.versions.line.changed", nil))
		last.saysNot(h.word("page.versions.line.added", nil), "Visit to Hangzhou", "bus")
		first := h.get("lin", at+"/versions?from=1&to=2").is(http.StatusOK).says(
			h.word("page.versions.line.added", nil), "taxi &lt;b&gt;", "Visit to Hangzhou", "Visit to Suzhou",
			"CNY\u00a0800.00", "CNY\u00a0750.00", h.word("page.versions.line.changed", nil))
		first.saysNot("train", h.word("page.versions.line.removed", nil))
		h.get("lin", at+"/versions?from=2&to=1").is(http.StatusOK).says(h.word("page.versions.line.removed", nil))
		h.get("lin", at+"/versions?from=2&to=2").is(http.StatusOK).says(h.word("page.versions.same", nil))
		for _, wrong := range []string{"from=0", "to=4", "to=x"} {
			h.get("lin", at+"/versions?"+wrong).is(http.StatusUnprocessableEntity)
		}
		h.get("nobody", at+"/versions").is(http.StatusNotFound)
	})
}
