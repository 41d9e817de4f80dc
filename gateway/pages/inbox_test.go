package pages_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/desk"
)

// rowOf is the part of a list that shows one document.
func (p page) rowOf(path string) string {
	p.t.Helper()
	_, rest, found := strings.Cut(p.body, `href="`+path+`"`)
	require.True(p.t, found, "%s is not listed", path)
	row, _, _ := strings.Cut(rest, "</tr>")
	return row
}

// TestTheInboxSaysWhatToLookAt and how long there is, narrows, and finds its way back.
func TestTheInboxSaysWhatToLookAt(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		calm := h.submitted("k1", "2000.00")
		form := expense("k2", "450.00")
		form.Set("urgency", "urgent")
		form.Set("title", "Nights in Shenzhen")
		form.Set("lines.0.category", "allowance")
		form.Set("lines.0.city", "shenzhen")
		form.Set("lines.0.units", "2")
		form["line"] = []string{"0", "1"}
		for name, value := range map[string]string{"category": "travel", "date": "2026-03-02", "description": "bus", "amount": "2000.00"} {
			form.Set("lines.1."+name, value)
		}
		loud := h.post("lin", "/new/expense", form).to()

		list := h.get("wang", "/").is(http.StatusOK)
		require.Contains(t, list.rowOf(loud), h.word("page.mark.urgent.why", nil))
		require.Contains(t, list.rowOf(loud), h.word("page.mark.over_standard.why.one", map[string]string{"amount": "CNY\u00a0250.00"}))
		require.NotContains(t, list.rowOf(calm), "class=\"marks\"")
		require.Contains(t, list.rowOf(loud), h.word("page.inbox.working_time", map[string]string{"calendar": "cn-office"}))

		for query, want := range map[string][]bool{
			"q=shenzhen": {false, true}, "urgent=1": {false, true}, "overdue=1": {false, false}, "type=advance": {false, false},
			"applicant=" + url.QueryEscape("林晓"): {true, true}, "applicant=nobody": {false, false},
			"from=2,100": {false, true}, "to=2000&currency=CNY": {true, false}, "entity=acme-cn&sort=amount": {true, true},
		} {
			found := h.get("wang", "/?"+query).is(http.StatusOK)
			require.Equal(t, want, []bool{strings.Contains(found.body, calm+`"`), strings.Contains(found.body, loud+`"`)}, query)
		}
		h.get("wang", "/?from=x").is(http.StatusOK).says(h.word("fault.money.bad_amount", map[string]string{"text": "x"}), loud)

		found := h.get("wang", "/?urgent=1&sort=amount")
		ticked := found.form("/tasks/decide")
		ticked["pick"], ticked["act"] = found.picks(), []string{"reject"}
		require.Len(t, ticked["pick"], 1)
		h.post("wang", "/tasks/decide", ticked).is(http.StatusUnprocessableEntity).saysNot(calm + `"`)
		ticked.Set("act", "approve")
		h.post("wang", "/tasks/decide", ticked).is(http.StatusOK).says(`href="/?sort=amount&amp;urgent=1"`)
		ticked.Set("back", "https://evil.example/?x=1")
		h.post("wang", "/tasks/decide", ticked).saysNot("evil")
	})
}

// TestThePartsOfTheInbox count and list what is done, sent, copied and delegated.
func TestThePartsOfTheInbox(t *testing.T) {
	h := newHouse(t)
	at := h.submitted("k1", "2000.00")
	h.decide("wang", at, "approve", "")
	tab := func(name, n string) string {
		return h.word("page.inbox.tab."+name, nil) + ` <span class="count">` + n + `</span>`
	}
	h.get("wang", "/tasks/done").says(tab("waiting", "0"), tab("done", "1"), at, h.word("task.approved", nil))
	h.get("chen", "/tasks/done").saysNot(at)
	h.get("chen", "/tasks/done?show=ended").says(at, h.word("task.superseded", nil))
	h.get("lin", "/tasks/sent").says(tab("sent", "1"), at)
	h.get("lin", "/tasks/copied").says(tab("copied", "0")).saysNot(at)

	h.delegates("zhao", url.Values{"delegate": {"Emma Brown"}, "until": {typedIn(1)}}).is(http.StatusSeeOther)
	h.get("emma", "/tasks/delegated").says(tab("waiting", "1"), tab("delegated", "1"), at)
	h.decide("emma", at, "approve", "")
	h.get("emma", "/tasks/delegated").says(tab("delegated", "0")).saysNot(at)
	h.get("emma", "/tasks/delegated?show=decided").says(at)
	h.get("zhao", "/tasks/delegated?show=by_others").says(at, "Emma Brown")
	h.get("zhao", "/tasks/delegated?show=decided").saysNot(at)
}

// watcher reads the events that a page is told.
type watcher struct {
	t      *testing.T
	lines  *bufio.Scanner
	status int
}

func (h *house) watches(ctx context.Context, url, person, session string) *watcher {
	h.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/live", nil)
	require.NoError(h.t, err)
	r.Header.Set("X-As", person)
	r.Header.Set("X-Session", session)
	r.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(r) //nolint:bodyclose // closed below
	require.NoError(h.t, err)
	h.t.Cleanup(func() { _ = answer.Body.Close() })
	return &watcher{h.t, bufio.NewScanner(answer.Body), answer.StatusCode}
}

// next is the next event; "" at the end.
func (w *watcher) next() string {
	for w.lines.Scan() {
		if data, ok := strings.CutPrefix(w.lines.Text(), "data: "); ok {
			return data
		}
	}
	return ""
}

// TestAPageIsToldWhatChanges in its reader's inbox, as long as they are signed in and
// the house is open.
func TestAPageIsToldWhatChanges(t *testing.T) {
	h := newHouse(t)
	running, closeHouse := context.WithCancel(t.Context())
	go h.desk.LookOut(running)
	server := httptest.NewServer(h.handler)
	defer server.Close()
	require.Equal(t, http.StatusNoContent, h.watches(t.Context(), server.URL, "", "").status, "nobody comes again")
	signedOut := h.watches(t.Context(), server.URL, "wang", "a session that has ended")

	page := h.watches(t.Context(), server.URL, "wang", "")
	first := page.next()
	require.Contains(t, first, `"waiting":""`)
	require.Empty(t, signedOut.next(), "whose session has ended is told nothing")
	at := h.submitted("k1", "2000.00")
	second := page.next()
	require.Contains(t, second, `"waiting":"1"`)
	h.get("wang", "/").says(`data-mark="`+strings.Split(second, `"`)[7]+`"`, `data-badge>1<`)
	h.decide("chen", at, "approve", "")
	require.Equal(t, first, page.next(), "somebody else took it")

	for range desk.FollowersMost - 1 {
		require.Equal(t, http.StatusOK, h.watches(t.Context(), server.URL, "wang", "").status)
	}
	require.Equal(t, http.StatusTooManyRequests, h.watches(t.Context(), server.URL, "wang", "").status)
	closeHouse()
	require.Empty(t, page.next(), "the house closes")
}
