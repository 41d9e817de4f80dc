package approval_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// try is one act of a table: who does what.
type try struct {
	name  approval.Name
	actor string
}

func TestModes(t *testing.T) {
	yes := func(who string) try { return try{approval.Approve, who} }
	no := func(who string) try { return try{approval.Reject, who} }
	back := func(who string) try { return try{approval.Return, who} }
	for _, tt := range []struct {
		name  string
		mode  approval.Mode
		acts  []try
		want  approval.Status
		code  string   // of the last act; "" where it took effect
		tasks []string // of li, wu and zoe
	}{
		{"any of: the first yes decides, the others end as superseded", approval.AnyOf,
			[]try{yes("wu")}, approval.Approved, "", []string{"li superseded", "wu approved", "zoe superseded"}},
		{"any of: the first no decides", approval.AnyOf,
			[]try{no("wu")}, approval.Rejected, "", []string{"li superseded", "wu rejected", "zoe superseded"}},
		{"any of: whoever comes late is told so", approval.AnyOf,
			[]try{yes("wu"), no("li")}, approval.Approved, "task.stale", nil},
		{"all of: one yes is not enough", approval.AllOf,
			[]try{yes("wu")}, approval.Pending, "", []string{"li open", "wu approved", "zoe open"}},
		{"all of: all agree", approval.AllOf,
			[]try{yes("wu"), yes("zoe"), yes("li")}, approval.Approved, "", []string{"li approved", "wu approved",
				"zoe approved"}},
		{"all of: a no is a veto, the rest is neither yes nor no", approval.AllOf,
			[]try{yes("wu"), no("zoe")}, approval.Rejected, "", []string{"li superseded", "wu approved", "zoe rejected"}},
		{"in order: the first is asked alone", approval.InOrder,
			nil, approval.Pending, "", []string{"li open"}},
		{"in order: the next is asked after a yes", approval.InOrder,
			[]try{yes("li")}, approval.Pending, "", []string{"li approved", "wu open"}},
		{"in order: nobody out of turn", approval.InOrder,
			[]try{yes("wu")}, approval.Pending, "task.not_yours", []string{"li open"}},
		{"in order: passed after the last", approval.InOrder,
			[]try{yes("li"), yes("wu"), yes("zoe")}, approval.Approved, "", nil},
		{"in order: a no ends it", approval.InOrder,
			[]try{yes("li"), no("wu")}, approval.Rejected, "", []string{"li approved", "wu rejected"}},
		{"a return goes to the submitter, the rest is superseded", approval.AllOf,
			[]try{yes("li"), back("wu")}, approval.Returned, "", []string{"li approved", "wu returned", "zoe superseded"}},
		{"nobody decides twice", approval.AllOf,
			[]try{yes("li"), no("li")}, approval.Pending, "task.stale", nil},
		{"a stranger is refused", approval.AnyOf, []try{yes("bo")}, approval.Pending, "task.not_yours", nil},
		{"a late stranger does not learn who decided", approval.AnyOf,
			[]try{yes("li"), yes("bo")}, approval.Approved, "task.not_yours", nil},
		{"a rejected document takes no more decisions", approval.AllOf,
			[]try{no("li"), yes("wu")}, approval.Rejected, "task.stale", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := planned(t, step(tt.mode, "li", "wu", "zoe"))
			code := ""
			for _, a := range tt.acts {
				code = fault.CodeOf(r.do(r.act(a.name, a.actor)))
			}
			require.Equal(t, tt.code, code)
			require.Equal(t, tt.want, r.state.Status)
			if tt.tasks != nil {
				require.Equal(t, tt.tasks, states(r.state))
			}
		})
	}
}

