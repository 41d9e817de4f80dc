package policy_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
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

// TestOnlyRequestsThatExistAreShown holds that a step that nobody needs makes no
// dead end, whomever it would ask.
func TestOnlyRequestsThatExistAreShown(t *testing.T) {
	s := policytest.Company(1, 120)
	for n := range policy.ApproversMax + 1 {
		gives(fmt.Sprintf("p%05d", 60+n), "finance_head", "e1")(s)
	}
	never := strings.Replace(sound, `(amount >= money("50000.00") ||`, `department == "d9999" && (amount >= money("50000.00") ||`, 1)
	require.Contains(t, shown(prove(t, sound, soundMapping, s)), "error policy.dead_end finance_head")
	got := shown(prove(t, never, soundMapping, s))
	require.NotContains(t, got, "error policy.dead_end finance_head")
	require.Contains(t, got, "warning policy.never_needed finance_head")
}

func TestAClaimInWords(t *testing.T) {
	for _, tt := range []struct {
		claim  policy.Claim
		en, zh string
	}{
		{policy.Claim{Property: policy.ClaimBands, Technique: policy.Proved, Cases: 7},
			"proved: no gap between bands of amounts, and no overlap (7 cases, all there are)", "已证明：金额区间无空档、无重叠（穷举 7 种情形）"},
		{policy.Claim{Property: policy.ClaimHumans, Technique: policy.Sampled, Cases: 7, People: 9},
			"sampled: enough different humans above each limit, on every path (7 tried, none against it for 9 requesters)",
			"抽样：各限额以上，每条路径都有足够多的不同的人审批（试了 7 例，未见反例，涵盖 9 位申请人）"},
		{policy.Claim{Property: policy.ClaimTimeouts, Technique: policy.Refuted, Cases: 7},
			"does not hold: no deadline approves or runs in a circle (shown above)", "不成立：超时不会自动通过，也不会循环（反例见上）"},
	} {
		require.Equal(t, tt.en, tt.claim.Words("en"))
		require.Equal(t, tt.zh, tt.claim.Words("zh-CN"))
	}
}

func TestACounterExampleInWords(t *testing.T) {
	text := strings.ReplaceAll(sound, "on_timeout: reject", "on_timeout: escalate")
	proof := prove(t, text, soundMapping, policytest.Company(1, 60))
	at := slices.Index(shown(proof), "error policy.too_few_humans")
	require.GreaterOrEqual(t, at, 0)
	en, zh := examples(proof)[at].Words("en"), examples(proof)[at].Words("zh-CN")
	require.Contains(t, en, "For example: 员工00001 (p00001) asks for 50000.00 CNY (travel 50000.00), entity e1, department board, normal.")
	require.Contains(t, en, "These are enough to bring it through: 员工00002 (p00002)")
	require.Contains(t, zh, "例如：员工00001 (p00001) 申请 50000.00 CNY（travel 50000.00），法人主体 e1，部门 board，普通。")
	require.Contains(t, zh, "仅凭以下人员即可走完流程：员工00002 (p00002)")
	require.Contains(t, zh, "1. 财务初审 (finance_review): 或签：p00007 [")
}

func TestWhatAPolicyRequires(t *testing.T) {
	for _, tt := range []struct{ name, old, new, want string }{
		{"nothing wrong", "", "", ""},
		{"no amount", `from: "50000.00"`, `from: "a lot"`, "require[0].from policy.bad_amount"},
		{"an amount of three decimals", `from: "50000.00"`, `from: "50000.001"`, "require[0].from policy.bad_amount"},
		{"a debt", `from: "50000.00"`, `from: "-1.00"`, "require[0].from policy.bad_amount"},
		{"nobody", "humans: 2", "humans: 0", "require[0].humans policy.bad_number"},
		{"a crowd", "humans: 2", "humans: 6", "require[0].humans policy.bad_number"},
		{"a mistyped key", "humans: 2", "human: 2", "require[0].human yaml.unknown_key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := policy.Parse("sound.yaml", []byte(strings.Replace(sound, tt.old, tt.new, 1)))
			got := ""
			if f, ok := fault.As(err); ok {
				got = f.Field + " " + f.Code
			}
			require.Equal(t, tt.want, got)
		})
	}
	without, with := shipped(t, "expense"), parsed(t, sound)
	require.Empty(t, without.Require)
	require.Equal(t, []policy.Require{{From: yuan(5_000_000), Humans: 2}}, with.Require)
}

// BenchmarkProve proves both shipped policies over 10,000 people. MiB is what the
// process took from the system, company and all, so it bounds what was needed.
func BenchmarkProve(b *testing.B) {
	company, all := policytest.Company(1, 10_000), types(b)
	policies := []*policy.Policy{shipped(b, "expense"), shipped(b, "payment_request")}
	for b.Loop() {
		for _, p := range policies {
			require.NotEmpty(b, policy.Prove(p, policy.Ground{Types: all, Org: company}).Claims)
		}
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	b.ReportMetric(float64(memory.Sys)/(1<<20), "MiB")
}
