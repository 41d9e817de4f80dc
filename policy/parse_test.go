package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy"
)

const good = `policy: p
title: { en: P, zh-CN: 甲 }
base: CNY
steps:
  - id: one
    title: { en: One, zh-CN: 一 }
    when: amount >= money("1000.00")
    otherwise: skip
    approvers: [{ role: finance_clerk }]
    mode: all_of
    due: { normal: 1 workday }
    on_timeout: escalate
then: [accrue, archive]
`

func TestAWrongPolicyIsRefusedWhereItIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, old, new, code, at, field string }{
		{"a mistyped key", "when:", "whem:", "yaml.unknown_key", "7:5", "steps[0].whem"},
		{"a key twice", "    otherwise: skip", "    otherwise: skip\n    otherwise: skip", "yaml.duplicate_key", "9:5", "steps[0].otherwise"},
		{"an alias", "base: CNY", "base: *c", "yaml.not_allowed", "3:7", "base"},
		{"branches as lists", "  - id: one", "  - parallel: [[]]\n    branches: []\n  - id: one", "yaml.wrong_type", "5:15", "steps[0].parallel"},
		{"a quorum as text", "mode: all_of", "mode: { quorum: \"2\" }", "yaml.wrong_type", "10:22", "steps[0].mode.quorum"},
		{"a quorum of nobody", "mode: all_of", "mode: { quorum: 0 }", "policy.bad_number", "10:21", "steps[0].mode.quorum"},
		{"a quorum without its number", "mode: all_of", "mode: quorum", "policy.bad_value", "10:11", "steps[0].mode"},
		{"a quorum in quotes", "mode: all_of", "mode: \"{ quorum: 2 }\"", "policy.bad_value", "10:12", "steps[0].mode"},
		{"a quorum and a ratio", "mode: all_of", "mode: { quorum: 2, ratio: 1/2 }", "policy.bad_value", "10:11", "steps[0].mode"},
		{"a decimal ratio", "mode: all_of", "mode: { ratio: \"0.66\" }", "policy.bad_ratio", "10:21", "steps[0].mode.ratio"},
		{"more than everybody", "mode: all_of", "mode: { ratio: 3/2 }", "policy.bad_ratio", "10:20", "steps[0].mode.ratio"},
		{"a vote where everybody must agree", "mode: all_of", "mode: all_of\n    on_reject: vote", "policy.bad_value", "11:16", "steps[0].on_reject"},
		{"everybody must reject a quorum", "mode: all_of", "mode: { quorum: 2 }\n    on_reject: everyone", "policy.bad_value", "11:16", "steps[0].on_reject"},
		{"a weight without a ratio", "{ role: finance_clerk }", "{ role: finance_clerk, weight: 2 }", "policy.not_in_mode", "9:48", "steps[0].approvers[0].weight"},
		{"no weight at all", "{ role: finance_clerk }", "{ role: finance_clerk, weight: 0 }", "policy.bad_number", "9:48", "steps[0].approvers[0].weight"},
		{"a group without groups", "{ role: finance_clerk }", "{ role: finance_clerk, group: a }", "policy.not_in_mode", "9:47", "steps[0].approvers[0].group"},
		{"as of two times", "{ role: finance_clerk }", "{ role: finance_clerk }, { manager: 1, as_of: activation }", "policy.mixed_as_of", "9:42", "steps[0].approvers[1]"},
		{"as of some day", "{ role: finance_clerk }", "{ role: finance_clerk, as_of: today }", "policy.bad_value", "9:47", "steps[0].approvers[0].as_of"},
		{"a climb to two ends", "{ role: finance_clerk }", "{ manager: { up_to_grade: 7, authority: amount } }", "policy.bad_approver", "9:28", "steps[0].approvers[0].manager"},
		{"a climb without an end", "{ role: finance_clerk }", "{ manager: { every: true } }", "policy.bad_approver", "9:28", "steps[0].approvers[0].manager"},
		{"authority over something else", "{ role: finance_clerk }", "{ manager: { authority: total } }", "policy.bad_value", "9:41", "steps[0].approvers[0].manager.authority"},
		{"everybody on the way, one enough", "{ role: finance_clerk }]\n    mode: all_of", "{ manager: { level: 2, every: true } }]", "policy.climb_needs_all", "9:17", "steps[0].approvers[0]"},
		{"one department for all that pay", "{ role: finance_clerk }]\n    mode: all_of", "{ department_head: { of: cost_centers } }]", "policy.needs_each", "9:17", "steps[0].approvers[0]"},
		{"one cost centre for all", "{ role: finance_clerk }]\n    mode: all_of", "{ role: r, of: cost_center }]\n    mode: { quorum: 2 }", "policy.needs_each", "9:17", "steps[0].approvers[0]"},
		{"heads of something", "{ role: finance_clerk }", "{ department_head: { of: lines } }", "policy.bad_value", "9:42", "steps[0].approvers[0].department_head.of"},
		{"heads of two kinds", "{ role: finance_clerk }", "{ department_head: { level: 2, every: true } }", "policy.bad_approver", "9:36", "steps[0].approvers[0].department_head"},
		{"a choice of the last approver", "{ role: finance_clerk }", "{ choice: approver, among: { role: r } }", "policy.chooser_unclear", "9:17", "steps[0].approvers[0]"},
		{"a choice among everybody", "{ role: finance_clerk }", "{ choice: submitter, field: f }", "policy.bad_approver", "9:17", "steps[0].approvers[0].among"},
		{"a choice in no field", "{ role: finance_clerk }", "{ choice: submitter, among: { role: r } }", "yaml.missing_key", "9:17", "steps[0].approvers[0]"},
		{"an unknown matrix", "{ role: finance_clerk }", "{ matrix: m }", "policy.bad_value", "9:27", "steps[0].approvers[0].matrix"},
		{"who agreed is asked sometimes", "    mode: all_of", "    same_approver: maybe\n    mode: all_of", "policy.bad_value", "10:20", "steps[0].same_approver"},
		{"another human than in a step to come", "    mode: all_of", "    distinct_from: [two]\n    mode: all_of", "policy.bad_value", "10:21", "steps[0].distinct_from[0]"},
		{"an unknown mode", "mode: all_of", "mode: allof", "policy.bad_value", "10:11", "steps[0].mode"},
		{"paying", "[accrue, archive]", "[accrue, pay]", "policy.not_in_version", "13:16", "then[1]"},
		{"settling", "[accrue, archive]", "[settle]", "policy.not_in_version", "13:8", "then[0]"},
		{"a wrong end", "[accrue, archive]", "[acrue]", "policy.bad_value", "13:8", "then[0]"},
		{"an end twice", "[accrue, archive]", "[accrue, accrue]", "policy.duplicate_value", "13:16", "then[1]"},
		{"a title in one language", "en: One, zh-CN: 一", "en: One", "policy.missing_title", "6:12", "steps[0].title"},
		{"a title in a third", "en: One,", "en: One, fr: Un,", "policy.bad_value", "6:27", "steps[0].title.fr"},
		{"a wrong id", "id: one", "id: One", "policy.bad_id", "5:9", "steps[0].id"},
		{"a wrong currency", "base: CNY", "base: RMB", "policy.bad_currency", "3:7", "base"},
		{"a condition without otherwise", "    otherwise: skip\n", "", "policy.missing_otherwise", "7:11", "steps[0].when"},
		{"an otherwise without condition", "    when: amount >= money(\"1000.00\")\n", "", "policy.otherwise_without", "7:16", "steps[0].otherwise"},
		{"an otherwise of its own", "otherwise: skip", "otherwise: reject", "policy.bad_value", "8:16", "steps[0].otherwise"},
		{"no approvers", "[{ role: finance_clerk }]", "[]", "policy.empty", "9:16", "steps[0].approvers"},
		{"two ways at once", "{ role: finance_clerk }", "{ role: finance_clerk, manager: 1 }", "policy.bad_approver", "9:17", "steps[0].approvers[0]"},
		{"no way at all", "{ role: finance_clerk }", "{ of: entity }", "policy.bad_approver", "9:17", "steps[0].approvers[0]"},
		{"manager of manager of …", "{ role: finance_clerk }", "{ manager: 11 }", "policy.bad_number", "9:28", "steps[0].approvers[0].manager"},
		{"manager 0", "{ role: finance_clerk }", "{ manager: 0 }", "policy.bad_approver", "9:17", "steps[0].approvers[0]"},
		{"a role of something", "role: finance_clerk", "role: finance_clerk, of: world", "policy.bad_value", "9:44", "steps[0].approvers[0].of"},
		{"a wrong duration", "1 workday", "1 day", "policy.bad_duration", "11:20", "steps[0].due.normal"},
		{"a timeout without a deadline", "    due: { normal: 1 workday }\n", "", "policy.timeout_without_due", "11:17", "steps[0].on_timeout"},
		{"a wrong timeout", "on_timeout: escalate", "on_timeout: { escalate: boss }", "policy.bad_value", "12:17", "steps[0].on_timeout"},
		{"an act of a later version", "    mode: all_of", "    allow: [release]\n    mode: all_of", "policy.not_in_version", "10:13", "steps[0].allow[0]"},
		{"a reminder without end", "    mode: all_of", "    remind: { first: 1 workday, every: 1 workday, at_most: 99 }\n    mode: all_of", "policy.bad_number", "10:60", "steps[0].remind.at_most"},
		{"reminders without a rhythm", "    mode: all_of", "    remind: { first: 1 workday, at_most: 2 }\n    mode: all_of", "yaml.missing_key", "10:13", "steps[0].remind.every"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, good, tt.old)
			_, err := policy.Parse("p.yaml", []byte(strings.Replace(good, tt.old, tt.new, 1)))
			f, ok := fault.As(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, []string{tt.code, tt.at, tt.field}, []string{f.Code, f.Args["line"] + ":" + f.Args["column"], f.Field}, f.Error())
			require.Equal(t, "p.yaml", f.Args["file"])
		})
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	text := strings.NewReplacer("base: CNY", "base: RMB", "mode: all_of", "mode: some", "1 workday", "soon").Replace(good)
	_, err := policy.Parse("p.yaml", []byte(text))
	f, _ := fault.As(err)
	require.Len(t, f.More, 2)
}

