package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store"
)

// delegation is a rule that holds from now on for an hour.
func (w *world) delegation(person, delegate string) delegation.Rule {
	return delegation.Rule{
		ID: uuid.Must(uuid.NewV7()).String(), Person: person, Delegate: delegate, MadeBy: person,
		From: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour),
	}
}

// delegates puts a rule in force.
func (w *world) delegates(person, delegate string, change func(r *delegation.Rule)) delegation.Rule {
	w.t.Helper()
	r := w.delegation(person, delegate)
	if change != nil {
		change(&r)
	}
	made, err := w.s.MakeDelegation(w.ctx, r)
	require.NoError(w.t, err)
	return made
}

// standIn is the act of a delegate on the task of somebody.
func (w *world) standIn(id string, name approval.Name, delegate, person string) approval.Act {
	a := w.act(id, name, person)
	a.Actor, a.OnBehalfOf = delegate, person
	return a
}

// TestDelegations proves that a rule is kept with its event, begins no earlier
// than it was made, and is taken back once.
func TestDelegations(t *testing.T) {
	w := newWorld(t)
	asked := w.delegation("ann", "bob")
	asked.Types, asked.Cap, asked.Reason = []string{"expense"}, money.Amount{Minor: 5, Currency: "CNY"}, "假期"
	made, err := w.s.MakeDelegation(w.ctx, asked)
	require.NoError(t, err)
	require.Equal(t, made.MadeAt, made.From, "not before it was made")
	again, err := w.s.MakeDelegation(w.ctx, asked)
	require.NoError(t, err)
	require.Equal(t, made, again, "safe to repeat")
	other := asked
	other.Delegate = "fin"
	_, err = w.s.MakeDelegation(w.ctx, other)
	require.Equal(t, "idempotency.reused", fault.CodeOf(err))
	_, err = w.s.MakeDelegation(w.ctx, w.delegation("bob", "ann"))
	require.Equal(t, "delegation.cycle", fault.CodeOf(err))

	read, err := w.s.Delegation(w.ctx, made.ID)
	require.NoError(t, err)
	require.Equal(t, made, read)
	revoked, err := w.s.RevokeDelegation(w.ctx, made.ID, "ann", "")
	require.NoError(t, err)
	require.False(t, revoked.RevokedAt.IsZero())
	twice, err := w.s.RevokeDelegation(w.ctx, made.ID, "adm", "other words")
	require.NoError(t, err)
	require.Equal(t, revoked, twice, "safe to repeat")
	_, err = w.s.RevokeDelegation(w.ctx, "nothing", "ann", "")
	require.Equal(t, "delegation.not_found", fault.CodeOf(err))
	w.delegates("bob", "ann", nil)
	require.Equal(t, 2, w.count(`SELECT count(*) FROM events WHERE stream = 'delegation:ann'`))
	for f, want := range map[store.DelegationFilter]int{
		{Person: "ann"}: 1, {Delegate: "ann"}: 1, {Person: "ann", Live: true}: 0, {}: 2, {Person: "ann", Delegate: "ann"}: 0,
	} {
		rules, err := w.s.Delegations(w.ctx, f)
		require.NoError(t, err)
		require.Len(t, rules, want, "%+v", f)
	}
	w.clean()
}

// TestTwoCannotCloseACircleAtOnce lets rules that close a circle race.
func TestTwoCannotCloseACircleAtOnce(t *testing.T) {
	w := newWorld(t)
	var all sync.WaitGroup
	ring := []string{"ann", "bob", "fin"}
	for i, person := range ring {
		all.Go(func() {
			_, err := w.s.MakeDelegation(w.ctx, w.delegation(person, ring[(i+1)%len(ring)]))
			assert.Contains(t, []string{"", "delegation.cycle"}, fault.CodeOf(err))
		})
	}
	all.Wait()
	require.Equal(t, len(ring)-1, w.count(`SELECT count(*) FROM delegations`))
	w.clean()
}

// TestAnActNeedsItsRuleWhenItIsReceived proves that the gate in front of the
// inbox holds a rule against the database's clock, and that the audit finds an
// act that came without one.
func TestAnActNeedsItsRuleWhenItIsReceived(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AllOf, "ann")
	rule := w.delegates("ann", "bob", nil)
	later := w.delegates("ann", "fin", func(r *delegation.Rule) { r.From = time.Now().Add(time.Minute) })
	early := w.signed(w.standIn(d.ID, approval.Approve, "fin", "ann"))
	early.Delegation = later.ID
	_, _, err := w.s.CommitAct(w.ctx, early)
	require.Equal(t, fault.Busy, fault.KindOf(err), "not begun")

	row := w.signed(w.standIn(d.ID, approval.Approve, "bob", "ann"))
	row.Delegation = rule.ID
	row.Idem = store.Idempotency{Actor: "bob", Route: "decide", Key: "k", Fingerprint: "f"}
	_, fresh, err := w.s.CommitAct(w.ctx, row)
	require.NoError(t, err)
	require.True(t, fresh)
	_, err = w.s.RevokeDelegation(w.ctx, rule.ID, "ann", "")
	require.NoError(t, err)
	_, fresh, err = w.s.CommitAct(w.ctx, row)
	require.NoError(t, err, "what was received stays good")
	require.False(t, fresh)
	found, err := w.s.ActUnder(w.ctx, row.Idem)
	require.NoError(t, err)
	require.Equal(t, row.Act, found.Act)
	_, err = w.s.ActUnder(w.ctx, store.Idempotency{Actor: "bob", Route: "decide", Key: "k", Fingerprint: "g"})
	require.Equal(t, "idempotency.reused", fault.CodeOf(err))
	_, err = w.s.ActUnder(w.ctx, store.Idempotency{Actor: "bob", Route: "decide", Key: "l"})
	require.Equal(t, "act.not_found", fault.CodeOf(err))
	w.record(d.ID, row.Act)
	w.clean()

	next := w.routed("plane", approval.AllOf, "ann")
	late := w.signed(w.standIn(next.ID, approval.Approve, "bob", "ann"))
	late.Delegation = rule.ID
	_, _, err = w.s.CommitAct(w.ctx, late)
	require.Equal(t, fault.Busy, fault.KindOf(err), "taken back")
	forged := w.standIn(next.ID, approval.Approve, "bob", "ann")
	w.commit(forged) // a gateway that asks for no rule
	w.record(next.ID, forged)
	require.Equal(t, []string{"act.not_delegated"}, w.findings())
}

