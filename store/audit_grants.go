package store

import (
	"context"
	"encoding/json"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/evidence"
)

// grants holds who was given which right, by whom and for how long, against the events
// that say so, and the organisation against both.
func (a *auditor) grants(ctx context.Context) error {
	for _, check := range []func(context.Context) error{a.grantRows, a.grantEvents, a.grantsInForce, a.askedRights} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// grantRows proves that every right is what its last event says, and that those of the
// house were approved by somebody else than who asked and whose it is.
func (a *auditor) grantRows(ctx context.Context) error {
	const query = `
		SELECT ` + roleGrantColumns + `, coalesce(e.told, '') AS told, coalesce(e.seq, 0) AS seq FROM role_grants g
		LEFT JOIN LATERAL (
			SELECT data::jsonb ->> 'grant' AS told, seq FROM events
			WHERE stream = $1 || g.person AND cause IN ('approve:' || g.id, 'revoke:' || g.id)
			ORDER BY seq DESC LIMIT 1) AS e ON true
		WHERE g.id > $2 ORDER BY g.id LIMIT $3`
	for last := ""; ; {
		var rows []struct {
			roleGrantRow
			Told string
			Seq  int64
		}
		if err := a.tx.SelectContext(ctx, &rows, query, grantStream, last, auditBatch); err != nil {
			return err
		}
		for _, r := range rows {
			last = r.ID
			var told RoleGrant
			is, stream := r.grant(), grantStream+r.Person
			switch err := json.Unmarshal([]byte(r.Told), &told); {
			case r.Told == "":
				a.found(stream, 0, "grant.invented", "right %s has no event", r.ID)
			case err != nil || string(mustJSON(told)) != string(mustJSON(is)):
				a.found(stream, r.Seq, "grant.differs", "right %s is not what its events say", r.ID)
			case is.Source == GrantedInHouse && (is.Checker == is.Maker || is.Checker == is.Person):
				a.found(stream, r.Seq, "grant.own", "%s approved right %s, which they asked for or have", is.Checker, r.ID)
			case is.Source == GrantedByClaim && (!access.ByClaim(is.Role) || is.Until.Sub(is.GrantedAt) > access.ClaimsLastMax):
				a.found(stream, r.Seq, "grant.claimed_too_much", "%s gave right %s, which no sign-in may give", is.Maker, r.ID)
			}
		}
		if len(rows) < auditBatch {
			return nil
		}
	}
}

// grantEvents proves that no right was lost.
func (a *auditor) grantEvents(ctx context.Context) error {
	const query = `
		SELECT e.stream, e.seq, e.cause FROM events e
		WHERE e.stream LIKE $1 || '%' AND e.kind IN ('grant.approved', 'grant.revoked', 'grant.claimed', 'grant.unclaimed')
		  AND NOT EXISTS (
			SELECT FROM role_grants g WHERE e.stream = $1 || g.person AND e.cause IN ('approve:' || g.id, 'revoke:' || g.id))
		ORDER BY e.stream, e.seq LIMIT $2`
	var rows []struct {
		Stream, Cause string
		Seq           int64
	}
	if err := a.tx.SelectContext(ctx, &rows, query, grantStream, a.most); err != nil {
		return err
	}
	for _, r := range rows {
		a.found(r.Stream, r.Seq, "grant.missing", "the right of %s is gone", r.Cause)
	}
	return nil
}

// grantsInForce proves that the organisation gives of the house's rights those that
// were approved, from their version to that of their end, and no others.
func (a *auditor) grantsInForce(ctx context.Context) error {
	const query = `
		WITH told AS (
			SELECT g.id, g.person, g.person || '|' || g.role || '|' || g.entity || '|' || g.id AS row,
			       jsonb_build_object('person', g.person, 'role', g.role, 'entity', g.entity, 'id', g.id) AS body,
			       g.department, g.from_at, g.until_at,
			       (SELECT (data::jsonb ->> 'version')::bigint FROM events
			        WHERE stream = $1 || g.person AND cause = 'approve:' || g.id) AS begun,
			       (SELECT (data::jsonb ->> 'version')::bigint FROM events
			        WHERE stream = $1 || g.person AND cause = 'revoke:' || g.id) AS ended
			FROM role_grants g WHERE g.source IN ('house', 'claim')
		), given AS (
			SELECT id AS row, body::jsonb AS body, from_version, to_version FROM org_rows
			WHERE kind = 'grant' AND body::jsonb ? 'id'
		)
		SELECT coalesce(t.person, o.body ->> 'person') AS person, coalesce(t.row, o.row) AS row
		FROM told t FULL JOIN given o ON o.row = t.row
		WHERE t.row IS NULL OR o.row IS NULL OR o.from_version <> t.begun OR o.to_version IS DISTINCT FROM t.ended
		   OR NOT o.body @> t.body OR coalesce(o.body ->> 'department', '') <> t.department
		   OR (o.body ->> 'from')::timestamptz IS DISTINCT FROM t.from_at
		   OR (o.body ->> 'until')::timestamptz IS DISTINCT FROM t.until_at
		ORDER BY person, row LIMIT $2`
	var rows []struct{ Person, Row string }
	if err := a.tx.SelectContext(ctx, &rows, query, grantStream, a.most); err != nil {
		return err
	}
	for _, r := range rows {
		a.found(grantStream+r.Person, 0, "grant.not_followed", "the organisation does not give %s as it was approved", r.Row)
	}
	return nil
}

// askedRights proves that what was asked about rights is what its events say, and was
// decided as they say.
func (a *auditor) askedRights(ctx context.Context) error {
	const query = `
		SELECT p.id, p.subject, p.payload, p.hash, p.state, p.checker, coalesce(e.actor = p.maker, false) AS made,
		       coalesce(e.data::jsonb ->> 'hash', '') AS told_hash, coalesce(e.data::jsonb ->> 'asked', '') AS asked,
		       coalesce((SELECT r.actor FROM events r WHERE r.stream = $1 || p.subject AND r.cause = 'refuse:' || p.id), '')
		           AS refused,
		       coalesce((SELECT g.actor FROM events g WHERE g.stream = $1 || p.subject
		                 AND g.kind IN ('grant.approved', 'grant.revoked')
		                 AND g.data::jsonb ->> 'proposal' = p.id LIMIT 1), '')
		           AS approved
		FROM proposals p
		LEFT JOIN events e ON e.stream = $1 || p.subject AND e.cause = 'request:' || p.id
		WHERE p.kind IN ('grant', 'revocation') ORDER BY p.id`
	var rows []struct {
		ID, Subject, Payload, Hash, State, Checker, Asked, Refused, Approved string

		Made     bool
		ToldHash string `db:"told_hash"`
	}
	if err := a.tx.SelectContext(ctx, &rows, query, grantStream); err != nil {
		return err
	}
	for _, r := range rows {
		refused, approved := "", ""
		switch r.State {
		case "refused":
			refused = r.Checker
		case "approved":
			approved = r.Checker
		}
		payload, err := evidence.HashOf(json.RawMessage(r.Payload))
		if err != nil || payload != r.Hash || !r.Made || r.ToldHash != r.Hash || !sameJSON(r.Payload, r.Asked) ||
			r.Refused != refused || r.Approved != approved {
			a.found(grantStream+r.Subject, 0, "proposal.differs", "%s: it is not what its events say", r.ID)
		}
	}
	return nil
}

// sameJSON says whether two texts are the same value.
func sameJSON(one, other string) bool {
	first, err := evidence.HashOf(json.RawMessage(one))
	second, wrong := evidence.HashOf(json.RawMessage(other))
	return err == nil && wrong == nil && first == second
}
