package store

import (
	"context"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
)

// reviewOpened is the data of review.opened: the campaign, and the hash over its items.
type reviewOpened struct {
	certification.Campaign

	Items int    `json:"items"`
	Hash  string `json:"hash"`
}

// reviewDecided is the data of review.decided.
type reviewDecided struct {
	certification.Verdict

	Item     certification.Item `json:"item"`
	Proposal string             `json:"proposal,omitempty"` // of the revocation that it led to
}

// reviewEnded is the data of review.overdue and review.closed.
type reviewEnded struct {
	Open      []int          `json:"open,omitempty"`      // items that nobody decided on yet: of review.overdue
	Undecided []int          `json:"undecided,omitempty"` // and in the end
	Ended     []int          `json:"ended,omitempty"`     // whose right was over before anybody said anything
	Proposed  map[int]string `json:"proposed,omitempty"`  // revocations of what is undecided
}

// OpenCertification opens a campaign: its items are the grants in its scope as of this
// moment. Its reviewers are told.
//
// Safe to repeat under its idempotency key. Errors: those of certification.Campaign.Check
// and Items; Conflict idempotency.reused.
func (s *Store) OpenCertification(ctx context.Context, c certification.Campaign, idem Idempotency) (string, error) {
	id := c.ID
	if id == "" {
		id = newID()
	}
	err := s.inTx(ctx, "store.OpenCertification", func(tx *sqlx.Tx) error {
		var fresh bool
		var err error
		if id, fresh, err = claimRequest(ctx, tx, idem, id); err != nil || !fresh {
			return err
		}
		c.ID = id
		whole, now, err := wholeIn(ctx, tx)
		if err != nil {
			return err
		}
		c.Opened, c.Version = now.Truncate(time.Microsecond), whole.Version
		c.Due, c.Closes = c.Due.UTC().Truncate(time.Microsecond), c.Closes.UTC().Truncate(time.Microsecond)
		if err := c.Check(whole); err != nil {
			return err
		}
		rules, err := liveDelegations(ctx, tx, now)
		if err != nil {
			return err
		}
		items, err := c.Items(whole, rules)
		if err != nil {
			return err
		}
		if err := insertCertification(ctx, tx, c, items); err != nil {
			return err
		}
		return askReviewers(ctx, tx, whole.At(now), c, notice.ReviewAsked, "asked")
	})
	return id, err
}

