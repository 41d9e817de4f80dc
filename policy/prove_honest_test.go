package policy_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/policytest"
)

// TestWhatWasOnlySampledIsNotCalledProved holds the claims to what was tried.
func TestWhatWasOnlySampledIsNotCalledProved(t *testing.T) {
	company := policytest.Company(2, 120)
	for _, tt := range []struct {
		name, old, new string
		proved         bool
	}{
		{"comparisons with constants", "", "", true},
		{"or, not, in", `"training" in categories`, `(!("training" in categories) || urgency in ["urgent"])`, true},
		{"the total of a category", `"training" in categories`, `lines.total("training") >= money("300.00")`, true},
		{"grades, departments, entities", `"training" in categories`, `grade > 3 && department == "d0001" && entity != "e2"`, true},
		{"a walk over the lines", `"training" in categories`, `lines.exists(l, l.category == "training")`, false},
		{"two variables compared", `"training" in categories`, `entity == department`, false},
		{"part of a text", `"training" in categories`, `department.startsWith("d00")`, false},
		{"a sum", `"training" in categories`, `amount + money("1.00") > money("7.00")`, false},
		{"a number made of texts", `"training" in categories`, `size(categories) > 1`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.Contains(t, sound, tt.old)
			for _, claim := range prove(t, strings.Replace(sound, tt.old, tt.new, 1), soundMapping, company).Claims {
				switch claim.Property {
				case policy.ClaimApprover:
					require.Equal(t, policy.Refuted, claim.Technique, "the chief's own")
				case policy.ClaimElsewhere:
					require.Equal(t, policy.Sampled, claim.Technique)
				case policy.ClaimBooked: // asks no condition
					require.Equal(t, policy.Proved, claim.Technique)
				default:
					require.Equal(t, tt.proved, claim.Technique == policy.Proved, "%s: %s", claim.Property, claim.Technique)
				}
			}
		})
	}
}

// TestEveryAmountIsTriedThoughConditionsNameEveryCategory holds that a type without
// another category than those that conditions speak of is tried over all amounts.
func TestEveryAmountIsTriedThoughConditionsNameEveryCategory(t *testing.T) {
	for _, tt := range []struct {
		when string
		want policy.Technique
	}{
		{`amount >= money("500.00") && ("a" in categories || "b" in categories)`, policy.Proved},
		{`amount >= money("500.00") && lines.total("a") < money("100.00") && lines.total("b") < money("100.00")`, policy.Sampled},
	} {
		p := parsed(t, strings.Replace(amending, `amount >= money("10.00")`, tt.when, 1))
		kinds := policy.Types{"p": {ID: "p", Policy: "p", Fields: []doctype.Field{{Name: "note", Kind: doctype.Text}},
			Categories: []doctype.Category{{ID: "a"}, {ID: "b"}}}}
		proof := policy.Prove(p, policy.Ground{Types: kinds, Org: company()})
		require.NotContains(t, shown(proof), "warning policy.never_needed manager")
		require.Equal(t, tt.want, techniques(proof)[policy.ClaimReachable])
	}
}

// TestAnApproverFromAFieldIsSampled holds that nothing is claimed of people whom
// the document names, and that a field left empty is found.
func TestAnApproverFromAFieldIsSampled(t *testing.T) {
	all := types(t)
	p := parsed(t, strings.Replace(strings.Replace(sound, "{ manager: 1 }", "{ field: buddy }", 1), "policy: sound", "policy: p", 1))
	proof := policy.Prove(p, policy.Ground{Types: all, Org: policytest.Company(1, 120)})
	require.Contains(t, shown(proof), "warning policy.queue_only lead", "the field is empty")
	techniques := map[string]policy.Technique{}
	for _, claim := range proof.Claims {
		techniques[claim.Property] = claim.Technique
	}
	require.Equal(t, policy.Sampled, techniques[policy.ClaimIndependent])
	require.Equal(t, policy.Sampled, techniques[policy.ClaimHumans])
	require.Equal(t, policy.Sampled, techniques[policy.ClaimDecided])
	require.Equal(t, policy.Proved, techniques[policy.ClaimBands], "conditions do not ask for it")
}

