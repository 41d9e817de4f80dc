package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/tests/authenticator"
)

const here = "https://approvals.example.com"

// asksForPasskeys publishes the reference flow with a limit, and opens the ceremony.
func (h *house) asksForPasskeys() {
	h.t.Helper()
	var err error
	h.desk.Passkeys, err = auth.NewPasskeys(auth.PasskeyConfig{Public: here})
	require.NoError(h.t, err)
	text, err := config.Shipped.ReadFile("policies/expense.yaml")
	require.NoError(h.t, err)
	limited := string(text) + "\npasskey: { from: \"2000.00\" }\n"
	hash, err := evidence.HashOf(limited)
	require.NoError(h.t, err)
	_, err = h.store.PublishPolicy(h.t.Context(), store.PolicyRow{Kind: "policy", ID: "expense", Hash: hash, YAML: limited})
	require.NoError(h.t, err)
}

// addsPasskey adds a passkey of somebody who is signed in.
func (h *house) addsPasskey(c *http.Client, a *authenticator.Authenticator, name string) answer {
	h.t.Helper()
	asked := h.do(call{session: c, method: "POST", path: "/passkeys/invitation"}).is(200).json()["public_key"].(map[string]any)
	return h.do(call{session: c, method: "POST", path: "/passkeys",
		body: map[string]any{"name": name, "answer": a.Answer(asked["challenge"].(string))}})
}

// asked is the question that a decision is signed by.
func (h *house) asked(c *http.Client, task, body map[string]any) (nonce, challenge string) {
	h.t.Helper()
	question := h.do(call{session: c, method: "POST", path: "/tasks/" + task["id"].(string) + "/passkey", body: body}).is(200).json()
	return question["nonce"].(string), question["public_key"].(map[string]any)["challenge"].(string)
}

func (h *house) seals(c *http.Client, task, body map[string]any, s authenticator.Signed) answer {
	h.t.Helper()
	body["passkey"] = s.Body()
	return h.do(call{session: c, method: "POST", path: "/tasks/" + task["id"].(string) + "/acts", body: body})
}

