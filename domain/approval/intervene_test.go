package approval_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// rule is an intervention by ada that al proposed.
func (r *stream) rule(ruling string, set func(*approval.Act)) approval.Act {
	a := r.act(approval.Intervene, "li")
	a.Actor, a.Maker, a.Ruling = "ada", "al", ruling
	if set != nil {
		set(&a)
	}
	return a
}

// TestInterventionsAreRefused lists why an intervention is refused, in the state
// that a document of two approvers is in.
func TestInterventionsAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name, ruling, code string
		set                func(*approval.Act)
	}{
		{"money needs a second person", "replan", "intervention.second_person", func(a *approval.Act) { a.Maker = "" }},
		{"who is another", "replan", "intervention.own", func(a *approval.Act) { a.Maker = "ada" }},
		{"human", "replan", "intervention.own", func(a *approval.Act) { a.Maker = "ada2" }},
		{"and no system", "replan", "intervention.own", func(a *approval.Act) { a.Maker = "system:policy" }},
		{"not by who is paid", "replan", "intervention.interested", func(a *approval.Act) { a.Actor = "pat" }},
		{"nor by the submitter's other account", "replan", "intervention.interested",
			func(a *approval.Act) { a.Maker = "sue2" }},
		{"another round", "void", "document.moved_on", func(a *approval.Act) { a.Round = 2 }},
		{"another content", "void", "document.moved_on", func(a *approval.Act) { a.ContentHash = "other" }},
		{"no reason", "void", "act.opinion_required", func(a *approval.Act) { a.Opinion = " " }},
		{"no such ruling", "approve", "act.bad_ruling", nil},
		{"no such task", "reassign", "task.unknown", func(a *approval.Act) { a.Task = "d1.r1.s1.9" }},
		{"to nobody", "reassign", "act.bad_to", func(a *approval.Act) { a.To = nil }},
		{"to two", "reassign", "act.bad_to", to("max", "mia")},
		{"to oneself", "reassign", "act.to_intervener", to("ada")},
		{"to one's other account", "reassign", "act.to_intervener", to("ada2")},
		{"to who proposed it", "reassign", "act.to_intervener", to("al")},
		{"to the submitter", "reassign", "act.to_interested", to("sue")},
		{"to who has a part", "reassign", "act.to_has_part", to("wu")},
		{"nothing stands still", "release", "document.not_stopped", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newStream(t)
			p := plan(1, step(approval.AllOf, "li", "wu"))
			p.Same = [][]string{{"ada", "ada2"}}
			require.NoError(t, r.do(approval.Planned{Plan: p}))
			require.Equal(t, tt.code, fault.CodeOf(r.do(r.rule(tt.ruling, tt.set))))
		})
	}
}

