package invariants

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// envelopeVersion is the only one there is.
const envelopeVersion = 1

// checkStreams holds the chains of what is no document, and that no event hangs
// in the air: I13.
func (c *checker) checkStreams() {
	for _, stream := range slices.Sorted(maps.Keys(c.streams)) {
		events := c.streams[stream]
		h, known := c.heads[stream]
		if !c.hold("I13", stream, known, "it has %d events, and neither a document nor a head", len(events)) {
			continue
		}
		c.checkChain(stream, events)
		last := events[len(events)-1]
		same(c, "I13", stream, "its head", h, head{last.Seq, last.Hash})
	}
	for stream, h := range c.heads {
		c.hold("I13", stream, h.seq == 0 || len(c.streams[stream]) > 0, "its head is %d, and it has no events", h.seq)
	}
}

// checkChain holds numbers, links and hashes of one stream: I13.
func (c *checker) checkChain(stream string, events []event) {
	previous := event{}
	for _, e := range events {
		subject := stream + "#" + strconv.FormatInt(e.Seq, 10)
		c.hold("I13", subject, e.Seq == previous.Seq+1, "it follows number %d", previous.Seq)
		c.hold("I13", subject, e.Prev == previous.Hash, "its link does not lead to the event before it")
		hash, err := e.hash()
		c.hold("I13", subject, err == nil && hash == e.Hash, "its hash is %s, and its content hashes to %s", e.Hash, hash)
		c.hold("I13", subject, isCanonical(e.Text), "its data is not canonical")
		c.hold("I13", subject, e.V == envelopeVersion, "its version is %d", e.V)
		c.hold("I13", subject, !e.At.Before(previous.At), "it is older than the event before it")
		previous = e
	}
}

// checkReadModel holds the document's row against the fold: I13.
func (c *checker) checkReadModel(d *document) {
	f, id := d.fold, d.ID
	last := d.events[len(d.events)-1]
	same(c, "I13", id, "its status", d.Status, f.status)
	same(c, "I13", id, "its head", head{d.Seq, d.HeadHash}, head{last.Seq, last.Hash})
	same(c, "I13", id, "its round", d.Round, f.round)
	same(c, "I13", id, "its revision", d.Revision, f.revision)
	same(c, "I13", id, "its content", d.ContentHash, f.contentHash)
	same(c, "I13", id, "its steps", d.Step, strings.Join(f.steps, ","))
	same(c, "I13", id, "its deciders", strings.Join(d.Deciders, ","), strings.Join(f.deciders, ","))
	same(c, "I13", id, "its voucher", d.VoucherRef+" "+d.VoucherNumber, f.voucherRef+" "+f.voucherNumber)
	same(c, "I13", id, "whether anybody intervened", d.Intervened, f.intervened)
	sameTime(c, "I13", id, "its end", d.ClosedAt, f.closedAt)
	sameTime(c, "I13", id, "the time it was parked", d.Parked.At, f.parked.At)
	stored := d.Parked
	stored.At = f.parked.At // compared as an instant already
	same(c, "I13", id, "what it is parked for", stored, f.parked)

	began := d.events[0].facts
	same(c, "I13", id, "its number", d.Number, began.Number)
	same(c, "I13", id, "its type", d.Type, began.Type)
	same(c, "I13", id, "its entity", d.Entity, began.Entity)
	same(c, "I13", id, "its submitter", d.Submitter, began.Submitter)
	c.checkShown(d)
	c.checkSubmitted(d, began)
}

