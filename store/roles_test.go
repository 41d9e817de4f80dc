package store_test

import (
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// TestRoles lets each role do its own work, and refuses it everything else.
func TestRoles(t *testing.T) {
	w := newWorld(t)
	_, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{Passwords: map[string]string{store.RoleGateway: "it's"}})
	require.NoError(t, err, "safe to repeat")
	as := map[string]*store.Store{}
	for role, address := range urls {
		s, err := store.Open(w.ctx, store.Options{URL: address, MaxOpen: 2})
		require.NoError(t, err, role)
		t.Cleanup(func() { _ = s.Close() })
		as[role] = s
	}

	d := w.workUnder(as)
	for role, statements := range forbidden {
		db := sqlx.MustOpen("postgres", urls[role])
		for _, statement := range statements {
			_, err := db.Exec(statement)
			if assert.Error(t, err, "%s: %s", role, statement) {
				assert.Regexp(t, "permission denied|countersign:|must be owner", err.Error(), "%s: %s", role, statement)
			}
		}
		_ = db.Close()
	}
	require.NoError(t, store.Migrate(w.ctx, urls[store.RoleMigrator]))
	report, err := as[store.RoleAuditor].VerifyAudit(w.ctx, store.VerifyOptions{})
	require.NoError(t, err)
	assert.Empty(t, report.Findings)
	assert.Equal(t, approval.Approved, w.state(d.ID).Status)
}

// workUnder carries a document through with every process under its own role.
func (w *world) workUnder(as map[string]*store.Store) store.Document {
	w.t.Helper()
	gateway, worker, relay := as[store.RoleGateway], as[store.RoleWorker], as[store.RoleRelay]
	draft, err := gateway.SaveDraft(w.ctx, store.DraftInput{Content: content("draft"), Owner: "sue"})
	require.NoError(w.t, err)
	in := w.submitInput(content("draft"))
	in.ID = draft.ID
	in.Idem = store.Idempotency{Actor: "sue", Route: "submit", Key: "k"}
	d, err := gateway.Submit(w.ctx, in)
	require.NoError(w.t, err)
	_, err = relay.ClaimStarts(w.ctx, 10)
	require.NoError(w.t, err)

	w.s = worker
	w.record(d.ID, approval.Planned{Plan: plan(1, approval.AnyOf, "ann")})
	refused := w.act(d.ID, approval.Approve, "ann")
	_, _, err = gateway.CommitAct(w.ctx, w.signed(refused))
	require.NoError(w.t, err)
	_, err = gateway.RefuseAct(w.ctx, refused.ID, approval.Outcome{Code: "task.stale"})
	require.NoError(w.t, err)
	for _, actor := range []string{"ann", "fin"} {
		name := approval.Approve
		if actor == "ann" && w.state(d.ID).Round == 1 {
			name = approval.Return
		}
		w.decideUnder(gateway, d.ID, name, actor)
		if name == approval.Return {
			w.resubmitUnder(gateway, d.ID)
			w.decideUnder(gateway, d.ID, approval.Approve, "ann")
		}
	}
	_, err = relay.ClaimActs(w.ctx, 10)
	require.NoError(w.t, err)
	notices, err := relay.ClaimNotices(w.ctx, 10)
	require.NoError(w.t, err)
	w.noticesUnder(relay, worker, gateway, notices)
	require.NoError(w.t, gateway.NoticeRead(w.ctx, notices[0].Person, notices[0].ID))
	_, err = gateway.Backlog(w.ctx)
	require.NoError(w.t, err)
	_, err = relay.SaveCheckpoint(w.ctx, store.Checkpoint{Hash: "c", Body: "{}"})
	require.NoError(w.t, err)
	w.settingsUnder(gateway, as[store.RoleMigrator])
	w.talkUnder(gateway, d)
	w.copyUnder(gateway)
	w.inboundUnder(gateway)
	w.collectedUnder(worker, gateway)
	effect := store.EffectIntent{Reference: "v:1", Document: d.ID, Voucher: "{}", Hash: "h"}
	require.NoError(w.t, worker.BeginEffect(w.ctx, effect))
	a, err := worker.StartAttempt(w.ctx, "v:1", "create", "r", store.Ended{})
	require.NoError(w.t, err)
	require.NoError(w.t, worker.FinishAttempt(w.ctx, a, "ok", ""))
	require.NoError(w.t, worker.SaveVoucher(w.ctx, store.VoucherRow{Reference: "v:1", Document: d.ID, State: "posted"},
		store.Ended{}))
	return d
}

