package policy_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/doctype"
)

func shippedTypes(t testing.TB) policy.Types {
	t.Helper()
	files, err := filepath.Glob("../config/types/*.yaml")
	require.NoError(t, err)
	types := policy.Types{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		one, err := doctype.Parse(file, text)
		require.NoError(t, err)
		types[one.ID] = one
	}
	return types
}

// altered is a shipped policy with one change of its text.
func altered(t testing.TB, name, from, to string) *policy.Policy {
	t.Helper()
	text, err := os.ReadFile("../config/policies/" + name + ".yaml")
	require.NoError(t, err)
	require.Contains(t, string(text), from)
	p, err := policy.Parse(name, []byte(strings.ReplaceAll(string(text), from, to)))
	require.NoError(t, err)
	return p
}

func flatRate(from, to money.Currency) (document.Rate, bool) {
	return document.Rate{Currency: from, Base: to, Value: "7.5", Source: "test", Date: "2026-01-01"}, from == "USD" || from == "EUR"
}

func flatValueOf(_ string, from, to money.Currency) (string, bool) { return flatValue(from, to) }

func flatValue(from, to money.Currency) (string, bool) {
	rate, known := flatRate(from, to)
	return rate.Value, known
}

func generated(t testing.TB, seed uint64, n int, snapshot *org.Snapshot, policies ...*policy.Policy) iter.Seq2[policy.Case, error] {
	t.Helper()
	g, err := policy.NewGenerator(policy.GenerateInput{Policies: policies, Types: shippedTypes(t), Org: snapshot, Rates: flatRate, Seed: seed})
	require.NoError(t, err)
	return g.Cases(n)
}

func simulate(t testing.TB, in policy.SimulateInput, cases iter.Seq2[policy.Case, error]) policy.SimulationReport {
	t.Helper()
	last := 0
	got, err := policy.Simulate(in, cases, func(done int) {
		require.GreaterOrEqual(t, done, last)
		last = done
	})
	require.NoError(t, err)
	require.EqualValues(t, got.Documents, last, "progress ends at the end")
	return got.Report()
}

// TestAPolicyAgainstItselfChangesNothing: whatever the documents are.
func TestAPolicyAgainstItselfChangesNothing(t *testing.T) {
	files, err := filepath.Glob("../config/policies/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		for seed := range uint64(5) {
			p := shipped(t, name)
			r := simulate(t, policy.SimulateInput{Before: p, After: shipped(t, name), Org: company(), Rates: flatValueOf},
				generated(t, seed, 2000, company(), p))
			require.EqualValues(t, 2000, r.Documents)
			require.Positive(t, r.Compared, name)
			require.Zero(t, r.Changed, name)
			require.Zero(t, r.Changes, name)
			require.Empty(t, r.Samples)
			require.Equal(t, r.Total.Before, r.Total.After)
			for _, load := range r.Load {
				require.Equal(t, load.Before, load.After, load.Person)
			}
			for _, step := range r.Steps {
				require.Equal(t, step.Before, step.After, step.Step)
			}
			for code, pair := range r.Failures {
				require.Equal(t, pair.Before, pair.After, code)
			}
		}
	}
}

// spent is an expense report of lin's.
func spent(n int, minor int64) policy.Case {
	return policy.Case{N: n, Number: fmt.Sprint("EXP-", n), Content: document.Content{
		Type: "expense", Entity: "cn", Department: "sales", Submitter: "lin", Requester: "lin", Currency: "CNY",
		Payee: document.Payee{Kind: document.PayeeEmployee, ID: "lin"}, Total: yuan(minor), BaseTotal: yuan(minor),
		Fields: map[string]string{"trip": ""}, Lines: []document.Line{{No: 1, Category: "meals", Amount: yuan(minor), Tax: yuan(0)}},
	}}
}

