package proof

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
)

// story goes through the events by their causes: what an act caused must be what the
// rules make of that act, on the state before it. Nobody's decision can be told
// otherwise, not even by who has the database.
func (c *check) story() {
	var state approval.State
	told := map[string]bool{}
	for at := 0; at < len(c.Events); {
		cause := c.Events[at].Cause
		n := slices.IndexFunc(c.Events[at:], func(e evidence.Event) bool { return e.Cause != cause })
		if n < 0 {
			n = len(c.Events) - at
		}
		part := c.Events[at : at+n]
		if told[cause] {
			c.found(part[0].Seq, "cause.torn", "%s has events apart from each other", cause)
		}
		told[cause] = true
		c.caused(state, part)
		next, err := approval.FoldAll(c.Events[:at+n])
		if err != nil {
			c.found(part[0].Seq, "fold.impossible", "%v", err)
			return
		}
		state, at = next, at+n
	}
	c.report.Status = state.Status
	if state.Number != c.Number {
		c.found(0, "number.differs", "the events say %q", state.Number)
	}
	for id := range c.acts {
		if !told[id] {
			c.found(0, "act.without_events", "%s", id)
		}
	}
}

// caused holds the events of one cause against the act that it is, if it is one.
func (c *check) caused(before approval.State, events []evidence.Event) {
	first := events[0]
	act, signed := c.acts[first.Cause]
	if !signed {
		if i := slices.IndexFunc(events, func(e evidence.Event) bool { return !bySystem(e.Actor) }); i >= 0 && first.Seq > 1 {
			c.found(events[i].Seq, "act.missing", "%s is by %s, and no signed act of theirs is there", events[i].Kind,
				events[i].Actor)
		}
		return
	}
	drafts, err := before.Judge(act, first.At)
	if err != nil {
		c.found(first.Seq, "act.refused", "%s was taken, and the rules refuse it: %v", act.ID, err)
		return
	}
	if len(drafts) != len(events) {
		c.found(first.Seq, "act.differs", "%s leads to %d events, %d are recorded", act.ID, len(drafts), len(events))
		return
	}
	for i, e := range events {
		if !same(drafts[i], e) {
			c.found(e.Seq, "act.differs", "%s does not lead to this %s", act.ID, e.Kind)
		}
	}
}

// stamped are the events whose data the record completes: the deadlines.
var stamped = []string{approval.TaskOpened, approval.TaskWasRescheduled}

// same compares what was judged with what was recorded.
func same(d evidence.Draft, e evidence.Event) bool {
	if d.Kind != e.Kind || d.Actor != e.Actor || d.OnBehalfOf != e.OnBehalfOf || d.Round != e.Round ||
		d.Revision != e.Revision || d.ContentHash != e.ContentHash {
		return false
	}
	if slices.Contains(stamped, e.Kind) {
		return sameTask(d, e)
	}
	data := d.Data
	if len(data) == 0 {
		data = json.RawMessage("{}")
	}
	judged, errJudged := evidence.Canonical(data)
	recorded, errRecorded := evidence.Canonical(e.Data)
	return errJudged == nil && errRecorded == nil && bytes.Equal(judged, recorded)
}

// sameTask compares what is judged of a task: whose it is, and why.
func sameTask(d evidence.Draft, e evidence.Event) bool {
	judged, err := approval.DraftData[approval.TaskOpenedData](d)
	if err != nil {
		return false
	}
	recorded, err := approval.Decode[approval.TaskOpenedData](e)
	return err == nil && judged.Task == recorded.Task && judged.Step == recorded.Step &&
		judged.Assignee == recorded.Assignee && judged.Via == recorded.Via && judged.Slot == recorded.Slot &&
		judged.For == recorded.For && judged.Clock == recorded.Clock
}
