package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/store"
)

func draft(hash string) store.ProposalInput {
	return store.ProposalInput{Kind: proposal.Policy, Subject: "expense", Hash: hash, Payload: "policy: " + hash,
		Note: "限额调整", Maker: "fin"}
}

func (w *world) proposed(in store.ProposalInput) store.ProposalRow {
	w.t.Helper()
	p, err := w.s.Propose(w.ctx, in)
	require.NoError(w.t, err)
	return p
}

func (w *world) versions() int {
	w.t.Helper()
	rows, err := w.s.PolicyVersions(w.ctx, "policy", "expense")
	require.NoError(w.t, err)
	return len(rows)
}

func yes(checker string) proposal.Verdict { return proposal.Verdict{Checker: checker, Approve: true} }

// TestASecondPersonPublishes carries proposals through, and holds every step to
// its event: the audit finds nothing to say.
func TestASecondPersonPublishes(t *testing.T) {
	w := newWorld(t)
	_, err := w.s.PublishPolicy(w.ctx, store.PolicyRow{Kind: "policy", ID: "expense", Hash: "a", YAML: "policy: a"})
	require.NoError(t, err)
	first := w.proposed(draft("b"))
	assert.Equal(t, proposal.Open, first.StateNow())
	assert.Equal(t, 1, first.Base)
	assert.Equal(t, 1, w.versions(), "a proposal publishes nothing")

	p, err := w.s.Decide(w.ctx, first.ID, yes("adm"), store.Idempotency{})
	require.NoError(t, err)
	assert.Equal(t, proposal.Approved, p.StateNow())
	assert.Equal(t, 2, p.Version)
	row, err := w.s.PolicyInForce(w.ctx, "policy", "expense")
	require.NoError(t, err)
	assert.Equal(t, []any{2, "b", "policy: b", "adm"}, []any{row.Version, row.Hash, row.YAML, row.PublishedBy})
	_, err = w.s.Decide(w.ctx, first.ID, yes("bob"), store.Idempotency{})
	assert.Equal(t, "proposal.decided", fault.CodeOf(err))
	_, err = w.s.Propose(w.ctx, draft("b"))
	assert.Equal(t, "proposal.in_force", fault.CodeOf(err))

	second, third := w.proposed(draft("c")), w.proposed(draft("d"))
	_, err = w.s.Decide(w.ctx, third.ID, proposal.Verdict{Checker: "adm"}, store.Idempotency{})
	assert.Equal(t, "proposal.reason_required", fault.CodeOf(err))
	_, err = w.s.Decide(w.ctx, second.ID, yes("adm"), store.Idempotency{})
	require.NoError(t, err)
	_, err = w.s.Decide(w.ctx, third.ID, yes("adm"), store.Idempotency{})
	assert.Equal(t, "proposal.outdated", fault.CodeOf(err), "what the checker compares with is no longer in force")
	p, err = w.s.Decide(w.ctx, third.ID, proposal.Verdict{Checker: "adm", Reason: "已过时"}, store.Idempotency{})
	require.NoError(t, err)
	assert.Equal(t, proposal.Refused, p.StateNow())
	assert.Equal(t, 3, w.versions())

	var kinds []string
	require.NoError(t, w.root.Select(&kinds, `SELECT kind FROM events WHERE stream = 'policy:expense' ORDER BY seq`))
	assert.Equal(t, []string{"policy.published", "policy.proposed", "policy.published", "policy.proposed",
		"policy.proposed", "policy.published", "policy.refused"}, kinds)
	assert.Empty(t, w.findings())
	_, err = w.s.Proposal(w.ctx, "nowhere")
	assert.Equal(t, "proposal.not_found", fault.CodeOf(err))
}