func TestADecisionMustFitWhatIsThere(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(a *approval.Act)
		code   string
		kind   fault.Kind
	}{
		{"as it is", func(*approval.Act) {}, "", ""},
		{"another document", func(a *approval.Act) { a.Document = "d2" }, "act.wrong_document", fault.Invalid},
		{"a task that never was", func(a *approval.Act) { a.Task = "t9" }, "task.unknown", fault.NotFound},
		{"another round", func(a *approval.Act) { a.Round = 2 }, "task.changed", fault.Conflict},
		{"a round before", func(a *approval.Act) { a.Round, a.Task = 0, "" }, "task.unknown", fault.NotFound},
		{"another content", func(a *approval.Act) { a.ContentHash = "hash0" }, "task.changed", fault.Conflict},
		{"no content", func(a *approval.Act) { a.ContentHash = "" }, "task.changed", fault.Conflict},
		{"an unknown act", func(a *approval.Act) { a.Name = "void" }, "act.unknown", fault.Invalid},
		{"no id", func(a *approval.Act) { a.ID = "" }, "act.bad_id", fault.Invalid},
		{"an id of the system's", func(a *approval.Act) { a.ID = "plan:1:0" }, "act.bad_id", fault.Invalid},
		{"nobody", func(a *approval.Act) { a.Actor = "" }, "act.no_person", fault.Forbidden},
		{"the clock as a person", func(a *approval.Act) { a.Actor = approval.SystemDeadline }, "act.no_person",
			fault.Forbidden},
		{"the queue as a person", func(a *approval.Act) { a.Actor = queue }, "act.no_person", fault.Forbidden},
		{"for somebody whose task it is not", func(a *approval.Act) { a.OnBehalfOf = "wu" }, "task.not_yours",
			fault.Forbidden},
		{"for the one whose task it is", func(a *approval.Act) { a.Actor, a.OnBehalfOf = "bo", "li" }, "", ""},
		{"an opinion that is too long", func(a *approval.Act) { a.Opinion = strings.Repeat("好", 2001) },
			"act.opinion_too_long", fault.Invalid},
		{"an opinion as long as it may be", func(a *approval.Act) { a.Opinion = strings.Repeat("好", 2000) }, "", ""},
		{"an opinion that is no text", func(a *approval.Act) { a.Opinion = "\xff" }, "act.bad_text", fault.Invalid},
		{"an opinion with a NUL", func(a *approval.Act) { a.Opinion = "a\x00b" }, "act.bad_text", fault.Invalid},
		{"an endless name", func(a *approval.Act) { a.OnBehalfOf = strings.Repeat("x", 201) }, "act.bad_text", fault.Invalid},
		{"a yes without an opinion", func(a *approval.Act) { a.Opinion = "" }, "", ""},
		{"a no without an opinion", func(a *approval.Act) { a.Name, a.Opinion = approval.Reject, " " },
			"act.opinion_required", fault.Invalid},
		{"a return without an opinion", func(a *approval.Act) { a.Name, a.Opinion = approval.Return, "" },
			"act.opinion_required", fault.Invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := planned(t, step(approval.AnyOf, "li"))
			a := r.act(approval.Approve, "li")
			tt.change(&a)
			err := r.do(a)
			require.Equal(t, tt.code, fault.CodeOf(err))
			if tt.code != "" {
				require.Equal(t, tt.kind, fault.KindOf(err))
				require.Len(t, r.state.OpenTasks(), 1)
				require.Empty(t, r.state.Seen)
			}
		})
	}
}

func TestInterestedPersonsNeverDecide(t *testing.T) {
	for _, who := range []string{"sue", "rob", "pat", "sue2"} {
		for _, name := range []approval.Name{approval.Approve, approval.Reject, approval.Return} {
			r := planned(t, step(approval.AnyOf, "li", queue))
			a := r.act(name, "li")
			a.Actor = who
			require.Equal(t, "task.interested", fault.CodeOf(r.do(a)), "%s %s", who, name)
			a.OnBehalfOf = "li"
			require.Equal(t, "task.interested", fault.CodeOf(r.do(a)), "%s for li: %s", who, name)
			a = r.act(name, queue)
			a.Actor, a.OnBehalfOf = who, queue
			require.Equal(t, "task.interested", fault.CodeOf(r.do(a)), "%s from the queue: %s", who, name)
			a.Actor, a.OnBehalfOf = "li", who
			require.Equal(t, "task.interested", fault.CodeOf(r.do(a)), "li for %s: %s", who, name)
		}
	}
}

func TestOneHumanDecidesOnePlaceOfAStep(t *testing.T) {
	r := planned(t, step(approval.AllOf, "li", "wu", queue, queue))
	require.Equal(t, []string{"li", queue, queue, "wu"}, open(r.state))
	require.NoError(t, r.do(r.act(approval.Approve, "li")))

	a := r.act(approval.Approve, "wu")
	a.Actor, a.OnBehalfOf = "li", "wu"
	require.Equal(t, "task.twice", fault.CodeOf(r.do(a)), "li for wu, after li")

	for _, admin := range []struct{ who, code string }{{"ada", ""}, {"ada", "task.twice"}, {"al", ""}} {
		a := r.act(approval.Approve, queue)
		a.Actor, a.OnBehalfOf = admin.who, queue
		require.Equal(t, admin.code, fault.CodeOf(r.do(a)), admin.who)
	}
	require.Equal(t, []string{"wu"}, open(r.state))
}

