package invariants

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

const outcomeOK = "ok"

// strikeGrace is how late a clock may strike in a house that has come to rest.
const strikeGrace = time.Minute

// run is one workflow as its history tells it.
type run struct {
	closed string // the event that ended it; "" while it runs
}

// endings of a run, by the type of its last event.
var endings = []string{
	"EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED", "EVENT_TYPE_WORKFLOW_EXECUTION_FAILED",
	"EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT", "EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED",
	"EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED",
}

// readHistories reads workflow histories by workflow id, which is the document's.
// What was continued as new goes on in another history and is passed over.
func readHistories(paths []string) (map[string]run, error) {
	runs := map[string]run{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("invariants: %w", err)
		}
		var history struct {
			Events []struct {
				EventType string `json:"eventType"`
				Started   struct {
					WorkflowID string `json:"workflowId"`
				} `json:"workflowExecutionStartedEventAttributes"`
			} `json:"events"`
		}
		if err := json.Unmarshal(text, &history); err != nil {
			return nil, fmt.Errorf("invariants: history %s: %w", path, err)
		}
		if len(history.Events) == 0 || history.Events[0].Started.WorkflowID == "" {
			return nil, fmt.Errorf("invariants: history %s does not begin with a start", path)
		}
		var r run
		if last := history.Events[len(history.Events)-1].EventType; slices.Contains(endings, last) {
			r.closed = last
		} else if last == "EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW" {
			continue
		}
		runs[history.Events[0].Started.WorkflowID] = r
	}
	return runs, nil
}

// checkAcknowledged holds what clients were told: I1 and I14.
func (c *checker) checkAcknowledged() {
	for _, s := range c.in.Acknowledged.Submissions {
		d, found := c.documents[s.Document]
		if !c.hold("I1", s.Document, found, "it was acknowledged and is not there (a draft: %t)", c.drafts[s.Document]) {
			continue
		}
		c.hold("I1", s.Document, len(d.events) > 0 && d.events[0].Kind == "document.submitted",
			"its stream does not begin with it")
	}
	for _, a := range c.in.Acknowledged.Acts {
		at, found := c.actsAt[a.ID]
		if !c.hold("I14", a.ID, found, "it was acknowledged with %d and is not in the inbox", a.Status) {
			continue
		}
		same(c, "I14", a.ID, "its document", at, a.Document)
		d := c.documents[at]
		if d == nil || a.Status == accepted {
			continue
		}
		answer := d.acts[a.ID].Outcome
		c.hold("I14", a.ID, answer != nil && answer.Code == outcomeOK, "it was acknowledged with %d and has the outcome %s",
			a.Status, told(answer))
	}
}

// accepted is the status of an act that is recorded and not applied yet.
const accepted = 202

func told(o *outcome) string {
	if o == nil {
		return "none"
	}
	return o.Code
}

// checkStart holds that a document began, and that its workflow was started: I1.
func (c *checker) checkStart(d *document) {
	first := d.events[0]
	c.hold("I1", d.ID, first.Seq == 1 && first.Kind == "document.submitted",
		"its first event is %s, number %d", first.Kind, first.Seq)
	_, stored := d.revisions[1]
	c.hold("I1", d.ID, stored, "its first revision is missing")
	c.hold("I1", d.ID, d.start != nil, "nothing would start its workflow")
	if !c.in.Quiet {
		return
	}
	_, known := c.runs[d.ID]
	c.hold("I1", d.ID, known || d.start != nil && d.start.done, "its workflow was never started")
}

// checkOutcome holds that a document has one outcome at most, and at rest has one
// or waits visibly: I2.
func (c *checker) checkOutcome(d *document) {
	f := d.fold
	c.hold("I2", d.ID, f.finals <= 1, "it has %d outcomes", f.finals)
	if !c.in.Quiet {
		return
	}
	c.hold("I2", d.ID, final(f.status) || f.waits(), "it is %s and waits for nobody", f.status)
	if r, known := c.runs[d.ID]; known {
		completed := r.closed == endings[0]
		c.hold("I2", d.ID, r.closed == "" || completed, "its workflow ended with %s", r.closed)
		c.hold("I2", d.ID, completed == final(f.status), "it is %s, and its workflow's end is %q", f.status, r.closed)
	}
	for _, t := range f.tasks {
		if t.State == "open" && !t.DueAt.IsZero() && !final(f.status) {
			c.hold("I2", t.ID, t.Overdue || c.now.Before(t.DueAt.Add(strikeGrace)),
				"its deadline %s never struck", stamp(t.DueAt))
		}
	}
}

// waits says whether somebody can see that the document waits for them.
func (f *folded) waits() bool {
	switch f.status {
	case "pending":
		for _, t := range f.tasks {
			if t.State == "open" && t.Round == f.round {
				return true
			}
		}
		return false
	case "returned", "parked":
		return true
	}
	return f.status == "submitted" && f.parked.Ref != ""
}

// checkInbox holds that an act has one outcome, and that a refused one changed
// nothing: I14.
func (c *checker) checkInbox(d *document) {
	eventsOf := map[string]int{}
	for _, e := range d.events {
		eventsOf[e.Cause]++
	}
	for _, a := range d.inbox {
		n := eventsOf[a.ID]
		recorded, known := d.causes[a.ID]
		switch {
		case a.Outcome == nil:
			c.hold("I14", a.ID, !c.in.Quiet, "it has no outcome")
			c.hold("I14", a.ID, n == 0 && !known, "it has no outcome and %d events", n)
		case a.Outcome.Code == outcomeOK:
			c.hold("I14", a.ID, n > 0 && known, "its outcome is ok, and it has no events")
			same(c, "I14", a.ID, "the head it was told", a.Outcome.Seq, recorded.Outcome.Seq)
			same(c, "I14", a.ID, "the status it was told", a.Outcome.Status, recorded.Outcome.Status)
			c.hold("I14", a.ID, !a.OutcomeAt.Before(a.ReceivedAt), "it was answered before it was received")
		default:
			c.hold("I14", a.ID, n == 0 && !known, "it was refused with %s and has %d events", a.Outcome.Code, n)
		}
	}
}

// checkClocks holds that a deadline yields to what was received before it, and
// that none strikes early: I5.
func (c *checker) checkClocks(d *document) {
	for _, e := range d.events {
		if e.Kind != "task.expired" && e.Kind != "task.escalated" && e.Kind != "task.overdue" {
			continue
		}
		t := d.fold.tasks[e.facts.Task]
		if t == nil {
			continue
		}
		c.hold("I5", t.ID, !t.DueAt.IsZero() && !e.At.Before(t.DueAt), "%s before its deadline", e.Kind)
		for _, a := range d.inbox {
			inTime := a.ReceivedAt.Before(t.DueAt)
			c.hold("I5", t.ID, !inTime || a.Outcome != nil && !a.OutcomeAt.After(e.At),
				"%s at %s, although act %s was received at %s and not answered", e.Kind, stamp(e.At), a.ID, stamp(a.ReceivedAt))
		}
	}
}
