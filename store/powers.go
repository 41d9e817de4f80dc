package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/org"
)

// OrgMoment is a version of the organisation, from when on it held.
type OrgMoment struct {
	Version int64
	At      time.Time
	Cause   string // who made it: a file, scim:<token>, or a person
}

// OrgMoments lists the versions that held at some instant of [from, until], the oldest
// first, at most so many and one.
func (s *Store) OrgMoments(ctx context.Context, from, until time.Time, most int) ([]OrgMoment, error) {
	const query = `
		SELECT version, at, cause FROM org_versions
		WHERE at <= $2 AND version >= coalesce((SELECT max(version) FROM org_versions WHERE at <= $1), 0)
		ORDER BY version LIMIT $3`
	var moments []OrgMoment
	err := s.db.SelectContext(ctx, &moments, query, from, until, most+1)
	for i := range moments {
		moments[i].At = moments[i].At.UTC()
	}
	return moments, sqlFault("store.OrgMoments", err)
}

// PolicyHistory lists the versions of a kind of text that were published before an
// instant, by id and version, each with who proposed it.
func (s *Store) PolicyHistory(ctx context.Context, kind string, until time.Time) ([]MadePolicy, error) {
	const query = `
		SELECT ` + policyColumns + `, coalesce((SELECT e.data::jsonb ->> 'maker' FROM events e
		       WHERE e.stream = $3 || p.id AND e.cause = 'publish:' || p.kind || ':' || p.version), '') AS maker
		FROM policies p WHERE kind = $1 AND published_at <= $2 ORDER BY id, version`
	var rows []MadePolicy
	err := s.db.SelectContext(ctx, &rows, query, kind, until, policyStream)
	return rows, sqlFault("store.PolicyHistory", err)
}

// MadePolicy is a published version and who proposed it; "" where nobody did.
type MadePolicy struct {
	PolicyRow
	Maker string
}

// DelegationsWithin lists the rules that were in force at some instant of [from, until].
func (s *Store) DelegationsWithin(ctx context.Context, from, until time.Time) ([]delegation.Rule, error) {
	const query = `
		SELECT ` + delegationColumns + ` FROM delegations
		WHERE from_at <= $2 AND least(until_at, coalesce(revoked_at, until_at)) > $1 ORDER BY made_at, id`
	rules, err := selectDelegations(ctx, s.db, query, from, until)
	return rules, sqlFault("store.DelegationsWithin", err)
}

// GrantBegin is since when the organisation gives a right, and by whose word.
type GrantBegin struct {
	org.Grant
	At    time.Time
	Cause string
}

// GrantBegins lists the rights that the organisation gave at a version, dated or not.
func (s *Store) GrantBegins(ctx context.Context, version int64) ([]GrantBegin, error) {
	const query = `
		SELECT g.body, v.at, v.cause FROM org_rows g JOIN org_versions v ON v.version = g.from_version
		WHERE g.kind = 'grant' AND g.from_version <= $1 AND (g.to_version IS NULL OR g.to_version > $1) ORDER BY g.id`
	var rows []struct {
		Body, Cause string
		At          time.Time
	}
	if err := s.db.SelectContext(ctx, &rows, query, version); err != nil {
		return nil, sqlFault("store.GrantBegins", err)
	}
	var begins []GrantBegin
	for _, r := range rows {
		b := GrantBegin{At: r.At.UTC(), Cause: r.Cause}
		if err := json.Unmarshal([]byte(r.Body), &b.Grant); err != nil {
			return nil, err
		}
		begins = append(begins, b)
	}
	return begins, nil
}
