package invariants

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// folded is what the events say of a document.
type folded struct {
	status                    string
	round, revision           int
	contentHash               string
	steps                     []string // that wait
	deciders                  []string
	parked                    parking
	voucherRef, voucherNumber string
	closedAt                  time.Time
	plan                      *plan // in force
	finals                    int   // outcomes
	tasks                     map[string]*task
	ends                      map[string]int // endings, by task
	decisions                 []decision
	approvals                 []approved
	patches                   []patched
	statusAt                  []string // after each event
	intervened                bool
	jumped                    []string       // steps of the round that were passed over
	returnedStraight          bool           // the last return was to go straight back
	kept                      map[int][]kept // decisions of earlier rounds that stand, by round
	spared                    []spared       // places of the plan that are not asked
	bent                      int64          // the event by which the document last went back
}

// decision is an event by which somebody, or the clock, decided a task.
type decision struct {
	event event
	task  task // as it was opened
	plan  *plan
}

// approved is one document.approved with the plan that was followed.
type approved struct {
	event  event
	plan   *plan
	jumped []string // steps that were passed over
}

// after says which status a kind of event leads to, and before in which ones it
// may come at all. Kinds that are not here change no status and come anywhere.
var after = map[string]string{
	"document.submitted": "submitted", "document.resubmitted": "submitted", "plan.made": "pending",
	"document.returned": "returned", "document.rejected": "rejected", "document.withdrawn": "withdrawn",
	"document.approved": "approved", "voucher.parked": "parked", "voucher.resolved": "approved",
	"voucher.posted": "posted", "document.closed": "closed",
	"document.voided": voided, "plan.discarded": "submitted",
}

var before = map[string][]string{
	"document.submitted": {""}, "document.resubmitted": {"returned"},
	"plan.made": {"submitted"}, "plan.failed": {"submitted"}, "plan.resolved": {"submitted"},
	"step.opened": {"pending"}, "step.skipped": {"pending"}, "step.auto_approved": {"pending"},
	"step.passed": {"pending"}, "step.reopened": {"pending"}, "step.resumed": {"pending"}, "step.staffed": {"pending"},
	"step.kept":        {"pending"},
	"task.transferred": {"pending"}, "task.consulted": {"pending"}, "task.advised": {"pending"},
	"task.rescheduled": {"pending"}, "clock.stopped": {"pending"}, "clock.resumed": {"pending"},
	"task.retracted": {"pending"}, "signer.added": {"pending"}, "signer.removed": {"pending"},
	"task.opened": {"pending"}, "task.reminded": {"pending"}, "task.overdue": {"pending"},
	"task.approved": {"pending"}, "task.rejected": {"pending"}, "task.returned": {"pending"},
	"task.handed_over": {"pending"},
	"task.superseded":  {"pending"}, "task.escalated": {"pending"}, "task.expired": {"pending"},
	"document.returned": {"pending"}, "document.rejected": {"pending"}, "document.approved": {"pending"},
	"document.withdrawn": {"submitted", "pending", "returned"},
	"voucher.posted":     {"approved"}, "voucher.parked": {"approved"}, "voucher.resolved": {"parked"},
	"document.closed": {"posted", "approved"},
	"task.reassigned": {"pending"}, "step.jumped": {"pending"}, "plan.discarded": {"pending"}, "clock.released": {"pending"},
	"document.voided": {"submitted", "pending", "returned", "parked"},

	"document.sanctioned": {"pending"}, "document.amended": {"pending"},
}

func final(status string) bool {
	return status == "closed" || status == "rejected" || status == "withdrawn" || status == voided
}

// foldDocument folds the events, and holds each against what came before it.
func (c *checker) foldDocument(d *document) {
	f := &folded{tasks: map[string]*task{}, ends: map[string]int{}, kept: map[int][]kept{}}
	d.fold = f
	for _, e := range d.events {
		subject := d.ID + "#" + strconv.FormatInt(e.Seq, 10)
		c.hold("I3", subject, !final(f.status), "%s comes after the final outcome %s", e.Kind, f.status)
		if allowed, known := before[e.Kind]; known && !final(f.status) {
			c.hold("I13", subject, slices.Contains(allowed, f.status),
				"%s cannot come while the document is %q", e.Kind, f.status)
		}
		if next, moves := after[e.Kind]; moves && !final(f.status) {
			f.status = next
		}
		if final(after[e.Kind]) {
			f.finals++
		}
		changes := e.Kind == "document.submitted" || e.Kind == "document.resubmitted" || patches(e.Kind)
		c.hold("I8", subject, changes || e.Revision == f.revision && e.ContentHash == f.contentHash,
			"%s is on the content %s, and %s is in force", e.Kind, e.ContentHash, f.contentHash)
		c.foldEvent(f, e)
		f.statusAt = append(f.statusAt, f.status)
	}
}

