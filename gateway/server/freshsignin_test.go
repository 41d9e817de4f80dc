package server_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth/devissuer"
	"github.com/countersign/countersign/store"
)

const freshFor = 4 * time.Second

// asksForFreshSignIns publishes the reference flow with a limit.
func (h *house) asksForFreshSignIns() {
	h.t.Helper()
	text, err := config.Shipped.ReadFile("policies/expense.yaml")
	require.NoError(h.t, err)
	limited := string(text) + "\nfresh_sign_in: { from: \"2000.00\", within: 4 s }\n"
	hash, err := evidence.HashOf(limited)
	require.NoError(h.t, err)
	_, err = h.store.PublishPolicy(h.t.Context(), store.PolicyRow{Kind: "policy", ID: "expense", Hash: hash, YAML: limited})
	require.NoError(h.t, err)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// signsIn lets somebody choose their name at the development issuer.
func (h *house) signsIn(c *http.Client, where, person string) {
	h.t.Helper()
	asked, err := c.Get(h.url + where)
	require.NoError(h.t, err)
	defer asked.Body.Close() //nolint:errcheck // only read
	page, err := io.ReadAll(asked.Body)
	require.NoError(h.t, err)
	form := url.Values{"sub": {person}}
	for _, m := range hidden.FindAllStringSubmatch(string(page), -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	back, err := c.PostForm(h.url+devissuer.Path+"/authorize", form)
	require.NoError(h.t, err)
	require.NoError(h.t, back.Body.Close())
}

func (h *house) browser(person string) *http.Client {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(h.t, err)
	c := &http.Client{Jar: jar}
	h.signsIn(c, "/login/dev", person)
	return c
}

func (h *house) decideIn(c *http.Client, task map[string]any, key string) answer {
	h.t.Helper()
	return h.do(call{session: c, method: "POST", path: "/tasks/" + task["id"].(string) + "/acts",
		body: decision(task, "approve", "fine"), key: key})
}

// TestLargeAmountsAskForAFreshSignIn proves that from the limit on nobody decides
// without having proved a moment ago who they are: no token, no stale session, no
// delegate, not many at once; and that nothing is lost on the way.
func TestLargeAmountsAskForAFreshSignIn(t *testing.T) {
	h := newHouse(t)
	h.asksForFreshSignIns()
	below, id := h.submitted("lin", "1999.99"), h.submitted("lin", "2000.00")
	h.decide("wang", below, "approve", "").is(200)

	task := h.task("wang", id)
	h.decideTask("wang", task, "").refused(403, "act.person_only")
	wang := h.browser("wang")
	time.Sleep(freshFor + 200*time.Millisecond)
	refused := h.decideIn(wang, task, "once").refused(401, "act.sign_in_again")
	require.Equal(t, `Bearer realm="countersign", error="insufficient_user_authentication", max_age="4"`,
		refused.header.Get("WWW-Authenticate"))
	report, err := h.store.VerifyAudit(t.Context(), store.VerifyOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 1, report.Acts, "a refusal for the sign-in alone leaves no act")

	h.signsIn(wang, "/login/dev?fresh=4", "wang")
	done := h.decideIn(wang, task, "once").is(200)
	time.Sleep(freshFor + 200*time.Millisecond)
	require.Equal(t, done.text("id"), h.decideIn(wang, task, "once").is(200).text("id"), "a repeat finds its answer")
	row, err := h.store.Act(t.Context(), done.text("id"))
	require.NoError(t, err)
	require.NotNil(t, row.Act.SignIn)
	require.LessOrEqual(t, row.ReceivedAt.Sub(row.Act.SignIn.At), freshFor)

	h.delegate("zhao", "emma", nil)
	emma := h.browser("emma")
	time.Sleep(freshFor + 200*time.Millisecond)
	h.decideIn(emma, h.task("emma", id), "").refused(401, "act.sign_in_again")
	h.signsIn(emma, "/login/dev?fresh=4", "emma")
	h.decideIn(emma, h.task("emma", id), "").is(200)

	liu := h.browser("liu")
	time.Sleep(freshFor + 200*time.Millisecond)
	last := h.task("liu", id)
	one := decision(last, "approve", "fine")
	one["task"] = last["id"]
	many := func() map[string]any {
		answer := h.do(call{session: liu, method: "POST", path: "/tasks/decide", body: map[string]any{"decisions": []any{one}}})
		return answer.is(200).json()["items"].([]any)[0].(map[string]any)
	}
	stale := many()
	require.Equal(t, "refused", stale["result"])
	require.Equal(t, "act.sign_in_again", stale["problem"].(map[string]any)["code"])
	h.signsIn(liu, "/login/dev?fresh=4", "liu")
	require.Equal(t, "applied", many()["result"])
	require.Equal(t, "approved", h.do(call{as: "lin", method: "GET", path: "/documents/" + id}).is(200).text("status"))
	h.auditClean()
}

// TestTheDatabasesClockJudgesASignIn proves that an act that comes too late is not
// kept, whatever the gateway's clock said.
func TestTheDatabasesClockJudgesASignIn(t *testing.T) {
	h := newHouse(t)
	h.asksForFreshSignIns()
	id := h.submitted("lin", "2000.00")
	for age, code := range map[time.Duration]string{time.Minute: "act.sign_in_again", 0: ""} {
		act := approval.Act{ID: uuid.Must(uuid.NewV7()).String(), Name: approval.Approve, Document: id, Actor: "wang",
			SignIn: &approval.SignIn{Issuer: "x", At: time.Now().Add(-age)}}
		signature, err := h.desk.Signer.Sign(act)
		require.NoError(t, err)
		_, _, err = h.store.CommitAct(t.Context(), store.ActRow{Act: act, Signature: signature,
			Fresh: &approval.FreshSignIn{Seconds: 4}})
		require.Equal(t, code, fault.CodeOf(err))
	}
}

// TestSessionsAreSeenAndEnded proves that who is signed in somewhere sees it and ends
// it there, and that a token does neither.
func TestSessionsAreSeenAndEnded(t *testing.T) {
	h := newHouse(t)
	here, there := h.browser("wang"), h.browser("wang")
	h.do(call{as: "wang", method: "GET", path: "/sessions"}).refused(403, "access.denied")
	items := h.do(call{session: here, method: "GET", path: "/sessions"}).is(200).json()["items"].([]any)
	require.Len(t, items, 2)
	for _, item := range items {
		s := item.(map[string]any)
		require.Equal(t, "127.0.0.1", s["address"])
		if s["own"] == false {
			h.do(call{session: h.browser("zhao"), method: "DELETE", path: "/sessions/" + s["id"].(string)}).
				refused(404, "session.not_found")
			h.do(call{session: here, method: "DELETE", path: "/sessions/" + s["id"].(string)}).is(204)
		}
	}
	h.do(call{session: there, method: "GET", path: "/me"}).refused(401, "auth.required")
	h.do(call{session: here, method: "GET", path: "/me"}).is(200)
}
