package pages_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store"
)

// ruled asks for more than the amount.
const ruled = `policy: expense
title: { en: Expense, zh-CN: 报销 }
base: CNY
steps:
  - id: clerk
    title: { en: Clerk, zh-CN: 经办 }
    when: amount >= money("100.00") || fields.trip == "x" && supplier_kind != "related_party"
    otherwise: skip
    approvers: [{ role: finance_clerk, of: entity }]
    mode: any_of
  - id: head
    title: { en: Head, zh-CN: 财务长 }
    when: size(fields.trip) > 90
    otherwise: skip
    approvers: [{ role: finance_head, of: entity }]
    mode: any_of
then: [accrue, archive]
`

// TestARuleIsToldInWords where it is made of comparisons; another stays as it was written.
func TestARuleIsToldInWords(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		_, err := h.store.PublishPolicy(t.Context(), store.PolicyRow{Kind: "policy", ID: "expense", Hash: "x", YAML: ruled})
		require.NoError(t, err)
		p := h.get("lin", h.submitted("k1", "5000.00")).is(200).read()
		for _, words := range map[string][]string{
			"en": {"Amount ≥ CNY 100.00, or (Trip or project = x and Kind of supplier ≠ related_party). Values: Amount CNY 5,000.00",
				"size(fields.trip)"},
			"zh-CN": {"金额 ≥ CNY 100.00，或（出差或项目 = x 且 供应商类别 ≠ related_party）；取值：金额 CNY 5,000.00", "size(fields.trip)"},
		}[h.locale] {
			p.says(words)
		}
		p.saysNot("||")
	})
}
