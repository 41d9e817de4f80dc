package invariants

import (
	"slices"
	"strconv"
	"strings"
)

// nameOf is the act that a kind of event stands for.
var nameOf = map[string]string{"task.approved": "approve", "task.rejected": "reject", "task.returned": "return"}

// checkDecisions holds who decided: I5, I6 and I7.
func (c *checker) checkDecisions(d *document) {
	type place struct {
		round       int
		step, human string
	}
	decided := map[place]string{}
	for _, s := range d.fold.decisions {
		if s.event.Kind == "task.expired" {
			c.checkExpiry(s)
			continue
		}
		c.checkEntitled(d, s)
		c.checkDisinterested(d, s)
		who := c.org.planned(s.plan).humanOf(s.event.Actor)
		at := place{s.event.Round, s.task.Step, who}
		other := decided[at]
		c.hold("I7", s.task.ID, other == "", "%s, who is %s, decided %s of the same step as well", s.event.Actor, who, other)
		decided[at] = s.task.ID
	}
	c.checkActors(d)
}

// planned is the organisation that a plan was made on; nil where none is stored.
func (o *organisation) planned(p *plan) *people {
	if p == nil {
		return nil
	}
	return o.version(p.OrgVersion)
}

// checkExpiry holds that the clock decides in its own name, and not too early.
func (c *checker) checkExpiry(s decision) {
	c.hold("I5", s.task.ID, s.event.Actor == deadlineName, "it expired by %s", s.event.Actor)
	c.hold("I5", s.task.ID, !s.task.DueAt.IsZero() && !s.event.At.Before(s.task.DueAt),
		"it expired at %s, before its deadline %s", stamp(s.event.At), stamp(s.task.DueAt))
}

// checkEntitled holds that a decision is the signed act of who was asked, and
// was received before it was recorded.
func (c *checker) checkEntitled(d *document, s decision) {
	e, id := s.event, s.task.ID
	c.hold("I5", id, human(e.Actor), "%s by %s, who is no person", e.Kind, e.Actor)
	c.hold("I5", id, s.task.Assignee == e.Actor && e.OnBehalfOf == "" || s.task.Assignee == e.OnBehalfOf,
		"%s decided it on behalf of %q, and it is %s's", e.Actor, e.OnBehalfOf, s.task.Assignee)
	a, found := d.acts[e.Cause]
	if !c.hold("I5", id, found, "%s has no act %s in the inbox", e.Kind, e.Cause) {
		return
	}
	said := a.said
	c.hold("I5", id, !a.ReceivedAt.After(e.At), "act %s was received at %s, after it was recorded",
		a.ID, stamp(a.ReceivedAt))
	c.hold("I5", id, said.Actor == e.Actor && said.OnBehalfOf == e.OnBehalfOf &&
		said.Task == id && said.Name == nameOf[e.Kind],
		"act %s says %s by %s for %q on %s, which is not %s", a.ID, said.Name, said.Actor, said.OnBehalfOf, said.Task, e.Kind)
	c.hold("I5", id, said.Round == s.task.Round && s.task.Round == e.Round, "act %s was meant for round %d, not %d",
		a.ID, said.Round, s.task.Round)
	c.hold("I8", id, said.ContentHash == e.ContentHash, "act %s saw the content %s, and %s was decided",
		a.ID, said.ContentHash, e.ContentHash)
	c.checkDelegated(d, s, a)
	if org := c.org.at(a.ReceivedAt); org != nil {
		c.hold("I5", id, org.active[e.Actor], "%s was not active in version %d of the organisation", e.Actor, org.version)
		role := grantedRole(s.task.way())
		c.hold("I5", id, role == "" || !human(s.task.Assignee) || org.holds(s.task.Assignee, role, d.Entity),
			"%s did not hold the role %s that gave the task", s.task.Assignee, role)
		c.hold("I5", id, s.task.Assignee != adminQueue || org.holds(e.Actor, adminRole, d.Entity),
			"%s did not hold the role %s", e.Actor, adminRole)
	}
}

// checkDisinterested holds that nobody decides who entered the document, whom it
// is for or who is paid, under any of their accounts.
func (c *checker) checkDisinterested(d *document, s decision) {
	org := c.org.planned(s.plan)
	if s.plan != nil && len(c.org.versions) > 0 {
		c.hold("I6", d.ID, org != nil, "its plan names version %d of the organisation, which is not stored",
			s.plan.OrgVersion)
	}
	for _, interested := range interestedIn(d, s) {
		for _, person := range []string{s.event.Actor, s.event.OnBehalfOf} {
			if human(person) {
				c.hold("I6", s.task.ID, org.humanOf(person) != org.humanOf(interested),
					"%s decided it and is %s, who is interested", person, interested)
			}
		}
	}
}

