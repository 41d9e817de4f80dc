package store_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/store"
)

// ledgers is a world with finance people, a booked document, and the roles that the
// processes have in the database.
type ledgers struct {
	*world
	gateway, worker, relay *store.Store
	urls                   map[string]string
	original               voucher.Voucher
}

func newLedgers(t *testing.T) *ledgers {
	t.Helper()
	w := newWorld(t)
	next := company()
	for id, aliases := range map[string][]string{"liu": {"liu2"}, "liu2": nil, "sun": nil} {
		next.People[id] = org.Person{ID: id, Name: id, Entity: "cn", Active: true, Subject: "sub-" + id, Aliases: aliases}
		next.Grants = append(next.Grants, org.Grant{Person: id, Role: "finance_head", Entity: "cn"})
	}
	next.Grants = append(next.Grants, org.Grant{Person: "sue", Role: "finance_head", Entity: "cn"})
	_, err := w.s.ReplaceOrganisation(w.ctx, next, "test")
	require.NoError(t, err)
	l := &ledgers{world: w}
	l.urls, err = store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	for role, into := range map[string]**store.Store{
		store.RoleGateway: &l.gateway, store.RoleWorker: &l.worker, store.RoleRelay: &l.relay,
	} {
		s, err := store.Open(w.ctx, store.Options{URL: l.urls[role], MaxOpen: 2})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		*into = s
	}
	l.original = l.booked("taxi")
	return l
}

// booked is the voucher of a document that was approved and posted.
func (l *ledgers) booked(title string) voucher.Voucher {
	l.t.Helper()
	d := l.routed(title, approval.AllOf, "rob")
	l.do(d.ID, approval.Approve, "rob")
	l.do(d.ID, approval.Approve, "fin")
	yuan := money.Amount{Minor: 82000, Currency: "CNY"}
	v := voucher.Voucher{Reference: voucher.Reference(d.ID, voucher.Accrual, 1), Document: d.ID, Number: d.Number,
		Kind: voucher.Accrual, Revision: 1, Entity: "cn", Date: "2026-11-20", Text: title, Entries: []voucher.Entry{
			{Side: voucher.Debit, Account: "6602", Amount: yuan, Base: yuan},
			{Side: voucher.Credit, Account: "2202", Amount: yuan, Base: yuan, Party: "sue"}}}
	v.Short = voucher.Short(v.Reference)
	require.NoError(l.t, v.Check())
	l.books(v, 0, "记-1")
	l.record(d.ID, approval.Settled{Reference: v.Reference, Posted: true, Number: "记-1", ID: "1"})
	return v
}

// books has the worker mean a voucher, and the ERP take it.
func (l *ledgers) books(v voucher.Voucher, attempt int, number string) {
	l.t.Helper()
	row := l.means(v, attempt)
	row.State, row.Number, row.ID = store.VoucherPosted, number, number
	require.NoError(l.t, l.worker.SaveVoucher(l.ctx, row, store.Ended{}))
}

func (l *ledgers) means(v voucher.Voucher, attempt int) store.VoucherRow {
	l.t.Helper()
	text, hash := l.payload(v)
	require.NoError(l.t, l.worker.BeginEffect(l.ctx, store.EffectIntent{Reference: v.Reference, Attempt: attempt,
		Document: v.Document, Kind: string(v.Kind), Entity: v.Entity, Date: v.Date, Voucher: text, Hash: hash}))
	return store.VoucherRow{Reference: v.Reference, Document: v.Document, Kind: string(v.Kind), Entity: v.Entity,
		Date: v.Date, Hash: hash, Voucher: text}
}

func (l *ledgers) asks(maker, date string) (store.ProposalRow, error) {
	l.t.Helper()
	text, hash := l.payload(reversal.Request{Voucher: l.original.Reference, Document: l.original.Document, Date: date,
		Reason: "wrong account"})
	return l.gateway.Propose(l.ctx, store.ProposalInput{Kind: proposal.Reversal, Subject: l.original.Document, Hash: hash,
		Payload: text, Note: "wrong account", Maker: maker})
}

