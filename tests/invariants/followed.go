package invariants

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// checkWorld holds what documents made of a world that changed: I5, I6, I7 and I13.
func (c *checker) checkWorld(d *document) {
	stopper := ""
	for i, e := range d.events {
		switch {
		case e.Kind == "clock.stopped":
			stopper = e.Actor
		case e.Kind == "clock.resumed" && e.Actor == directoryName:
			c.checkGone(e, d.ID+"#"+strconv.FormatInt(e.Seq, 10), stopper)
			c.hold("I13", d.ID, strings.HasPrefix(e.Cause, "directory:clock:"), "its clock went on by the cause %s", e.Cause)
		case e.Kind == "task.handed_over":
			c.checkHandedOver(d, i)
		case e.Kind == "task.rescheduled" && e.facts.Moved != nil && e.facts.Moved.Recounted:
			c.checkRecounted(d, e)
		}
	}
}

// checkGone holds that somebody did not work here any more when what was theirs went
// to others.
func (c *checker) checkGone(e event, subject, person string) {
	if org := c.org.at(e.At); org != nil {
		c.hold("I5", subject, !org.active[person], "%s took it from %s, who was active in version %d of the organisation",
			e.Actor, person, org.version)
	}
}

// checkHandedOver holds that a task went from somebody who left, after everything
// that was acknowledged before, to somebody who may have it and in the same place.
func (c *checker) checkHandedOver(d *document, i int) {
	e := d.events[i]
	t := d.fold.tasks[e.facts.Task]
	if t == nil {
		return // said by the fold
	}
	c.hold("I5", t.ID, e.Actor == directoryName && e.Cause == "directory:"+t.ID, "it was handed over by %s for %s",
		e.Actor, e.Cause)
	c.hold("I5", t.ID, e.facts.Assignee == t.Assignee, "it was handed over from %s, and is %s's", e.facts.Assignee, t.Assignee)
	if e.facts.Lost == "" {
		c.checkGone(e, t.ID, t.Assignee)
	} else {
		c.checkRoleLost(d, e, t)
	}
	for _, a := range d.inbox {
		c.hold("I5", t.ID, !a.ReceivedAt.Before(e.At) || a.Outcome != nil && !a.OutcomeAt.After(e.At),
			"it was handed over at %s, although act %s was received at %s and not answered", stamp(e.At), a.ID, stamp(a.ReceivedAt))
	}
	if len(e.facts.To) == 0 {
		c.hold("I2", t.ID, t.For != "" || d.othersIn(t, i) || e.facts.Lost != "" && d.askedBeside(t, e.At),
			"it was handed over to nobody, and nobody else has its place")
		return
	}
	next := d.fold.tasks[e.facts.Next]
	if !c.hold("I13", t.ID, next != nil && len(e.facts.To) == 1, "it went to %v as %q, which was never opened",
		e.facts.To, e.facts.Next) {
		return
	}
	c.hold("I13", next.ID, next.Assignee == e.facts.To[0] && next.Slot == t.Slot && next.Step == t.Step &&
		next.OpenedAt.Equal(e.At), "it does not take the place of %s", t.ID)
	c.checkHeir(d, e, t, next)
}

// checkRoleLost holds that a task left somebody because they did not hold any more the role
// that had given it to them. Posts are not looked at here.
func (c *checker) checkRoleLost(d *document, e event, t *task) {
	c.hold("I5", t.ID, t.way() == e.facts.Lost, "it was taken because %s ended, and was given by %s", e.facts.Lost, t.way())
	if role := grantedRole(t.way()); role != "" {
		c.hold("I5", t.ID, !c.holdsAt(e.At, t.Assignee, role, d.Entity), "%s held the role %s all the same", t.Assignee, role)
	}
}

// way is how its assignee was found.
func (t *task) way() string {
	if t.GivenBy != "" {
		return t.GivenBy
	}
	return t.Via
}

// grantedRole is the role of a way that finds people by one they hold for the legal
// entity; "" for any other way.
func grantedRole(way string) string {
	words := strings.Split(way, ":")
	if n := len(words); n > 1 && (words[n-2] == "role" || words[n-2] == "timeout") {
		return words[n-1]
	}
	return ""
}

// askedBeside says whether another human of the same step was asked at an instant.
func (d *document) askedBeside(t *task, at time.Time) bool {
	for _, o := range d.fold.tasks {
		if o.ID != t.ID && o.Step == t.Step && o.Round == t.Round && o.For == "" && human(o.Assignee) && !o.OpenedAt.After(at) {
			return true
		}
	}
	return false
}

// othersIn says whether another task of the same place was open by then.
func (d *document) othersIn(t *task, i int) bool {
	return slices.ContainsFunc(d.events[:i], func(e event) bool {
		return e.Kind == "task.opened" && e.facts.Task != t.ID && e.facts.Step == t.Step && e.facts.Slot == t.Slot &&
			e.Round == t.Round && e.facts.For == ""
	})
}

// checkHeir holds that who takes over works here, has no interest, and has no other
// part in the step, under any of their accounts.
func (c *checker) checkHeir(d *document, e event, t, next *task) {
	heir := next.Assignee
	if heir == adminQueue {
		return
	}
	org := c.org.at(e.At)
	if org != nil {
		c.hold("I5", next.ID, org.active[heir], "%s takes over and is not active in version %d", heir, org.version)
	}
	for _, interested := range interestedIn(d, decision{event: e, plan: d.fold.plan}) {
		c.hold("I6", next.ID, org.humanOf(heir) != org.humanOf(interested), "%s takes over and is %s, who is interested",
			heir, interested)
	}
	for _, other := range d.fold.tasks {
		part := other.Step == t.Step && other.Round == t.Round && !other.past && other.For == "" && other.OpenedSeq < next.OpenedSeq
		c.hold("I7", next.ID, !part || org.humanOf(other.Assignee) != org.humanOf(heir),
			"%s takes over and has %s of the same step", heir, other.ID)
	}
}

// checkRecounted holds that a deadline moved by a calendar moves once for a version,
// and never into the past.
func (c *checker) checkRecounted(d *document, e event) {
	id := e.facts.Task
	c.hold("I13", id, e.Actor == calendarName, "it was counted anew by %s", e.Actor)
	version := strconv.Itoa(e.facts.Version)
	c.hold("I13", id, strings.HasPrefix(e.Cause, "calendar:") && strings.HasSuffix(e.Cause, ":"+version+":"+id),
		"it was counted anew by version %s for %s", version, e.Cause)
	earlier := e.facts.DueAt.Before(e.facts.Moved.Was)
	c.hold("I5", id, !earlier || e.facts.DueAt.After(e.At), "its deadline moved to %s, which was over at %s",
		stamp(e.facts.DueAt), stamp(e.At))
}
