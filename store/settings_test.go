package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// TestOrganisation keeps every version as it was.
func TestOrganisation(t *testing.T) {
	w := newWorld(t)
	first, err := w.s.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	same, err := w.s.ReplaceOrganisation(w.ctx, company(), "again")
	require.NoError(t, err)
	assert.Equal(t, first.Version, same, "nothing changed")

	next := company()
	bob := next.People["bob"]
	bob.Active, bob.Aliases = false, []string{"bob2"}
	next.People["bob"] = bob
	delete(next.People, "rob")
	next.People["zoe"] = org.Person{ID: "zoe", Active: true, Entity: "cn"}
	next.Grants = append(next.Grants, org.Grant{Person: "zoe", Role: "cashier", Entity: "cn"})
	next.Grades = map[string]org.Grade{"M1": {ID: "M1", Rank: 4}}
	next.Posts = []org.Post{{Person: "zoe", Role: "partner", CostCenter: "C1"}, {Person: "zoe", Role: "partner", CostCenter: "C2"}}
	next.Authorities = []org.Authority{{Grade: "M1", Below: "5.00", Currency: "CNY"}, {Person: "zoe", Unlimited: true}}
	version, err := w.s.ReplaceOrganisation(w.ctx, next, "sync")
	require.NoError(t, err)
	assert.Equal(t, first.Version+1, version)
	newest, err := w.s.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	assert.Equal(t, next.People, newest.People)
	assert.ElementsMatch(t, next.Grants, newest.Grants)
	assert.ElementsMatch(t, next.Posts, newest.Posts)
	assert.ElementsMatch(t, next.Authorities, newest.Authorities)
	assert.Equal(t, next.Grades, newest.Grades)
	fresh, err := store.Open(w.ctx, store.Options{URL: w.url})
	require.NoError(t, err)
	defer func() { _ = fresh.Close() }()
	old, err := fresh.Snapshot(w.ctx, first.Version)
	require.NoError(t, err)
	assert.Equal(t, first, old, "the past is as it was, from the database as from memory")
	_, err = w.s.Snapshot(w.ctx, 99)
	assert.Equal(t, "organisation.missing", fault.CodeOf(err))

	p, err := w.s.PersonBySubject(w.ctx, "https://idp", "sub-ann")
	require.NoError(t, err)
	assert.Equal(t, "ann", p.ID)
	for _, subject := range []string{"sub-bob", "", "nobody"} {
		_, err = w.s.PersonBySubject(w.ctx, "https://idp", subject)
		assert.Equal(t, "person.not_found", fault.CodeOf(err))
	}
	w.clean()
	w.tamper(`UPDATE org_rows SET body = replace(body, '"grade":0', '"grade":9') WHERE id = 'ann'`)
	assert.Contains(t, w.findings(), "organisation.differs")
}

// TestEmptyOrganisation is a fault, not an empty company.
func TestEmptyOrganisation(t *testing.T) {
	s := storetest.New(t)
	_, err := s.Snapshot(t.Context(), 0)
	assert.Equal(t, "organisation.none", fault.CodeOf(err))
}

// TestPolicies are numbered, immutable, and published once.
func TestPolicies(t *testing.T) {
	w := newWorld(t)
	row := store.PolicyRow{Kind: "policy", ID: "expense", Hash: "h1", YAML: "policy: expense", PublishedBy: "adm"}
	one, err := w.s.PublishPolicy(w.ctx, row)
	require.NoError(t, err)
	assert.Equal(t, 1, one.Version)
	again, err := w.s.PublishPolicy(w.ctx, row)
	require.NoError(t, err)
	assert.Equal(t, one, again)
	row.Version = 1
	again, err = w.s.PublishPolicy(w.ctx, row)
	require.NoError(t, err)
	assert.Equal(t, one, again)
	row.Hash = "h2"
	_, err = w.s.PublishPolicy(w.ctx, row)
	assert.Equal(t, "policy.changed", fault.CodeOf(err))
	row.Version = 3
	_, err = w.s.PublishPolicy(w.ctx, row)
	assert.Equal(t, "policy.changed", fault.CodeOf(err))
	row.Version = 2
	_, err = w.s.PublishPolicy(w.ctx, row)
	require.NoError(t, err)
	inForce, err := w.s.PolicyInForce(w.ctx, "policy", "expense")
	require.NoError(t, err)
	assert.Equal(t, "h2", inForce.Hash)
	old, err := w.s.PolicyVersion(w.ctx, "policy", "expense", 1)
	require.NoError(t, err)
	assert.Equal(t, one, old)
	list, err := w.s.Policies(w.ctx, "policy")
	require.NoError(t, err)
	assert.Equal(t, []store.PolicyRow{inForce}, list)
	all, err := w.s.PolicyVersions(w.ctx, "policy", "expense")
	require.NoError(t, err)
	assert.Len(t, all, 2)
	_, err = w.s.PolicyInForce(w.ctx, "type", "expense")
	assert.Equal(t, "policy.not_found", fault.CodeOf(err))
	w.submit("one document, so that there is something to verify")
	w.clean()
}