func (l *ledgers) decides(id string, v proposal.Verdict) error {
	_, err := l.gateway.Decide(l.ctx, id, v, store.Idempotency{})
	return err
}

func (l *ledgers) rules(by string, r reversal.Said) error {
	return l.gateway.RuleReversal(l.ctx, l.original.Reference, by, r, store.Idempotency{})
}

func (l *ledgers) row() store.ReversalRow {
	l.t.Helper()
	row, err := l.gateway.Reversal(l.ctx, everything, l.original.Reference)
	require.NoError(l.t, err)
	return row
}

// told counts the people who were told something about a reversal.
func (l *ledgers) told(kind string) []string {
	var people []string
	require.NoError(l.t, l.root.Select(&people, `SELECT person FROM notices WHERE kind = $1 ORDER BY person`, kind))
	return people
}

// TestASecondPersonReverses carries a reversal from its request to the books as each
// process does it, with a refusal by people and one by the books on the way; the audit
// finds nothing to say.
func TestASecondPersonReverses(t *testing.T) {
	l := newLedgers(t)
	undo := voucher.ReversalOf(l.original.Reference)
	_, err := l.asks("sue", "2026-11-22")
	require.ErrorContains(t, err, "without an interest", "whose document it is does not undo it")
	_, err = l.asks("bob", "2026-11-22")
	require.ErrorContains(t, err, "finance", "who is no finance does not either")
	first, err := l.asks("liu", "2026-11-22")
	require.NoError(t, err)
	require.Equal(t, []string{"fin", "sun"}, l.told("reversal.requested"))
	_, err = l.asks("sun", "2026-11-23")
	require.Equal(t, "reversal.under_way", fault.CodeOf(err))
	for who, want := range map[string]string{"liu": "proposal.own", "liu2": "proposal.own"} {
		require.Equal(t, want, fault.CodeOf(l.decides(first.ID, yes(who))), "the same human with whatever account")
	}
	require.ErrorContains(t, l.decides(first.ID, yes("sue")), "without an interest")
	require.NoError(t, l.decides(first.ID, proposal.Verdict{Checker: "sun", Reason: "which account?"}))
	require.Equal(t, []string{"liu"}, l.told("reversal.refused"))

	second, err := l.asks("liu", "2026-11-22")
	require.NoError(t, err)
	require.NoError(t, l.decides(second.ID, yes("sun")))
	starts, err := l.relay.ClaimReversals(l.ctx, 10)
	require.NoError(t, err)
	require.Equal(t, undo, starts[0].Reference)
	again, err := l.relay.ClaimReversals(l.ctx, 10)
	require.NoError(t, err)
	require.Empty(t, again, "not at once")

	known, err := l.worker.Undo(l.ctx, undo)
	require.NoError(t, err)
	require.Equal(t, l.original, known.Original)
	l.means(known.Original.Reversed("2026-11-22"), 0)
	closed := store.ReversalAnswer{Reference: undo, Code: "erp.closed_period", Detail: "closed"}
	require.NoError(t, l.worker.SettleReversal(l.ctx, closed))
	require.NoError(t, l.worker.SettleReversal(l.ctx, closed), "a repeat changes nothing")
	require.Equal(t, []string{"fin", "liu", "liu2", "sun"}, l.told("reversal.parked"))
	require.Equal(t, reversal.Parked, l.row().Status)
	waiting, err := l.gateway.FinanceCounts(l.ctx, everything, "liu")
	require.NoError(t, err)
	require.EqualValues(t, 1, waiting.Reversals)

	require.NoError(t, l.rules("liu", reversal.Said{Ruling: reversal.GiveUp, Opinion: "by hand"}))
	third, err := l.asks("sun", "2026-12-01")
	require.NoError(t, err, "a second request reuses the reference with the next attempt")
	require.NoError(t, l.decides(third.ID, yes("liu")))
	l.books(known.Original.Reversed("2026-12-01"), 1, "记-2")
	require.NoError(t, l.worker.SettleReversal(l.ctx, store.ReversalAnswer{Reference: undo, Attempt: 1, Posted: true,
		Number: "记-2", ID: "记-2"}))
	require.NoError(t, l.worker.SettleReversal(l.ctx, closed), "a late answer to another attempt changes nothing")
	require.Equal(t, []string{"sue", "sun"}, l.told("reversal.posted"))
	require.Equal(t, [3]any{reversal.Posted, "记-2", "liu"}, [3]any{l.row().Status, l.row().Number, l.row().Checker})
	waiting, err = l.gateway.FinanceCounts(l.ctx, everything, "liu")
	require.NoError(t, err)
	require.Zero(t, waiting.Reversals)
	_, err = l.asks("liu", "2026-12-02")
	require.Equal(t, "reversal.done", fault.CodeOf(err))
	list, err := l.gateway.Reversals(l.ctx, everything, store.ReversalFilter{Statuses: []reversal.Status{reversal.Posted}})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	l.clean()
	l.forgeries(t)
	l.lies(t)
}

