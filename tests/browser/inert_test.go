package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/house"
)

// hostile is a text that would like to run, wherever it is shown: as markup, in an
// attribute, in a script, as a template, as a link, in a spreadsheet.
const hostile = `"'><script>window.ran=1</script><img src=x onerror=window.ran=1><svg/onload=window.ran=1></textarea>` +
	` {{.}} ${1} javascript:window.ran=1 =cmd|'/C calc'!A0 @林晓`

// stranger is somebody with such a name, whom everybody meets in lists of colleagues.
const stranger = "mallory"

// befriend takes the stranger on.
func befriend(t *testing.T, h *house.House) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "people.csv")
	name := `"<script>window.ran=1</script><b onclick=window.ran=1>Mallory"`
	require.NoError(t, os.WriteFile(file, []byte("id,name,email,locale,entity,department,manager,grade\n"+
		stranger+","+name+",mallory@example.com,en,acme-cn,sales,zhao,3\n"), 0o600))
	h.Command(t, "org", "import", "--people", file)
}

// inert has the stranger write hostile text into every field there is, and looks
// at all of it as everybody who is shown it.
func (r *reader) inert() {
	r.signIn(stranger)
	r.visit("/new/expense")
	for _, name := range []string{"title", "reason", "cc_remark"} {
		r.fill(name, hostile[:min(len(hostile), 110)])
	}
	r.fill("reason", hostile)
	r.fill("lines.0.date", "2026-03-02")
	r.fill("lines.0.description", hostile)
	r.fill("lines.0.amount", "1,000.00")
	r.fill("cc", "Emma Brown")
	r.attaches()
	r.click(`button[value="submit"]`)
	r.unharmed("what is wrong with it")
	path := r.where()
	require.Regexp(r.t, documentPath, path)
	r.until("#flow", "王芳")
	r.visit(path)
	require.Contains(r.t, r.text("h1"), "<script>", "it is shown as what it is")
	r.fill("text", hostile)
	r.click(`#comments form[enctype] > button`)
	r.unharmed("the document")
	r.opensFiles(path)
	r.delegatesTo("Emma Brown")
	r.signOut()
	r.returnsInAnger(path)
	for _, person := range []string{stranger, "emma", "audit"} {
		r.signIn(person)
		for _, at := range []string{"/", "/documents", "/notices", path, path + "/edit"} {
			r.do("open "+at, r.open(at)) // not everybody may open all of it
			r.look()
			r.unharmed(person + " at " + at)
		}
		r.signOut()
	}
}

// attaches tries a picture that runs, and a file whose name would like to.
func (r *reader) attaches() {
	r.t.Helper()
	dir := r.t.TempDir()
	for name, content := range map[string]string{
		"evil.svg": `<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran=1"><script>window.ran=1</script></svg>`,
		named:      "train 1,000.00, shown in " + r.t.Name() + "\n", // another's same file would be warned of
	} {
		require.NoError(r.t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	for _, name := range []string{"evil.svg", named} {
		r.do("attach "+name, chromedp.SetUploadFiles(chromedp.CSS(`[name="lines.0.upload"]`), []string{filepath.Join(dir, name)}))
		r.click(`button[value="preview"]`)
		r.unharmed("the preview")
		require.Equal(r.t, name == named, r.has(`.line .files`), "%s: %s", name, r.text("#wrong"))
	}
}

const named = `'><img src=x onerror=window.ran=1>.txt`

// opensFiles opens every attachment as a page of its own.
func (r *reader) opensFiles(path string) {
	r.t.Helper()
	addresses := read[[]string](r, `[...document.querySelectorAll('main a[href*="/attachments/"], main a[href*="/files/"]')]
		.map((a) => "/api/v1/attachments/" + a.getAttribute("href").split("/").pop().split("?")[0])`)
	require.NotEmpty(r.t, addresses)
	for _, at := range addresses {
		headers := wait[string](r, fmt.Sprintf(`fetch(%q).then((a) => ["content-security-policy", "content-disposition", "x-content-type-options"]
			.map((h) => a.headers.get(h)).join(" | "))`, at))
		require.Contains(r.t, headers, "sandbox", at)
		require.Contains(r.t, headers, "nosniff", at)
		require.False(r.t, strings.Contains(headers, "inline") && strings.Contains(headers, "svg"), at)
	}
	r.visit(path)
}

// delegatesTo names a delegate, and says why.
func (r *reader) delegatesTo(name string) {
	r.t.Helper()
	r.visit("/delegations")
	r.fill("delegate", name)
	r.fill("until", "2027-12-31T18:00")
	r.fill("reason", hostile)
	r.click(`form[action="/delegations"] button.primary`)
	r.unharmed("the delegation")
}

// returnsInAnger is the approver's answer in kind, in the list and on the document.
func (r *reader) returnsInAnger(path string) {
	r.t.Helper()
	r.signIn("wang")
	r.unharmed("the list of tasks")
	r.visit(path)
	r.fill("opinion", hostile)
	r.click(`#decide button[value="return"]`)
	r.until("main", "onerror")
	r.unharmed("the returned document")
	r.signOut()
}

// unharmed holds that no stored text became more than text.
func (r *reader) unharmed(what string) {
	r.t.Helper()
	require.Empty(r.t, read[string](r, `(() => {
		const wrong = [];
		if (window.ran !== undefined) wrong.push("it ran");
		for (const e of document.querySelectorAll("*")) {
			for (const a of e.attributes) {
				if (a.name.startsWith("on") || a.name === "style" && e.closest("main")) wrong.push(e.outerHTML.slice(0, 100));
				if (["href", "src", "action", "formaction"].includes(a.name) && !/^(\/|#|https?:|data:image\/)/.test(a.value)) wrong.push(a.value);
			}
			if (e.matches("script:not([src^='/assets/'])")) wrong.push(e.outerHTML);
			if (e.matches("img[src=x], b, iframe, object, embed")) wrong.push(e.outerHTML.slice(0, 100));
		}
		return wrong.join("\n");
	})()`), "%s: %s", what, r.where())
}