func these(cases ...policy.Case) iter.Seq2[policy.Case, error] {
	return func(yield func(policy.Case, error) bool) {
		for _, c := range cases {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// TestSimulateAskedOnce counts by hand what a step spares that asks nobody twice: the head
// of finance, who must agree before; not a clerk, who only may have.
func TestSimulateAskedOnce(t *testing.T) {
	const steps = "policy: expense\ntitle: { en: Expense, zh-CN: 报销 }\nbase: CNY\nsteps:\n" +
		"  - id: head\n    title: { en: Head, zh-CN: 负责人 }\n    approvers: [{ role: finance_head, of: entity }]\n" +
		"  - id: clerk\n    title: { en: Clerk, zh-CN: 专员 }\n    approvers: [{ role: finance_clerk, of: entity }]\n" +
		"  - id: last\n    title: { en: Last, zh-CN: 终审 }\n    approvers: [{ role: finance_head, of: entity }, { role: finance_clerk, of: entity }]\n"
	for _, tt := range []struct {
		mode      string
		approvals int64
	}{{"any_of", 2}, {"all_of", 4}, {"{ quorum: 2 }", 3}, {"{ ratio: 1/3 }", 3}} {
		before := parsed(t, steps+"    mode: "+tt.mode+"\nthen: [archive]\n")
		after := parsed(t, steps+"    mode: "+tt.mode+"\n    same_approver: once\nthen: [archive]\n")
		r := simulate(t, policy.SimulateInput{Before: before, After: after, Org: company()}, these(spent(0, 99999)))
		require.EqualValues(t, 1, r.Changed, tt.mode)
		require.Equal(t, tt.approvals, r.Total.After.Approvals, tt.mode)
		require.Contains(t, r.Assumptions, policy.AssumesOnce)
	}
}

// TestSimulateCounts holds the figures to documents counted by hand: 999.99 goes
// by rule in both, 1000.00 and 2999.99 change, 3000.00 needs three people in both.
func TestSimulateCounts(t *testing.T) {
	in := policy.SimulateInput{Before: shipped(t, "expense"), After: altered(t, "expense", "1000.00", "3000.00"), Org: company(),
		Paces: map[string]policy.Pace{"supervisor": {Passes: 4, Mean: 5 * time.Hour}}}
	r := simulate(t, in, these(spent(0, 99999), spent(1, 100000), spent(2, 299999), spent(3, 300000)))
	require.EqualValues(t, 4, r.Documents)
	require.EqualValues(t, 4, r.Compared)
	require.EqualValues(t, 2, r.Changed)
	require.Equal(t, policy.Changes{Needs: 2}, r.Changes)
	require.Equal(t, policy.Sum{Steps: 9, Approvals: 9, Seconds: 3 * (5 + 24 + 48) * 3600, Recorded: 3, ByDeadline: 6}, r.Total.Before,
		"three documents of three steps: one workday, the record, two workdays")
	require.Equal(t, policy.Sum{Steps: 3, Approvals: 3, Seconds: (5 + 24 + 48) * 3600, Recorded: 1, ByDeadline: 2}, r.Total.After)
	require.Equal(t, []string{"finance_review", "supervisor", "finance_head"}, []string{r.Steps[0].Step, r.Steps[1].Step, r.Steps[2].Step})
	require.Equal(t, policy.Visits{People: 3, Auto: 1}, r.Steps[0].Before)
	require.Equal(t, policy.Visits{People: 1, Skipped: 3}, r.Steps[1].After)
	load := map[string]policy.Pair{}
	for _, l := range r.Load {
		load[l.Person] = l.Pair
	}
	three := policy.Pair{Before: 3, After: 1}
	require.Equal(t, map[string]policy.Pair{"clerk": three, "clerk2": three, "boss": three, "head": three}, load,
		"either clerk is asked, the manager is lin's")
	require.Equal(t, []policy.Unit{{Department: "sales", Documents: 4, Changed: 2}}, r.Departments)
	require.Equal(t, []string{"EXP-1", "EXP-2"}, []string{r.Samples[0].Number, r.Samples[1].Number})
	require.Equal(t, []string{"organisation_now", "first_round", "fewest_yeses", "record_as_future", "deadline_as_duration"}, r.Assumptions)
	en, zh := r.Text("en"), r.Text("zh-CN")
	require.Contains(t, en, "finance_review [any: clerk, clerk2] → supervisor [any: boss] → finance_head [any: head]")
	require.Contains(t, en, "Approvals: 9 → 3 (-66.7%)")
	require.Contains(t, en, "Expected waiting of one document: 57.75 h → 19.25 h (-66.7%)")
	require.Contains(t, zh, "流程变化：2 张（50.0%）")
	require.Contains(t, zh, "finance_review（按规则） → finance_head（按规则）")
	require.Equal(t, strings.Count(en, "\n"), strings.Count(zh, "\n"), "both languages say the same")
	require.NotContains(t, en+zh, "%!")
}

// TestSimulateNamesTheChange turns one screw at a time.
func TestSimulateNamesTheChange(t *testing.T) {
	for _, tt := range []struct {
		name, from, to string
		want           policy.Changes
		changed        int64
	}{
		{"other people", "manager: 1", "manager: 2", policy.Changes{Approvers: 1}, 1},
		{"another mode", "of: entity }]\n    mode: any_of", "of: entity }]\n    mode: all_of", policy.Changes{Rule: 1}, 1},
		{"another deadline", "normal: 2 workdays", "normal: 3 workdays", policy.Changes{Terms: 1}, 0},
		{"another order", "", "", policy.Changes{Rule: 1}, 1},
		{"a step under another name", "id: supervisor", "id: manager", policy.Changes{Needs: 1}, 1},
		{"no plan any more", `when: amount >= money("1000.00")`, `when: fields.trip == fields["nothing"]`, policy.Changes{Broken: 1}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := shipped(t, "expense")
			after := before
			if tt.from != "" {
				after = altered(t, "expense", tt.from, tt.to)
			} else {
				after = shipped(t, "expense")
				after.Steps = append(append([]policy.Step{}, after.Steps[1:]...), after.Steps[0])
			}
			r := simulate(t, policy.SimulateInput{Before: before, After: after, Org: company()}, these(spent(0, 200000)))
			require.Equal(t, tt.want, r.Changes)
			require.Equal(t, tt.changed, r.Changed)
			back := simulate(t, policy.SimulateInput{Before: after, After: before, Org: company()}, these(spent(0, 200000)))
			require.Equal(t, tt.want.Broken, back.Changes.Mended)
			require.Equal(t, tt.changed, back.Changed)
		})
	}
}

// TestSimulateIsRepeatable: neither the number of processors nor the run matters.
func TestSimulateIsRepeatable(t *testing.T) {
	before, after := shipped(t, "payment_request"), altered(t, "payment_request", "role: finance_clerk", "role: finance_head")
	run := func(processors int, seed uint64) string {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		r := simulate(t, policy.SimulateInput{Before: before, After: after, Org: company(), Rates: flatValueOf},
			generated(t, seed, 3000, company(), before, after))
		text, err := json.Marshal(r)
		require.NoError(t, err)
		require.Positive(t, r.Changed)
		return string(text) + r.Text("en")
	}
	require.Equal(t, run(1, 7), run(4, 7))
	require.Equal(t, run(4, 7), run(3, 7))
	require.NotEqual(t, run(4, 7), run(4, 8), "another seed makes other documents")
}

// TestGeneratedDocumentsAreReal holds generated documents to the rules for real
// ones, but for what a category asks of its lines, and sees that they try the
// thresholds.
func TestGeneratedDocumentsAreReal(t *testing.T) {
	types, snapshot, at := shippedTypes(t), company(), map[int64]int{}
	p := shipped(t, "expense")
	for c, err := range generated(t, 3, 3000, snapshot, p) {
		require.NoError(t, err)
		for _, wrong := range doctype.Validate(types[c.Content.Type], c.Content, snapshot, "2026-12-31") {
			require.True(t, strings.HasPrefix(wrong.Code, "line."), "%s: %v", c.Number, wrong)
		}
		sum, err := money.Sum(c.Content.Currency, c.Content.Total)
		require.NoError(t, err)
		for _, l := range c.Content.Lines {
			sum, err = sum.Sub(l.Amount)
			require.NoError(t, err)
		}
		require.True(t, sum.IsZero(), "the lines make the total")
		at[c.Content.Total.Minor]++
	}
	require.Positive(t, at[99999])
	require.Positive(t, at[100000])
	require.Positive(t, at[100001])
	_, err := policy.NewGenerator(policy.GenerateInput{Policies: []*policy.Policy{p}, Org: snapshot})
	require.ErrorContains(t, err, "policy.unused")
	_, err = policy.NewGenerator(policy.GenerateInput{Policies: []*policy.Policy{p}, Types: types, Org: &org.Snapshot{}})
	require.ErrorContains(t, err, "organisation.none")
}

// TestSimulateStopsAtAnError of where the documents come from.
func TestSimulateStopsAtAnError(t *testing.T) {
	broken := func(yield func(policy.Case, error) bool) {
		if yield(spent(0, 1), nil) {
			yield(policy.Case{}, os.ErrDeadlineExceeded)
		}
	}
	p := shipped(t, "expense")
	_, err := policy.Simulate(policy.SimulateInput{Before: p, After: p, Org: company()}, broken, func(int) {})
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// grown is a company of so many people, ten to a manager.
func grown(people int) *org.Snapshot {
	s := company()
	for i := range people {
		manager := "boss"
		if i >= 10 {
			manager = fmt.Sprint("n", i/10)
		}
		s.People[fmt.Sprint("n", i)] = org.Person{ID: fmt.Sprint("n", i), Manager: manager, Active: true, Entity: "cn", Department: "sales", Grade: 2}
	}
	return s
}

// BenchmarkSimulate routes documents of a company of 10,000 twice.
func BenchmarkSimulate(b *testing.B) {
	before, after := shipped(b, "expense"), altered(b, "expense", "1000.00", "3000.00")
	snapshot := grown(10_000)
	b.ResetTimer()
	b.ReportAllocs()
	_, err := policy.Simulate(policy.SimulateInput{Before: before, After: after, Org: snapshot, Rates: flatValueOf},
		generated(b, 1, b.N, snapshot, before, after), func(int) {})
	require.NoError(b, err)
}

// TestParallelBranchesWaitForTheLongest proves that a fork takes as long as its
// longest branch, forks inside included, while every task counts.
func TestParallelBranchesWaitForTheLongest(t *testing.T) {
	paces := map[string]policy.Pace{}
	for id, hours := range map[string]int{"manager": 1, "clerk": 4, "lawyer": 2, "dear": 3, "dearer": 1, "head": 1} {
		paces[id] = policy.Pace{Passes: 1, Mean: time.Duration(hours) * time.Hour}
	}
	urgent := contracted(90000, "yes")
	urgent.Urgency = document.Urgent
	report := func(c document.Content) policy.SimulationReport {
		p := parsed(t, forked)
		return simulate(t, policy.SimulateInput{Before: p, After: p, Org: company(), Paces: paces}, func(yield func(policy.Case, error) bool) {
			yield(policy.Case{Number: "N-1", Content: c}, nil)
		})
	}
	walked := report(urgent)
	require.EqualValues(t, 6, walked.Total.After.Approvals)
	require.EqualValues(t, (1+max(4, 2+max(3, 1))+1)*3600, walked.Total.After.Seconds)
	require.EqualValues(t, 6, walked.Total.After.Recorded)
	require.EqualValues(t, (1+4+1)*3600, report(contracted(90000, "no")).Total.After.Seconds, "the branch left out takes no time")

	serial := simulate(t, policy.SimulateInput{Before: parsed(t, forked), After: parsed(t, relay), Org: company(), Paces: paces},
		func(yield func(policy.Case, error) bool) { yield(policy.Case{Number: "N-1", Content: urgent}, nil) })
	require.EqualValues(t, 1, serial.Changed)
	require.Contains(t, serial.Assumptions, policy.AssumesChoice)
	text := serial.Text("en")
	require.Contains(t, text, "before: manager [any: boss] → reviews/1 clerk [any: clerk, clerk2] → reviews/2 lawyer [any: wu] → reviews/2 experts/1 dear [any: chief]")
}
