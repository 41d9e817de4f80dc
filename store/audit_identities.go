package store

import (
	"context"
	"encoding/json"

	"github.com/countersign/countersign/domain/approval"
)

// identities holds whose sign-in it is against the events that say so.
func (a *auditor) identities(ctx context.Context) error {
	const query = `
		SELECT coalesce($1 || i.person, e.stream) AS stream, coalesce(e.seq, 0) AS seq,
		       CASE WHEN i.id IS NULL THEN 'identity.missing' WHEN e.stream IS NULL THEN 'identity.invented'
		            ELSE 'identity.differs' END AS what
		FROM identities i
		FULL JOIN (
			SELECT DISTINCT ON (stream, data::jsonb ->> 'id') stream, seq, data::jsonb AS told FROM events
			WHERE stream LIKE $1 || '%' AND kind LIKE 'identity.%' ORDER BY stream, data::jsonb ->> 'id', seq DESC) AS e
		  ON e.stream = $1 || i.person AND e.told ->> 'id' = i.id
		WHERE i.id IS NULL OR e.stream IS NULL OR i.issuer IS DISTINCT FROM e.told ->> 'issuer'
		   OR i.subject IS DISTINCT FROM e.told ->> 'subject' OR i.person IS DISTINCT FROM e.told ->> 'person'
		   OR i.how IS DISTINCT FROM e.told ->> 'how' OR i.bound_at IS DISTINCT FROM (e.told ->> 'bound_at')::timestamptz
		   OR i.unbound_by IS DISTINCT FROM coalesce(e.told ->> 'by', '')
		   OR i.unbind_reason IS DISTINCT FROM coalesce(e.told ->> 'reason', '')
		   OR i.unbound_at IS DISTINCT FROM (e.told ->> 'unbound_at')::timestamptz
		ORDER BY stream, seq, what LIMIT $2`
	var rows []struct {
		Stream, What string
		Seq          int64
	}
	if err := a.tx.SelectContext(ctx, &rows, query, identityStream, a.most); err != nil {
		return err
	}
	for _, r := range rows {
		a.found(r.Stream, r.Seq, r.What, "a sign-in is not what the events say")
	}
	return nil
}

// decisions are the acts that ask for a fresh sign-in where the plan does.
var decisions = map[string]bool{
	approval.TaskWasApproved: true, approval.TaskWasRejected: true, approval.TaskWasReturned: true,
	approval.DocumentSanctioned: true, approval.DocumentAmended: true,
}

// signIns proves that whoever decided where the plan of then asked for a fresh
// sign-in had one when the act was received.
func (a *auditor) signIns(f *auditFile) {
	var asked *approval.FreshSignIn
	for _, e := range f.events {
		if e.Kind == approval.PlanMade {
			asked = nil
			if d, err := approval.Decode[approval.PlanData](e); err == nil {
				asked = d.Plan.SignIn
			}
		}
		if asked == nil || !decisions[e.Kind] {
			continue
		}
		row := f.acts[e.Cause]
		var act approval.Act
		if json.Unmarshal([]byte(row.Canonical), &act) != nil || !asked.Within(act.SignIn, row.ReceivedAt) {
			a.found(f.ID, e.Seq, "act.stale_sign_in", "%s has no sign-in of the last %d s", e.Cause, asked.Seconds)
		}
	}
}
