package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/approval"
)

// The most lines that the text shows of a list; the JSON has all of them.
const (
	loadShown        = 15
	departmentsShown = 10
)

// simulateWords are the sentences of a report in one language.
type simulateWords struct {
	head, documents, changed, broken, mended, needs, approvers, rule, terms, failures string
	approvals, waiting, perDocument, basis, steps, step, load, departments, samples   string
	more, none, before, after, hour, byRule, noPlan, queue, list, arrow, join         string
	modes                                                                             map[approval.Mode]string
	assumes                                                                           string
	assumptions                                                                       map[string]string
}

var simulations = map[string]simulateWords{
	"en": {
		head: "Simulation of policy %s\n", documents: "Documents: %d, of which both policies route %d\n",
		changed: "Another path: %d (%s)\n", broken: "  no longer routed: %d\n", mended: "  routed only by the draft: %d\n",
		needs: "  steps added, removed or decided by rule: %d\n", approvers: "  other approvers: %d\n",
		rule:      "  another mode, votes or order: %d\n",
		terms:     "The same path with other deadlines, allowed acts or copies: %d\n",
		failures:  "Without a plan: %s: %d → %d\n",
		approvals: "Approvals: %d → %d (%s)\n", waiting: "Expected waiting of one document: %s → %s (%s)\n",
		perDocument: "Approvals of one document: %s → %s\n",
		basis:       "  rests on records for %s of the steps, on deadlines for %s, on nothing for %s\n",
		steps:       "Steps (by people / by rule / skipped):\n", step: "  %s: %d / %d / %d → %d / %d / %d\n",
		load: "Tasks of each approver:\n", departments: "Departments whose documents take another path:\n",
		samples: "The first documents with another path:\n", more: "  … and %d more (see --json)\n", none: "  nothing\n",
		before: "    before: %s\n", after: "    after:  %s\n", hour: "%s h", byRule: "%s (by rule)",
		noPlan: "no plan (%s)", queue: "the admin queue", list: ", ", arrow: " → ", join: "%s [%s: %s]",
		modes: map[approval.Mode]string{approval.AnyOf: "any", approval.AllOf: "all", approval.InOrder: "in order",
			approval.Quorum: "quorum", approval.Ratio: "ratio", approval.PerGroup: "one of each group"},
		assumes: "This assumes:\n",
		assumptions: map[string]string{
			AssumesOrganisation: "both policies meet the organisation as it is now, not as it was then",
			AssumesFirstRound:   "every document is submitted once, with its newest content",
			AssumesFewest:       "nobody rejects, returns or transfers: approvals are the fewest that carry a document through",
			AssumesChoice:       "whom approvers will choose is not known: those tasks are counted for nobody",
			AssumesOnce:         "where nobody is asked twice, only who must have agreed before is taken as not asked",
			AssumesCounted:      "amounts are added up with earlier documents among these that did not end unapproved",
			AssumesRecord:       "a step takes as long as it took on average so far, nights and weekends included",
			AssumesDeadline:     "a step without a record takes as long as its deadline allows; a workday counts as 24 hours",
			AssumesNothing:      "a step with neither a record nor a deadline takes no time",
		},
	},
	"zh-CN": {
		head: "流程 %s 试运行\n", documents: "单据 %d 张，其中新旧两版均可确定流程 %d 张\n",
		changed: "流程变化：%d 张（%s）\n", broken: "  新版无法确定流程：%d\n", mended: "  仅新版可确定流程：%d\n",
		needs: "  增减节点，或在人工与规则之间变化：%d\n", approvers: "  审批人变化：%d\n",
		rule: "  会签方式、票数或顺序变化：%d\n", terms: "流程不变，仅时限、可用操作或抄送变化：%d\n",
		failures:  "无法确定流程：%s：%d → %d\n",
		approvals: "审批次数：%d → %d（%s）\n", waiting: "每张单据预计等待：%s → %s（%s）\n",
		perDocument: "每张单据审批次数：%s → %s\n",
		basis:       "  依据：历史记录 %s，时限 %s，无依据 %s\n",
		steps:       "节点（人工 / 规则 / 跳过）：\n", step: "  %s：%d / %d / %d → %d / %d / %d\n",
		load: "每位审批人的待办数：\n", departments: "流程有变化的部门：\n",
		samples: "最先变化的单据：\n", more: "  …… 另有 %d 项（见 --json）\n", none: "  无\n",
		before: "    原：%s\n", after: "    新：%s\n", hour: "%s 小时", byRule: "%s（按规则）",
		noPlan: "无法确定流程（%s）", queue: "管理员待办", list: "、", arrow: " → ", join: "%s [%s：%s]",
		modes: map[approval.Mode]string{approval.AnyOf: "或签", approval.AllOf: "会签", approval.InOrder: "依次审批",
			approval.Quorum: "票签", approval.Ratio: "比例会签", approval.PerGroup: "分组会签"},
		assumes: "以上假设：\n",
		assumptions: map[string]string{
			AssumesOrganisation: "新旧两版均按当前组织架构计算，而非单据当时的架构",
			AssumesFirstRound:   "每张单据以最新内容提交一次",
			AssumesFewest:       "无人拒绝、退回或转审：审批次数为通过所需的最少次数",
			AssumesChoice:       "审批人将指定何人尚不可知，该待办不计入任何人",
			AssumesOnce:         "不重复审批的节点，仅将此前必然已同意者视为无需审批",
			AssumesCounted:      "金额与本次试运行中更早提出且未被否决、撤回或作废的单据合并计算",
			AssumesRecord:       "节点耗时取历史平均值，含夜间与周末",
			AssumesDeadline:     "没有历史记录的节点按其时限计算，1 个工作日计 24 小时",
			AssumesNothing:      "既无历史记录又无时限的节点不计耗时",
		},
	},
}

