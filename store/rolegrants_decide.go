package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
)

// rightAsked is the data of grant.requested and revocation.requested.
type rightAsked struct {
	Proposal string          `json:"proposal"`
	Hash     string          `json:"hash"`
	Asked    json.RawMessage `json:"asked"` // the payload
	Expires  string          `json:"expires"`
}

// rightDecided is the data of grant.approved, grant.revoked and the refusals.
type rightDecided struct {
	Proposal string     `json:"proposal,omitempty"` // none where one person did it alone
	Maker    string     `json:"maker,omitempty"`
	Reason   string     `json:"reason,omitempty"` // of the one who decided
	Version  int64      `json:"version,omitempty"`
	Grant    *RoleGrant `json:"grant,omitempty"`
}

// askForRight keeps that somebody asks for a right, or to take one away.
func askForRight(ctx context.Context, tx *sqlx.Tx, in ProposalInput) error {
	whole, now, err := wholeIn(ctx, tx)
	if err != nil {
		return err
	}
	asked, err := readRight(in.Kind, in.Payload)
	if err == nil {
		err = asked.check(whole, now)
	}
	if err != nil {
		return err
	}
	expires, err := insertProposal(ctx, tx, in, 0)
	if err != nil {
		return err
	}
	data := rightAsked{Proposal: in.ID, Hash: in.Hash, Asked: json.RawMessage(in.Payload),
		Expires: expires.UTC().Format(time.RFC3339Nano)}
	err = recordGrant(ctx, tx, string(in.Kind)+".requested", "request:"+in.ID, in.Subject, in.Maker, data)
	if err != nil {
		return err
	}
	p := proposal.Proposal{ID: in.ID, Kind: in.Kind, Subject: in.Subject, Maker: in.Maker, Expires: expires}
	told := asked.shortened(asked.notice(string(in.Kind)+".requested", p, in.Maker, asked.reason()),
		notice.ShorteningRequested, now)
	return tellRight(ctx, tx, told, decidersOfRight(whole.At(now), asked, p.Maker)...)
}

// right is what a proposal about rights asks for: exactly one of the two.
type right struct {
	role   *access.RoleRequest
	revoke *access.Revocation
}

func readRight(kind proposal.Kind, payload string) (right, error) {
	var r right
	if kind == proposal.Grant {
		r.role = new(access.RoleRequest)
		return r, json.Unmarshal([]byte(payload), r.role)
	}
	r.revoke = new(access.Revocation)
	return r, json.Unmarshal([]byte(payload), r.revoke)
}

// check asks the rules; whole has the rights that are over and those to come as well.
func (r right) check(whole *org.Snapshot, now time.Time) error {
	if r.role != nil {
		return r.role.Check(whole.At(now), now)
	}
	return r.revoke.Check(whole)
}

// grant is the right that it is about.
func (r right) grant() org.Grant {
	if r.role != nil {
		return org.Grant{Person: r.role.Person, Role: r.role.Role, Entity: r.role.Entity, Department: r.role.Department,
			From: r.role.From, Until: r.role.Until}
	}
	return org.Grant{Person: r.revoke.Person, Role: r.revoke.Role, Entity: r.revoke.Entity,
		Department: r.revoke.Department, ID: r.revoke.Grant}
}

func (r right) reason() string {
	if r.role != nil {
		return r.role.Reason
	}
	return r.revoke.Reason
}

func (r right) notice(kind string, p proposal.Proposal, by, reason string) notice.OfRight {
	return notice.OfRight{Kind: kind, Proposal: p.ID, Grant: r.grant(), By: by, Reason: reason, Expires: p.Expires}
}

// shortened is a notice of the kind for a right that ends earlier, where this one does:
// else, and when that time is over by now, it is taken away.
func (r right) shortened(n notice.OfRight, kind string, now time.Time) notice.OfRight {
	if r.revoke != nil && r.revoke.Until.After(now) {
		n.Kind, n.Expires = kind, r.revoke.Until
	}
	return n
}

// decidersOfRight lists who may decide on a right: who administers where it holds, but
// its maker and whom it is about, with whatever account.
func decidersOfRight(present *org.Snapshot, r right, maker string) []string {
	people := access.Allowed(present, access.GrantDecide, access.Object{Entity: r.grant().Entity})
	return slices.DeleteFunc(people, func(id string) bool {
		return present.Same(id, maker) || present.Same(id, r.grant().Person)
	})
}