func interestedIn(d *document, s decision) []string {
	shown := d.revisions[s.event.Revision].content
	people := []string{d.events[0].facts.Submitter, d.events[0].facts.Requester, shown.Submitter, shown.Requester}
	if shown.Payee.Kind == "employee" {
		people = append(people, shown.Payee.ID)
	}
	if s.plan != nil {
		people = append(people, s.plan.Interested...)
	}
	slices.Sort(people)
	return slices.DeleteFunc(slices.Compact(people), func(p string) bool { return p == "" })
}

// checkActors holds that whatever a person did beside decisions is a signed act
// too, and that all acts that took effect are signed.
func (c *checker) checkActors(d *document) {
	for _, e := range d.events[1:] {
		a, found := d.acts[e.Cause]
		subject := d.ID + "#" + strconv.FormatInt(e.Seq, 10)
		if human(e.Actor) {
			c.hold("I5", subject, found && a.said.Actor == e.Actor, "%s by %s has no act of theirs", e.Kind, e.Actor)
		}
	}
	for _, a := range d.inbox {
		if a.Outcome == nil || a.Outcome.Code != outcomeOK {
			continue
		}
		c.hold("I5", a.ID, signed(c.keys, a.KeyID, a.Canonical, a.Signature), "its signature does not hold")
		c.hold("I5", a.ID, isCanonical(a.Canonical), "what was signed is not canonical")
		c.hold("I5", a.ID, a.said.ID == a.ID && a.said.Document == a.Document && a.said.Name == a.Name &&
			a.said.Task == a.Task && a.said.Actor == a.Actor, "its row and what was signed differ")
	}
}

// checkSteps holds that whatever was approved had, for every step that needs
// people, the yeses that its mode asks for.
func (c *checker) checkSteps(d *document) {
	for _, a := range d.fold.approvals {
		if !c.hold("I7", d.ID, a.plan != nil, "it was approved without a plan") {
			continue
		}
		for _, s := range a.plan.Steps {
			if s.Need == "people" && !slices.Contains(a.jumped, s.ID) {
				yes := d.fold.yeses(a.event.Round, s)
				c.hold("I7", d.ID, s.enough(yes), "step %s was passed with %d of %d (%s)", s.ID, len(yes), s.places(), s.Mode)
			}
		}
	}
}

// yeses are the places of a step that agreed, added signers included.
func (f *folded) yeses(round int, s step) map[int]bool {
	places := map[int]bool{}
	for _, t := range f.tasks {
		agreed := t.State == "approved" || t.State == "expired" && t.endReason == "approve"
		if (t.Round == round || f.keeps(round, t.ID)) && t.Step == s.ID && agreed && !t.past && t.For == "" {
			places[t.Slot] = true
		}
	}
	for _, one := range f.spared {
		if one.Step == s.ID && one.Round == round {
			places[one.Slot] = true
		}
	}
	return places
}

// ledTo lists the contents that an approval stands for: the approved one, and those
// of its round that recorded sanctions and amendments lead from to it. What each of
// these changed is held by checkPatches: nothing is approved that was not claimed.
func (d *document) ledTo(approval event) []string {
	led := []string{approval.ContentHash}
	for i := len(d.fold.patches) - 1; i >= 0; i-- {
		p := d.fold.patches[i]
		if p.event.Round == approval.Round && p.event.ContentHash == led[len(led)-1] {
			led = append(led, p.seen)
		}
	}
	return led
}

// checkContent holds that the decisions of the approved round saw what was
// approved, or more of the same, and that every text is what its hash says.
func (c *checker) checkContent(d *document) {
	for _, r := range d.revisions {
		subject := d.ID + " revision " + strconv.Itoa(r.N)
		c.hold("I8", subject, hashText(r.Text) == r.Hash, "its text has the hash %s, not %s", hashText(r.Text), r.Hash)
		c.hold("I8", subject, isCanonical(r.Text), "its text is not canonical")
	}
	for _, e := range d.events {
		subject := d.ID + "#" + strconv.FormatInt(e.Seq, 10)
		r := d.revisions[e.Revision]
		c.hold("I8", subject, r.Hash == e.ContentHash, "%s refers to the content %s, and revision %d is %s",
			e.Kind, e.ContentHash, e.Revision, r.Hash)
		if strings.HasPrefix(e.Kind, "document.") {
			c.hold("I8", subject, !r.SubmittedAt.IsZero(), "revision %d was never submitted", e.Revision)
		}
	}
	for _, a := range d.fold.approvals {
		led := d.ledTo(a.event)
		for _, s := range d.fold.decisions {
			if s.event.Round == a.event.Round {
				c.hold("I8", s.task.ID, slices.Contains(led, s.event.ContentHash),
					"%s saw %s, and %s was approved", s.event.Actor, s.event.ContentHash, a.event.ContentHash)
			}
		}
	}
}
