package browser

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// theInbox walks through an approver's tasks: one is decided with two taps from its
// notice, one by the keyboard alone, and one is taken by a colleague while it is looked at.
func (r *reader) theInbox() {
	title := fmt.Sprintf("Courier %s %d", r.name, time.Now().UnixNano())
	var paths []string
	r.signIn("lin")
	for i := range 3 {
		paths = append(paths, r.sendsByCourier(fmt.Sprint(title, " no. ", i)))
	}
	r.signOut()
	r.signIn("wang")
	r.decidesFromANotice(paths[0])
	r.seesATaskTaken(r.beside(), title, paths[1])
	r.approvesWithKeys(title, paths[2])
	r.signOut()
}

// sendsByCourier submits a short report.
func (r *reader) sendsByCourier(title string) string {
	r.t.Helper()
	r.visit("/new/expense")
	for name, value := range map[string]string{
		"title": title, "lines.0.date": "2026-03-02", "lines.0.description": "Courier 快递", "lines.0.amount": "1,300.00",
	} {
		r.fill(name, value)
	}
	r.click(`button[value="submit"]`)
	r.until("#flow", "王芳")
	return r.where()
}

// decidesFromANotice opens the link of a notice, the first tap; the second decides, with
// no scrolling in between.
func (r *reader) decidesFromANotice(path string) {
	r.t.Helper()
	r.visit(path)
	const atHand = `[...document.querySelectorAll('button[value="approve"]')].find((b) => {
		const at = b.getBoundingClientRect(); return at.height > 0 && at.top >= 0 && at.bottom <= innerHeight; })`
	require.True(r.t, read[bool](r, atHand+` !== undefined && scrollY === 0`), "the decision is at hand on %s", path)
	read[bool](r, `(`+atHand+`).setAttribute("data-tap", "2") === undefined`)
	r.click(`[data-tap="2"]`)
	r.until(".note.good", texts[r.locale].approved)
}

// seesATaskTaken keeps the list open, with a task ticked, while a colleague decides it.
func (r *reader) seesATaskTaken(other *reader, title, path string) {
	r.t.Helper()
	r.visit("/?q=" + url.QueryEscape(title))
	row := `[...document.querySelectorAll(".inbox tr[data-task]")].find((tr) => tr.querySelector('a[href="` + path + `"]'))`
	read[bool](r, `(`+row+`).querySelector("input[name=pick]").click() === undefined`)
	const tab = `document.querySelector("[data-tabs] a")`
	before := read[string](r, tab+`.innerText`)
	place := map[string]string{"en": tab, "zh-CN": `[...document.querySelectorAll(".inbox tr[data-task]")].find((tr) =>
		!tr.querySelector('a[href="` + path + `"]')).querySelector("input[name=pick]")`}[r.locale]
	read[bool](r, place+`.focus() === undefined`)
	other.approve("chen", path)
	r.await("a task that is taken says so", `(`+row+`).matches(".gone") && !(`+row+`).querySelector("input")`)
	r.await("the tab counts", tab+`.innerText !== `+strconv.Quote(before))
	require.True(r.t, read[bool](r, `document.activeElement === `+place), "the keyboard keeps its place")
	const inbox = `document.getElementById("inbox")`
	read[bool](r, `(`+inbox+`.dataset.mark = "") === ""`)
	read[bool](r, `document.dispatchEvent(new CustomEvent("inbox", { detail: { mark: "more" } }))`)
	r.await("more news", inbox+`.dataset.mark !== ""`)
	require.True(r.t, read[bool](r, `(`+row+`)?.matches(".gone") === true`), "it says so after more news, too")
	r.look()
	require.Equal(r.t, 1, read[int](r, `document.querySelectorAll(".inbox input[name=pick]").length`), "the other one stays")
}

// approvesWithKeys finds a task, ticks and approves it without a mouse.
func (r *reader) approvesWithKeys(title, path string) {
	r.t.Helper()
	r.visit("/?q=" + url.QueryEscape(title))
	r.do("to the task, and to the button", chromedp.KeyEvent("j"), chromedp.KeyEvent("x"), chromedp.KeyEvent("a"))
	require.True(r.t, read[bool](r, `document.activeElement.matches('.many button[value="approve"]')`))
	require.Equal(r.t, 1, read[int](r, `document.querySelectorAll("input[name=pick]:checked").length`))
	r.do("decide", chromedp.KeyEvent("\r"))
	r.await("the result of each", `document.querySelector("body.page-bulk a[href='`+path+`']") !== null`)
	r.look()
	r.click(".head .button")
	require.Contains(r.t, r.where(), "q=Courier", "back to where it was ticked")
	require.True(r.t, r.has("#inbox .empty"))
}
