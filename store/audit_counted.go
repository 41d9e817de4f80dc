package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
)

// countedMoot is how near to the look an event may be recorded for its document to
// have been seen with it or without it: what is recorded at an instant is there for
// others only once it is committed.
const countedMoot = time.Minute

// aggregating are the versions of policies that add amounts up, by id.
func (a *auditor) aggregating(ctx context.Context) (map[string][]int, error) {
	var rows []struct {
		ID      string
		Version int
	}
	const query = `SELECT id, version FROM policies WHERE kind = 'policy' AND yaml ~ '(^|\n)aggregate:'`
	if err := a.tx.SelectContext(ctx, &rows, query); err != nil {
		return nil, err
	}
	found := map[string][]int{}
	for _, r := range rows {
		found[r.ID] = append(found[r.ID], r.Version)
	}
	return found, nil
}

// counted derives what each plan counted beside its document anew: that what it
// names is there and counts, that nothing was left out, and that the sum is right.
func (a *auditor) counted(ctx context.Context, f *auditFile) error {
	for _, e := range f.events {
		if e.Kind != approval.PlanMade {
			continue
		}
		made, err := approval.Decode[approval.PlanData](e)
		if err != nil {
			continue // the fold has said so
		}
		says := slices.Contains(a.aggregates[made.Plan.Policy], made.Plan.PolicyVersion)
		if says != (made.Plan.Counted != nil) {
			a.found(f.ID, e.Seq, "counted.differs", "the policy aggregates: %t, and the plan does not agree", says)
		}
		if made.Plan.Counted == nil {
			continue
		}
		if err := a.countedIn(ctx, f, e, made.Plan); err != nil {
			return err
		}
	}
	return nil
}

func (a *auditor) countedIn(ctx context.Context, f *auditFile, e evidence.Event, plan approval.Plan) error {
	c := plan.Counted
	var own document.Content
	_ = json.Unmarshal([]byte(f.revisions[e.Revision].Content), &own) // contents says what is wrong with it
	if !keyFits(c.CountKey, own, plan.Same) || !windowFits(*c, f.askedAt(e.Seq)) {
		a.found(f.ID, e.Seq, "counted.differs", "the key, or the window, is not the document's")
	}
	a.ownCounted(f, e, *c, own)
	others, err := a.othersAt(ctx, f.ID, *c)
	if err != nil {
		return err
	}
	sum, known := money.Zero(c.Own.Currency), true
	for _, named := range c.Documents {
		i := slices.IndexFunc(others, func(o countedOther) bool { return o.ID == named.Document })
		if i < 0 || !others[i].Moot && (others[i].Revision != named.Revision || others[i].Hash != named.Hash) {
			a.found(f.ID, e.Seq, "counted.unknown", "%s revision %d did not count", named.Document, named.Revision)
		}
	}
	left, moot := 0, false
	for _, o := range others {
		named := slices.ContainsFunc(c.Documents, func(d approval.CountedDocument) bool { return d.Document == o.ID })
		moot = moot || o.Moot
		if o.Moot && !named {
			continue
		}
		if !named {
			left++
		}
		amount, ok := o.in(c.CountKey, c.Own.Currency)
		sum.Minor, known = sum.Minor+amount, known && ok
	}
	if whole := c.Count == len(c.Documents); whole && left > 0 || !whole && !moot && left+len(c.Documents) != c.Count {
		a.found(f.ID, e.Seq, "counted.left_out", "%d documents more than it names count, of %d", left, c.Count)
	}
	if known && !moot && sum != c.Others {
		a.found(f.ID, e.Seq, "counted.wrong_sum", "the others come to %s, it says %s", sum.Text(), c.Others.Text())
	}
	return nil
}

// ownCounted holds the document's own part, and the sum.
func (a *auditor) ownCounted(f *auditFile, e evidence.Event, c approval.Counted, content document.Content) {
	claimed, err := content.AsClaimed()
	if sum, wrong := c.Own.Add(c.Others); wrong != nil || sum != c.Sum ||
		err == nil && claimed.Total.Currency == c.Own.Currency && claimed.Total != c.Own {
		a.found(f.ID, e.Seq, "counted.wrong_sum", "%s and %s are not %s", c.Own.Text(), c.Others.Text(), c.Sum.Text())
	}
}

// countedOther is a document that counted beside another when it was looked.
type countedOther struct {
	ID, Hash, Content string

	Revision int
	Moot     bool // something of it was recorded about then
}

// in is what of it counts, in a currency; false where it cannot be told without rates.
func (o countedOther) in(key approval.CountKey, currency money.Currency) (int64, bool) {
	var content document.Content
	if json.Unmarshal([]byte(o.Content), &content) != nil {
		return 0, false
	}
	amount, base, err := countedOf(content, key)
	switch {
	case err != nil:
		return 0, false
	case amount.Currency == currency:
		return amount.Minor, true
	}
	return base.Minor, base.Currency == currency
}

