package invariants

import (
	"reflect"
	"slices"
	"strconv"
)

// kept is a decision of an earlier round that stands in a later one.
type kept struct {
	Task        string `json:"task"`
	Round       int    `json:"round"`
	Revision    int    `json:"revision"`
	ContentHash string `json:"content_hash"`
}

func (f *folded) keeps(round int, task string) bool {
	return slices.ContainsFunc(f.kept[round], func(k kept) bool { return k.Task == task })
}

// foldKept holds that a decision stands in a new round only where the round before was
// returned to go straight back, where it counted until then, and where it is told which
// content its decider saw.
func (c *checker) foldKept(f *folded, e event) {
	subject := e.Stream + "#" + strconv.FormatInt(e.Seq, 10)
	for _, k := range e.facts.Tasks {
		t := f.tasks[k.Task]
		if !c.hold("I7", subject, t != nil, "%s stands, and was never asked", k.Task) {
			continue
		}
		c.hold("I7", subject, t.Step == e.facts.Step && t.Round == k.Round && k.Round < e.Round && !t.past,
			"%s of %s in round %d stands in %s of round %d", k.Task, t.Step, t.Round, e.facts.Step, e.Round)
		i := slices.IndexFunc(f.decisions, func(s decision) bool { return s.task.ID == k.Task })
		if c.hold("I7", subject, i >= 0, "%s stands, and nobody decided it", k.Task) {
			saw := f.decisions[i].event
			c.hold("I8", subject, saw.ContentHash == k.ContentHash && saw.Revision == k.Revision,
				"%s saw revision %d, %s, and not revision %d, %s", k.Task, saw.Revision, saw.ContentHash, k.Revision, k.ContentHash)
		}
		f.kept[e.Round] = append(f.kept[e.Round], k)
	}
	c.keepSpared(f, e, subject)
	if len(e.facts.Approvers) > 0 && c.hold("I7", subject, f.plan != nil, "a step is kept without a plan") {
		late := slices.ContainsFunc(f.plan.Steps, func(s step) bool { return s.ID == e.facts.Step && s.Late != nil })
		c.hold("I7", subject, late, "step %s keeps its approvers, and its plan names them", e.facts.Step)
		f.staff(e.facts.Step, e.facts.Approvers)
	}
	c.hold("I7", subject, f.returnedStraight, "step %s is over by earlier decisions, and nobody let it go straight back", e.facts.Step)
	f.leave(e.facts.Step)
}

// checkKept holds that a decision stands in a new round on a content that differs in
// nothing that matters from what its decider saw, and that no more is paid than they saw.
func (c *checker) checkKept(d *document) {
	for round, stand := range d.fold.kept {
		i := slices.IndexFunc(d.events, func(e event) bool { return e.Kind == "document.resubmitted" && e.Round == round })
		for _, k := range stand {
			if !c.hold("I8", d.ID, i >= 0, "%s stands in round %d, which nobody began", k.Task, round) {
				continue
			}
			saw, now := d.revisions[k.Revision], d.revisions[d.events[i].Revision]
			before, after := read[priced](saw.Text), read[priced](now.Text)
			c.hold("I8", d.ID, reflect.DeepEqual(inWhatMatters(saw.Text), inWhatMatters(now.Text)),
				"%s stands, and revision %d differs in what matters from revision %d", k.Task, now.N, saw.N)
			c.hold("I8", d.ID, after.Total.Minor <= before.Total.Minor && after.BaseTotal.Minor <= before.BaseTotal.Minor,
				"%s stands, and revision %d asks for more than revision %d", k.Task, now.N, saw.N)
		}
	}
}

// inWhatMatters is a content without what may change beneath a decision that stands:
// words, urgency, the names of files, and the sums, which are compared by themselves.
func inWhatMatters(text string) map[string]any {
	content := loose(text)
	for _, free := range []string{"title", "reason", "urgency", "total", "base_total", "claimed"} {
		delete(content, free)
	}
	if rate, ok := content["rate"].(map[string]any); ok {
		content["rate"] = []any{rate["value"], rate["base"]}
	}
	content["attachments"] = bytesOf(content)
	for _, line := range listOf(content["lines"]) {
		delete(line, "claimed")
		delete(line, "standard")
		line["attachments"] = bytesOf(line)
	}
	return content
}

func bytesOf(holder map[string]any) []any {
	var hashes []any
	for _, file := range listOf(holder["attachments"]) {
		hashes = append(hashes, file["sha256"], file["size"])
	}
	return hashes
}