// forgeries are what no process may write, whatever it believes.
func (l *ledgers) forgeries(t *testing.T) {
	other := l.booked("hotel")
	for _, forged := range []struct{ role, statement string }{
		{store.RoleGateway, `INSERT INTO reversals (voucher, reference, document, entity, status, attempt, proposal, maker, checker,
			reason, date, code, detail, unanswered, erp_number, erp_id, next_try) SELECT '` + other.Reference + `', '` +
			voucher.ReversalOf(other.Reference) + `', '` + other.Document + `', 'cn', 'approved', 0, proposal, maker, checker, reason,
			date, '', '', false, '', '', now() FROM reversals`},
		{store.RoleGateway, `UPDATE reversals SET erp_number = '记-3'`},
		{store.RoleWorker, `UPDATE reversals SET status = 'approved', next_try = now()`},
		{store.RoleWorker, `INSERT INTO effects (reference, attempt, document, kind, entity, voucher, hash) SELECT '` +
			voucher.ReversalOf(other.Reference) + `', 0, document, 'reversal', entity, voucher, hash FROM effects WHERE document = '` +
			other.Document + `'`},
		{store.RoleGateway, `UPDATE vouchers SET state = 'void' WHERE document = '` + other.Document + `'`},
		{store.RoleGateway, `UPDATE proposals SET payload = '{}' WHERE kind = 'reversal'`},
		{store.RoleGateway, `INSERT INTO events SELECT stream, seq + 1, at, 'reversal.resolved', actor, on_behalf_of, 'x', round,
			revision, content_hash, data, hash, 'x', v FROM events WHERE stream LIKE 'reversal:%' ORDER BY seq DESC LIMIT 1`},
		{store.RoleWorker, `INSERT INTO events SELECT stream, seq + 1, at, 'reversal.approved', actor, on_behalf_of, 'x', round,
			revision, content_hash, data, hash, 'x', v FROM events WHERE stream LIKE 'reversal:%' ORDER BY seq DESC LIMIT 1`},
		{store.RoleGateway, `DELETE FROM reversals`},
	} {
		db := sqlx.MustOpen("postgres", l.urls[forged.role])
		_, err := db.ExecContext(l.ctx, forged.statement)
		require.NoError(t, db.Close())
		require.Error(t, err, forged.statement)
		require.NotContains(t, err.Error(), "syntax")
		require.NotContains(t, err.Error(), "does not exist")
	}
	l.clean()
}

