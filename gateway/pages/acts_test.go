package pages_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/i18n"
)

// TestAStaleDecision proves that who comes late is told who was first, keeps
// their words, and sees the document as it is.
func TestAStaleDecision(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		late := h.get("wang", at).form(at + "/decide")
		first := h.get("wang", at).form(at + "/decide")
		first.Set("act", "approve")
		h.post("wang", at+"/decide", first).to()
		late.Set("act", "reject")
		late.Set("opinion", "too late")
		h.post("wang", at+"/decide", late).is(409).
			says("王芳", h.word("page.refused", nil), "too late", h.word("status.pending", nil)).saysNot(`id="decide"`)
	})
}

// TestADoubleClickDecidesOnce proves that the key of a form finds its first answer.
func TestADoubleClickDecidesOnce(t *testing.T) {
	h := newHouse(t)
	at := h.submitted("k1", "2000.00")
	require.Equal(t, at, h.submitted("k1", "2000.00"), "nor is a document submitted twice")
	values := h.get("wang", at).form(at + "/decide")
	values.Set("act", "approve")
	require.Equal(t, at, h.post("wang", at+"/decide", values).to())
	require.Equal(t, at, h.post("wang", at+"/decide", values).to())
}

// TestARefusedFormKeepsItsWords proves that a decision without its opinion is
// asked for again in its place.
func TestARefusedFormKeepsItsWords(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.decide("wang", at, "reject", "").is(422).says(`id="opinion-error"`, at+"/decide")
		h.decide("wang", at, "approve", "fine by me").to()
		h.decide("zhao", at, "return", strings.Repeat("x", 2001)).is(422).says(strings.Repeat("x", 2001))
		h.post("lin", at+"/withdraw", url.Values{"key": {"w"}}).is(422).says(at + "/withdraw")
		h.post("lin", at+"/urge", url.Values{"key": {"u1"}}).to()
		h.post("lin", at+"/urge", url.Values{"key": {"u2"}}).is(409)
		h.post("wang", at+"/decide", url.Values{"act": {"bribe"}}).is(422)
	})
}

// TestAPendingActIsShownAsSuch proves that a recorded act whose outcome is not
// known yet is neither lost nor offered again.
func TestAPendingActIsShownAsSuch(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.engine.slow = true
		where := h.decide("wang", at, "approve", "").to()
		require.True(t, strings.HasPrefix(where, at+"?act="), where)
		h.get("wang", where).is(200).saysNot(at+"/decide").
			says(h.word("page.pending", nil), `data-refresh="`+at+`/seq?act=`, `http-equiv="refresh"`)
		require.Equal(t, "5", h.get("wang", at+"/seq").is(200).body, "submitted, planned, a step and two tasks opened")
		require.Equal(t, "5+", h.get("wang", strings.Replace(where, "?", "/seq?", 1)).is(200).body)
		act := strings.TrimPrefix(where, at+"?act=")
		_, err := h.store.RefuseAct(t.Context(), act, approval.Outcome{Code: "task.closed", Kind: "conflict"})
		require.NoError(t, err)
		require.Equal(t, "5", h.get("wang", strings.Replace(where, "?", "/seq?", 1)).is(200).body)
		h.get("wang", where).is(200).says(h.word("page.refused", nil), h.word("fault.task.closed", nil))
	})
}

// TestWhoMayWhat holds every route against people who may not, and nobody.
func TestWhoMayWhat(t *testing.T) {
	h := newHouse(t)
	at := h.submitted("k1", "2000.00")
	for _, where := range []string{
		"/", "/documents", "/new", "/new/expense", at, at + "/edit", "/vouchers", "/parked", "/notices", "/tasks/done",
		"/delegations",
	} {
		to := h.get("", where).to()
		require.Equal(t, "/login?return_to="+url.QueryEscape(where), to)
	}
	require.Equal(t, "/login?return_to=%2F", h.post("", at+"/withdraw", nil).to())
	for _, person := range []string{"emma"} {
		h.get(person, at).is(404)
		h.get(person, at+"/seq").is(404)
		for _, act := range []string{"withdraw", "comment", "urge", "delete", "edit"} {
			h.post(person, at+"/"+act, url.Values{"text": {"x"}, "do": {"save"}}).is(404)
		}
	}
	h.post("wang", at+"/withdraw", url.Values{"key": {"1"}, "opinion": {"x"}}).is(403)
	h.post("audit", at+"/comment", url.Values{"key": {"2"}, "text": {"x"}}).is(403)
	require.Equal(t, at, h.get("wang", at+"/edit").to())
	task := h.get("wang", at).form(at + "/decide")
	task.Set("act", "approve")
	h.post("zhao", at+"/decide", task).is(403)
	h.post("emma", at+"/decide", task).is(404)
	h.get("lin", "/documents/nonsense").is(404)
	h.get("lin", "/new/yacht").is(404)
	h.get("lin", "/nowhere").is(404).says("Not found")
	h.get("lin", "/documents?cursor=x").is(422)
}

