package store

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/org"
)

// certifications proves of every review of rights that it asked what the organisation
// gave when it was opened, that each answer is its reviewer's and on record, and that
// nothing was certified by silence.
func (a *auditor) certifications(ctx context.Context) error {
	var rows []certificationRow
	if err := a.tx.SelectContext(ctx, &rows,
		`SELECT `+certificationColumns+` FROM certifications ORDER BY id`); err != nil {
		return err
	}
	var rules []delegation.Rule
	if len(rows) > 0 {
		var err error
		if rules, err = selectDelegations(ctx, a.tx, `SELECT `+delegationColumns+` FROM delegations`); err != nil {
			return err
		}
	}
	for _, r := range rows {
		if err := a.certification(ctx, r.certification(), rules); err != nil {
			return err
		}
	}
	const lost = `SELECT DISTINCT stream FROM events e WHERE stream LIKE $1 || '%'
		AND NOT EXISTS (SELECT FROM certifications c WHERE e.stream = $1 || c.id) ORDER BY stream LIMIT $2`
	var streams []string
	if err := a.tx.SelectContext(ctx, &streams, lost, reviewStream, a.most); err != nil {
		return err
	}
	for _, stream := range streams {
		a.found(stream, 0, "review.missing", "the campaign is gone")
	}
	return nil
}

// reviewFile is one campaign with what the record says of it.
type reviewFile struct {
	Certification

	stream string
	items  []CertificationItem
	events map[string]evidence.Event // by cause
	rules  []delegation.Rule
	closed reviewEnded

	organisations map[int64]*org.Snapshot // by version
}

func (a *auditor) certification(ctx context.Context, c Certification, rules []delegation.Rule) error {
	f := reviewFile{Certification: c, stream: reviewStream + c.ID, rules: rules, events: map[string]evidence.Event{},
		organisations: map[int64]*org.Snapshot{}}
	var err error
	if f.items, err = selectItems(ctx, a.tx, `SELECT `+certificationItemColumns+` FROM certification_items
		WHERE campaign = $1 ORDER BY no`, c.ID); err != nil {
		return err
	}
	events, err := eventsBetween(ctx, a.tx, f.stream, 1, certification.ItemsMax*(certification.ReassignMax+1)+10)
	if err != nil {
		return err
	}
	for _, e := range events {
		f.events[e.Cause] = e
	}
	a.reviewOpened(&f)
	if err := a.reviewItems(ctx, &f); err != nil {
		return err
	}
	a.reviewEnds(&f)
	if err := a.reviewHandovers(ctx, &f); err != nil {
		return err
	}
	return a.reviewAnswers(ctx, &f)
}

// reviewOpened holds the campaign against the event that opened it.
func (a *auditor) reviewOpened(f *reviewFile) {
	opened, there := f.events["open"]
	var told reviewOpened
	switch {
	case !there:
		a.found(f.stream, 0, "review.invented", "the campaign has no event")
	case json.Unmarshal(opened.Data, &told) != nil || opened.Actor != f.OpenedBy ||
		string(mustJSON(told)) != string(mustJSON(reviewOpened{Campaign: f.Campaign, Items: f.Items, Hash: f.Hash})):
		a.found(f.stream, opened.Seq, "review.differs", "the campaign is not what its event says")
	}
}

// reviewItems derives the items anew from the organisation that was in force when the
// campaign was opened.
func (a *auditor) reviewItems(ctx context.Context, f *reviewFile) error {
	kept := make([]certification.Item, 0, len(f.items))
	for _, i := range f.items {
		kept = append(kept, i.Item)
	}
	whole, err := a.organisationAt(ctx, f, f.Opened)
	if err != nil {
		return err
	}
	asked, wrong := f.Campaign.Items(whole, f.rules)
	hash, err := certification.Hash(kept)
	if err != nil {
		return err
	}
	if wrong != nil || whole.Version != f.Version || hash != f.Hash || string(mustJSON(asked)) != string(mustJSON(kept)) {
		a.found(f.stream, 1, "review.items_differ", "its items are not the rights that were held when it was opened")
	}
	return nil
}

// organisationAt is the version that was in force at an instant.
func (a *auditor) organisationAt(ctx context.Context, f *reviewFile, at time.Time) (*org.Snapshot, error) {
	var version int64
	const query = `SELECT coalesce(max(version), 0) FROM org_versions WHERE at <= $1`
	if err := a.tx.GetContext(ctx, &version, query, at); err != nil {
		return nil, err
	}
	if f.organisations[version] == nil {
		whole, err := loadSnapshot(ctx, a.tx, version)
		if err != nil {
			return nil, err
		}
		f.organisations[version] = whole
	}
	return f.organisations[version], nil
}

// reviewEnds holds what was undecided in the end, or over before, against the event.
func (a *auditor) reviewEnds(f *reviewFile) {
	closed, there := f.events["close"]
	if there {
		_ = json.Unmarshal(closed.Data, &f.closed) // one that cannot be read says nothing of any item
	}
	if there != !f.Closed.IsZero() || there && f.Closed.Before(f.Closes) {
		a.found(f.stream, closed.Seq, "review.differs", "its end is not what its events say")
	}
	if _, late := f.events["overdue"]; late != !f.Overdue.IsZero() {
		a.found(f.stream, 0, "review.differs", "that its reviewers were late is not what its events say")
	}
}

// reviewAnswers holds every answer against its event, and its reviewer against the
// organisation of then.
func (a *auditor) reviewAnswers(ctx context.Context, f *reviewFile) error {
	for _, i := range f.items {
		e, said := f.events["decide:"+strconv.Itoa(i.No)]
		switch i.State {
		case certification.Open:
			if said || !f.Closed.IsZero() {
				a.found(f.stream, e.Seq, "review.answer_differs",
					"item %d is open, and its campaign is over or says otherwise", i.No)
			}
			continue
		case certification.Undecided, certification.Ended:
			among := map[string][]int{certification.Undecided: f.closed.Undecided, certification.Ended: f.closed.Ended}[i.State]
			if said || !slices.Contains(among, i.No) || f.closed.Proposed[i.No] != i.Proposal || i.By != SystemReview {
				a.found(f.stream, e.Seq, "review.answer_differs", "item %d ended otherwise", i.No)
			}
			continue
		}
		var told reviewDecided
		want := reviewDecided{Item: i.Item, Proposal: i.Proposal,
			Verdict: certification.Verdict{Say: i.State, Reason: i.Reason, Until: i.NewUntil}}
		if !said || json.Unmarshal(e.Data, &told) != nil || string(mustJSON(told)) != string(mustJSON(want)) ||
			e.Actor != i.By {
			a.found(f.stream, e.Seq, "review.answer_differs", "item %d is not what its event says", i.No)
			continue
		}
		whole, err := a.organisationAt(ctx, f, i.At)
		if err != nil {
			return err
		}
		a.reviewer(f, i, e.Seq, whole)
	}
	return nil
}

// reviewer proves that who answered was asked, and could not gain by it.
func (a *auditor) reviewer(f *reviewFile, i CertificationItem, seq int64, whole *org.Snapshot) {
	present := whole.At(i.At)
	may, _ := access.Can(access.SubjectOf(present, i.By), access.GrantDecide, access.Object{Entity: i.Entity})
	err := certification.Impartial(present, f.rules, i.Person, i.By, i.At)
	if err != nil || !f.Asked(i.Asks(), i.By, may, present, i.At) {
		a.found(f.stream, seq, "review.own", "%s answered item %d, which is not theirs to answer", i.By, i.No)
	}
}