func TestDefaultsAreTheCarefulOnes(t *testing.T) {
	text := strings.NewReplacer("    mode: all_of\n", "", "    on_timeout: escalate\n", "").Replace(good)
	p, err := policy.Parse("p.yaml", []byte(text))
	require.NoError(t, err)
	s := p.Steps[0]
	require.Equal(t, approval.AnyOf, s.Mode)
	require.Equal(t, approval.TimeoutEscalate, s.OnTimeout.Do)
	require.Equal(t, []string{"payee", "submitter"}, s.DistinctFrom)
	require.Equal(t, s.Due.Normal, s.Due.Urgent)
	require.Equal(t, "entity", s.Approvers[0].Of)
}

func TestTheHashIsOfTheMeaning(t *testing.T) {
	hash := func(text string) string {
		p, err := policy.Parse("p.yaml", []byte(text))
		require.NoError(t, err)
		return p.Hash()
	}
	base := hash(good)
	require.Equal(t, "9ade69cdf081e8c73fedbaa11ba38d114914acac55076f3b46c7ce5ebee7a216", base, "plans keep this hash for years: a new key must leave old policies' hashes alone")
	require.Equal(t, base, hash("# a comment\n"+strings.Replace(good, "base: CNY\n", "base:   \"CNY\"\n", 1)))
	require.Equal(t, base, hash(strings.Replace(good, "    mode: all_of\n", "    allow: []\n    mode: all_of\n    distinct_from: [submitter, payee]\n", 1)))
	require.NotEqual(t, base, hash(strings.Replace(good, "1000.00", "1000.01", 1)))
	require.NotEqual(t, base, hash(strings.Replace(good, "all_of", "any_of", 1)))
}

