package pages_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// inBoth runs a test in each language, with its own words.
func inBoth(t *testing.T, test func(t *testing.T, h *house)) {
	for _, locale := range i18n.Locales {
		t.Run(locale, func(t *testing.T) {
			h := newHouse(t)
			h.locale = locale
			test(t, h)
		})
	}
}

func (h *house) word(key string, args map[string]string) string {
	return i18n.Shipped().Text(h.locale, key, args)
}

// TestEveryPageInEveryLanguage proves that every page renders, empty and full,
// without a raw key, for everybody who may see it.
func TestEveryPageInEveryLanguage(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		everywhere := []string{"/", "/tasks/done", "/documents", "/documents?status=open&q=x&of=all", "/new", "/new/expense",
			"/new/payment_request", "/notices",
			"/delegations"}
		finance := []string{"/vouchers", "/vouchers?state=posted", "/parked", "/finance", "/reconciliations",
			"/finance?of=mine&q=x&entity=acme-cn&type=expense&only=overdue"}
		look := func() {
			for _, person := range []string{"lin", "wang", "zhao", "liu", "admin", "audit", "max"} {
				for _, at := range everywhere {
					h.get(person, at).is(http.StatusOK)
				}
			}
			for _, at := range finance {
				h.get("wang", at).is(http.StatusOK)
				h.get("audit", at).is(http.StatusOK)
				h.get("lin", at).is(http.StatusForbidden).says(h.word("page.error.forbidden", nil))
			}
		}
		look()
		at := h.submitted("k1", "1,200.50")
		h.decide("wang", at, "return", "mend it")
		look()
		h.get("lin", "/").says(h.word("page.home.returned", nil), "CNY\u00a01,200.50")
		h.get("lin", "/notices").says("mend it")
	})
}

// TestADocumentInEveryState proves that the page of a document says where it
// stands, who did what, and offers what its reader may do.
func TestADocumentInEveryState(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.engine.idle = true
		waiting := h.submitted("k0", "5000.00")
		h.get("lin", waiting).is(200).says(h.word("page.route.looking", nil), `data-refresh=`)
		h.engine.idle = false

		at := h.submitted("k1", "5000.00")
		h.get("lin", at).saysNot(at+"/decide").
			says(h.word("status.pending", nil), "陈磊", "赵敏", "刘强", at+"/withdraw", at+"/urge")
		h.get("audit", at).is(200).saysNot(at+"/decide", at+"/withdraw", at+"/comment")
		h.reviewed(at)
		h.decide("wang", at, "return", "please mend").to()
		h.get("lin", at).says(h.word("status.returned", nil), h.word("page.returned.edit", nil), "please mend")
		h.get("lin", at+"/edit").is(200).says("5000.00", `value="resubmit"`)

		values := expense("k2", "4000.00")
		values.Set("do", "resubmit")
		require.Equal(t, at, h.post("lin", at+"/edit", values).to())
		h.get("lin", at).says("CNY\u00a04,000.00", h.word("page.revision", map[string]string{"n": "2"}))
		h.decide("chen", at, "reject", "never").to()
		h.get("lin", at).says(h.word("status.rejected", nil), "never", h.word("page.stands.stopped", nil))
		h.audited(at)

		at = h.submitted("k3", "2000.00")
		h.post("lin", at+"/withdraw", url.Values{"key": {"w"}, "opinion": {"twice"}}).to()
		h.get("lin", at).says(h.word("status.withdrawn", nil), "twice")

		at = h.submitted("k4", "10.00")
		h.get("lin", at).says(h.word("page.stands.auto", nil), h.word("page.stands.skipped", nil))
	})
}

