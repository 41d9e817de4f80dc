package invariants

import (
	"database/sql"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// countFacts are what a plan says it counted beside its document.
type countFacts struct {
	By         []string  `json:"by"`
	Days       int       `json:"days"`
	Zone       string    `json:"zone"`
	Entity     string    `json:"entity"`
	Type       string    `json:"type"`
	PayeeKind  string    `json:"payee_kind"`
	Payees     []string  `json:"payees"`
	Requesters []string  `json:"requesters"`
	Submitters []string  `json:"submitters"`
	Categories []string  `json:"categories"`
	From       time.Time `json:"from"`
	Until      time.Time `json:"until"`
	At         time.Time `json:"at"`
	Own        amount    `json:"own"`
	Others     amount    `json:"others"`
	Sum        amount    `json:"sum"`
	Count      int       `json:"count"`
	Documents  []struct {
		Document string `json:"document"`
		Revision int    `json:"revision"`
		Hash     string `json:"hash"`
	} `json:"documents"`
}

// lineFacts are what is counted by category.
type lineFacts struct {
	Lines []struct {
		Category string `json:"category"`
		Amount   amount `json:"amount"`
		Claimed  *struct {
			Amount amount `json:"amount"`
		} `json:"claimed"`
	} `json:"lines"`
}

// seenEither is how near to the look something may be recorded for the look to have
// seen it or not: an event has its instant before it is committed.
const seenEither = time.Minute

var addsUp = regexp.MustCompile(`(?m)^aggregate:`)

func (l *loader) policyRows() error {
	l.aggregating = map[string]bool{}
	return l.each(`SELECT id, version, yaml FROM policies WHERE kind = 'policy'`, func(r *sql.Rows) error {
		var id, text string
		var version int
		err := r.Scan(&id, &version, &text)
		l.aggregating[id+"/"+strconv.Itoa(version)] = addsUp.MatchString(text)
		return err
	})
}

// checkCounted holds what plans counted against what was there to be counted, so
// that nobody ducked a threshold by splitting: I7.
func (c *checker) checkCounted(d *document) {
	for _, e := range d.events {
		if e.Kind != "plan.made" || e.facts.Plan == nil {
			continue
		}
		p := e.facts.Plan
		subject := d.ID + "#" + strconv.FormatInt(e.Seq, 10)
		must := c.aggregating[p.Policy+"/"+strconv.Itoa(p.PolicyVersion)]
		if c.hold("I7", subject, must == (p.Counted != nil), "its policy adds amounts up: %t, and the plan does not agree", must) &&
			must {
			c.checkCount(d, e, *p.Counted, subject)
		}
	}
}

func (c *checker) checkCount(d *document, e event, n countFacts, subject string) {
	own := d.revisions[e.Revision].content
	c.hold("I7", subject, n.Entity == own.Entity && n.Type == own.Type && n.covers(own, d.revisions[e.Revision].Text),
		"it counted by another key than its own")
	c.hold("I7", subject, !n.At.After(e.At) && n.windowOf(d.askedBy(e.At)), "it looked at other days than its own")
	same(c, "I7", subject, "the sum of what was counted", n.Sum, amount{n.Own.Minor + n.Others.Minor, n.Own.Currency})
	if total := own.claim(); total.Currency == n.Own.Currency {
		same(c, "I7", subject, "its own part of the sum", n.Own, total)
	}
	var sum int64
	exact, found := true, 0
	for _, id := range c.order {
		o := c.documents[id]
		if id == d.ID || o.Entity != n.Entity || o.Type != n.Type {
			continue
		}
		r, counts, either := o.countedAt(n)
		named := n.names(id, r)
		c.hold("I7", subject, either || named == counts || counts && n.Count > len(n.Documents),
			"%s counts: %t, and it is named with that content: %t", id, counts, named)
		if counts && (!either || named) {
			found++
			part, known := r.part(n)
			sum, exact = sum+part, exact && known
		}
		exact = exact && !either
	}
	for _, named := range n.Documents {
		_, there := c.documents[named.Document]
		c.hold("I7", subject, there, "it counted %s, which is not there", named.Document)
	}
	if exact {
		same(c, "I7", subject, "how many were counted", n.Count, found)
		same(c, "I7", subject, "what the others come to", n.Others.Minor, sum)
	}
}

// covers says whether the key is that of a content; one human may have more accounts.
func (n countFacts) covers(own content, text string) bool {
	for _, by := range n.By {
		switch by {
		case "payee":
			if !slices.Contains(n.Payees, own.Payee.ID) || n.PayeeKind != own.Payee.Kind {
				return false
			}
		case "requester":
			if !slices.Contains(n.Requesters, own.Requester) {
				return false
			}
		case "submitter":
			if !slices.Contains(n.Submitters, own.Submitter) {
				return false
			}
		case "category":
			for _, l := range read[lineFacts](text).Lines {
				if !slices.Contains(n.Categories, l.Category) {
					return false
				}
			}
		}
	}
	return len(n.By) > 0
}

// windowOf says whether the window is that of the days around an instant.
func (n countFacts) windowOf(asked time.Time) bool {
	zone, err := time.LoadLocation(n.Zone)
	if err != nil {
		return false
	}
	local := asked.In(zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	return n.From.Equal(midnight.AddDate(0, 0, 1-n.Days)) && n.Until.Equal(midnight.AddDate(0, 0, n.Days))
}

// names says whether a document is named with a revision.
func (n countFacts) names(id string, r revision) bool {
	for _, named := range n.Documents {
		if named.Document == id && named.Revision == r.N && named.Hash == r.Hash {
			return true
		}
	}
	return false
}

// askedBy is when a document asked for what it asked for at an instant.
func (d *document) askedBy(at time.Time) time.Time {
	var asked time.Time
	for _, e := range d.events {
		if (e.Kind == "document.submitted" || e.Kind == "document.resubmitted") && !e.At.After(at) {
			asked = e.At
		}
	}
	return asked
}

// countedAt is the content that a document had when it was looked, whether it
// counted, and whether something of it was recorded so near that it may be either.
func (d *document) countedAt(n countFacts) (r revision, counts, either bool) {
	ended := false
	for _, e := range d.events {
		gap := e.At.Sub(n.At)
		moves := patches(e.Kind) || e.Kind == "document.submitted" || e.Kind == "document.resubmitted" ||
			final(after[e.Kind]) && e.Kind != "document.closed"
		either = either || moves && gap.Abs() < seenEither
		if gap > 0 {
			continue
		}
		r = d.revisions[e.Revision]
		ended = ended || final(after[e.Kind]) && e.Kind != "document.closed"
	}
	asked := d.askedBy(n.At)
	inside := !asked.IsZero() && !asked.Before(n.From) && asked.Before(n.Until)
	return r, inside && !ended && n.shares(r), either
}

// shares says whether a content shares what the key names.
func (n countFacts) shares(r revision) bool {
	x := r.content
	if len(n.Payees) > 0 && (x.Payee.Kind != n.PayeeKind || !slices.Contains(n.Payees, x.Payee.ID)) ||
		len(n.Requesters) > 0 && !slices.Contains(n.Requesters, x.Requester) ||
		len(n.Submitters) > 0 && !slices.Contains(n.Submitters, x.Submitter) {
		return false
	}
	if !slices.Contains(n.By, "category") {
		return true
	}
	for _, l := range read[lineFacts](r.Text).Lines {
		if slices.Contains(n.Categories, l.Category) {
			return true
		}
	}
	return false
}

// part is what of a content counts; false where that hangs on a rate.
func (r revision) part(n countFacts) (int64, bool) {
	total, base := r.content.claim(), r.content.BaseTotal
	if r.content.Claimed != nil {
		base = r.content.Claimed.BaseTotal
	}
	if slices.Contains(n.By, "category") {
		total.Minor = 0
		for _, l := range read[lineFacts](r.Text).Lines {
			switch {
			case !slices.Contains(n.Categories, l.Category):
			case l.Claimed != nil:
				total.Minor += l.Claimed.Amount.Minor
			default:
				total.Minor += l.Amount.Minor
			}
		}
		return total.Minor, total.Currency == n.Own.Currency
	}
	if total.Currency == n.Own.Currency {
		return total.Minor, true
	}
	return base.Minor, base.Currency == n.Own.Currency
}

// claim is what a content asked for, whatever was approved of it.
func (x content) claim() amount {
	if x.Claimed != nil {
		return x.Claimed.Total
	}
	return x.Total
}
