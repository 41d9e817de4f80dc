package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/store"
)

// byPayee is the key of sue's own reports.
func byPayee(by ...string) approval.CountKey {
	key := approval.CountKey{By: append([]string{"payee"}, by...), Days: 30, Zone: "Asia/Shanghai", Entity: "cn",
		Type: "expense", PayeeKind: "employee", Payees: []string{"sue"}}
	if slices.Contains(by, "category") {
		key.Categories = []string{"travel"}
	}
	return key
}

func (w *world) beside(id string, key approval.CountKey) (ids []string, minor int64) {
	w.t.Helper()
	got, err := w.s.Beside(w.ctx, id, key)
	require.NoError(w.t, err)
	require.False(w.t, got.From.IsZero() || got.At.IsZero() || got.Until.IsZero())
	for _, d := range got.Documents {
		ids = append(ids, d.Document)
		minor += d.Amount.Minor
		require.Len(w.t, d.Hash, 64)
	}
	return ids, minor
}

// TestBeside: what is under way or approved counts with what was claimed in it; a
// draft, what ended unapproved, and the document itself do not.
func TestBeside(t *testing.T) {
	w := newWorld(t)
	_, err := w.s.SaveDraft(w.ctx, store.DraftInput{Content: content("draft"), Owner: "sue"})
	require.NoError(t, err)
	rejected := w.routed("rejected", approval.AnyOf, "ann")
	w.do(rejected.ID, approval.Reject, "ann")
	withdrawn := w.submit("withdrawn")
	a := w.act(withdrawn.ID, approval.Withdraw, "sue")
	w.commit(a)
	w.record(withdrawn.ID, a)
	returned := w.routed("returned", approval.AnyOf, "ann")
	w.do(returned.ID, approval.Return, "ann")
	sanctioned := w.patchable()
	cut := w.sanctions(sanctioned.ID, "ann", 100)
	w.commit(cut)
	w.record(sanctioned.ID, cut)
	other := content("another payee")
	other.Payee.ID = "rob"
	_, err = w.s.Submit(w.ctx, w.submitInput(other))
	require.NoError(t, err)
	supplier := content("a supplier of that name")
	supplier.Payee.Kind = document.PayeeSupplier
	_, err = w.s.Submit(w.ctx, w.submitInput(supplier))
	require.NoError(t, err)
	mine := w.submit("mine")

	ids, minor := w.beside(mine.ID, byPayee())
	assert.Equal(t, []string{sanctioned.ID, returned.ID}, ids, "the newest first")
	assert.EqualValues(t, 2*82000, minor, "a sanction lowers no claim")
	ids, _ = w.beside("", byPayee())
	assert.Equal(t, []string{mine.ID, sanctioned.ID, returned.ID}, ids, "a draft has no own document yet")
	key := byPayee()
	key.Requesters = []string{"rob"}
	ids, _ = w.beside(mine.ID, key)
	assert.Empty(t, ids)
}

// TestBesideByCategory counts the lines of the shared categories, and nothing of who has none.
func TestBesideByCategory(t *testing.T) {
	w := newWorld(t)
	mixed := content("mixed")
	mixed.Lines = append(mixed.Lines, mixed.Lines[0])
	mixed.Lines[1].No, mixed.Lines[1].Category, mixed.Lines[1].Amount.Minor = 2, "meals", 18000
	mixed.Total.Minor, mixed.BaseTotal.Minor = 100000, 100000
	made, err := w.s.Submit(w.ctx, w.submitInput(mixed))
	require.NoError(t, err)
	meals := content("meals only")
	meals.Lines[0].Category = "meals"
	_, err = w.s.Submit(w.ctx, w.submitInput(meals))
	require.NoError(t, err)
	abroad := content("abroad")
	euro := money.Amount{Minor: 1000, Currency: "EUR"}
	abroad.Currency, abroad.Total, abroad.Lines[0].Amount, abroad.Lines[0].Tax = "EUR", euro, euro, money.Zero("EUR")
	abroad.Rate = &document.Rate{Currency: "EUR", Base: "CNY", Value: "7.8", Date: "2026-11-20", Source: "test"}
	abroad.BaseTotal.Minor = 7800
	_, err = w.s.Submit(w.ctx, w.submitInput(abroad))
	require.NoError(t, err)
	got, err := w.s.Beside(w.ctx, "", byPayee("category"))
	require.NoError(t, err)
	require.Len(t, got.Documents, 2)
	require.Equal(t, euro, got.Documents[0].Amount)
	require.Equal(t, money.Amount{Minor: 7800, Currency: "CNY"}, got.Documents[0].Base, "at its own frozen rate")
	require.Equal(t, made.ID, got.Documents[1].Document)
	require.EqualValues(t, 82000, got.Documents[1].Amount.Minor)
}