// TestATaskIsReassigned: somebody else fills the place, and who intervened neither
// approves nor counts.
func TestATaskIsReassigned(t *testing.T) {
	r := planned(t, late(step(approval.AllOf, "li", "wu"), ""), step(approval.AnyOf, "ada", "al", "zoe"))
	r.after(40)
	n := len(r.events)
	a := r.rule(approval.RulingReassign, to("max"))
	require.NoError(t, r.do(a))
	require.Equal(t, []string{approval.TaskWasReassigned, approval.TaskOpened}, r.kinds(n))
	given, err := approval.Decode[approval.TaskEndedData](r.events[n])
	require.NoError(t, err)
	require.Equal(t, []string{"ada", "al", "because", "li", "max"},
		[]string{r.events[n].Actor, given.Maker, given.Opinion, given.Assignee, given.To[0]})
	require.Equal(t, []string{"max", "wu"}, open(r.state))
	require.Equal(t, r.now.Add(100e9), r.state.OpenTasks()[1].DueAt, "a fresh clock")

	late := r.act(approval.Approve, "li")
	late.Task = a.Task
	require.Equal(t, "task.stale", fault.CodeOf(r.do(late)))
	require.Equal(t, "task.stale", fault.CodeOf(r.do(func() approval.Act {
		again := r.rule(approval.RulingReassign, to("mia"))
		again.Task = a.Task
		return again
	}())))
	require.NoError(t, r.do(r.act(approval.Approve, "max")))
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	for _, who := range []string{"ada", "al"} {
		require.Equal(t, "task.intervened", fault.CodeOf(r.do(r.act(approval.Approve, who))))
	}
	require.NoError(t, r.do(r.act(approval.Approve, "zoe")))
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestWhoIntervenedIsNotTheOnlyHuman: neither a yes of theirs from before nor the
// clock's approves a document then.
func TestWhoIntervenedIsNotTheOnlyHuman(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "ada"), late(step(approval.AnyOf, "li"), approval.TimeoutApprove))
	require.NoError(t, r.do(r.act(approval.Approve, "ada")))
	require.NoError(t, r.do(r.rule(approval.RulingReassign, to("max"))))
	r.after(101)
	r.strike()
	require.Equal(t, approval.TaskOverdue, r.last().Kind, "nobody but the clock would approve it")
	require.NoError(t, r.do(r.act(approval.Approve, "max")))
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestARouteIsAskedForAnew: in a round of its own, of the same content, with no
// yes of before; what was decided on sight of the old one is refused.
func TestARouteIsAskedForAnew(t *testing.T) {
	r := planned(t, handled(approval.AllOf, "li", "wu"), step(approval.AnyOf, "zoe"))
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	require.NoError(t, r.do(r.act(approval.Hold, "wu")))
	seen := r.act(approval.Approve, "wu")
	n := len(r.events)
	require.NoError(t, r.do(r.rule(approval.RulingReplan, nil)))
	require.Equal(t, []string{approval.TaskWasSuperseded, approval.PlanDiscarded}, r.kinds(n))
	require.Equal(t, 2, r.last().Round)
	require.Equal(t, 1, r.last().Revision)
	require.Equal(t, []string{"li"}, r.state.Deciders, "what they did stays on record")
	require.True(t, r.state.WantsPlan())
	require.Empty(t, r.state.Interveners, "whom the new round asks is the policy's to say")
	require.NoError(t, r.do(approval.Planned{Plan: plan(1, step(approval.AnyOf, "max"))}), "a route of the old round")
	require.True(t, r.state.WantsPlan())
	require.NoError(t, r.do(approval.Planned{Plan: plan(2, step(approval.AllOf, "li", "wu"))}))
	require.Equal(t, "task.stale", fault.CodeOf(r.do(seen)))
	require.Equal(t, []string{"li", "wu"}, open(r.state), "nobody's yes counts any more")
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	require.Equal(t, approval.Approved, r.state.Status)
	require.Equal(t, "document.not_pending", fault.CodeOf(r.do(r.rule(approval.RulingReplan, nil))))
}

// TestADocumentIsVoidedBeforeItIsBooked, and never afterwards, nor while it might be.
func TestADocumentIsVoidedBeforeItIsBooked(t *testing.T) {
	for name, r := range map[string]*stream{
		"without a route": newStream(t), "under approval": planned(t, step(approval.AnyOf, "li")),
		"stopped": func() *stream {
			r := planned(t, handled(approval.AnyOf, "li"))
			require.NoError(t, r.do(r.act(approval.Hold, "li")))
			return r
		}(),
		"returned": func() *stream {
			r := planned(t, step(approval.AnyOf, "li"))
			require.NoError(t, r.do(r.act(approval.Return, "li")))
			return r
		}(),
		"parked": parked(t),
	} {
		require.NoError(t, r.do(r.rule(approval.RulingVoid, nil)), name)
		require.Equal(t, approval.Voided, r.state.Status, name)
		require.Empty(t, r.state.OpenTasks(), name)
		require.False(t, r.state.WantsPlan() || r.state.WantsPosting() || r.state.Stuck(), name)
		require.Equal(t, "document.final", fault.CodeOf(r.do(r.rule(approval.RulingVoid, nil))), name)
		require.Equal(t, "document.final", fault.CodeOf(r.do(r.act(approval.Withdraw, "sue"))), name)
	}
	posting := approved(t)
	require.Equal(t, "intervention.too_late", fault.CodeOf(posting.do(posting.rule(approval.RulingVoid, nil))))
	require.NoError(t, posting.do(approval.Settled{
		Reference: posting.state.Effect.Reference, Code: "erp.unknown", Unanswered: true,
	}))
	require.Equal(t, "voucher.unanswered", fault.CodeOf(posting.do(posting.rule(approval.RulingVoid, nil))))
}

