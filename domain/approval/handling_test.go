package approval_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

var handling = []string{
	"transfer", "consult", "add_signer", "remove_signer", "retract", "hold", "request_info", "extend", "sanction", "amend",
}

// handled is a step that allows everything an approver may do with their task.
func handled(mode approval.Mode, who ...string) approval.Step {
	s := step(mode, who...)
	s.Allow = handling
	return s
}

// deed is one act of a story, and the code it is refused with.
type deed struct {
	act    approval.Name
	actor  string
	change func(*approval.Act)
	code   string
}

func to(people ...string) func(*approval.Act) { return func(a *approval.Act) { a.To = people } }

func signer(where string, people ...string) func(*approval.Act) {
	return func(a *approval.Act) { a.To, a.Where = people, where }
}

func backTo(step, how string) func(*approval.Act) {
	return func(a *approval.Act) { a.ToStep, a.Back = step, how }
}

// yes is an approval.
func yes(who string) deed { return deed{act: approval.Approve, actor: who} }

func TestHandling(t *testing.T) {
	two := func(mode approval.Mode) []approval.Step {
		return []approval.Step{handled(mode, "li", "wu"), handled(approval.AnyOf, "zoe")}
	}
	for _, tt := range []struct {
		name  string
		steps []approval.Step
		deeds []deed
		want  approval.Status
		asked []string
	}{
		{"a transferee has the place, the old assignee is out", two(approval.AllOf), []deed{
			{approval.Transfer, "li", to("max"), ""}, {approval.Approve, "li", nil, "task.stale"}, yes("max"),
		}, approval.Pending, []string{"wu"}},
		{"never to the submitter, the payee or an alias", two(approval.AllOf), []deed{
			{approval.Transfer, "li", to("sue"), "act.to_interested"}, {approval.Transfer, "li", to("sue2"), "act.to_interested"},
		}, approval.Pending, []string{"li", "wu"}},
		{"one human has one place", two(approval.AllOf), []deed{
			{approval.Transfer, "li", to("wu"), "act.to_has_part"},
			{approval.Transfer, "li", to("max"), ""}, {approval.Transfer, "max", to("li"), "act.to_has_part"},
		}, approval.Pending, []string{"max", "wu"}},
		{"to one person, not two", two(approval.AllOf), []deed{
			{approval.Transfer, "li", to("max", "mia"), "act.bad_to"}, {approval.Transfer, "li", nil, "act.bad_to"},
		}, approval.Pending, []string{"li", "wu"}},
		{"what the step does not allow is refused", []approval.Step{step(approval.AnyOf, "li")}, []deed{
			{approval.Transfer, "li", to("max"), "act.not_allowed"}, {approval.Retract, "li", nil, "task.not_retractable"},
		}, approval.Pending, []string{"li"}},
		{"who is consulted answers and decides nothing", two(approval.AnyOf), []deed{
			{approval.Consult, "li", to("max"), ""}, {approval.Approve, "max", nil, "task.only_advice"},
			{approval.Consult, "max", nil, ""},
		}, approval.Pending, []string{"li", "wu"}},
		{"who asked may decide without the answer", two(approval.AnyOf), []deed{
			{approval.Consult, "li", to("max"), ""}, yes("li"), {approval.Consult, "max", nil, "task.stale"},
		}, approval.Pending, []string{"zoe"}},
		{"a signer beside must agree too, even in any of", two(approval.AnyOf), []deed{
			{approval.AddSigner, "li", signer(approval.SignBeside, "max"), ""}, yes("wu"),
		}, approval.Pending, []string{"max"}},
		{"and then the step passes", two(approval.AnyOf), []deed{
			{approval.AddSigner, "li", signer(approval.SignBeside, "max"), ""}, yes("wu"), yes("max"),
		}, approval.Pending, []string{"zoe"}},
		{"an added signer's no is a veto", two(approval.AnyOf), []deed{
			{approval.AddSigner, "li", signer(approval.SignBeside, "max"), ""}, {approval.Reject, "max", nil, ""},
		}, approval.Rejected, nil},
		{"a signer before is waited for", two(approval.AllOf), []deed{
			{approval.AddSigner, "li", signer(approval.SignBefore, "max"), ""},
			{approval.Approve, "li", nil, "task.awaits_signer"}, yes("max"), yes("li"), yes("wu"),
		}, approval.Pending, []string{"zoe"}},
		{"a signer after is asked when the step has its yeses", two(approval.AllOf), []deed{
			{approval.AddSigner, "li", signer(approval.SignAfter, "max"), ""}, yes("li"), yes("wu"),
		}, approval.Pending, []string{"max"}},
		{"only the adder removes a signer", two(approval.AnyOf), []deed{
			{approval.AddSigner, "li", signer(approval.SignBeside, "max"), ""}, yes("wu"),
			{approval.RemoveSigner, "wu", to("max"), "signer.not_removable"}, {approval.RemoveSigner, "li", to("max"), ""},
		}, approval.Pending, []string{"zoe"}},
		{"a yes is taken back before the next decides", two(approval.AnyOf), []deed{
			yes("li"), {approval.Retract, "li", nil, ""},
		}, approval.Pending, []string{"li", "wu"}},
		{"not after the next one decided", append(two(approval.AnyOf), handled(approval.AnyOf, "max")), []deed{
			yes("li"), yes("zoe"), {approval.Retract, "li", nil, "task.stale"},
		}, approval.Pending, []string{"max"}},
		{"nobody takes back another's", two(approval.AnyOf), []deed{
			yes("li"), {approval.Retract, "wu", func(a *approval.Act) { a.Task = "d1.r1.s1.1" }, "task.not_yours"},
		}, approval.Pending, []string{"zoe"}},
		{"an added signer takes a yes back, and the adder waits again", []approval.Step{handled(approval.InOrder, "wu")}, []deed{
			{approval.AddSigner, "wu", signer(approval.SignBefore, "li"), ""}, yes("li"), {approval.Retract, "li", nil, ""},
			{approval.Approve, "wu", nil, "task.awaits_signer"},
		}, approval.Pending, []string{"li", "wu"}},
		{"a step that was not begun after all forgets who was added to it", two(approval.AnyOf), []deed{
			yes("li"), {approval.AddSigner, "zoe", signer(approval.SignBeside, "max"), ""}, {approval.Retract, "li", nil, ""},
			yes("li"), yes("zoe"),
		}, approval.Approved, nil},
		{"taken back in order: only that place is asked again", two(approval.InOrder), []deed{
			yes("li"), {approval.Retract, "li", nil, ""},
		}, approval.Pending, []string{"li"}},
		{"back to a step that passed, and everything after it again",
			append(two(approval.AnyOf), handled(approval.AnyOf, "max")), []deed{
				yes("li"), yes("zoe"), {approval.Return, "max", backTo("s1", ""), ""}, yes("wu"),
			}, approval.Pending, []string{"zoe"}},
		{"or straight back to who returned it", append(two(approval.AnyOf), handled(approval.AnyOf, "max")), []deed{
			yes("li"), yes("zoe"), {approval.Return, "max", backTo("s1", approval.BackStraight), ""}, yes("wu"),
		}, approval.Pending, []string{"max"}},
		{"only to a step that passed", append(two(approval.AnyOf), handled(approval.AnyOf, "max")), []deed{
			yes("li"), {approval.Return, "zoe", backTo("s3", ""), "step.not_passed"},
			{approval.Return, "zoe", backTo("s2", ""), "step.not_passed"},
			{approval.Return, "zoe", backTo("s1", "sideways"), "act.bad_back"},
		}, approval.Pending, []string{"zoe"}},
		{"the same people may decide again after a return", two(approval.AnyOf), []deed{
			yes("li"), {approval.Return, "zoe", backTo("s1", ""), ""}, yes("li"), yes("zoe"),
		}, approval.Approved, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := planned(t, tt.steps...)
			for i, d := range tt.deeds {
				a := r.act(d.act, d.actor)
				if d.change != nil {
					d.change(&a)
				}
				r.after(1)
				require.Equal(t, d.code, fault.CodeOf(r.do(a)), "deed %d, %s of %s", i, d.act, d.actor)
			}
			require.Equal(t, tt.want, r.state.Status)
			require.Equal(t, tt.asked, open(r.state))
		})
	}
}

