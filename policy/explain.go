package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
)

type wording struct {
	policy, auto, skip, people, nobody, then string
	modes                                    map[approval.Mode]string
	queue, due, list                         string // due follows the names
	passed, inGroup, weighs                  string
	fork, branch, titled                     string // headings of parallel branches
	anew, chosen, more                       string // of approvers who are found late
	once                                     string // of who agreed already
	ways, whys, rejects                      map[string]string
	units                                    map[calendar.Unit]string // "" = as policies write it
	thens                                    map[string]string
	truths                                   map[string]string // how a reason ends, in other words
}

var wordings = map[string]wording{
	"en": {policy: "Policy %s, version %d, round %d", auto: "approved by rule", skip: "skipped",
		people: "%s of ", nobody: "nobody", then: "Then: ", queue: "the admin queue", due: "; due in %s", list: ", ",
		passed: "passed over (%s): %s", inGroup: "%s: ", weighs: ", weight %d",
		fork: "At the same time (%s):", branch: "branch %d:", titled: "branch %d, %s:",
		once:   "; who agreed already in this round is not asked again",
		anew:   "; looked for again when the step is reached",
		chosen: "those whom the step %s chooses among %s", more: "%s … (%d in all)",
		ways: waysEN, whys: whysEN, rejects: rejectsEN,
		modes: map[approval.Mode]string{approval.AnyOf: "any", approval.AllOf: "all", approval.InOrder: "in the order",
			approval.Quorum: "any %d", approval.Ratio: "%d/%d of the votes", approval.PerGroup: "one of each group"}},
	"zh-CN": {policy: "流程 %s 第 %d 版，第 %d 轮", auto: "按规则自动通过", skip: "跳过", people: "%s：", nobody: "无人",
		then: "之后：", queue: "管理员待办", due: "；时限 %s", list: "、",
		passed: "越过（%s）：%s", inGroup: "%s：", weighs: "，权重 %d",
		fork: "并行（%s）：", branch: "分支 %d：", titled: "分支 %d，%s：",
		once: "；本轮已同意者不再重复审批",
		anew: "；到达该节点时重新确定", chosen: "由节点 %s 的审批人从 %s 中指定", more: "%s…（共 %d 人）",
		ways: waysZH, whys: whysZH, rejects: rejectsZH,
		units:  map[calendar.Unit]string{calendar.WorkDay: "%d 个工作日", calendar.WorkHour: "%d 个工作小时", calendar.Second: "%d 秒"},
		truths: map[string]string{" is true": " 成立", " is false": " 不成立", always: "每次都需要"},
		modes: map[approval.Mode]string{approval.AnyOf: "或签", approval.AllOf: "会签", approval.InOrder: "依次审批",
			approval.Quorum: "票签，须 %d 人同意", approval.Ratio: "比例会签，须 %d/%d 同意", approval.PerGroup: "分组会签，每组一人"}},
}

// amongShown is how many of those who may be chosen are named.
const amongShown = 10

// Explain prints a plan for people, in a locale (zh-CN, else en): each step, what
// it needs and why, how each approver was found, and, from the remarks of Trace,
// over whom the search went.
func Explain(plan approval.Plan, remarks []Remark, locale string) string {
	w, ok := wordings[locale]
	if !ok {
		locale, w = "en", wordings["en"]
	}
	var b strings.Builder
	fmt.Fprintf(&b, w.policy+"\n", plan.Policy, plan.PolicyVersion, plan.Round)
	if plan.Counted != nil {
		b.WriteString(CountedWords(plan.Counted, locale) + "\n")
	}
	var before []approval.Branch
	for i, s := range plan.Steps {
		w.headings(&b, before, s.Branches, locale)
		before = s.Branches
		in := strings.Repeat("      ", len(s.Branches))
		fmt.Fprintf(&b, "%s%d. %s (%s): %s\n%s   %s\n", in, i+1, s.Title[locale], s.ID, w.need(s), in, w.reason(s.Reason))
		for _, r := range remarks {
			if r.Step == s.ID && !r.Copy {
				fmt.Fprintf(&b, in+"   "+w.passed+"\n", say(w.ways, r.Way), w.over(r.Passed))
			}
		}
		w.copies(&b, in+"   ", s.ID, s.CC, remarks, locale)
	}
	w.copies(&b, "", "", plan.CC, remarks, locale)
	then := make([]string, 0, len(plan.Then))
	for _, what := range plan.Then {
		then = append(then, say(w.thens, what))
	}
	b.WriteString(w.then + strings.Join(then, w.list) + "\n")
	return b.String()
}