// TestCalendarsAndRates keep what was in force.
func TestCalendarsAndRates(t *testing.T) {
	w := newWorld(t)
	shipped, err := calendar.Shipped()
	require.NoError(t, err)
	for range 2 {
		for _, c := range shipped {
			require.NoError(t, w.s.ShipCalendar(w.ctx, c))
		}
	}
	assert.Equal(t, len(shipped), w.count(`SELECT count(*) FROM calendars`))
	stored, err := w.s.Calendars(w.ctx)
	require.NoError(t, err)
	require.Len(t, stored, len(shipped))
	for _, c := range stored {
		i := slices.IndexFunc(shipped, func(o *calendar.Calendar) bool { return o.ID == c.ID })
		want, err := json.Marshal(shipped[i])
		require.NoError(t, err)
		got, err := json.Marshal(c)
		require.NoError(t, err)
		assert.JSONEq(t, string(want), string(got))
	}

	rates := []document.Rate{
		{Currency: "USD", Base: "CNY", Value: "7.10", Source: "test", Date: "2026-11-01"},
		{Currency: "USD", Base: "CNY", Value: "7.20", Source: "test", Date: "2026-11-10"},
	}
	require.NoError(t, w.s.SaveRates(w.ctx, rates))
	require.NoError(t, w.s.SaveRates(w.ctx, rates))
	got, err := w.s.RateFor(w.ctx, "USD", "CNY", "2026-11-09")
	require.NoError(t, err)
	assert.Equal(t, rates[0], got)
	_, err = w.s.RateFor(w.ctx, "USD", "CNY", "2026-10-09")
	assert.Equal(t, "rate.not_found", fault.CodeOf(err))
}

// TestEffects keep the intent before the call, and each call's end once.
func TestEffects(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	in := store.EffectIntent{Reference: "v:1", Document: d.ID, Kind: "accrual", Entity: "cn", Voucher: "{}", Hash: "h1"}
	_, err := w.s.StartAttempt(w.ctx, "v:1", "create", "r", store.Ended{})
	assert.Equal(t, "effect.not_found", fault.CodeOf(err))
	require.NoError(t, w.s.BeginEffect(w.ctx, in))
	require.NoError(t, w.s.BeginEffect(w.ctx, in))
	in.Hash = "h2"
	assert.Equal(t, "voucher.changed", fault.CodeOf(w.s.BeginEffect(w.ctx, in)))
	in.Attempt = 1
	require.NoError(t, w.s.BeginEffect(w.ctx, in), "a ruling may change the date")

	_, any, err := w.s.LastAttempt(w.ctx, "v:1")
	require.NoError(t, err)
	assert.False(t, any)
	a, err := w.s.StartAttempt(w.ctx, "v:1", "create", "r", store.Ended{})
	require.NoError(t, err)
	assert.Equal(t, 1, a.N)
	require.NoError(t, w.s.FinishAttempt(w.ctx, a, "unknown", "timeout"))
	require.NoError(t, w.s.FinishAttempt(w.ctx, a, "unknown", "timeout"))
	assert.Equal(t, "effect.answered", fault.CodeOf(w.s.FinishAttempt(w.ctx, a, "ok", "")))
	b, err := w.s.StartAttempt(w.ctx, "v:1", "find", "r", store.Ended{})
	require.NoError(t, err)
	last, _, err := w.s.LastAttempt(w.ctx, "v:1")
	require.NoError(t, err)
	assert.Equal(t, b, last)
	all, err := w.s.Attempts(w.ctx, "v:1")
	require.NoError(t, err)
	assert.Len(t, all, 2)

	v := store.VoucherRow{
		Reference: "v:1", Document: d.ID, Kind: "accrual", Entity: "cn", State: "draft", ID: "7", Hash: "h2", Voucher: "{}",
	}
	require.NoError(t, w.s.SaveVoucher(w.ctx, v, store.Ended{}))
	v.State, v.Number = store.VoucherPosted, "JV/1"
	require.NoError(t, w.s.SaveVoucher(w.ctx, v, store.Ended{}))
	require.NoError(t, w.s.SaveVoucher(w.ctx, v, store.Ended{}))
	v.Number = "JV/2"
	assert.Equal(t, "voucher.changed", fault.CodeOf(w.s.SaveVoucher(w.ctx, v, store.Ended{})))
	got, err := w.s.Voucher(w.ctx, access.Scope{Person: "sue"}, "v:1")
	require.NoError(t, err)
	assert.Equal(t, "JV/1", got.Number)
	assert.False(t, got.PostedAt.IsZero())
	_, err = w.s.Voucher(w.ctx, access.Scope{Person: "rob"}, "v:1")
	assert.Equal(t, "voucher.not_found", fault.CodeOf(err))
	page, err := w.s.Vouchers(w.ctx, everything, store.VoucherFilter{States: []string{"posted"}, WithTotal: true})
	require.NoError(t, err)
	assert.Len(t, page.Items, 1)
	assert.Equal(t, int64(1), *page.Total)
}

