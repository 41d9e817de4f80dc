package store

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/org"
)

// claimMaker is who gives a right by the claims of a sign-in: claims: and the
// provider's id.
const claimMaker = "claims:"

// Why a sign-in ended a right.
const (
	ClaimGone    = "gone" // the provider does not list the group any more
	ClaimRenewed = "renewed"
)

// ClaimsTold is what a provider said of somebody at one sign-in.
type ClaimsTold struct {
	Person, Provider string
	access.Told
}

// FollowClaims makes somebody's rights what the claims of a sign-in give: what begins
// and ends is a version of the organisation and an event of theirs each, in one
// transaction. It says how many changed. Where nothing does, nothing is locked.
//
// Safe to repeat. What a rule reaches that is not there is left out, and logged.
func (s *Store) FollowClaims(ctx context.Context, in ClaimsTold) (int, error) {
	snapshot, err := s.Snapshot(ctx, 0)
	if err != nil {
		return 0, err
	}
	told := in
	told.Rules = possible(ctx, in, snapshot)
	changes, err := told.changes(ctx, s.db, time.Now())
	if err != nil || len(changes) == 0 {
		return 0, sqlFault("store.FollowClaims", err)
	}
	err = s.inTx(ctx, "store.FollowClaims", func(tx *sqlx.Tx) error {
		if err := lockOrganisation(ctx, tx); err != nil {
			return err
		}
		whole, now, err := wholeIn(ctx, tx)
		if err != nil {
			return err
		}
		now = now.Truncate(time.Microsecond)
		told.Rules = possible(ctx, in, whole)
		if changes, err = told.changes(ctx, tx, now); err != nil {
			return err
		}
		for _, c := range changes {
			if err := told.carryOut(ctx, tx, c, now); err != nil {
				return err
			}
		}
		return nil
	})
	s.Forget()
	return len(changes), err
}

func possible(ctx context.Context, in ClaimsTold, s *org.Snapshot) []access.ClaimRule {
	return slices.DeleteFunc(slices.Clone(in.Rules), func(r access.ClaimRule) bool {
		err := r.Check(s)
		if err != nil {
			slog.WarnContext(ctx, "a claim's rule gives nothing", "provider", in.Provider, "value", r.Value, "role", r.Role,
				"entity", r.Entity, "department", r.Department, "error", err.Error())
		}
		return err != nil
	})
}

// changes compares what was told with what the provider gave before.
func (in ClaimsTold) changes(ctx context.Context, q sqlx.QueryerContext, now time.Time) ([]access.ClaimChange, error) {
	const query = `SELECT ` + roleGrantColumns + ` FROM role_grants
		WHERE person = $1 AND source <> 'house' AND (ended_at IS NULL OR ended_by NOT LIKE $2 || '%')`
	known, err := selectGrants(ctx, q, query, in.Person, claimMaker)
	var held, barred []org.Grant
	for _, g := range known {
		switch {
		case !g.EndedAt.IsZero():
			barred = append(barred, g.Grant())
		case g.Maker == claimMaker+in.Provider:
			held = append(held, g.Grant())
		}
	}
	return in.Compare(held, barred, now), err
}

func (in ClaimsTold) carryOut(ctx context.Context, tx *sqlx.Tx, c access.ClaimChange, now time.Time) error {
	maker := claimMaker + in.Provider
	if c.Ends {
		reason := ClaimGone
		if c.Value != "" {
			reason = ClaimRenewed
		}
		const end = `UPDATE role_grants SET ended_at = $2, ended_by = $3, end_reason = $4
			WHERE id = $1 RETURNING ` + roleGrantColumns
		ended, err := selectGrants(ctx, tx, end, c.Grant.ID, now, maker, reason)
		if err != nil {
			return err
		}
		return followClaim(ctx, tx, ended[0], GrantUnclaimed, "revoke:")
	}
	g := RoleGrant{
		ID: newID(), Source: GrantedByClaim, Person: in.Person, Role: c.Grant.Role, Entity: c.Grant.Entity,
		Department: c.Grant.Department, From: c.Grant.From.UTC().Truncate(time.Microsecond),
		Until: c.Grant.Until.UTC().Truncate(time.Microsecond), Reason: strings.ToValidUTF8(c.Value, ""), Maker: maker,
		GrantedAt: now,
	}
	if err := insertGrant(ctx, tx, g); err != nil {
		return err
	}
	return followClaim(ctx, tx, g, GrantClaimed, "approve:")
}

// followClaim makes the organisation follow one right, and records it.
func followClaim(ctx context.Context, tx *sqlx.Tx, g RoleGrant, kind, cause string) error {
	row, err := rowOfGrant(g.Grant())
	if err != nil {
		return err
	}
	diff := orgDiff{begins: []orgRow{row}}
	if kind == GrantUnclaimed {
		diff = orgDiff{ends: []orgRow{row}}
	}
	version, err := changeOrganisation(ctx, tx, organisationPatch{orgDiff: diff, kind: OrganisationRegrant, actor: g.Maker,
		reason: strings.TrimPrefix(kind, "grant.") + " " + g.ID, people: []string{g.Person}})
	if err != nil {
		return err
	}
	return recordGrant(ctx, tx, kind, cause+g.ID, g.Person, g.Maker,
		rightDecided{Maker: g.Maker, Version: version, Grant: &g})
}
