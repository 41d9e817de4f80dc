package browser

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const patience = 2 * time.Minute // for one page; far more than it needs, so that a busy machine fails nothing

// reader is one person's screen.
type reader struct {
	screen

	t   *testing.T
	ctx context.Context //nolint:containedctx // it is what chromedp calls a tab
	at  *place
	said
}

// said collects what pages complain of on the console: exceptions, and what the
// content policy kept from running.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) listen(ctx context.Context) {
	for message, err := range chromedp.Console(ctx) {
		grave := message.Type == chromedp.ConsoleError || message.Type == chromedp.ConsoleException || message.Source == "security"
		refused := message.Source == "network" && !strings.Contains(message.URL, "/assets/") // an answer that says no
		if err != nil || !grave || refused {
			continue
		}
		s.mu.Lock()
		s.lines = append(s.lines, message.String())
		s.mu.Unlock()
	}
}

func (s *said) all() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// reader opens a screen with nothing on it, that reads a language.
func (p *place) reader(t *testing.T, s screen) *reader {
	t.Helper()
	ctx, cancel := chromedp.NewContext(p.browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	r := &reader{screen: s, t: t, ctx: ctx, at: p}
	require.NoError(t, chromedp.Do(ctx), "open a window") // it lives as long as the context it is opened with
	go r.listen(ctx)
	t.Cleanup(func() { require.Empty(t, r.all(), "on the console of %s", s) })
	r.protocol("Network.setCookies", map[string]any{"cookies": []map[string]any{
		{"name": languageCookie, "value": s.locale, "url": p.url, "sameSite": "Lax"}}}, nil)
	r.protocol("Emulation.setFocusEmulationEnabled", map[string]any{"enabled": true}, nil) // beside other windows
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

// wait is read for what the page promises.
func wait[T any](r *reader, script string) T {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	require.NoError(r.t, err)
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

func (r *reader) open(path string) chromedp.Action[chromedp.Void] {
	return chromedp.Navigate(r.at.url + path)
}

// visit opens an address and looks the page over.
func (r *reader) visit(path string) {
	r.t.Helper()
	r.do("visit "+path, r.open(path))
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
		const is = () => { if (%s) { tell(true); watch.disconnect(); document.removeEventListener("focusin", is); return true } };
		const watch = new MutationObserver(is);
		if (is()) return;
		document.addEventListener("focusin", is);
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
