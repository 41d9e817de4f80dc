package delegation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/money"
)

var (
	people = []string{"a", "b", "c", "d"}
	types  = []string{"expense", "loan"}
)

func drawRule(t *rapid.T) delegation.Rule {
	r := delegation.Rule{
		ID:     rapid.StringMatching(`[a-z]{6}`).Draw(t, "id"),
		Person: rapid.SampledFrom(people).Draw(t, "person"), Delegate: rapid.SampledFrom(people).Draw(t, "delegate"),
		From: day(rapid.IntRange(0, 5).Draw(t, "from")), MadeAt: day(rapid.IntRange(-3, 0).Draw(t, "made")),
		Types: rapid.SampledFrom([][]string{nil, {"expense"}, {"loan"}}).Draw(t, "types"),
	}
	r.MadeBy, r.Until = r.Person, r.From.AddDate(0, 0, rapid.IntRange(1, 4).Draw(t, "days"))
	if rapid.Bool().Draw(t, "capped") {
		r.Cap = yuan(rapid.Int64Range(1, 3).Draw(t, "cap"))
	}
	if rapid.IntRange(0, 3).Draw(t, "revoke") == 0 {
		r.RevokedBy, r.RevokedAt = r.Person, r.From.Add(12*time.Hour)
	}
	return r
}

// TestNoRuleReachesFurtherThanItSays draws books of rules that were let in one
// after the other, and holds that at every instant: who may decide for another
// has a rule of that other itself, that says so to the letter; no rule is
// passed on; and no rules in force run in a circle.
func TestNoRuleReachesFurtherThanItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var book []delegation.Rule
		for range rapid.IntRange(1, 12).Draw(t, "rules") {
			if r := drawRule(t); delegation.Check(r, book, day(-1)) == nil {
				book = append(book, r)
			}
		}
		now := day(0).Add(time.Duration(rapid.IntRange(-1, 24*10).Draw(t, "hour")) * time.Hour)
		docType, amount := rapid.SampledFrom(types).Draw(t, "type"), yuan(rapid.Int64Range(1, 4).Draw(t, "amount"))
		for _, person := range people {
			for _, delegate := range people {
				got, err := delegation.Vet(book, delegation.Request{
					Person: person, Delegate: delegate, Now: now, Type: docType, Amount: amount,
				})
				may := slices.ContainsFunc(book, func(r delegation.Rule) bool {
					return saysSo(r, person, delegate, now, docType, amount)
				})
				require.Equal(t, may, err == nil, "%s for %s: %v", delegate, person, err)
				if err == nil {
					require.True(t, saysSo(got, person, delegate, now, docType, amount), "%+v", got)
				}
			}
			require.NotContains(t, reached(book, person, now), person, "in a circle")
		}
	})
}

// saysSo is the rule read aloud, written without the code under test.
func saysSo(r delegation.Rule, person, delegate string, now time.Time, docType string, amount money.Amount) bool {
	started, over := now.Unix() >= r.From.Unix(), now.Unix() >= r.Until.Unix()
	taken := r.RevokedBy != "" && now.Unix() >= r.RevokedAt.Unix()
	inScope := r.Types == nil || r.Types[0] == docType
	inCap := r.Cap.Currency == "" || amount.Minor <= r.Cap.Minor
	return r.Person == person && r.Delegate == delegate && started && !over && !taken && inScope && inCap
}

// reached lists everybody to whom rules in force lead from a person.
func reached(book []delegation.Rule, person string, now time.Time) []string {
	var all []string
	next := []string{person}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		for _, r := range book {
			if r.Person == at && r.At(now) == delegation.Current && !slices.Contains(all, r.Delegate) {
				all, next = append(all, r.Delegate), append(next, r.Delegate)
			}
		}
	}
	return all
}