// lies are what the audit must find.
func (l *ledgers) lies(t *testing.T) {
	for _, lie := range []struct{ statement, back, what string }{
		{`UPDATE reversals SET checker = 'fin'`, `UPDATE reversals SET checker = 'liu'`, "reversal.differs"},
		{`UPDATE proposals SET checker = 'fin' WHERE kind = 'reversal' AND state = 'approved' AND checker = 'sun'`,
			`UPDATE proposals SET checker = 'sun' WHERE checker = 'fin'`, "proposal.differs"},
		{`UPDATE vouchers SET voucher = replace(voucher, '82000', '1') WHERE kind = 'reversal'`,
			`UPDATE vouchers SET voucher = replace(voucher, '"minor":1}', '"minor":82000}') WHERE kind = 'reversal'`,
			"reversal.not_opposite"},
		{`UPDATE vouchers SET state = 'parked' WHERE kind = 'reversal'`, `UPDATE vouchers SET state = 'posted' WHERE kind = 'reversal'`,
			"reversal.not_booked"},
		{`UPDATE vouchers SET erp_number = '记-9' WHERE kind = 'reversal'`, `UPDATE vouchers SET erp_number = '记-2' WHERE kind = 'reversal'`,
			"reversal.not_booked"},
		{`UPDATE events SET actor = 'liu' WHERE kind = 'reversal.requested' AND seq = 7`, // and approved by the same
			`UPDATE events SET actor = 'sun' WHERE kind = 'reversal.requested' AND seq = 7`, "fold.impossible"},
		{`DELETE FROM reversals`, "", "reversal.missing"},
	} {
		l.tamper(lie.statement)
		report, err := l.s.VerifyAudit(l.ctx, store.VerifyOptions{})
		require.NoError(t, err)
		var found []string
		for _, f := range report.Findings {
			found = append(found, f.What)
		}
		require.Contains(t, found, lie.what, "%s: %v", lie.statement, report.Findings)
		if lie.back != "" {
			l.tamper(lie.back)
			l.clean()
		}
	}
}

// TestAReversalThatNobodyAnsweredIsTriedAgain: what may be in the books is neither given
// up nor put on another day; where every request left nothing behind it may be.
func TestAReversalThatNobodyAnsweredIsTriedAgain(t *testing.T) {
	l := newLedgers(t)
	undo := voucher.ReversalOf(l.original.Reference)
	p, err := l.asks("liu", "2026-11-22")
	require.NoError(t, err)
	require.NoError(t, l.decides(p.ID, yes("sun")))
	row := l.means(l.original.Reversed("2026-11-22"), 0)
	silent := store.ReversalAnswer{Reference: undo, Code: "erp.unavailable", Unanswered: true}
	busy, err := l.worker.StartAttempt(l.ctx, undo, "reverse", row.Hash, store.Ended{})
	require.NoError(t, err)
	require.NoError(t, l.worker.FinishAttempt(l.ctx, busy, "busy", ""))
	require.NoError(t, l.worker.SettleReversal(l.ctx, silent))
	require.False(t, l.row().Unanswered, "each request is known to have left nothing")
	require.NoError(t, l.rules("liu", reversal.Said{Ruling: reversal.Redate, Date: "2026-11-30"}))

	l.means(l.original.Reversed("2026-11-30"), 1)
	_, err = l.worker.StartAttempt(l.ctx, undo, "reverse", row.Hash, store.Ended{})
	require.NoError(t, err)
	silent.Attempt = 1
	require.NoError(t, l.worker.SettleReversal(l.ctx, silent))
	require.True(t, l.row().Unanswered)
	for _, r := range []reversal.Said{{Ruling: reversal.Redate, Attempt: 1, Date: "2026-12-01"},
		{Ruling: reversal.GiveUp, Attempt: 1, Opinion: "x"}} {
		require.Equal(t, "reversal.unanswered", fault.CodeOf(l.rules("liu", r)))
	}
	require.Equal(t, "reversal.moved_on", fault.CodeOf(l.rules("liu", reversal.Said{Ruling: reversal.Retry})))
	require.NoError(t, l.rules("liu", reversal.Said{Ruling: reversal.Retry, Attempt: 1}))
	require.Equal(t, [2]any{reversal.Approved, 2}, [2]any{l.row().Status, l.row().Attempt})
	l.clean()
}

