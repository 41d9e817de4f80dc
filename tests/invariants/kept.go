package invariants

import (
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
	c.hold("I7", subject, f.returnedStraight, "step %s is over by earlier decisions, and nobody let it go straight back", e.facts.Step)
	f.leave(e.facts.Step)
}
