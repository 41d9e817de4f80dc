package pages_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// patchForm is the hidden fields of the form of a sanction or an amendment.
func (p page) patchForm(at, section string) url.Values {
	p.t.Helper()
	_, rest, found := strings.Cut(p.body, `id="`+section+`"`)
	require.True(p.t, found, "no section %s", section)
	p.body = rest
	return p.form(at + "/decide")
}

// TestSanctionOnThePage: two lines, less of one and nothing of the other, approved
// in one press; everybody sees what was claimed beside what is approved.
func TestSanctionOnThePage(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.engine.allow = []string{"sanction"}
		values := expense("k1", "2000.00")
		values["line"] = []string{"0", "1"}
		for name, value := range map[string]string{"category": "meals", "date": "2026-03-02", "amount": "150.50", "description": "<b>wine"} {
			values.Set("lines.1."+name, value)
		}
		at := h.post("lin", "/new/expense", values).to()
		form := h.get("wang", at).is(200).
			says(`name="amount:1"`, `value="2000.00"`, `value="150.50"`, h.word("page.sanction.and_approve", nil), "&lt;b&gt;wine").
			saysNot(`id="amend"`).patchForm(at, "sanction")
		send := func(first, second, opinion string) page {
			form.Set("amount:1", first)
			form.Set("amount:2", second)
			form.Set("opinion", opinion)
			return h.post("wang", at+"/decide", form)
		}
		h.get("lin", at).saysNot(`id="sanction"`)
		send("2000.01", "0", "too dear").is(422).
			says(`value="2000.01"`, "too dear", h.word("fault.sanction.above_claimed", map[string]string{"line": "1", "max": "2000.00", "currency": "CNY"}))
		send("1,5", "0", "too dear").is(422).says(`value="1,5"`)
		send("0", "0", "nothing").is(422).says(h.word("fault.sanction.zero_total", nil))
		send("2000", "150.5", "as it is").is(422).says(h.word("fault.sanction.no_change", nil))
		form.Set("key", "k-empty")
		send("1500", "0", "").is(422).says(h.word("fault.act.opinion_required", nil))
		form.Set("key", "k-good")
		form.Set("then", "approve")
		require.Equal(t, at, send("1500", "0", "no wine").to())
		require.Equal(t, at, send("1500", "0", "no wine").to(), "a double click does it once")

		shown := h.get("lin", at).is(200).says(
			"CNY\u00a01,500.00", h.word("page.claimed", map[string]string{"amount": "CNY\u00a02,150.50"}),
			h.word("page.claimed", map[string]string{"amount": "CNY\u00a0150.50"}), "no wine",
			h.word("page.event.sanctioned_line", map[string]string{"n": "2", "was": "CNY\u00a0150.50", "now": "CNY\u00a00.00", "claimed": "CNY\u00a0150.50"}))
		shown.saysNot(`id="sanction"`)
		h.get("lin", "/documents").says(h.word("page.claimed", map[string]string{"amount": "CNY\u00a02,150.50"}))
		h.get("lin", "/notices").says("1500.00 CNY", "2150.50 CNY")
		state, err := h.desk.State(t.Context(), strings.TrimPrefix(at, "/documents/"))
		require.NoError(t, err)
		require.Equal(t, 2, state.Revision)
		require.True(t, slices.ContainsFunc(state.Tasks, func(t approval.Task) bool {
			return t.DecidedBy == "wang" && t.State == approval.TaskApproved
		}))
		report, err := h.store.VerifyAudit(t.Context(), store.VerifyOptions{})
		require.NoError(t, err)
		require.Empty(t, report.Findings)
	})
}

// TestAmendOnThePage: only what the step names is offered, and what a title was is
// told beside what it is.
func TestAmendOnThePage(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.engine.allow, h.engine.amend = []string{"amend"}, []string{"title", "lines.cost_center", "lines.category"}
		at := h.submitted("k1", "2000.00")
		form := h.get("wang", at).is(200).says(`name="change:title"`, `name="change:lines[0].category"`).
			saysNot(`change:lines[0].description`).patchForm(at, "amend")
		form.Set("change:title", "Visit to Suzhou")
		form.Set("change:lines[0].cost_center", "")
		form.Set("change:lines[0].category", "travel")
		form.Set("opinion", "it was Suzhou")
		require.Equal(t, at, h.post("wang", at+"/decide", form).to())
		h.get("lin", at).is(200).says("Visit to Suzhou", "it was Suzhou", h.word("page.event.amended_field", map[string]string{
			"field": h.word("page.edit.title", nil), "was": "Visit to Hangzhou", "now": "Visit to Suzhou",
		}))
		form = h.get("wang", at).is(200).says(`id="decide"`).patchForm(at, "amend")
		form.Set("change:lines[0].category", "lodging")
		form.Set("opinion", "a hotel")
		h.post("wang", at+"/decide", form).is(http.StatusUnprocessableEntity).
			says(h.word("fault.amend.standard_changes", map[string]string{"line": "1"}), "a hotel")
		form.Del("change:lines[0].category")
		form.Set("change:payee", "wang")
		h.post("wang", at+"/decide", form).is(http.StatusUnprocessableEntity)
	})
}