// TestLargeAmountsAreSignedWithAPasskey proves that from the limit on nobody decides
// but by a passkey of their own that signed exactly this decision, for this house, by
// somebody verified, once; and that what was signed is proved by every audit.
func TestLargeAmountsAreSignedWithAPasskey(t *testing.T) {
	h := newHouse(t)
	h.asksForPasskeys()
	h.decide("wang", h.submitted("lin", "1999.99"), "approve", "").is(200)
	id := h.submitted("lin", "2000.00")
	task := h.task("wang", id)
	h.decideTask("wang", task, "").refused(403, "act.person_only")
	wang, zhao := h.browser("wang"), h.browser("zhao")
	h.decideIn(wang, task, "").refused(401, "act.passkey_required")
	h.do(call{session: wang, method: "POST", path: "/tasks/" + task["id"].(string) + "/passkey", body: decision(task, "approve", "")}).
		refused(409, "passkey.none")
	key := authenticator.New(t, "approvals.example.com", here)
	h.do(call{as: "wang", method: "POST", path: "/passkeys/invitation"}).refused(403, "act.person_only")
	h.addsPasskey(wang, key, "laptop").is(201)
	h.addsPasskey(wang, key, "again").refused(409, "passkey.twice")
	others := authenticator.New(t, "approvals.example.com", here)
	h.addsPasskey(zhao, others, "phone").is(201)
	gone := authenticator.New(t, "approvals.example.com", here)
	removed := h.addsPasskey(wang, gone, "old").is(201).text("id")
	h.do(call{session: zhao, method: "DELETE", path: "/passkeys/" + removed}).refused(404, "passkey.not_found")
	h.do(call{session: wang, method: "DELETE", path: "/passkeys/" + removed}).is(204)

	yes := func() map[string]any { return decision(task, "approve", "fine") }
	for _, tt := range []struct {
		name   string
		with   *authenticator.Authenticator
		forge  func(a *authenticator.Authenticator)
		said   func(body map[string]any) // what is sent, beside what was signed
		status int
		code   string
	}{
		{"on another page", key, func(a *authenticator.Authenticator) { a.Origin = "https://approvals.example.com.evil.test" }, nil, 403, "passkey.refused"},
		{"on a sister page that is not ours", key, func(a *authenticator.Authenticator) { a.Origin = "https://wiki.approvals.example.com" }, nil, 403, "passkey.refused"},
		{"over a way that others read", key, func(a *authenticator.Authenticator) { a.Origin = "http://approvals.example.com" }, nil, 403, "passkey.refused"},
		{"for another domain", key, func(a *authenticator.Authenticator) { a.RP = "evil.test" }, nil, 403, "passkey.refused"},
		{"by nobody verified", key, func(a *authenticator.Authenticator) { a.Flags = authenticator.Present }, nil, 403, "passkey.refused"},
		{"by nobody there", key, func(a *authenticator.Authenticator) { a.Flags = authenticator.Verified }, nil, 403, "passkey.refused"},
		{"another verdict", key, nil, func(b map[string]any) { b["act"] = "reject" }, 403, "passkey.refused"},
		{"other words", key, nil, func(b map[string]any) { b["opinion"] = "very fine" }, 403, "passkey.refused"},
		{"another content", key, nil, func(b map[string]any) { b["content_hash"] = strings.Repeat("0", 64) }, 409, "task.changed"},
		{"another round", key, nil, func(b map[string]any) { b["round"] = 2 }, 409, "task.changed"},
		{"a passkey of somebody else", others, nil, nil, 403, "passkey.unknown"},
		{"a passkey that was removed", gone, nil, nil, 403, "passkey.unknown"},
		{"a passkey that nobody added", authenticator.New(t, "approvals.example.com", here), nil, nil, 403, "passkey.unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nonce, challenge := h.asked(wang, task, yes())
			lying := *tt.with
			if tt.forge != nil {
				tt.forge(&lying)
			}
			body := yes()
			signed := lying.Sign(nonce, challenge)
			if tt.said != nil {
				tt.said(body)
			}
			h.seals(wang, task, body, signed).refused(tt.status, tt.code)
		})
	}
	nonce, challenge := h.asked(wang, task, yes())
	foreign := key.Sign(nonce, challenge)
	foreign.Signature = others.Sign(nonce, challenge).Signature
	h.seals(wang, task, yes(), foreign).refused(403, "passkey.refused")
	other := key.Sign("never asked", challenge)
	h.seals(wang, task, yes(), other).refused(403, "passkey.refused")
	h.seals(zhao, task, yes(), others.Sign(nonce, challenge)).refused(403, "access.denied")

	done := h.seals(wang, task, yes(), key.Sign(nonce, challenge)).is(200).text("id")
	h.seals(wang, task, yes(), key.Sign(nonce, challenge)).refused(409, "task.stale")
	row, err := h.store.Act(t.Context(), done)
	require.NoError(t, err)
	require.Equal(t, key.Credential(), row.Act.Passkey.Credential)
	signed, err := h.store.SignedWithPasskey(t.Context(), row.Act.Document)
	require.NoError(t, err)
	require.Equal(t, []string{done}, signed, "and nothing else that was done to it")
	h.auditClean()

	report, err := h.store.VerifyAudit(t.Context(), store.VerifyOptions{})
	require.NoError(t, err)
	require.EqualValues(t, 2, report.Acts, "nothing that was refused for the passkey left an act")
	told := map[string]int{}
	page, err := h.store.Notices(t.Context(), "wang", "")
	require.NoError(t, err)
	for _, n := range page.Items {
		told[n.Kind]++
	}
	require.Equal(t, 2, told[notice.PasskeyAdded])
	require.Equal(t, 1, told[notice.PasskeyRemoved])
	h.losesTheirPasskey(wang, key)
}

// TestWhoeverDecidesForAnotherSignsWithTheirOwn proves it of a delegate, of a sanction
// with the content that it makes, and of many at once, which none of them can be.
func TestWhoeverDecidesForAnotherSignsWithTheirOwn(t *testing.T) {
	h := newHouse(t)
	h.asksForPasskeys()
	id := h.submitted("lin", "2500.00")
	h.delegate("wang", "emma", nil)
	emma := h.browser("emma")
	key := authenticator.New(t, "approvals.example.com", here)
	key.Counter = 7
	h.addsPasskey(emma, key, "phone").is(201)
	task := h.task("emma", id)
	one := decision(task, "approve", "fine")
	one["task"] = task["id"]
	many := h.do(call{session: emma, method: "POST", path: "/tasks/decide", body: map[string]any{"decisions": []any{one}}})
	result := many.is(200).json()["items"].([]any)[0].(map[string]any)
	require.Equal(t, "act.passkey_required", result["problem"].(map[string]any)["code"])

	less := decision(task, "sanction", "too dear")
	less["lines"] = []any{map[string]any{"line": 1, "amount": map[string]any{"amount": "2100.00", "currency": "CNY"}}}
	nonce, challenge := h.asked(emma, task, less)
	swapped := decision(task, "sanction", "too dear")
	swapped["lines"] = []any{map[string]any{"line": 1, "amount": map[string]any{"amount": "2400.00", "currency": "CNY"}}}
	h.seals(emma, task, swapped, key.Sign(nonce, challenge)).refused(403, "passkey.refused")
	key.Counter = 8
	h.seals(emma, task, less, key.Sign(nonce, challenge)).is(200)

	h.signsTwoAtOnce(emma, key)

	task = h.task("emma", id)
	nonce, challenge = h.asked(emma, task, decision(task, "approve", ""))
	key.Counter = 3 // a copy of it signs
	h.seals(emma, task, decision(task, "approve", ""), key.Sign(nonce, challenge)).is(200)
	page, err := h.store.Notices(t.Context(), "emma", "")
	require.NoError(t, err)
	told := 0
	for _, n := range page.Items {
		if n.Kind == notice.PasskeyBehind {
			told++
		}
	}
	require.Equal(t, 1, told)
	h.auditClean()
}