func insertCertification(ctx context.Context, tx *sqlx.Tx, c certification.Campaign, items []certification.Item) error {
	hash, err := certification.Hash(items)
	if err != nil {
		return err
	}
	const insert = `
		INSERT INTO certifications (id, title, scope, reviewer, undecided, opened_by, opened_at, due_at, closes_at, version,
		                            items, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	_, err = tx.ExecContext(ctx, insert, c.ID, c.Title, string(mustJSON(c.Scope)), c.Reviewer, c.Undecided, c.OpenedBy,
		c.Opened, c.Due, c.Closes, c.Version, len(items), hash)
	if err != nil {
		return err
	}
	const each = `
		INSERT INTO certification_items (campaign, no, person, role, entity, department, grant_key, until_at, reviewer)
		SELECT $1, i.no, i.person, i.role, i.entity, i.department, i.grant, i.until, i.reviewer
		FROM jsonb_to_recordset($2) AS i (no int, person text, role text, entity text, department text, "grant" text,
		                                  until timestamptz, reviewer text)`
	if _, err := tx.ExecContext(ctx, each, c.ID, string(mustJSON(items))); err != nil {
		return err
	}
	return recordFact(ctx, tx, reviewStream+c.ID, "open", evidence.Draft{Kind: ReviewOpened, Actor: c.OpenedBy,
		Data: mustJSON(reviewOpened{Campaign: c, Items: len(items), Hash: hash})})
}

// DecideItem keeps what a reviewer says of one item; what is revoked or shortened is
// proposed for a second person in the same transaction, by the reviewer.
//
// Safe to repeat under its idempotency key. Errors: NotFound review.not_found; Forbidden
// review.not_yours, review.own, review.gains; those of certification.Campaign.Judge;
// Conflict review.grant_ended, grant.last_administrator, idempotency.reused.
func (s *Store) DecideItem(ctx context.Context, campaign string, no int, by string, v certification.Verdict,
	idem Idempotency) error {
	return s.inTx(ctx, "store.DecideItem", func(tx *sqlx.Tx) error {
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
		v.Until = v.Until.UTC().Truncate(time.Second)
		if err := judgeItem(ctx, tx, c, item, by, v, whole, now); err != nil {
			return err
		}
		return saveVerdict(ctx, tx, item, by, v, now)
	})
}

func itemIn(ctx context.Context, tx *sqlx.Tx, campaign string, no int) (CertificationItem, error) {
	items, err := selectItems(ctx, tx, `SELECT `+certificationItemColumns+` FROM certification_items
		WHERE campaign = $1 AND no = $2 FOR UPDATE`, campaign, no)
	if err == nil && len(items) == 0 {
		err = fault.New(fault.NotFound, "review.not_found")
	}
	if err != nil {
		return CertificationItem{}, err
	}
	return items[0], nil
}

// judgeItem asks the rules whether somebody may say this of an item now.
func judgeItem(ctx context.Context, tx *sqlx.Tx, c Certification, item CertificationItem, by string,
	v certification.Verdict, whole *org.Snapshot, now time.Time) error {
	present := whole.At(now)
	may, _ := access.Can(access.SubjectOf(present, by), access.GrantDecide, access.Object{Entity: item.Entity})
	if !c.Asked(item.Asks(), by, may, present, now) || !present.Active(by) {
		return fault.New(fault.Forbidden, "review.not_yours")
	}
	rules, err := liveDelegations(ctx, tx, now)
	if err != nil {
		return err
	}
	if err := certification.Impartial(present, rules, item.Person, by, now); err != nil {
		return err
	}
	if err := c.Judge(item.Item, item.State, item.By, v, now); err != nil {
		return err
	}
	if err := item.Right("asked").Check(whole); fault.CodeOf(err) == "grant.not_found" {
		return fault.New(fault.Conflict, "review.grant_ended")
	}
	return nil
}

func saveVerdict(ctx context.Context, tx *sqlx.Tx, item CertificationItem, by string, v certification.Verdict,
	now time.Time) error {
	decided := reviewDecided{Item: item.Item, Verdict: v}
	if v.Say != certification.Keep {
		r := item.Right(v.Reason)
		r.Until = v.Until
		var err error
		if decided.Proposal, err = proposeRevocation(ctx, tx, r, by); err != nil {
			return err
		}
	}
	if err := endItem(ctx, tx, item, CertificationItem{State: v.Say, By: by, At: now, Reason: v.Reason, NewUntil: v.Until,
		Proposal: decided.Proposal}); err != nil {
		return err
	}
	return recordFact(ctx, tx, reviewStream+item.Campaign, "decide:"+strconv.Itoa(item.No),
		evidence.Draft{Kind: ReviewDecided, Actor: by, Data: mustJSON(decided)})
}

func endItem(ctx context.Context, tx *sqlx.Tx, item, said CertificationItem) error {
	const end = `
		UPDATE certification_items
		SET state = $3, decided_by = $4, decided_at = $5, reason = $6, new_until = $7, proposal = $8
		WHERE campaign = $1 AND no = $2`
	_, err := tx.ExecContext(ctx, end, item.Campaign, item.No, said.State, said.By, said.At.Truncate(time.Microsecond),
		said.Reason, orNull(said.NewUntil), said.Proposal)
	return err
}

// proposeRevocation asks, as anybody who asks for it does, that a right be taken away.
func proposeRevocation(ctx context.Context, tx *sqlx.Tx, r access.Revocation, maker string) (string, error) {
	payload, err := evidence.Canonical(r)
	if err != nil {
		return "", err
	}
	hash, err := evidence.HashOf(r)
	if err != nil {
		return "", err
	}
	in := ProposalInput{ID: newID(), Kind: proposal.Revocation, Subject: r.Person, Hash: hash, Payload: string(payload),
		Maker: maker, Life: proposal.LifeDefault}
	return in.ID, askForRight(ctx, tx, in)
}
