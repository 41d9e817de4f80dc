package pages

import (
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
)

// operation is one thing that a reader may do to a document, or would expect to: what
// it does, what it needs, and what follows, or why it cannot be done.
type operation struct {
	Title, Does, Needs, Follows, Why string

	Anchor string // of its form
}

// Can says whether it can be done now.
func (o operation) Can() bool { return o.Why == "" }

// planned is an operation before the rules were asked about it.
type planned struct {
	act    approval.Act
	anchor string
	needs  string // key of what it asks for beside a press; "" for nothing
}

// operations asks the rules about everything that the reader might do: they judge each
// as if it were done now, so that what is told is what would happen. Nothing is done.
func (v *visit) operations(view *documentView, detail desk.Detail, state approval.State) []operation {
	if view.Pending != "" || state.Plan == nil {
		return nil
	}
	plan := *state.Plan
	plan.SignIn, plan.Passkey = nil, false // to sign in again, or with a passkey, is a way to it and no bar
	state.Plan = &plan
	var list []operation
	for _, p := range v.expected(view, detail, state) {
		name := string(p.act.Name)
		o := operation{
			Title: v.t("act." + name), Does: v.t("page.op." + name), Anchor: p.anchor, Needs: v.optional(p.needs, ""),
		}
		p.act.ID, p.act.Document, p.act.Actor = "foreseen", detail.ID, v.who.Person.ID
		drafts, err := state.Judge(p.act, v.now)
		if f, refused := fault.As(err); refused {
			o.Why = v.faultText(f)
		} else if err == nil {
			o.Follows = v.follows(drafts, state)
		}
		list = append(list, o)
	}
	return append(list, v.further(view)...)
}

// further are the operations that ask for more than words before anybody can say what
// would follow: whom, how much, or which field.
func (v *visit) further(view *documentView) []operation {
	patch, handle := view.Patch, view.Handle
	if patch == nil {
		patch = &patchForm{}
	}
	if handle == nil {
		handle = &handleForm{}
	}
	var list []operation
	for _, form := range []struct {
		name   approval.Name
		anchor string
		there  bool
	}{
		{approval.Sanction, "sanction", len(patch.Lines) > 0}, {approval.Amend, "amend", len(patch.Fields) > 0},
		{approval.Transfer, "handle", handle.Transfer}, {approval.Consult, "handle", handle.Consult},
		{approval.AddSigner, "handle", handle.AddSigner}, {approval.Extend, "handle", handle.Extend},
	} {
		if form.there {
			name := string(form.name)
			list = append(list, operation{Title: v.t("act." + name), Does: v.t("page.op." + name), Anchor: form.anchor})
		}
	}
	return list
}

// expected is what somebody in the reader's place would look for here.
func (v *visit) expected(view *documentView, detail desk.Detail, state approval.State) []planned {
	var list []planned
	if d := view.Decide; d != nil && !d.Advice {
		list = v.deciding(view, detail, state)
	} else if task := ownTask(state, v.who.Person.ID); state.Status == approval.Pending && task != "" {
		list = append(list, v.planned(detail, state, approval.Retract, task, "handle"))
	} else if open := state.OpenTasks(); len(open) > 0 && comesLater(state, v.who.Person.ID) {
		// One's own is open and not to be decided while the clock stands still.
		mine := slices.IndexFunc(open, func(t approval.Task) bool { return t.Assignee == v.who.Person.ID })
		list = append(list, v.planned(detail, state, approval.Approve, open[max(mine, 0)].ID, "decide"))
	}
	if v.may(access.DocumentWithdraw, detail.Object()) {
		p := v.planned(detail, state, approval.Withdraw, "", "withdraw")
		p.needs = "page.op.needs.nothing"
		if state.Decided {
			p.needs = "page.op.needs.reason_decided"
		}
		list = append(list, p)
	}
	return list
}

