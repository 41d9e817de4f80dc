package policy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/expr"
)

// TestTheGuideIsTrue runs every example of docs/policy.md.
func TestTheGuideIsTrue(t *testing.T) {
	demo, err := config.DemoCompany()
	require.NoError(t, err)
	guide, err := os.ReadFile("../docs/policy.md")
	require.NoError(t, err)
	env, err := expr.For("CNY")
	require.NoError(t, err)
	seen := map[string]int{}
	var last *policy.Policy
	for _, block := range strings.Split(string(guide), "\n```")[1:] {
		kind, text, _ := strings.Cut(block, "\n")
		switch {
		case kind == "yaml" && strings.HasPrefix(text, "policy:"):
			p, err := policy.Parse("guide.yaml", []byte(text))
			require.NoError(t, err, text)
			found := policy.Check(p, types(t), &demo)
			require.True(t, policy.Publishable(found), "%v", found)
			last = p
		case kind == "text route":
			plan, remarks, err := policy.Trace(policy.RouteInput{Policy: last, Content: guideDocument(), Org: &demo, Round: 1})
			require.NoError(t, err)
			require.Contains(t, policy.Explain(plan, remarks, "en"), text+"\n", last.ID)
			require.NotContains(t, policy.Explain(plan, remarks, "zh-CN"), " of ", "every word has its Chinese")
		case kind == "text beside":
			same := []document.Content{guideDocument(), guideDocument()}
			plan, remarks, err := policy.Trace(policy.RouteInput{Policy: last, Content: guideDocument(), Org: &demo, Round: 1,
				Beside: func(key approval.CountKey) (approval.Beside, error) { return policy.Sharing(key, same) }})
			require.NoError(t, err)
			require.Contains(t, policy.Explain(plan, remarks, "en"), text+"\n", last.ID)
			require.Equal(t, approval.NeedsPeople, plan.Steps[1].Need)
		case kind == "yaml":
			m, err := booking.Parse("guide.yaml", []byte(text))
			require.NoError(t, err, text)
			require.Empty(t, booking.Check(m, types(t)[m.Type]))
		case strings.HasPrefix(kind, "cel"):
			for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
				_, err := env.Compile(line)
				require.Equal(t, kind == "cel wrong", err != nil, "%s: %v", line, err)
				seen["condition"]++
			}
		}
		seen[kind]++
	}
	require.Equal(t, 21, seen["yaml"])
	require.Equal(t, 1, seen["text beside"])
	require.Equal(t, 16, seen["text route"])
	require.Equal(t, 17, seen["condition"])
}

// guideDocument is the document that the guide routes through its examples.
func guideDocument() document.Content {
	c := expense("lin", 6000000)
	c.Entity, c.Fields = "acme-cn", map[string]string{"reviewer": "chen"}
	c.Lines = []document.Line{
		{No: 1, Category: "travel", CostCenter: "CC-SALES", Amount: yuan(5900000), Tax: yuan(0)},
		{No: 2, Category: "meals", CostCenter: "CC-FIN", Amount: yuan(100000), Tax: yuan(0)},
	}
	return c
}
