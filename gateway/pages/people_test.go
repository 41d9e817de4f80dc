package pages_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// TestTwoPeopleGrantOnPages: somebody looks a colleague up, asks for a role, another
// administrator approves; the page says since when, and why.
func TestTwoPeopleGrantOnPages(t *testing.T) {
	h := newHouse(t)
	h.get("emma", "/organisation?q=林晓").is(http.StatusOK).says("/organisation/people/lin", "赵敏")
	h.get("emma", "/organisation?department=sales").is(http.StatusOK).says("林晓", "Head:")
	h.get("emma", "/organisation/roles").is(http.StatusOK).says("Finance clerk", "read vouchers")
	h.get("emma", "/organisation/people/lin").is(http.StatusOK).says("赵敏", "Answers to").saysNot("lin@example.com", "Ask for a role")
	h.get("emma", "/organisation/people/nobody").is(http.StatusNotFound)
	h.get("emma", "/organisation/people/sun").is(http.StatusOK).saysNot("any amount beyond")

	asked := h.get("zhao", "/organisation/people/lin").is(http.StatusOK).says("Ask for a role").form("/grants")
	asked.Set("role", "cashier")
	asked.Set("reach", "acme-cn/sales")
	asked.Set("until", "2099-01-01")
	asked.Set("reason", "月末结账")
	h.post("zhao", "/grants", asked).is(http.StatusUnprocessableEntity).says("whole company")
	asked.Set("reach", "acme-cn/")
	asked.Set("key", "again")
	at := h.post("zhao", "/grants", asked).to()
	h.get("zhao", at).is(http.StatusOK).says("月末结账", "neither asked nor gets it", "1 Jan 2099 (that day included)").saysNot(at + "/decide")
	h.get("emma", at).is(http.StatusNotFound)
	h.get("emma", "/grants").is(http.StatusOK).saysNot(at)
	h.get("admin", "/grants").is(http.StatusOK).says(at)
	verdict := h.get("admin", at).is(http.StatusOK).form(at + "/decide")
	verdict.Set("verdict", "refuse")
	h.post("admin", at+"/decide", verdict).is(http.StatusUnprocessableEntity).says("Say why you refuse it")
	verdict.Set("verdict", "approve")
	verdict.Set("key", "yes")
	require.Equal(t, at, h.post("admin", at+"/decide", verdict).to())
	person := h.get("zhao", "/organisation/people/lin").is(http.StatusOK).says("Granted here by two people", "赵敏 asked, 何静 approved")
	person.saysNot("Take away at once")
	h.get("lin", "/organisation/people/lin?may=effect:read").is(http.StatusOK).says("their role Cashier covers Yunshan")
	h.get("lin", "/organisation/people/lin?may=audit:read").is(http.StatusOK).says("none of their roles gives it", "Auditor")
	doc, err := h.desk.Store.Document(h.t.Context(), access.Scope{All: true}, strings.TrimPrefix(h.submitted("asked about", "100.00"), "/documents/"))
	require.NoError(h.t, err)
	number := strings.ToLower(doc.Number)
	h.get("lin", "/organisation/people/lin?may=document:read&document="+number).is(http.StatusOK).says("this one is theirs")
	h.get("lin", "/organisation/people/lin?may=document:read&document=EXP-1").is(http.StatusOK).says(h.word("fault.document.not_found", nil))
	h.locale = i18n.Chinese
	h.get("lin", "/organisation/people/lin?may=effect:read").is(http.StatusOK).says("其角色「出纳」的范围涵盖云杉")
	h.get("admin", "/organisation").is(http.StatusOK).says("组织架构")
	h.get("admin", "/organisation/roles").is(http.StatusOK).says("角色与权限")
	h.get("admin", "/grants?only=ended").is(http.StatusOK).says("已同意")
	h.locale = i18n.English

	grants := h.get("max", "/organisation/people/lin").is(http.StatusOK)
	_, rest, found := strings.Cut(grants.body, `action="/organisation/people/lin/grants/`)
	require.True(t, found)
	id, _, _ := strings.Cut(rest, "/revoke")
	revoke := "/organisation/people/lin/grants/" + id + "/revoke"
	form := grants.form(revoke)
	form.Set("how", "at_once")
	form.Set("reason", "lost phone")
	require.Equal(t, "/organisation/people/lin", h.post("max", revoke, form).to())
	h.get("lin", "/organisation/people/lin").is(http.StatusOK).says("by Max Weber alone")
	h.get("admin", "/notices").is(http.StatusOK).says("Max Weber alone took the role cashier away", "/organisation/people/lin")
	h.takesLostPasskey()
}

// takesLostPasskey: an administrator takes somebody's passkey away on their page, with a
// reason; nobody else is offered it, nor they for their own.
func (h *house) takesLostPasskey() {
	h.t.Helper()
	ids := map[string]string{}
	for _, person := range []string{"lin", "max"} {
		made, err := h.store.AddPasskey(h.t.Context(), store.Passkey{Person: person, Name: "Laptop <b>", Credential: person,
			PublicKey: "key", RP: "approvals.example.com"})
		require.NoError(h.t, err)
		ids[person] = made.ID
	}
	take := func(person string) string { return personPage(person) + "/passkeys/" + ids[person] + "/remove" }
	for _, reader := range []string{"zhao", "lin", "audit"} {
		h.get(reader, personPage("lin")).is(http.StatusOK).saysNot("Laptop", take("lin"))
	}
	h.get("max", personPage("max")).is(http.StatusOK).says("Laptop &lt;b&gt;", "These are your own").saysNot(take("max"))
	form := h.get("max", personPage("lin")).is(http.StatusOK).says("Laptop &lt;b&gt;").form(take("lin"))
	h.post("max", take("lin"), form).is(http.StatusUnprocessableEntity).says("Say why the passkey is removed")
	form.Set("key", "again")
	form.Set("reason", "stolen <i>")
	require.Equal(h.t, personPage("lin")+"#passkeys", h.post("max", take("lin"), form).to())
	h.get("max", personPage("lin")).is(http.StatusOK).says("Removed by Max Weber", "stolen &lt;i&gt;").saysNot(take("lin"))
	h.get("admin", "/notices").is(http.StatusOK).says("Max Weber removed a passkey of 林晓")
	h.locale = i18n.Chinese
	h.get("max", personPage("lin")).is(http.StatusOK).says("移除人：Max Weber")
	h.get("lin", "/notices").is(http.StatusOK).says("移除了 林晓 的通行密钥")
	h.locale = i18n.English
}

func personPage(person string) string { return "/organisation/people/" + person }
