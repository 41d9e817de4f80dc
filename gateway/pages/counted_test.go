package pages_test

import (
	"html"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
)

// together adds up what one payee asks for, and asks somebody from 1000.00 on who may
// read nothing else.
const together = `policy: expense
title: { en: Expense, zh-CN: 报销 }
base: CNY
aggregate: { by: [payee], within: 30 days }
steps:
  - id: manager
    title: { en: Manager, zh-CN: 主管 }
    when: amount >= money("1000.00")
    otherwise: auto_approve
    approvers: [{ person: emma }]
then: [accrue, archive]
`

// read is the page as people read it.
func (p page) read() page {
	p.body = strings.ReplaceAll(html.UnescapeString(p.body), "\u00a0", " ")
	return p
}

// TestWhatIsCountedTogetherIsExplained before it is submitted and afterwards: with the
// other documents for who may read them, and with their number and sum for others.
func TestWhatIsCountedTogetherIsExplained(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		_, err := h.store.PublishPolicy(t.Context(), store.PolicyRow{Kind: "policy", ID: "expense", Hash: "x", YAML: together})
		require.NoError(t, err)
		h.submitted("k1", "700.00")
		other := h.submitted("k2", "200.00")
		sum := map[string]string{"en": "CNY 100.00 + 2 other documents of the same payee within 30 days, CNY 900.00 = CNY 1,000.00",
			"zh-CN": "CNY 100.00 + 30 天内收款方相同的其他单据 2 张 CNY 900.00 = CNY 1,000.00"}[h.locale]
		asked := expense("k3", "100.00")
		asked.Set("do", "preview")
		h.post("lin", "/new/expense", asked).is(200).read().says(h.word("page.counted.title", nil), sum, `<a href="`+other+`">`)
		at := h.submitted("k3", "100.00")
		h.get("lin", at).is(200).read().says(sum, `<a href="`+other+`">`, "EXP-").
			says(h.word("page.route.because", nil) + "</span> CNY 1,000.00 ≥ CNY 1,000.00")
		h.get("emma", at).is(200).read().says(sum, h.word("page.counted.hidden", map[string]string{"n": "2"})).
			saysNot(other)
		h.get("emma", other).is(404)
	})
}
