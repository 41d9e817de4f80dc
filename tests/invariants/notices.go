package invariants

import (
	"slices"
	"strconv"
	"strings"
)

const withdrawn = "document.withdrawn"

// debt is one notice that an event owes to a person, or to a role.
type debt struct {
	kind, person, role, task string
	quiet                    bool // shown only, never sent
}

// owed lists what an event owes, by the table of domain/notice; deciders are
// those until then. Nobody is told of their own act.
func owed(e event, shown content, deciders []string) []debt {
	var debts []debt
	switch e.Kind {
	case "clock.stopped":
		debts = toldTo(e, shown.Submitter, shown.Requester)
	case "task.consulted", "task.advised":
		debts = toldTo(e, e.facts.To...)
	case "task.opened", "task.reminded", "task.overdue":
		if e.Kind == "task.opened" && e.facts.For != "" {
			break // they are told the question
		}
		debts = append(debts, debt{kind: e.Kind, person: e.facts.Assignee, task: e.facts.Task})
	case "task.approved", "task.rejected", "task.returned":
		if human(e.OnBehalfOf) {
			debts = append(debts, debt{kind: "task.decided_for", person: e.OnBehalfOf, task: e.facts.Task})
		}
	case "task.superseded":
		if e.facts.Assignee != adminQueue {
			debts = append(debts, superseded(e))
		}
	case "task.reassigned":
		debts = toldTo(e, e.facts.Assignee, shown.Submitter, shown.Requester)
	case "clock.released":
		stopper := read[struct {
			To string `json:"to"`
		}](e.Text).To
		debts = toldTo(e, stopper, shown.Submitter, shown.Requester)
	case "step.jumped", "plan.discarded":
		e.facts.Task = ""
		debts = toldTo(e, shown.Submitter, shown.Requester)
	case "document.voided":
		debts = toldTo(e, append([]string{shown.Submitter, shown.Requester}, deciders...)...)
	case "task.rescheduled":
		if m := e.facts.Moved; m != nil && m.Recounted && !e.facts.DueAt.Equal(m.Was) {
			quiet := e.facts.DueAt.After(m.Was)
			debts = append(debts, debt{kind: e.Kind, person: e.facts.Assignee, task: e.facts.Task, quiet: quiet})
		}
	case "task.handed_over", "clock.resumed":
		debts = followed(e, shown.Submitter, shown.Requester)
	case "task.escalated":
		debts = toldTo(e, e.facts.Assignee, shown.Submitter)
	case "document.returned", "document.rejected", "document.approved", "document.closed":
		for _, person := range each(shown.Submitter, shown.Requester) {
			// Closed with nothing to post, in the moment of the approval, is no news.
			quiet := e.Kind == "document.closed" && e.facts.Reason == "no_posting"
			debts = append(debts, debt{kind: e.Kind, person: person, quiet: quiet})
		}
	case sanctionedKind, amendedKind:
		debts = toldTo(e, shown.Submitter, shown.Requester)
		if human(e.OnBehalfOf) {
			debts = toldTo(e, shown.Submitter, shown.Requester, e.OnBehalfOf)
		}
	case withdrawn:
		for _, person := range deciders {
			debts = append(debts, debt{kind: e.Kind, person: person})
		}
	case "voucher.parked":
		debts = append(debts, debt{kind: e.Kind, role: clerkRole})
	case "plan.failed":
		debts = append(debts, debt{kind: e.Kind, role: adminRole})
	}
	debts = slices.DeleteFunc(debts, func(o debt) bool { return o.role == "" && (o.person == "" || o.person == e.Actor) })
	for i := range debts {
		if debts[i].person == adminQueue {
			debts[i].person, debts[i].role = "", adminRole
		}
	}
	return debts
}

// superseded is told quietly, but of a withdrawal aloud and as that.
func superseded(e event) debt {
	if e.facts.Reason == "withdraw" {
		return debt{kind: withdrawn, person: e.facts.Assignee, task: e.facts.Task}
	}
	quiet := e.facts.Reason != "intervene" // what an administrator took away is told aloud
	return debt{kind: e.Kind, person: e.facts.Assignee, task: e.facts.Task, quiet: quiet}
}