// TestHandlingNeverStrandsADocument walks random documents through everything
// that people may do with tasks. A pending document always asks somebody; nobody
// who is interested and nobody twice counts in a step; an approval stands on the
// votes that each step needs; and the stream tells the state.
func TestHandlingNeverStrandsADocument(t *testing.T) {
	modes := []approval.Mode{approval.AnyOf, approval.AllOf, approval.InOrder, approval.Quorum, approval.Ratio, approval.PerGroup}
	people := []string{"li", "wu", "zoe", "max", "mia", "ada", "al", "bo", "sue", "pat"}
	reached := map[string]int{}
	check := func(t *rapid.T) {
		var steps []approval.Step
		for range rapid.IntRange(1, 3).Draw(t, "steps") {
			n := rapid.IntRange(1, 3).Draw(t, "places")
			s := handled(rapid.SampledFrom(modes).Draw(t, "mode"),
				rapid.Permutation(people[:5]).Draw(t, "approvers")[:n]...)
			s.Votes = &approval.Votes{Count: rapid.IntRange(1, n).Draw(t, "count"), Num: 1, Den: 2}
			s.OnReject = rapid.SampledFrom([]string{"", approval.RejectVote}).Draw(t, "on reject")
			for i := range s.Approvers {
				s.Approvers[i].Group = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "group")
			}
			steps = append(steps, late(s, rapid.SampledFrom(rules).Draw(t, "rule")))
			steps[len(steps)-1].Allow, steps[len(steps)-1].Amend = handling, []string{"title"}
		}
		r := planned(t, steps...)
		for range rapid.IntRange(1, 40).Draw(t, "acts") {
			r.after(rapid.SampledFrom([]int{1, 2, 3, 40}).Draw(t, "pause"))
			r.strike(rapid.SampledFrom(people).Draw(t, "heir"))
			a := r.anyAct(t, people)
			reached[string(a.Name)+" "+fault.CodeOf(r.do(a))]++
			r.requireSound(t)
		}
		folded, err := approval.FoldAll(r.events)
		require.NoError(t, err)
		require.Equal(t, r.state, folded)
	}
	for range 8 {
		rapid.Check(t, check)
	}
	for _, name := range append(slices.Clone(handling), "approve", "reject", "return", "release") {
		require.Positive(t, reached[name+" "], "%s never took effect: %v", name, reached)
	}
}

