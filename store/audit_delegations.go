package store

import (
	"context"
	"encoding/json"

	"github.com/countersign/countersign/domain/delegation"
)

// delegations holds the rules against their events, and what was decided for
// others against the rules.
func (a *auditor) delegations(ctx context.Context) error {
	for _, check := range []func(context.Context) error{a.ruleRows, a.ruleEvents, a.delegatedActs} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ruleRows proves that every rule is what its last event says.
func (a *auditor) ruleRows(ctx context.Context) error {
	const query = `
		SELECT ` + delegationColumns + `, coalesce(e.data, '') AS told FROM delegations g
		LEFT JOIN LATERAL (
			SELECT data FROM events WHERE stream = $1 || g.person AND cause IN ('make:' || g.id, 'revoke:' || g.id)
			ORDER BY seq DESC LIMIT 1) AS e ON true
		WHERE g.id > $2 ORDER BY g.id LIMIT $3`
	for last := ""; ; {
		var rows []struct {
			delegationRow
			Told string
		}
		if err := a.tx.SelectContext(ctx, &rows, query, delegationStream, last, auditBatch); err != nil {
			return err
		}
		for _, r := range rows {
			var told delegation.Rule
			stream := delegationStream + r.Person
			switch err := json.Unmarshal([]byte(r.Told), &told); {
			case r.Told == "":
				a.found(stream, 0, "delegation.invented", "rule %s has no event", r.ID)
			case err != nil || string(mustJSON(told)) != string(mustJSON(r.rule())):
				a.found(stream, 0, "delegation.differs", "rule %s is not what its events say", r.ID)
			}
			last = r.ID
		}
		if len(rows) < auditBatch {
			return nil
		}
	}
}

// ruleEvents proves that no rule was lost.
func (a *auditor) ruleEvents(ctx context.Context) error {
	const query = `
		SELECT e.stream, e.seq, e.cause FROM events e
		WHERE e.stream LIKE 'delegation:%' AND NOT EXISTS (
			SELECT FROM delegations g WHERE e.stream = $1 || g.person AND e.cause IN ('make:' || g.id, 'revoke:' || g.id))
		ORDER BY e.stream, e.seq LIMIT $2`
	var rows []struct {
		Stream, Cause string
		Seq           int64
	}
	if err := a.tx.SelectContext(ctx, &rows, query, delegationStream, a.most); err != nil {
		return err
	}
	for _, r := range rows {
		a.found(r.Stream, r.Seq, "delegation.missing", "the rule of %s is gone", r.Cause)
	}
	return nil
}

// delegatedActs proves that whoever decided for somebody had a rule of theirs,
// for that content, when the act was received.
func (a *auditor) delegatedActs(ctx context.Context) error {
	const query = `
		WITH acts AS (
			SELECT id, document, actor, received_at, canonical::jsonb AS said FROM inbox
			WHERE canonical LIKE '%"on_behalf_of"%' AND outcome::jsonb->>'code' = 'ok'
		)
		SELECT i.document, i.id FROM acts i
		JOIN documents d ON d.id = i.document
		LEFT JOIN revisions r ON r.document = d.id AND r.hash = i.said->>'content_hash'
		WHERE i.said->>'on_behalf_of' NOT LIKE 'queue:%' AND NOT EXISTS (
			SELECT FROM delegations g
			WHERE g.person = i.said->>'on_behalf_of' AND g.delegate = i.actor
			  AND g.from_at <= i.received_at AND i.received_at < g.until_at
			  AND (g.revoked_at IS NULL OR i.received_at < g.revoked_at)
			  AND (g.types = '{}' OR d.type = ANY(g.types))
			  AND (g.cap_currency = '' OR g.cap_currency = r.content::jsonb #>> '{base_total,currency}'
			       AND coalesce(r.content::jsonb #>> '{claimed,base_total,minor}',
			                    r.content::jsonb #>> '{base_total,minor}')::bigint <= g.cap_minor))
		ORDER BY i.id LIMIT $1`
	var rows []struct{ Document, ID string }
	if err := a.tx.SelectContext(ctx, &rows, query, a.most); err != nil {
		return err
	}
	for _, r := range rows {
		a.found(r.Document, 0, "act.not_delegated", "act %s was for somebody who had not delegated it", r.ID)
	}
	return nil
}
