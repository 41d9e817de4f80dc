package invariants

import (
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"
)

const copyStream = "copies:"

// copied is somebody's copy of a document, as its row stands.
type copied struct {
	Batch, Document, Person, By, How, Remark, RemovedBy string
	RemovedAt                                           time.Time
}

// toldCopy is what an event of a stream of copies says.
type toldCopy struct {
	Batch  string   `json:"batch"`
	How    string   `json:"how"`
	People []string `json:"people"`
	Person string   `json:"person"`
	Remark string   `json:"remark"`
}

func (l *loader) copyRows() error {
	const query = `SELECT batch, document, person, made_by, how, remark, removed_by, removed_at FROM copies ORDER BY batch, person`
	return l.each(query, func(r *sql.Rows) error {
		var row copied
		var removedAt sql.NullTime
		err := r.Scan(&row.Batch, &row.Document, &row.Person, &row.By, &row.How, &row.Remark, &row.RemovedBy, &removedAt)
		row.RemovedAt = removedAt.Time
		l.copies = append(l.copies, row)
		return err
	})
}

// checkCopies holds the rows of copies to what was recorded of them, that only
// who could read let others read, and that a copy let nobody do anything.
func (c *checker) checkCopies() {
	told, copies := map[string]copied{}, map[string][]given{}
	for _, stream := range slices.Sorted(maps.Keys(c.streams)) {
		id, ours := strings.CutPrefix(stream, copyStream)
		if !ours {
			continue
		}
		d, found := c.documents[id]
		if c.hold("I13", stream, found, "copies of a document that was never submitted") {
			copies[id] = c.tellCopies(d, c.streams[stream], told)
		}
	}
	for _, row := range c.copies {
		key := row.Batch + "/" + row.Person
		said, found := told[key]
		if c.hold("I13", key, found, "a copy that nobody recorded") {
			said.RemovedAt = row.RemovedAt // the event has an instant of its own
			c.hold("I13", key, row == said, "a copy is %v, and the record says %v", row, said)
			c.hold("I13", key, row.RemovedAt.IsZero() == (said.RemovedBy == ""), "a copy was taken back, or stands, unrecorded")
		}
		delete(told, key)
		if d, found := c.documents[row.Document]; found {
			c.checkReader(d, row.Person)
		}
	}
	for key := range told {
		c.fail("I13", key, "a copy was recorded, and its row is gone")
	}
	for _, id := range c.order {
		c.checkPlannedCopies(c.documents[id], copies[id])
	}
}

// tellCopies reads one stream in order: who holds a copy at each moment, and may
// therefore pass it on.
func (c *checker) tellCopies(d *document, events []event, told map[string]copied) (copies []given) {
	standing := map[string]string{} // the batch of a person's copy
	for _, e := range events {
		said := read[toldCopy](e.Text)
		switch e.Kind {
		case "copy.made":
			if e.Actor == policyName {
				c.checkPolicyBatch(d, e, said)
			} else {
				c.hold("I5", e.Stream, c.mayCopy(d, e, standing), "%s let others read, and could not read it at %s", e.Actor, stamp(e.At))
			}
			for _, person := range said.People {
				copies = append(copies, given{person: person, batch: said.Batch, by: e.Actor, from: e.At})
				c.hold("I13", e.Stream, standing[person] == "", "%s was copied in twice", person)
				standing[person] = said.Batch
				told[said.Batch+"/"+person] = copied{
					Batch: said.Batch, Document: d.ID, Person: person, By: e.Actor, How: said.How, Remark: said.Remark,
				}
			}
		case "copy.removed":
			c.hold("I13", e.Stream, standing[said.Person] == said.Batch, "a copy of %s was taken back that did not stand", said.Person)
			for i, g := range copies {
				if g.person == said.Person && g.batch == said.Batch {
					copies[i].until = e.At
				}
			}
			delete(standing, said.Person)
			row := told[said.Batch+"/"+said.Person]
			row.RemovedBy = e.Actor
			told[said.Batch+"/"+said.Person] = row
		default:
			c.fail("I13", e.Stream, "%s is no event of copies", e.Kind)
		}
	}
	return copies
}

// mayCopy says whether somebody could give a document to read: it was theirs,
// they had been asked, or they held a copy themselves.
func (c *checker) mayCopy(d *document, e event, standing map[string]string) bool {
	if e.Actor == d.Submitter || e.Actor == d.Requester || standing[e.Actor] != "" {
		return true
	}
	for _, t := range d.tasks {
		queued := t.Assignee == adminQueue && c.holdsAt(e.At, e.Actor, adminRole, d.Entity)
		if (t.Assignee == e.Actor || t.DecidedBy == e.Actor || queued) && !t.OpenedAt.After(e.At) {
			return true
		}
	}
	return false
}

func (c *checker) holdsAt(at time.Time, person, role, entity string) bool {
	o := c.org.at(at)
	return o != nil && o.holds(person, role, entity)
}

// checkReader holds that who was only copied in did nothing to the document.
func (c *checker) checkReader(d *document, person string) {
	if person == d.Submitter || person == d.Requester {
		return
	}
	for _, t := range d.tasks {
		if t.Assignee == person {
			return
		}
	}
	for _, e := range d.events {
		o := c.org.at(e.At)
		inRole := o != nil && slices.ContainsFunc(o.grants, func(g grant) bool { return g.Person == person })
		c.hold("I5", d.ID, e.Actor != person || e.OnBehalfOf != "" || inRole, "%s was only copied in, and did %s", person, e.Kind)
	}
}