// TestWhoIsToldOfProposals tells who may publish of a proposal, but the human who
// made it, and the makers what became of theirs.
func TestWhoIsToldOfProposals(t *testing.T) {
	w := newWorld(t)
	next := company()
	next.People["fin2"] = org.Person{ID: "fin2", Entity: "cn", Active: true, Aliases: []string{"fin"}}
	next.People["gone"] = org.Person{ID: "gone", Entity: "cn"}
	for _, id := range []string{"fin", "fin2", "ann", "gone"} {
		next.Grants = append(next.Grants, org.Grant{Person: id, Role: "finance_head"})
	}
	next.Grants = append(next.Grants, org.Grant{Person: "bob", Role: "finance_head", Entity: "cn"})
	_, err := w.s.ReplaceOrganisation(w.ctx, next, "heads")
	require.NoError(t, err)
	first, second := w.proposed(draft("b")), draft("c")
	second.Maker = "ann"
	late := w.proposed(second)
	_, err = w.s.Decide(w.ctx, first.ID, yes("adm"), store.Idempotency{})
	require.NoError(t, err)
	_, err = w.s.Decide(w.ctx, late.ID, proposal.Verdict{Checker: "fin2", Reason: "已过时"}, store.Idempotency{})
	require.NoError(t, err)
	var told []string
	require.NoError(t, w.root.Select(&told, `
		SELECT kind || ' ' || person || ' ' || (data ->> 'by') || ' ' || coalesce(data ->> 'version', '') ||
		       coalesce(data ->> 'reason', '')
		FROM notices WHERE document = '' AND data ->> 'proposal' IN ($1, $2) ORDER BY created_at, id`, first.ID, late.ID))
	assert.Equal(t, []string{
		"proposal.made adm fin 限额调整", "proposal.made ann fin 限额调整",
		"proposal.made adm ann 限额调整", "proposal.made fin ann 限额调整", "proposal.made fin2 ann 限额调整",
		"proposal.approved fin adm 1", "proposal.outdated ann adm 1", "proposal.refused ann fin2 已过时",
	}, told)
}

// TestTheMakerNeverDecides tries every account of one human, by the store and
// around it: the database refuses as well.
func TestTheMakerNeverDecides(t *testing.T) {
	w := newWorld(t)
	next := company()
	for id, aliases := range map[string][]string{"fin": {"fin2"}, "fin3": {"fin2"}, "fin2": nil, "fin4": {"fin3"}, "gone": nil} {
		next.People[id] = org.Person{ID: id, Entity: "cn", Active: id != "gone", Aliases: aliases}
	}
	_, err := w.s.ReplaceOrganisation(w.ctx, next, "aliases")
	require.NoError(t, err)
	p := w.proposed(draft("b"))
	for _, account := range []string{"fin", "fin2", "fin3", "fin4"} {
		_, err := w.s.Decide(w.ctx, p.ID, yes(account), store.Idempotency{})
		assert.Equal(t, "proposal.own", fault.CodeOf(err), account)
		_, err = w.s.Decide(w.ctx, p.ID, proposal.Verdict{Checker: account, Reason: "no"}, store.Idempotency{})
		assert.Equal(t, "proposal.own", fault.CodeOf(err), account)
	}
	for _, account := range []string{"fin", "fin2", "fin3", "fin4", "gone", "nobody", ""} {
		_, err := w.root.Exec(`UPDATE proposals SET state = 'approved', checker = $2, version = 1 WHERE id = $1`, p.ID, account)
		assert.Error(t, err, "%q, as a superuser", account)
	}
	assert.Zero(t, w.versions())
	_, err = w.s.Decide(w.ctx, p.ID, yes("adm"), store.Idempotency{})
	require.NoError(t, err)
	assert.Equal(t, 1, w.versions())
}

// TestExpiredAndRefusedNeverPublish lets time pass, by the database's clock.
func TestExpiredAndRefusedNeverPublish(t *testing.T) {
	w := newWorld(t)
	in := draft("b")
	in.Life = 50 * time.Millisecond
	expired := w.proposed(in)
	refused := w.proposed(draft("c"))
	_, err := w.s.Decide(w.ctx, refused.ID, proposal.Verdict{Checker: "adm", Reason: "no"}, store.Idempotency{})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		p, err := w.s.Proposal(w.ctx, expired.ID)
		return err == nil && p.StateNow() == proposal.Expired
	}, time.Minute, 10*time.Millisecond)
	_, err = w.s.Decide(w.ctx, expired.ID, yes("adm"), store.Idempotency{})
	assert.Equal(t, "proposal.expired", fault.CodeOf(err))
	_, err = w.s.Decide(w.ctx, refused.ID, yes("bob"), store.Idempotency{})
	assert.Equal(t, "proposal.decided", fault.CodeOf(err))
	for _, id := range []string{expired.ID, refused.ID} {
		_, err := w.root.Exec(`UPDATE proposals SET state = 'approved', checker = 'adm', reason = '', version = 1 WHERE id = $1`, id)
		assert.ErrorContains(t, err, "countersign:")
	}
	assert.Zero(t, w.versions())
	for _, life := range []time.Duration{-time.Second, proposal.LifeMax + 1} {
		in.Life = life
		_, err = w.s.Propose(w.ctx, in)
		assert.Equal(t, "proposal.bad_expiry", fault.CodeOf(err))
	}
	assert.Empty(t, w.findings())
}

