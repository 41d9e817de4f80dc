package pages_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
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
	h.post("liu", at+"/keep", keep).is(http.StatusConflict).says("Done for 0 of 3", "has answered for this right already")

	hand := h.get("liu", at).is(http.StatusOK).says("Have somebody else answer").form(at + "/keep")
	hand.Set("item", number(2))
	hand.Set("to", "nobody at all")
	hand.Set("reason", "不在 <b>")
	h.post("liu", at+"/reassign", hand).is(http.StatusUnprocessableEntity).says("nobody at all", "不在 &lt;b&gt;", " checked>")
	hand.Set("to", "wang")
	hand.Set("key", "holder")
	h.post("liu", at+"/reassign", hand).is(http.StatusConflict).says("Done for 0 of 1", "your own right")
	hand.Set("to", "admin")
	hand.Set("key", "admin")
	require.Equal(t, at, h.post("liu", at+"/reassign", hand).to())
	require.Equal(t, at, h.post("liu", at+"/reassign", hand).to(), "a double click hands it on once")
	h.get("emma", at).is(http.StatusNotFound)
	h.get("admin", at).is(http.StatusOK).says("Handed on by 刘强; at first: 刘强", "不在 &lt;b&gt;", `name="verdict"`)
	back := h.get("admin", at).form(at + "/keep")
	back.Set("item", number(2))
	back.Set("to", "liu")
	back.Set("reason", "back")
	require.Equal(t, at, h.post("admin", at+"/reassign", back).to())

	one := h.get("liu", at).is(http.StatusOK).form(at + "/decide")
	one.Set("verdict", "revoke")
	h.post("liu", at+"/decide", one).is(http.StatusUnprocessableEntity).says("Say why")
	one.Set("reason", "moved to sales")
	one.Set("key", "why")
	require.Equal(t, at, h.post("liu", at+"/decide", one).to())
	h.get("liu", at+"?only=all").is(http.StatusOK).says("moved to sales", "to be revoked", "/grants/")
	h.get("admin", "/grants").is(http.StatusOK).says("王芳")
	h.shortens(at)
	csv := h.get("audit", at+"/export").is(http.StatusOK)
	require.Contains(t, csv.body, "wang,finance_clerk")
	require.Contains(t, csv.body, "moved to sales")
	require.NotContains(t, h.get("liu", at+"/export").is(http.StatusOK).body, "auditor", "cut to what liu is asked about")
	h.get("audit", "/organisation/powers?over=50000&currency=CNY").is(http.StatusOK).says("Last reviewed", "刘强", "never")
	h.locale = i18n.Chinese
	h.get("liu", at+"?only=all").is(http.StatusOK).says("拟撤销", "保留")
	h.get("admin", all).is(http.StatusOK).says("发起复核", "权限复核")
	h.reviewsByThemselves()
}

// shortens answers that a right shall end earlier: whoever decides on that sees until when
// it is kept, and not that it is taken away.
func (h *house) shortens(at string) {
	h.t.Helper()
	last := time.Now().AddDate(0, 0, 9).Format(time.DateOnly)
	form := h.get("sun", at).is(http.StatusOK).form(at + "/decide")
	for name, value := range map[string]string{"no": "3", "verdict": "shorten", "until": last, "reason": "audit is over"} {
		form.Set(name, value)
	}
	require.Equal(h.t, at, h.post("sun", at+"/decide", form).to())
	day := h.word("page.day_included", map[string]string{"day": ""})
	h.get("sun", at+"?only=all").is(http.StatusOK).says("shall end", strings.TrimSpace(day))
	asked := h.get("admin", "/grants").is(http.StatusOK).says("Auditor of 周明 shall end earlier", "Kept until")
	id := regexp.MustCompile(`href="(/grants/[^"]+)">Auditor of`).FindStringSubmatch(asked.body)
	require.NotNil(h.t, id)
	h.get("admin", id[1]).is(http.StatusOK).says("Auditor of 周明 shall end earlier", "Kept until", strings.TrimSpace(day)).
		saysNot("Take Auditor away")
	h.get("admin", "/notices").is(http.StatusOK).says("孙悦 asks that the role auditor of 周明 end earlier")
	verdict := h.get("admin", id[1]).form(id[1] + "/decide")
	verdict.Set("verdict", "approve")
	require.Equal(h.t, id[1], h.post("admin", id[1]+"/decide", verdict).to())
	h.get("audit", "/notices").is(http.StatusOK).says("The role auditor of 周明 ends earlier").saysNot("took the role auditor")
	h.get("audit", at+"?only=all").is(http.StatusOK) // they keep it until then
}

// reviewsByThemselves has the clock of the house open reviews: one in a period, whichever
// gateways look, named by it, and late rather than never.
func (h *house) reviewsByThemselves() {
	h.t.Helper()
	const all = "/organisation/reviews"
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(h.t, err)
	monthly := desk.ReviewRunner{Desk: h.desk, Schedule: desk.ReviewSchedule{
		Months: 1, Zone: shanghai, AskedReview: desk.AskedReview{Title: "By itself 定期", Roles: []string{"cashier"}},
	}}
	looks := func(at time.Time) {
		h.desk.Now = func() time.Time { return at }
		var both errgroup.Group
		for range 2 {
			both.Go(func() error { return monthly.Step(h.t.Context()) })
		}
		require.NoError(h.t, both.Wait())
		require.NoError(h.t, monthly.Step(h.t.Context()))
	}
	require.NoError(h.t, desk.ReviewRunner{Desk: h.desk}.Step(h.t.Context()))
	h.get("admin", all).saysNot("By itself")
	now := time.Now().In(shanghai)
	next := time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, shanghai)
	period := func(months int) string { return "By itself 定期 " + next.AddDate(0, months, 0).Format("2006-01") }
	looks(next.Add(-time.Minute))
	h.get("admin", all).says(period(-1)).saysNot(period(0))
	looks(next)
	page := h.get("admin", all).says(period(0)).body
	require.Equal(h.t, 2, strings.Count(page, "By itself 定期"), "one in a period, whoever looks")
	looks(next.AddDate(0, 2, 3)) // nobody was up for a month: only the period that lasts is opened
	h.get("admin", all).says(period(2)).saysNot(period(1))
	monthly.Schedule.Roles = []string{"nobody"}
	h.desk.Now = func() time.Time { return next.AddDate(0, 3, 0) }
	require.Equal(h.t, "review.unknown_role", fault.CodeOf(monthly.Step(h.t.Context())))
	h.desk.Now = nil
}
