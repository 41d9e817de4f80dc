package invariants

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// entryList is the part of a voucher that balances.
type entryList struct {
	Reference string `json:"reference"`
	Document  string `json:"document"`
	Revision  int    `json:"revision"`
	Entries   []struct {
		Side   string `json:"side"`
		Amount amount `json:"amount"`
		Base   amount `json:"base"`
	} `json:"entries"`
}

const debitSide, creditSide = "debit", "credit"

// sum adds up one side; currencies are those it found.
func (v entryList) sum(side string) (total, base amount, mixed bool) {
	for i, e := range v.Entries {
		first := v.Entries[0]
		mixed = mixed || e.Amount.Currency != first.Amount.Currency || e.Base.Currency != first.Base.Currency ||
			e.Side != debitSide && e.Side != creditSide || e.Amount.Minor <= 0 || e.Base.Minor < 0
		if i == 0 {
			total.Currency, base.Currency = e.Amount.Currency, e.Base.Currency
		}
		if e.Side == side {
			total.Minor += e.Amount.Minor
			base.Minor += e.Base.Minor
		}
	}
	return total, base, mixed
}

// checkVouchers holds what our own side keeps of the books: I8, I9 and I10.
func (c *checker) checkVouchers(d *document) {
	for _, e := range d.effects {
		subject := fmt.Sprintf("%s attempt %d", e.Reference, e.Attempt)
		c.checkText(d, subject, e.Reference, e.Text, e.Hash)
	}
	for _, v := range d.vouchers {
		if v.Text != "" || v.State == "posted" { // one that was refused early may have none
			c.checkText(d, v.Reference, v.Reference, v.Text, v.Hash)
		}
		if reverses(v.Reference) {
			continue // see checkReversals
		}
		posted := d.fold.voucherRef == v.Reference
		c.hold("I9", v.Reference, v.State != "posted" || posted || !c.in.Quiet,
			"its row is posted and the document does not know")
	}
	posted := map[string]int{}
	for _, e := range d.events {
		if e.Kind != "voucher.posted" {
			continue
		}
		reference := e.facts.Reference
		posted[reference]++
		c.hold("I9", reference, posted[reference] == 1, "voucher.posted is recorded %d times", posted[reference])
		row := d.vouchers[reference]
		c.hold("I9", reference, row.State == "posted", "it was posted, and its row says %q", row.State)
		same(c, "I9", reference, "the number of its row", row.Number, e.facts.Number)
		meant := slices.ContainsFunc(d.effects, func(e effect) bool { return e.Reference == reference && e.Hash == row.Hash })
		c.hold("I8", reference, meant, "what was posted, %s, was never meant to be sent", row.Hash)
		c.checkReference(d, reference)
	}
}

// checkReference holds that the voucher books the revision that was approved.
func (c *checker) checkReference(d *document, reference string) {
	parts := strings.Split(reference, ":")
	well := len(parts) == 4 && parts[0] == "v" && parts[1] == d.ID
	if !c.hold("I8", reference, well, "it is no reference of document %s", d.ID) {
		return
	}
	if !c.hold("I8", reference, len(d.fold.approvals) > 0, "it was posted, and nothing was approved") {
		return
	}
	approved := d.fold.approvals[len(d.fold.approvals)-1].event.Revision
	same(c, "I8", reference, "the revision it books", parts[3], strconv.Itoa(approved))
}

// checkText holds one stored voucher: its hash, its balance, and that it books
// the whole content of its revision and nothing else.
func (c *checker) checkText(d *document, subject, reference, text, hash string) {
	c.hold("I10", subject, hashText(text) == hash && isCanonical(text), "its text does not have the hash %s", hash)
	v := read[entryList](text)
	c.hold("I8", subject, v.Reference == reference && v.Document == d.ID, "it is a voucher of %s", v.Reference)
	debit, debitBase, mixed := v.sum(debitSide)
	credit, creditBase, _ := v.sum(creditSide)
	c.hold("I10", subject, len(v.Entries) >= 2 && !mixed, "its entries are not plain debits and credits of one currency")
	c.hold("I10", subject, debit == credit, "debit %v, credit %v", debit, credit)
	c.hold("I10", subject, debitBase == creditBase, "in the base currency debit %v, credit %v", debitBase, creditBase)
	booked, known := d.revisions[v.Revision]
	if c.hold("I8", subject, known, "it books revision %d, which there is not", v.Revision) {
		whole, wholeBase := booked.content.Total, booked.content.BaseTotal
		if o := booked.content.Offset; o != nil { // what is settled beyond the cost is owed, and booked too
			whole.Minor, wholeBase.Minor = max(whole.Minor, o.Amount.Minor), max(wholeBase.Minor, o.Amount.Minor)
		}
		same(c, "I8", subject, "the money it books", debit, whole)
		same(c, "I8", subject, "the money it books in the base currency", debitBase, wholeBase)
	}
}

// checkAdvances holds that no advance is settled for more than it is: by what was
// booked, and by what is still under approval together with it.
func (c *checker) checkAdvances() {
	settled := map[string]int64{}
	for _, id := range c.order {
		d := c.documents[id]
		o := d.revisions[d.Revision].content.Offset
		if o == nil || d.Status == "rejected" || d.Status == "withdrawn" || d.Status == voided {
			continue
		}
		settled[o.Document] += o.Amount.Minor
		advance, known := c.documents[o.Document]
		if !c.hold("I8", id, known && advance.VoucherRef != "", "it settles %s, which is no advance in the books", o.Document) {
			continue
		}
		c.hold("I8", id, o.Amount.Currency == advance.Total.Currency && d.Requester == advance.Requester,
			"it settles %s, of another person or in another currency", o.Document)
		c.hold("I8", o.Document, settled[o.Document] <= advance.Total.Minor,
			"%d of it is settled, and it is %d", settled[o.Document], advance.Total.Minor)
	}
}
