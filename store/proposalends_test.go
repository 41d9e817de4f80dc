package store_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// told lists who was told a kind of notice of a proposal, sorted.
func (w *world) told(kind, proposal string) []string {
	w.t.Helper()
	people := []string{}
	require.NoError(w.t, w.root.Select(&people,
		`SELECT person FROM notices WHERE kind = $1 AND id LIKE $1 || '.' || $2 || '.%' ORDER BY person`, kind, proposal))
	return people
}

// TestTheEndOfAProposalIsToldOnce: while there is time to who may decide on it, and
// when it is over to who made it; by the relay's role, and by two relays at once.
func TestTheEndOfAProposalIsToldOnce(t *testing.T) {
	w := governed(t)
	now, err := w.s.Snapshot(w.ctx, 0)
	require.NoError(t, err)
	next := *now
	next.Grants = append(slices.Clone(now.Grants), org.Grant{Person: "bob", Role: "finance_head"})
	_, err = w.s.ReplaceOrganisation(w.ctx, next, "test")
	require.NoError(t, err)
	urls, err := store.MigrateRoles(w.ctx, w.url, store.RolesInput{})
	require.NoError(t, err)
	relay, err := store.Open(w.ctx, store.Options{URL: urls[store.RoleRelay], MaxOpen: 2})
	require.NoError(t, err)
	defer relay.Close() //nolint:errcheck // only a test's

	text, decided, outdated := w.proposed(draft("b")), w.proposed(draft("c")), w.proposed(draft("d"))
	d := w.routed("one", approval.AllOf, "ann")
	step, err := w.proposedBy("ada", w.meant(d.ID, approval.RulingVoid))
	require.NoError(t, err)
	over := w.routed("over", approval.AllOf, "ann")
	moot, err := w.proposedBy("ada", w.meant(over.ID, approval.RulingVoid))
	require.NoError(t, err)
	w.do(over.ID, approval.Withdraw, "sue")

	tell := func(want int) {
		t.Helper()
		var both sync.WaitGroup
		var n [2]int
		for i := range n {
			both.Go(func() {
				var err error
				n[i], err = relay.TellProposals(w.ctx, 10)
				assert.NoError(t, err)
			})
		}
		both.Wait()
		require.Equal(t, want, n[0]+n[1])
	}
	later := func(days string) {
		w.tamper(`UPDATE proposals SET created_at = created_at - $1::interval, expires_at = expires_at - $1::interval,
			decided_at = decided_at - $1::interval`, days)
	}
	tell(0)
	_, err = w.s.Decide(w.ctx, decided.ID, yes("bob"), store.Idempotency{})
	require.NoError(t, err)
	w.tamper(`UPDATE proposals SET base = 1 WHERE id = $1`, text.ID) // proposed against what is in force now
	later("13 days")
	tell(4)
	tell(0)
	require.Equal(t, []string{"adm", "bob"}, w.told("proposal.expiring", text.ID))
	require.Equal(t, []string{"adm"}, w.told("intervention.expiring", step.ID), "nor ada with her other account, nor the submitter")
	for _, moot := range []string{outdated.ID, moot.ID} {
		require.Empty(t, w.told("proposal.expiring", moot), "nobody can approve it")
		require.Empty(t, w.told("intervention.expiring", moot), "nobody can approve it")
	}
	later("2 days")
	tell(4)
	tell(0)
	require.Equal(t, []string{"fin"}, w.told("proposal.expired", text.ID))
	require.Equal(t, []string{"ada"}, w.told("intervention.expired", step.ID))
	require.Empty(t, w.told("proposal.expired", decided.ID))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM notices WHERE kind = 'intervention.expired' AND document = $1
		AND data::jsonb ->> 'until_at' <> '' AND data::jsonb ->> 'by' = 'ada'`, d.ID))
}

// TestTheMakerHearsOfTheApproval of their intervention.
func TestTheMakerHearsOfTheApproval(t *testing.T) {
	w := governed(t)
	d := w.routed("one", approval.AllOf, "ann")
	p, err := w.proposedBy("ada", w.meant(d.ID, approval.RulingVoid))
	require.NoError(t, err)
	_, _, err = w.approve(p, w.meant(d.ID, approval.RulingVoid), "adm")
	require.NoError(t, err)
	require.Equal(t, []string{"ada"}, w.told("intervention.approved", p.ID))
}