// approveRight carries out what the second person approved: the organisation has the
// right, or has it no more, in its next version.
func approveRight(ctx context.Context, tx *sqlx.Tx, p ProposalRow, v proposal.Verdict) error {
	if err := lockOrganisation(ctx, tx); err != nil {
		return err
	}
	whole, now, err := wholeIn(ctx, tx)
	if err != nil {
		return err
	}
	asked, err := readRight(p.Kind, p.Payload)
	if err != nil {
		return err
	}
	if err := asked.check(whole, now); err != nil {
		return err
	}
	if err := access.MayDecideGrant(whole, p.Subject, v.Checker); err != nil {
		return err
	}
	if err := endProposal(ctx, tx, p.ID, 0, v); err != nil {
		return err
	}
	p.Checker = v.Checker
	if asked.role != nil {
		err = grantRight(ctx, tx, p, *asked.role, now)
	} else {
		err = takeRight(ctx, tx, *asked.revoke, RoleGrant{
			EndedAt: now, EndedBy: v.Checker, EndMaker: p.Maker, EndReason: asked.revoke.Reason, EndProposal: p.ID,
		})
		if kept, shortened := asked.revoke.Kept(now); err == nil && shortened {
			err = grantRight(ctx, tx, p, kept, now)
		}
	}
	if err != nil {
		return err
	}
	kind := notice.GrantApproved
	if asked.revoke != nil {
		kind = notice.GrantRevoked
	}
	told := asked.shortened(asked.notice(kind, p.Proposal, v.Checker, asked.reason()), notice.GrantShortened, now)
	return tellRight(ctx, tx, told, p.Maker, p.Subject)
}

func grantRight(ctx context.Context, tx *sqlx.Tx, p ProposalRow, r access.RoleRequest, now time.Time) error {
	given := r.Grant(p.ID, now.Truncate(time.Microsecond))
	g := RoleGrant{
		ID: p.ID, Source: GrantedInHouse, Person: r.Person, Role: r.Role, Entity: r.Entity, Department: r.Department,
		From: given.From.UTC(), Until: given.Until.UTC(), Reason: r.Reason, Maker: p.Maker, Checker: p.Checker,
		GrantedAt: now.Truncate(time.Microsecond),
	}
	if err := insertGrant(ctx, tx, g); err != nil {
		return err
	}
	row, err := rowOfGrant(g.Grant())
	if err != nil {
		return err
	}
	version, err := changeOrganisation(ctx, tx, organisationPatch{
		orgDiff: orgDiff{begins: []orgRow{row}}, kind: OrganisationRegrant, actor: p.Checker,
		reason: "grant " + g.ID, people: []string{g.Person},
	})
	if err != nil {
		return err
	}
	return recordGrant(ctx, tx, GrantApproved, "approve:"+g.ID, g.Person, p.Checker,
		rightDecided{Proposal: p.ID, Maker: p.Maker, Version: version, Grant: &g})
}

func insertGrant(ctx context.Context, tx *sqlx.Tx, g RoleGrant) error {
	const insert = `
		INSERT INTO role_grants (` + roleGrantColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	_, err := tx.ExecContext(ctx, insert, g.ID, g.Source, g.Person, g.Role, g.Entity, g.Department, g.Reason, g.Maker,
		g.Checker, g.From, orNull(g.Until), g.GrantedAt, orNull(g.EndedAt), g.EndedBy, g.EndMaker, g.EndReason, g.EndProposal)
	return err
}

// RevokeAtOnce takes a right away by one person's word, and tells every administrator.
// The lock of the organisation is the last word on whether the house keeps one.
//
// Safe to repeat under its idempotency key. Errors: those of access.Revocation.Check;
// Conflict idempotency.reused.
func (s *Store) RevokeAtOnce(ctx context.Context, r access.Revocation, by string, idem Idempotency) error {
	err := s.inTx(ctx, "store.RevokeAtOnce", func(tx *sqlx.Tx) error {
		if _, fresh, err := claimRequest(ctx, tx, idem, r.Person); err != nil || !fresh {
			return err
		}
		if err := lockOrganisation(ctx, tx); err != nil {
			return err
		}
		whole, now, err := wholeIn(ctx, tx)
		if err != nil {
			return err
		}
		if err := r.Check(whole); err != nil {
			return err
		}
		ended := RoleGrant{EndedAt: now, EndedBy: by, EndReason: r.Reason}
		if err := takeRight(ctx, tx, r, ended); err != nil {
			return err
		}
		administrators := access.Allowed(whole.At(now), access.GrantDecide, access.Object{Entity: r.Entity})
		asked := right{revoke: &r}
		told := asked.notice(notice.GrantRevokedAlone, proposal.Proposal{ID: newID()}, by, r.Reason)
		return tellRight(ctx, tx, told, append(administrators, r.Person)...)
	})
	s.versions.forget()
	return err
}

