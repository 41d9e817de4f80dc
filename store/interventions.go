package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
)

// interventionsMost is how many proposals of one document are shown.
const interventionsMost = 50

// ApproveIntervention carries out the second person's yes: the act that was
// proposed, signed with both names in it, lies in the inbox once this returns. Its
// id is the proposal's, so that one proposal is one act.
//
// Safe to repeat under its idempotency key. Errors: those of Decide; Busy where the
// organisation changed since the checker's rights were judged; Internal where the
// act is not what was proposed.
func (s *Store) ApproveIntervention(ctx context.Context, row ActRow, v proposal.Verdict, idem Idempotency) (
	ProposalRow, error) {
	if err := row.write(); err != nil {
		return ProposalRow{}, err
	}
	return s.decide(ctx, row.Act.ID, v, idem, func(
		ctx context.Context, tx *sqlx.Tx, p ProposalRow, v proposal.Verdict,
	) error {
		if p.Kind != proposal.Intervention {
			return fault.New(fault.Invalid, "proposal.unknown_kind", fault.Arg("kind", string(p.Kind)))
		}
		if err := endProposal(ctx, tx, p.ID, 0, v); err != nil {
			return err
		}
		_, err := insertAct(ctx, tx, row)
		if errors.Is(err, sql.ErrNoRows) {
			s.versions.forget()
			return fault.New(fault.Busy, "store.busy")
		}
		if err != nil {
			return err
		}
		return tellApproved(ctx, tx, p, v)
	})
}

// Interventions lists what was proposed for a document, the newest first.
func (s *Store) Interventions(ctx context.Context, document string) ([]ProposalRow, error) {
	const query = `SELECT ` + proposalColumns + ` FROM proposals WHERE kind = 'intervention' AND subject = $1
		ORDER BY created_at DESC, id DESC LIMIT $2`
	var rows []proposalRow
	if err := s.db.SelectContext(ctx, &rows, query, document, interventionsMost); err != nil {
		return nil, sqlFault("store.Interventions", err)
	}
	proposed := make([]ProposalRow, len(rows))
	for i, r := range rows {
		proposed[i] = r.proposal()
	}
	return proposed, nil
}

// Proposed is an intervention as it is proposed and approved: what everybody signs
// without who does it, and where.
func Proposed(a approval.Act) (payload, hash string, err error) {
	a.ID, a.Actor, a.Maker, a.Channel = "", "", "", ""
	text, err := evidence.Canonical(a)
	if err != nil {
		return "", "", err
	}
	var said map[string]json.RawMessage
	if err := json.Unmarshal(text, &said); err != nil {
		return "", "", err
	}
	delete(said, "id")
	delete(said, "actor")
	if text, err = evidence.Canonical(said); err != nil {
		return "", "", err
	}
	hash, err = evidence.HashOf(json.RawMessage(text))
	return string(text), hash, err
}