// TestParkedAndPosted proves that finance sees why a voucher waits, rules on it,
// and that a posted one is shown with its entries.
func TestParkedAndPosted(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.approved(at)
		id := strings.TrimPrefix(at, "/documents/")
		reference := "v:" + id + ":accrual:1"
		require.NoError(t, h.store.SaveVoucher(t.Context(), store.VoucherRow{
			Reference: reference, Document: id, Kind: "accrual", Entity: "acme-cn", State: "parked", Date: "2026-03-31",
			Code: "erp.closed_period", Detail: "period <closed>", Voucher: entries, Hash: "h",
		}, store.Ended{}))
		_, err := h.engine.apply(t.Context(), id,
			approval.Settled{Reference: reference, Code: "erp.closed_period", Detail: "period <closed>"})
		require.NoError(t, err)

		h.get("lin", at).saysNot(at+"/resolve").
			says(h.word("status.parked", nil), h.word("page.parked.voucher_wait", nil), "period &lt;closed&gt;")
		h.get("wang", "/parked").says("Visit to Hangzhou", at, h.word("page.mend.period", nil), `type="date"`, at+"/resolve")
		h.get("audit", "/parked").says("Visit to Hangzhou").saysNot(at + "/resolve")
		h.parkedPageByPage(at)
		h.get("wang", "/vouchers/"+reference).is(200).
			says("6602", "CNY\u00a02,000.00", h.word("page.voucher.balanced", nil), "period &lt;closed&gt;")
		ruling := h.get("wang", at).form(at + "/resolve")
		ruling.Set("ruling", "redate")
		ruling.Set("date", "soon")
		h.post("wang", at+"/resolve", ruling).is(422).says("soon", at+"/resolve")
		ruling.Set("date", "2026-04-01")
		ruling.Set("key", "another")
		require.Equal(t, at, h.post("wang", at+"/resolve", ruling).to())
		_, err = h.engine.apply(t.Context(), id,
			approval.Settled{Reference: reference, Attempt: 1, Posted: true, Number: "记-7", ID: "7"})
		require.NoError(t, err)
		h.get("lin", at).says(h.word("status.closed", nil), "记-7", "/vouchers/"+reference)
		h.get("emma", "/vouchers/"+reference).is(404)
		missing, err := h.store.SaveRuling(t.Context(), store.Ruling{Connection: "books", Fingerprint: "f", Reference: reference,
			Ruling: store.RulingPost, Person: "wang"}, store.Idempotency{})
		require.NoError(t, err)
		require.NoError(t, h.store.EndRuling(t.Context(), store.Ruling{ID: missing, Outcome: "posted", Number: "记-8"}))
		h.get("wang", "/vouchers/"+reference).says("记-8")
	})
}

// parkedPageByPage: many that are parked fill pages, each of the reason that was asked for.
func (h *house) parkedPageByPage(at string) {
	storetest.Execute(h.t, `INSERT INTO documents SELECT (jsonb_populate_record(d, jsonb_build_object('id', 'many' || n,
		'number', 'MANY-' || n, 'parked_at', d.parked_at + n * interval '1 second'))).*
		FROM documents d, generate_series(10, 69) n WHERE d.parked_code <> ''`)
	first := h.get("wang", "/parked?code=erp.closed_period").says(at+"/resolve", "MANY-58").saysNot("MANY-59")
	next := nextPage.FindStringSubmatch(first.body)
	require.NotNil(h.t, next)
	second := h.get("wang", html.UnescapeString(next[1])).says("MANY-59", "MANY-69").saysNot("MANY-58", at+"/resolve")
	require.NotContains(h.t, second.body, `class="next"`)
	h.get("wang", "/parked?from=many").says("MANY-10").saysNot("MANY-69")
	h.get("wang", "/parked?from=999").is(200).saysNot("MANY-69")
}

const entries = `{"reference":"r","document":"d","kind":"accrual","entity":"acme-cn","journal":"GEN",
"date":"2026-03-31","text":"t","entries":[
{"side":"debit","account":"6602","text":"train",
 "amount":{"minor":200000,"currency":"CNY"},"base":{"minor":200000,"currency":"CNY"}},
{"side":"credit","account":"2241","text":"lin","party":"lin",
 "amount":{"minor":200000,"currency":"CNY"},"base":{"minor":200000,"currency":"CNY"}}]}`

