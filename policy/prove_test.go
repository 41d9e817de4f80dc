package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/policytest"
)

// sound is a policy without a defect in the generated company: the table of
// defects changes one thing of it.
const sound = `
policy: sound
title: { en: Sound, zh-CN: 完好 }
base: CNY
require: [{ from: "50000.00", humans: 2 }]
steps:
  - id: finance_review
    title: { en: Finance review, zh-CN: 财务初审 }
    when: amount >= money("1000.00")
    otherwise: auto_approve
    approvers: [{ role: finance_clerk, of: entity }]
    due: { normal: 1 workday }
    on_timeout: reject
  - id: lead
    title: { en: Lead, zh-CN: 组长 }
    when: amount >= money("1000.00") && amount < money("10000.00")
    otherwise: skip
    approvers: [{ manager: 1 }]
    due: { normal: 1 workday }
    on_timeout: escalate
  - id: head
    title: { en: Head of department, zh-CN: 部门负责人 }
    when: amount >= money("10000.00")
    otherwise: skip
    approvers: [{ department_head: true }]
    due: { normal: 1 workday }
    on_timeout: escalate
  - id: finance_head
    title: { en: Head of finance, zh-CN: 财务负责人 }
    when: (amount >= money("50000.00") || "training" in categories && amount >= money("20000.00"))
    otherwise: skip
    approvers: [{ role: finance_head, of: entity }]
    due: { normal: 1 workday }
    on_timeout: reject
then: [accrue, archive]
`

func soundTypes() policy.Types {
	return policy.Types{"sound": {ID: "sound", Policy: "sound", Payee: doctype.PayeeSelf, Mapping: "sound",
		Categories: []doctype.Category{{ID: "travel"}, {ID: "training"}}}}
}

const soundMapping = `
mapping: sound
type: sound
journal: EXP
text: "{number}"
debit: { travel: "6602", training: "6603" }
credit: "2202"
`

// prove proves a policy in a company, with the mapping's text.
func prove(t testing.TB, text, mapping string, s *org.Snapshot) policy.Proof {
	t.Helper()
	p, err := policy.Parse("sound.yaml", []byte(text))
	require.NoError(t, err)
	m, err := booking.Parse("mapping.yaml", []byte(mapping))
	require.NoError(t, err)
	return policy.Prove(p, policy.Ground{Types: soundTypes(), Mappings: map[string]*booking.Mapping{"sound": m}, Org: s})
}

// shown are the findings that have an example: level, code and step.
func shown(proof policy.Proof) []string {
	var rows []string
	for _, f := range proof.Findings {
		if f.Example != nil {
			rows = append(rows, strings.TrimSpace(fmt.Sprint(f.Level, " ", f.Fault.Code, " ", f.Fault.Args["step"])))
		}
	}
	return rows
}

func TestASoundPolicyIsProved(t *testing.T) {
	proof := prove(t, sound, soundMapping, policytest.Company(1, 10_000))
	require.Equal(t, []string{"warning policy.queue_only lead", "warning policy.queue_only head"}, shown(proof), "the chief's own")
	for _, f := range proof.Findings {
		if f.Example != nil {
			require.Equal(t, "p00001", f.Example.Content.Requester)
			require.Equal(t, 1, f.Example.People)
		}
	}
	for _, claim := range proof.Claims {
		want := policy.Proved
		switch claim.Property {
		case policy.ClaimApprover:
			want = policy.Refuted
		case policy.ClaimElsewhere:
			want = policy.Sampled
		}
		require.Equal(t, want, claim.Technique, claim.Property)
		require.Positive(t, claim.Cases, claim.Property)
	}
}

// BenchmarkProve proves both shipped policies over 10,000 people; B/op bounds what
// it needs at once.
func BenchmarkProve(b *testing.B) {
	company, all := policytest.Company(1, 10_000), types(b)
	policies := []*policy.Policy{shipped(b, "expense"), shipped(b, "payment_request")}
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range policies {
			require.NotEmpty(b, policy.Prove(p, policy.Ground{Types: all, Org: company}).Claims)
		}
	}
}
