package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/policy"
)

// TestReplan holds a route that is followed against others, in what and in words.
func TestReplan(t *testing.T) {
	asks := func(id string, mode approval.Mode, who ...string) approval.Step {
		s := approval.Step{ID: id, Need: approval.NeedsPeople, Mode: mode}
		for _, person := range who {
			s.Approvers = append(s.Approvers, approval.Approver{Person: person, Via: "person"})
		}
		return s
	}
	people := company()
	one := parsed(t, `
policy: expense
title: { en: Expenses, zh-CN: 报销 }
base: CNY
steps:
  - id: check
    title: { en: Check, zh-CN: 复核 }
    approvers: [{ person: clerk }]
    mode: any_of
    due: { normal: 1 workday }
    on_timeout: escalate
then: [accrue]
`)
	for _, tt := range []struct {
		name    string
		follows approval.Step
		what    []string
		changed bool
	}{
		{"the same", asks("check", approval.AnyOf, "clerk"), []string{}, false},
		{"other people", asks("check", approval.AnyOf, "head"), []string{"approvers"}, true},
		{"another mode", asks("check", approval.AllOf, "clerk"), []string{"rule"}, true},
		{"another step", asks("sign", approval.AnyOf, "clerk"), []string{"needs"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := policy.RouteInput{Policy: one, Version: 2, Content: expense("lin", 100), Org: people, Round: 2, Document: "d"}
			now, err := policy.Route(in)
			require.NoError(t, err)
			step := tt.follows
			step.Clock, step.OnTimeout, step.Allow = now.Steps[0].Clock, now.Steps[0].OnTimeout, now.Steps[0].Allow
			step.OnReject = now.Steps[0].OnReject
			if step.ID == "check" {
				step.Title = now.Steps[0].Title
			}
			r := policy.Replan(approval.Plan{Steps: []approval.Step{step}, Then: now.Then}, in)
			require.Equal(t, tt.what, r.What)
			require.Equal(t, tt.changed, r.Changed)
			for _, locale := range []string{"en", "zh-CN"} {
				what, before, after := r.Words(locale, func(id string) string { return "<" + id + ">" })
				require.NotEmpty(t, what)
				require.Contains(t, after, "<clerk>")
				require.Contains(t, after, map[string]string{"en": "Check", "zh-CN": "复核"}[locale], "the title")
				require.NotContains(t, after, "check", "never the id")
				require.Equal(t, tt.changed, before != after, before)
			}
		})
	}
}
