package store_test

import (
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/store"
)

func (w *world) payload(v any) (text, hash string) {
	w.t.Helper()
	canonical, err := evidence.Canonical(v)
	require.NoError(w.t, err)
	hash, err = evidence.HashOf(v)
	require.NoError(w.t, err)
	return string(canonical), hash
}

// asks has somebody ask for a right, or to take one away.
func (w *world) asks(kind proposal.Kind, maker, subject string, v any) (store.ProposalRow, error) {
	w.t.Helper()
	payload, hash := w.payload(v)
	return w.s.Propose(w.ctx, store.ProposalInput{Kind: kind, Subject: subject, Hash: hash, Payload: payload, Maker: maker})
}

func cashier(person string) access.RoleRequest {
	return access.RoleRequest{Person: person, Role: access.Cashier, Entity: "cn", Reason: "month end"}
}

// granted is a right asked for by one and approved by another.
func (w *world) granted(r access.RoleRequest, maker, checker string) string {
	w.t.Helper()
	p, err := w.asks(proposal.Grant, maker, r.Person, r)
	require.NoError(w.t, err)
	_, err = w.s.Decide(w.ctx, p.ID, yes(checker), store.Idempotency{})
	require.NoError(w.t, err)
	return p.ID
}

func (w *world) holds(person, role string) bool {
	w.t.Helper()
	now, err := w.s.Snapshot(w.ctx, 0)
	require.NoError(w.t, err)
	for _, p := range now.Holders(role, "cn") {
		if p.ID == person {
			return w.count(`SELECT count(*) FROM role_holders WHERE person = $1 AND role = $2 AND until_at > now()`,
				person, role) > 0
		}
	}
	return false
}

// TestASecondPersonGrants carries rights through asking, approving, ending and taking
// away, as the gateway's own role of the database, and the audit finds nothing to say.
func TestASecondPersonGrants(t *testing.T) {
	w := governed(t)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	owner := w.s
	w.s, err = store.Open(w.ctx, store.Options{URL: urls[store.RoleGateway], MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.s.Close()) })

	own, err := w.asks(proposal.Grant, "adm", "bob", cashier("bob"))
	require.NoError(t, err)
	for who, code := range map[string]string{"adm": "proposal.own", "bob": "grant.own"} {
		_, err = w.s.Decide(w.ctx, own.ID, yes(who), store.Idempotency{})
		require.Equal(t, code, fault.CodeOf(err), who)
	}
	_, err = w.s.Decide(w.ctx, own.ID, yes("fin"), store.Idempotency{})
	require.ErrorContains(t, err, "countersign:", "who administers nothing decides nothing, whatever the gateway says")
	_, err = w.s.Decide(w.ctx, own.ID, proposal.Verdict{Checker: "ada", Reason: "no need"}, store.Idempotency{})
	require.NoError(t, err)
	require.False(t, w.holds("bob", access.Cashier))

	id := w.granted(cashier("bob"), "adm", "ada")
	require.True(t, w.holds("bob", access.Cashier))
	_, err = w.asks(proposal.Grant, "adm", "bob", cashier("bob"))
	require.Equal(t, "grant.held", fault.CodeOf(err))

	next := company() // the file knows nothing of it, and changes nothing
	now, err := w.s.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	next.People, next.Grants = now.People, append(next.Grants, org.Grant{Person: "ada", Role: "admin", Entity: "cn"})
	_, err = owner.ReplaceOrganisation(w.ctx, next, "file")
	require.NoError(t, err)
	time.Sleep(1100 * time.Millisecond) // the gateway believes a version for a second
	require.True(t, w.holds("bob", access.Cashier))

	taken, err := w.asks(proposal.Revocation, "ada", "bob", access.Revocation{
		Person: "bob", Role: access.Cashier, Entity: "cn", Grant: id, Reason: "done"})
	require.NoError(t, err)
	_, err = w.s.Decide(w.ctx, taken.ID, yes("adm"), store.Idempotency{})
	require.NoError(t, err)
	require.False(t, w.holds("bob", access.Cashier))

	require.NoError(t, w.s.RevokeAtOnce(w.ctx, access.Revocation{ // of the file, by one alone
		Person: "fin", Role: access.FinanceClerk, Entity: "cn", Reason: "stolen laptop"}, "ada", store.Idempotency{}))
	require.False(t, w.holds("fin", access.FinanceClerk))
	require.Positive(t, w.count(`SELECT count(*) FROM notices WHERE kind = 'grant.revoked_alone' AND person = 'adm'`))
	_, err = owner.ReplaceOrganisation(w.ctx, next, "file again")
	require.NoError(t, err)
	time.Sleep(1100 * time.Millisecond)
	require.False(t, w.holds("fin", access.FinanceClerk), "no file brings back what was taken away")

	gateway := sqlx.MustOpen("postgres", urls[store.RoleGateway])
	defer gateway.Close() //nolint:errcheck // only a test's
	for _, forged := range []string{
		`INSERT INTO org_rows (kind, id, from_version, body) SELECT 'grant', 'bob|admin|', max(version),
			'{"person":"bob","role":"admin","entity":""}' FROM org_versions`,
		`INSERT INTO org_rows (kind, id, from_version, body) SELECT 'person', 'eve', max(version), '{"id":"eve"}' FROM org_versions`,
		`UPDATE org_rows SET to_version = (SELECT max(version) FROM org_versions) WHERE id = 'adm|admin|'`,
		`INSERT INTO role_holders (role, entity, person) VALUES ('admin', '', 'bob')`,
		`INSERT INTO role_grants SELECT 'x', source, 'bob', 'admin', '', '', from_at, NULL, '', maker, checker, granted_at
			FROM role_grants WHERE source = 'house'`,
		`UPDATE role_grants SET ended_at = NULL, ended_by = '' WHERE source = 'house'`,
	} {
		_, err := gateway.Exec(forged)
		require.ErrorContains(t, err, "countersign:", forged)
	}
	w.s = owner
	w.clean()
}

