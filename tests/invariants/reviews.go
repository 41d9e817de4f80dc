package invariants

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	reviewStream = "review:"
	reviewClock  = "system:review" // what the end of a review does is done by nobody
)

// review is a review of rights: what was opened, as its row stands or its event says.
type review struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Reviewer  string    `json:"reviewer"`
	Undecided string    `json:"undecided"`
	OpenedBy  string    `json:"opened_by"`
	Opened    time.Time `json:"opened_at"`
	Due       time.Time `json:"due_at"`
	Closes    time.Time `json:"closes_at"`
	Version   int64     `json:"version"`
	Items     int       `json:"items"`
	Hash      string    `json:"hash"`
}

// reviewRow is a row of certifications, with its items in their order.
type reviewRow struct {
	review

	overdue, closed time.Time
	items           []reviewItem
}

// reviewItem is one right that a review asks about.
type reviewItem struct {
	No         int       `json:"no"`
	Person     string    `json:"person"`
	Role       string    `json:"role"`
	Entity     string    `json:"entity"`
	Department string    `json:"department"`
	Grant      string    `json:"grant"`
	Until      time.Time `json:"until,omitzero"`
	Reviewer   string    `json:"reviewer"`

	said answer
	by   string
	at   time.Time

	handed int    // how often somebody else was asked
	to     handed // the last time
}