func (c *checker) foldEvent(f *folded, e event) {
	switch e.Kind {
	case "document.returned":
		f.returnedStraight = e.facts.Back == "straight"
	case "document.submitted", "document.resubmitted":
		f.round, f.revision, f.contentHash = e.Round, e.Revision, e.ContentHash
		f.plan, f.steps, f.parked, f.jumped = nil, nil, parking{}, nil
	case sanctionedKind, amendedKind:
		c.foldPatched(f, e)
	case "plan.discarded":
		f.round, f.plan, f.steps, f.jumped = e.Round, nil, nil, nil
	case "step.jumped":
		f.jump(e.facts.Over)
	case "document.approved":
		f.approvals = append(f.approvals, approved{e, f.plan, slices.Clone(f.jumped)})
	case "plan.made":
		f.plan, f.steps, f.parked, f.bent = e.facts.Plan, nil, parking{}, 0
	case "plan.failed":
		f.parked = parking{"plan:" + strconv.Itoa(e.Round), e.facts.Attempt, e.facts.Code, "", e.At}
	case "plan.resolved", "voucher.resolved":
		f.parked = parking{}
	case "voucher.parked":
		f.parked = parking{e.facts.Reference, e.facts.Attempt, e.facts.Code, e.facts.Detail, e.At}
	case "voucher.posted":
		f.voucherRef, f.voucherNumber, f.parked = e.facts.Reference, e.facts.Number, parking{}
	case "step.opened", "step.staffed":
		if e.Kind == "step.staffed" {
			c.foldStaffed(f, e)
		}
		c.foldSpared(f, e)
		f.leave(e.facts.Step)
		f.steps = append(f.steps, e.facts.Step)
	case "step.kept":
		c.foldKept(f, e)
	case "step.skipped", "step.auto_approved", "step.passed", "step.resumed":
		f.leave(e.facts.Step)
	case "step.reopened":
		f.leave(e.facts.Step)
		f.leave(e.facts.Steps...)
		if len(e.facts.Steps) == 0 {
			f.steps = nil
		}
		f.steps = append(f.steps, e.facts.Step)
		f.forget(e.facts.Past)
		f.bent = e.Seq
		f.spared = slices.DeleteFunc(f.spared, func(s spared) bool {
			return s.Step == e.facts.Step && e.facts.Fresh || s.Step != e.facts.Step && slices.Contains(e.facts.Steps, s.Step)
		})
		f.jumped = slices.DeleteFunc(f.jumped, func(step string) bool {
			return step == e.facts.Step || slices.Contains(e.facts.Steps, step)
		})
	case "task.opened":
		c.foldOpened(f, e)
	case "task.rescheduled":
		if t := f.tasks[e.facts.Task]; c.hold("I13", e.facts.Task, t != nil && t.State == "open", "%s of a task that is not open", e.Kind) {
			t.DueAt, t.RemindAt, t.Provisional = e.facts.DueAt, e.facts.RemindAt, e.facts.Provisional
		}
	case "task.reminded", "task.overdue":
		c.foldReminded(f, e)
	case "task.approved", "task.rejected", "task.returned", "task.superseded", "task.escalated", "task.expired",
		"task.transferred", "task.advised", "task.retracted", "task.reassigned", "task.handed_over":
		c.foldEnded(f, e)
	}
	f.intervened = f.intervened || interventions[e.Kind] != ""
	if strings.HasPrefix(e.Kind, "document.") && !patches(e.Kind) {
		f.steps = nil
	}
	if final(f.status) && f.closedAt.IsZero() {
		f.closedAt, f.parked = e.At, parking{}
	}
}

// leave takes steps out of those that wait.
func (f *folded) leave(steps ...string) {
	f.steps = slices.DeleteFunc(f.steps, func(step string) bool { return slices.Contains(steps, step) })
}