// TestBesideWithinDays: the days begin at midnight where the entity is, the day of
// the document is one of them, and what came later counts as what came before.
func TestBesideWithinDays(t *testing.T) {
	w := newWorld(t)
	mine, other := w.submit("mine"), w.submit("other")
	asked := func(id, at string) {
		w.tamper(`UPDATE documents SET asked_at = $2 WHERE id = $1`, id, at)
	}
	asked(mine.ID, "2026-03-31T23:30:00+08:00")
	for at, counts := range map[string]bool{
		"2026-03-02T00:00:00+08:00": true, "2026-03-01T23:59:59+08:00": false,
		"2026-04-29T23:59:59+08:00": true, "2026-04-30T00:00:00+08:00": false,
	} {
		asked(other.ID, at)
		ids, _ := w.beside(mine.ID, byPayee())
		assert.Equal(t, counts, len(ids) == 1, at)
		ids, _ = w.beside(other.ID, byPayee())
		assert.Equal(t, counts, len(ids) == 1, "of two, either both see the other or none: %s", at)
	}
}

// TestWhatIsSubmittedIsAlwaysAskedFor, by a gateway of before the column too.
func TestWhatIsSubmittedIsAlwaysAskedFor(t *testing.T) {
	w := newWorld(t)
	mine, other := w.submit("mine"), w.submit("other")
	w.root.MustExec(`UPDATE documents SET asked_at = NULL WHERE id = $1`, other.ID)
	ids, _ := w.beside(mine.ID, byPayee())
	require.Len(t, ids, 1)
}

// TestResubmissionAsksAgain: what is asked for again is of the day of the resubmission.
func TestResubmissionAsksAgain(t *testing.T) {
	w := newWorld(t)
	d := w.routed("train", approval.AnyOf, "ann")
	w.do(d.ID, approval.Return, "ann")
	w.tamper(`UPDATE documents SET asked_at = '2026-01-01' WHERE id = $1`, d.ID)
	ids, _ := w.beside("", byPayee())
	require.Empty(t, ids)
	again := w.resubmission(d.ID, w.state(d.ID)).(approval.Act)
	w.commit(again)
	w.record(d.ID, again)
	ids, _ = w.beside("", byPayee())
	require.Equal(t, []string{d.ID}, ids)
}

// TestTwoAtOnceDoNotBothSlipThrough: whoever is submitted and looks at the same time,
// of two at least one sees the other.
func TestTwoAtOnceDoNotBothSlipThrough(t *testing.T) {
	w := newWorld(t)
	const many = 24
	ids, seen := make([]string, many), make([][]string, many)
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			c := content(fmt.Sprint("part ", i))
			d, err := w.s.Submit(w.ctx, w.submitInput(c))
			if !assert.NoError(t, err) {
				return
			}
			got, err := w.s.Beside(w.ctx, d.ID, byPayee())
			assert.NoError(t, err)
			ids[i] = d.ID
			for _, other := range got.Documents {
				seen[i] = append(seen[i], other.Document)
			}
		})
	}
	group.Wait()
	for i := range many {
		for j := range i {
			require.True(t, slices.Contains(seen[i], ids[j]) || slices.Contains(seen[j], ids[i]), "%d and %d", i, j)
		}
	}
}

// TestBesideIsOneIndexedStatement among twenty thousand documents of others.
func TestBesideIsOneIndexedStatement(t *testing.T) {
	w := newWorld(t)
	mine := w.submit("mine")
	w.tamper(`INSERT INTO documents SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object('id',
		'0000-' || lpad(n::text, 6, '0'), 'number', 'X-' || n, 'payee_id', 'p' || n % 150, 'requester', 'p' || n % 150)) AS d
		FROM documents d, generate_series(1, 6000) n WHERE id = $1) x`, mine.ID)
	_, err := w.root.Exec(`ANALYZE documents`)
	require.NoError(t, err)
	c, s := w.counting()
	w.s = s
	_, err = s.PublicKeys(w.ctx)
	require.NoError(t, err)
	key := byPayee()
	key.Payees = []string{"p7"}
	c.reset()
	began := time.Now()
	ids, _ := w.beside(mine.ID, key)
	t.Logf("40 of 6,000 found in %s", time.Since(began))
	require.Len(t, ids, 40)
	require.Len(t, c.seen, 1)
	var lines []string
	explained, args := store.BesideStatement(mine.ID, key)
	require.NoError(t, w.root.Select(&lines, "EXPLAIN "+explained, args...))
	require.Contains(t, strings.Join(lines, "\n"), "documents_payee")
	key = approval.CountKey{By: []string{"requester"}, Days: 30, Zone: "UTC", Entity: "cn", Type: "expense", Requesters: []string{"p7"}}
	explained, args = store.BesideStatement(mine.ID, key)
	lines = nil
	require.NoError(t, w.root.Select(&lines, "EXPLAIN "+explained, args...))
	require.Contains(t, strings.Join(lines, "\n"), "documents_requester")
}

