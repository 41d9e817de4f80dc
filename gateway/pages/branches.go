package pages

import (
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/i18n"
)

// stopBranch is one of the branches that are asked at the same time.
type stopBranch struct {
	Title, Stands string

	Stops []stop
}

// stopsOf tells the steps of one branch, or of the trunk: those that stand deeper
// are the branches of a stop of their own.
func (v *visit) stopsOf(plan *approval.Plan, steps []approval.Step, depth int, s approval.State) []stop {
	stops := make([]stop, 0, len(steps)+1)
	for len(steps) > 0 {
		n := 1
		if len(steps[0].Branches) <= depth {
			stops = append(stops, v.stopOf(plan, steps[0], s))
		} else {
			n = within(steps, func(b approval.Branch) string { return b.Fork }, depth)
			stops = append(stops, v.forkOf(plan, steps[:n], depth, s))
		}
		steps = steps[n:]
	}
	return stops
}

// within counts the steps that share a branch, or a fork, with the first.
func within(steps []approval.Step, key func(approval.Branch) string, depth int) int {
	other := slices.IndexFunc(steps, func(step approval.Step) bool {
		return len(step.Branches) <= depth || key(step.Branches[depth]) != key(steps[0].Branches[depth])
	})
	if other < 0 {
		return len(steps)
	}
	return other
}

// forkOf tells all branches of a fork.
func (v *visit) forkOf(plan *approval.Plan, steps []approval.Step, depth int, s approval.State) stop {
	fork := stop{Title: v.t("page.route.parallel")}
	var stands []string
	for len(steps) > 0 {
		at := steps[0].Branches[depth]
		n := within(steps, func(b approval.Branch) string { return strconv.Itoa(b.N) }, depth)
		branch := stopBranch{Title: i18n.Pick(at.Title, v.locale), Stops: v.stopsOf(plan, steps[:n], depth+1, s)}
		if branch.Title == "" {
			branch.Title = v.t("page.route.branch", "n", strconv.Itoa(at.N+1))
		}
		var inside []string
		for _, one := range branch.Stops {
			inside = append(inside, one.Stands)
		}
		branch.Stands = together(inside)
		fork.Branches, stands = append(fork.Branches, branch), append(stands, branch.Stands)
		steps = steps[n:]
	}
	fork.Stands = together(stands)
	return fork
}

// together says where several stops stand as one.
func together(stands []string) string {
	has := func(any ...string) bool {
		return slices.ContainsFunc(stands, func(s string) bool { return slices.Contains(any, s) })
	}
	passed, coming := has(standsDone, standsAuto), has(standsNext)
	switch {
	case has(standsStopped):
		return standsStopped
	case has(standsNow), coming && passed:
		return standsNow
	case coming:
		return standsNext
	case has(standsNever):
		return standsNever
	case has(standsDone):
		return standsDone
	case passed:
		return standsAuto
	case has(standsJumped):
		return standsJumped
	}
	return standsSkipped
}

// stopOf tells one step.
func (v *visit) stopOf(plan *approval.Plan, step approval.Step, s approval.State) stop {
	one := stop{
		Step: step.ID, Title: i18n.Pick(step.Title, v.locale), Stands: standsAt(step, s), Reason: v.reason(plan, step),
		Mode: v.mode(step), Within: v.within(step), People: v.askedAt(step, s),
	}
	if one.Stands != standsNever {
		one.Copied = v.copiedAt(step.CC, "step")
	}
	if step.Late == nil || one.Stands != standsNext {
		return one
	}
	one.Note = v.t("page.route.anew")
	for _, chooser := range plan.Steps {
		if chooser.ID == step.Late.Chooser {
			one.Note = v.t("page.route.chosen", "step", i18n.Pick(chooser.Title, v.locale))
		}
	}
	return one
}
