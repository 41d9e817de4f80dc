package browser

import (
	"os"
	"path/filepath"
	"regexp"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// words are what a page says in a language.
type words struct {
	submitted, posted, closed, approved, voucher, balanced, fix string
}

var texts = map[string]words{
	"en": {submitted: "Submitted.", posted: "Posted to the books", closed: "Closed", approved: "Approved.",
		voucher: "Voucher number", balanced: "Balanced", fix: "Please correct"},
	"zh-CN": {submitted: "已提交", posted: "已入账", closed: "已办结", approved: "已同意",
		voucher: "凭证号", balanced: "借贷平衡", fix: "请修改"},
}

var documentPath = regexp.MustCompile(`^/documents/[0-9a-f-]{36}$`)

// anExpense tells the story of one report as its people see it: written with two
// lines and a receipt, approved three times, posted.
func (r *reader) anExpense() {
	path := r.writeExpense(r.receipt())
	for _, person := range []string{"wang", "zhao", "liu"} {
		r.approve(person, path)
	}
	r.seeVoucher(path)
}

// receipt is a file to attach.
func (r *reader) receipt() string {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "receipt 收据.txt")
	require.NoError(r.t, os.WriteFile(path, []byte("train 1,200.00, paid in "+r.t.Name()+"\n"), 0o600)) // a file of its own: no reuse
	return path
}

// writeExpense writes a report as lin, makes a mistake, mends it, and submits.
func (r *reader) writeExpense(receipt string) string {
	r.t.Helper()
	r.signIn("lin")
	r.click(`nav a[href="/new"]`)
	r.click(`a[href="/new/expense"]`)
	r.fill("lines.0.amount", "12.345")
	r.click(`button[value="submit"]`)
	require.Contains(r.t, r.text("#wrong"), texts[r.locale].fix)
	typed := read[string](r, `document.querySelector('[name="lines.0.amount"]').value`)
	require.Equal(r.t, "12.345", typed, "nothing typed is lost")

	r.fill("title", "Visit to Hangzhou 杭州拜访")
	r.fill("reason", "Yearly review 年度回顾")
	r.fill("lines.0.date", "2026-03-02")
	r.fill("lines.0.description", "Train 高铁")
	r.fill("lines.0.amount", "1,200.00")
	r.do("a receipt", chromedp.SetUploadFiles(chromedp.CSS(`[name="lines.0.upload"]`), []string{receipt}))
	r.press(`[data-add]`)
	r.fill("lines.1000.category", "meals")
	r.fill("lines.1000.date", "2026-03-03")
	r.fill("lines.1000.description", "Dinner 晚餐")
	r.fill("lines.1000.amount", "334.56")
	require.Contains(r.t, r.text("[data-total]"), "1,534.56")
	r.click(`button[value="preview"]`)
	require.Contains(r.t, r.text("#route"), "赵敏")
	require.Contains(r.t, r.text(".line .files"), "receipt")
	r.click(`button[value="submit"]`)
	require.Contains(r.t, r.text(".note.good"), texts[r.locale].submitted)
	path := r.where()
	require.Regexp(r.t, documentPath, path)
	r.until("#flow", "刘强")
	r.look()
	r.signOut()
	return path
}

// approve finds the task on the first page and says yes.
func (r *reader) approve(person, path string) {
	r.t.Helper()
	r.signIn(person)
	link := `table.list a[href="` + path + `"]`
	for range 20 {
		if r.has(link) {
			break
		}
		r.visit("/")
	}
	r.click(link)
	r.fill("opinion", "Fine 同意 <b>x</b>")
	r.click(`#decide button[value="approve"]`)
	r.until(".note.good", texts[r.locale].approved)
	require.False(r.t, r.has("#decide"), "a task is decided once")
	r.signOut()
}

// seeVoucher follows the report into the books, as finance.
func (r *reader) seeVoucher(path string) {
	r.t.Helper()
	r.signIn("wang")
	r.visit(path)
	r.until(".head .chip", texts[r.locale].closed)
	r.until(".timeline", texts[r.locale].posted)
	story := read[string](r, `document.querySelector(".timeline").innerHTML`)
	require.NotContains(r.t, story, "<b>x</b>", "stored text is inert")
	r.click(`a.voucher`)
	require.Contains(r.t, r.text("main"), texts[r.locale].balanced)
	require.Contains(r.t, r.text("main"), "1,534.56")
	for _, path := range []string{
		"/", "/tasks/done", "/documents", "/documents?of=all&status=closed", "/vouchers", "/parked", "/notices",
		"/delegations",
	} {
		r.visit(path)
	}
	r.signOut()
}
