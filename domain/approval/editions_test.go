package approval_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// by judges a stream's document by an edition of the rules.
func by(edition int, steps ...approval.Step) approval.Planned {
	p := plan(1, steps...)
	p.Rules = edition
	return approval.Planned{Plan: p}
}

// changeHands is each way in which a task goes to somebody else: li's to max.
func changeHands() map[string]func(*stream) error {
	return map[string]func(*stream) error{
		"transferred": func(r *stream) error {
			a := r.act(approval.Transfer, "li")
			a.To = []string{"max"}
			return r.do(a)
		},
		"reassigned": func(r *stream) error { return r.do(r.rule(approval.RulingReassign, to("max"))) },
		"handed over": func(r *stream) error {
			return r.do(approval.HandedOver{Task: r.taskOf("li"), From: "li", To: []approval.Approver{{Person: "max"}}})
		},
	}
}

// TestSignersStayWithATaskThatChangesHands: whoever has it now waits for those put
// before it, and may remove them; who had it may not. Who takes over from a signer
// is the signer.
func TestSignersStayWithATaskThatChangesHands(t *testing.T) {
	for how, handOn := range changeHands() {
		r := planned(t, handled(approval.AllOf, "li", "wu"))
		mine := r.taskOf("li")
		add := r.act(approval.AddSigner, "li")
		signer(approval.SignBefore, "zoe")(&add)
		require.NoError(t, r.do(add), how)
		require.NoError(t, handOn(r), how)
		require.Equal(t, "task.awaits_signer", fault.CodeOf(r.do(r.act(approval.Approve, "max"))), how)
		remove := r.act(approval.RemoveSigner, "max")
		remove.To = []string{"zoe"}
		late := remove
		late.ID, late.Task, late.Actor = "late", mine, "li"
		require.Equal(t, "signer.not_removable", fault.CodeOf(r.do(late)), how)
		require.NoError(t, r.do(remove), how)
		require.Equal(t, []string{"max", "wu"}, open(r.state), how)

		r = planned(t, handled(approval.AllOf, "mia", "wu"))
		add = r.act(approval.AddSigner, "mia")
		signer(approval.SignBeside, "li")(&add)
		require.NoError(t, r.do(add), how)
		require.NoError(t, handOn(r), how)
		require.Equal(t, "max", r.state.Added[0].Person, how)
		remove = r.act(approval.RemoveSigner, "mia")
		remove.To = []string{"max"}
		require.NoError(t, r.do(remove), how)
	}
}

// TestWhoMayNotApproveChangesNoContent: neither who intervened, nor who decided in a
// step that needs others, nor who decided another place of the step.
func TestWhoMayNotApproveChangesNoContent(t *testing.T) {
	barred := map[string]func() *stream{
		"task.intervened": func() *stream {
			r := planned(t, step(approval.AnyOf, "li"), handled(approval.AllOf, "ada", "wu"))
			require.NoError(t, r.do(r.rule(approval.RulingReassign, to("max"))))
			require.NoError(t, r.do(r.act(approval.Approve, "max")))
			return r
		},
		"task.distinct": func() *stream {
			second := handled(approval.AllOf, "ada", "wu")
			second.DistinctFrom = []string{"s1"}
			r := planned(t, step(approval.AnyOf, "ada"), second)
			require.NoError(t, r.do(r.act(approval.Approve, "ada")))
			return r
		},
		"task.twice": func() *stream {
			r := planned(t, handled(approval.AllOf, "ada", "wu", "zoe"))
			require.NoError(t, r.do(r.act(approval.Approve, "ada")))
			return r
		},
	}
	for code, begin := range barred {
		for _, name := range []approval.Name{approval.Sanction, approval.Amend} {
			r := begin()
			i := slices.IndexFunc(r.state.Plan.Steps, func(s approval.Step) bool { return len(s.Allow) > 0 })
			r.state.Plan.Steps[i].Amend = []string{"title"}
			a := r.act(name, "wu") // ada decides for wu, as a delegate
			a.Actor, a.OnBehalfOf = "ada", "wu"
			change(&a)
			require.Equal(t, code, fault.CodeOf(r.do(a)), name)
			theirs := r.act(name, "wu")
			change(&theirs)
			require.NoError(t, r.do(theirs), "who may approve may change it")
		}
	}
}

// change fills in what a sanction or an amendment asks for.
func change(a *approval.Act) {
	if a.Name == approval.Sanction {
		less(a)
		return
	}
	amends(titleChange)(a)
}

// TestTheLimitOfTasksHolds for a yes that is taken back; and whose assignee left goes
// to the admin queue then, so that nobody is left with it.
func TestTheLimitOfTasksHolds(t *testing.T) {
	full := func() *stream {
		r := planned(t, handled(approval.AllOf, "li", "wu"), handled(approval.AnyOf, "zoe"))
		require.NoError(t, r.do(r.act(approval.Approve, "li")))
		for len(r.state.Tasks) < 500 {
			r.state.Tasks = append(r.state.Tasks, approval.Task{
				ID: fmt.Sprint("t", len(r.state.Tasks)), Step: "s2", Round: 1, Past: true, State: approval.TaskTransferred,
			})
		}
		return r
	}
	r := full()
	back := r.act(approval.Retract, "li")
	back.Task = r.taskOf("li")
	require.Equal(t, "document.too_many_tasks", fault.CodeOf(r.do(back)))
	require.NoError(t, r.do(approval.HandedOver{Task: r.taskOf("wu"), From: "wu", To: []approval.Approver{{Person: "max"}}}))
	require.Equal(t, []string{queue}, open(r.state))
	given, err := approval.Decode[approval.TaskEndedData](r.events[len(r.events)-2])
	require.NoError(t, err)
	require.Equal(t, []string{queue}, given.To)
}