func (w wording) over(passed []Passed) string {
	names := make([]string, 0, len(passed))
	for _, p := range passed {
		if name := fmt.Sprintf("%s [%s]", p.Person, say(w.whys, p.Why)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, w.list)
}

func (w wording) need(s approval.Step) string {
	switch s.Need {
	case approval.AutoApprove:
		return w.auto
	case approval.Skip:
		return w.skip
	}
	text := fmt.Sprintf(w.people, w.mode(s)) + w.asked(s) + w.rejects[s.OnReject]
	if s.Once {
		text += w.once
	}
	if s.Late != nil && s.Late.Chooser == "" {
		text += w.anew
	}
	if !s.Clock.Due.IsZero() {
		text += fmt.Sprintf(w.due, w.duration(s.Clock.Due))
	}
	return text
}

func (w wording) asked(s approval.Step) string {
	if chosen(s) {
		among := strings.Join(s.Late.Among[:min(amongShown, len(s.Late.Among))], w.list)
		if len(s.Late.Among) > amongShown {
			among = fmt.Sprintf(w.more, among, len(s.Late.Among))
		}
		return fmt.Sprintf(w.chosen, s.Late.Chooser, among)
	}
	names := make([]string, 0, len(s.Approvers))
	for _, a := range s.Approvers {
		names = append(names, w.approver(a))
	}
	if len(names) == 0 {
		return w.nobody
	}
	return strings.Join(names, w.list)
}

// Reason says why a step of a plan is needed or not, in a locale (zh-CN, else en).
func Reason(reason, locale string) string {
	w, ok := wordings[locale]
	if !ok {
		w = wordings["en"]
	}
	return w.reason(reason)
}

// reason says a step's reason: the condition stays as it was written, what came of
// it is said in the reader's words.
func (w wording) reason(reason string) string {
	if text := w.truths[reason]; text != "" {
		return text
	}
	for _, truth := range []string{" is true", " is false"} {
		if i := strings.LastIndex(reason, truth); i >= 0 && w.truths[truth] != "" {
			return reason[:i] + w.truths[truth] + strings.Replace(reason[i+len(truth):], ": ", "：", 1)
		}
	}
	return reason
}

func (w wording) duration(d calendar.Duration) string {
	if text := w.units[d.Unit]; text != "" {
		return fmt.Sprintf(text, d.Count)
	}
	return d.String()
}

func (w wording) mode(s approval.Step) string {
	switch text := w.modes[s.Mode]; s.Mode {
	case approval.Quorum:
		return fmt.Sprintf(text, s.Votes.Count)
	case approval.Ratio:
		return fmt.Sprintf(text, s.Votes.Num, s.Votes.Den)
	default:
		return text
	}
}

func (w wording) approver(a approval.Approver) string {
	name, text := a.Person, ""
	if name == approval.AdminQueue {
		name = w.queue
	}
	if a.Group != "" {
		text = fmt.Sprintf(w.inGroup, a.Group)
	}
	found := say(w.ways, a.Via)
	if a.Weight > 1 {
		found += fmt.Sprintf(w.weighs, a.Weight)
	}
	return fmt.Sprintf("%s%s [%s]", text, name, found)
}
