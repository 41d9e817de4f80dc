package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy"
)

// TestSimulationAddsUpAsTheRouteDoes: of three parts the third changes its path; one
// that ended counts for none.
func TestSimulationAddsUpAsTheRouteDoes(t *testing.T) {
	at := func(n, day int, minor int64, ended bool) policy.Case {
		c := spent(n, minor)
		c.At, c.Ended = time.Date(2026, 3, day, 9, 0, 0, 0, time.UTC), ended
		return c
	}
	before := shipped(t, "expense")
	after := altered(t, "expense", "# aggregate: {", "aggregate: {")
	in := policy.SimulateInput{Before: before, After: after, Org: company(), Rates: flatValueOf}
	r := simulate(t, in, these(at(0, 20, 40000, false), at(1, 1, 40000, false), at(2, 10, 40000, false), at(3, 2, 50000, true)))
	require.EqualValues(t, 1, r.Changed)
	require.Len(t, r.Samples, 1)
	require.Equal(t, "EXP-0", r.Samples[0].Number, "the last in time, wherever it stands in the list")
	require.Contains(t, r.Assumptions, policy.AssumesCounted)
	require.Contains(t, r.Text("zh-CN"), "合并计算")
	r = simulate(t, in, these(at(0, 31, 40000, false), at(1, 1, 40000, false), at(2, 2, 40000, false)))
	require.Zero(t, r.Changed, "the first is thirty days away")
}

// TestSimulationOfAClosedEntity: what an entity spent that is gone has no route, and
// stops no simulation.
func TestSimulationOfAClosedEntity(t *testing.T) {
	of := func(n, day int) policy.Case {
		c := spent(n, 60000)
		c.Content.Entity, c.At = "closed", time.Date(2026, 3, day, 9, 0, 0, 0, time.UTC)
		return c
	}
	in := policy.SimulateInput{Before: shipped(t, "expense"), After: altered(t, "expense", "# aggregate: {", "aggregate: {"),
		Org: company(), Rates: flatValueOf}
	r := simulate(t, in, these(of(0, 1), of(1, 10)))
	require.Equal(t, policy.Pair{Before: 2, After: 2}, *r.Failures["policy.unknown_entity"])
}

// TestSimulationIsTheSumOfEarlierOnes holds the simulation against adding up every
// pair of documents, by each kind of key.
func TestSimulationIsTheSumOfEarlierOnes(t *testing.T) {
	org := company()
	for _, key := range []string{"[payee]", "[requester, category]", "[submitter, payee]"} {
		after := altered(t, "expense", "# aggregate: { by: [payee], within: 30 days }", "aggregate: { by: "+key+", within: 7 days }")
		before := altered(t, "expense", `amount >= money("1000.00")`, `amount >= money("1000000000.00")`)
		var all ledger
		var cases []policy.Case
		for c, err := range generated(t, 3, 400, org, after) {
			require.NoError(t, err)
			c.Ended = c.N%7 == 0
			cases = append(cases, c)
		}
		changed := int64(0)
		for _, c := range cases {
			own := c.Content
			own.Currency = "CNY"
			all = append(all, counted{at: c.At, content: own, ended: c.Ended})
			earlier := slices.Clone(all[:len(all)-1])
			plan, err := policy.Route(policy.RouteInput{Policy: after, Version: 1, Content: c.Content, Org: org, Round: 1, Document: "d",
				Rates: flatValue, Beside: earlier.inBase(c.At)})
			if err == nil && plan.Steps[0].Need == approval.NeedsPeople {
				changed++
			}
		}
		r := simulate(t, policy.SimulateInput{Before: before, After: after, Org: org, Rates: flatValueOf},
			func(yield func(policy.Case, error) bool) {
				for _, c := range cases {
					if !yield(c, nil) {
						return
					}
				}
			})
		require.Positive(t, changed)
		require.Equal(t, changed, r.Changed, key)
	}
}

// inBase is beside for documents of any currency, by their own rates.
func (l ledger) inBase(at time.Time) func(approval.CountKey) (approval.Beside, error) {
	return func(key approval.CountKey) (approval.Beside, error) {
		found, err := l.beside(-1, at)(key)
		found.Documents = nil
		for _, other := range l {
			alone, _ := ledger{other}.beside(-1, at)(key)
			if len(alone.Documents) == 0 {
				continue
			}
			one := approval.BesideDocument{Amount: other.content.Total, Base: other.content.BaseTotal}
			if slices.Contains(key.By, approval.CountCategory) {
				one.Amount, one.Base, _, _ = inCategories(other.content, key.Categories)
			}
			found.Documents = append(found.Documents, one)
		}
		return found, err
	}
}

func inCategories(c document.Content, categories []string) (one, base money.Amount, found bool, err error) {
	if c.Rate != nil {
		c.Currency = c.Rate.Currency
	}
	return c.ClaimedIn(categories)
}

// TestSimulationOfMany: adding up every pair of these would take hours, longer than a test may.
func TestSimulationOfMany(t *testing.T) {
	p := altered(t, "expense", "# aggregate: {", "aggregate: {")
	r := simulate(t, policy.SimulateInput{Before: shipped(t, "expense"), After: p, Org: company(), Rates: flatValueOf},
		generated(t, 7, 20_000, company(), p))
	t.Logf("20,000 documents: %d of them take another path", r.Changed)
	require.EqualValues(t, 20_000, r.Documents)
}