// TestARightEndsByItself proves that nobody need be there: who reads, who decides and
// who is told goes by the clock.
func TestARightEndsByItself(t *testing.T) {
	w := governed(t)
	d := w.routed("train", approval.AnyOf, "bob")
	asked := cashier("bob")
	asked.Until = time.Now().Add(6 * time.Second).UTC().Truncate(time.Millisecond)
	w.granted(asked, "adm", "ada")
	require.True(t, w.holds("bob", access.Cashier))
	n, err := w.s.TellGrants(w.ctx, 10)
	require.NoError(t, err)
	require.Zero(t, n, "not before a quarter is left")
	judged, err := w.s.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	require.True(t, judged.Until.Equal(asked.Until))

	time.Sleep(time.Until(asked.Until.Add(-1400 * time.Millisecond)))
	n, err = w.s.TellGrants(w.ctx, 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = w.s.TellGrants(w.ctx, 10)
	require.NoError(t, err)
	require.Zero(t, n, "once")
	time.Sleep(time.Until(asked.Until))
	require.False(t, w.holds("bob", access.Cashier))
	row := w.signed(w.act(d.ID, approval.Approve, "bob"))
	row.OrgVersion, row.Until = judged.Version, judged.Until
	_, _, err = w.s.CommitAct(w.ctx, row)
	require.Equal(t, "store.busy", fault.CodeOf(err), "what was judged before the end is not received after it")
	w.clean()
}

// TestTheHouseKeepsAnAdministrator, whoever agrees to the contrary.
func TestTheHouseKeepsAnAdministrator(t *testing.T) {
	w := governed(t)
	last := access.Revocation{Person: "adm", Role: access.Admin, Reason: "away"}
	_, err := w.asks(proposal.Revocation, "ada", "adm", last)
	require.Equal(t, "grant.last_administrator", fault.CodeOf(err), "those of one entity do not count")
	stopgap := access.RoleRequest{Person: "bob", Role: access.Admin, Reason: "while adm is away",
		Until: time.Now().Add(time.Hour).UTC().Truncate(time.Second)}
	p, err := w.asks(proposal.Grant, "bob", "bob", stopgap)
	require.NoError(t, err)
	_, err = w.s.Decide(w.ctx, p.ID, yes("adm"), store.Idempotency{})
	require.NoError(t, err)
	err = w.s.RevokeAtOnce(w.ctx, last, "bob", store.Idempotency{})
	require.Equal(t, "grant.last_administrator", fault.CodeOf(err), "nor does one whose right ends by itself")
	w.clean()
}

// TestLiesAboutRightsAreFound: whoever stands above the rules of the database is held to
// the events by the audit.
func TestLiesAboutRightsAreFound(t *testing.T) {
	for _, tt := range []struct{ statement, what string }{
		{`UPDATE role_grants SET checker = 'sue'`, "grant.differs"},
		{`UPDATE role_grants SET until_at = '2099-01-01'`, "grant.differs"},
		{`DELETE FROM role_grants`, "grant.missing"},
		{`INSERT INTO role_grants SELECT 'x', source, 'sue', role, entity, '', from_at, NULL, '', 'adm', 'ada', granted_at
			FROM role_grants`, "grant.invented"},
		{`UPDATE org_rows SET to_version = NULL WHERE body LIKE '%"id":%' AND kind = 'grant'`, "grant.not_followed"},
		{`UPDATE proposals SET maker = 'ada2' WHERE kind = 'grant'`, "proposal.differs"},
	} {
		t.Run(tt.statement[:20]+tt.what, func(t *testing.T) {
			w := governed(t)
			id := w.granted(cashier("bob"), "adm", "ada")
			require.NoError(t, w.s.RevokeAtOnce(w.ctx, access.Revocation{
				Person: "bob", Role: access.Cashier, Entity: "cn", Grant: id, Reason: "gone"}, "adm", store.Idempotency{}))
			w.clean()
			w.tamper(tt.statement)
			report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{})
			require.NoError(t, err)
			var found []string
			for _, f := range report.Findings {
				found = append(found, f.What)
			}
			assert.Contains(t, found, tt.what)
		})
	}
}