// TestStoredTextIsInert proves that nothing that people wrote is run or changes a page.
func TestStoredTextIsInert(t *testing.T) {
	h := newHouse(t)
	const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>"'javascript:alert(3)`
	values := expense("k1", "2000.00")
	for _, name := range []string{"title", "reason", "lines.0.description", "lines.0.invoice", "cost_center", "fields.trip"} {
		values.Set(name, evil[:min(len(evil), 60)])
	}
	at := h.post("lin", "/new/expense", values).to()
	h.post("lin", at+"/comment", url.Values{"key": {"c"}, "text": {evil}}).to()
	h.decide("wang", at, "return", evil).to()
	for _, where := range []string{"/", "/documents", at, at + "/edit", "/notices"} {
		h.get("lin", where).is(200).saysNot("<script>alert", "<img src=x").says("&lt;script&gt;")
	}
	broken := url.Values{"do": {"submit"}, "title": {evil}, "line": {`0"><script>alert(4)</script>`}}
	h.post("lin", "/new/expense", broken).is(422).saysNot("<script>alert")
	h.get("", "/login?return_to=javascript:alert(1)").is(200).saysNot("javascript:", "<b>")
}

// TestNothingTypedIsLost proves that every fault stands at its field, all at
// once, and that the form keeps what was typed, files included.
func TestNothingTypedIsLost(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		values := expense("k1", "12.345")
		values.Set("title", "")
		values.Set("reason", "because 因为")
		values.Add("line", "1")
		for name, value := range map[string]string{
			"category": "yacht", "date": "2999-01-01", "description": "second", "amount": "abc", "invoice": "INV-9"} {
			values.Set("lines.1."+name, value)
		}
		p := h.upload("lin", "/new/expense", values, map[string][]byte{
			"lines.1.upload=收据.txt": []byte("hello"), "upload=evil.exe": []byte("MZ")})
		p.is(422).says("12.345", "because 因为", "second", "abc", "INV-9", "收据.txt", `id="f-attachments-error"`)

		file := regexp.MustCompile(`name="lines\.1\.file" value="([^"]*)"`).FindStringSubmatch(p.body)
		values.Set("lines.1.file", file[1])
		p = h.post("lin", "/new/expense", values).is(422)
		for _, field := range []string{
			"f-title", "f-lines-0-amount", "f-lines-1-category", "f-lines-1-date", "f-lines-1-amount",
		} {
			p.says(`id="`+field+`-error"`, `href="#`+field+`"`)
		}
		p.says("收据.txt").saysNot("f-lines-0-date-error")

		values.Set("do", "add_line")
		p = h.post("lin", "/new/expense", values).is(200).says(`name="lines.2.amount"`, "abc")
		values.Set("do", "remove_line:1")
		h.post("lin", "/new/expense", values).is(200).says("12.345").saysNot("INV-9")
		values.Set("do", "save")
		h.post("lin", "/new/expense", values).is(422).says("abc") // an amount must be an amount, even in a draft
	})
}

// TestDrafts proves that a draft is kept, shown as typed, submitted once and deleted.
func TestDrafts(t *testing.T) {
	h := newHouse(t)
	values := url.Values{
		"do": {"save"}, "key": {"k1"}, "title": {"Half"}, "currency": {"CNY"}, "line": {"0"}, "lines.0.amount": {"５,000.5"},
	}
	at := h.post("lin", "/new/expense", values).to()
	require.Equal(t, at, h.post("lin", "/new/expense", values).to(), "a double click writes one draft")
	h.get("lin", at).is(200).says("Half")
	h.get("lin", "/documents?status=draft").says("Half")
	h.get("wang", at).is(404)

	values = expense("k2", "2000.00")
	values.Set("do", "preview")
	h.post("lin", at, values).is(200).says("赵敏", "≥")
	values.Set("do", "submit")
	document := h.post("lin", at, values).to()
	require.Equal(t, document, h.post("lin", at, values).to(), "a double click submits once")
	values.Set("key", "k3")
	h.post("lin", at, values).is(409)
	require.Equal(t, document, h.get("lin", at).to())

	gone := url.Values{"do": {"save"}, "key": {"k4"}, "title": {"Gone"}, "currency": {"CNY"}}
	other := h.post("lin", "/new/expense", gone).to()
	h.post("wang", strings.TrimSuffix(other, "/edit")+"/delete", nil).is(404)
	h.post("lin", strings.TrimSuffix(other, "/edit")+"/delete", nil).to()
	h.get("lin", other).is(404)
}
