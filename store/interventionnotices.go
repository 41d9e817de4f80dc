package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
)

// askAdministrators tells everybody who may decide on a proposed intervention: the
// administrators of the document's entity, but the human who proposed it and those
// whom the document concerns, with whatever account.
func askAdministrators(ctx context.Context, tx *sqlx.Tx, in ProposalInput) error {
	snapshot, _, err := presentIn(ctx, tx)
	if err != nil {
		return err
	}
	people, err := administratorsFor(ctx, tx, snapshot, in.Subject, in.Maker)
	if err != nil {
		return err
	}
	return tellIntervention(ctx, tx, notice.InterventionProposed, told{
		proposal: in.ID, document: in.Subject, by: in.Maker, reason: in.Note, people: people,
	})
}

// administratorsFor lists who may approve what somebody proposes in a document.
func administratorsFor(ctx context.Context, tx *sqlx.Tx, snapshot *org.Snapshot, document, maker string) (
	[]string, error) {
	const find = `
		SELECT entity, submitter, requester, CASE payee_kind WHEN 'employee' THEN payee_id ELSE '' END AS payee
		FROM documents WHERE id = $1`
	var d struct{ Entity, Submitter, Requester, Payee string }
	if err := tx.GetContext(ctx, &d, find, document); err != nil {
		return nil, err
	}
	var people []string
	for _, id := range access.Allowed(snapshot, access.DocumentIntervene, access.Object{Entity: d.Entity}) {
		free := true
		for _, other := range []string{maker, d.Submitter, d.Requester, d.Payee} {
			free = free && id != other && !snapshot.Same(id, other)
		}
		if free {
			people = append(people, id)
		}
	}
	return people, nil
}

// tellApproved tells an administrator that another approved what they proposed; what
// the rules made of it stands with the proposal.
func tellApproved(ctx context.Context, tx *sqlx.Tx, p ProposalRow, v proposal.Verdict) error {
	return tellIntervention(ctx, tx, notice.InterventionApproved, told{
		proposal: p.ID, document: p.Subject, by: v.Checker, reason: p.Note, people: []string{p.Maker},
	})
}

// tellRefused tells an administrator that another refused what they proposed.
func tellRefused(ctx context.Context, tx *sqlx.Tx, p ProposalRow, v proposal.Verdict) error {
	return tellIntervention(ctx, tx, notice.InterventionRefused, told{
		proposal: p.ID, document: p.Subject, by: v.Checker, reason: v.Reason, people: []string{p.Maker},
	})
}

// told is what is said about a proposed intervention, and to whom.
type told struct {
	proposal, document, by, reason string

	people []string
	until  time.Time // when it expires
}

// tellIntervention tells each person once.
func tellIntervention(ctx context.Context, tx *sqlx.Tx, kind string, t told) error {
	const tell = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT $1 || '.' || $2 || '.' || p.person, $1, p.person, '', d.entity, d.id, '', false,
		       jsonb_build_object('number', d.number, 'title', d.title, 'amount_minor', d.total_minor::text,
		                          'currency', d.currency, 'by', $3::text, 'reason', $4::text, 'until_at', $7::text)
		FROM documents d, unnest($5::text[]) AS p (person) WHERE d.id = $6
		ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, tell, kind, t.proposal, t.by, t.reason, pq.Array(t.people), t.document,
		instantText(t.until))
	return err
}