// TestProposalKeys finds a proposal and its decision again under their keys.
func TestProposalKeys(t *testing.T) {
	w := newWorld(t)
	in := draft("b")
	in.Idem = store.Idempotency{Actor: "fin", Route: "propose", Key: "k", Fingerprint: "1"}
	first := w.proposed(in)
	assert.Equal(t, first.ID, w.proposed(in).ID)
	in.Idem.Fingerprint = "2"
	_, err := w.s.Propose(w.ctx, in)
	assert.Equal(t, "idempotency.reused", fault.CodeOf(err))
	key := store.Idempotency{Actor: "adm", Route: "approve", Key: "k", Fingerprint: "1"}
	for range 2 {
		p, err := w.s.Decide(w.ctx, first.ID, yes("adm"), key)
		require.NoError(t, err)
		assert.Equal(t, 1, p.Version)
	}
	assert.Equal(t, 1, w.versions())
	for _, hash := range []string{"c", "d", "e"} {
		w.proposed(draft(hash))
	}
	page, err := w.s.Proposals(w.ctx, store.ProposalFilter{Limit: 3})
	require.NoError(t, err)
	rest, err := w.s.Proposals(w.ctx, store.ProposalFilter{Cursor: page.Next, Limit: 3})
	require.NoError(t, err)
	var hashes []string
	for _, p := range append(page.Items, rest.Items...) {
		hashes = append(hashes, p.Hash)
		assert.Empty(t, p.Payload)
	}
	assert.Equal(t, []string{"e", "d", "c", "b"}, hashes)
	open, err := w.s.Proposals(w.ctx, store.ProposalFilter{Only: store.OnlyOpen})
	require.NoError(t, err)
	assert.Len(t, open.Items, 3)
	_, err = w.s.Proposals(w.ctx, store.ProposalFilter{Cursor: "nonsense"})
	assert.Equal(t, "cursor.bad", fault.CodeOf(err))
}

// TestTheGatewayPublishesByProposalOnly gives the gateway its own role: it carries
// a proposal through, and with its password nothing else is published.
func TestTheGatewayPublishesByProposalOnly(t *testing.T) {
	w := newWorld(t)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	gateway, err := store.Open(w.ctx, store.Options{URL: urls[store.RoleGateway], MaxOpen: 2})
	require.NoError(t, err)
	defer func() { _ = gateway.Close() }()
	for i, hash := range []string{"b", "c"} {
		p, err := gateway.Propose(w.ctx, draft(hash))
		require.NoError(t, err)
		p, err = gateway.Decide(w.ctx, p.ID, yes("adm"), store.Idempotency{})
		require.NoError(t, err)
		assert.Equal(t, i+1, p.Version)
	}
	refused, err := gateway.Propose(w.ctx, draft("d"))
	require.NoError(t, err)
	_, err = gateway.Decide(w.ctx, refused.ID, proposal.Verdict{Checker: "adm", Reason: "no"}, store.Idempotency{})
	require.NoError(t, err)
	open, err := gateway.Propose(w.ctx, draft("e"))
	require.NoError(t, err)
	_, err = gateway.PublishPolicy(w.ctx, store.PolicyRow{Kind: "policy", ID: "expense", Hash: "z", YAML: "z", PublishedBy: "adm"})
	require.Error(t, err)

	db := sqlx.MustOpen("postgres", urls[store.RoleGateway])
	defer func() { _ = db.Close() }()
	for _, statement := range stolenPublishing {
		_, err := db.Exec(strings.NewReplacer("<open>", open.ID, "<refused>", refused.ID).Replace(statement))
		if assert.Error(t, err, statement) {
			assert.Regexp(t, "permission denied|countersign:", err.Error(), statement)
		}
	}
	assert.Equal(t, 2, w.versions())
	assert.Empty(t, w.findings())
}

