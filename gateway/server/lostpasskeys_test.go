package server_test

import (
	"crypto/rand"
	"net/http"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/tests/authenticator"
)

// losesTheirPasskey has an administrator take a passkey of wang's away that signed
// before: only in person, with a reason, of another, and once; it signs nothing any more,
// and what it signed stays proved.
func (h *house) losesTheirPasskey(wang *http.Client, key *authenticator.Authenticator) {
	h.t.Helper()
	admin := h.browser("admin")
	list := h.do(call{session: admin, method: "GET", path: "/people/wang/passkeys"}).is(200).json()["items"].([]any)
	lost := list[0].(map[string]any)["id"].(string)
	at, why := "/people/wang/passkeys/"+lost+"/remove", map[string]any{"reason": "left in a taxi"}
	h.do(call{session: wang, method: "GET", path: "/people/wang/passkeys"}).refused(404, "passkey.not_found")
	h.do(call{session: wang, method: "POST", path: at, body: why}).refused(404, "passkey.not_found")
	h.do(call{as: "admin", method: "POST", path: at, body: why}).refused(403, "act.person_only")
	h.do(call{session: admin, method: "POST", path: "/people/zhao/passkeys/" + lost + "/remove", body: why}).
		refused(404, "passkey.not_found")
	h.do(call{session: admin, method: "POST", path: at, body: map[string]any{"reason": " "}}).refused(422, "passkey.bad_reason")
	own := h.addsPasskey(admin, authenticator.New(h.t, "approvals.example.com", here), "mine").is(201).text("id")
	h.do(call{session: admin, method: "POST", path: "/people/admin/passkeys/" + own + "/remove", body: why}).
		refused(403, "passkey.own")

	id := h.submitted("lin", "2600.00")
	task := h.task("wang", id)
	nonce, challenge := h.asked(wang, task, decision(task, "approve", ""))
	h.do(call{session: admin, method: "POST", path: at, body: why}).is(204)
	h.do(call{session: admin, method: "POST", path: at, body: why}).refused(404, "passkey.not_found")
	h.seals(wang, task, decision(task, "approve", ""), key.Sign(nonce, challenge)).refused(403, "passkey.unknown")
	gone := h.do(call{session: admin, method: "GET", path: "/people/wang/passkeys"}).is(200).json()["items"].([]any)[0].(map[string]any)
	require.Equal(h.t, []any{"admin", "left in a taxi"}, []any{gone["removed_by"], gone["reason"]})
	for _, told := range []string{"wang", "admin", "max"} {
		page, err := h.store.Notices(h.t.Context(), told, "")
		require.NoError(h.t, err)
		found := 0
		for _, n := range page.Items {
			if n.Kind == notice.PasskeyTaken {
				found++
				require.Equal(h.t, "left in a taxi", n.Data["reason"])
			}
		}
		require.Equal(h.t, 1, found, told)
	}
	h.auditClean()
}

// passkey adds another passkey of lin's.
func (c *crossing) passkey() {
	made, err := c.store.AddPasskey(c.t.Context(), store.Passkey{Person: "lin", Name: "laptop", Credential: rand.Text(),
		PublicKey: "key", RP: "approvals.example.com"})
	require.NoError(c.t, err)
	c.objects["passkey"] = made.ID
}