// TestDelegatesAreTold proves that whoever decides for somebody is told what they
// are told, once, and that somebody is told of what was decided for them.
func TestDelegatesAreTold(t *testing.T) {
	w := newWorld(t)
	w.delegates("ann", "bob", nil)
	w.delegates("ann", "bob", func(r *delegation.Rule) { r.Types = []string{"expense"} })
	w.delegates("ann", "fin", func(r *delegation.Rule) { r.Cap = money.Amount{Minor: 81999, Currency: "CNY"} })
	w.delegates("ann", "adm", func(r *delegation.Rule) { r.Types = []string{"loan"} })
	w.delegates("ann", "sue", nil) // who submitted it
	d := w.routed("train", approval.AllOf, "ann")
	told := func(kind string) []string {
		var people []string
		require.NoError(t, w.root.Select(&people,
			`SELECT person || ' for ' || coalesce(data->>'for', '') FROM notices WHERE document = $1 AND kind = $2`, d.ID, kind))
		return people
	}
	require.Equal(t, []string{"bob for ann"}, told(notice.OpenedFor))
	require.Equal(t, []string{"ann for "}, told(approval.TaskOpened))
	a := w.standIn(d.ID, approval.Approve, "bob", "ann")
	w.commit(a)
	w.record(d.ID, a)
	require.Equal(t, []string{"ann for "}, told(notice.DecidedFor))
	require.Equal(t, 1, w.count(`SELECT count(*) FROM notices WHERE kind = $1 AND data->>'by' = 'bob'`, notice.DecidedFor))
	w.clean()
}

// TestWhatADelegateSees proves that lists and documents open as far as the rules
// in force reach, and no longer.
func TestWhatADelegateSees(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AllOf, "ann")
	bob := access.Scope{Person: "bob"}
	sees := func() (document bool, tasks int64) {
		_, err := w.s.Document(w.ctx, bob, d.ID)
		if err != nil {
			require.Equal(t, "document.not_found", fault.CodeOf(err))
		}
		page, listErr := w.s.Tasks(w.ctx, store.TaskFilter{
			Assignees: []string{"bob"}, Delegate: "bob", Behalf: []string{"ann"}, WithTotal: true,
		})
		require.NoError(t, listErr)
		require.Len(t, page.Items, int(*page.Total))
		return err == nil, *page.Total
	}
	holds := func(document bool, tasks int64) {
		t.Helper()
		gotDocument, gotTasks := sees()
		require.Equal(t, document, gotDocument)
		require.Equal(t, tasks, gotTasks)
	}
	holds(false, 0)
	w.delegates("ann", "bob", func(r *delegation.Rule) { r.Cap = money.Amount{Minor: 81999, Currency: "CNY"} })
	w.delegates("ann", "bob", func(r *delegation.Rule) { r.From = time.Now().Add(time.Minute) })
	holds(false, 0)
	rule := w.delegates("ann", "bob", func(r *delegation.Rule) { r.Cap = money.Amount{Minor: 82000, Currency: "CNY"} })
	holds(true, 1)
	_, err := w.s.RevokeDelegation(w.ctx, rule.ID, "ann", "")
	require.NoError(t, err)
	holds(false, 0)

	w.delegates("ann", "bob", nil)
	w.commitAndRecord(d.ID, w.standIn(d.ID, approval.Approve, "bob", "ann"))
	holds(true, 0)
	done, err := w.s.Tasks(w.ctx, store.TaskFilter{
		Assignees: []string{"bob"}, Delegate: "bob", States: []approval.TaskState{approval.TaskApproved}, WithTotal: true,
	})
	require.NoError(t, err)
	require.Len(t, done.Items, 1, "what they decided stays theirs to see")
	require.EqualValues(t, 1, *done.Total)
}

func (w *world) commitAndRecord(id string, a approval.Act) {
	w.t.Helper()
	w.commit(a)
	w.record(id, a)
}

// TestAuditFindsForgedDelegations plants one forgery at a time.
func TestAuditFindsForgedDelegations(t *testing.T) {
	for name, tt := range map[string]forgery{
		"a longer rule":       {`UPDATE delegations SET until_at = until_at + interval '1 day'`, "delegation.differs"},
		"a rule taken back":   {`UPDATE delegations SET revoked_by = 'ann', revoked_at = now()`, "delegation.differs"},
		"a rule that is gone": {`DELETE FROM delegations`, "delegation.missing"},
		"a rule from nowhere": {`INSERT INTO delegations SELECT 'x', 'ann', 'fin', from_at, until_at, types, cap_minor,
			cap_currency, reason, made_by, made_at FROM delegations`, "delegation.invented"},
		"an event of it": {`UPDATE events SET data = replace(data, 'bob', 'fin') WHERE stream = 'delegation:ann'`,
			"chain.broken"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.delegates("ann", "bob", nil)
			w.clean()
			w.tamper(tt.statement)
			require.Contains(t, w.findings(), tt.code)
		})
	}
}
