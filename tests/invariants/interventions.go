package invariants

import (
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

const voided = "voided"

// interventions are the kinds of event that only an administrator's intervention
// leaves, each with its ruling.
var interventions = map[string]string{
	"task.reassigned": "reassign", "step.jumped": "jump", "plan.discarded": "replan", "clock.released": "release",
	"document.voided": "void",
}

// proposed is an intervention that needs a second person, as its row has it.
type proposed struct {
	ID, Payload, Maker, State, Checker string
	Created, Expires, Decided          time.Time
}

func (l *loader) proposalRows() error {
	const query = `
		SELECT id, subject, payload, maker, state, checker, created_at, expires_at, decided_at
		FROM proposals WHERE kind = 'intervention' ORDER BY id`
	return l.each(query, func(r *sql.Rows) error {
		var p proposed
		var document string
		var decided sql.NullTime
		err := r.Scan(&p.ID, &document, &p.Payload, &p.Maker, &p.State, &p.Checker, &p.Created, &p.Expires, &decided)
		p.Decided = decided.Time
		if d, found := l.documents[document]; found {
			d.proposed = append(d.proposed, p)
		}
		return err
	})
}

// jump passes steps over: what was decided in them counts no more.
func (f *folded) jump(over []string) {
	f.jumped = append(f.jumped, over...)
	f.leave(over...)
	var past []string
	for id, t := range f.tasks {
		if t.Round == f.round && slices.Contains(over, t.Step) {
			past = append(past, id)
		}
	}
	f.forget(past)
}

// checkInterventions holds that whoever stepped in was an administrator without an
// interest, that there were two of them where it is about money, and that neither
// decided what they arranged: I5, I6, I7.
func (c *checker) checkInterventions(d *document) {
	meddled := map[int]map[string]bool{} // humans who changed whom a round asks
	var p *plan
	for _, e := range d.events {
		switch {
		case e.Kind == "plan.made":
			p = e.facts.Plan
		case e.Kind == "task.approved" && human(e.Actor):
			who := c.org.planned(p).humanOf(e.Actor)
			c.hold("I7", e.facts.Task, !meddled[e.Round][who], "%s changed whom round %d asks, and approved it", e.Actor, e.Round)
		case interventions[e.Kind] != "":
			c.checkIntervention(d, e, p)
			if e.Kind == "task.reassigned" || e.Kind == "step.jumped" {
				if meddled[e.Round] == nil {
					meddled[e.Round] = map[string]bool{}
				}
				for _, person := range []string{e.Actor, e.facts.Maker} {
					if human(person) {
						meddled[e.Round][c.org.planned(p).humanOf(person)] = true
					}
				}
			}
		}
	}
	for _, a := range d.fold.approvals {
		c.checkHumans(d, a, meddled[a.event.Round])
	}
	c.checkProposed(d)
}

// checkIntervention holds one of them.
func (c *checker) checkIntervention(d *document, e event, p *plan) {
	subject := d.ID + "#" + strconv.FormatInt(e.Seq, 10)
	a, found := d.acts[e.Cause]
	c.hold("I5", subject, found && a.said.Name == "intervene" && a.said.Ruling == interventions[e.Kind] &&
		a.said.Actor == e.Actor && a.said.Maker == e.facts.Maker, "%s by %s is not what act %s says", e.Kind, e.Actor, e.Cause)
	shown := d.revisions[e.Revision].content
	books := p != nil && slices.ContainsFunc(p.Then, func(what string) bool { return what != "archive" })
	money := shown.Total.Minor != 0 || shown.BaseTotal.Minor != 0 || books
	c.hold("I7", subject, e.facts.Maker != "" || !money, "%s by %s alone, and it is about money", e.Kind, e.Actor)
	org := c.org.at(a.ReceivedAt)
	for _, person := range bothOf(e.Actor, e.facts.Maker) {
		if org != nil {
			c.hold("I5", subject, org.active[person] && org.holds(person, adminRole, d.Entity), "%s is no administrator", person)
		}
		for _, interested := range interestedIn(d, decision{event: e, plan: p}) {
			c.hold("I6", subject, org.humanOf(person) != org.humanOf(interested), "%s intervened and is %s, who is interested",
				person, interested)
		}
		if e.Kind == "task.reassigned" && len(e.facts.To) == 1 {
			c.hold("I7", subject, org.humanOf(person) != org.humanOf(e.facts.To[0]), "%s gave themselves a task", person)
		}
	}
	c.hold("I7", subject, e.facts.Maker == "" || org.humanOf(e.facts.Maker) != org.humanOf(e.Actor),
		"%s and %s are one human", e.facts.Maker, e.Actor)
	if e.facts.Maker != "" {
		c.checkSecond(d, e, a)
	}
	c.checkJump(subject, e, p)
}

func bothOf(people ...string) []string {
	return slices.DeleteFunc(slices.Clone(people), func(p string) bool { return p == "" })
}

// checkSecond holds that another person approved just this act, in time: I7.
func (c *checker) checkSecond(d *document, e event, a act) {
	i := slices.IndexFunc(d.proposed, func(p proposed) bool { return p.ID == e.Cause })
	if !c.hold("I7", e.Cause, i >= 0, "%s was proposed by %s, and there is no proposal", e.Kind, e.facts.Maker) {
		return
	}
	p := d.proposed[i]
	c.hold("I7", p.ID, p.State == "approved" && p.Checker == e.Actor && p.Maker == e.facts.Maker,
		"it is %s by %s of %s, and %s took effect by %s of %s", p.State, p.Checker, p.Maker, e.Kind, e.Actor, e.facts.Maker)
	c.hold("I7", p.ID, p.Decided.Before(p.Expires) && !e.At.Before(p.Decided), "it was approved at %s, expired at %s and took effect at %s",
		stamp(p.Decided), stamp(p.Expires), stamp(e.At))
	c.hold("I7", p.ID, sameAct(p.Payload, a.Canonical), "what was approved is not what was done")
}

// sameAct says whether an act is what was proposed, but for who did it and how.
func sameAct(payload, canonical string) bool {
	said, meant := read[map[string]json.RawMessage](canonical), read[map[string]json.RawMessage](payload)
	for _, field := range []string{"id", "actor", "maker", "channel"} {
		delete(said, field)
	}
	return maps.EqualFunc(said, meant, func(a, b json.RawMessage) bool { return string(a) == string(b) })
}

// checkJump holds that no jump leaves out one of two steps that need different
// humans: I7.
func (c *checker) checkJump(subject string, e event, p *plan) {
	if e.Kind != "step.jumped" || !c.hold("I7", subject, p != nil, "a jump without a plan") {
		return
	}
	for _, s := range p.Steps {
		for _, other := range s.DistinctFrom {
			c.hold("I7", subject, !slices.Contains(e.facts.Over, s.ID) && !slices.Contains(e.facts.Over, other),
				"%s and %s need different humans, and one of them was passed over", s.ID, other)
		}
	}
}

// checkHumans holds that as many humans agreed as the plan asks for, none of them
// one who changed whom it asks: I7.
func (c *checker) checkHumans(d *document, a approved, meddled map[string]bool) {
	if a.plan == nil {
		return
	}
	agreed := map[string]bool{}
	for _, t := range d.fold.tasks {
		who := c.org.planned(a.plan).humanOf(t.DecidedBy)
		if (t.Round == a.event.Round || d.fold.keeps(a.event.Round, t.ID)) && t.State == "approved" && !t.past && human(t.DecidedBy) && !meddled[who] {
			agreed[who] = true
		}
	}
	for _, one := range d.fold.spared {
		if who := c.org.planned(a.plan).humanOf(one.Person); one.Round == a.event.Round && !meddled[who] {
			agreed[who] = true
		}
	}
	c.hold("I7", d.ID, len(agreed) >= a.plan.Humans, "%d humans agreed, and its plan asks for %d", len(agreed), a.plan.Humans)
	c.hold("I7", d.ID, len(meddled) == 0 || len(agreed) > 0, "nobody agreed but who changed whom it asks")
}

// checkProposed holds that what was approved was done, or refused on record: I7, I14.
func (c *checker) checkProposed(d *document) {
	for _, p := range d.proposed {
		a, found := d.acts[p.ID]
		c.hold("I7", p.ID, found == (p.State == "approved"), "it is %s, and its act is there: %t", p.State, found)
		if found && a.Outcome != nil && a.Outcome.Code == outcomeOK {
			done := slices.ContainsFunc(d.events, func(e event) bool { return e.Cause == p.ID && interventions[e.Kind] != "" })
			c.hold("I14", p.ID, done, "it was approved and answered ok, and nothing of it happened")
		}
	}
}
