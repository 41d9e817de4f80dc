package browser

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// shotsVariable names the directory for pictures of pages; ours is kept by CI and not committed.
const (
	shotsVariable  = "COUNTERSIGN_BROWSER_SHOTS"
	shotsDirectory = "../screenshots"
)

//go:embed look.js
var lookScript string

// looks remembers which faces of pages somebody has looked at closely: a page
// with the same parts on the same screen needs no second picture.
type looks struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (l *looks) first(face string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen[face] {
		return false
	}
	l.seen[face] = true
	return true
}

// face is what tells a page from another: its kind, its parts, what is wrong on it.
const face = `document.querySelector("header.top") === null ? "" :
	document.body.className + " " + [...document.querySelectorAll("main [id]:not([id*='-']), main h2, main .note, main [aria-invalid]")]
		.map((e) => e.id || e.tagName + e.className).filter((n) => !/[0-9]/.test(n)).join(" ")`

// look holds what every page must keep; a new face of one is looked at closely.
func (r *reader) look() {
	r.t.Helper()
	found := read[struct{ Face, Wrong string }](r, fmt.Sprintf(`(() => { const face = %s;
		return { Face: face, Wrong: face && (%s)(%q) } })()`, face, lookScript, r.locale))
	if found.Face == "" {
		return // the development issuer's own page
	}
	if found.Wrong != "" {
		r.shot("failed")
		r.t.Errorf("%s on %s:\n%s", r.where(), r.screen, found.Wrong)
	}
	if r.at.looks.first(r.String() + found.Face) {
		r.examine(found.Face)
	}
}

// examine takes a picture, and asks axe-core what would keep people out.
func (r *reader) examine(face string) {
	r.t.Helper()
	sum := sha256.Sum256([]byte(face))
	r.shot(hex.EncodeToString(sum[:3]))
	if !slices.Contains(crosswise, r.screen) {
		return // each size and each language is asked for once
	}
	if barriers := r.barriers(); barriers != "" {
		r.t.Errorf("%s on %s:\n%s", r.where(), r.screen, barriers)
	}
}

// barriers are the violations that axe-core calls serious or critical.
func (r *reader) barriers() string {
	r.t.Helper()
	const run = `axe.run(document, { resultTypes: ["violations"], runOnly: { type: "tag",
		values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] } }).then((found) =>
		JSON.stringify(found.violations.filter((v) => ["serious", "critical"].includes(v.impact)).map((v) => v.id + ": " + v.help +
			v.nodes.slice(0, 3).map((n) => "\n    " + n.html.slice(0, 160) + "\n      " + n.any.concat(n.all, n.none).map((c) => c.message).join("; ")).join(""))))`
	read[bool](r, r.at.axe+"\ntrue")
	text := wait[string](r, fmt.Sprintf(unstuck, run))
	var list []string
	require.NoError(r.t, json.Unmarshal([]byte(text), &list))
	return strings.Join(list, "\n")
}

// unstuck lays what sticks to the edge of the screen back into its place: what it
// covers there is scrolled out from under it.
const unstuck = `(() => {
	const stuck = [...document.querySelectorAll("body *")].filter((e) => getComputedStyle(e).position === "sticky");
	for (const e of stuck) e.style.position = "static";
	return %s.finally(() => { for (const e of stuck) e.removeAttribute("style") });
})()`

// shot keeps a picture of the whole page.
func (r *reader) shot(what string) {
	dir := os.Getenv(shotsVariable)
	if dir == "" {
		dir = shotsDirectory
	}
	picture, err := chromedp.Run(r.ctx, chromedp.FullScreenshot(70))
	if err != nil {
		r.t.Logf("no picture: %v", err)
		return
	}
	page := read[string](r, `document.body.className.replace("page-", "")`)
	name := filepath.Join(dir, fmt.Sprintf("%s %s %s.jpg", page, r.screen, what))
	_ = os.MkdirAll(dir, 0o755)
	require.NoError(r.t, os.WriteFile(filepath.Clean(strings.ReplaceAll(name, " ", "-")), picture, 0o600))
}
