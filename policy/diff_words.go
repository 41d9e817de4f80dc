package policy

import (
	"fmt"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

type diffWords struct {
	step, policy                            string
	added, removed, moved, changed, nothing string
	old, new, none, arrow                   string
	keys                                    map[string]string
}

var diffWordings = map[string]diffWords{
	"en": {step: "Step %s: ", policy: "Policy: ", added: "new: %s", removed: "taken out; it was: %s",
		moved: "moved from place %s to place %s", changed: "%s was %s, is now %s", nothing: "nothing",
		old: "\n   before: ", new: "\n   after:  ", none: "no plan; it would wait in the admin queue", arrow: " → ",
		keys: map[string]string{"title": "the title", "when": "the condition", "otherwise": "what happens where it is false",
			"approvers": "who approves", "mode": "how they decide", "due": "the deadline (normal / urgent)",
			"remind": "the reminders (first, every, at most)", "on_timeout": "what an overdue task does",
			"allow": "what approvers may do", "distinct_from": "who may not approve", "base": "the base currency",
			"then": "what follows", "require": "the humans required", "fresh_sign_in": "the fresh sign-in asked for",
			"passkey":   "the amount from which decisions are signed with a passkey",
			"aggregate": "what amounts are added up (what is shared: days)",
			"in":        "the branch it stands in", "as_of": "when its approvers are found", "amend": "what approvers may amend",
			"cc": "who is copied in", "same_approver": "whether who agreed already is asked again",
			"branches": "the branches", "none": "what happens where no branch is taken"}},
	"zh-CN": {step: "节点 %s：", policy: "流程：", added: "新增：%s", removed: "已删除，原为：%s",
		moved: "由第 %s 位移到第 %s 位", changed: "%s由 %s 改为 %s", nothing: "无",
		old: "\n   原路径：", new: "\n   新路径：", none: "无法生成流程，将停在管理员待办", arrow: " → ",
		keys: map[string]string{"title": "标题", "when": "条件", "otherwise": "条件不成立时的处理",
			"approvers": "审批人", "mode": "审批方式", "due": "时限（普通 / 加急）",
			"remind": "提醒（首次、间隔、次数）", "on_timeout": "超时处理",
			"allow": "审批人可做的操作", "distinct_from": "不得审批的人", "base": "本位币",
			"then": "后续动作", "require": "要求的审批人数", "fresh_sign_in": "要求的重新登录",
			"passkey":   "须用通行密钥签署的起始金额",
			"aggregate": "金额合并计算（相同项：天数）",
			"in":        "所在分支", "as_of": "确定审批人的时间", "amend": "审批人可修改的内容", "cc": "抄送人", "same_approver": "已同意过的审批人是否再次审批",
			"branches": "分支", "none": "没有分支成立时的处理"}},
}

func diffWordsOf(locale string) diffWords {
	if w, ok := diffWordings[locale]; ok {
		return w
	}
	return diffWordings["en"]
}

// Words tells a change to people, in a locale (zh-CN, else en).
func (c Change) Words(locale string) string {
	w := diffWordsOf(locale)
	where := w.policy
	if c.Step != "" {
		where = fmt.Sprintf(w.step, c.Step)
	}
	switch c.What {
	case "added":
		return where + fmt.Sprintf(w.added, c.New)
	case "removed":
		return where + fmt.Sprintf(w.removed, c.Old)
	case "moved":
		return where + fmt.Sprintf(w.moved, c.Old, c.New)
	}
	key, ok := w.keys[c.What]
	if !ok {
		key = c.What
	}
	return where + fmt.Sprintf(w.changed, key, w.or(c.Old), w.or(c.New))
}

func (w diffWords) or(text string) string {
	if text == "" {
		return w.nothing
	}
	return text
}

// Words tells a request and its two paths to people, in a locale (zh-CN, else en).
func (r Rerouted) Words(locale string) string {
	w := diffWordsOf(locale)
	x := Example{Content: r.Content}
	return x.Words(locale) + w.old + w.path(r.Old, locale) + w.new + w.path(r.New, locale)
}

func (w diffWords) path(plan *approval.Plan, locale string) string {
	if plan == nil {
		return w.none
	}
	say, ok := wordings[locale]
	if !ok {
		locale, say = "en", wordings["en"]
	}
	var steps []string
	for _, s := range plan.Steps {
		if s.Need != approval.Skip {
			name := strings.TrimPrefix(branchOf(s.Branches)+" "+s.ID, " ")
			steps = append(steps, name+" ("+say.need(s)+say.also(s.CC, copiesOfStep, locale)+")")
		}
	}
	return w.or(strings.Join(steps, w.arrow)) + say.also(plan.CC, copiesOfPolicy, locale)
}
