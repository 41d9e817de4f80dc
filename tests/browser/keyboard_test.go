package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// byKeyboard has a report submitted and approved by people who use no mouse.
func (r *reader) byKeyboard() {
	r.signIn("lin")
	r.visit("/new/expense")
	r.types(kb.Tab)
	require.True(r.t, r.stands(".skip"), "the first stop skips the navigation")
	r.types(kb.Enter)
	require.True(r.t, r.stands("main"))

	r.tabTo(`[name="title"]`)
	r.types("Taxi without a mouse")
	r.tabTo(`[name="lines.0.category"]`)
	r.types("t")
	r.tabTo(`[name="lines.0.date"]`)
	r.types("03022026")
	r.tabTo(`[name="lines.0.description"]`)
	r.types("Taxi")
	r.tabTo(`[name="lines.0.amount"]`)
	r.types("1000.555")
	r.tabTo(`button[value="submit"]`)
	r.goes(kb.Enter)

	require.True(r.t, r.stands("#wrong"), "what is wrong is where one stands, and is read out")
	require.Equal(r.t, "alert", read[string](r, `document.activeElement.getAttribute("role")`))
	r.types(kb.Tab)
	require.True(r.t, r.stands(`#wrong a`))
	for _, phase := range []string{"rawKeyDown", "keyUp"} { // no character: it would come to the field, which the browser spares a person
		r.protocol("Input.dispatchKeyEvent", map[string]any{"type": phase, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}, nil)
	}
	r.await("one gets from the fault to its field", `document.activeElement?.matches('[name="lines.0.amount"][aria-invalid]')`)
	require.NotEmpty(r.t, read[string](r, `document.activeElement.getAttribute("aria-describedby").split(" ")
		.map((id) => document.getElementById(id)?.innerText ?? "").join("")`), "and the field tells of it")
	read[bool](r, `(document.activeElement.select(), true)`)
	r.types("1000.55")
	r.tabTo(`button[value="submit"]`)
	r.goes(kb.Enter)
	path := r.where()
	require.Regexp(r.t, documentPath, path)
	require.True(r.t, r.has(`.note.good[role="status"]`), "success is announced")
	r.until("#flow", "王芳")
	r.signOut()
	r.decidesByKeyboard(path)
}

// decidesByKeyboard finds the task, opens it and says yes.
func (r *reader) decidesByKeyboard(path string) {
	r.t.Helper()
	r.signIn("wang")
	r.tabTo(`main a[href^="` + path + `"]`)
	r.goes(kb.Enter)
	r.tabTo(`#decide [name="opinion"]`)
	r.types("Fine")
	r.tabTo(`#decide button[value="approve"]`)
	r.goes(" ")
	r.until(".note.good", texts[r.locale].approved)
	r.signOut()
}

// types presses keys where one stands.
func (r *reader) types(keys string) {
	r.t.Helper()
	r.do("type", chromedp.KeyEvent(keys))
}

// goes presses a key that leads to another page.
func (r *reader) goes(key string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(key))
	require.NoError(r.t, err, "on %s", r.where())
	r.look()
}

// stands says whether the focus is on something.
func (r *reader) stands(selector string) bool {
	r.t.Helper()
	return read[bool](r, fmt.Sprintf(`document.activeElement?.matches(%q) ?? false`, selector))
}

const stopsMost = 200 // of one page

// stop is where the focus is: it can be seen, its mark too, and it lies behind the stop before.
const stop = `(() => {
	const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
	if (e === document.body) return "";
	const wrong = [];
	if (box.width < 1 || box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth) wrong.push("is out of sight");
	if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) wrong.push("does not show that one stands there");
	if (e.tabIndex > 0) wrong.push("jumps the queue");
	const last = window.lastStop;
	if (last?.isConnected && last !== e && last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_PRECEDING) wrong.push("lies before the stop before it");
	window.lastStop = e;
	return wrong.length ? e.outerHTML.slice(0, 120) + " " + wrong.join(", ") : "";
})()`

// tabTo presses Tab until one stands on something, and looks at every stop.
func (r *reader) tabTo(selector string) {
	r.t.Helper()
	for range stopsMost {
		r.types(kb.Tab)
		require.Empty(r.t, read[string](r, stop), r.where())
		if r.stands(selector) {
			return
		}
	}
	r.shot("failed")
	r.t.Fatalf("Tab never reaches %s on %s", selector, r.where())
}