func TestAConditionThatFailsMakesNoPlan(t *testing.T) {
	for _, tt := range []struct{ when, code, at string }{
		{`amount >= money("1000.00", "EUR")`, "policy.condition_failed", "7:11"},
		{`fields.nothing == "x"`, "policy.condition_failed", "7:11"},
		{`amount >= 1000`, "policy.bad_condition", "7:18"},
		{"|\n      urgency == \"urgent\" &&\n      amont > total", "policy.bad_condition", "9:7"},
		{`'amont > total'`, "policy.bad_condition", "7:12"},
	} {
		p, err := policy.Parse("p.yaml", []byte(strings.Replace(good, `amount >= money("1000.00")`, tt.when, 1)))
		require.NoError(t, err)
		plan, err := policy.Route(policy.RouteInput{Policy: p, Content: expense("lin", 1), Org: company(), Round: 1})
		f, ok := fault.As(err)
		require.True(t, ok, "%v", err)
		require.Equal(t, []string{tt.code, tt.at}, []string{f.Code, f.Args["line"] + ":" + f.Args["column"]}, f.Error())
		require.Empty(t, plan)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("policy: p\nsteps: [{}]\n"))
	f.Add([]byte("steps:\n- parallel: [[...], [...]]\n"))
	f.Add([]byte(strings.Replace(good, "role: finance_clerk", "person: lin", 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := policy.Parse("f.yaml", text)
		if err != nil {
			require.NotEmpty(t, fault.CodeOf(err), "%v", err)
			return
		}
		require.NotEmpty(t, p.Steps)
		plan, err := policy.Route(policy.RouteInput{Policy: p, Content: expense("lin", 12345), Org: company(), Round: 1})
		if err != nil {
			require.NotEmpty(t, fault.CodeOf(err), "%v", err)
			return
		}
		for _, s := range plan.Steps {
			require.True(t, s.Need != approval.NeedsPeople || len(s.Approvers) > 0, "a step waits for nobody")
		}
	})
}