func TestAPersonNamedTwiceIsAskedOnce(t *testing.T) {
	for _, mode := range []approval.Mode{approval.AllOf, approval.InOrder, approval.AnyOf} {
		r := planned(t, step(mode, "li", "li"))
		require.NoError(t, r.do(r.act(approval.Approve, "li")))
		require.Equal(t, approval.Approved, r.state.Status, mode)
	}
}

func TestALateDecisionIsToldWhoDecidedWhatAndWhen(t *testing.T) {
	for _, tt := range []struct {
		name approval.Name
		by   string
	}{{approval.Approve, "li"}, {approval.Reject, "li"}, {approval.Return, "li"}} {
		r := planned(t, step(approval.AnyOf, "li", "wu"))
		late := r.act(approval.Approve, "wu")
		r.now = r.now.Add(time.Minute)
		require.NoError(t, r.do(r.act(tt.name, tt.by)))
		f, ok := fault.As(r.do(late))
		require.True(t, ok)
		require.Equal(t, "task.stale", f.Code)
		require.Equal(t, map[string]string{"by": "li", "at": "2026-11-23T01:01:00Z", "act": string(tt.name)}, f.Args)
	}
}

// TestATaskOfARoundLongOverIsClosed: what ended it the state does not remember.
func TestATaskOfARoundLongOverIsClosed(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li"))
	old := r.act(approval.Approve, "li")
	for revision := 2; revision < 4; revision++ {
		require.NoError(t, r.do(r.act(approval.Return, "li")))
		again := r.act(approval.Resubmit, "sue")
		again.Revision, again.NewHash = revision, "hash2"
		require.NoError(t, r.do(again))
		require.NoError(t, r.do(approval.Planned{Plan: plan(revision, step(approval.AnyOf, "li"))}))
	}
	require.Equal(t, "task.closed", fault.CodeOf(r.do(old)))
}

func TestALateDecisionIsToldOfTheOneThatTookItsPlace(t *testing.T) {
	r := planned(t, late(step(approval.AllOf, "li", "wu"), approval.TimeoutReassign))
	r.after(50)
	r.strike()
	r.after(50)
	s := r.state.Strike(r.now)[0]
	s.To = []approval.Approver{{Person: "max"}, {Person: "mia"}}
	require.NoError(t, r.do(s))
	missed := r.act(approval.Approve, "mia")
	require.NoError(t, r.do(r.act(approval.Approve, "max")))
	r.after(1)
	require.NoError(t, r.do(r.act(approval.Approve, "wu")))
	f, ok := fault.As(r.do(missed))
	require.True(t, ok)
	require.Equal(t, "max", f.Args["by"], "not wu, who decided after")
}

func TestAnActIsAnsweredOnce(t *testing.T) {
	r := planned(t, step(approval.AllOf, "li", "wu"))
	a := r.act(approval.Approve, "li")
	require.NoError(t, r.do(a))
	require.Equal(t, approval.Outcome{Code: approval.OK, Status: approval.Pending, Seq: r.state.Seq}, r.state.Seen[a.ID])
	require.Equal(t, "act.seen", fault.CodeOf(r.do(a)))
	a.Name, a.Actor = approval.Withdraw, "sue"
	require.Equal(t, "act.seen", fault.CodeOf(r.do(a)), "whatever it says the second time")
	require.Len(t, r.state.Seen, 1, "only acts are remembered")
}

func TestEvidenceOfADecision(t *testing.T) {
	r := planned(t, step(approval.AnyOf, "li", "wu"))
	n := len(r.events)
	a := r.act(approval.Approve, "li")
	a.Actor, a.OnBehalfOf = "bo", "li"
	require.NoError(t, r.do(a))
	require.Equal(t, []string{
		approval.TaskWasApproved, approval.TaskWasSuperseded, approval.StepPassed, approval.DocumentApproved,
	}, r.kinds(n))
	for _, e := range r.events[n:] {
		require.Equal(t, []string{"bo", "li", "hash1"}, []string{e.Actor, e.OnBehalfOf, e.ContentHash}, e.Kind)
	}
	d, err := approval.Decode[approval.TaskEndedData](r.events[n+1])
	require.NoError(t, err)
	require.Equal(t, approval.TaskEndedData{Task: "d1.r1.s1.2", Step: "s1", Assignee: "wu", Reason: "approve"}, d)
	require.Equal(t, []string{"bo"}, r.state.Deciders)
}