// TestARequestExpires: it may be asked for again then, and the end is told.
func TestARequestExpires(t *testing.T) {
	l := newLedgers(t)
	text, err := json.Marshal(reversal.Request{Voucher: l.original.Reference, Document: l.original.Document,
		Date: "2026-11-22", Reason: "x"})
	require.NoError(t, err)
	hash, err := evidence.HashOf(json.RawMessage(text))
	require.NoError(t, err)
	canonical, err := evidence.Canonical(json.RawMessage(text))
	require.NoError(t, err)
	p, err := l.gateway.Propose(l.ctx, store.ProposalInput{Kind: proposal.Reversal, Subject: l.original.Document, Hash: hash,
		Payload: string(canonical), Note: "x", Maker: "liu", Life: time.Second})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return l.row().Expired() }, time.Minute, 10*time.Millisecond)
	require.Equal(t, "proposal.expired", fault.CodeOf(l.decides(p.ID, yes("sun"))))
	_, err = l.asks("sun", "2026-11-22")
	require.NoError(t, err)
	l.clean()
}

// TestWhoMayReverseIsAnsweredAlike: the rules that pages ask and the trigger that holds
// them say the same of every reach and date of a grant.
func TestWhoMayReverseIsAnsweredAlike(t *testing.T) {
	l := newLedgers(t)
	next := company()
	now := time.Now().UTC().Truncate(time.Second)
	may := map[string]bool{"fin": true, "sue": false, "adm": false, "ann": false}
	for name, g := range map[string]struct {
		org.Grant
		may bool
	}{
		"whole":   {org.Grant{Role: "finance_head", Entity: "cn"}, true},
		"every":   {org.Grant{Role: "finance_clerk"}, true},
		"dated":   {org.Grant{Role: "finance_clerk", Entity: "cn", From: now.Add(-time.Hour), Until: now.Add(time.Hour)}, true},
		"part":    {org.Grant{Role: "finance_head", Entity: "cn", Department: "sales"}, false},
		"far":     {org.Grant{Role: "finance_head", Entity: "de"}, false},
		"over":    {org.Grant{Role: "finance_head", Entity: "cn", Until: now.Add(-time.Hour)}, false},
		"to-come": {org.Grant{Role: "finance_head", Entity: "cn", From: now.Add(time.Hour)}, false},
		"auditor": {org.Grant{Role: "auditor", Entity: "cn"}, false},
	} {
		next.People[name] = org.Person{ID: name, Name: name, Entity: "cn", Active: true, Subject: "sub-" + name}
		g.Person, may[name] = name, g.may
		next.Grants = append(next.Grants, g.Grant)
	}
	next.Entities["de"] = org.LegalEntity{ID: "de", Currency: "EUR", Zone: "Europe/Berlin"}
	_, err := l.s.ReplaceOrganisation(l.ctx, next, "test")
	require.NoError(t, err)
	snapshot, err := l.s.Snapshot(l.ctx, 0)
	require.NoError(t, err)
	object := access.Object{Entity: "cn", Department: "sales"}
	for person, want := range may {
		rule, _ := access.Can(access.SubjectOf(snapshot, person), access.VoucherReverse, object)
		var held bool
		require.NoError(t, l.root.Get(&held, `SELECT may_reverse($1, $2)`, person, l.original.Document))
		require.Equal(t, want, rule, person)
		require.Equal(t, want, held, person)
		require.Equal(t, want, slices.Contains(access.Allowed(snapshot, access.VoucherReverse, object), person), person)
	}
}
