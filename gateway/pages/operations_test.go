package pages_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/policy/doctype"
)

// operations are what the card of a page says of each, without the tags.
func operations(t *testing.T, p page) string {
	t.Helper()
	_, rest, found := strings.Cut(p.body, `id="operations"`)
	if !found {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "</section>")
	return strings.Join(strings.Fields(tags.ReplaceAllString(rest, " ")), " ")
}

// TestOperationsExplainThemselves: what would follow is what the rules make of it, and
// what cannot be done says why; looking at it does nothing.
func TestOperationsExplainThemselves(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		wang := operations(t, h.get("wang", at).is(http.StatusOK))
		asked := h.word("page.op.follows.asked", map[string]string{"who": "赵敏"})
		require.Contains(t, wang, asked, "who is asked when wang agrees")
		require.Contains(t, wang, h.word("page.op.follows.returned", map[string]string{"who": "林晓"}))
		require.Contains(t, wang, h.word("page.op.follows.rejected", nil))
		require.Contains(t, wang, h.word("page.op.follows.stopped", nil))
		require.NotContains(t, wang, h.word("page.op.cannot", nil))
		require.Contains(t, wang, h.word("act.sanction", nil)+" "+h.word("page.op.sanction", nil), "what the step allows beside")
		h.get("lin", at).says(`href="/new/expense?from=` + at[len("/documents/"):] + `"`)
		h.get("wang", at).saysNot("/new/expense?from=")
		zhao := operations(t, h.get("zhao", at))
		require.Contains(t, zhao, h.word("page.op.cannot", nil), "her step is not reached")
		require.Contains(t, zhao, h.word("fault.task.not_yours", nil))

		require.Contains(t, operations(t, h.get("lin", at)), h.word("page.op.needs.nothing", nil))
		h.decide("wang", at, "approve", "").to()
		require.Contains(t, operations(t, h.get("lin", at)), h.word("page.op.needs.reason_decided", nil))
		require.Regexp(t, regexp.QuoteMeta(h.word("act.retract", nil)), operations(t, h.get("wang", at)))
		h.decide("zhao", at, "approve", "").to()
		require.Contains(t, operations(t, h.get("liu", at)), h.word("page.op.follows.approved", nil), "the last one decides")
		h.decide("liu", at, "approve", "").to()
		require.Contains(t, operations(t, h.get("lin", at)), h.word("page.op.cannot", nil), "nothing is taken back that is approved")
		require.Empty(t, operations(t, h.get("audit", at)))
	})
}

// TestFilesOneAfterAnother: a file is looked at inside the page and led on from, only
// as far as the document names it and its reader may see it.
func TestFilesOneAfterAnother(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00"
		at := h.upload("lin", "/new/expense", expense("k1", "2000.00"), map[string][]byte{
			"upload=发票.pdf": []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "lines.0.upload=收据.png": []byte(png)}).to()
		links := regexp.MustCompile(`href="(`+at+`/files/[^"]+)"`).FindAllStringSubmatch(h.get("wang", at).body, -1)
		require.Len(t, links, 2)
		pdf, picture := links[1][1], links[0][1] // the lines come first on the page
		h.get("wang", pdf).is(http.StatusOK).says(`<iframe src="/api/v1/attachments/`, `rel="next" href="`+picture+`"`, "发票.pdf").saysNot(`rel="prev"`)
		h.get("wang", picture).is(http.StatusOK).says(`<img src="/api/v1/attachments/`, `rel="prev" href="`+pdf+`"`,
			h.word("page.edit.line_number", map[string]string{"n": "1"})).saysNot(`rel="next"`)
		h.get("nobody", pdf).is(http.StatusNotFound)
		other := h.submitted("k2", "2000.00")
		h.get("lin", other+"/files/"+pdf[strings.LastIndex(pdf, "/")+1:]).is(http.StatusNotFound)
	})
}

// TestInvoiceFilesAreReadOut: an approver sees what an XML or OFD invoice says, though no
// browser shows the file itself; XML of another kind is only saved.
func TestInvoiceFilesAreReadOut(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		const told = `<EInvoice><EIid>26312000000136634921</EIid><SellerName>和平饭店 &lt;b&gt;</SellerName>` +
			`<TotalTax-includedAmount>212.00</TotalTax-includedAmount><IssueTime>2026-11-12</IssueTime></EInvoice>`
		at := h.upload("lin", "/new/expense", expense("k1", "2000.00"), map[string][]byte{
			"upload=a.xml": []byte(`<?xml version="1.0"?>` + told), "lines.0.upload=b.xml": []byte(`<?xml version="1.0"?><Order/>`)}).to()
		links := regexp.MustCompile(`href="(`+at+`/files/[^"]+)"`).FindAllStringSubmatch(h.get("wang", at).body, -1)
		require.Len(t, links, 2)
		h.get("wang", links[1][1]).is(http.StatusOK).says("26312000000136634921", "和平饭店 &lt;b&gt;", "212.00",
			h.word("page.files.invoice_hint", nil)).saysNot(h.word("page.files.net", nil), h.word("page.files.other", nil))
		h.get("wang", links[0][1]).is(http.StatusOK).says(h.word("page.files.other", nil)).saysNot(h.word("page.files.invoice", nil))
	})
}

// TestTooManyFilesAreToldOf: of more files than a document may have none is dropped
// without a word.
func TestTooManyFilesAreToldOf(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		files := map[string][]byte{}
		for i := range doctype.FilesMax + 1 {
			files["upload=r"+strconv.Itoa(i)+".txt"] = []byte("r" + strconv.Itoa(i))
		}
		form := expense("k1", "2000.00")
		form.Set("do", "upload")
		kept := h.upload("lin", "/new/expense", form, files)
		form.Set("do", "submit")
		for _, token := range regexp.MustCompile(`name="file" value="([^"]+)"`).FindAllStringSubmatch(kept.body, -1) {
			form.Add("file", token[1])
		}
		require.Len(t, form["file"], doctype.FilesMax+1)
		args := map[string]string{"count": strconv.Itoa(doctype.FilesMax + 1), "max": strconv.Itoa(doctype.FilesMax)}
		h.post("lin", "/new/expense", form).is(http.StatusUnprocessableEntity).says(h.word("fault.document.too_many_files", args))
	})
}
