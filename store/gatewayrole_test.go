package store_test

import (
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/store"
)

// TestAStolenGatewayAnswersNoCause: who writes a cause first keeps the act or the
// deadline behind it from ever being recorded.
func TestAStolenGatewayAnswersNoCause(t *testing.T) {
	w := newWorld(t)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	d := w.submit("report")
	gateway := sqlx.MustOpen("postgres", urls[store.RoleGateway])
	defer gateway.Close() //nolint:errcheck // only a test's
	for _, statement := range []string{
		`INSERT INTO causes VALUES ('` + d.ID + `', 'plan:1:0', 2, 1, '{"code":"ok"}', now())`,
		`INSERT INTO documents (id, number, type, title, reason, entity, department, submitter, requester, payee_kind,
			payee_id, payee_name, payee_account, urgency, status, seq, total_minor, currency, base_minor, base_currency)
			VALUES ('x', 'X-1', '', '', '', '', '', '', '', '', '', '', '', '', 'approved', 9, 1, 'CNY', 1, 'CNY')`,
	} {
		_, err := gateway.Exec(statement)
		require.ErrorContains(t, err, "countersign:")
	}
}

// TestSteppingInUnderEachRole: what administrators and relays do about a document
// that cannot go on needs no more than the rights of their own role.
func TestSteppingInUnderEachRole(t *testing.T) {
	w := governed(t)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	as := map[string]*store.Store{}
	for _, role := range []string{store.RoleMigrator, store.RoleGateway, store.RoleWorker, store.RoleRelay, store.RoleAuditor} {
		s, err := store.Open(w.ctx, store.Options{URL: urls[role], MaxOpen: 2})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		as[role] = s
	}
	d := w.routed("train", approval.AnyOf, "ann")
	a := w.meant(d.ID, approval.RulingReassign)
	w.s = as[store.RoleGateway]
	refused, err := w.proposedBy("adm", a)
	require.NoError(t, err)
	_, err = w.s.Decide(w.ctx, refused.ID, proposal.Verdict{Checker: "ada", Reason: "no"}, store.Idempotency{})
	require.NoError(t, err)
	p, err := w.proposedBy("adm", a)
	require.NoError(t, err)
	_, act, err := w.approve(p, a, "ada")
	require.NoError(t, err)
	w.s = as[store.RoleWorker]
	w.record(d.ID, act)

	w.s = as[store.RoleMigrator]
	w.leaves("rob2")
	require.NoError(t, w.s.NameHeir(w.ctx, "rob2", "bob", "same team"))
	_, err = as[store.RoleGateway].Belongings(w.ctx, "rob2")
	require.NoError(t, err)
	n, err := as[store.RoleGateway].TellLeaver(w.ctx, "rob2", store.Idempotency{})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	w.s = as[store.RoleRelay]
	_, err = w.s.Risks(w.ctx, []string{d.ID}) // cards say what to look at
	require.NoError(t, err)
	w.spread()
	told := w.tells()
	require.Len(t, told, 1)
	require.NoError(t, w.s.TellingDone(w.ctx, told[0]))
	w.s = as[store.RoleWorker]
	heir, err := w.s.Heir(w.ctx, "rob2")
	require.NoError(t, err)
	w.record(d.ID, approval.HandedOver{
		Task: w.state(d.ID).OpenTasks()[0].ID, From: "rob2", To: []approval.Approver{{Person: heir}},
	})
	w.s = as[store.RoleAuditor]
	w.clean()
}