// TestALateActIsToldWhatEndedItsTask, by whom and when, whatever it was.
func TestALateActIsToldWhatEndedItsTask(t *testing.T) {
	three := func() *stream {
		return planned(t, late(handled(approval.AllOf, "li", "wu"), approval.TimeoutEscalate), step(approval.AnyOf, "zoe"))
	}
	for _, tt := range []struct {
		name, by, act string
		end           func(*stream) error
	}{
		{"a jump", "ada", "jump", func(r *stream) error {
			return r.do(r.rule(approval.RulingJump, func(a *approval.Act) { a.ToStep = "s2" }))
		}},
		{"a reassignment", "ada", "reassign", changeHands()["reassigned"]},
		{"another route", "ada", "replan", func(r *stream) error { return r.do(r.rule(approval.RulingReplan, nil)) }},
		{"voided", "ada", "void", func(r *stream) error { return r.do(r.rule(approval.RulingVoid, nil)) }},
		{"a transfer", "li", "transfer", changeHands()["transferred"]},
		{"a hand-over", "system:directory", "hand_over", changeHands()["handed over"]},
		{"the deadline", "system:deadline", "escalate", func(r *stream) error {
			r.after(99)
			return r.do(approval.Struck{Task: r.taskOf("li"), Due: true})
		}},
		{"a return", "wu", "return", func(r *stream) error { return r.do(r.act(approval.Return, "wu")) }},
		{"a withdrawal", "sue", "withdraw", func(r *stream) error { return r.do(r.act(approval.Withdraw, "sue")) }},
	} {
		r := three()
		require.NoError(t, r.do(r.act(approval.Approve, "li")), tt.name)
		mine := r.act(approval.Retract, "li")
		require.NoError(t, r.do(mine), tt.name)
		seen := r.act(approval.Approve, "li")
		r.after(1)
		at := r.now
		require.NoError(t, tt.end(r), tt.name)
		if tt.act == "escalate" {
			at = r.now
		}
		told := func() {
			f, ok := fault.As(r.do(seen))
			require.True(t, ok, tt.name)
			require.Equal(t, "task.stale", f.Code, tt.name)
			require.Equal(t, map[string]string{"by": tt.by, "at": at.Format("2006-01-02T15:04:05Z07:00"), "act": tt.act}, f.Args, tt.name)
		}
		told()
		if r.state.Status == approval.Returned {
			again := r.act(approval.Resubmit, "sue")
			again.Revision, again.NewHash = 2, "hash2"
			require.NoError(t, r.do(again))
			told()
		}
		if r.state.WantsPlan() {
			require.NoError(t, r.do(approval.Planned{Plan: plan(2, step(approval.AnyOf, "li"))}))
			told()
		}
	}
}

// TestAnAnswerThatWasGivenIsToldAsAdvice, and a no of the clock as a no.
func TestAnAnswerThatWasGivenIsToldAsAdvice(t *testing.T) {
	r := planned(t, handled(approval.AnyOf, "li"))
	ask := r.act(approval.Consult, "li")
	ask.To = []string{"mia"}
	require.NoError(t, r.do(ask))
	answer := r.act(approval.Consult, "mia")
	again := answer
	again.ID = "again"
	require.NoError(t, r.do(answer))
	f, ok := fault.As(r.do(again))
	require.True(t, ok)
	require.Equal(t, "consult", f.Args["act"])
}

// TestRulesAloneApproveNoMoneyThatAsksForHumans: such a plan is no plan.
func TestRulesAloneApproveNoMoneyThatAsksForHumans(t *testing.T) {
	auto := []approval.Step{{ID: "a", Need: approval.AutoApprove}, {ID: "b", Need: approval.Skip}}
	r := newStream(t)
	p := plan(1, auto...)
	p.Humans = 1
	require.NoError(t, r.do(approval.Planned{Plan: p}))
	require.Equal(t, "plan.nobody_asked", r.state.PlanFault)
	require.Equal(t, []string{queue}, r.state.Assignees(), "an administrator finds it")
	_, registered := fault.Lookup("plan.nobody_asked")
	require.True(t, registered)

	r = newStream(t)
	require.NoError(t, r.do(approval.Planned{Plan: plan(1, auto...)}))
	require.Equal(t, approval.Approved, r.state.Status, "where nobody is asked for a rule may approve")
}

// TestARoundOfBeforeIsJudgedAsBefore: what an old history took is taken when it is
// replayed, and drafts what it drafted then.
func TestARoundOfBeforeIsJudgedAsBefore(t *testing.T) {
	r := newStream(t)
	auto := by(0, approval.Step{ID: "a", Need: approval.AutoApprove})
	auto.Plan.Humans = 1
	require.NoError(t, r.do(auto))
	require.Equal(t, approval.Approved, r.state.Status)

	for _, how := range []string{"transferred", "reassigned"} {
		r = newStream(t)
		require.NoError(t, r.do(by(0, handled(approval.AllOf, "li", "wu"))))
		add := r.act(approval.AddSigner, "li")
		signer(approval.SignBefore, "zoe")(&add)
		require.NoError(t, r.do(add))
		require.NoError(t, changeHands()[how](r))
		require.NoError(t, r.do(r.act(approval.Approve, "max")), "nobody was waited for")
	}
	r = newStream(t)
	second := handled(approval.AnyOf, "ada")
	second.DistinctFrom = []string{"s1"}
	require.NoError(t, r.do(by(0, step(approval.AnyOf, "ada"), second)))
	require.NoError(t, r.do(r.act(approval.Approve, "ada")))
	a := r.act(approval.Sanction, "ada")
	less(&a)
	require.NoError(t, r.do(a))
}
