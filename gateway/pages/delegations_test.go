package pages_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shanghai is where the demo company's readers are.
var shanghai = time.FixedZone("CST", 8*60*60)

func typedIn(hours int) string {
	return time.Now().Add(time.Duration(hours) * time.Hour).In(shanghai).Format("2006-01-02T15:04")
}

func (h *house) delegates(as string, values url.Values) page {
	h.t.Helper()
	form := h.get(as, "/delegations").is(200).newDelegation()
	for name, list := range values {
		form[name] = list
	}
	return h.post(as, "/delegations", form)
}

// newDelegation is the form of a new one; an admin's page has another before it.
func (p page) newDelegation() url.Values {
	p.t.Helper()
	_, p.body, _ = strings.Cut(p.body, `aria-labelledby="new"`)
	return p.form("/delegations")
}

// TestADelegationOnThePages tells one from its making to its end: the delegate
// finds the task marked, decides it, and the record says for whom.
func TestADelegationOnThePages(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.decide("wang", at, "approve", "").to()
		h.get("emma", at).is(404)
		until := typedIn(48)
		require.Equal(t, "/delegations", h.delegates("zhao", url.Values{
			"delegate": {"Emma Brown"}, "until": {until}, "type": {"expense"}, "cap": {"2,000.00"}, "reason": {"年假 <3"},
		}).to())
		given := h.get("zhao", "/delegations").says(h.word("page.delegations.by", map[string]string{"who": "Emma Brown"}),
			h.word("page.delegations.in_force", nil), "CNY\u00a02,000.00", "年假 &lt;3", "/revoke")
		forZhao := h.word("page.task.for", map[string]string{"who": "赵敏"})
		h.get("emma", "/delegations").saysNot("/revoke").
			says(h.word("page.delegations.for", map[string]string{"who": "赵敏"}))
		h.get("emma", "/").says(forZhao, at)
		h.get("emma", at).says(forZhao, at+"/decide")
		h.get("zhao", "/").saysNot(forZhao)
		require.Equal(t, at, h.decide("emma", at, "approve", "seen").to())
		spoken := h.word("page.who.on_behalf", map[string]string{"who": "Emma Brown", "of": "赵敏"})
		h.get("lin", at).says(spoken)
		h.get("zhao", "/notices").says(h.word("notice.task.decided_for.subject", map[string]string{
			"by": "Emma Brown", "number": number(h, at), "title": "Visit to Hangzhou",
		}))
		h.get("emma", "/tasks/done").says(forZhao)

		_, id, _ := strings.Cut(given.body, `action="/delegations/`)
		id, _, _ = strings.Cut(id, "/revoke")
		h.post("emma", "/delegations/"+id+"/revoke", url.Values{}).is(403)
		h.post("lin", "/delegations/"+id+"/revoke", url.Values{}).is(404)
		require.Equal(t, "/delegations", h.post("zhao", "/delegations/"+id+"/revoke", url.Values{}).to())
		h.get("zhao", "/delegations").says(h.word("page.delegations.revoked", nil)).saysNot("/revoke")
	})
}

// number is the number of a document.
func number(h *house, at string) string {
	events, err := h.store.Events(h.t.Context(), strings.TrimPrefix(at, "/documents/"), 0, 1)
	require.NoError(h.t, err)
	_, rest, _ := strings.Cut(string(events[0].Data), `"number":"`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}

// TestADelegateWhoMayNotIsToldWhy proves that a form left open is refused with
// the reason once the rule is over, and that its words are not lost.
func TestADelegateWhoMayNotIsToldWhy(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		at := h.submitted("k1", "2000.00")
		h.delegates("wang", url.Values{"delegate": {"emma"}, "until": {typedIn(48)}}).to()
		open := h.get("emma", at).form(at + "/decide")
		open.Set("act", "reject")
		open.Set("opinion", "no")
		given := h.get("wang", "/delegations").body
		_, id, _ := strings.Cut(given, `action="/delegations/`)
		id, _, _ = strings.Cut(id, "/revoke")
		h.post("wang", "/delegations/"+id+"/revoke", url.Values{}).to()
		refused := h.post("emma", at+"/decide", open).is(403)
		refused.says("王芳", map[string]string{"en": "revoked the delegation", "zh-CN": "撤销该委托"}[h.locale])
		h.get("emma", at).is(404)
		h.get("emma", "/").saysNot(at)
	})
}

// TestAWrongDelegationKeepsItsWords proves that each mistake is told at its field,
// with everything typed still there.
func TestAWrongDelegationKeepsItsWords(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		for field, values := range map[string]url.Values{
			"f-delegate": {"delegate": {"nobody at all"}, "until": {typedIn(5)}},
			"f-until":    {"delegate": {"emma"}, "until": {typedIn(-5)}},
			"f-from":     {"delegate": {"emma"}, "until": {typedIn(5)}, "from": {"tomorrow"}},
			"f-cap":      {"delegate": {"emma"}, "until": {typedIn(5)}, "cap": {"1.005"}},
		} {
			values.Set("reason", "typed <b>")
			h.delegates("lin", values).is(422).says(`id="`+field+`-error"`, `value="typed &lt;b&gt;"`)
		}
		h.delegates("lin", url.Values{"delegate": {"nobody at all"}, "until": {typedIn(5)}, "cap": {"x"}}).is(422).
			says(`id="f-cap-error"`, `id="f-delegate-error"`)
		h.delegates("emma", url.Values{"delegate": {"lin"}, "until": {typedIn(5)}}).to()
		h.delegates("lin", url.Values{"delegate": {"emma"}, "until": {typedIn(5)}}).is(409).says("Emma Brown")
	})
}

// TestAnAdminDelegatesForOthers proves that a reason is asked for, and that
// nobody else sees or makes the delegations of others.
func TestAnAdminDelegatesForOthers(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.get("lin", "/delegations?person=zhao").is(403)
		h.get("audit", "/delegations?person=zhao").is(200).saysNot(`name="delegate"`)
		form := h.get("admin", "/delegations?person=赵敏").is(200).says("赵敏").newDelegation()
		require.Equal(t, "zhao", form.Get("person"))
		h.get("admin", "/delegations?person=zhao").saysNot(h.word("page.delegations.given", nil)).
			says(h.word("page.delegations.given_by", map[string]string{"who": "赵敏"}))
		h.get("admin", "/delegations?person=no-one").is(422).
			says(h.word("page.delegations.unknown", map[string]string{"who": "no-one"}), h.word("page.delegations.given", nil))
		form.Set("delegate", "emma@example.com")
		form.Set("until", typedIn(5))
		h.post("admin", "/delegations", form).is(422).says(`id="f-reason-error"`)
		form.Set("reason", "in hospital")
		require.Equal(t, "/delegations?person=zhao", h.post("admin", "/delegations", form).to())
		h.get("zhao", "/delegations").says("in hospital", "Emma Brown")
	})
}
