package pages_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
)

// told copies Emma in when it is asked, Sun once it is approved, and nobody where nobody
// is found.
const told = `policy: expense
title: { en: Expense, zh-CN: 报销 }
base: CNY
steps:
  - id: clerk
    title: { en: Clerk, zh-CN: 经办 }
    approvers: [{ role: finance_clerk }]
    cc: [{ person: emma }]
  - id: head
    title: { en: Head, zh-CN: 财务长 }
    approvers: [{ person: liu }]
    cc: [{ manager: 9 }]
    cc_on: passed
cc: [{ top_manager: true }]
then: [accrue, archive]
`

// TestWhomAPolicyCopiesInIsOnThePages: on the route before and after, in the reader's
// list with how it came, and on the page of who was copied in, who decides nothing.
func TestWhomAPolicyCopiesInIsOnThePages(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		_, err := h.store.PublishPolicy(t.Context(), store.PolicyRow{Kind: "policy", ID: "expense", Hash: "x", YAML: told})
		require.NoError(t, err)
		who := func(key, name string) string { return h.word(key, map[string]string{"who": name}) }
		atStep, atEnd := who("page.route.copied.step.opened", "Emma Brown"), who("page.route.copied.policy.passed", "孙悦")
		form := expense("k0", "5000.00")
		form.Set("do", "preview")
		h.post("lin", "/new/expense", form).is(200).says(atStep, atEnd)

		at := h.submitted("k1", "5000.00")
		h.get("lin", at).is(200).says(atStep, atEnd,
			who("page.route.copied.step.passed", h.word("page.route.copied.nobody", nil)), h.word("page.copies.by.policy", nil))
		h.get("emma", "/documents?of=copied").is(200).says(at, h.word("page.copies.by.policy", nil))
		h.get("emma", at).is(200).says(h.word("page.copies.by.policy", nil)).saysNot(`id="decide"`)
		h.get("sun", at).is(404)
		h.decide("chen", at, "approve", "")
		h.decide("liu", at, "approve", "")
		h.get("sun", at).is(200)
		before, _, _ := strings.Cut(h.word("notice.document.copied_by_policy.subject", map[string]string{"number": "\x00"}), "\x00")
		require.NotEmpty(t, before)
		for _, reader := range []string{"emma", "sun"} {
			require.Equal(t, 1, strings.Count(h.get(reader, "/notices").is(200).body, before+"EXP-"))
		}

		other := h.submitted("k2", "5000.00")
		for _, person := range []string{"sun", "wang"} {
			form := h.get("lin", other).form(other + "/copy")
			form.Set("people", person)
			require.Equal(t, other+"#copies", h.post("lin", other+"/copy", form).to())
		}
		h.get("lin", other).is(200).says(other + "/copy/wang/remove").saysNot(other + "/copy/sun/remove")
		h.post("lin", other+"/copy/sun/remove", url.Values{"key": {"r1"}}).is(403)
		h.get("admin", other).is(200).says(other + "/copy/sun/remove")
	})
}