// othersAt are the documents that counted when it was looked, from their events:
// what each asked for by then, unless it had ended unapproved.
func (a *auditor) othersAt(ctx context.Context, id string, c approval.Counted) ([]countedOther, error) {
	const query = `
		SELECT d.id, last.revision, last.content_hash AS hash, r.content,
		       EXISTS (SELECT 1 FROM events n WHERE n.stream = d.id AND n.kind = ANY($7)
		               AND n.at BETWEEN $4::timestamptz - $8 * interval '1 second'
		                            AND $4::timestamptz + $8 * interval '1 second') AS moot
		FROM documents d
		CROSS JOIN LATERAL (SELECT e.at FROM events e WHERE e.stream = d.id AND e.at <= $4
			AND e.kind IN ('document.submitted', 'document.resubmitted') ORDER BY e.seq DESC LIMIT 1) AS asked
		CROSS JOIN LATERAL (SELECT e.revision, e.content_hash FROM events e WHERE e.stream = d.id AND e.at <= $4
			ORDER BY e.seq DESC LIMIT 1) AS last
		JOIN revisions r ON r.document = d.id AND r.revision = last.revision
		WHERE d.entity = $1 AND d.type = $2 AND d.id <> $3 AND d.asked_at >= $5 AND d.submitted_at <= $4
		  AND (d.requester = ANY($9) OR $9 IS NULL) AND (d.submitter = ANY($10) OR $10 IS NULL)
		  AND ($11::text[] IS NULL OR d.payee_id = ANY($11) OR d.round > 1)
		  AND asked.at >= $5 AND asked.at < $6
		  AND (NOT EXISTS (SELECT 1 FROM events e WHERE e.stream = d.id AND e.at <= $4
		        AND e.kind IN ('document.rejected', 'document.withdrawn', 'document.voided')))
		ORDER BY d.id`
	var rows, counts []countedOther
	moves := []string{approval.DocumentSubmitted, approval.DocumentResubmitted, approval.DocumentSanctioned,
		approval.DocumentAmended, approval.DocumentRejected, approval.DocumentWithdrawn, approval.DocumentVoided}
	err := a.tx.SelectContext(ctx, &rows, query, c.Entity, c.Type, id, c.At, c.From, c.Until, pq.Array(moves),
		countedMoot.Seconds(), textsOrNull(c.Requesters), textsOrNull(c.Submitters), textsOrNull(c.Payees))
	for _, r := range rows {
		var content document.Content
		if json.Unmarshal([]byte(r.Content), &content) == nil && sharesKey(c.CountKey, content) {
			counts = append(counts, r)
		}
	}
	return counts, err
}

// sharesKey says whether a content shares what a key names.
func sharesKey(key approval.CountKey, c document.Content) bool {
	return (len(key.Payees) == 0 || string(c.Payee.Kind) == key.PayeeKind && slices.Contains(key.Payees, c.Payee.ID)) &&
		(!slices.Contains(key.By, approval.CountCategory) ||
			slices.ContainsFunc(c.Lines, func(l document.Line) bool { return slices.Contains(key.Categories, l.Category) }))
}

// askedAt is when the document asked for what it asks for at an event.
func (f *auditFile) askedAt(seq int64) time.Time {
	var at time.Time
	for _, e := range f.events {
		if e.Seq < seq && (e.Kind == approval.DocumentSubmitted || e.Kind == approval.DocumentResubmitted) {
			at = e.At
		}
	}
	return at
}

// windowFits says whether a window is that of the days around an instant.
func windowFits(c approval.Counted, at time.Time) bool {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return false
	}
	y, m, d := at.In(zone).Date()
	return c.From.Equal(time.Date(y, m, d-c.Days+1, 0, 0, 0, 0, zone)) &&
		c.Until.Equal(time.Date(y, m, d+c.Days, 0, 0, 0, 0, zone))
}

// keyFits says whether a key is that of a content, with every account of the humans
// in it.
func keyFits(key approval.CountKey, c document.Content, same [][]string) bool {
	fits := func(by string, has []string, person string) bool {
		want := []string{person}
		for _, accounts := range same {
			if slices.Contains(accounts, person) && (by != approval.CountPayee || c.Payee.Kind == document.PayeeEmployee) {
				want = slices.Clone(accounts)
			}
		}
		slices.Sort(want)
		if !slices.Contains(key.By, by) {
			want = nil
		}
		return slices.Equal(has, want)
	}
	var categories []string
	for _, l := range c.Lines {
		categories = append(categories, l.Category)
	}
	slices.Sort(categories)
	if !slices.Contains(key.By, approval.CountCategory) {
		categories = nil
	}
	return key.Entity == c.Entity && key.Type == c.Type && fits(approval.CountPayee, key.Payees, c.Payee.ID) &&
		fits(approval.CountRequester, key.Requesters, c.Requester) &&
		fits(approval.CountSubmitter, key.Submitters, c.Submitter) &&
		slices.Equal(key.Categories, slices.Compact(categories))
}