// TestAClockIsReleasedForWhoLeft: what was left of the deadline counts on.
func TestAClockIsReleasedForWhoLeft(t *testing.T) {
	r := planned(t, clocked("li", "wu"))
	require.NoError(t, r.do(r.act(approval.Hold, "li")))
	require.Equal(t, "document.stopped", fault.CodeOf(r.do(r.rule(approval.RulingReassign, to("max")))))
	r.after(1000)
	other := r.rule(approval.RulingRelease, nil)
	other.Task = r.taskOf("wu")
	require.Equal(t, "document.moved_on", fault.CodeOf(r.do(other)))
	require.NoError(t, r.do(r.rule(approval.RulingRelease, nil)))
	at := slices.IndexFunc(r.events, func(e evidence.Event) bool { return e.Kind == approval.ClockReleased })
	data, err := approval.Decode[approval.ClockData](r.events[at])
	require.NoError(t, err)
	require.Equal(t, []string{"li", "al", "because"}, []string{data.To, data.Maker, data.Reason})
	require.Equal(t, r.now.Add(100e9), r.state.OpenTasks()[0].DueAt)
	require.Empty(t, r.state.Interveners, "whom it asks did not change")
}

// TestOneIsEnoughWhereThereIsNoMoney to be paid nor to be booked.
func TestOneIsEnoughWhereThereIsNoMoney(t *testing.T) {
	r := newStream(t)
	require.False(t, r.state.TwoPeople())
	p := plan(1, step(approval.AnyOf, "li"))
	p.Then = []string{approval.ThenArchive}
	require.NoError(t, r.do(approval.Planned{Plan: p}))
	require.False(t, r.state.TwoPeople())
	require.NoError(t, r.do(r.act(approval.Return, "li")))
	again := r.act(approval.Resubmit, "sue")
	again.Revision, again.NewHash = 2, "hash2"
	require.NoError(t, r.do(again))
	require.True(t, r.state.TwoPeople(), "what it asks for now the core does not know")
	require.Equal(t, "intervention.second_person", fault.CodeOf(r.do(func() approval.Act {
		a := r.rule(approval.RulingVoid, nil)
		a.Maker = ""
		return a
	}())))
}

func jump(from, to string) func(*approval.Act) {
	return func(a *approval.Act) { a.Task, a.ToStep = "d1.r1."+from+".1", to }
}

func inBranch(s approval.Step, n int) approval.Step {
	s.Branches = []approval.Branch{{Fork: "f", N: n}}
	return s
}