// signsTwoAtOnce sanctions and approves with one signature: it stands for both, once each,
// and for nothing else.
func (h *house) signsTwoAtOnce(c *http.Client, key *authenticator.Authenticator) {
	h.t.Helper()
	id := h.submitted("lin", "2600.00")
	task := h.task("emma", id)
	change := func() map[string]any {
		less := decision(task, "sanction", "too dear")
		less["lines"] = []any{map[string]any{"line": 1, "amount": map[string]any{"amount": "2200.00", "currency": "CNY"}}}
		return less
	}
	ask := change()
	ask["then"] = map[string]any{"opinion": "too dear"}
	path := "/tasks/" + task["id"].(string) + "/passkey"
	question := h.do(call{session: c, method: "POST", path: path, body: ask}).is(200).json()
	alone := decision(task, "approve", "")
	alone["then"] = map[string]any{}
	h.do(call{session: c, method: "POST", path: path, body: alone}).refused(422, "request.unknown_property")
	key.Counter++
	signed := key.Sign(question["nonce"].(string), question["public_key"].(map[string]any)["challenge"].(string))
	seals := func(body map[string]any, together ...string) answer {
		signed.Together = together
		return h.seals(c, task, body, signed)
	}
	first, second := question["together"].([]any)[0].(string), question["together"].([]any)[1].(string)
	seals(change()).refused(403, "passkey.refused")
	seals(change(), second, first).refused(403, "passkey.refused")
	seals(change(), first, first).refused(403, "passkey.refused")
	seals(decision(task, "approve", "too dear"), first, second).refused(403, "passkey.refused") // of the content before
	seals(decision(task, "reject", "too dear"), first, second).refused(403, "passkey.refused")
	seals(change(), first, second).is(200)

	task = h.task("emma", id)
	seals(decision(task, "approve", "other words"), first, second).refused(403, "passkey.refused")
	seals(decision(task, "approve", "too dear"), first, second).is(200)
	seals(decision(task, "approve", "too dear"), first, second).refused(409, "task.stale")
}

// TestANewPasskeyIsProvedToo proves what is asked of one that is added.
func TestANewPasskeyIsProvedToo(t *testing.T) {
	h := newHouse(t)
	h.asksForPasskeys()
	wang := h.browser("wang")
	for why, forge := range map[string]func(a *authenticator.Authenticator){
		"origin": func(a *authenticator.Authenticator) { a.Origin = "https://evil.test" },
		"rp":     func(a *authenticator.Authenticator) { a.RP = "evil.test" },
		"verified": func(a *authenticator.Authenticator) {
			a.Flags = authenticator.Present
		},
	} {
		lying := authenticator.New(t, "approvals.example.com", here)
		forge(lying)
		refused := h.addsPasskey(wang, lying, "laptop").refused(403, "passkey.refused")
		require.Equal(t, why, refused.json()["args"].(map[string]any)["why"])
	}
	honest := authenticator.New(t, "approvals.example.com", here)
	h.do(call{session: wang, method: "POST", path: "/passkeys",
		body: map[string]any{"name": "laptop", "answer": honest.Answer("bmV2ZXIgYXNrZWQgZm9yIHRoaXMgY2hhbGxlbmdl")}}).
		refused(409, "passkey.expired")
	h.addsPasskey(wang, honest, " ").refused(422, "passkey.bad_name")
	h.addsPasskey(wang, honest, "laptop").is(201)
	none, err := auth.NewPasskeys(auth.PasskeyConfig{Public: "http://127.0.0.1:8080"})
	require.NoError(t, err)
	require.Nil(t, none, "no browser makes passkeys for a bare address")
	_, err = auth.NewPasskeys(auth.PasskeyConfig{Public: here, Origins: []string{"https://evil.test"}})
	require.ErrorContains(t, err, "evil.test")
}
