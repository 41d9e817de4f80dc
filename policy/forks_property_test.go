package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy"
)

// drawn is a step of a drawn policy: what the test knows of it, apart from the
// code under test.
type drawn struct {
	limits   []int64  // of the branches it stands in, outermost first; 0 = no condition
	in       []string // fork/branch, outermost first
	chooser  string
	distinct string
	late     bool
}

// thicket draws a policy of steps and forks within forks.
type thicket struct {
	t      *rapid.T
	text   strings.Builder
	steps  map[string]*drawn
	order  []string
	nones  map[string]string // fork → none
	limits map[string][]int64
	forks  int
}

func (k *thicket) items(depth int, at drawn) {
	for range rapid.IntRange(1, 2).Draw(k.t, "items") {
		if depth < policy.ForksDeepMax && len(k.order) < 12 && rapid.Bool().Draw(k.t, "fork") {
			k.fork(depth, at)
		} else {
			k.step(depth, at)
		}
	}
}

func (k *thicket) step(depth int, at drawn) {
	id, one := fmt.Sprintf("s%d", len(k.order)), at
	source := rapid.SampledFrom(sources).Draw(k.t, "source")
	var before []string // all but those that are asked at the same time
	for _, e := range k.order {
		if !besides(k.steps[e].in, at.in) {
			before = append(before, e)
		}
	}
	switch rapid.IntRange(0, 4).Draw(k.t, "kind") {
	case 0:
		source, one.late = strings.TrimSuffix(source, " }")+", as_of: activation }", true
	case 1:
		if len(before) > 0 {
			one.chooser = rapid.SampledFrom(before).Draw(k.t, "chooser")
			source = fmt.Sprintf("{ choice: approver, of: %s, among: { %s } }", one.chooser,
				rapid.SampledFrom([]string{"role: r", "department: d1"}).Draw(k.t, "among"))
		}
	}
	in := strings.Repeat("      ", depth)
	fmt.Fprintf(&k.text, "%s  - id: %s\n%s    title: { en: S, zh-CN: 步 }\n%s    approvers: [%s]\n", in, id, in, in, source)
	if len(k.order) > 0 && rapid.Bool().Draw(k.t, "distinct") {
		one.distinct = rapid.SampledFrom(k.order).Draw(k.t, "other")
		fmt.Fprintf(&k.text, "%s    distinct_from: [%s]\n", in, one.distinct)
	}
	k.steps[id], k.order = &one, append(k.order, id)
}

// besides says whether two places are in different branches of one fork.
func besides(a, b []string) bool {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			one, _, _ := strings.Cut(a[i], "/")
			other, _, _ := strings.Cut(b[i], "/")
			return one == other
		}
	}
	return false
}

func (k *thicket) fork(depth int, at drawn) {
	id, in := fmt.Sprintf("f%d", k.forks), strings.Repeat("      ", depth)
	k.forks++
	fmt.Fprintf(&k.text, "%s  - parallel: %s\n%s    branches:\n", in, id, in)
	for n := range rapid.IntRange(2, 3).Draw(k.t, "branches") {
		limit := rapid.Int64Range(0, 60).Draw(k.t, "limit")
		if fmt.Fprintf(&k.text, "%s      - title: { en: B, zh-CN: 支 }\n", in); limit > 0 {
			fmt.Fprintf(&k.text, "%s        when: amount >= money(\"%d.00\")\n", in, limit)
		}
		fmt.Fprintf(&k.text, "%s        steps:\n", in)
		k.limits[id] = append(k.limits[id], limit)
		inner := drawn{limits: append(slices.Clone(at.limits), limit), in: append(slices.Clone(at.in), fmt.Sprintf("%s/%d", id, n))}
		k.items(depth+1, inner)
	}
	if !slices.Contains(k.limits[id], 0) {
		k.nones[id] = rapid.SampledFrom([]string{"skip", "auto_approve", "refuse"}).Draw(k.t, "none")
		fmt.Fprintf(&k.text, "%s    none: %s\n", in, k.nones[id])
	}
}

// needs works out what a step needs for an amount, branch by branch from outside;
// refused says that a fork on the way takes no branch and allows none.
func (k *thicket) needs(s *drawn, minor int64) (need approval.Need, refused bool) {
	for level, limit := range s.limits {
		fork := strings.Split(s.in[level], "/")[0]
		taken := slices.ContainsFunc(k.limits[fork], func(l int64) bool { return minor >= 100*l })
		switch {
		case !taken && k.nones[fork] == "refuse":
			return "", true
		case !taken:
			return approval.Need(k.nones[fork]), false
		case minor < 100*limit:
			return approval.Skip, false
		}
	}
	return approval.NeedsPeople, false
}

