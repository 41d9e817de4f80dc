package pages_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/evidence"
)

var nextPage = regexp.MustCompile(`<p class="next"><a class="button" href="([^"]*)"`)

// audited proves that an auditor finds who decided what and on which content, page by
// page without a gap, takes it home as inert files, and changes nothing.
func (h *house) audited(at string) {
	h.t.Helper()
	id := strings.TrimPrefix(at, "/documents/")
	h.get("lin", "/audit").is(http.StatusForbidden)
	h.get("lin", "/audit/export?format=csv").is(http.StatusForbidden)
	h.get("audit", "/audit/checkpoints").is(200).says(h.word("page.checkpoints.none", nil))

	doc, err := h.desk.Store.Document(h.t.Context(), access.Scope{All: true}, id)
	require.NoError(h.t, err)
	decided := h.get("audit", "/audit?kind=decisions&person="+url.QueryEscape("陈磊")).is(200)
	decided.says(doc.Number, doc.ContentHash, "never", at+"/proof").saysNot("please mend", " finance_review")
	h.get("audit", "/audit?kind=vouchers&number="+doc.Number).is(200).says(h.word("page.audit.none", nil))
	h.get("audit", "/audit?number="+doc.Number+"&type=advance").is(200).says(h.word("page.audit.none", nil))
	_, spared, _ := strings.Cut(h.word("page.event.step.opened", map[string]string{"agreed": "|"}), "|")
	require.NotEmpty(h.t, spared)
	h.get("audit", "/audit?number="+strings.ToLower(doc.Number)).is(200).says(doc.ContentHash).saysNot(spared)
	h.get("audit", "/audit?until=2020-01-01").is(200).says(h.word("page.audit.none", nil))
	for _, wrong := range []string{"from=soon", "from=2026-02-02&until=2026-02-01", "person=nobody", "kind=gossip"} {
		h.get("audit", "/audit?"+wrong).is(http.StatusUnprocessableEntity).says(`role="alert"`)
	}
	h.get("audit", "/audit?cursor=x").is(http.StatusUnprocessableEntity)

	all := h.exported("")
	require.Len(h.t, all, len(h.paged()), "the pages and the file")
	mine := h.exported("number=" + doc.Number)
	require.Len(h.t, mine, int(doc.Seq))
	act := ""
	for _, e := range mine {
		require.Equal(h.t, id, e.Stream)
		if e.Kind == "task.rejected" {
			act = e.Cause
		}
	}
	for left, right := 0, len(mine)-1; left < right; left, right = left+1, right-1 {
		mine[left], mine[right] = mine[right], mine[left]
	}
	require.NoError(h.t, evidence.VerifyChain(mine))
	for _, e := range h.exported("cause=" + act) {
		require.Equal(h.t, act, e.Cause)
	}
	h.inert()
}

// paged walks through the record by its links, and brings the marks of what it saw.
func (h *house) paged() map[string]bool {
	h.t.Helper()
	seen := map[string]bool{}
	marks := regexp.MustCompile(`<dd class="code">([^<]* · \d+)</dd>`)
	for where := "/audit"; where != ""; {
		p := h.get("audit", where).is(200)
		for _, m := range marks.FindAllStringSubmatch(p.body, -1) {
			require.False(h.t, seen[m[1]], "%s twice", m[1])
			seen[m[1]] = true
		}
		where = ""
		if m := nextPage.FindStringSubmatch(p.body); m != nil {
			where = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	return seen
}

func (h *house) exported(query string) []evidence.Event {
	h.t.Helper()
	p := h.get("audit", "/audit/export?format=jsonl&"+query).is(200)
	require.Contains(h.t, p.header.Get("Content-Disposition"), "attachment")
	var events []evidence.Event
	lines := bufio.NewScanner(strings.NewReader(p.body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e evidence.Event
		require.NoError(h.t, json.Unmarshal(lines.Bytes(), &e))
		events = append(events, e)
	}
	return events
}

// inert proves that no cell of the table is a formula, whatever somebody typed.
func (h *house) inert() {
	h.t.Helper()
	values := expense("formula"+strconv.Itoa(len(h.locale)), "10.00")
	values.Set("title", `=HYPERLINK("http://evil.example","x")`)
	h.post("lin", "/new/expense", values).to()
	p := h.get("audit", "/audit/export?format=csv").is(200)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.body, "\xef\xbb\xbf"))).ReadAll()
	require.NoError(h.t, err)
	require.Contains(h.t, p.body, "'=HYPERLINK")
	require.Equal(h.t, "at", rows[0][0])
	for _, row := range rows[1:] {
		for _, cell := range row {
			require.NotRegexp(h.t, `^[=+@\t\r-]`, cell)
		}
	}
}
