package pages_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/policy/booking"
)

// reviewed proves that finance finds a document that waits in its queue, decides on
// its review page, and sees the voucher it would be, each entry with its rule.
func (h *house) reviewed(at string) {
	h.t.Helper()
	for _, path := range []string{"/finance", "/finance?of=mine", "/finance?q=hangzhou&type=expense&entity=acme-cn"} {
		h.get("wang", path).is(200).says(at+"/review", "Visit to Hangzhou")
	}
	h.get("wang", "/finance").says(`<span class="big">1</span>` + h.word("page.finance.count.mine", nil))
	for _, path := range []string{"/finance?only=overdue", "/finance?only=urgent", "/finance?q=nowhere", "/finance?type=advance"} {
		h.get("wang", path).is(200).saysNot(at + "/review")
	}
	h.get("audit", "/finance?of=mine").is(200).saysNot(at + "/review")
	h.get("wang", at+"/review").is(200).says("train", `id="decide"`, at+"/decide", "data-check", at+"/voucher")
	h.get("audit", at+"/review").is(200).saysNot(at + "/decide")
	h.get("wang", at).says(at+"/review", at+"/voucher")
	h.get("emma", at+"/review").is(404)
	h.get("emma", at+"/voucher").is(http.StatusForbidden)
	h.get("wang", at+"/voucher").is(200).says("6602", "2202", h.word("page.voucher.balanced", nil),
		h.word("page.why.credit", nil), "CNY\u00a05,000.00", "/policies/mapping/expense")
	h.get("wang", at+"/voucher?kind=settlement").is(200).says("1002", "2202", h.word("page.why.bank", nil), `kind=settlement" aria-current="page"`)
	h.previewed(strings.TrimPrefix(at, "/documents/"))
}

// previewed proves that the preview is the very voucher that the posting builds.
func (h *house) previewed(id string) {
	h.t.Helper()
	ctx := context.WithoutCancel(h.t.Context())
	company, err := h.store.Snapshot(ctx, 0)
	require.NoError(h.t, err)
	p, err := h.desk.PreviewVoucher(ctx, auth.Who{Person: company.People["wang"],
		Subject: access.SubjectOf(company, "wang")}, desk.PreviewAsked{Document: id})
	require.NoError(h.t, err)
	raw, err := config.Shipped.ReadFile("mappings/expense.yaml")
	require.NoError(h.t, err)
	mapping, err := booking.Parse("expense", raw)
	require.NoError(h.t, err)
	zone, err := time.LoadLocation(company.Entities["acme-cn"].Zone)
	require.NoError(h.t, err)
	made, err := booking.Build(mapping, booking.BuildInput{
		Content: p.Document.Content, Document: id, Number: p.Document.Number, Revision: 1, Kind: voucher.Accrual,
		Date: time.Now().In(zone).Format(time.DateOnly), EntityCurrency: money.Currency("CNY"), Org: company,
	})
	require.NoError(h.t, err)
	require.Equal(h.t, made, p.Voucher)
	require.Len(h.t, p.Whys, len(made.Entries))
	require.NoError(h.t, p.Voucher.Check())
	require.Nil(h.t, p.Lost, "nobody knows what the books keep")
	h.refusedEarly(id, string(raw))
}

// refusedEarly proves that a mapping with a dimension which the books cannot carry is
// neither shown as good nor published, and says its line; and that it is where they can.
func (h *house) refusedEarly(id, mapping string) {
	h.t.Helper()
	ctx := context.WithoutCancel(h.t.Context())
	company, err := h.store.Snapshot(ctx, 0)
	require.NoError(h.t, err)
	who := auth.Who{Person: company.People["wang"], Subject: access.SubjectOf(company, "wang")}
	line := strings.Count(mapping, "\n") + 1
	mapping += "dimensions: { debit: { project: \"= department\" } }\n"
	for kept, code := range map[string]string{"project": "", "customer": "booking.dimension_lost"} {
		keeps := voucher.Keeps{Connection: "books", Adapter: "u8", Dimensions: []string{kept}}
		counter := &desk.Desk{Store: h.store, Connections: []desk.Connection{
			{ID: "books", Entities: []string{"acme-cn"}, Keeps: &keeps}}}
		p, err := counter.PreviewVoucher(ctx, who, desk.PreviewAsked{Document: id, Mapping: mapping})
		require.NoError(h.t, err)
		require.Nil(h.t, p.Fault)
		require.NotEmpty(h.t, p.Voucher.Entries, "it is shown all the same")
		checked, err := counter.Check(ctx, auth.Who{Person: company.People["admin"],
			Subject: access.SubjectOf(company, "admin")}, proposal.Mapping, "expense", mapping)
		require.NoError(h.t, err)
		var findings []string
		for _, f := range checked.Findings {
			findings = append(findings, f.Fault.Code)
		}
		if code == "" {
			require.Nil(h.t, p.Lost)
			require.NotContains(h.t, findings, "booking.dimension_lost")
			require.Contains(h.t, findings, "booking.foreign_lost", "told, but no reason not to publish")
			continue
		}
		require.Equal(h.t, code, p.Lost.Code)
		require.Equal(h.t, strconv.Itoa(line), p.Lost.Args["line"])
		require.Contains(h.t, findings, code)
	}
}
