package store

import (
	"context"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/proposal"
)

// Decide carries out what the second person says: an approved text is the next
// version in the same transaction.
//
// Safe to repeat under its idempotency key. Errors: NotFound proposal.not_found;
// those of proposal.Judge; Conflict proposal.outdated where another version was
// published since it was proposed, idempotency.reused.
func (s *Store) Decide(ctx context.Context, id string, v proposal.Verdict, idem Idempotency) (ProposalRow, error) {
	defer s.versions.forget()
	return s.decide(ctx, id, v, idem, approveProposal)
}

// approving carries out what was approved, in the transaction that approves it.
type approving func(ctx context.Context, tx *sqlx.Tx, p ProposalRow, v proposal.Verdict) error

func (s *Store) decide(ctx context.Context, id string, v proposal.Verdict, idem Idempotency, approve approving,
) (ProposalRow, error) {
	defer s.inForce.forget()
	err := s.inTx(ctx, "store.Decide", func(tx *sqlx.Tx) error {
		_, fresh, err := claimRequest(ctx, tx, idem, id)
		if err != nil || !fresh {
			return err
		}
		p, err := proposalOf(ctx, tx, id, "FOR UPDATE")
		if err != nil {
			return err
		}
		snapshot, _, err := presentIn(ctx, tx) // as of now, not as of a second ago
		if err != nil {
			return err
		}
		if err := p.Judge(v, snapshot.Same, p.Now); err != nil {
			return err
		}
		if v.Approve {
			return approve(ctx, tx, p, v)
		}
		return refuseProposal(ctx, tx, p, v)
	})
	if err != nil {
		return ProposalRow{}, err
	}
	return s.Proposal(ctx, id)
}

func approveProposal(ctx context.Context, tx *sqlx.Tx, p ProposalRow, v proposal.Verdict) error {
	if p.Kind == proposal.Reversal {
		return decideReversal(ctx, tx, p, v)
	}
	if p.Kind.OfRights() {
		return approveRight(ctx, tx, p, v)
	}
	if p.Kind == proposal.Intervention {
		return fault.New(fault.Invalid, "proposal.unknown_kind", fault.Arg("kind", string(p.Kind)))
	}
	if err := lockPolicy(ctx, tx, string(p.Kind), p.Subject); err != nil {
		return err
	}
	head, _, err := headOf(ctx, tx, p.Kind, p.Subject)
	if err != nil {
		return err
	}
	if head != p.Base {
		return fault.New(fault.Conflict, "proposal.outdated", fault.Arg("base", strconv.Itoa(p.Base)),
			fault.Arg("version", strconv.Itoa(head)))
	}
	if err := endProposal(ctx, tx, p.ID, head+1, v); err != nil {
		return err
	}
	p.Checker, p.Version = v.Checker, head+1
	if err := publish(ctx, tx, p); err != nil {
		return err
	}
	outdated, err := outdatedBy(ctx, tx, p.Proposal)
	if err != nil {
		return err
	}
	owed := append(notice.OfProposal(notice.ProposalApproved, p.Proposal, p.Maker), outdated...)
	return tellPeople(ctx, tx, streamOf(p.Kind, p.Subject), owed)
}

// publish puts what was approved in force.
func publish(ctx context.Context, tx *sqlx.Tx, p ProposalRow) error {
	if p.Kind == proposal.Calendar {
		return publishCalendar(ctx, tx, p)
	}
	_, err := insertPolicy(ctx, tx, PolicyRow{
		Kind: string(p.Kind), ID: p.Subject, Version: p.Version, Hash: p.Hash, YAML: p.Payload, PublishedBy: p.Checker,
	}, policyData{Proposal: p.ID, Maker: p.Maker})
	return err
}

func refuseProposal(ctx context.Context, tx *sqlx.Tx, p ProposalRow, v proposal.Verdict) error {
	if p.Kind == proposal.Reversal {
		return decideReversal(ctx, tx, p, v)
	}
	if err := endProposal(ctx, tx, p.ID, 0, v); err != nil {
		return err
	}
	if p.Kind == proposal.Intervention { // it never came near its document
		return tellRefused(ctx, tx, p, v)
	}
	if p.Kind.OfRights() {
		return refuseRight(ctx, tx, p, v)
	}
	data := refusedData{Kind: p.Kind, Proposal: p.ID, Maker: p.Maker, Hash: p.Hash, Reason: v.Reason}
	err := recordFact(ctx, tx, streamOf(p.Kind, p.Subject), "refuse:"+p.ID,
		evidence.Draft{Kind: eventsOf(p.Kind).refused, Actor: v.Checker, Data: mustJSON(data)})
	if err != nil {
		return err
	}
	p.Checker, p.Reason = v.Checker, v.Reason
	return tellPeople(ctx, tx, streamOf(p.Kind, p.Subject), notice.OfProposal(notice.ProposalRefused, p.Proposal, p.Maker))
}
