package browser

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"
)

// paceVariable has hands take as long as a person's would; without it they only count.
const paceVariable = "COUNTERSIGN_BROWSER_PACE"

// What a person needs, by the keystroke-level model: an average typist's key, and
// pointing at something with a mouse and pressing it.
const (
	keyTakes   = 200 * time.Millisecond
	pointTakes = 1300 * time.Millisecond
)

// hands type and point as a person does, and count what they do.
type hands struct {
	r            *reader
	keys, points int
}

func (h *hands) pause(takes time.Duration) {
	if os.Getenv(paceVariable) != "" {
		time.Sleep(takes)
	}
}

// types presses one key after the other, wherever the page has put the cursor.
func (h *hands) types(text string) {
	h.r.t.Helper()
	for _, key := range text {
		h.pause(keyTakes)
		h.keys++
		h.r.do("type", chromedp.KeyEvent(string(key)))
	}
}

// points at something of the page and presses it.
func (h *hands) pointsAt(selector string) {
	h.r.t.Helper()
	h.pause(pointTakes)
	h.points++
	h.r.press(selector)
}

// goes follows a link.
func (h *hands) goes(selector string) {
	h.r.t.Helper()
	h.pause(pointTakes)
	h.points++
	h.r.click(selector)
}

// picks chooses a file in the browser's dialog: its button, the file, and Open.
func (h *hands) picks(selector string, files ...string) {
	h.r.t.Helper()
	h.pause(3 * pointTakes)
	h.points += 3
	h.r.chooses(selector, files...)
}

// chooses gives files to an input, also to one that the page made itself.
func (r *reader) chooses(selector string, files ...string) {
	r.t.Helper()
	var found struct {
		Result struct {
			ObjectID string `json:"objectId"`
		} `json:"result"`
	}
	r.await("there is "+selector, fmt.Sprintf("document.querySelector(%q) !== null", selector))
	r.protocol("Runtime.evaluate", map[string]any{"expression": fmt.Sprintf("document.querySelector(%q)", selector)}, &found)
	require.NotEmpty(r.t, found.Result.ObjectID, selector)
	r.protocol("DOM.setFileInputFiles", map[string]any{"objectId": found.Result.ObjectID, "files": files}, nil)
}

// took is how long a person would have been busy.
func (h *hands) took() time.Duration {
	return time.Duration(h.keys)*keyTakes + time.Duration(h.points)*pointTakes
}

// invoiceNumber is one that no other screen uses, nor an earlier run.
func invoiceNumber(n int) string {
	return fmt.Sprintf("26%018d", time.Now().UnixNano()%1e15*10+int64(n))
}

// invoice is a picture with the code of an invoice.
func (r *reader) invoice(number, amount string) string {
	r.t.Helper()
	code, err := qrcode.NewQRCodeWriter().Encode("01,32,,"+number+","+amount+",20260302,,1DD6,",
		gozxing.BarcodeFormat_QR_CODE, 240, 240, nil)
	require.NoError(r.t, err)
	var picture bytes.Buffer
	require.NoError(r.t, png.Encode(&picture, code))
	path := filepath.Join(r.t.TempDir(), "invoice 发票 "+number[15:]+".png")
	require.NoError(r.t, os.WriteFile(path, picture.Bytes(), 0o600))
	return path
}

// fiveLines is a report of five lines with their receipts, typed by hand: it is done
// before a minute of a person's time is over.
func (r *reader) fiveLines() {
	r.signIn("lin")
	h := &hands{r: r}
	begun := time.Now()
	h.goes(`nav a[href="/new"]`)
	h.goes(`a[href="/new/expense"]`)
	h.pointsAt(`#f-title`)
	h.types("Fair in Bonn")
	h.pointsAt(`#f-lines-0-date`)
	const lines = 5
	for i := range lines {
		if i > 0 {
			h.types("\r") // to the next line, which is made for it
		}
		h.types("03022026\t\ttaxi " + strconv.Itoa(i+1) + "\t1" + strconv.Itoa(i) + ".50")
	}
	for i, name := range []string{"lines.0", "lines.1000", "lines.1001", "lines.1002", "lines.1003"} {
		h.picks(fmt.Sprintf(`[name="%s.upload"]`, name), r.written(strconv.Itoa(i)))
	}
	r.until("[data-total]", "62.50")
	r.await("the route is there", `document.querySelector("#route ol.route") !== null`)
	h.goes(`button[data-submit]`)
	require.Contains(r.t, r.text(".note.good"), texts[r.locale].submitted)
	require.Equal(r.t, lines, read[int](r, `document.querySelectorAll(".files a[href]").length`))
	r.t.Logf("five lines with receipts: %d keys and %d places pressed, %s of a person's time; the script took %s",
		h.keys, h.points, h.took().Round(time.Second), time.Since(begun).Round(100*time.Millisecond))
	require.Less(r.t, h.took(), time.Minute, "%d keys, %d places", h.keys, h.points)
	r.signOut()
}

