package policy

import (
	"fmt"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

type wording struct {
	policy, auto, skip, people, nobody, then string
	modes                                    map[approval.Mode]string
	queue, due, list                         string // due follows the names
}

var wordings = map[string]wording{
	"en": {policy: "Policy %s, version %d, round %d", auto: "approved by rule", skip: "skipped",
		people: "%s of ", nobody: "nobody", then: "Then: ", queue: "the admin queue", due: "; due in %s", list: ", ",
		modes: map[approval.Mode]string{approval.AnyOf: "any", approval.AllOf: "all", approval.InOrder: "in the order"}},
	"zh-CN": {policy: "流程 %s 第 %d 版，第 %d 轮", auto: "按规则自动通过", skip: "跳过", people: "%s：", nobody: "无人",
		then: "之后：", queue: "管理员待办", due: "；时限 %s", list: "、",
		modes: map[approval.Mode]string{approval.AnyOf: "或签", approval.AllOf: "会签", approval.InOrder: "依次审批"}},
}

// Explain prints a plan for people, in a locale (zh-CN, else en): each step, what
// it needs and why.
func Explain(plan approval.Plan, locale string) string {
	w, ok := wordings[locale]
	if !ok {
		locale, w = "en", wordings["en"]
	}
	var b strings.Builder
	fmt.Fprintf(&b, w.policy+"\n", plan.Policy, plan.PolicyVersion, plan.Round)
	for i, s := range plan.Steps {
		fmt.Fprintf(&b, "%d. %s (%s): %s\n   %s\n", i+1, s.Title[locale], s.ID, w.need(s), s.Reason)
	}
	b.WriteString(w.then + strings.Join(plan.Then, w.list) + "\n")
	return b.String()
}

func (w wording) need(s approval.Step) string {
	switch s.Need {
	case approval.AutoApprove:
		return w.auto
	case approval.Skip:
		return w.skip
	}
	names := make([]string, 0, len(s.Approvers))
	for _, a := range s.Approvers {
		name := a.Person
		if name == approval.AdminQueue {
			name = w.queue
		}
		names = append(names, fmt.Sprintf("%s [%s]", name, a.Via))
	}
	if len(names) == 0 {
		names = append(names, w.nobody)
	}
	text := fmt.Sprintf(w.people, w.modes[s.Mode]) + strings.Join(names, w.list)
	if !s.Clock.Due.IsZero() {
		text += fmt.Sprintf(w.due, s.Clock.Due.String())
	}
	return text
}
