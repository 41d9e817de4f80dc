package notice

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
)

// Owed lists the notices that one event owes, in a fixed order. Nobody is told
// of what they did themselves.
//
// Safe to repeat: it depends on the event and the summary alone. Data that
// cannot be read owes nothing; the event itself was refused long before.
func Owed(e evidence.Event, d Summary) []Notice {
	w := writer{event: e, summary: d}
	switch e.Kind {
	case approval.TaskOpened, approval.TaskReminded, approval.TaskOverdue:
		w.waiting()
	case approval.TaskWasConsulted, approval.TaskWasAdvised:
		w.consulted()
	case approval.ClockStopped:
		w.stopped()
	case approval.TaskWasApproved, approval.TaskWasRejected, approval.TaskWasReturned:
		w.decidedFor()
	case approval.TaskWasSuperseded:
		w.superseded()
	case approval.TaskWasEscalated:
		w.escalated()
	case approval.TaskWasReassigned:
		w.reassigned()
	case approval.ClockReleased:
		w.released()
	case approval.PlanDiscarded, approval.StepJumped:
		w.ended(d.Submitter, d.Requester)
	case approval.DocumentVoided:
		w.ended(append([]string{d.Submitter, d.Requester}, d.Deciders...)...)
	case approval.DocumentReturned, approval.DocumentRejected, approval.DocumentApproved, approval.DocumentClosed:
		w.ended(d.Submitter, d.Requester)
	case approval.DocumentSanctioned, approval.DocumentAmended:
		w.patched()
	case approval.DocumentWithdrawn:
		w.ended(d.Deciders...)
	case approval.VoucherParked:
		w.parked()
	case approval.PlanFailed:
		w.planFailed()
	}
	return w.owed
}

// OwedAll lists what the events of one transition owe, each thing told to each
// once.
func OwedAll(events []evidence.Event, d Summary) []Notice {
	var all []Notice
	for _, e := range events {
		for _, n := range Owed(e, d) {
			if !slices.ContainsFunc(all, n.tellsAs) {
				all = append(all, n)
			}
		}
	}
	return all
}

// tellsAs says whether two notices tell the same people the same thing.
func (n Notice) tellsAs(o Notice) bool {
	sameTask := n.Task == o.Task || n.Kind == approval.DocumentWithdrawn
	return n.Kind == o.Kind && n.Person == o.Person && n.Role == o.Role && sameTask
}

// writer collects the notices of one event.
type writer struct {
	event   evidence.Event
	summary Summary
	owed    []Notice
}

// waiting tells whoever has to decide.
func (w *writer) waiting() {
	own := map[string]string{}
	d, err := approval.Decode[approval.TaskOpenedData](w.event) // the fields of a reminder are among them
	if err != nil {
		return
	}
	switch w.event.Kind {
	case approval.TaskOpened:
		if d.For != "" {
			return // who is asked for advice is told the question instead
		}
		own["via"] = d.Via
		if !d.DueAt.IsZero() {
			own["due_at"] = d.DueAt.UTC().Format(time.RFC3339)
		}
	case approval.TaskReminded:
		r, _ := approval.Decode[approval.TaskRemindedData](w.event)
		own["n"] = strconv.Itoa(r.N)
	}
	w.tell(Notice{Kind: w.event.Kind, Person: d.Assignee, Task: d.Task}, d.Step, own)
}

// consulted tells who is asked for advice what the question is, and who asked what
// the answer is.
func (w *writer) consulted() {
	d, err := approval.Decode[approval.TaskEndedData](w.event)
	if err != nil {
		return
	}
	for _, person := range d.To {
		n := Notice{Kind: w.event.Kind, Person: person, Task: d.Task}
		w.tell(n, d.Step, map[string]string{"by": w.event.Actor, "reason": d.Opinion})
	}
}

// stopped tells the submitter that nobody decides for now, and what is wanted.
func (w *writer) stopped() {
	d, err := approval.Decode[approval.ClockData](w.event)
	if err != nil {
		return
	}
	for _, person := range people(w.summary.Submitter, w.summary.Requester) {
		n := Notice{Kind: w.event.Kind, Person: person, Task: d.Task}
		w.tell(n, d.Step, map[string]string{"by": w.event.Actor, "reason": d.Reason})
	}
}

// decisions are the acts behind the events that decide a task.
var decisions = map[string]approval.Name{
	approval.TaskWasApproved: approval.Approve, approval.TaskWasRejected: approval.Reject,
	approval.TaskWasReturned: approval.Return,
}

// decidedFor tells whose task somebody else decided by their delegation. The
// admin queue delegates nothing: its holders decide in its name.
func (w *writer) decidedFor() {
	d, err := approval.Decode[approval.TaskEndedData](w.event)
	if err != nil || w.event.OnBehalfOf == "" || w.event.OnBehalfOf == approval.AdminQueue {
		return
	}
	own := map[string]string{"by": w.event.Actor, "act": string(decisions[w.event.Kind])}
	w.tell(Notice{Kind: DecidedFor, Person: w.event.OnBehalfOf, Task: d.Task}, d.Step, own)
}