// handed is that somebody else was asked about an item.
type handed struct {
	By     string `json:"by"`
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// answer is what was said of an item.
type answer struct {
	Verdict  string `json:"verdict"`
	Reason   string `json:"reason"`
	Proposal string `json:"proposal"`
}

func (l *loader) reviewRows() error {
	const query = `
		SELECT id, title, reviewer, undecided, opened_by, opened_at, due_at, closes_at, version, items, hash, overdue_at,
		       closed_at FROM certifications ORDER BY id`
	err := l.each(query, func(r *sql.Rows) error {
		var row reviewRow
		var overdue, closed sql.NullTime
		err := r.Scan(&row.ID, &row.Title, &row.Reviewer, &row.Undecided, &row.OpenedBy, &row.Opened, &row.Due, &row.Closes,
			&row.Version, &row.Items, &row.Hash, &overdue, &closed)
		row.overdue, row.closed = overdue.Time, closed.Time
		l.reviews = append(l.reviews, row)
		return err
	})
	if err != nil {
		return err
	}
	const items = `
		SELECT campaign, no, person, role, entity, department, grant_key, until_at, reviewer, state, decided_by, decided_at,
		       reason, proposal, handed, handed_by, handed_to, handed_reason FROM certification_items ORDER BY campaign, no`
	return l.each(items, func(r *sql.Rows) error {
		var i reviewItem
		var campaign string
		var until, at sql.NullTime
		err := r.Scan(&campaign, &i.No, &i.Person, &i.Role, &i.Entity, &i.Department, &i.Grant, &until, &i.Reviewer,
			&i.said.Verdict, &i.by, &at, &i.said.Reason, &i.said.Proposal, &i.handed, &i.to.By, &i.to.To, &i.to.Reason)
		if until.Valid {
			i.Until = until.Time.UTC()
		}
		i.at = at.Time
		n := slices.IndexFunc(l.reviews, func(row reviewRow) bool { return row.ID == campaign })
		if n >= 0 {
			l.reviews[n].items = append(l.reviews[n].items, i)
		}
		return err
	})
}

// checkReviews holds that every review of rights is what its events say, that nobody
// answered for their own right, and that silence kept none: I5, I13.
func (c *checker) checkReviews() {
	streams := map[string]bool{}
	for stream := range c.streams {
		if id, about := strings.CutPrefix(stream, reviewStream); about {
			streams[id] = true
		}
	}
	for _, row := range c.reviews {
		if c.hold("I13", row.ID, streams[row.ID], "a review that nobody recorded") {
			c.checkReview(row, c.streams[reviewStream+row.ID])
		}
		delete(streams, row.ID)
	}
	for id := range streams {
		c.fail("I13", id, "a review was recorded, and its row is gone")
	}
}

func (c *checker) checkReview(row reviewRow, events []event) {
	told := map[string]event{}
	for _, e := range events {
		_, twice := told[e.Cause]
		c.hold("I13", row.ID, !twice, "%s was recorded twice", e.Cause)
		told[e.Cause] = e
	}
	said := read[review](told["open"].Text)
	for what, pair := range map[string][2]time.Time{
		"its opening": {row.Opened, said.Opened}, "when it is due": {row.Due, said.Due}, "its end": {row.Closes, said.Closes},
	} {
		sameTime(c, "I13", row.ID, what, pair[0], pair[1])
	}
	bare := row.review
	bare.Opened, bare.Due, bare.Closes = said.Opened, said.Due, said.Closes
	same(c, "I13", row.ID, "the review", bare, said)
	c.hold("I13", row.ID, len(row.items) == said.Items && hashOfItems(row.items) == said.Hash,
		"its items are not those that were asked about")
	_, late := told["overdue"]
	c.hold("I13", row.ID, late == !row.overdue.IsZero(), "that it was late is not what its events say")
	over, ended := told["close"]
	c.hold("I13", row.ID, ended == !row.closed.IsZero() && (!ended || !row.closed.Before(row.Closes)),
		"its end is not what its events say")
	handovers := 0
	for _, i := range row.items {
		handovers += i.handed
		asks := c.checkHandovers(row, i, told)
		c.checkReviewItem(row, asks, i, told, read[struct{ Undecided, Ended []int }](over.Text))
	}
	for cause := range told {
		if strings.HasPrefix(cause, "reassign:") {
			handovers--
		}
	}
	c.hold("I13", row.ID, handovers == 0, "its handovers are not what its events say")
}

// checkHandovers holds who is asked about an item against its events, and says who that is.
func (c *checker) checkHandovers(row reviewRow, i reviewItem, told map[string]event) string {
	subject, asks, last := row.ID+" "+strconv.Itoa(i.No), i.Reviewer, handed{}
	for n := 1; n <= i.handed; n++ {
		e, there := told["reassign:"+strconv.Itoa(i.No)+":"+strconv.Itoa(n)]
		if last = read[handed](e.Text); !c.hold("I13", subject, there && e.Actor == last.By, "nobody recorded its handover") {
			return asks
		}
		people := c.org.at(e.At)
		for _, who := range []string{last.By, last.To} {
			c.hold("I5", subject, people.humanOf(who) != people.humanOf(i.Person), "%s was handed a right of their own", who)
		}
		c.hold("I5", subject, people.humanOf(last.By) != people.humanOf(last.To), "%s handed it to themselves", last.By)
		c.hold("I5", subject, last.By == asks || c.holdsAt(e.At, last.By, "admin", i.Entity), "%s had not to hand it on", last.By)
		asks = last.To
	}
	c.hold("I13", subject, last == i.to, "who is asked is not what its events say")
	return asks
}

// checkReviewItem holds one answer against its event, and who gave it against the right.
func (c *checker) checkReviewItem(row reviewRow, asks string, i reviewItem, told map[string]event,
	silent struct{ Undecided, Ended []int }) {
	subject := row.ID + " " + strconv.Itoa(i.No)
	e, answered := told["decide:"+strconv.Itoa(i.No)]
	switch i.said.Verdict {
	case "open":
		c.hold("I13", subject, !answered && row.closed.IsZero(), "it is open, and its review says otherwise")
	case "undecided", "ended":
		among := silent.Undecided
		if i.said.Verdict == "ended" {
			among = silent.Ended
		}
		c.hold("I13", subject, !answered && slices.Contains(among, i.No) && i.by == reviewClock,
			"it is %s, and its review says otherwise", i.said.Verdict)
	default:
		if !c.hold("I13", subject, answered && e.Actor == i.by && read[answer](e.Text) == i.said,
			"%s said %s, and its event does not", i.by, i.said.Verdict) {
			return
		}
		people := c.org.at(i.at)
		c.hold("I5", subject, people.humanOf(i.by) != people.humanOf(i.Person), "%s answered for a right of their own", i.by)
		c.hold("I5", subject, i.by == asks || c.holdsAt(i.at, i.by, "admin", i.Entity), "%s was not asked", i.by)
		c.hold("I13", subject, (i.said.Proposal != "") == (i.said.Verdict != "keep"), "nobody was asked to take it away")
	}
}

// hashOfItems is the hash that the opening of a review names.
func hashOfItems(items []reviewItem) string {
	text, err := json.Marshal(items)
	if err == nil {
		text, err = canonical(text)
	}
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