func (w *world) decideUnder(gateway *store.Store, id string, name approval.Name, actor string) {
	w.t.Helper()
	a := w.act(id, name, actor)
	_, _, err := gateway.CommitAct(w.ctx, w.signed(a))
	require.NoError(w.t, err)
	w.record(id, a)
}

func (w *world) resubmitUnder(gateway *store.Store, id string) {
	w.t.Helper()
	next := content("again")
	hash, err := next.Hash()
	require.NoError(w.t, err)
	n, err := gateway.SaveRevision(w.ctx, store.RevisionInput{Document: id, Actor: "sue", Content: next, Hash: hash})
	require.NoError(w.t, err)
	_, err = gateway.SaveRevision(w.ctx, store.RevisionInput{Document: id, Actor: "sue", Content: next, Hash: hash})
	require.NoError(w.t, err)
	act := w.act(id, approval.Resubmit, "sue")
	act.Revision, act.NewHash = n, hash
	_, _, err = gateway.CommitAct(w.ctx, w.signed(act))
	require.NoError(w.t, err)
	w.record(id, act)
	w.record(id, approval.Planned{Plan: plan(2, approval.AnyOf, "ann")})
}

func (w *world) settingsUnder(gateway, migrator *store.Store) {
	w.t.Helper()
	next := company()
	delete(next.People, "rob")
	_, err := gateway.ReplaceOrganisation(w.ctx, next, "adm")
	require.Error(w.t, err)
	_, err = migrator.ReplaceOrganisation(w.ctx, next, "adm")
	require.NoError(w.t, err)
	_, err = migrator.PublishPolicy(w.ctx, store.PolicyRow{Kind: "type", ID: "expense", Hash: "h", PublishedBy: "adm"})
	require.NoError(w.t, err)
	token, err := gateway.CreateToken(w.ctx, store.Token{Hash: "h", Person: "sue"})
	require.NoError(w.t, err)
	_, err = gateway.TokenByHash(w.ctx, "h")
	require.NoError(w.t, err)
	require.NoError(w.t, gateway.RevokeToken(w.ctx, "sue", token.ID))
	given, err := gateway.MakeDelegation(w.ctx, w.delegation("ann", "bob"))
	require.NoError(w.t, err)
	_, err = gateway.RevokeDelegation(w.ctx, given.ID, "ann", "")
	require.NoError(w.t, err)
}

func (w *world) talkUnder(gateway *store.Store, d store.Document) {
	w.t.Helper()
	in := w.submitInput(content("copied"))
	in.CC = []string{"bob"}
	_, err := gateway.Submit(w.ctx, in)
	require.NoError(w.t, err)
	_, err = gateway.AddCopies(w.ctx, copyIn(d, "sue", "bob", "adm"))
	require.NoError(w.t, err)
	require.NoError(w.t, gateway.ReadCopy(w.ctx, d.ID, "bob"))
	_, err = gateway.RemoveCopy(w.ctx, store.CopyRemoval{Document: d.ID, Person: "bob", By: "sue", Reason: ""})
	require.NoError(w.t, err)
	remark := store.Comment{ID: "c1", Document: d.ID, Author: "sue", Text: "看", Mentions: []string{"bob"}}
	_, err = gateway.AddComment(w.ctx, store.CommentInput{Comment: remark, CopyIn: []string{"bob"}})
	require.NoError(w.t, err)
	_, err = gateway.WithdrawComment(w.ctx, d.ID, "c1", "sue")
	require.NoError(w.t, err)
}

// copyUnder has the worker copy in whom a plan names.
func (w *world) copyUnder(gateway *store.Store) {
	w.t.Helper()
	d, err := gateway.Submit(w.ctx, w.submitInput(content("planned")))
	require.NoError(w.t, err)
	w.record(d.ID, approval.Planned{Plan: copying(plan(1, approval.AnyOf, "ann"), approval.CopyPassed, "bob")})
	w.decideUnder(gateway, d.ID, approval.Approve, "ann")
	w.decideUnder(gateway, d.ID, approval.Approve, "fin")
	require.True(w.t, w.reads("bob", d.ID))
}

