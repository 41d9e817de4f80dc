package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
)

// Example is the request that shows a finding. 反例
type Example struct {
	Content document.Content `json:"content"`
	Plan    *approval.Plan   `json:"plan,omitempty"` // the path it takes; nil where it gets none
	People  int              `json:"people"`         // requesters who meet the same; 0 where it does not depend on them
	Team    []string         `json:"team,omitempty"` // who can bring it through all steps, for too_few_humans

	team      []string
	lastBy    string // the requester counted last
	elsewhere bool
	names     map[string]string
}

func exampleOf(content document.Content) *Example { return &Example{Content: content} }

// complete routes the example over the whole organisation, so that the path shown
// is the one it would take.
func (x *Example) complete(c *proving) {
	if plan, err := routeOf(c.policy, x.Content, c.org); err == nil {
		x.Plan = &plan
	}
	x.Team = slices.Sorted(slices.Values(x.team))
	x.names = map[string]string{}
	for _, id := range append([]string{x.Content.Requester, x.Content.Submitter}, x.Team...) {
		x.names[id] = c.org.People[id].Name
	}
}

type exampleWords struct {
	asks, entered, supplier, field, people, team, clock, list, end string
	urgency                                                        map[document.Urgency]string
}

var exampleWordings = map[string]exampleWords{
	"en": {asks: "For example: %s asks for %s %s (%s), entity %s, department %s, %s", entered: ", entered by %s",
		supplier: ", paid to the supplier %s", field: ", %s = %q", people: " %d requesters meet the same.",
		team:  "\nThese are enough to bring it through: %s",
		clock: "\nNobody has to decide: rules and deadlines are enough.", list: ", ", end: ".",
		urgency: map[document.Urgency]string{document.Normal: "normal", document.Urgent: "urgent"}},
	"zh-CN": {asks: "例如：%s 申请 %s %s（%s），法人主体 %s，部门 %s，%s", entered: "，由 %s 提单",
		supplier: "，付给供应商 %s", field: "，%s = %q", people: "共有 %d 位申请人会遇到同样情况。",
		team: "\n仅凭以下人员即可走完流程：%s", clock: "\n无需任何人审批，仅凭规则与超时即可走完流程。", list: "、", end: "。",
		urgency: map[document.Urgency]string{document.Normal: "普通", document.Urgent: "加急"}},
}

// Words tells the request and the path it takes, in a locale (zh-CN, else en).
func (x *Example) Words(locale string) string {
	w, ok := exampleWordings[locale]
	if !ok {
		w = exampleWordings["en"]
	}
	c := x.Content
	var lines []string
	for _, l := range c.Lines {
		lines = append(lines, l.Category+" "+l.Amount.Text())
	}
	var b strings.Builder
	fmt.Fprintf(&b, w.asks, x.person(c.Requester), c.Total.Text(), c.Currency, strings.Join(lines, w.list),
		c.Entity, c.Department, w.urgency[c.Urgency])
	if c.Submitter != c.Requester {
		fmt.Fprintf(&b, w.entered, x.person(c.Submitter))
	}
	if c.Payee.Kind == document.PayeeSupplier && c.Payee.ID != "" {
		fmt.Fprintf(&b, w.supplier, c.Payee.ID)
	}
	for _, name := range sortedKeys(c.Fields) {
		if c.Fields[name] != "" {
			fmt.Fprintf(&b, w.field, name, c.Fields[name])
		}
	}
	b.WriteString(w.end)
	if x.People > 1 {
		fmt.Fprintf(&b, w.people, x.People)
	}
	if x.team != nil {
		b.WriteString(x.teamWords(w))
	}
	if x.Plan != nil {
		b.WriteString("\n" + strings.TrimSuffix(Explain(*x.Plan, nil, locale), "\n"))
	}
	return b.String()
}

func (x *Example) teamWords(w exampleWords) string {
	if len(x.Team) == 0 {
		return w.clock
	}
	var names []string
	for _, id := range x.Team {
		names = append(names, x.person(id))
	}
	return fmt.Sprintf(w.team, strings.Join(names, w.list))
}

func (x *Example) person(id string) string {
	if name := x.names[id]; name != "" && name != id {
		return name + " (" + id + ")"
	}
	return id
}