// noonish is a zone in which no day begins or ends while a test runs.
func noonish() string {
	switch n := time.Now().UTC().Hour() - 12; {
	case n > 0:
		return fmt.Sprintf("Etc/GMT+%d", n)
	case n < 0:
		return fmt.Sprintf("Etc/GMT%d", n)
	}
	return "UTC"
}

// counted is a document that was planned with two others counted beside it.
func (w *world) counted() (d store.Document, others []string) {
	w.t.Helper()
	_, err := w.s.PublishPolicy(w.ctx, store.PolicyRow{Kind: "policy", ID: "expense", Hash: "a",
		YAML: "policy: expense\naggregate: { by: [payee], within: 30 days }"})
	require.NoError(w.t, err)
	w.submit("one")
	w.submit("two")
	d = w.submit("three")
	key := byPayee()
	key.Zone = noonish()
	beside, err := w.s.Beside(w.ctx, d.ID, key)
	require.NoError(w.t, err)
	yuan := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }
	p := plan(1, approval.AnyOf, "ann")
	p.Counted = &approval.Counted{CountKey: key, From: beside.From, Until: beside.Until, At: beside.At,
		Own: yuan(82000), Others: yuan(2 * 82000), Sum: yuan(3 * 82000), Count: 2}
	for _, other := range beside.Documents {
		p.Counted.Documents = append(p.Counted.Documents, other.CountedDocument)
		others = append(others, other.Document)
	}
	w.record(d.ID, approval.Planned{Plan: p})
	return d, others
}

// TestAuditDerivesWhatWasCounted: a document left out, one that did not count, a sum
// that is wrong, a window that is another, a policy that aggregates and a plan that does
// not. Each is found; nothing is found where it is true, whatever ends later.
func TestAuditDerivesWhatWasCounted(t *testing.T) {
	for name, tt := range map[string]struct {
		lie, code string
	}{
		"a document of the same payee whose row says another": {`UPDATE documents SET payee_id = 'rob' WHERE id = $2`,
			"counted.unknown"},
		"a claim that is another": {`UPDATE revisions SET content = replace(content, '82000', '1') WHERE document = $2`,
			"counted.wrong_sum"},
		"a document that had ended before": {`UPDATE events SET at = at - interval '1 hour', kind = 'document.withdrawn'
			WHERE stream = $2 AND seq = 1`, "counted.unknown"},
		"a plan without what its policy asks for": {`UPDATE events SET data = replace(data, '"counted"', '"forgotten"')
			WHERE stream = $1 AND kind = 'plan.made'`, "counted.differs"},
		"a shorter window": {`UPDATE events SET data = replace(data, '"days":30', '"days":3')
			WHERE stream = $1 AND kind = 'plan.made'`, "counted.differs"},
		"a sum that is none": {`UPDATE events SET data = replace(data, '246000', '82000')
			WHERE stream = $1 AND kind = 'plan.made'`, "counted.wrong_sum"},
		"one left out": {`UPDATE events SET data = replace(data, $2, 'nobody') WHERE stream = $1 AND kind = 'plan.made'`,
			"counted.left_out"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			d, others := w.counted()
			w.submit("four, later")
			gone := w.act(others[0], approval.Withdraw, "sue")
			w.commit(gone)
			w.record(others[0], gone)
			// So that what happened just now is not near to the look any more.
			w.tamper(`UPDATE events SET at = at + CASE kind WHEN 'document.withdrawn' THEN interval '2 minutes'
				ELSE interval '-2 minutes' END WHERE kind IN ('document.submitted', 'document.withdrawn')`)
			require.NotContains(t, strings.Join(w.findings(), " "), "counted.")
			w.tamper(placed(tt.lie, d.ID, others[1]))
			require.Contains(t, w.findings(), tt.code)
		})
	}
}

func placed(statement, document, other string) string {
	return strings.NewReplacer("$1", "'"+document+"'", "$2", "'"+other+"'").Replace(statement)
}
