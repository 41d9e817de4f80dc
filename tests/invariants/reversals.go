package invariants

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const reversalStream = "reversal:"

// financeRoles are those that ask for reversals, decide on them and rule on them.
var financeRoles = []string{clerkRole, "finance_head"}

// reversalRow is a row of reversals.
type reversalRow struct {
	Voucher, Reference, Document, Status, Maker, Checker, Date, Number string

	Attempt int
}

// reversalFacts are the fields of the events of reversals.
type reversalFacts struct {
	Voucher   string    `json:"voucher"`
	Reference string    `json:"reference"`
	Attempt   int       `json:"attempt"`
	Proposal  string    `json:"proposal"`
	Maker     string    `json:"maker"`
	Date      string    `json:"date"`
	Ruling    string    `json:"ruling"`
	Number    string    `json:"number"`
	Expires   time.Time `json:"expires"`
}

func (l *loader) reversalRows() error {
	const query = `SELECT voucher, reference, document, status, maker, checker, date, erp_number, attempt FROM reversals`
	return l.each(query, func(r *sql.Rows) error {
		var row reversalRow
		err := r.Scan(&row.Voucher, &row.Reference, &row.Document, &row.Status, &row.Maker, &row.Checker, &row.Date,
			&row.Number, &row.Attempt)
		l.reversals = append(l.reversals, row)
		return err
	})
}

// undoneBy is the reference that reverses another; "" for what is none.
func undoneBy(reference string) string {
	parts := strings.Split(reference, ":")
	if len(parts) != 4 {
		return ""
	}
	return parts[0] + ":" + parts[1] + ":" + parts[2] + "-reversal:" + parts[3]
}

// reverses says whether a reference is that of a reversal.
func reverses(reference string) bool { return strings.Contains(reference, "-reversal:") }

// checkReversals holds that whatever was undone in the books was asked for by one person
// of finance and approved by another, neither of whom it concerns: I5, I6, I7; that it
// was booked once, as the exact opposite: I9, I10; and that its row is what its events
// tell: I13.
func (c *checker) checkReversals() {
	told := map[string]reversalRow{}
	for stream, events := range c.streams {
		id, about := strings.CutPrefix(stream, reversalStream)
		if !about {
			continue
		}
		d := c.documents[id]
		if !c.hold("I13", stream, d != nil, "there is no such document") {
			continue
		}
		c.foldReversals(d, events, told)
	}
	for _, row := range c.reversals {
		same(c, "I13", row.Voucher, "its reversal", row, told[row.Voucher])
		delete(told, row.Voucher)
	}
	for _, original := range slices.Sorted(maps.Keys(told)) {
		c.fail("I13", original, "it has events of a reversal, and no row")
	}
	c.checkReversedBooks()
}

// foldReversals tells how far the reversals of a document's vouchers came.
func (c *checker) foldReversals(d *document, events []event, told map[string]reversalRow) {
	for _, e := range events {
		f := read[reversalFacts](e.Text)
		subject := e.Stream + "#" + strconv.FormatInt(e.Seq, 10)
		r := told[f.Voucher]
		if r.Status == "" {
			r = reversalRow{Voucher: f.Voucher, Reference: undoneBy(f.Voucher), Document: d.ID}
		}
		same(c, "I9", subject, "its reference", f.Reference, undoneBy(f.Voucher))
		same(c, "I13", subject, "its attempt", f.Attempt, r.Attempt)
		before := r.Status
		c.hold("I3", subject, before != "posted", "%s after it was in the books", e.Kind)
		var possible bool
		switch e.Kind {
		case "reversal.requested":
			possible = before == "" || before == "refused" || before == "given_up" || before == "requested"
			r.Status, r.Maker, r.Checker, r.Date = "requested", e.Actor, "", f.Date
			c.checkFinance(subject, d, e)
			c.hold("I9", f.Voucher, d.fold.voucherRef == f.Voucher, "it shall be undone, and was never booked")
		case "reversal.refused", "reversal.approved":
			possible = before == "requested" && f.Maker == r.Maker
			r.Status, r.Checker = strings.TrimPrefix(e.Kind, "reversal."), e.Actor
			c.checkAnother(subject, d, e, r.Maker)
		case "reversal.parked":
			possible = before == "approved" && e.Actor == systemActor+"posting"
			r.Status = "parked"
		case "reversal.resolved":
			possible = before == "parked"
			r.Status = "approved"
			if f.Ruling == "give_up" {
				r.Status = "given_up"
			}
			if f.Ruling == "redate" {
				r.Date = f.Date
			}
			r.Attempt++
			c.checkFinance(subject, d, e)
		case "reversal.posted":
			possible = before == "approved" && f.Date == r.Date && e.Actor == systemActor+"posting"
			r.Status, r.Number = "posted", f.Number
			c.checkUndone(d, r)
			c.checkTold(d, r)
		default:
			possible = false
		}
		c.hold("I13", subject, possible, "%s, and it was %q", e.Kind, before)
		told[f.Voucher] = r
	}
}

