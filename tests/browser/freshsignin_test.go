package browser

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/tests/house"
	"github.com/countersign/countersign/tests/idp"
	"github.com/countersign/countersign/walk"
)

const (
	fresh = 10 * time.Second // as below
	look  = 200 * time.Millisecond
)

const freshSteps = `
fresh_sign_in: { from: "1000.00", within: 10 s }
steps:
  - id: finance
    title: { en: Finance, zh-CN: 财务 }
    approvers: [{ role: finance_clerk, of: entity }]
then: [archive]
`

// TestSignInAtTheCompany signs in at a real provider, chosen among two on a phone;
// decides on a large amount, for which one signs in once more and finds again what
// one had typed; looks where one is signed in, and signs out everywhere.
func TestSignInAtTheCompany(t *testing.T) {
	t.Parallel()
	port := idp.FreePort(t)
	provider := func(id, port string) map[string]any {
		return map[string]any{"id": id, "issuer": "http://127.0.0.1:" + port, "client_id": "countersign", "client_secret": "s",
			"title_en": "Company " + id, "title_zh": "公司账号 " + id, "person_claim": "employee_number",
			"scopes": []string{"openid", "profile", "company"}}
	}
	h := house.Start(t, house.Options{Settings: map[string]any{"identity.providers": []map[string]any{
		provider("main", port), provider("branch", idp.FreePort(t)),
	}}})
	company := idp.Start(t, idp.Settings{Port: port, Clients: []idp.Client{{
		ID: "countersign", Secret: "s", Callbacks: []string{h.URL + "/login/main/callback"},
		After: []string{h.URL + "/login?signed_out=1"}, Tell: h.URL + "/login/main/backchannel", TellsSid: true,
	}}, Users: map[string]map[string]any{"wang.fang": {"name": "王芳", "employee_number": "wang"}}})
	h.Publish(t, "large", freshSteps)
	doc, err := h.As("lin").SubmitNew(t.Context(), walk.Form{Type: "large", Title: "大额", Currency: "CNY", Lines: []walk.Line{{
		Category: "travel", Date: time.Now().Format(time.DateOnly), Amount: walk.Money{Amount: "1000.00", Currency: "CNY"},
	}}}, "large")
	require.NoError(t, err)

	at := enter(t)
	at.url = h.URL
	r := at.reader(t, phone(zh))
	r.visit("/login")
	word := func(key string) string { return i18n.Shipped().Text(r.locale, key, nil) }
	require.Contains(t, r.text(".signin"), "公司账号 branch")
	require.Contains(t, r.text(".signin"), word("page.signin.away"))
	for deadline := time.Now().Add(time.Minute); !r.has(`.signin a.primary[href^="/login/main"]`); r.visit("/login") {
		require.True(t, time.Now().Before(deadline), "the provider is there, and nobody looked for it again")
		time.Sleep(look)
	}
	r.leaves(`.signin a[href^="/login/main"]`)
	require.Contains(t, r.href(), company.Issuer, r.text("body"))
	r.identifies("wang.fang")
	require.Equal(t, "/", r.where())
	signedIn := time.Now()

	r.visit("/documents/" + doc.ID)
	time.Sleep(time.Until(signedIn.Add(fresh + time.Second))) // no clock but the provider's can be set on
	r.fill("opinion", "金额已核对 <b>ok</b>")
	r.click(`#decide button[value="approve"]`)
	require.Contains(t, r.text("#fresh"), word("page.fresh.again"))
	r.fill("opinion", "金额已核对 <b>ok</b> 附单据") // and not sent
	r.leaves(`#fresh a.button`)
	require.Contains(t, r.href(), company.Issuer, "they are asked, though the provider knows them")
	r.identifies("wang.fang")
	require.Contains(t, r.text(".note.good"), word("page.fresh.back"))
	require.Equal(t, "金额已核对 <b>ok</b> 附单据", read[string](r, `document.querySelector('#decide [name="opinion"]').value`))
	r.look()
	r.click(`#decide button[value="approve"]`)
	r.until("main", "金额已核对")
	require.False(t, r.has("#decide"))

	r.visit("/sessions")
	require.Contains(t, r.text("main"), word("page.sessions.own"))
	require.Contains(t, r.text("main"), "公司账号 main")
	r.leaves(`form[action="/logout"] button`)
	r.await("the provider asks too", `document.querySelector('button[name="logout"]') !== null`)
	r.leaves(`button[name="logout"]`)
	require.Contains(t, r.text(".signin"), word("page.signin.signed_out"))
	h.VerifyAudit(t)
}

// leaves follows a link or sends a form that leads out of the house.
func (r *reader) leaves(selector string) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector)))
	require.NoError(r.t, err, "leave by %s", selector)
}

func (r *reader) href() string { return read[string](r, `location.href`) }

// identifies fills in the provider's forms until it leads back.
func (r *reader) identifies(login string) {
	r.t.Helper()
	for range 3 {
		if !read[bool](r, `document.querySelector('form[action*="/interaction/"]') !== null`) {
			return
		}
		if read[bool](r, `document.querySelector('[name="login"]') !== null`) {
			r.fill("login", login)
			r.fill("password", "x")
		}
		r.leaves(`form[action*="/interaction/"] [type="submit"]`)
	}
}
