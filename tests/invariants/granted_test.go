package invariants_test

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/store"
)

// granted lets a right be asked for, approved, and taken away; and one for a time.
func (h *house) granted() {
	ask := func(kind proposal.Kind, person string, asked any) string {
		payload, err := evidence.Canonical(asked)
		require.NoError(h.t, err)
		hash, err := evidence.HashOf(asked)
		require.NoError(h.t, err)
		p, err := h.store.Propose(h.ctx, store.ProposalInput{Kind: kind, Subject: person, Hash: hash,
			Payload: string(payload), Maker: "an"})
		require.NoError(h.t, err)
		_, err = h.store.Decide(h.ctx, p.ID, proposal.Verdict{Checker: "lu", Approve: true}, store.Idempotency{})
		require.NoError(h.t, err)
		return p.ID
	}
	stays := access.RoleRequest{Person: "chen", Role: access.Cashier, Entity: "cn", Reason: "month end",
		Until: time.Now().Add(time.Hour).UTC().Truncate(time.Second)}
	ask(proposal.Grant, "chen", stays)
	goes := access.RoleRequest{Person: "chen", Role: access.FinanceClerk, Entity: "cn", Reason: "help"}
	id := ask(proposal.Grant, "chen", goes)
	for _, groups := range [][]string{{"helpers", "clerks"}, {"clerks"}} {
		_, err := h.store.FollowClaims(h.ctx, store.ClaimsTold{Person: "chen", Provider: "company", Told: access.Told{
			Values: groups, Lasts: 24 * time.Hour, Rules: []access.ClaimRule{{Value: "helpers", Role: access.Assistant, Entity: "cn"},
				{Value: "clerks", Role: access.FinanceHead, Entity: "cn"}}}})
		require.NoError(h.t, err)
	}
	ask(proposal.Revocation, "chen", access.Revocation{Person: "chen", Role: goes.Role, Entity: "cn", Grant: id, Reason: "done"})
}

// plantedRights are lies about who has which right.
var plantedRights = []lie{
	{"a right that nobody approved", "I5", "nobody approved it", func(l *liar) {
		l.tell("org_rows", `INSERT INTO org_rows (kind, id, from_version, body) SELECT 'grant', 'li|admin||x', max(version),
			'{"person":"li","role":"admin","entity":"","id":"x"}' FROM org_versions`)
	}},
	{"a right that lasts longer than was approved", "I5", "its end", func(l *liar) {
		l.tell("org_rows", `UPDATE org_rows SET body = replace(body, '"until":"20', '"until":"29') WHERE id LIKE 'chen|cashier|%'`)
	}},
	{"a right that was taken away and is there", "I13", "its end as a version", func(l *liar) {
		l.tell("org_rows", `UPDATE org_rows SET to_version = NULL WHERE id LIKE 'chen|finance_clerk|%'`)
	}},
	{"a sign-in that gives power", "I5", "claims:company gave cashier", func(l *liar) {
		l.tell("events", `UPDATE events SET data = replace(data, 'finance_head', 'cashier') WHERE kind = 'grant.claimed'`)
	}},
	{"a right by a sign-in that ended and is there", "I13", "its end as a version", func(l *liar) {
		l.tell("org_rows", `UPDATE org_rows SET to_version = NULL WHERE id LIKE 'chen|assistant|%'`)
	}},
	{"a decision on rights by who administers nothing", "I5", "did not administer", func(l *liar) {
		l.tell("org_rows", `UPDATE org_rows SET body = replace(body, '"admin"', '"cashier"') WHERE id = 'lu|admin|'`)
	}},
}