// foldStaffed gives a step of the plan its approvers: found late only where the plan
// says so, and chosen only among whom it names, by somebody who said yes.
func (c *checker) foldStaffed(f *folded, e event) {
	subject := e.Stream + "#" + strconv.FormatInt(e.Seq, 10)
	if !c.hold("I7", subject, f.plan != nil, "a step is staffed without a plan") {
		return
	}
	for _, s := range f.plan.Steps {
		if s.ID != e.facts.Step {
			continue
		}
		c.hold("I7", subject, s.Late != nil, "step %s is staffed, and its plan named its approvers", s.ID)
		for _, a := range e.facts.Approvers {
			if s.Late != nil && s.Late.Chooser != "" && a.Person != adminQueue {
				c.hold("I7", subject, slices.Contains(s.Late.Among, a.Person), "%s is not among whom the plan allows", a.Person)
				c.hold("I7", subject, f.chose(e.Round, s.Late.Chooser, a.Person), "nobody chose %s", a.Person)
			}
		}
	}
	f.staff(e.facts.Step, e.facts.Approvers)
}

func (f *folded) staff(step string, approvers []approver) {
	staffed := *f.plan
	staffed.Steps = slices.Clone(staffed.Steps)
	for i, s := range staffed.Steps {
		if s.ID == step {
			staffed.Steps[i].Approvers = approvers
		}
	}
	f.plan = &staffed
}

// chose says whether a yes in a step named a person.
func (f *folded) chose(round int, step, person string) bool {
	for _, d := range f.decisions {
		if d.event.Kind == "task.approved" && d.event.Round == round && d.task.Step == step &&
			slices.Contains(d.event.facts.To, person) {
			return true
		}
	}
	return false
}

func (c *checker) foldOpened(f *folded, e event) {
	t := e.facts
	if !c.hold("I4", t.Task, f.tasks[t.Task] == nil, "it is opened twice") {
		return
	}
	f.tasks[t.Task] = &task{
		ID: t.Task, Document: e.Stream, Step: t.Step, Round: e.Round, Assignee: t.Assignee, Via: t.Via, Slot: t.Slot,
		State: "open", OpenedAt: e.At, OpenedSeq: e.Seq, DueAt: t.DueAt, RemindAt: t.RemindAt, Provisional: t.Provisional,
		For: t.For, GivenBy: t.GivenBy,
	}
}

func (c *checker) foldReminded(f *folded, e event) {
	t := f.tasks[e.facts.Task]
	if !c.hold("I13", e.facts.Task, t != nil && t.State == "open", "%s of a task that is not open", e.Kind) {
		return
	}
	if e.Kind == "task.overdue" {
		c.hold("I15", t.ID, !t.Overdue, "it is called overdue twice")
		t.Overdue = true
		return
	}
	c.hold("I15", t.ID, e.facts.N > t.Reminded, "reminder %d comes after reminder %d", e.facts.N, t.Reminded)
	c.hold("I15", t.ID, e.facts.N <= len(t.RemindAt) && e.facts.N > 0 && !e.At.Before(t.RemindAt[e.facts.N-1]),
		"reminder %d comes too early", e.facts.N)
	t.Reminded = max(t.Reminded, e.facts.N)
}

// forget takes the tasks that count no more, and the decisions on them, out of
// what is held against each other.
func (f *folded) forget(past []string) {
	for _, id := range past {
		if t := f.tasks[id]; t != nil {
			t.past = true
		}
	}
	f.decisions = slices.DeleteFunc(f.decisions, func(s decision) bool { return slices.Contains(past, s.task.ID) })
}

// foldEnded ends a task. Superseded and escalated ones were decided by nobody.
func (c *checker) foldEnded(f *folded, e event) {
	t := f.tasks[e.facts.Task]
	if !c.hold("I13", e.facts.Task, t != nil, "%s of a task that was never opened", e.Kind) {
		return
	}
	if e.Kind == "task.retracted" && t.State == "approved" {
		f.ends[t.ID]-- // the decision is undone, and its task ends another way
	}
	f.ends[t.ID]++
	c.hold("I4", t.ID, f.ends[t.ID] == 1, "%s ends it once more: it was %s", e.Kind, t.State)
	opened := *t
	t.State, t.endReason = e.Kind[len("task."):], e.facts.Reason
	switch t.State {
	case "superseded", "escalated", "transferred", "retracted", "reassigned", "handed_over":
		return
	case "advised":
		t.DecidedBy, t.DecidedAt, t.Opinion = e.Actor, e.At, e.facts.Opinion
		return
	}
	f.decisions = append(f.decisions, decision{e, opened, f.plan})
	t.DecidedBy, t.DecidedAt, t.Opinion = e.Actor, e.At, e.facts.Opinion
	if human(e.Actor) && !slices.Contains(f.deciders, e.Actor) {
		f.deciders = append(f.deciders, e.Actor)
	}
}