// TestAJumpApprovesNothing: onward, what is passed over is on record as that, its
// yeses count no more, and the humans that the policy requires are still needed.
func TestAJumpApprovesNothing(t *testing.T) {
	r := newStream(t)
	p := plan(1, step(approval.AllOf, "li", "wu"), step(approval.AnyOf, "mia"), step(approval.AnyOf, "zoe"), step(approval.AnyOf, "max"))
	p.Humans = 2
	require.NoError(t, r.do(approval.Planned{Plan: p}))
	require.NoError(t, r.do(r.act(approval.Approve, "li")))
	n := len(r.events)
	leave := r.rule(approval.RulingJump, func(a *approval.Act) { a.Task, a.ToStep = r.taskOf("wu"), "s3" })
	require.NoError(t, r.do(leave))
	require.Equal(t, []string{approval.TaskWasSuperseded, approval.StepJumped, approval.StepOpened, approval.TaskOpened}, r.kinds(n))
	jumped, err := approval.Decode[approval.StepJumpedData](r.events[n+1])
	require.NoError(t, err)
	require.Equal(t, approval.StepJumpedData{From: "s1", Step: "s3", Over: []string{"s1", "s2"}, Reason: "because", Maker: "al"}, jumped)
	require.Equal(t, []string{"s1", "s2"}, r.state.Jumped)
	require.True(t, r.state.Over("s1") && r.state.Over("s2"))
	tooFew := r.rule(approval.RulingJump, func(a *approval.Act) { a.Task, a.ToStep = r.taskOf("zoe"), "s4" })
	require.Equal(t, "task.too_few_humans", fault.CodeOf(r.do(tooFew)), "max alone is not two")
	require.NoError(t, r.do(r.act(approval.Approve, "zoe")))
	require.NoError(t, r.do(r.act(approval.Approve, "max")))
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestAJumpBackAsksAgain every step from there, as a return does; also one that was
// passed over.
func TestAJumpBackAsksAgain(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li"), step(approval.AnyOf, "wu"), step(approval.AnyOf, "zoe"))
	require.NoError(t, r.do(r.rule(approval.RulingJump, jump("s1", "s2"))))
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	n := len(r.events)
	require.NoError(t, r.do(r.rule(approval.RulingJump, jump("s3", "s1"))))
	require.Equal(t, []string{approval.TaskWasSuperseded, approval.StepJumped, approval.StepReopened, approval.StepOpened,
		approval.TaskOpened}, r.kinds(n))
	require.Nil(t, r.state.Jumped, "as it comes back from JSON")
	for _, who := range []string{"li", "wu", "zoe"} {
		require.Equal(t, []string{who}, open(r.state))
		require.NoError(t, r.do(r.act(approval.Approve, who)))
	}
	require.Equal(t, approval.Approved, r.state.Status)
}

// TestAJumpStaysOnItsWay lists where a document of two branches between two steps
// does not jump to, and where it does.
func TestAJumpStaysOnItsWay(t *testing.T) {
	both := func() *stream {
		r := planned(t, step(approval.AnyOf, "li"), inBranch(step(approval.AnyOf, "wu"), 0), inBranch(step(approval.AnyOf, "zoe"), 0),
			inBranch(step(approval.AnyOf, "max"), 1), step(approval.AnyOf, "mia"), approval.Step{ID: "auto", Need: approval.AutoApprove})
		require.NoError(t, r.do(r.act(approval.Approve, "li")))
		return r
	}
	for _, tt := range []struct{ from, to, code string }{
		{"s2", "s9", "step.no_target"}, {"s2", "auto", "step.no_target"}, {"s2", "s2", "step.no_target"},
		{"s2", "s4", "step.no_target"}, {"s2", "s5", "step.beside"}, {"s1", "s2", "task.stale"}, {"s9", "s2", "task.unknown"},
	} {
		require.Equal(t, tt.code, fault.CodeOf(both().do(both().rule(approval.RulingJump, jump(tt.from, tt.to)))), tt)
	}
	within := both()
	require.NoError(t, within.do(within.rule(approval.RulingJump, jump("s2", "s3"))))
	require.Equal(t, []string{"max", "zoe"}, open(within.state), "the other branch goes on")
	require.NoError(t, within.do(within.act(approval.Approve, "max")))
	require.NoError(t, within.do(within.rule(approval.RulingJump, jump("s3", "s5"))))
	require.Equal(t, []string{"mia"}, open(within.state))

	back := both()
	require.NoError(t, back.do(back.rule(approval.RulingJump, jump("s2", "s1"))))
	require.Equal(t, []string{"li"}, open(back.state), "both branches begin again")

	into := planned(t, step(approval.AnyOf, "li"), inBranch(step(approval.AnyOf, "wu"), 0), inBranch(step(approval.AnyOf, "max"), 1))
	require.NoError(t, into.do(into.rule(approval.RulingJump, jump("s1", "s2"))))
	require.Equal(t, []string{"max", "wu"}, open(into.state), "the branch beside it begins too")
}

// TestAJumpLeavesBothEyesOpen: of two steps that need different humans neither is
// passed over.
func TestAJumpLeavesBothEyesOpen(t *testing.T) {
	for _, apart := range [][]string{{"s1"}, {"s2"}} {
		last := step(approval.AnyOf, "max")
		last.DistinctFrom = apart
		r := planned(t, step(approval.AnyOf, "li"), step(approval.AnyOf, "wu"), last)
		require.Equal(t, "step.four_eyes", fault.CodeOf(r.do(r.rule(approval.RulingJump, jump("s1", "s3")))))
	}
}

// everyRuling of an intervention is tried, and takes effect.
var everyRuling = []string{
	approval.RulingReassign, approval.RulingJump, approval.RulingReplan, approval.RulingRelease, approval.RulingVoid,
}