// TestProveMissesNothing compares what Prove finds with routing every request of
// every person, in small companies with random damage.
func TestProveMissesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := policytest.Company(rapid.Uint64Range(1, 50).Draw(t, "seed"), rapid.IntRange(40, 90).Draw(t, "people"))
		damage(t, s)
		text := strings.ReplaceAll(sound, "money(\"10000.00\")", fmt.Sprintf("money(\"%d.00\")", rapid.IntRange(900, 12_000).Draw(t, "limit")))
		if rapid.Bool().Draw(t, "grades") {
			text = strings.Replace(text, `"training" in categories`, `grade >= 4 && department != "d0001"`, 1)
		}
		p, err := policy.Parse("sound.yaml", []byte(text))
		require.NoError(t, err)
		proof := policy.Prove(p, policy.Ground{Types: soundTypes(), Org: s})
		var got []string
		for i, row := range shown(proof) {
			c := examples(proof)[i].Content
			own := c.Submitter == c.Requester && c.Entity == s.People[c.Requester].Entity
			code := strings.SplitN(row, "policy.", 2)[1]
			if own && slices.Contains([]string{"queue_only", "falls_back", "no_approver_found"}, strings.Fields(code)[0]) {
				got = append(got, code)
			}
		}
		slices.Sort(got)
		want := everything(t, p, s)
		require.ElementsMatch(t, want, slices.Compact(got))
	})
}

// damage takes roles, managers, heads and people away.
func damage(t *rapid.T, s *org.Snapshot) {
	people := slices.Sorted(maps.Keys(s.People))
	who := rapid.SampledFrom(people)
	for range rapid.IntRange(0, 6).Draw(t, "harms") {
		id := who.Draw(t, "who")
		p := s.People[id]
		switch rapid.IntRange(0, 4).Draw(t, "harm") {
		case 0:
			p.Active = false
		case 1:
			p.Manager = who.Draw(t, "manager")
		case 2:
			p.Aliases = []string{who.Draw(t, "alias")}
		case 3:
			s.Grants = slices.Delete(s.Grants, len(s.Grants)-1, len(s.Grants))
		case 4:
			d := s.Departments[p.Department]
			d.Head = who.Draw(t, "head")
			s.Departments[p.Department] = d
		}
		s.People[id] = p
	}
}

// everything routes each person's requests over amounts and categories, and lists
// the steps that do not find whom they name.
func everything(t *rapid.T, p *policy.Policy, s *org.Snapshot) []string {
	found := map[string]bool{}
	for _, person := range s.People {
		if !person.Active {
			continue
		}
		for _, minor := range []int64{100_000, 99_000_000} {
			c := expense(person.ID, minor)
			c.Type, c.Entity, c.Department = "sound", person.Entity, person.Department
			plan, err := policy.Route(policy.RouteInput{Policy: p, Version: 1, Content: c, Org: s, Round: 1})
			require.NoError(t, err)
			for i, step := range plan.Steps {
				missed(found, plan, step, p.Steps[i].Approvers[0].Role != "")
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func missed(found map[string]bool, plan approval.Plan, step approval.Step, role bool) {
	admins := slices.ContainsFunc(plan.Admins, func(id string) bool { return !slices.Contains(plan.Interested, id) })
	for _, a := range step.Approvers {
		switch {
		case a.Person == approval.AdminQueue && !admins:
			found["no_approver_found "+step.ID] = true
		case a.Person == approval.AdminQueue:
			found["queue_only "+step.ID] = true
		case strings.HasPrefix(a.Via, "fallback:") && (role || a.Via != "fallback:self"):
			found["falls_back "+step.ID] = true
		}
	}
}