// TestSessionsAndTokens store nothing that could be used to sign in.
func TestSessionsAndTokens(t *testing.T) {
	w := newWorld(t)
	x := w.s.Sessions()
	require.NoError(t, x.CommitCtx(store.NewSession(w.ctx), "secret", []byte("data"), time.Now().Add(time.Hour)))
	data, found, err := x.FindCtx(w.ctx, "secret")
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, "data", string(data))
	assert.Zero(t, w.count(`SELECT count(*) FROM sessions WHERE sessions::text LIKE '%secret%'`))
	require.NoError(t, x.Bind(w.ctx, "secret", store.SessionInfo{Person: "sue"}))
	assert.Equal(t, "session.not_found", fault.CodeOf(x.Bind(w.ctx, "none", store.SessionInfo{Person: "sue"})))
	require.NoError(t, x.CommitCtx(store.NewSession(w.ctx), "old", []byte{}, time.Now().Add(-time.Hour)))
	_, found, err = x.FindCtx(w.ctx, "old")
	require.NoError(t, err)
	assert.False(t, found)
	ended, err := x.EndAll(w.ctx, "sue")
	require.NoError(t, err)
	assert.Equal(t, 1, ended)
	require.NoError(t, x.CommitCtx(w.ctx, "secret", []byte("data"), time.Now().Add(time.Hour)))
	_, found, err = x.FindCtx(w.ctx, "secret")
	require.NoError(t, err)
	assert.False(t, found, "a request that was under way brings no session back")
	require.NoError(t, x.DeleteCtx(w.ctx, "secret"))

	wanted := store.Token{Hash: store.HashToken("t"), Person: "sue", Name: "ci", Scopes: []string{"documents:read"}}
	token, err := w.s.CreateToken(w.ctx, wanted)
	require.NoError(t, err)
	got, err := w.s.TokenByHash(w.ctx, store.HashToken("t"))
	require.NoError(t, err)
	assert.Equal(t, token.ID, got.ID)
	assert.Equal(t, []string{"documents:read"}, got.Scopes)
	_, err = w.s.CreateToken(w.ctx, store.Token{Hash: store.HashToken("t"), Person: "rob"})
	assert.Equal(t, fault.Conflict, fault.KindOf(err))
	assert.Equal(t, "token.not_found", fault.CodeOf(w.s.RevokeToken(w.ctx, "rob", token.ID)))
	require.NoError(t, w.s.RevokeToken(w.ctx, "sue", token.ID))
	_, err = w.s.TokenByHash(w.ctx, store.HashToken("t"))
	assert.Equal(t, "token.expired", fault.CodeOf(err))
	_, err = w.s.TokenByHash(w.ctx, store.HashToken("none"))
	assert.Equal(t, "token.not_found", fault.CodeOf(err))
	list, err := w.s.Tokens(w.ctx, "sue")
	require.NoError(t, err)
	assert.Len(t, list, 1)
}

// TestCheckpoints follow each other, and hold the chains from outside.
func TestCheckpoints(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	heads, err := w.s.HeadsSince(w.ctx, time.Time{})
	require.NoError(t, err)
	require.Len(t, heads, 2) // the document and the organisation
	one, err := w.s.SaveCheckpoint(w.ctx, store.Checkpoint{At: time.Now(), Hash: "c1", Body: "{}"})
	require.NoError(t, err)
	again, err := w.s.SaveCheckpoint(w.ctx, store.Checkpoint{At: time.Now(), Hash: "c1", Body: "{}"})
	require.NoError(t, err)
	assert.Equal(t, one.N, again.N)
	_, err = w.s.SaveCheckpoint(w.ctx, store.Checkpoint{At: time.Now(), Hash: "c2"})
	assert.Equal(t, "checkpoint.stale", fault.CodeOf(err))
	_, err = w.s.SaveCheckpoint(w.ctx, store.Checkpoint{At: time.Now(), Hash: "c2", Predecessor: "c1"})
	require.NoError(t, err)
	list, err := w.s.Checkpoints(w.ctx, 10)
	require.NoError(t, err)
	assert.Len(t, list, 2)

	w.record(d.ID, approval.Planned{Plan: plan(1, approval.AnyOf, "ann")})
	report, err := w.s.VerifyAudit(w.ctx, store.VerifyOptions{Heads: heads})
	require.NoError(t, err)
	assert.Empty(t, report.Findings)
	heads[0].Hash = "of a rewritten chain"
	heads = append(heads, store.Head{Stream: d.ID, Seq: 99, Hash: "gone"})
	report, err = w.s.VerifyAudit(w.ctx, store.VerifyOptions{Heads: heads})
	require.NoError(t, err)
	assert.Len(t, report.Findings, 2)
}