// checkShown holds what the row shows against the revision in force: I13.
func (c *checker) checkShown(d *document) {
	shown := d.revisions[d.fold.revision].content
	for _, pair := range [][3]string{
		{"its type", d.Type, shown.Type}, {"its entity", d.Entity, shown.Entity},
		{"its submitter", d.Submitter, shown.Submitter},
		{"its title", d.Title, shown.Title}, {"its reason", d.Reason, shown.Reason},
		{"its department", d.Department, shown.Department}, {"its requester", d.Requester, shown.Requester},
		{"its urgency", d.Urgency, shown.Urgency}, {"the kind of its payee", d.PayeeKind, shown.Payee.Kind},
		{"its payee", d.PayeeID, shown.Payee.ID}, {"its payee's name", d.PayeeName, shown.Payee.Name},
		{"its payee's account", d.PayeeAccount, shown.Payee.Account},
	} {
		same(c, "I13", d.ID, pair[0], pair[1], pair[2])
	}
	same(c, "I13", d.ID, "its total", d.Total, shown.Total)
	same(c, "I13", d.ID, "its total in the base currency", d.Base, shown.BaseTotal)
	var claimed amount
	if shown.Claimed != nil {
		claimed.Minor = shown.Claimed.Total.Minor
	}
	same(c, "I13", d.ID, "what was claimed", d.Claimed, claimed)
}

// checkSubmitted holds the first event against the first revision: I13.
func (c *checker) checkSubmitted(d *document, began facts) {
	first := d.revisions[1].content
	said := [7]string{
		began.Type, began.Title, began.Entity, began.Department, began.Submitter, began.Requester, began.Payee,
	}
	frozen := [7]string{
		first.Type, first.Title, first.Entity, first.Department, first.Submitter, first.Requester, first.Payee.ID,
	}
	same(c, "I13", d.ID, "what was submitted", said, frozen)
	same(c, "I13", d.ID, "the total submitted", began.Total, first.Total)
	same(c, "I13", d.ID, "the base total submitted", began.BaseTotal, first.BaseTotal)
}

// checkTaskRows holds the tasks' rows against the fold: I13.
func (c *checker) checkTaskRows(d *document) {
	same(c, "I13", d.ID, "the number of its tasks", len(d.tasks), len(d.fold.tasks))
	for id, t := range d.fold.tasks {
		row, found := d.tasks[id]
		if !c.hold("I13", id, found, "it has no row") {
			continue
		}
		same(c, "I13", id, "its state", row.State, t.State)
		same(c, "I13", id, "its decider", row.DecidedBy, t.DecidedBy)
		sameTime(c, "I13", id, "its decision", row.DecidedAt, t.DecidedAt)
		sameTime(c, "I13", id, "its deadline", row.DueAt, t.DueAt)
		sameTime(c, "I13", id, "its opening", row.OpenedAt, t.OpenedAt)
		same(c, "I13", id, "its opinion", row.Opinion, t.Opinion)
		same(c, "I13", id, "its step, assignee and way",
			[3]string{row.Step, row.Assignee, row.Via}, [3]string{t.Step, t.Assignee, t.Via})
		same(c, "I13", id, "its round, slot, number and reminders",
			[4]int64{int64(row.Round), int64(row.Slot), row.OpenedSeq, int64(row.Reminded)},
			[4]int64{int64(t.Round), int64(t.Slot), t.OpenedSeq, int64(t.Reminded)})
		same(c, "I13", id, "overdue and provisional",
			[2]bool{row.Overdue, row.Provisional}, [2]bool{t.Overdue, t.Provisional})
		c.hold("I13", id, fmt.Sprint(row.RemindAt) == fmt.Sprint(t.RemindAt),
			"its reminders are at %v, and the record says %v",
			row.RemindAt, t.RemindAt)
	}
}

// checkCauses holds that every event has one cause, recorded once with what it
// led to: I13.
func (c *checker) checkCauses(d *document) {
	covered := 0
	for _, k := range d.causes {
		subject := d.ID + " cause " + k.Name
		for seq := k.First; seq <= k.Last; seq++ {
			i := slices.IndexFunc(d.events, func(e event) bool { return e.Seq == seq })
			c.hold("I13", subject, i >= 0 && d.events[i].Cause == k.Name, "event %d is not of it", seq)
			covered++
		}
		if i := slices.IndexFunc(d.events, func(e event) bool { return e.Seq == k.Last }); i >= 0 && k.Last >= k.First {
			same(c, "I13", subject, "its outcome", k.Outcome, outcome{outcomeOK, d.fold.statusAt[i], k.Last})
		}
	}
	same(c, "I13", d.ID, "the number of events its causes led to", covered, len(d.events))
}