// written is a receipt of its own.
func (r *reader) written(what string) string {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "receipt "+what+".txt")
	require.NoError(r.t, os.WriteFile(path, []byte(r.String()+what+time.Now().String()), 0o600))
	return path
}

// helped is what the page does for whoever writes: invoices fill lines, limits and what
// was used before are told, nothing is lost between windows, and all of it can be kept.
func (r *reader) helped() {
	r.signIn("lin")
	first, second := invoiceNumber(1), invoiceNumber(2)
	pictures := []string{r.invoice(first, "500.00"), r.invoice(second, "900.00")}
	r.visit("/new/expense")
	r.chooses("#f-attachments", pictures...)
	r.await("both invoices have their lines",
		fmt.Sprintf(`[...document.querySelectorAll("[name$='.invoice']")].map((e) => e.value).join() === %q`, first+","+second))
	require.Equal(r.t, "500.00", read[string](r, `document.querySelector('[name="lines.0.amount"]').value`))
	require.Equal(r.t, "2026-03-02", read[string](r, `document.querySelector('[name="lines.1000.date"]').value`))
	r.until("[data-total]", "1,400.00")
	r.await("a preview", `document.querySelector(".kept img")?.naturalWidth > 0`)

	r.fill("title", "Stay 住宿 <img src=x onerror=alert(1)>")
	r.fill("lines.0.category", "lodging")
	r.fill("lines.0.city", "chengdu")
	r.fill("lines.0.units", "1")
	r.until(".line", "450.00") // of the standard
	r.await("saved by itself", `location.pathname.startsWith("/documents/")`)
	r.look()
	r.fill("lines.0.city", "beijing")
	r.await("by when", `document.querySelector("#route .latest") !== null`)
	require.Contains(r.t, r.text("#route"), "王")

	r.await("saved again", `document.querySelector("[data-form]").dataset.state === "saved"`)
	draft := r.where()
	other := r.beside()
	other.signIn("lin")
	other.visit(draft)
	other.fill("reason", "written in the other window")
	other.await("saved there", `document.querySelector("[data-form]").dataset.state === "saved"`)
	r.fill("reason", "written here")
	r.await("the other window is told of", `!document.querySelector("[data-elsewhere]").hidden`)
	r.look()
	r.click(`button[value="save_over"]`)
	require.Equal(r.t, "written here", read[string](r, `document.querySelector("#f-reason").value`))

	r.do("open", chromedp.Click(chromedp.CSS("details.template summary")))
	r.fill("template", "Trade fair "+r.String())
	r.click(`button[value="template"]`)
	require.False(r.t, r.has("#wrong"), r.text("#wrong"))
	r.pressTwice(`button[data-submit]`)
	require.Contains(r.t, r.text(".note.good"), texts[r.locale].submitted)
	require.False(r.t, r.has("main img[src=x]"), "stored text is inert")

	r.visit("/new")
	r.click(`#templates a.title`)
	require.Equal(r.t, "", read[string](r, `document.querySelector('[name="lines.0.invoice"]').value`), "an invoice is of one occasion")
	r.fill("lines.0.invoice", first)
	r.until(".line .warning", first)
	require.True(r.t, r.has(`.line .warning a[href^="/documents/"]`), "one's own document is named")
	r.look()
	r.signOut()
}

// pressTwice presses a button of the form twice in one moment, and finds that the form
// went once.
func (r *reader) pressTwice(button string) {
	require.True(r.t, read[bool](r, fmt.Sprintf(`(() => {
		const form = document.querySelector("[data-form]"), goes = form.requestSubmit.bind(form);
		sessionStorage.setItem("went", "0");
		form.requestSubmit = (by) => { sessionStorage.setItem("went", Number(sessionStorage.getItem("went")) + 1); goes(by); };
		const pressed = document.querySelector(%q);
		pressed.click();
		pressed.click();
		return true;
	})()`, button)))
	r.await("the next page", `document.querySelector(".note.good") !== null`)
	require.Equal(r.t, "1", read[string](r, `sessionStorage.getItem("went")`))
}