// superseded tells, quietly, whose task somebody else's decision ended. Of a
// withdrawal it tells that instead, aloud; who decided before is told by the
// withdrawal itself.
func (w *writer) superseded() {
	d, err := approval.Decode[approval.TaskEndedData](w.event)
	if err != nil || d.Assignee == approval.AdminQueue {
		return
	}
	quiet := d.Reason != string(approval.Intervene) // what an administrator took away is told aloud
	n := Notice{Kind: w.event.Kind, Person: d.Assignee, Task: d.Task, Quiet: quiet}
	own := map[string]string{"by": w.event.Actor, "act": d.Reason}
	if d.Reason == string(approval.Withdraw) {
		if slices.Contains(w.summary.Deciders, d.Assignee) {
			return
		}
		n.Kind, n.Quiet = approval.DocumentWithdrawn, false
		own = map[string]string{"by": w.event.Actor, "reason": d.Opinion}
	}
	w.tell(n, d.Step, own)
}

// escalated tells who was too late, and the submitter; who takes over hears of
// it by their own task.
func (w *writer) escalated() {
	d, err := approval.Decode[approval.TaskEndedData](w.event)
	if err != nil {
		return
	}
	own := map[string]string{"to": strings.Join(d.To, ",")}
	for _, person := range people(d.Assignee, w.summary.Submitter) {
		w.tell(Notice{Kind: w.event.Kind, Person: person, Task: d.Task}, d.Step, own)
	}
}

// reassigned tells whose task an administrator took, and for whom it was submitted;
// who has it now hears of it by their own task.
func (w *writer) reassigned() {
	d, err := approval.Decode[approval.TaskEndedData](w.event)
	if err != nil {
		return
	}
	own := map[string]string{"by": w.event.Actor, "to": strings.Join(d.To, ","), "reason": d.Opinion}
	for _, person := range people(d.Assignee, w.summary.Submitter, w.summary.Requester) {
		w.tell(Notice{Kind: w.event.Kind, Person: person, Task: d.Task}, d.Step, own)
	}
}

// released tells who had stopped the clock, and the submitter, that it goes on.
func (w *writer) released() {
	d, err := approval.Decode[approval.ClockData](w.event)
	if err != nil {
		return
	}
	for _, person := range people(d.To, w.summary.Submitter, w.summary.Requester) {
		own := map[string]string{"by": w.event.Actor, "reason": d.Reason}
		w.tell(Notice{Kind: w.event.Kind, Person: person, Task: d.Task}, d.Step, own)
	}
}

// ended tells people what became of the document.
func (w *writer) ended(whom ...string) {
	d, err := approval.Decode[approval.EndedData](w.event)
	if err != nil {
		return
	}
	own := map[string]string{"by": w.event.Actor}
	if w.event.Kind != approval.DocumentApproved {
		own["reason"] = d.Reason
	}
	// Closed with nothing to post, in the moment of the approval, is no news.
	quiet := w.event.Kind == approval.DocumentClosed && d.Reason == approval.ClosedNoPosting
	for _, person := range people(whom...) {
		w.tell(Notice{Kind: w.event.Kind, Person: person, Quiet: quiet}, d.Step, own)
	}
}

// patched tells what an approver changed in the document, also to whose task it was
// where somebody else did it by their delegation.
func (w *writer) patched() {
	d, err := approval.Decode[approval.SanctionedData](w.event) // the task and the opinion of both
	if err != nil {
		return
	}
	own := map[string]string{"by": w.event.Actor, "reason": d.Opinion}
	if w.event.Kind == approval.DocumentSanctioned {
		own["claimed"], own["was"], own["now"] = shown(d.Claimed), shown(d.Was), shown(d.Now)
	} else {
		amended, _ := approval.Decode[approval.AmendedData](w.event)
		own["n"] = strconv.Itoa(len(amended.Changes))
	}
	principal := w.event.OnBehalfOf
	if principal == approval.AdminQueue {
		principal = "" // its holders act in its name
	}
	for _, person := range people(w.summary.Submitter, w.summary.Requester, principal) {
		w.tell(Notice{Kind: w.event.Kind, Person: person, Task: d.Task}, d.Step, own)
	}
}

func shown(a money.Amount) string { return a.Text() + " " + string(a.Currency) }

func (w *writer) parked() {
	d, err := approval.Decode[approval.EffectData](w.event)
	if err != nil {
		return
	}
	own := map[string]string{"code": d.Code, "detail": d.Detail, "reference": d.Reference}
	w.tell(Notice{Kind: w.event.Kind, Role: access.FinanceClerk}, "", own)
}

func (w *writer) planFailed() {
	d, err := approval.Decode[approval.PlanFailedData](w.event)
	if err != nil {
		return
	}
	w.tell(Notice{Kind: w.event.Kind, Role: access.Admin}, "", map[string]string{"code": d.Code})
}

// tell adds one notice, unless it would tell somebody of their own act. The
// admin queue is told as the role that holds it.
func (w *writer) tell(n Notice, step string, own map[string]string) {
	if n.Person == approval.AdminQueue {
		n.Person, n.Role = "", access.Admin
	}
	if n.Role == "" && (n.Person == "" || n.Person == w.event.Actor) {
		return
	}
	d := w.summary
	if n.Role != "" {
		n.Entity = d.Entity
	}
	n.Document = d.Document
	n.Data = map[string]string{
		"number": d.Number, "title": d.Title,
		"amount_minor": strconv.FormatInt(d.Total.Minor, 10), "currency": string(d.Total.Currency),
	}
	maps.Copy(n.Data, own)
	if step != "" {
		n.Data["step"] = step
		for locale, title := range d.Steps[step] {
			n.Data["step."+locale] = title
		}
	}
	w.owed = append(w.owed, n)
}

// people lists each once, in order, without blanks.
func people(ids ...string) []string {
	var each []string
	for _, id := range ids {
		if id != "" && !slices.Contains(each, id) {
			each = append(each, id)
		}
	}
	return each
}
