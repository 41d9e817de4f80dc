package store_test

import (
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// reviews is a world whose rights are reviewed: fin answers to ann, ann to bob; ada and
// adm administer, ada2 is ada's other account.
type reviews struct {
	*world
	gateway *store.Store
	own     string // address of the gateway's role
}

func newReviews(t *testing.T) *reviews {
	t.Helper()
	w := governed(t)
	next := company()
	for id, aliases := range map[string][]string{"ada": {"ada2"}, "ada2": nil} {
		next.People[id] = org.Person{ID: id, Name: id, Entity: "cn", Active: true, Subject: "sub-" + id, Aliases: aliases}
		next.Grants = append(next.Grants, org.Grant{Person: id, Role: "admin", Entity: "cn"})
	}
	for person, manager := range map[string]string{"fin": "ann", "ann": "bob", "ada": "ada2", "ada2": "bob"} {
		p := next.People[person]
		p.Manager = manager
		next.People[person] = p
	}
	next.Grants = append(next.Grants, org.Grant{Person: "ann", Role: "finance_head", Entity: "cn"})
	_, err := w.s.ReplaceOrganisation(w.ctx, next, "test")
	require.NoError(t, err)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	s, err := store.Open(w.ctx, store.Options{URL: urls[store.RoleGateway], MaxOpen: 4})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return &reviews{w, s, urls[store.RoleGateway]}
}

func (r *reviews) opens(due, closes time.Duration, undecided string, roles ...string) string {
	r.t.Helper()
	now := time.Now()
	id, err := r.gateway.OpenCertification(r.ctx, certification.Campaign{Title: "Q4", Reviewer: certification.ByManager,
		Scope: certification.Scope{Roles: roles}, Undecided: undecided, OpenedBy: "adm", Due: now.Add(due),
		Closes: now.Add(closes)}, store.Idempotency{})
	require.NoError(r.t, err)
	return id
}

// item is the one of somebody's role.
func (r *reviews) item(campaign, person, role string) store.CertificationItem {
	r.t.Helper()
	items, err := r.gateway.CertificationItems(r.ctx, access.Scope{All: true}, "", campaign)
	require.NoError(r.t, err)
	for _, i := range items {
		if i.Person == person && i.Role == role {
			return i
		}
	}
	require.FailNow(r.t, "no item", "%s %s", person, role)
	return store.CertificationItem{}
}

func (r *reviews) says(campaign, person, role, by string, v certification.Verdict) string {
	r.t.Helper()
	no := r.item(campaign, person, role).No
	return fault.CodeOf(r.gateway.DecideItem(r.ctx, campaign, no, by, v, store.Idempotency{}))
}

// TestRightsAreReviewed carries a campaign through its life as the gateway's own role:
// who is asked, who may not answer, what becomes of each answer, and its end.
func TestRightsAreReviewed(t *testing.T) {
	r := newReviews(t)
	r.delegates("fin", "ann", nil)
	id := r.opens(time.Hour, 2*time.Hour, certification.ListUndecided)
	keep := certification.Verdict{Say: certification.Keep}
	require.Equal(t, "bob", r.item(id, "fin", "finance_clerk").Reviewer, "ann decides for fin, and would gain by it")
	require.Equal(t, "bob", r.item(id, "ada", "admin").Reviewer, "ada2 is ada")
	require.Empty(t, r.item(id, "adm", "admin").Reviewer, "nobody is above adm")

	require.Equal(t, "review.not_yours", r.says(id, "fin", "finance_clerk", "ann", keep))
	require.Equal(t, "review.not_yours", r.says(id, "fin", "finance_clerk", "adm", keep), "not late yet")
	require.Equal(t, "review.own", r.says(id, "adm", "admin", "adm", keep))
	require.Equal(t, "review.not_yours", r.says(id, "adm", "admin", "ada", keep), "administers cn, not every company")
	require.Equal(t, "review.reason_required", r.says(id, "fin", "finance_clerk", "bob", certification.Verdict{Say: "revoke"}))
	require.Equal(t, "review.bad_until", r.says(id, "ann", "finance_head", "bob", certification.Verdict{Say: "shorten", Reason: "x"}))
	require.Empty(t, r.says(id, "fin", "finance_clerk", "bob", keep))
	require.Equal(t, "review.decided", r.says(id, "fin", "finance_clerk", "bob", keep))

	until := time.Now().Add(30 * 24 * time.Hour).UTC().Truncate(time.Second)
	require.Empty(t, r.says(id, "ann", "finance_head", "bob", certification.Verdict{Say: "shorten", Reason: "project ends", Until: until}))
	require.Empty(t, r.says(id, "ada", "admin", "bob", certification.Verdict{Say: "revoke", Reason: "moved"}))
	_, err := r.gateway.Decide(r.ctx, r.item(id, "ann", "finance_head").Proposal, yes("adm"), store.Idempotency{})
	require.NoError(t, err)
	_, err = r.gateway.Decide(r.ctx, r.item(id, "ada", "admin").Proposal, yes("adm"), store.Idempotency{})
	require.NoError(t, err)
	now, err := r.s.Snapshot(r.ctx, 0)
	require.NoError(t, err)
	require.True(t, now.GrantsOf("ann")[0].Until.Equal(until), "%+v", now.GrantsOf("ann"))
	require.Empty(t, now.GrantsOf("ada"))

	last, err := r.gateway.LastCertified(r.ctx, time.Now().Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, "bob", last[[2]string{"fin", "finance_clerk@cn"}].By)
	require.Len(t, last, 1)
	require.Equal(t, 1, r.count(`SELECT count(*) FROM notices WHERE kind = 'review.asked' AND person = 'bob'`))
	require.Equal(t, 1, r.count(`SELECT count(*) FROM notices WHERE kind = 'review.asked'`), "adm is told of no right of their own")
	r.clean()
}

// TestAnItemIsHandedOn has others asked about items as the gateway's own role: who may, to
// whom not, that only whom it asks then answers, and that they are told.
func TestAnItemIsHandedOn(t *testing.T) {
	r := newReviews(t)
	r.delegates("ann", "rob", nil)
	id := r.opens(time.Hour, 2*time.Hour, certification.ListUndecided)
	hands := func(person, role, by, to string) string {
		t.Helper()
		return fault.CodeOf(r.gateway.ReassignItem(r.ctx, id, r.item(id, person, role).No,
			certification.Reassignment{By: by, To: to, Reason: "on leave"}, store.Idempotency{}))
	}
	keep := certification.Verdict{Say: certification.Keep}
	require.Equal(t, "bob", r.item(id, "ann", "finance_head").Reviewer)
	require.Equal(t, "review.not_yours", hands("ann", "finance_head", "rob", "ada"))
	require.Equal(t, "review.not_yours", hands("adm", "admin", "ada", "bob"), "ada administers cn, not every company")
	require.Equal(t, "review.own", hands("ann", "finance_head", "bob", "ann"))
	require.Equal(t, "review.gains", hands("ann", "finance_head", "bob", "rob"))
	require.Equal(t, "review.answers_to", hands("ann", "finance_head", "bob", "fin"))
	require.Equal(t, "review.to_oneself", hands("ann", "finance_head", "adm", "adm"))
	require.Equal(t, "review.own", hands("ada", "admin", "ada2", "adm"), "ada2 is ada, who administers")
	require.Empty(t, hands("ann", "finance_head", "bob", "ada"))
	require.Equal(t, "review.same_reviewer", hands("ann", "finance_head", "adm", "ada2"))
	require.Empty(t, hands("ann", "finance_head", "adm", "sue"))
	require.Equal(t, "review.not_yours", r.says(id, "ann", "finance_head", "bob", keep), "bob is asked no more")
	require.Equal(t, "review.not_yours", r.says(id, "ann", "finance_head", "ada", keep))
	require.Empty(t, r.says(id, "ann", "finance_head", "sue", keep))
	require.Equal(t, "review.decided", hands("ann", "finance_head", "adm", "bob"))
	seen, err := r.gateway.CertificationItems(r.ctx, access.Scope{}, "sue", id)
	require.NoError(t, err)
	require.Len(t, seen, 1, "who is asked sees it, and nothing else")
	require.Equal(t, certification.Reassignment{By: "adm", To: "sue", Reason: "on leave"}, seen[0].Handover)
	require.Equal(t, 1, r.count(`SELECT count(*) FROM notices WHERE kind = 'review.asked' AND person = 'sue'`))
	require.Equal(t, 2, r.count(`SELECT count(*) FROM events WHERE kind = 'review.reassigned'`))
	r.clean()

	require.Empty(t, hands("fin", "finance_clerk", "ann", "bob"))
	for name, forged := range map[string]string{
		"to its holder":    `handed_to = 'fin', handed_by = 'bob', handed = 2`,
		"by anybody":       `handed_to = 'ada', handed_by = 'rob', handed = 2`,
		"to oneself":       `handed_to = 'adm', handed_by = 'adm', handed = 2`,
		"without a number": `handed_to = 'ada', handed_by = 'bob'`,
		"with an answer":   `handed_to = 'ada', handed_by = 'bob', handed = 2, state = 'keep', decided_by = 'ada', decided_at = now()`,
	} {
		db := sqlx.MustOpen("postgres", r.own)
		_, err := db.ExecContext(r.ctx, `UPDATE certification_items SET handed_at = now(), handed_reason = 'x', `+forged+
			` WHERE person = 'fin'`)
		require.NoError(t, db.Close())
		require.ErrorContains(t, err, "countersign", name)
	}
	r.findsEach(t,
		lie{`UPDATE certification_items SET handed_by = 'rob' WHERE person = 'fin';
			UPDATE events SET actor = 'rob', data = replace(data, '"by":"ann"', '"by":"rob"') WHERE cause LIKE 'reassign:%:1'
			AND data LIKE '%"to":"bob"%'`, "review.own"},
		lie{`UPDATE certification_items SET handed = 0, handed_to = '', handed_by = '', handed_reason = '', handed_at = NULL
			WHERE person = 'fin'`, "review.handover_differs"},
	)
}

// TestSilenceCertifiesNothing ends two campaigns that nobody answered: one lists what is
// undecided, the other proposes its revocation; a right that ended meanwhile is neither.
func TestSilenceCertifiesNothing(t *testing.T) {
	r := newReviews(t)
	lists := r.opens(50*time.Millisecond, 100*time.Millisecond, certification.ListUndecided, "finance_clerk", "finance_head")
	proposes := r.opens(50*time.Millisecond, 100*time.Millisecond, certification.ProposeUndecided, "finance_clerk", "finance_head")
	require.NoError(t, r.s.RevokeAtOnce(r.ctx, access.Revocation{Person: "fin", Role: "finance_clerk", Entity: "cn", Reason: "left"},
		"adm", store.Idempotency{}))
	require.Eventually(t, func() bool {
		_, err := r.gateway.AdvanceCertifications(r.ctx, 10)
		require.NoError(t, err)
		return r.count(`SELECT count(*) FROM certifications WHERE closed_at IS NULL`) == 0
	}, 2*time.Minute, 20*time.Millisecond)
	require.Equal(t, "ended", r.item(lists, "fin", "finance_clerk").State)
	require.Equal(t, "undecided", r.item(lists, "ann", "finance_head").State)
	require.Empty(t, r.item(lists, "ann", "finance_head").Proposal)
	proposed := r.item(proposes, "ann", "finance_head")
	require.Equal(t, "undecided", proposed.State)
	require.Equal(t, "review.closed", r.says(proposes, "ann", "finance_head", "bob", certification.Verdict{Say: "keep"}))
	require.Equal(t, "proposal.own", fault.CodeOf(func() error {
		_, err := r.gateway.Decide(r.ctx, proposed.Proposal, yes("adm"), store.Idempotency{})
		return err
	}()), "adm opened it")
	_, err := r.gateway.Decide(r.ctx, proposed.Proposal, yes("ada"), store.Idempotency{})
	require.NoError(t, err)
	require.False(t, r.holds("ann", "finance_head"))
	last, err := r.gateway.LastCertified(r.ctx, time.Now().Add(time.Minute))
	require.NoError(t, err)
	require.Empty(t, last)
	r.clean()
}

// TestLiesAboutReviewsAreFound forges reviews with the gateway's own role, which the
// triggers refuse, and plants lies above the rules, which the audit finds.
func TestLiesAboutReviewsAreFound(t *testing.T) {
	r := newReviews(t)
	id := r.opens(time.Hour, 2*time.Hour, certification.ListUndecided)
	require.Empty(t, r.says(id, "fin", "finance_clerk", "ann", certification.Verdict{Say: "keep", Reason: "needed"}))
	short := r.opens(time.Hour, 2*time.Hour, certification.ListUndecided, "finance_head")
	gone := r.opens(time.Hour, 2*time.Hour, certification.ListUndecided, "finance_clerk")
	for name, forged := range map[string]string{
		"by its holder":   `UPDATE certification_items SET state = 'keep', decided_by = 'ann', decided_at = now() WHERE person = 'ann'`,
		"by anybody":      `UPDATE certification_items SET state = 'keep', decided_by = 'rob', decided_at = now() WHERE person = 'ann'`,
		"revoked unasked": `UPDATE certification_items SET state = 'revoke', decided_by = 'bob', decided_at = now() WHERE person = 'ann'`,
		"twice":           `UPDATE certification_items SET reason = 'other' WHERE state = 'keep'`,
		"silently":        `UPDATE certification_items SET state = 'undecided', decided_by = 'system:review', decided_at = now() WHERE state = 'open'`,
		"one more":        `INSERT INTO certification_items (campaign, no, person, role, entity, department, grant_key, reviewer) VALUES ('` + id + `', 99, 'rob', 'auditor', 'cn', '', 'auditor@cn', '')`,
		"closed early":    `UPDATE certifications SET closed_at = now()`,
		"an event":        `INSERT INTO events SELECT stream, seq + 1, at, 'review.closed', actor, on_behalf_of, 'close', round, revision, content_hash, data, hash, 'x', v FROM events WHERE stream = 'review:` + id + `' AND seq = 2`,
	} {
		db := sqlx.MustOpen("postgres", r.own)
		_, err := db.ExecContext(r.ctx, forged)
		require.NoError(t, db.Close())
		require.ErrorContains(t, err, "countersign", name)
	}
	r.findsEach(t,
		lie{`UPDATE certification_items SET person = 'rob' WHERE campaign = '` + short + `'`, "review.items_differ"},
		lie{`UPDATE certification_items SET reason = 'other' WHERE state = 'keep'`, "review.answer_differs"},
		lie{`UPDATE certifications SET undecided = 'revoke' WHERE id = '` + short + `'`, "review.differs"},
		lie{`DELETE FROM certification_items WHERE campaign = '` + gone + `'; DELETE FROM certifications WHERE id = '` + gone + `'`,
			"review.missing"},
		lie{`UPDATE certification_items SET reason = 'needed', decided_by = 'fin' WHERE state = 'keep';
			UPDATE events SET actor = 'fin' WHERE kind = 'review.decided'`, "review.own"},
		lie{`INSERT INTO certifications SELECT 'x', title, scope, reviewer, undecided, opened_by, opened_at, due_at, closes_at,
			version, items, hash FROM certifications WHERE id = '` + id + `'`, "review.invented"},
	)
}