// Text prints a report for people, in a locale (zh-CN, else en).
func (r SimulationReport) Text(locale string) string {
	w, ok := simulations[locale]
	if !ok {
		locale, w = "en", simulations["en"]
	}
	var b strings.Builder
	fmt.Fprintf(&b, w.head, r.Policy)
	fmt.Fprintf(&b, w.documents, r.Documents, r.Compared)
	w.changes(&b, r)
	w.totals(&b, r)
	b.WriteString(w.steps)
	for _, s := range r.Steps {
		name := s.Step
		if s.Title[locale] != "" {
			name += " " + s.Title[locale]
		}
		fmt.Fprintf(&b, w.step, name, s.Before.People, s.Before.Auto, s.Before.Skipped, s.After.People, s.After.Auto,
			s.After.Skipped)
	}
	w.lists(&b, r)
	b.WriteString(w.assumes)
	for _, code := range r.Assumptions {
		fmt.Fprintf(&b, "  - %s\n", w.assumptions[code])
	}
	return b.String()
}

func (w simulateWords) changes(b *strings.Builder, r SimulationReport) {
	fmt.Fprintf(b, w.changed, r.Changed, Percent(r.Changed, r.Documents))
	for _, line := range []struct {
		text string
		n    int64
	}{{w.broken, r.Changes.Broken}, {w.mended, r.Changes.Mended}, {w.needs, r.Changes.Needs},
		{w.approvers, r.Changes.Approvers}, {w.rule, r.Changes.Rule}, {w.terms, r.Changes.Terms}} {
		if line.n > 0 {
			fmt.Fprintf(b, line.text, line.n)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(r.Failures)) {
		fmt.Fprintf(b, w.failures, code, r.Failures[code].Before, r.Failures[code].After)
	}
}

func (w simulateWords) totals(b *strings.Builder, r SimulationReport) {
	before, after := r.Total.Before, r.Total.After
	fmt.Fprintf(b, w.approvals, before.Approvals, after.Approvals, Growth(before.Approvals, after.Approvals))
	fmt.Fprintf(b, w.perDocument, Ratio(before.Approvals, r.Compared), Ratio(after.Approvals, r.Compared))
	hours := func(s Sum) string { return fmt.Sprintf(w.hour, Ratio(s.Seconds, 3600*r.Compared)) }
	fmt.Fprintf(b, w.waiting, hours(before), hours(after), Growth(before.Seconds, after.Seconds))
	steps := before.Steps + after.Steps
	fmt.Fprintf(b, w.basis, Percent(before.Recorded+after.Recorded, steps),
		Percent(before.ByDeadline+after.ByDeadline, steps), Percent(before.Unknown+after.Unknown, steps))
}

func (w simulateWords) lists(b *strings.Builder, r SimulationReport) {
	b.WriteString(w.load)
	for _, l := range r.Load[:min(len(r.Load), loadShown)] {
		fmt.Fprintf(b, "  %s: %d → %d (%+d)\n", w.person(l.Person), l.Before, l.After, l.After-l.Before)
	}
	w.rest(b, len(r.Load), loadShown)
	changed := slices.DeleteFunc(slices.Clone(r.Departments), func(u Unit) bool { return u.Changed == 0 })
	b.WriteString(w.departments)
	for _, u := range changed[:min(len(changed), departmentsShown)] {
		fmt.Fprintf(b, "  %s: %d / %d\n", u.Department, u.Changed, u.Documents)
	}
	w.rest(b, len(changed), departmentsShown)
	b.WriteString(w.samples)
	for _, s := range r.Samples {
		fmt.Fprintf(b, "  %s (%s, %s, %s %s)\n", s.Number, s.Requester, s.Department, s.Total.Text(), s.Total.Currency)
		fmt.Fprintf(b, w.before, w.path(s.Before))
		fmt.Fprintf(b, w.after, w.path(s.After))
	}
	w.rest(b, len(r.Samples), SamplesMax)
}

// rest says how much of a list is not shown, or that there is none of it.
func (w simulateWords) rest(b *strings.Builder, have, shown int) {
	switch {
	case have == 0:
		b.WriteString(w.none)
	case have > shown:
		fmt.Fprintf(b, w.more, have-shown)
	}
}

func (w simulateWords) person(id string) string {
	if id == approval.AdminQueue {
		return w.queue
	}
	return id
}

func (w simulateWords) path(p Path) string {
	if p.Fault != "" {
		return fmt.Sprintf(w.noPlan, p.Fault)
	}
	stops := make([]string, 0, len(p.Stops))
	for _, s := range p.Stops {
		name := strings.TrimPrefix(s.In+" "+s.Step, " ")
		if s.Need != approval.NeedsPeople {
			stops = append(stops, fmt.Sprintf(w.byRule, name))
			continue
		}
		people := make([]string, 0, len(s.People))
		for _, id := range s.People {
			people = append(people, w.person(id))
		}
		stops = append(stops, fmt.Sprintf(w.join, name, w.modes[s.Mode], strings.Join(people, w.list)))
	}
	if len(stops) == 0 {
		return "–"
	}
	return strings.Join(stops, w.arrow)
}

// AssumptionWords tells people what a report assumes, in a locale (zh-CN, else en).
func AssumptionWords(locale, code string) string {
	w, ok := simulations[locale]
	if !ok {
		w = simulations["en"]
	}
	return w.assumptions[code]
}

// Ratio is a quotient with two decimals, half up; – where there is nothing to divide by.
func Ratio(n, by int64) string {
	if by == 0 {
		return "–"
	}
	hundredths := (200*n + by) / (2 * by)
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

// Percent is a share in per cent with one decimal, half up; – of nothing.
func Percent(n, of int64) string {
	if of == 0 {
		return "–"
	}
	tenths := (2000*n + of) / (2 * of)
	return strconv.FormatInt(tenths/10, 10) + "." + strconv.FormatInt(tenths%10, 10) + "%"
}

// Growth is the change in per cent, with its sign; – of nothing.
func Growth(before, after int64) string {
	switch {
	case before == 0:
		return "–"
	case after < before:
		return "-" + Percent(before-after, before)
	}
	return "+" + Percent(after-before, before)
}
