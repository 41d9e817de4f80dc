package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/policytest"
)

func parsed(t testing.TB, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("sound.yaml", []byte(text))
	require.NoError(t, err)
	return p
}

func TestWhatChangedBetweenVersions(t *testing.T) {
	second := strings.Index(sound, "  - id: lead")
	third := strings.Index(sound, "  - id: head")
	last := strings.Index(sound, "  - id: finance_head")
	for _, tt := range []struct {
		name, text, en, zh string
	}{
		{"nothing", "# a comment\n" + sound, "", ""},
		{"a limit", strings.Replace(sound, `amount < money("10000.00")`, `amount < money("9000.00")`, 1),
			`Step lead: the condition was amount >= money("1000.00") && amount < money("10000.00"), is now amount >= money("1000.00") && amount < money("9000.00")`,
			`节点 lead：条件由 amount >= money("1000.00") && amount < money("10000.00") 改为 amount >= money("1000.00") && amount < money("9000.00")`},
		{"approvers", strings.Replace(sound, "{ manager: 1 }", "{ manager: 2 }, { person: p00031 }", 1),
			"Step lead: who approves was manager:1, is now manager:2, person:p00031", "节点 lead：审批人由 manager:1 改为 manager:2, person:p00031"},
		{"a mode", strings.Replace(sound, "of: entity }]", "of: entity }]\n    mode: all_of", 1),
			"Step finance_review: how they decide was any_of, is now all_of", "节点 finance_review：审批方式由 any_of 改为 all_of"},
		{"who is asked once", strings.Replace(sound, "of: entity }]", "of: entity }]\n    same_approver: once", 1),
			"Step finance_review: whether who agreed already is asked again was ask, is now once",
			"节点 finance_review：已同意过的审批人是否再次审批由 ask 改为 once"},
		{"a deadline", strings.Replace(sound, "normal: 1 workday", "normal: 2 workdays", 1),
			"Step finance_review: the deadline (normal / urgent) was 1 workday / 1 workday, is now 2 workdays / 2 workdays",
			"节点 finance_review：时限（普通 / 加急）由 1 workday / 1 workday 改为 2 workdays / 2 workdays"},
		{"what is required", strings.Replace(sound, "humans: 2", "humans: 3", 1),
			"Policy: the humans required was 50000.00: 2, is now 50000.00: 3", "流程：要求的审批人数由 50000.00: 2 改为 50000.00: 3"},
		{"what is added up", strings.Replace(sound, "base: CNY\n", "base: CNY\naggregate: { by: [requester, payee], within: 30 days }\n", 1),
			"Policy: what amounts are added up (what is shared: days) was nothing, is now payee, requester: 30",
			"流程：金额合并计算（相同项：天数）由 无 改为 payee, requester: 30"},
		{"a step less", sound[:second] + sound[third:],
			`Step lead: taken out; it was: amount >= money("1000.00") && amount < money("10000.00") → manager:1`,
			`节点 lead：已删除，原为：amount >= money("1000.00") && amount < money("10000.00") → manager:1`},
		{"another order", sound[:second] + sound[third:last] + sound[second:third] + sound[last:],
			"Step head: moved from place 3 to place 2\nStep lead: moved from place 2 to place 3",
			"节点 head：由第 3 位移到第 2 位\n节点 lead：由第 2 位移到第 3 位"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for locale, want := range map[string]string{"en": tt.en, "zh-CN": tt.zh} {
				var got []string
				for _, change := range policy.Compare(parsed(t, sound), parsed(t, tt.text)) {
					got = append(got, change.Words(locale))
				}
				require.Equal(t, want, strings.Join(got, "\n"))
			}
		})
	}
	for _, tt := range []struct{ name, base, from, to, en, zh string }{
		{"a branch's condition", forked, `fields.contract == "yes"`, `fields.contract != "no"`,
			`Step reviews: the branches was 1 Money · 财务, 2 Contracts · 合同 (fields.contract == "yes"), is now 1 Money · 财务, 2 Contracts · 合同 (fields.contract != "no")`,
			`节点 reviews：分支由 1 Money · 财务, 2 Contracts · 合同 (fields.contract == "yes") 改为 1 Money · 财务, 2 Contracts · 合同 (fields.contract != "no")`},
		{"where none is taken", forked, "none: skip", "none: refuse",
			"Step experts: what happens where no branch is taken was skip, is now refuse", "节点 experts：没有分支成立时的处理由 skip 改为 refuse"},
		{"a step in another branch", forked, "parallel: experts", "parallel: others",
			"Step dear: the branch it stands in was reviews/2 experts/1, is now reviews/2 others/1\nStep dearer: the branch it stands in was " +
				"reviews/2 experts/2, is now reviews/2 others/2\nStep others: new: 1 (amount >= money(\"500.00\")), 2 (amount >= money(\"900.00\"))" +
				"\nStep experts: taken out; it was: 1 (amount >= money(\"500.00\")), 2 (amount >= money(\"900.00\"))",
			"节点 dear：所在分支由 reviews/2 experts/1 改为 reviews/2 others/1\n节点 dearer：所在分支由 reviews/2 experts/2 改为 reviews/2 others/2\n" +
				"节点 others：新增：1 (amount >= money(\"500.00\")), 2 (amount >= money(\"900.00\"))\n节点 experts：已删除，原为：1 (amount >= money(\"500.00\")), 2 (amount >= money(\"900.00\"))"},
		{"when approvers are found", relay, ", as_of: activation", "",
			"Step head: when its approvers are found was activation, is now nothing", "节点 head：确定审批人的时间由 activation 改为 无"},
		{"among whom is chosen", relay, "finance_clerk", "finance_head",
			`Step clerk: who approves was choice: approver, of: manager, among: { role: finance_clerk }, is now choice: approver, of: manager, among: { role: finance_head }`,
			`节点 clerk：审批人由 choice: approver, of: manager, among: { role: finance_clerk } 改为 choice: approver, of: manager, among: { role: finance_head }`},
		{"what may be amended", amending, "[title, ", "[",
			"Step clerk: what approvers may amend was title, lines.category, lines.cost_center, lines.description, fields.note, " +
				"is now lines.category, lines.cost_center, lines.description, fields.note",
			"节点 clerk：审批人可修改的内容由 title, lines.category, lines.cost_center, lines.description, fields.note " +
				"改为 lines.category, lines.cost_center, lines.description, fields.note"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for locale, want := range map[string]string{"en": tt.en, "zh-CN": tt.zh} {
				var got []string
				for _, change := range policy.Compare(parsed(t, tt.base), parsed(t, strings.ReplaceAll(tt.base, tt.from, tt.to))) {
					got = append(got, change.Words(locale))
				}
				require.Equal(t, want, strings.Join(got, "\n"))
			}
		})
	}
	back := policy.Compare(parsed(t, sound[:second]+sound[third:]), parsed(t, sound))
	require.Equal(t, "added", back[0].What)
}

// TestWhoseRouteDiffers holds that exactly the amounts between the old and the new
// limit are told of.
func TestWhoseRouteDiffers(t *testing.T) {
	before := parsed(t, sound)
	after := parsed(t, strings.ReplaceAll(sound, "10000.00", "9000.00"))
	ground := policy.Ground{Types: soundTypes(), Org: policytest.Company(1, 200)}
	samples := policy.Samples(before, after, ground)
	require.NotEmpty(t, samples)
	changed := policy.Reroute(before, after, samples, ground.Org)
	require.NotEmpty(t, changed)
	want := 0
	for _, c := range samples {
		if c.BaseTotal.Minor >= 900_000 && c.BaseTotal.Minor < 1_000_000 {
			want++
		}
	}
	for _, r := range changed {
		require.GreaterOrEqual(t, r.Content.BaseTotal.Minor, int64(900_000))
		require.Less(t, r.Content.BaseTotal.Minor, int64(1_000_000))
		require.Contains(t, r.Words("en"), "before: finance_review (any of ")
		require.Contains(t, r.Words("zh-CN"), "新路径：finance_review (或签：")
	}
	require.Len(t, changed, want)
	require.Empty(t, policy.Reroute(before, before, samples, ground.Org))
}