// anyAct is any act on any task, more often one that could take effect.
func (r *stream) anyAct(t *rapid.T, people []string) approval.Act {
	name := rapid.SampledFrom([]approval.Name{
		approval.Approve, approval.AddSigner, approval.RemoveSigner, approval.Return, approval.Consult, approval.Approve,
		approval.Transfer, approval.Retract, approval.Extend, approval.Hold, approval.RequestInfo, approval.Approve,
		approval.Reject, approval.Sanction, approval.Amend,
	}).Draw(t, "act")
	if r.state.Stopped != nil && rapid.IntRange(0, 3).Draw(t, "patience") > 0 {
		name = approval.Release
	}
	task := rapid.SampledFrom(r.state.Tasks).Draw(t, "task")
	if open := r.state.OpenTasks(); name != approval.Retract && len(open) > 0 && rapid.IntRange(0, 4).Draw(t, "ended") > 0 {
		task = rapid.SampledFrom(open).Draw(t, "open task")
	}
	a := r.act(name, task.Assignee)
	a.Task = task.ID
	if task.Assignee == queue {
		a.Actor, a.OnBehalfOf = rapid.SampledFrom(people).Draw(t, "admin"), queue
	}
	if rapid.IntRange(0, 9).Draw(t, "stranger") == 0 {
		a.Actor = rapid.SampledFrom(people).Draw(t, "actor")
	}
	if rapid.Bool().Draw(t, "named") {
		a.To = []string{rapid.SampledFrom(people).Draw(t, "to")}
	}
	if added := r.state.Added; name == approval.RemoveSigner && len(added) > 0 {
		gone := rapid.SampledFrom(added).Draw(t, "signer")
		a.Task, a.To = gone.Task, []string{gone.Person}
		a.Actor = assignee(r.state, gone.Task)
	}
	if s := r.state.Stopped; name == approval.Release && s != nil {
		a.Actor, a.OnBehalfOf = rapid.SampledFrom([]string{s.By, "rob"}).Draw(t, "releaser"), ""
	}
	if name == approval.Extend {
		a.Extra = "30 s"
	}
	a.Revision, a.NewHash = r.state.Revision+1, "hash"+strconv.Itoa(r.state.Revision+1)
	if name == approval.Sanction {
		now := yuan(rapid.Int64Range(0, 110).Draw(t, "approved"))
		a.Sanction = &document.Sanction{Claimed: yuan(100), Was: yuan(100), Now: now,
			Lines: []document.SanctionedLine{{Line: 1, Claimed: yuan(100), Was: yuan(100), Now: now}}}
	}
	if name == approval.Amend {
		a.Changes = []document.Change{{Field: rapid.SampledFrom([]string{"title", "payee"}).Draw(t, "field"), Was: "a", Now: "b"}}
	}
	a.Where = rapid.SampledFrom([]string{approval.SignBefore, approval.SignAfter, approval.SignBeside, "?"}).Draw(t, "where")
	if name == approval.Return {
		a.ToStep = rapid.SampledFrom([]string{"s1", "s2", "s3"}).Draw(t, "to step")
		a.Back = rapid.SampledFrom([]string{"", approval.BackRestart, approval.BackStraight}).Draw(t, "back")
	}
	return a
}

