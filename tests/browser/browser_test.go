package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const (
	shotsVariable = "COUNTERSIGN_BROWSER_SHOTS" // directory to keep pictures of every page in
	patience      = 20 * time.Second            // for one page
)

// reader is one person's screen.
type reader struct {
	screen

	t     *testing.T
	ctx   context.Context //nolint:containedctx // it is what chromedp calls a tab
	at    *place
	shots int
}

// reader opens a screen with nothing on it, that reads a language.
func (p *place) reader(t *testing.T, s screen) *reader {
	t.Helper()
	ctx, cancel := chromedp.NewContext(p.browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	r := &reader{screen: s, t: t, ctx: ctx, at: p}
	require.NoError(t, chromedp.Do(ctx), "open a window") // it lives as long as the context it is opened with
	r.protocol("Network.setCookies", map[string]any{"cookies": []map[string]any{
		{"name": languageCookie, "value": s.locale, "url": p.url, "sameSite": "Lax"}}}, nil)
	r.do("set up the screen", chromedp.EmulateViewport(s.width, s.height))
	return r
}

// beside is a colleague's screen of the same kind.
func (r *reader) beside() *reader { return r.at.reader(r.t, r.screen) }

// do runs steps within the time that a person would wait.
func (r *reader) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		r.shot("failed")
		r.t.Fatalf("%s: %v\non %s:\n%s", what, err, r.where(), r.text("main"))
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

func (r *reader) lang() string  { return read[string](r, `document.documentElement.lang`) }
func (r *reader) where() string { return read[string](r, `location.pathname + location.search`) }

func (r *reader) text(selector string) string {
	return read[string](r, fmt.Sprintf(`(document.querySelector(%q) || {}).innerText || ""`, selector))
}

func (r *reader) has(selector string) bool {
	return read[bool](r, fmt.Sprintf(`document.querySelector(%q) !== null`, selector))
}

// visit opens an address and looks the page over.
func (r *reader) visit(path string) {
	r.t.Helper()
	r.do("visit "+path, chromedp.Navigate(r.at.url+path))
	r.look()
}

// click follows a link or sends a form, and looks the next page over.
func (r *reader) click(selector string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		r.shot("failed")
		r.t.Fatalf("click %s: %v\non %s:\n%s", selector, err, r.where(), r.text("main"))
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
	require.Equal(r.t, r.locale, r.lang(), r.where())
	require.NotRegexp(r.t, `\b(page|status|task|act|notice|fault|ruling|role|mode|urgency)\.[a-z]+[a-z_.]*[a-z]\b`,
		r.text("body"), r.where())
	wide := read[string](r, `(() => {
		const most = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollWidth <= most) return "";
		return [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > most + 1)
			.map((e) => e.tagName + "." + e.className).slice(0, 5).join(" ") || "scrolls";
	})()`)
	require.Empty(r.t, wide, "%s is wider than %d", r.where(), r.width)
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
	page := strings.Trim(strings.NewReplacer("/", "_", "?", "_", "=", "_", "&", "_", ":", "_").Replace(r.where()), "_")
	name := fmt.Sprintf("%s-%s-%02d-%.40s%s.png", r.name, r.locale, r.shots, page, what)
	_ = os.MkdirAll(dir, 0o755)
	_ = os.WriteFile(filepath.Join(dir, name), picture, 0o600)
}

// until waits until a part of the page says something.
func (r *reader) until(selector, words string) {
	r.t.Helper()
	r.await(fmt.Sprintf("%s says %q", selector, words),
		fmt.Sprintf(`(document.querySelector(%q)?.innerText ?? "").includes(%q)`, selector, words))
}

// await waits until something is true on the page, and is told of it by the page
// itself; a page that gives way to another is asked again.
func (r *reader) await(what, truth string) {
	r.t.Helper()
	script := fmt.Sprintf(`new Promise((tell) => {
		const is = () => { if (%s) { tell(true); return true } return false };
		if (is()) return;
		const watch = new MutationObserver(() => { if (is()) watch.disconnect() });
		watch.observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
	})`, truth)
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	for {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			r.shot("failed")
			r.t.Fatalf("it never was so that %s on %s:\n%s", what, r.where(), r.text("main"))
		}
	}
}