// checkFinance holds that somebody of finance did it whom the document does not concern.
func (c *checker) checkFinance(subject string, d *document, e event) {
	who := c.org.at(e.At)
	holds := func(role string) bool { return who != nil && who.holds(e.Actor, role, d.Entity) }
	if !c.hold("I5", subject, who != nil && who.active[e.Actor] && slices.ContainsFunc(financeRoles, holds),
		"%s is not finance of %s", e.Actor, d.Entity) {
		return
	}
	interested := []string{d.Submitter, d.Requester}
	if d.PayeeKind == "employee" {
		interested = append(interested, d.PayeeID)
	}
	for _, person := range interested {
		c.hold("I6", subject, who.humanOf(e.Actor) != who.humanOf(person), "%s undoes what is of %s", e.Actor, person)
	}
}

// checkAnother holds that another human decides.
func (c *checker) checkAnother(subject string, d *document, e event, maker string) {
	c.checkFinance(subject, d, e)
	if who := c.org.at(e.At); who != nil {
		c.hold("I7", subject, who.humanOf(e.Actor) != who.humanOf(maker), "%s decided what %s asked for", e.Actor, maker)
	}
}

// sided is an entry with where it is booked.
type sided struct {
	Date    string `json:"date"`
	Undoes  string `json:"reverses"`
	Entries []struct {
		Side    string `json:"side"`
		Account string `json:"account"`
		Party   string `json:"party"`
		Amount  amount `json:"amount"`
		Base    amount `json:"base"`
	} `json:"entries"`
}

// checkUndone holds that a voucher and what undid it come to nothing on every account.
func (c *checker) checkUndone(d *document, r reversalRow) {
	undo, original := d.vouchers[r.Reference], d.vouchers[r.Voucher]
	if !c.hold("I9", r.Reference, undo.State == "posted" && undo.Kind == "reversal" && undo.Number == r.Number,
		"it is told as booked under %s, and its row says %q %s", r.Number, undo.State, undo.Number) {
		return
	}
	meant := slices.ContainsFunc(d.effects, func(e effect) bool { return e.Reference == r.Reference && e.Hash == undo.Hash })
	c.hold("I8", r.Reference, meant, "what was booked, %s, was never meant to be sent", undo.Hash)
	one, other := read[sided](original.Text), read[sided](undo.Text)
	same(c, "I9", r.Reference, "what it undoes", other.Undoes, r.Voucher)
	same(c, "I9", r.Reference, "its day", other.Date, r.Date)
	left := map[string]int64{}
	for _, v := range []sided{one, other} {
		for _, e := range v.Entries {
			sign := int64(1)
			if e.Side == creditSide {
				sign = -1
			}
			key := e.Account + "/" + e.Party + "/"
			left[key+e.Amount.Currency] += sign * e.Amount.Minor
			left[key+"base "+e.Base.Currency] += sign * e.Base.Minor
		}
	}
	same(c, "I10", r.Reference, "how many entries it has", len(other.Entries), len(one.Entries))
	for _, key := range slices.Sorted(maps.Keys(left)) {
		c.hold("I10", r.Reference, left[key] == 0, "with what it undoes %d is left on %s", left[key], key)
	}
}

// checkTold holds that whose document it is was told, once: I15.
func (c *checker) checkTold(d *document, r reversalRow) {
	for _, person := range each(d.Submitter, d.Requester) {
		n := 0
		for _, note := range d.notices {
			if note.Kind == "reversal.posted" && note.Person == person && strings.HasPrefix(note.ID, "reversal.posted."+r.Reference) {
				n++
			}
		}
		c.hold("I15", r.Reference, n == 1, "%s was told %d times that it is in the books", person, n)
	}
}

// checkReversedBooks holds the books against the record: what is booked as a reversal
// was approved, and what is told as booked is there once.
func (c *checker) checkReversedBooks() {
	states := map[string]reversalRow{}
	for _, r := range c.reversals {
		states[r.Reference] = r
	}
	for _, id := range c.order {
		for _, v := range c.documents[id].vouchers {
			if reverses(v.Reference) && v.State == "posted" {
				s := states[v.Reference].Status
				c.hold("I9", v.Reference, s == "posted" || s == "approved" && !c.in.Quiet, "it is booked, and its record is %q", s)
			}
		}
	}
	if len(c.in.Journals) == 0 {
		return
	}
	told, before := tallies(c.booked, c.references()), tallies(c.bookedBefore, c.references())
	for reference, t := range before {
		if reverses(reference) && t.reversed+t.posted > 0 {
			s := states[reference]
			c.hold("I7", reference, s.Checker != "" && s.Status != "requested" && s.Status != "refused",
				"it is in the books, and nobody approved it: %s", fmt.Sprintf("%q", s.Status))
		}
	}
	for reference, s := range states {
		if s.Status == "posted" {
			t := told[reference]
			c.hold("I9", reference, t != nil && t.posted == 1, "it is recorded as reversed, and the books disagree")
		}
	}
}
