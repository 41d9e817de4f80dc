package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
)

// grantEndsSoon is how long before the end of a right it is told: less of a short one.
const grantEndsSoon = "14 days"

// TellGrants tells of rights that soon end by themselves, once each: whose they are,
// and who asked for them. It says how many it told of.
//
// Safe to repeat, and to do twice at once.
func (s *Store) TellGrants(ctx context.Context, limit int) (int, error) {
	told := 0
	err := s.inTx(ctx, "store.TellGrants", func(tx *sqlx.Tx) error {
		const query = `
			SELECT ` + roleGrantColumns + ` FROM role_grants g
			WHERE source = 'house' AND ended_at IS NULL AND until_at > clock_timestamp()
			  AND until_at - least((until_at - from_at) / 4, interval '` + grantEndsSoon + `') <= clock_timestamp()
			  AND NOT EXISTS (SELECT FROM notices n WHERE n.id = $1 || '.' || g.id || '.' || g.person)
			ORDER BY until_at LIMIT $2`
		ending, err := selectGrants(ctx, tx, query, notice.GrantEnding, limit)
		if err != nil {
			return err
		}
		for _, g := range ending {
			n := notice.OfRight{Kind: notice.GrantEnding, Proposal: g.ID, Grant: g.Grant(), Reason: g.Reason, Expires: g.Until}
			if err := tellRight(ctx, tx, n, g.Person, g.Maker); err != nil {
				return err
			}
		}
		told = len(ending)
		return nil
	})
	return told, err
}

// tellEndingRight tells of the end of what was asked about rights.
func tellEndingRight(ctx context.Context, tx *sqlx.Tx, snapshot *org.Snapshot, p ProposalRow, expired bool) error {
	asked, err := readRight(p.Kind, p.Payload)
	if err != nil {
		return err
	}
	if expired {
		return tellRight(ctx, tx, asked.notice(notice.RightExpired, p.Proposal, p.Maker, asked.reason()), p.Maker)
	}
	told := asked.notice(notice.RightExpiring, p.Proposal, p.Maker, asked.reason())
	return tellRight(ctx, tx, told, decidersOfRight(snapshot, asked, p.Maker)...)
}