// forbidden is what a stolen password must not be good for.
var forbidden = map[string][]string{
	store.RoleGateway: {
		`INSERT INTO events SELECT stream, 99, at, 'task.approved', actor, '', cause, 1, 1, '', '{}', '', 'x', 1 FROM events
			WHERE kind = 'document.submitted'`,
		`INSERT INTO events SELECT 'x', 2, at, 'document.submitted', actor, '', cause, 1, 1, '', '{}', '', 'x', 1 FROM events
			WHERE kind = 'document.submitted'`,
		`UPDATE events SET actor = 'x'`, `DELETE FROM events`, `TRUNCATE events`,
		`UPDATE documents SET status = 'approved' WHERE status <> 'draft'`, `DELETE FROM documents WHERE status <> 'draft'`,
		`UPDATE tasks SET state = 'approved'`, `INSERT INTO tasks SELECT * FROM tasks`,
		`UPDATE effects SET hash = 'x'`, `INSERT INTO effects SELECT * FROM effects`, `UPDATE vouchers SET state = 'posted'`,
		`UPDATE effect_attempts SET class = 'ok'`, `UPDATE inbox SET actor = 'x'`,
		`UPDATE inbox SET outcome = '{"code":"ok"}'`, `DELETE FROM inbox`, `DELETE FROM verify_keys`,
		`INSERT INTO verify_keys VALUES ('mine', 'key')`, `INSERT INTO policies SELECT * FROM policies`,
		`INSERT INTO org_rows SELECT * FROM org_rows`, `DELETE FROM role_holders`, `UPDATE rates SET value = '1'`,
		`UPDATE master_rulings SET ruling = 'apply'`, `DELETE FROM master_rulings`, `UPDATE master_rows SET active = false`,
		`INSERT INTO calendars VALUES ('office', 9, '{}', now(), 'import:mine')`,
		`INSERT INTO calendars VALUES ('office', 9, '{}', now(), 'proposal:none')`, `UPDATE calendars SET body = '{}'`,
		`INSERT INTO changes VALUES ('calendar', 'office', 9)`,
		`INSERT INTO events SELECT 'calendar:office', 1, at, 'calendar.published', actor, '', 'publish:9', 1, 1, '', '{}', '', 'x',
			1 FROM events WHERE kind = 'document.submitted'`,
		`INSERT INTO streams VALUES ('calendar:office', 1, 'x', now())`,
		`INSERT INTO events SELECT 'org', 99, at, 'organisation.changed', actor, '', cause, 1, 1, '', '{}', '', 'x', 1
			FROM events WHERE kind = 'document.submitted'`,
		`INSERT INTO events SELECT 'delegation:x', 9, at, 'organisation.changed', actor, '', cause, 1, 1, '', '{}', '', 'x', 1
			FROM events WHERE kind = 'document.submitted'`,
		`INSERT INTO streams VALUES ('org2', 1, 'x', now())`, `UPDATE streams SET seq = 99 WHERE stream = 'org'`,
		`UPDATE delegations SET until_at = 'infinity'`, `UPDATE delegations SET revoked_at = NULL`,
		`DELETE FROM delegations`, `TRUNCATE delegations`,
		`INSERT INTO copies SELECT batch, document, 'adm', made_by, how, '', made_at FROM copies WHERE how = 'policy'`,
		`INSERT INTO copies SELECT 'x', document, 'adm', 'system:policy', 'policy', '', made_at FROM copies`,
		`UPDATE copies SET person = 'x'`, `UPDATE copies SET removed_at = NULL, removed_by = ''`, `DELETE FROM copies`,
		`INSERT INTO events SELECT stream, seq + 9, at, kind, actor, '', 'copy:x', 0, 0, '', data, hash, 'x', 1 FROM events
			WHERE kind = 'copy.made'`,
		`INSERT INTO causes SELECT stream, 'copy:x', 1, 1, '{}', at FROM causes WHERE stream LIKE 'copies:%'`,
		`UPDATE streams SET seq = 99 WHERE stream LIKE 'copies:%'`,
		`INSERT INTO heirs VALUES ('x', 'ann', 'bob', '')`, `INSERT INTO leavers VALUES ('ann')`, `DELETE FROM leavers`,
		`INSERT INTO changes VALUES ('directory', '', 9)`, `UPDATE changes SET spread_at = now()`, `DELETE FROM tellings`,
		`UPDATE proposals SET maker = 'x'`, `UPDATE proposals SET payload = '{}'`, `DELETE FROM proposals`,
		`UPDATE comments SET text = 'x'`, `UPDATE comments SET withdrawn_at = NULL`, `DELETE FROM comments`,
		`UPDATE policies SET yaml = 'x'`, `INSERT INTO checkpoints SELECT * FROM checkpoints`,
		`DELETE FROM inbound_messages`, `UPDATE inbound_messages SET body = 'x'`, `DELETE FROM inbound_askings`,
		`UPDATE invoice_facts SET gross = 1`, `DELETE FROM invoice_facts`,
		`ALTER TABLE events DISABLE TRIGGER ALL`, `CREATE TABLE mine (id int)`, `SET ROLE countersign_owner`,
	},
	store.RoleWorker: {
		`INSERT INTO rates VALUES ('EUR', 'CNY', '2026-01-01', '9', 'mine')`, `UPDATE rates SET source = 'erp:x'`,
		`INSERT INTO master_rulings (id, connection, fingerprint, ruling, change, person)
			VALUES (gen_random_uuid(), 'x', 'x', 'apply', '{}', 'ann')`,
		`INSERT INTO inbound_messages SELECT * FROM inbound_messages`, `UPDATE inbound_messages SET document = 'x'`,
		`INSERT INTO inbound_askings VALUES (gen_random_uuid(), 'x', 'ann')`,
		`INSERT INTO heirs VALUES ('x', 'ann', 'bob', '')`, `INSERT INTO leavers VALUES ('ann')`, `DELETE FROM leavers`,
		`INSERT INTO copies SELECT * FROM copies`, `INSERT INTO proposals SELECT * FROM proposals`,
		`INSERT INTO copies SELECT batch, document, 'adm', made_by, how, '', made_at FROM copies WHERE how = 'policy'`,
		`INSERT INTO copies SELECT 'x', document, 'adm', 'sue', 'cc', '', made_at FROM copies WHERE how = 'policy'`,
		`INSERT INTO copies SELECT document || ':1', document, 'ann', made_by, how, '', made_at FROM copies
			WHERE how = 'policy'`,
		`UPDATE copies SET read_at = now()`, `UPDATE copies SET removed_by = 'x'`, `DELETE FROM copies`,
		`INSERT INTO events SELECT stream, seq + 9, at, kind, actor, '', 'copy:x', 0, 0, '', data, hash, 'x', 1 FROM events
			WHERE kind = 'copy.made'`,
		`INSERT INTO causes SELECT stream, 'copy:x', 1, 1, '{}', at FROM causes WHERE stream LIKE 'copies:%'`,
		`INSERT INTO streams VALUES ('org2', 0, '', now())`, `UPDATE streams SET seq = 99 WHERE stream = 'org'`,
		`UPDATE streams SET seq = 99 WHERE stream LIKE 'copies:%'`,
		`INSERT INTO inbox SELECT * FROM inbox`, `UPDATE inbox SET canonical = '{}'`, `UPDATE inbox SET received_at = now()`,
		`DELETE FROM inbox`, `INSERT INTO verify_keys VALUES ('mine', 'key')`, `UPDATE revisions SET content = '{}'`,
		`INSERT INTO documents SELECT * FROM documents`, `DELETE FROM documents`, `UPDATE documents SET submitter = 'x'`,
		`UPDATE documents SET number = 'x'`, `UPDATE events SET actor = 'x'`, `DELETE FROM events`,
		`UPDATE effects SET voucher = 'x'`, `INSERT INTO policies SELECT * FROM policies`,
		`INSERT INTO org_rows SELECT * FROM org_rows`, `SELECT * FROM sessions`, `SELECT * FROM tokens`,
		`UPDATE counters SET value = 1`, `INSERT INTO delegations SELECT * FROM delegations`,
		`UPDATE delegations SET revoked_by = 'x'`, `SET ROLE countersign_owner`,
	},
	store.RoleRelay: {
		`INSERT INTO events SELECT * FROM events`, `INSERT INTO inbox SELECT * FROM inbox`,
		`UPDATE inbox SET outcome = '{"code":"x"}'`, `UPDATE documents SET title = 'x'`, `SELECT * FROM sessions`,
		`SELECT * FROM tokens`, `UPDATE revisions SET content = '{}'`, `UPDATE checkpoints SET body = 'x'`, `DELETE FROM notices`,
		`SET ROLE countersign_owner`,
	},
	store.RoleAuditor: {
		`UPDATE documents SET title = 'x'`, `INSERT INTO events SELECT * FROM events`, `DELETE FROM inbox`,
		`UPDATE notices SET tries = 0`, `SELECT * FROM sessions`, `SELECT * FROM tokens`, `TRUNCATE events`,
		`CREATE TABLE mine (id int)`, `SET ROLE countersign_owner`,
	},
}