// TestLanguageAndSignIn proves that the choice of a language stays, and that no
// way back leads out of the house.
func TestLanguageAndSignIn(t *testing.T) {
	h := newHouse(t)
	p := h.post("", "/language", url.Values{"lang": {"zh-CN"}, "return_to": {"/documents?q=x"}})
	require.Equal(t, "/documents?q=x", p.to())
	require.Contains(t, p.header.Get("Set-Cookie"), i18n.Cookie+"=zh-CN")
	require.Equal(t, "/", h.post("", "/language", url.Values{"lang": {"en"}, "return_to": {"//evil.example"}}).to())
	h.post("", "/language", url.Values{"lang": {"tlh"}}).is(422)
	h.post("lin", "/language", url.Values{"lang": {"en"}}).to()
	wishes, err := h.store.Wishes(t.Context(), "lin")
	require.NoError(t, err)
	require.Equal(t, "en", wishes.Locale, "it goes along to other browsers")
	h.get("", "/login?return_to=/parked").is(200).says(`/login/dev?return_to=%2Fparked`, "Dev &lt;b&gt;")
	require.Equal(t, "/parked", h.get("lin", "/login?return_to=/parked").to())
	app := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/login?return_to=/parked", nil)
	app.Header.Set("User-Agent", "wxwork")
	require.Equal(t, "/login/b?return_to=%2Fparked", h.send(app, "").to(), "an app's web view goes straight")
	h.post("lin", "/logout", nil).is(200).says(`content="0; url=https://idp.example/bye?a=b&amp;c=d"`)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "flash", Value: "approve"})
	shown := h.send(r, "lin").says("Approved.")
	require.True(t, slices.ContainsFunc(shown.header.Values("Set-Cookie"), func(c string) bool {
		return strings.HasPrefix(c, "flash=;") && strings.Contains(c, "Max-Age=0")
	}), "a message is shown once")
}

// TestAssets proves that what the pages link to is there, and stays.
func TestAssets(t *testing.T) {
	h := newHouse(t)
	body := h.get("", "/login").body
	for _, part := range strings.Split(body, `"`) {
		if strings.HasPrefix(part, "/assets/") {
			p := h.get("", part).is(200)
			require.Contains(t, p.header.Get("Cache-Control"), "immutable")
		}
	}
	h.get("", "/assets/none.css").is(404)
}

// TestRefusalsSpeakOfPeopleAndHours holds what a refusal tells: names instead of
// accounts, hours as the reader has them, and beside the words it is about.
func TestRefusalsSpeakOfPeopleAndHours(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		handle := func(as, act string, more url.Values) page {
			form := h.get(as, at).is(200).form(at + "/decide")
			form.Set("act", act)
			for name, value := range more {
				form[name] = value
			}
			return h.post(as, at+"/decide", form)
		}
		handle("wang", "consult", url.Values{"to": {"sun"}, "opinion": {" "}}).is(422).
			says(h.word("fault.act.question_required", nil), `value="sun"`)
		require.Equal(t, at, handle("wang", "consult", url.Values{"to": {"sun"}, "opinion": {"?"}}).to())
		handle("sun", "consult", url.Values{"opinion": {""}}).is(422).
			says(`id="opinion-error">` + h.word("fault.act.opinion_required", nil))

		require.Equal(t, at, handle("chen", "add_signer", url.Values{"to": {"zhao"}, "where": {"before"}}).to())
		handle("chen", "approve", nil).is(409).says(h.word("fault.task.awaits_signer", map[string]string{"who": "赵敏"}))

		h.post("lin", at+"/urge", url.Values{"key": {"u1"}})
		again := h.post("lin", at+"/urge", url.Values{"key": {"u2"}}).is(409)
		again.says(strings.Split(h.word("fault.urge.too_soon", nil), "…")[0])
		require.NotRegexp(t, `T\d\d:\d\d:\d\dZ[^"]`, again.body)

		require.Equal(t, at, handle("wang", "hold", url.Values{"opinion": {"原件"}}).to())
		left := strings.SplitN(h.word("page.waiting.left.hours", map[string]string{"n": "7"}), "7", 2)[1]
		due := `<dt>` + h.word("page.due", nil) + `</dt>`
		h.get("lin", at).is(200).says(`id="stopped"`, `href="#stopped"`).saysNot(at+"/urge", due, left)
		stopped := h.word("fault.document.stopped", map[string]string{"by": "王芳"})
		h.get("wang", at).is(200).says(stopped).saysNot(h.word("fault.task.not_yours", nil))
		mark := h.word("page.mark.stopped.why", map[string]string{"who": "王芳"})
		inbox := h.get("chen", "/").is(200).saysNot(`name="pick"`) // nobody can decide it
		require.Contains(t, inbox.rowOf(at), mark)
		require.Contains(t, inbox.rowOf(at), h.word("page.inbox.stands_still", nil))
		require.Equal(t, at, h.post("wang", at+"/release", h.get("wang", at).form(at+"/release")).to())
		h.get("lin", at).is(200).says(due, left).saysNot(`id="stopped"`)
		require.NotContains(t, h.get("chen", "/").is(200).says(`name="pick"`).rowOf(at), mark)
	})
}
