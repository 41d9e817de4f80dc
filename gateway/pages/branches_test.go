package pages_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
)

// parted asks finance and, side by side, the head of finance and an auditor within
// another fork; travel to the chief only above a limit; then whom the auditor chose.
const parted = `policy: expense
title: { en: Expense, zh-CN: 报销 }
base: CNY
steps:
  - parallel: reviews
    branches:
      - title: { en: Money side, zh-CN: 资金 }
        steps:
          - { id: clerk, title: { en: Clerk, zh-CN: 经办 }, approvers: [{ role: finance_clerk }] }
      - steps:
          - parallel: inner
            branches:
              - title: { en: Figures, zh-CN: 数字 }
                steps:
                  - { id: head, title: { en: Head, zh-CN: 财务长 }, approvers: [{ person: liu }] }
              - title: { en: Large, zh-CN: 大额 }
                when: amount >= money("90000.00") && grade > 0
                steps:
                  - { id: chief, title: { en: Chief, zh-CN: 总经理 }, approvers: [{ top_manager: true }] }
  - { id: manager, title: { en: Manager, zh-CN: 主管 }, approvers: [{ manager: 1 }] }
  - { id: last, title: { en: Last, zh-CN: 复核 }, approvers: [{ choice: approver, among: { role: finance_clerk } }] }
  - { id: end, title: { en: End, zh-CN: 收尾 }, approvers: [{ role: finance_head, as_of: activation }] }
then: [accrue, archive]
`

// route is the drawn route of a page: titles and where each stands, in order.
func (p page) route() string {
	p.t.Helper()
	_, drawn, found := strings.Cut(p.body, `<ol class="route">`)
	require.True(p.t, found, "no route is drawn")
	drawn, _, _ = strings.Cut(drawn, "</section>\n{{end}}")
	return strings.Join(strings.Fields(tags.ReplaceAllString(drawn, " ")), " ")
}

// TestBranchesAreDrawnSideBySide proves that a reader sees which branches there are,
// where each stands, and who will be found later.
func TestBranchesAreDrawnSideBySide(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		_, err := h.store.PublishPolicy(t.Context(), store.PolicyRow{Kind: "policy", ID: "expense", Hash: "x", YAML: parted})
		require.NoError(t, err)
		at := h.submitted("k1", "5000.00")
		say := func(key string) string { return h.word(key, nil) }
		title := func(en, zh string) string { return map[string]string{"en": en, "zh-CN": zh}[h.locale] }
		now, done, skipped := say("page.stands.now"), say("page.stands.done"), say("page.stands.skipped")
		stands := func(name, where string) string { return name + " " + where }

		drawn := h.get("lin", at).is(200).route()
		require.Contains(t, drawn, title("grade &gt; 0 is false: amount = 5000.00 CNY", "grade &gt; 0 不成立：amount = 5000.00 CNY"))
		order := []string{stands(say("page.route.parallel"), now), stands(title("Money side", "资金"), now), stands(title("Clerk", "经办"), now),
			stands(h.word("page.route.branch", map[string]string{"n": "2"}), now), stands(say("page.route.parallel"), now),
			stands(title("Figures", "数字"), now), stands(title("Head", "财务长"), now),
			stands(title("Large", "大额"), skipped), stands(title("Chief", "总经理"), skipped),
			stands(title("Manager", "主管"), say("page.stands.next")), stands(title("Last", "复核"), say("page.stands.next")),
			h.word("page.route.chosen", map[string]string{"step": title("Manager", "主管")}),
			stands(title("End", "收尾"), say("page.stands.next")), say("page.route.anew")}
		for rest, i := drawn, 0; i < len(order); i++ {
			_, after, found := strings.Cut(rest, order[i])
			require.True(t, found, "%q is not drawn after the others in %s", order[i], drawn)
			rest = after
		}

		require.Equal(t, at, h.decide("liu", at, "approve", "").to())
		drawn = h.get("lin", at).route()
		require.Contains(t, drawn, stands(h.word("page.route.branch", map[string]string{"n": "2"}), done), "the inner fork is over, the outer is not")
		require.Contains(t, drawn, stands(title("Money side", "资金"), now))
		require.Equal(t, at, h.decide("chen", at, "approve", "").to())
		drawn = h.get("lin", at).route()
		require.True(t, strings.HasPrefix(drawn, stands(say("page.route.parallel"), done)), drawn)
		require.Contains(t, drawn, stands(title("Manager", "主管"), now))
		h.decide("zhao", at, "reject", "no").to()
		require.Contains(t, h.get("lin", at).route(), stands(title("Last", "复核"), say("page.stands.never")))
	})
}
