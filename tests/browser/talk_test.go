package browser

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// talked are what the pages of copies, remarks and many decisions say.
type talked struct {
	unread, read, passedBy, takenBack, cannotRead, mentions, withdrawn, decided, late, reason string
}

var talkedIn = map[string]talked{
	"en": {"Unread", "Read", "Passed on by Emma Brown", "Taken back by 林晓", "孙悦 may not read", "@ 林晓, 孙悦",
		"Taken back", "2 decided, 1 not decided", "陈磊", "Say it in a few words"},
	"zh-CN": {"未阅", "已阅", "Emma Brown 传阅", "林晓 撤销", "孙悦 尚无权查看", "@ 林晓、孙悦",
		"已撤回", "已处理 2 项，未处理 1 项", "陈磊", "请填写"},
}

// talks walks through what people say to each other about a report, and how an
// approver decides several at once.
func (r *reader) talks() {
	note, words := filepath.Join(r.t.TempDir(), "note 说明.txt"), talkedIn[r.locale]
	require.NoError(r.t, os.WriteFile(note, []byte("see page 2\n"), 0o600))
	var paths []string
	r.signIn("lin")
	for i := range 3 {
		paths = append(paths, r.writeBriefly(i))
	}
	r.signOut()
	r.mentions(paths[0], note, words)
	r.passesOn(paths[0], words)
	r.takesBack(paths[0], words)
	r.decidesMany(r.beside(), paths, words)
}

// writeBriefly submits a short report; the first copies Emma in.
func (r *reader) writeBriefly(n int) string {
	r.t.Helper()
	r.visit("/new/expense")
	r.fill("title", fmt.Sprintf("Taxi 出租车 %d", n+1))
	r.fill("lines.0.date", "2026-03-02")
	r.fill("lines.0.description", "Taxi")
	r.fill("lines.0.amount", "1,000.00")
	if n == 0 {
		r.fill("cc", "Emma Brown, Gone")
		r.fill("cc_remark", "for your project 项目费用")
		r.click(`button[value="submit"]`)
		require.Contains(r.t, r.text("#wrong"), "Gone")
		r.fill("cc", "Emma Brown")
	}
	r.click(`button[value="submit"]`)
	require.Regexp(r.t, documentPath, r.where())
	r.until("#flow", "王芳")
	return r.where()
}

// mentions has the approver name two people, one of whom cannot read it yet.
func (r *reader) mentions(path, note string, words talked) {
	r.t.Helper()
	r.signIn("wang")
	r.visit(path)
	r.fill("text", "who came along? 同行的是谁？<b>x</b>")
	r.press("#comments form[enctype] summary")
	r.press(`input[name="mention"][value="lin"]`)
	r.fill("mention_others", "孙悦")
	r.do("a file", chromedp.SetUploadFiles(chromedp.CSS(`#comment-files`), []string{note}))
	r.click(`#comments form[enctype] > button`)
	require.Contains(r.t, r.text("#comments"), words.cannotRead)
	require.Contains(r.t, r.text("#comments"), "note 说明.txt", "nothing sent is lost")
	r.press(`input[name="copy_in"]`)
	r.click(`#comments form[enctype] > button`)
	require.Contains(r.t, r.text("#comments"), words.mentions)
	require.True(r.t, r.has(`#comments .files a`))
	require.NotContains(r.t, read[string](r, `document.querySelector("#comments").innerHTML`), "<b>x</b>")
	r.signOut()
}

// passesOn has who was copied in read it, pass it on, and decide nothing.
func (r *reader) passesOn(path string, words talked) {
	r.t.Helper()
	r.signIn("emma")
	r.visit("/documents?of=copied")
	require.Contains(r.t, r.text("table.list"), words.unread)
	r.click(`table.list a[href="` + path + `"]`)
	require.False(r.t, r.has("#decide") || r.has("#handle"), "a copy decides nothing")
	r.press("#copies > details > summary")
	r.fill("people", "Max Weber")
	r.click("#copies > details button")
	require.Contains(r.t, r.text("#copies"), words.passedBy)
	r.visit("/documents?of=copied")
	row := read[string](r, `document.querySelector('table.list a[href="`+path+`"]').closest("tr").innerText`)
	require.NotContains(r.t, row, words.unread)
	r.signOut()
}

// takesBack has the submitter see who read it, answer, and take a copy back.
func (r *reader) takesBack(path string, words talked) {
	r.t.Helper()
	r.signIn("lin")
	r.visit(path)
	require.Contains(r.t, r.text("#copies"), words.read)
	r.press("#comments li > details > summary")
	read[bool](r, `(() => { document.querySelector("#comments li textarea").value = "Emma"; return true })()`)
	r.click("#comments li form button")
	require.Contains(r.t, r.text(".replies"), "Emma")
	r.press(".replies details > summary")
	r.click(".replies form button")
	require.Contains(r.t, r.text(".replies"), words.withdrawn)
	r.press("#copies li details > summary")
	r.fill("reason", "wrong Emma 发错人")
	r.click("#copies li form button")
	require.Contains(r.t, r.text("#copies"), words.takenBack)
	r.signOut()
	r.signIn("emma")
	r.do("a page that is not theirs any more", chromedp.Navigate(r.at.url+path))
	require.True(r.t, r.has(".error-page"))
	r.visit("/notices")
	r.signOut()
}

// decidesMany ticks three tasks of which a colleague decides one meanwhile.
func (r *reader) decidesMany(other *reader, paths []string, words talked) {
	r.t.Helper()
	r.signIn("wang")
	for _, path := range paths {
		read[bool](r, `(() => { document.querySelector('table.list a[href="`+path+`"]').closest("tr")
			.querySelector("input[name=pick]").click(); return true })()`)
	}
	r.click(`button[value="reject"]`)
	require.Contains(r.t, r.text(".note.bad"), words.reason)
	require.Equal(r.t, 3, read[int](r, `document.querySelectorAll("input[name=pick]:checked").length`), "ticks stay")
	other.approve("chen", paths[1])
	r.fill("opinion", "all fine 同意")
	r.click(`button[value="approve"]`)
	require.Contains(r.t, r.text(".note"), words.decided)
	require.Contains(r.t, r.text("table.list"), words.late, "who decided it")
	r.click(`table.list a[href="` + paths[0] + `"]`)
	require.False(r.t, r.has("#decide"))
	r.visit("/")
	require.False(r.t, r.has(`table.list input[value*="`+paths[0][len("/documents/"):]+`"]`))
	r.signOut()
}
