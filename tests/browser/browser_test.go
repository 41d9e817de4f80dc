// Package browser walks through the pages as people do: with a real browser, at
// the width of a phone and of a desk, in both languages.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/house"
)

const (
	addressVariable = "COUNTERSIGN_BROWSER_URL"   // of a running `countersign dev` to use instead of a house of our own
	erpVariable     = "COUNTERSIGN_BROWSER_ERP"   // address of its sandbox ERP
	shotsVariable   = "COUNTERSIGN_BROWSER_SHOTS" // directory to keep pictures of every page in
	patience        = 20 * time.Second            // for one page
)

// place is where to walk.
type place struct{ url, erp string }

// address is the house to walk through.
func address(t *testing.T) place {
	t.Helper()
	if url := os.Getenv(addressVariable); url != "" {
		return place{strings.TrimSuffix(url, "/"), os.Getenv(erpVariable)}
	}
	h := house.Start(t, house.Options{})
	return place{h.URL, h.Stack.ERPURL}
}

// chromium is the browser to use; CI must have one.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("no browser found: install chromium (Debian: apt-get install chromium)")
	return ""
}

// reader is one person's browser.
type reader struct {
	t      *testing.T
	ctx    context.Context
	url    string
	width  int64
	height int64
	locale string
	shots  int
	name   string
}

// size is a screen.
type size struct {
	name          string
	width, height int64
}

var (
	phone = size{"phone", 390, 844}
	desk  = size{"desk", 1440, 900}
)

// open starts a browser with nothing in it, that reads a language.
func open(t *testing.T, url string, s size, locale string) *reader {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.WindowSize(int(s.width), int(s.height)),
	)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	r := &reader{t: t, ctx: ctx, url: url, width: s.width, height: s.height, locale: locale, name: s.name}
	require.NoError(t, chromedp.Do(ctx), "start the browser") // it lives as long as the context it is started with
	r.do("the sign-in page", chromedp.EmulateViewport(s.width, s.height), chromedp.Navigate(url+"/login"))
	r.read(locale)
	return r
}

// read chooses the language by hand, so that it stays whoever signs in.
func (r *reader) read(locale string) {
	r.t.Helper()
	for _, r.locale = range []string{map[string]string{"en": "zh-CN", "zh-CN": "en"}[locale], locale} {
		if r.has(`form.lang button[value="` + r.locale + `"]`) {
			r.click(`form.lang button`)
		}
	}
	require.Equal(r.t, locale, r.lang())
}

// do runs steps within the time that a person would wait.
func (r *reader) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		r.shot("failed")
		r.t.Fatalf("%s: %v\non %s:\n%s", what, err, r.at(), r.text("main"))
	}
}

func read[T any](r *reader, script string) T {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script))
	require.NoError(r.t, err, script)
	return value
}

func (r *reader) lang() string { return read[string](r, `document.documentElement.lang`) }
func (r *reader) at() string   { return read[string](r, `location.pathname + location.search`) }

func (r *reader) text(selector string) string {
	return read[string](r, fmt.Sprintf(`(document.querySelector(%q) || {}).innerText || ""`, selector))
}

func (r *reader) has(selector string) bool {
	return read[bool](r, fmt.Sprintf(`document.querySelector(%q) !== null`, selector))
}

// visit opens an address and looks the page over.
func (r *reader) visit(path string) {
	r.t.Helper()
	r.do("visit "+path, chromedp.Navigate(r.url+path))
	r.look()
}

// click follows a link or sends a form, and looks the next page over.
func (r *reader) click(selector string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		r.shot("failed")
		r.t.Fatalf("click %s: %v\non %s:\n%s", selector, err, r.at(), r.text("main"))
	}
	r.look()
}

// press is a click that loads no page.
func (r *reader) press(selector string) {
	r.t.Helper()
	r.do("press "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// fill puts text into a field as typing it would: that of the decision, where several
// forms have one of the name.
func (r *reader) fill(name, value string) {
	r.t.Helper()
	read[bool](r, fmt.Sprintf(`(() => {
		const e = document.querySelector('#decide [name=%q]') || document.querySelector('[name=%q]'); e.value = %q;
		e.dispatchEvent(new Event("input", { bubbles: true })); e.dispatchEvent(new Event("change", { bubbles: true }));
		return true })()`, name, name, value))
}

// look holds what every page must keep: our language, no key in the place of a
// text, nothing wider than the screen.
func (r *reader) look() {
	r.t.Helper()
	r.shot("")
	if !read[bool](r, `document.querySelector("header.top") !== null`) {
		return // the development issuer's own page
	}
	require.Equal(r.t, r.locale, r.lang(), r.at())
	require.NotRegexp(r.t, `\b(page|status|task|act|notice|fault|ruling|role|mode|urgency)\.[a-z]+[a-z_.]*[a-z]\b`,
		r.text("body"), r.at())
	wide := read[string](r, `(() => {
		const most = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollWidth <= most) return "";
		return [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > most + 1)
			.map((e) => e.tagName + "." + e.className).slice(0, 5).join(" ") || "scrolls";
	})()`)
	require.Empty(r.t, wide, "%s is wider than %d", r.at(), r.width)
}

// shot keeps a picture where pictures are wanted.
func (r *reader) shot(what string) {
	dir := os.Getenv(shotsVariable)
	if dir == "" {
		return
	}
	r.shots++
	picture, err := chromedp.Run(r.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		r.t.Logf("no picture: %v", err)
		return
	}
	page := strings.Trim(strings.NewReplacer("/", "_", "?", "_", "=", "_", "&", "_", ":", "_").Replace(r.at()), "_")
	name := fmt.Sprintf("%s-%s-%02d-%.40s%s.png", r.name, r.locale, r.shots, page, what)
	_ = os.MkdirAll(dir, 0o755)
	_ = os.WriteFile(filepath.Join(dir, name), picture, 0o600)
}

// signIn signs in at the development issuer.
func (r *reader) signIn(person string) {
	r.t.Helper()
	r.visit("/")
	require.Contains(r.t, r.at(), "/login", "nobody is signed in yet")
	r.click(`.signin a.button`)
	r.click(fmt.Sprintf(`button[name="sub"][value=%q]`, person))
	require.True(r.t, r.has("nav"), r.at())
}

// signOut ends the session.
func (r *reader) signOut() {
	r.t.Helper()
	r.click(`form[action="/logout"] button`)
}

// until looks again until a page says something.
func (r *reader) until(selector, words string) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(300 * time.Millisecond) {
		if strings.Contains(r.text(selector), words) {
			return
		}
		if time.Now().After(deadline) {
			r.shot("failed")
			r.t.Fatalf("%s never said %q on %s:\n%s", selector, words, r.at(), r.text("main"))
		}
	}
}