var stolenPublishing = []string{
	`INSERT INTO policies VALUES ('policy', 'expense', 3, 'e', 'policy: e', 'adm')`,
	`INSERT INTO policies VALUES ('policy', 'expense', 3, 'd', 'policy: d', 'adm')`,
	`INSERT INTO policies VALUES ('policy', 'expense', 3, 'c', 'policy: c', 'adm')`,
	`INSERT INTO policies VALUES ('type', 'expense', 2, 'c', 'policy: c', 'adm')`,
	`UPDATE proposals SET payload = 'x' WHERE id = '<open>'`,
	`UPDATE proposals SET state = 'approved', checker = maker, version = 3 WHERE id = '<open>'`,
	`UPDATE proposals SET state = 'approved', checker = 'adm', version = 3, reason = '' WHERE id = '<refused>'`,
	`INSERT INTO proposals (id, kind, subject, hash, payload, base, note, maker, state, checker, version, expires_at, decided_at)
		VALUES ('x', 'policy', 'expense', 'x', 'x', 2, '', 'fin', 'approved', 'adm', 3, now() + interval '1 day', now())`,
	`DELETE FROM proposals`, `TRUNCATE proposals`,
	`INSERT INTO events SELECT 'policy:expense', seq + 1, at, 'policy.refused', 'adm', '', 'refuse:<open>', 0, 0, '', '{}',
		hash, 'x', 1 FROM events WHERE stream = 'policy:expense' ORDER BY seq DESC LIMIT 1`,
	`INSERT INTO events SELECT 'policy:expense', seq + 1, at, 'policy.published', 'adm', '', 'publish:policy:9', 0, 0, '', '{}',
		hash, 'x', 1 FROM events WHERE stream = 'policy:expense' ORDER BY seq DESC LIMIT 1`,
	`INSERT INTO events SELECT 'policy:expense', seq + 5, at, kind, actor, '', cause, 0, 0, '', data, hash, 'x', 1
		FROM events WHERE stream = 'policy:expense' ORDER BY seq DESC LIMIT 1`,
	`INSERT INTO causes VALUES ('policy:expense', 'publish:policy:3', 99, 98, '{"code":"ok"}', now())`,
	`UPDATE streams SET head_hash = 'x' WHERE stream = 'policy:expense'`,
	`UPDATE streams SET seq = 99 WHERE stream = 'policy:expense'`,
	`UPDATE streams SET head_hash = 'x' WHERE stream = 'org'`,
	`INSERT INTO streams VALUES ('org2', 0, '', now())`,
}

// TestAuditFindsForgedPublishing plants one lie at a time about policies.
func TestAuditFindsForgedPublishing(t *testing.T) {
	for name, tt := range map[string]forgery{
		"a published text": {`UPDATE policies SET yaml = 'x' WHERE version = 1 AND id = $1`, "policy.differs"},
		"a published hash": {`UPDATE policies SET hash = 'x' WHERE version = 1 AND id = $1`, "policy.differs"},
		"a version more": {
			`INSERT INTO policies VALUES ('policy', $1, 9, 'h', 'y', 'adm')`, "policy.unrecorded"},
		"a version less":        {`DELETE FROM policies WHERE id = $1`, "policy.missing"},
		"a proposal's maker":    {`UPDATE proposals SET maker = 'bob' WHERE subject = $1`, "proposal.differs"},
		"a proposal's checker":  {`UPDATE proposals SET checker = 'bob' WHERE subject = $1`, "proposal.differs"},
		"a proposal's payload":  {`UPDATE proposals SET payload = 'x' WHERE subject = $1`, "proposal.differs"},
		"a proposal's reason":   {`UPDATE proposals SET reason = 'x' WHERE state = 'refused' AND subject = $1`, "proposal.differs"},
		"a proposal less":       {`DELETE FROM proposals WHERE subject = $1`, "proposal.missing"},
		"a refusal turned":      {`UPDATE proposals SET state = 'approved', version = base + 1 WHERE state = 'refused' AND subject = $1`, "proposal.differs"},
		"an event of a refusal": {`UPDATE events SET data = '{}' WHERE kind = 'policy.refused' AND stream = 'policy:' || $1`, "chain.broken"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.s.Decide(w.ctx, w.proposed(draft("b")).ID, yes("adm"), store.Idempotency{})
			require.NoError(t, err)
			_, err = w.s.Decide(w.ctx, w.proposed(draft("c")).ID, proposal.Verdict{Checker: "adm", Reason: "no"}, store.Idempotency{})
			require.NoError(t, err)
			require.Empty(t, w.findings())
			w.tamper(tt.statement, "expense")
			assert.Contains(t, w.findings(), tt.code)
		})
	}
}

// TestUnderwayNamesEveryStep that a document waits at.
func TestUnderwayNamesEveryStep(t *testing.T) {
	w := newWorld(t)
	d := w.submit("forked")
	p := plan(1, approval.AnyOf, "ann")
	other := p.Steps[0]
	other.ID, other.Approvers = "beside", []approval.Approver{{Person: "bob"}}
	p.Policy, p.Steps = "expense", append(p.Steps[:1:1], other)
	for i, title := range []string{"部门", "财务"} {
		p.Steps[i].Title = map[string]string{"zh-CN": title}
		p.Steps[i].Branches = []approval.Branch{{Fork: "f", N: i}}
	}
	w.record(d.ID, approval.Planned{Plan: p})
	page, err := w.s.Underway(w.ctx, everything, store.UnderwayFilter{Policy: "expense"})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.Equal(t, map[string]string{"zh-CN": "部门 · 财务"}, page.Items[0].StepTitle)
}
