package invariants

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	policyName = "system:policy"
	howPolicy  = "policy"
	policyKind = "document.copied_by_policy"

	leaving = 10 * time.Second // a transition may take so long: who leaves meanwhile is not copied in any more
)

// copying is whom a plan copies in, and when.
type copying struct {
	On     string     `json:"on"`
	People []approver `json:"people"`
}

func (c *copying) at(when string) []string {
	var people []string
	if c != nil && c.On == when {
		for _, a := range c.People {
			people = append(people, a.Person)
		}
	}
	return people
}

// given is one person's copy as the record tells it.
type given struct {
	person, batch string
	by            string
	from, until   time.Time
}

// copiesDue lists whom the plan in force names at an event of its document.
func (d *document) copiesDue(at event) []string {
	var now *plan
	for _, e := range d.events {
		if e.Kind == "plan.made" && e.Seq <= at.Seq {
			now = e.facts.Plan
		}
	}
	if now == nil {
		return nil
	}
	when := map[string]string{
		"plan.made": "opened", "document.approved": "passed", "document.rejected": "closed", "document.closed": "closed",
	}[at.Kind]
	if when != "" {
		return now.CC.at(when)
	}
	for _, s := range now.Steps {
		if s.ID == at.facts.Step && (at.Kind == "step.opened" || at.Kind == "step.passed") {
			return s.CC.at(strings.TrimPrefix(at.Kind, "step."))
		}
	}
	return nil
}

// checkPolicyBatch holds what was copied in in the policy's name to the plan: whom it
// names, at the event that the batch names, and with one notice each.
func (c *checker) checkPolicyBatch(d *document, e event, said toldCopy) {
	c.hold("I5", e.Stream, said.How == howPolicy, "a policy copied in by the way of people: %s", said.How)
	seq := d.batchSeq(said.Batch)
	i := slices.IndexFunc(d.events, func(of event) bool { return of.Seq == seq })
	if !c.hold("I5", e.Stream, i >= 0, "a policy copied in at no event: %s", said.Batch) {
		return
	}
	due := d.copiesDue(d.events[i])
	for _, person := range said.People {
		c.hold("I5", e.Stream, slices.Contains(due, person), "the policy let %s read, whom the plan does not name at %d", person, seq)
		told := 0
		for _, n := range d.notices {
			if n.Kind == policyKind && n.Person == person && n.ID == "copy."+said.Batch+"."+person {
				told++
			}
		}
		c.hold("I15", e.Stream, told == 1, "%s was copied in by the policy and told %d times", person, told)
	}
}

// batchSeq is the event that a policy's batch names, 0 for none.
func (d *document) batchSeq(batch string) int64 {
	number, ours := strings.CutPrefix(batch, d.ID+":")
	seq, err := strconv.ParseInt(number, 10, 64)
	if !ours || err != nil {
		return 0
	}
	return seq
}

// checkPlannedCopies holds that whom the plan names was copied in when their moment
// came, unless they held a copy, had one of the policy before, or had left.
func (c *checker) checkPlannedCopies(d *document, copies []given) {
	for _, e := range d.events {
		for _, person := range d.copiesDue(e) {
			has := slices.ContainsFunc(copies, func(g given) bool {
				if g.person != person {
					return false
				}
				if g.by == policyName {
					return d.batchSeq(g.batch) <= e.Seq
				}
				return !g.from.After(e.At) && (g.until.IsZero() || g.until.After(e.At))
			})
			c.hold("I13", d.ID, has || c.gone(person, e.At), "the plan copies %s in at %d, and nobody did", person, e.Seq)
		}
	}
}

// gone says whether somebody had left at an instant, or was just leaving.
func (c *checker) gone(person string, at time.Time) bool {
	for _, instant := range []time.Time{at, at.Add(leaving)} {
		if o := c.org.at(instant); o == nil || !o.active[person] {
			return true
		}
	}
	return false
}