// TestMigrateTogether lets replicas that start together take turns.
func TestMigrateTogether(t *testing.T) {
	w := newWorld(t)
	w.root.MustExec(`DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	errs := make([]error, 4)
	var done sync.WaitGroup
	for i := range errs {
		done.Go(func() { errs[i] = store.Migrate(context.Background(), w.url) })
	}
	done.Wait()
	require.NoError(t, errors.Join(errs...))
	database, program, err := store.SchemaVersion(w.ctx, w.url)
	require.NoError(t, err)
	assert.Equal(t, program, database)
}

// TestFaults sorts what the database says by what the caller should do.
func TestFaults(t *testing.T) {
	w := newWorld(t)
	d := w.submit("train")
	s, err := store.Open(w.ctx, store.Options{URL: w.url, LockTimeout: 50 * time.Millisecond})
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	request, err := w.request(d.ID, approval.Planned{Plan: plan(1, approval.AnyOf, "ann")})
	require.NoError(t, err)
	tx := w.root.MustBegin()
	tx.MustExec(`SELECT 1 FROM documents WHERE id = $1 FOR UPDATE`, d.ID)
	_, err = s.Record(w.ctx, request, nil)
	assert.Equal(t, fault.Busy, fault.KindOf(err))
	require.NoError(t, tx.Rollback())
	w.root.MustExec(`DROP TABLE tasks CASCADE`)
	_, err = s.Task(w.ctx, "x")
	assert.Equal(t, "store.unmigrated", fault.CodeOf(err))
	_, err = store.Open(w.ctx, store.Options{URL: "postgres://nobody@127.0.0.1:1/none"})
	assert.Equal(t, fault.Busy, fault.KindOf(err))
	_, err = store.Open(w.ctx, store.Options{URL: "not a url"})
	assert.Error(t, err)
}

// TestAnImportedCalendarStays: versions grow, nothing replaces what somebody
// imported, and of two imports over the same version one is refused.
func TestAnImportedCalendarStays(t *testing.T) {
	w := newWorld(t)
	shipped, err := calendar.Shipped()
	require.NoError(t, err)
	office := shipped[slices.IndexFunc(shipped, func(c *calendar.Calendar) bool { return c.ID == "cn-office" })]
	require.NoError(t, w.s.ShipCalendar(w.ctx, office))

	newer := *office
	newer.Week[time.Saturday] = []calendar.Span{{From: 9 * 60, To: 12 * 60}}
	require.NoError(t, w.s.ShipCalendar(w.ctx, &newer), "a later release")
	imported, err := newer.With(calendar.Import{Kind: calendar.Holidays,
		Events: []calendar.Event{{First: "2027-02-05", Last: "2027-02-11", Name: "春节"}}})
	require.NoError(t, err)
	for range 2 { // a lost answer is asked for again
		version, err := w.s.ImportCalendar(w.ctx, imported, 2, "import:spring.ics")
		require.NoError(t, err)
		assert.Equal(t, 3, version)
	}
	_, err = w.s.ImportCalendar(w.ctx, office, 2, "import:other.ics")
	assert.Equal(t, "calendar.moved_on", fault.CodeOf(err))
	require.NoError(t, w.s.ShipCalendar(w.ctx, office), "a release after the import changes nothing")

	versions, err := w.s.CalendarVersions(w.ctx)
	require.NoError(t, err)
	found := versions[slices.IndexFunc(versions, func(v store.CalendarVersion) bool { return v.Calendar.ID == "cn-office" })]
	assert.Equal(t, 3, found.Version)
	assert.Equal(t, "import:spring.ics", found.Cause)
	assert.True(t, found.Calendar.Diff(imported).None())
	assert.WithinDuration(t, time.Now(), found.SavedAt, time.Minute)

	fresh := *imported
	fresh.ID = "hk-office"
	version, err := w.s.ImportCalendar(w.ctx, &fresh, 0, "import:hk.yaml")
	require.NoError(t, err)
	assert.Equal(t, 1, version)
}
