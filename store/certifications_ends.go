package store

import (
	"context"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
)

// notReviewed is why the end of a campaign proposes a revocation: a reason is text in a
// record, read in any language.
const notReviewed = " · 逾期未复核 / not reviewed in time"

// AdvanceCertifications does what the clock asks of campaigns: it reminds reviewers when
// half and four fifths of their time are over, tells administrators when they are late,
// and ends what is over. It says how many it moved.
//
// Safe to repeat, and to do twice at once.
func (s *Store) AdvanceCertifications(ctx context.Context, limit int) (int, error) {
	const due = `
		SELECT id FROM certifications
		WHERE closed_at IS NULL AND (closes_at <= clock_timestamp() OR overdue_at IS NULL AND due_at <= clock_timestamp()
		   OR reminded = 0 AND opened_at + (due_at - opened_at) / 2 <= clock_timestamp()
		   OR reminded = 1 AND opened_at + (due_at - opened_at) * 4 / 5 <= clock_timestamp())
		ORDER BY due_at LIMIT $1`
	var ids []string
	if err := s.db.SelectContext(ctx, &ids, due, limit); err != nil {
		return 0, sqlFault("store.AdvanceCertifications", err)
	}
	for _, id := range ids {
		err := s.inTx(ctx, "store.AdvanceCertifications", func(tx *sqlx.Tx) error {
			return advanceCertification(ctx, tx,
				id)
		})
		if err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

func advanceCertification(ctx context.Context, tx *sqlx.Tx, id string) error {
	c, err := certificationOf(ctx, tx, id, "FOR UPDATE")
	if err != nil || !c.Closed.IsZero() {
		return err
	}
	whole, now, err := wholeIn(ctx, tx)
	if err != nil {
		return err
	}
	items, err := selectItems(ctx, tx, `SELECT `+certificationItemColumns+` FROM certification_items
		WHERE campaign = $1 AND state = 'open' ORDER BY no FOR UPDATE`, id)
	if err != nil {
		return err
	}
	switch present := whole.At(now); {
	case c.Over(now):
		return closeCertification(ctx, tx, c, items, whole)
	case c.Late(now):
		return escalateCertification(ctx, tx, c, items, present)
	default:
		const again = `UPDATE certifications SET reminded = reminded + 1 WHERE id = $1 RETURNING reminded`
		var n int
		if err := tx.GetContext(ctx, &n, again, id); err != nil {
			return err
		}
		return askReviewers(ctx, tx, present, c.Campaign, notice.ReviewReminded, strconv.Itoa(n))
	}
}

// escalateCertification notes that reviewers are late, and tells the administrators, who
// may decide from now on as well.
func escalateCertification(ctx context.Context, tx *sqlx.Tx, c Certification, items []CertificationItem,
	present *org.Snapshot) error {
	if !c.Overdue.IsZero() {
		return nil
	}
	const late = `UPDATE certifications SET overdue_at = clock_timestamp(), reminded = 2 WHERE id = $1`
	if _, err := tx.ExecContext(ctx, late, c.ID); err != nil {
		return err
	}
	var open []int
	for _, i := range items {
		open = append(open, i.No)
	}
	err := recordFact(ctx, tx, reviewStream+c.ID, "overdue", evidence.Draft{Kind: ReviewOverdue, Actor: SystemReview,
		Data: mustJSON(reviewEnded{Open: open})})
	if err != nil || len(items) == 0 {
		return err
	}
	told := map[string]int{}
	for _, i := range items {
		people := append(access.Allowed(present, access.GrantDecide, access.Object{Entity: i.Entity}), i.Asks())
		slices.Sort(people)
		for _, person := range slices.Compact(people) {
			told[person]++
		}
	}
	return tellReview(ctx, tx, c.Campaign, notice.ReviewOverdue, "overdue", told)
}

// closeCertification ends a campaign: what nobody decided on is undecided, and proposed
// for revocation where the campaign says so; what was over before is noted as that.
func closeCertification(ctx context.Context, tx *sqlx.Tx, c Certification, items []CertificationItem,
	whole *org.Snapshot) error {
	const end = `UPDATE certifications SET closed_at = date_trunc('microseconds', clock_timestamp()) WHERE id = $1
		RETURNING closed_at`
	if err := tx.GetContext(ctx, &c.Now, end, c.ID); err != nil {
		return err
	}
	ended := reviewEnded{Proposed: map[int]string{}}
	for _, i := range items {
		said := CertificationItem{State: certification.Undecided, By: SystemReview, At: c.Now.UTC()}
		r := i.Right(c.Title + notReviewed)
		checked := r.Check(whole)
		if fault.CodeOf(checked) == "grant.not_found" {
			said.State, ended.Ended = certification.Ended, append(ended.Ended, i.No)
		} else {
			ended.Undecided = append(ended.Undecided, i.No)
		}
		if said.State == certification.Undecided && c.Undecided == certification.ProposeUndecided && checked == nil {
			var err error
			if said.Proposal, err = proposeRevocation(ctx, tx, r, c.OpenedBy); err != nil {
				return err
			}
			ended.Proposed[i.No] = said.Proposal
		}
		if err := endItem(ctx, tx, i, said); err != nil {
			return err
		}
	}
	err := recordFact(ctx, tx, reviewStream+c.ID, "close", evidence.Draft{Kind: ReviewClosed, Actor: SystemReview,
		Data: mustJSON(ended)})
	if err != nil {
		return err
	}
	told := map[string]int{}
	present := whole.At(c.Now)
	for _, entity := range entitiesOf(c.Scope) {
		for _, person := range access.Allowed(present, access.GrantDecide, access.Object{Entity: entity}) {
			told[person] = len(ended.Undecided)
		}
	}
	return tellReview(ctx, tx, c.Campaign, notice.ReviewClosed, "closed", told)
}

func entitiesOf(s certification.Scope) []string {
	if len(s.Entities) == 0 {
		return []string{""}
	}
	return s.Entities
}

// askReviewers tells those who are asked how many items wait for them: of an item without
// a reviewer, every administrator but its holder.
func askReviewers(ctx context.Context, tx *sqlx.Tx, present *org.Snapshot, c certification.Campaign, kind,
	step string) error {
	items, err := selectItems(ctx, tx, `SELECT `+certificationItemColumns+` FROM certification_items
		WHERE campaign = $1 AND state = 'open' ORDER BY no`, c.ID)
	if err != nil {
		return err
	}
	told := map[string]int{}
	for _, i := range items {
		asked := []string{i.Asks()}
		if !present.Active(i.Asks()) {
			asked = access.Allowed(present, access.GrantDecide, access.Object{Entity: i.Entity})
		}
		for _, person := range asked {
			if !present.Same(person, i.Person) {
				told[person]++
			}
		}
	}
	return tellReview(ctx, tx, c, kind, step, told)
}

// tellReview tells each person once of a step of a campaign, with how many items it is about.
func tellReview(ctx context.Context, tx *sqlx.Tx, c certification.Campaign, kind, step string,
	people map[string]int) error {
	const insert = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT $1 || '.' || $2 || '.' || $3 || '.' || $4, $1, $4, '', '', '', '', false, $5 ON CONFLICT DO NOTHING`
	for _, n := range notice.OfReview(kind, c.ID, c.Title, c.Due, people) {
		if _, err := tx.ExecContext(ctx, insert, n.Kind, c.ID, step, n.Person, string(mustJSON(n.Data))); err != nil {
			return err
		}
	}
	return nil
}