func assignee(s approval.State, task string) string {
	for _, t := range s.Tasks {
		if t.ID == task {
			return t.Assignee
		}
	}
	return ""
}

// requireSound counts the invariants of a state.
func (r *stream) requireSound(t *rapid.T) {
	s := r.state
	if s.Status == approval.Pending {
		require.True(t, slices.ContainsFunc(s.OpenTasks(), func(task approval.Task) bool { return task.For == "" }),
			"nobody is asked to decide: %v %v", states(s), r.kinds(0))
	} else {
		require.Empty(t, s.OpenTasks())
	}
	counted := map[string]string{}
	for _, task := range s.Tasks {
		human := task.DecidedBy != "" && task.DecidedBy != approval.SystemDeadline
		if !human {
			continue
		}
		require.NotContains(t, interested, task.DecidedBy, "I6")
		if task.Past || task.For != "" {
			continue
		}
		key := task.Step + " " + task.DecidedBy
		require.Empty(t, counted[key], "I7: %s counts twice in %s", task.DecidedBy, task.Step)
		counted[key] = task.ID
	}
	if s.Status == approval.Approved {
		for _, step := range s.Plan.Steps {
			require.True(t, stands(s, step), "%s was not decided as it must be: %v", step.ID, states(s))
		}
	}
}

// stands says whether the yeses that count are what a step needs, and every
// added signer is among them.
func stands(s approval.State, step approval.Step) bool {
	votes := make([]int, len(step.Approvers))
	added := map[int]bool{}
	for _, x := range s.Added {
		if x.Step == step.ID {
			added[x.Slot] = true
		}
	}
	for _, t := range s.Tasks {
		agreed := t.State == approval.TaskApproved || t.State == approval.TaskExpired && !t.No
		if t.Step != step.ID || t.Past || t.For != "" || !agreed {
			continue
		}
		if t.Slot < len(votes) {
			votes[t.Slot] = 1
		}
		delete(added, t.Slot)
	}
	for _, a := range s.Agreed {
		i := slices.IndexFunc(s.Tasks, func(t approval.Task) bool { return t.ID == a.Task })
		if a.Step == step.ID && i >= 0 && s.Tasks[i].State == approval.TaskApproved {
			votes[a.Slot] = 1
		}
	}
	all := true
	for _, v := range votes {
		all = all && v == 1
	}
	if step.Mode == approval.AllOf || step.Mode == approval.InOrder {
		return all && len(added) == 0
	}
	return passes(step, votes) && len(added) == 0
}
