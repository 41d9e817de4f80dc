package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
)

// askDeciders tells everybody who may decide on a new proposal: who may publish,
// but the human who made it, with whatever account.
func askDeciders(ctx context.Context, tx *sqlx.Tx, p proposal.Proposal) error {
	snapshot, _, err := presentIn(ctx, tx)
	if err != nil {
		return err
	}
	people := decidersBut(snapshot, p.Maker)
	return tellPeople(ctx, tx, streamOf(p.Kind, p.Subject), notice.OfProposal(notice.ProposalMade, p, people...))
}

// decidersBut lists who may decide on a text that somebody proposes.
func decidersBut(snapshot *org.Snapshot, maker string) []string {
	var people []string
	for _, id := range access.Allowed(snapshot, access.PolicyPublish, access.Object{}) {
		if !snapshot.Same(id, maker) {
			people = append(people, id)
		}
	}
	return people
}

// outdatedBy is what the makers of other open proposals for the same text are
// told when one is published: theirs can be approved no more.
func outdatedBy(ctx context.Context, tx *sqlx.Tx, published proposal.Proposal) ([]notice.Notice, error) {
	const query = `
		SELECT id, maker, base FROM proposals
		WHERE kind = $1 AND subject = $2 AND id <> $3 AND state = 'open' AND base < $4 AND expires_at > clock_timestamp()
		ORDER BY created_at, id`
	var rows []struct {
		ID, Maker string
		Base      int
	}
	err := tx.SelectContext(ctx, &rows, query, string(published.Kind), published.Subject, published.ID, published.Version)
	if err != nil {
		return nil, err
	}
	var owed []notice.Notice
	for _, row := range rows {
		told := published
		told.ID, told.Maker, told.Base = row.ID, row.Maker, row.Base
		owed = append(owed, notice.OfProposal(notice.ProposalOutdated, told, row.Maker)...)
	}
	return owed, nil
}

// tellPeople enqueues the notices of the last event of a stream. Their ids are made of
// it, so that the same event owes them once.
func tellPeople(ctx context.Context, tx *sqlx.Tx, stream string, owed []notice.Notice) error {
	if len(owed) == 0 {
		return nil
	}
	var seq int64
	if err := tx.GetContext(ctx, &seq, `SELECT seq FROM streams WHERE stream = $1`, stream); err != nil {
		return err
	}
	rows, err := noticeRows(owed, stream, seq)
	if err != nil {
		return err
	}
	const insert = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT n.id || '.' || n.person, n.kind, n.person, '', '', '', '', false, n.data
		FROM jsonb_to_recordset($1::jsonb) AS n (id text, kind text, person text, data jsonb)
		ON CONFLICT DO NOTHING`
	_, err = tx.ExecContext(ctx, insert, rows)
	return err
}