// TestNobodyIsLostInForks draws policies of forks within forks: exactly the steps
// whose branches are taken ask people, each stands where it was written, nobody
// interested is asked or may be chosen, and no error leaves a branch out.
func TestNobodyIsLostInForks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := &thicket{t: t, steps: map[string]*drawn{}, nones: map[string]string{}, limits: map[string][]int64{}}
		k.text.WriteString("policy: p\ntitle: { en: P, zh-CN: 甲 }\nbase: CNY\nsteps:\n")
		k.items(0, drawn{})
		text := k.text.String() + "then: [archive]\n"
		p, err := policy.Parse("p.yaml", []byte(text))
		if len(k.order) > policy.StepsMax {
			require.Equal(t, "policy.too_many", fault.CodeOf(err))
			return
		}
		require.NoError(t, err, text)
		s, ids := crowd(t)
		somebody := rapid.SampledFrom(ids)
		c := expense(somebody.Draw(t, "requester"), rapid.Int64Range(0, 7000).Draw(t, "amount"))
		c.Submitter, c.Department = somebody.Draw(t, "submitter"), rapid.SampledFrom([]string{"", "d0", "d1"}).Draw(t, "department")
		c.Payee = document.Payee{Kind: document.PayeeEmployee, ID: somebody.Draw(t, "payee")}
		c.Fields = map[string]string{"who": rapid.SampledFrom(append(ids, "")).Draw(t, "who")}
		in := policy.RouteInput{Policy: p, Content: c, Org: s, Round: 1}
		plan, err := policy.Route(in)
		refused := slices.ContainsFunc(k.order, func(id string) bool { _, no := k.needs(k.steps[id], c.Total.Minor); return no })
		if err != nil {
			require.Empty(t, plan)
			require.Contains(t, map[bool][]string{true: {"policy.no_branch"}, false: {"policy.not_distinct"}}[refused], fault.CodeOf(err), "%v\n%s", err, text)
			return
		}
		require.False(t, refused, text)
		require.Len(t, plan.Steps, len(k.order))
		for i, step := range plan.Steps {
			require.Equal(t, k.order[i], step.ID)
			k.holds(t, in, plan, step)
		}
		carriedThrough(t, in, plan)
	})
}

func (k *thicket) holds(t *rapid.T, in policy.RouteInput, plan approval.Plan, step approval.Step) {
	own := k.steps[step.ID]
	need, _ := k.needs(own, in.Content.Total.Minor)
	require.Equal(t, need, step.Need, step.ID)
	var at []string
	for _, b := range step.Branches {
		at = append(at, fmt.Sprintf("%s/%d", b.Fork, b.N))
	}
	require.Equal(t, own.in, at)
	if need != approval.NeedsPeople {
		require.Empty(t, step.Approvers)
		return
	}
	_, err := policy.Staff(in, step.ID)
	require.NoError(t, err)
	in.Asked = map[string][]string{}
	for _, e := range plan.Steps[:slices.Index(k.order, step.ID)] {
		for _, a := range e.Approvers {
			in.Asked[e.ID] = append(in.Asked[e.ID], a.Person)
		}
	}
	found, err := policy.Staff(in, step.ID)
	require.NoError(t, err)
	require.NotEmpty(t, found, "nobody when it is reached")
	switch {
	case own.chooser != "" && step.Late != nil:
		require.Equal(t, own.chooser, step.Late.Chooser)
		require.NotEmpty(t, step.Late.Among)
		choices := step
		for _, person := range step.Late.Among {
			choices.Approvers = append(choices.Approvers, approval.Approver{Person: person})
		}
		mayBeAsked(t, in.Org, in.Content, choices)
	case own.chooser != "":
		require.Equal(t, approval.AdminQueue, step.Approvers[0].Person)
	default:
		require.Equal(t, own.late, step.Late != nil)
		mayBeAsked(t, in.Org, in.Content, step)
		require.Equal(t, step.Approvers, found, "the same day, the same people")
		if i := slices.IndexFunc(plan.Steps, func(e approval.Step) bool { return e.ID == own.distinct }); i >= 0 {
			for _, x := range step.Approvers {
				for _, y := range plan.Steps[i].Approvers {
					require.False(t, x.Person != approval.AdminQueue && sameHuman(in.Org, x.Person, y.Person), "%s may decide both", x.Person)
				}
			}
		}
	}
}