// followed is what is told of what became of a document because the world changed. That a
// role ended is told to whose task it was, and to who asked for it where somebody takes over.
func followed(e event, submitter, requester string) []debt {
	switch {
	case e.Actor != directoryName || e.facts.Lost == "" && e.Kind == "task.handed_over" && len(e.facts.To) == 0:
		return nil
	case e.facts.Lost == "":
		return toldTo(e, submitter, requester)
	}
	told := []string{e.facts.Assignee}
	if len(e.facts.To) > 0 {
		told = append(told, submitter, requester)
	}
	debts := toldTo(e, told...)
	for i := range debts {
		debts[i].kind = "task.role_ended"
	}
	return debts
}

// toldTo owes each of some people the same.
func toldTo(e event, people ...string) []debt {
	var debts []debt
	for i, person := range people {
		if person != "" && !slices.Contains(people[:i], person) {
			debts = append(debts, debt{kind: e.Kind, person: person, task: e.facts.Task})
		}
	}
	return debts
}

// each lists people once, without blanks.
func each(people ...string) []string {
	people = slices.DeleteFunc(people, func(p string) bool { return p == "" })
	if len(people) == 2 && people[0] == people[1] {
		return people[:1]
	}
	return people
}

// checkNotices holds that every notice owed exists, and at rest was sent or says
// why not: I15.
func (c *checker) checkNotices(d *document) {
	var deciders []string
	for _, e := range d.events {
		decides := patches(e.Kind) || e.Kind == "task.approved" || e.Kind == "task.rejected" || e.Kind == "task.returned"
		if decides && human(e.Actor) && !slices.Contains(deciders, e.Actor) {
			deciders = append(deciders, e.Actor)
		}
		for _, o := range owed(e, d.revisions[e.Revision].content, deciders) {
			subject := d.ID + "#" + strconv.FormatInt(e.Seq, 10)
			c.hold("I15", subject, d.told(e, o), "%s owes %s%s a notice, and there is none", o.kind, o.person, o.role)
		}
	}
	said := map[note]bool{}
	for _, n := range d.notices {
		c.hold("I15", n.ID, !c.in.Quiet || n.Quiet || n.Sent || n.Failure != "",
			"it was neither sent, nor does it say why not")
		of, found := d.eventOf(n)
		if !found {
			continue // not owed for an event: an urge
		}
		thing := note{ID: of.Cause, Kind: n.Kind, Person: n.Person, Role: n.Role, Task: n.Task}
		if n.Kind == withdrawn {
			thing.Task = ""
		}
		c.hold("I15", n.ID, !said[thing], "%s%s is told %s a second time", n.Person, n.Role, n.Kind)
		said[thing] = true
	}
}

// told says whether a debt was enqueued in the transition of its event. Of a
// withdrawal everybody is told once, whatever made them one of those to be told.
func (d *document) told(e event, o debt) bool {
	return slices.ContainsFunc(d.notices, func(n note) bool {
		if n.Kind != o.kind || n.Person != o.person && o.role == "" || n.Role != o.role || n.Quiet != o.quiet {
			return false
		}
		of, found := d.eventOf(n)
		return found && of.Cause == e.Cause && (n.Task == o.task || o.kind == withdrawn)
	})
}

// eventOf finds an event of the transition that a notice's id names:
// <stream>.<seq>.<n>.<person>.
func (d *document) eventOf(n note) (event, bool) {
	rest, mine := strings.CutPrefix(n.ID, d.ID+".")
	number, _, _ := strings.Cut(rest, ".")
	seq, err := strconv.ParseInt(number, 10, 64)
	i := slices.IndexFunc(d.events, func(e event) bool { return e.Seq == seq })
	if !mine || err != nil || i < 0 {
		return event{}, false
	}
	return d.events[i], true
}
