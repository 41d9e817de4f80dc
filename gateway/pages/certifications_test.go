package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
)

// TestRightsAreReviewedOnPages: an administrator opens a review, a manager keeps some
// rights together and has another taken away, nobody answers for their own, and the
// report on who could release money says when a right was last found needed.
func TestRightsAreReviewedOnPages(t *testing.T) {
	h := newHouse(t)
	const all = "/organisation/reviews"
	h.get("emma", all).is(http.StatusOK).says("No review asks you").saysNot("Open a review")
	h.get("emma", "/organisation").says(all)
	open := h.get("admin", all).is(http.StatusOK).says("Open a review", "Finance clerk").form(all)
	open.Set("title", "Q4 <b>2026")
	open.Set("due", "2020-01-01")
	open.Set("grace", "0")
	h.post("admin", all, open).is(http.StatusUnprocessableEntity).says("no usable time", `value="Q4 &lt;b&gt;2026"`)
	open.Set("due", "")
	open.Set("key", "again")
	h.post("emma", all, open).is(http.StatusForbidden)
	at := h.post("admin", all, open).to()
	require.Equal(t, at, h.post("admin", all, open).to(), "a double click opens one")

	h.get("emma", at).is(http.StatusNotFound)
	h.get("wang", at).is(http.StatusNotFound)
	h.get("liu", "/notices").says("Review of rights", at)
	h.get("audit", at).is(http.StatusOK).says("王芳", "Auditor").saysNot(`name="verdict"`)
	h.get("admin", at+"?only=all").is(http.StatusOK).says("Operator").saysNot(`name="verdict"`)
	h.get("liu", at).is(http.StatusOK).saysNot("Auditor", "head of finance")
	page := h.get("liu", at).is(http.StatusOK).says("王芳", "陈磊", "Keep what is ticked")
	keep := page.form(at + "/keep")
	h.post("liu", at+"/keep", keep).is(http.StatusUnprocessableEntity).says("Tick at least one right")
	picks := strings.Split(page.body, `name="item" value="`)[1:]
	require.Len(t, picks, 3, "wang's, and chen's two")
	number := func(n int) string { no, _, _ := strings.Cut(picks[n], `"`); return no }
	keep.Set("key", "two")
	keep.Add("item", number(0))
	keep.Add("item", number(1))
	require.Equal(t, at, h.post("liu", at+"/keep", keep).to())
	keep.Set("key", "late")
	keep.Add("item", "1")
	h.post("liu", at+"/keep", keep).is(http.StatusConflict).says("0 of 3 were kept", "has answered for this right already")

	one := h.get("liu", at).is(http.StatusOK).form(at + "/decide")
	one.Set("verdict", "revoke")
	h.post("liu", at+"/decide", one).is(http.StatusUnprocessableEntity).says("Say why")
	one.Set("reason", "moved to sales")
	one.Set("key", "why")
	require.Equal(t, at, h.post("liu", at+"/decide", one).to())
	h.get("liu", at+"?only=all").is(http.StatusOK).says("moved to sales", "to be revoked", "/grants/")
	h.get("admin", "/grants").is(http.StatusOK).says("王芳")
	csv := h.get("audit", at+"/export").is(http.StatusOK)
	require.Contains(t, csv.body, "wang,finance_clerk")
	require.Contains(t, csv.body, "moved to sales")
	require.NotContains(t, h.get("liu", at+"/export").is(http.StatusOK).body, "auditor", "cut to what liu is asked about")
	h.get("audit", "/organisation/powers?over=50000&currency=CNY").is(http.StatusOK).says("Last reviewed", "刘强", "never")
	h.locale = i18n.Chinese
	h.get("liu", at+"?only=all").is(http.StatusOK).says("拟撤销", "保留")
	h.get("admin", all).is(http.StatusOK).says("发起复核", "权限复核")
}