// deciding is what whoever is asked for a decision looks for.
func (v *visit) deciding(view *documentView, detail desk.Detail, state approval.State) []planned {
	d := view.Decide
	var list []planned
	for _, name := range []approval.Name{approval.Approve, approval.Return, approval.Reject} {
		p := v.planned(detail, state, name, d.Task, "decide")
		if d.For != "" {
			p.act.OnBehalfOf = assigneeOf(state, d.Task)
		}
		if d.Queue != "" {
			p.act.OnBehalfOf = approval.AdminQueue
		}
		if name == approval.Approve {
			p.needs = "page.op.needs.nothing"
			for _, c := range d.Choose {
				for _, who := range c.Among[:min(1, len(c.Among))] {
					p.act.To, p.needs = append(p.act.To, who.ID), "page.op.needs.choice"
				}
			}
		}
		list = append(list, p)
	}
	if d.For != "" {
		return list // who stands in only decides
	}
	allowed := stepOf(state, d.Task).Allow
	for _, name := range []approval.Name{approval.RequestInfo, approval.Hold} {
		if slices.Contains(allowed, string(name)) {
			list = append(list, v.planned(detail, state, name, d.Task, "handle"))
		}
	}
	return list
}

// planned is an act as its form would send it, with words in it.
func (v *visit) planned(detail desk.Detail, s approval.State, name approval.Name, task, anchor string) planned {
	return planned{anchor: anchor, needs: "page.op.needs.reason", act: approval.Act{
		Name: name, Task: task, Round: s.Round, ContentHash: detail.ContentHash, Opinion: "…",
	}}
}

// ownTask is the last task that somebody said yes to in this round.
func ownTask(s approval.State, person string) string {
	for _, t := range slices.Backward(s.Tasks) {
		if t.DecidedBy == person && t.State == approval.TaskApproved {
			return t.ID
		}
	}
	return ""
}

// comesLater says whether somebody is asked at a step that is not reached yet.
func comesLater(s approval.State, person string) bool {
	return slices.ContainsFunc(s.Plan.Steps, func(step approval.Step) bool {
		return step.Need == approval.NeedsPeople && !s.Over(step.ID) &&
			slices.ContainsFunc(step.Approvers, func(a approval.Approver) bool { return a.Person == person })
	})
}

func assigneeOf(s approval.State, task string) string {
	for _, t := range s.Tasks {
		if t.ID == task {
			return t.Assignee
		}
	}
	return ""
}

// ends are the events that say how a document goes on, with the key that tells it.
var ends = map[string]string{
	approval.DocumentApproved: "approved", approval.DocumentRejected: "rejected", approval.DocumentReturned: "returned",
	approval.DocumentWithdrawn: "withdrawn", approval.ClockStopped: "stopped",
}

// follows says in words what events would bring: how the document ends, who is asked
// next, or who is still waited for.
func (v *visit) follows(drafts []evidence.Draft, before approval.State) string {
	var people, gone []string
	titles := map[string]string{}
	for _, step := range before.Plan.Steps {
		titles[step.ID] = i18n.Pick(step.Title, v.locale)
	}
	for _, d := range drafts {
		if end := ends[d.Kind]; end != "" {
			return v.t("page.op.follows."+end, "who", v.name(before.Submitter))
		}
		if d.Kind == approval.TaskOpened {
			if t, err := approval.DraftData[approval.TaskOpenedData](d); err == nil {
				people = append(people, v.t("page.op.asked", "who", v.name(t.Assignee), "step", titles[t.Step]))
			}
			continue
		}
		if t, err := approval.DraftData[approval.TaskEndedData](d); err == nil {
			gone = append(gone, t.Task)
		}
	}
	if len(people) > 0 {
		return v.t("page.op.follows.asked", "who", strings.Join(people, v.t("page.comma")))
	}
	for _, t := range before.OpenTasks() {
		if !slices.Contains(gone, t.ID) {
			people = append(people, v.name(t.Assignee))
		}
	}
	if len(people) > 0 {
		return v.t("page.op.follows.waits", "who", strings.Join(people, v.t("page.comma")))
	}
	return ""
}