// takeRight ends a right; ended says when, by whom and why. One that a file or a
// directory gives is noted as taken away, so that neither brings it back.
func takeRight(ctx context.Context, tx *sqlx.Tx, r access.Revocation, ended RoleGrant) error {
	ended.EndedAt = ended.EndedAt.Truncate(time.Microsecond)
	g, err := endedRight(ctx, tx, r, ended)
	if err != nil {
		return err
	}
	row, err := rowOfGrant(g.Grant())
	if err != nil {
		return err
	}
	version, err := changeOrganisation(ctx, tx, organisationPatch{
		orgDiff: orgDiff{ends: []orgRow{row}}, kind: OrganisationRegrant, actor: g.EndedBy, reason: "revoke " + g.ID,
		people: []string{g.Person},
	})
	if err != nil {
		return err
	}
	return recordGrant(ctx, tx, GrantRevoked, "revoke:"+g.ID, g.Person, g.EndedBy,
		rightDecided{Proposal: g.EndProposal, Maker: g.EndMaker, Reason: g.EndReason, Version: version, Grant: &g})
}

func endedRight(ctx context.Context, tx *sqlx.Tx, r access.Revocation, ended RoleGrant) (RoleGrant, error) {
	if r.Grant != "" {
		const end = `
			UPDATE role_grants SET ended_at = $2, ended_by = $3, end_maker = $4, end_reason = $5, end_proposal = $6
			WHERE id = $1 AND ended_at IS NULL RETURNING ` + roleGrantColumns
		found, err := selectGrants(ctx, tx, end, r.Grant, ended.EndedAt, ended.EndedBy, ended.EndMaker, ended.EndReason,
			ended.EndProposal)
		if err == nil && len(found) == 0 {
			err = fault.New(fault.NotFound, "grant.not_found")
		}
		if err != nil {
			return RoleGrant{}, err
		}
		return found[0], nil
	}
	const began = `
		SELECT v.at, EXISTS (SELECT FROM directory_grants d WHERE d.person = $2 AND d.role = $3 AND d.entity = $4) AS told
		FROM org_rows g JOIN org_versions v ON v.version = g.from_version
		WHERE g.kind = 'grant' AND g.id = $1 AND g.to_version IS NULL`
	var was struct {
		At   time.Time
		Told bool
	}
	given := org.Grant{Person: r.Person, Role: r.Role, Entity: r.Entity}
	if err := tx.GetContext(ctx, &was, began, grantRowID(given), r.Person, r.Role, r.Entity); err != nil {
		return RoleGrant{}, noRows(err, fault.New(fault.NotFound, "grant.not_found"))
	}
	ended.ID, ended.Source, ended.Person, ended.Role, ended.Entity = newID(), GrantedByFile, r.Person, r.Role, r.Entity
	if was.Told {
		ended.Source = GrantedByDirectory
	}
	ended.From, ended.GrantedAt = was.At.UTC(), was.At.UTC()
	return ended, insertGrant(ctx, tx, ended)
}

// refuseRight records that a second person refused.
func refuseRight(ctx context.Context, tx *sqlx.Tx, p ProposalRow, v proposal.Verdict) error {
	present, _, err := presentIn(ctx, tx)
	if err != nil {
		return err
	}
	if err := access.MayDecideGrant(present, p.Subject, v.Checker); err != nil {
		return err
	}
	kind := string(p.Kind) + ".refused"
	err = recordGrant(ctx, tx, kind, "refuse:"+p.ID, p.Subject, v.Checker,
		rightDecided{Proposal: p.ID, Maker: p.Maker, Reason: v.Reason})
	if err != nil {
		return err
	}
	asked, err := readRight(p.Kind, p.Payload)
	if err != nil {
		return err
	}
	return tellRight(ctx, tx, asked.notice(kind, p.Proposal, v.Checker, v.Reason), p.Maker, p.Subject)
}

// tellRight tells each person once.
func tellRight(ctx context.Context, tx *sqlx.Tx, n notice.OfRight, people ...string) error {
	return tellOnce(ctx, tx, n.For(people...))
}
