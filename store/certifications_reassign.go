package store

import (
	"context"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
)

// reviewHanded is the data of review.reassigned.
type reviewHanded struct {
	certification.Reassignment

	Item certification.Item `json:"item"`
	From string             `json:"from"` // "": whichever administrator may
	No   int                `json:"no"`   // of the handovers of the item, from 1
	At   time.Time          `json:"at"`   // as it was judged
}

// ReassignItem has somebody else asked about an item, and tells them.
//
// Safe to repeat under its idempotency key. Errors: NotFound review.not_found; Forbidden
// review.own, review.gains; those of certification.Campaign.Reassign; Conflict
// idempotency.reused.
func (s *Store) ReassignItem(ctx context.Context, campaign string, no int, r certification.Reassignment,
	idem Idempotency) error {
	return s.inTx(ctx, "store.ReassignItem", func(tx *sqlx.Tx) error {
		if _, fresh, err := claimRequest(ctx, tx, idem, campaign); err != nil || !fresh {
			return err
		}
		c, err := certificationOf(ctx, tx, campaign, "FOR SHARE")
		if err != nil {
			return err
		}
		item, err := itemIn(ctx, tx, campaign, no)
		if err != nil {
			return err
		}
		whole, now, err := wholeIn(ctx, tx)
		if err != nil {
			return err
		}
		if err := judgeHandover(ctx, tx, c, item, r, whole.At(now), now); err != nil {
			return err
		}
		if err := saveHandover(ctx, tx, item, r, now); err != nil {
			return err
		}
		step := "reassigned." + strconv.Itoa(no) + "." + strconv.Itoa(item.Handed+1)
		return tellReview(ctx, tx, c.Campaign, notice.ReviewAsked, step, map[string]int{r.To: 1})
	})
}

func standing(i CertificationItem) certification.Standing {
	return certification.Standing{Item: i.Item, State: i.State, Decided: i.By, Asks: i.Asks(), Handed: i.Handed}
}

// judgeHandover asks the rules whether somebody may hand an item to another.
func judgeHandover(ctx context.Context, tx *sqlx.Tx, c Certification, item CertificationItem,
	r certification.Reassignment, present *org.Snapshot, now time.Time) error {
	r.Administers, _ = access.Can(access.SubjectOf(present, r.By), access.GrantDecide, access.Object{Entity: item.Entity})
	if err := c.Reassign(standing(item), r, present, now); err != nil {
		return err
	}
	rules, err := liveDelegations(ctx, tx, now)
	if err != nil {
		return err
	}
	for _, person := range []string{r.By, r.To} {
		if err := certification.Impartial(present, rules, item.Person, person, now); err != nil {
			return err
		}
	}
	return nil
}

func saveHandover(ctx context.Context, tx *sqlx.Tx, item CertificationItem, r certification.Reassignment,
	now time.Time) error {
	const hand = `
		UPDATE certification_items SET handed = handed + 1, handed_to = $3, handed_by = $4, handed_reason = $5, handed_at = $6
		WHERE campaign = $1 AND no = $2`
	now = now.UTC().Truncate(time.Microsecond)
	_, err := tx.ExecContext(ctx, hand, item.Campaign, item.No, r.To, r.By, r.Reason, now)
	if err != nil {
		return err
	}
	handed := reviewHanded{Reassignment: r, Item: item.Item, From: item.Asks(), No: item.Handed + 1, At: now}
	return recordFact(ctx, tx, reviewStream+item.Campaign, handoverCause(item.No, handed.No),
		evidence.Draft{Kind: ReviewHanded, Actor: r.By, Data: mustJSON(handed)})
}

// handoverCause names one handover of an item.
func handoverCause(item, no int) string {
	return "reassign:" + strconv.Itoa(item) + ":" + strconv.Itoa(no)
}
