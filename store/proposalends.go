package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
)

// endingRow is a proposal whose end is to be told.
type endingRow struct {
	What string // expiring or expired
	Moot bool   // nobody can approve it any more, so nobody is asked to
	proposalRow
}

// TellProposals tells of the end of proposals, once each: who may decide on one, when
// a quarter of its life is left, or two days of a long one; and its maker, when it
// has expired. It says how many it told of.
//
// Safe to repeat, and to do twice at once.
func (s *Store) TellProposals(ctx context.Context, limit int) (int, error) {
	told := 0
	err := s.inTx(ctx, "store.TellProposals", func(tx *sqlx.Tx) error {
		ending, err := endingProposals(ctx, tx, limit)
		if err != nil || len(ending) == 0 {
			return err
		}
		snapshot, _, err := presentIn(ctx, tx)
		if err != nil {
			return err
		}
		for _, row := range ending {
			if err := tellEnding(ctx, tx, snapshot, row); err != nil {
				return err
			}
		}
		told = len(ending)
		return nil
	})
	return told, err
}

// endingProposals claims what is to be told. Of an expired one a verdict may still be
// on its way to the disk: it is told a little later.
func endingProposals(ctx context.Context, tx *sqlx.Tx, limit int) ([]endingRow, error) {
	const query = `
		WITH due AS (
			SELECT p.id, CASE WHEN p.expires_at <= clock_timestamp() THEN 'expired' ELSE 'expiring' END AS what
			FROM proposals p
			WHERE p.state = 'open'
			  AND (p.expires_at > clock_timestamp() OR p.expires_at < clock_timestamp() - interval '5 seconds')
			  AND p.expires_at - least((p.expires_at - p.created_at) / 4, interval '2 days') <= clock_timestamp()
			  AND NOT EXISTS (SELECT FROM proposal_tellings t WHERE t.proposal = p.id
			      AND t.what IN ('expired', CASE WHEN p.expires_at <= clock_timestamp() THEN 'expired' ELSE 'expiring' END))
			ORDER BY p.expires_at LIMIT $1
		), mine AS (
			INSERT INTO proposal_tellings (proposal, what) SELECT id, what FROM due
			ON CONFLICT DO NOTHING RETURNING proposal, what
		)
		SELECT m.what, CASE p.kind
		    WHEN 'intervention' THEN NOT EXISTS (SELECT FROM documents d WHERE d.id = p.subject AND d.round = p.base
		        AND d.status NOT IN ('closed', 'rejected', 'withdrawn', 'voided'))
		    WHEN 'calendar' THEN p.base < (SELECT coalesce(max(c.version), 0) FROM calendars c WHERE c.id = p.subject)
		    ELSE p.base < (SELECT coalesce(max(v.version), 0) FROM policies v WHERE v.kind = p.kind AND v.id = p.subject)
		    END AS moot,
		    p.id, p.kind, p.subject, p.base, p.note, p.maker, p.payload, p.expires_at
		FROM mine m JOIN proposals p ON p.id = m.proposal ORDER BY p.expires_at, p.id`
	var rows []endingRow
	return rows, tx.SelectContext(ctx, &rows, query, limit)
}

func tellEnding(ctx context.Context, tx *sqlx.Tx, snapshot *org.Snapshot, row endingRow) error {
	p := row.proposal().Proposal
	expired := row.What == "expired"
	if !expired && row.Moot {
		return nil
	}
	if p.Kind == proposal.Intervention {
		t := told{proposal: p.ID, document: p.Subject, by: p.Maker, reason: p.Note, until: p.Expires}
		if expired {
			t.people = []string{p.Maker}
			return tellIntervention(ctx, tx, notice.InterventionExpired, t)
		}
		people, err := administratorsFor(ctx, tx, snapshot, p.Subject, p.Maker)
		t.people = people
		if err != nil {
			return err
		}
		return tellIntervention(ctx, tx, notice.InterventionExpiring, t)
	}
	if p.Kind == proposal.Reversal {
		return tellEndingReversal(ctx, tx, snapshot, row.proposal(), expired)
	}
	if p.Kind.OfRights() {
		return tellEndingRight(ctx, tx, snapshot, row.proposal(), expired)
	}
	if expired {
		return tellOnce(ctx, tx, notice.OfProposal(notice.ProposalExpired, p, p.Maker))
	}
	return tellOnce(ctx, tx, notice.OfProposal(notice.ProposalExpiring, p, decidersBut(snapshot, p.Maker)...))
}

// tellOnce enqueues notices about a proposal that no event owes. Their ids are made of
// what they tell of it, so that each is told that once.
func tellOnce(ctx context.Context, tx *sqlx.Tx, owed []notice.Notice) error {
	const insert = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT $1 || '.' || $2 || '.' || $3, $1, $3, '', '', '', '', false, $4 ON CONFLICT DO NOTHING`
	for _, n := range owed {
		if _, err := tx.ExecContext(ctx, insert, n.Kind, n.Data["proposal"], n.Person, string(mustJSON(n.Data))); err != nil {
			return err
		}
	}
	return nil
}

// instantText is an instant as the data of a notice has it; "" for none.
func instantText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// endProposal closes a proposal; version is what it became, 0 for a refused one.
func endProposal(ctx context.Context, tx *sqlx.Tx, id string, version int, v proposal.Verdict) error {
	state := proposal.Refused
	if v.Approve {
		state = proposal.Approved
	}
	const query = `
		UPDATE proposals SET state = $2, checker = $3, reason = $4, version = $5, decided_at = clock_timestamp()
		WHERE id = $1`
	_, err := tx.ExecContext(ctx, query, id, string(state), v.Checker, v.Reason, version)
	return err
}
