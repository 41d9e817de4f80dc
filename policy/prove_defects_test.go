package policy_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/policytest"
)

// The people of the generated company whom the defects concern.
const (
	chief       = "p00001"
	financeHead = "p00005" // heads finance-e1 and holds the role finance_head
	secondHead  = "p00006" // the other head of finance, and the first of that department by id
	firstClerk  = "p00007"
	boss        = "p00029" // heads d0001
	lead        = "p00030" // the first lead of d0001
	member      = "p00031" // the first member of d0001
)

// defect is one small change of a sound policy, its mapping or its company.
type defect struct {
	name     string
	old, new string // of the policy's text, everywhere
	mapping  string // instead of the sound one
	company  func(*org.Snapshot)

	want   string // level, code and step of the finding
	by     string // requester of the counter-example
	amount string
	line   string // a category it has a line of
}

func without(role, entity string, but ...string) func(*org.Snapshot) {
	return func(s *org.Snapshot) {
		s.Grants = slices.DeleteFunc(s.Grants, func(g org.Grant) bool {
			return g.Role == role && (entity == "" || g.Entity == entity) && !slices.Contains(but, g.Person)
		})
	}
}

func under(person, manager string) func(*org.Snapshot) {
	return func(s *org.Snapshot) { edit(s, person, func(p *org.Person) { p.Manager = manager }) }
}

func gives(person, role, entity string) func(*org.Snapshot) {
	return func(s *org.Snapshot) {
		s.Grants = append(s.Grants, org.Grant{Person: person, Role: role, Entity: entity})
	}
}

var defects = []defect{
	{name: "a gap between bands", old: `amount < money("10000.00")`, new: `amount < money("9000.00")`,
		want: "warning policy.band_gap lead", by: chief, amount: "9000.00"},
	{name: "a gap of one cent", old: `amount >= money("10000.00")`, new: `amount > money("10000.00")`,
		want: "warning policy.band_gap lead", by: chief, amount: "10000.00"},
	{name: "an overlap of one cent", old: `amount < money("10000.00")`, new: `amount <= money("10000.00")`,
		want: "warning policy.band_overlap lead", by: chief, amount: "10000.00"},
	{name: "bands that end", old: "\n    otherwise", new: " && amount < money(\"100000.00\")\n    otherwise",
		want: "error policy.band_gap finance_review", by: chief, amount: "100000.00"},
	{name: "a vacant role", company: without("finance_head", ""),
		want: "warning policy.queue_only finance_head", by: chief, amount: "50000.00"},
	{name: "a role missing in one entity", company: without("finance_clerk", "e3"),
		want: "warning policy.queue_only finance_review", by: "p00021", amount: "1000.00"},
	{name: "a circle of managers", company: under(boss, lead),
		want: "error policy.escalation_circle lead", by: boss, amount: "1000.00"},
	{name: "an escalation into a circle", old: "on_timeout: reject", new: "on_timeout: escalate", company: under(financeHead, firstClerk),
		want: "error policy.escalation_circle finance_review", by: chief, amount: "1000.00"},
	{name: "a disabled head", company: func(s *org.Snapshot) { edit(s, boss, left) },
		want: "warning policy.falls_back head", by: lead, amount: "10000.00"},
	{name: "a department without a head", company: func(s *org.Snapshot) {
		d := s.Departments["d0001"]
		d.Head, d.Parent = "", ""
		s.Departments["d0001"] = d
	}, want: "warning policy.queue_only head", by: boss, amount: "10000.00"},
	{name: "the submitter alone in the role", company: without("finance_clerk", "e1", firstClerk),
		want: "warning policy.falls_back finance_review", by: firstClerk, amount: "1000.00"},
	{name: "a second account alone in the role", company: func(s *org.Snapshot) {
		without("finance_clerk", "e1", firstClerk)(s)
		edit(s, firstClerk, func(p *org.Person) { p.Aliases = []string{member} })
		edit(s, firstClerk, left)
		gives(member, "finance_clerk", "e1")(s)
	}, want: "warning policy.falls_back finance_review", by: member, amount: "1000.00"},
	{name: "a second account that nobody declared", company: func(s *org.Snapshot) {
		edit(s, member, func(p *org.Person) { p.Email = strings.ToUpper(s.People[firstClerk].Email) })
	}, want: "error policy.twin_accounts finance_review", by: member, amount: "1000.00"},
	{name: "a deadline that approves above the limit", old: "on_timeout: reject", new: "on_timeout: approve",
		want: "error policy.too_few_humans", by: chief, amount: "50000.00"},
	{name: "one person in both roles", company: gives(financeHead, "finance_clerk", "e1"),
		want: "error policy.too_few_humans", by: secondHead, amount: "50000.00"},
	{name: "three are required and two chairs are one human's", old: "humans: 2", new: "humans: 3",
		want: "error policy.too_few_humans", by: secondHead, amount: "50000.00"},
	{name: "an escalation that seats one human everywhere", old: "on_timeout: reject", new: "on_timeout: escalate",
		want: "error policy.too_few_humans", by: chief, amount: "50000.00"},
	{name: "a step that no request reaches", old: `when: amount >= money("10000.00")`, new: `when: department == "d9999"`,
		want: "warning policy.never_needed head", by: "", amount: ""},
	{name: "a condition that is always false", old: `amount < money("10000.00")`, new: `amount < money("1000.00")`,
		want: "warning policy.never_needed lead", by: "", amount: ""},
	{name: "a condition that cannot be judged", old: `when: amount >= money("10000.00")`, new: `when: total >= money("10.00", "EUR")`,
		want: "error policy.dead_end head", by: chief, amount: "0.01"},
	{name: "more holders than can be asked", company: func(s *org.Snapshot) {
		for n := range 60 {
			gives(fmt.Sprintf("p%05d", 100+n), "finance_clerk", "e2")(s)
		}
	}, want: "error policy.dead_end finance_review", by: "p00013", amount: "1000.00"},
	{name: "a request that everything skips", old: "otherwise: auto_approve", new: "otherwise: skip",
		want: "error policy.undecided", by: chief, amount: "0.01"},
	{name: "an admin queue without an administrator", company: without("admin", ""),
		want: "error policy.no_approver_found lead", by: chief, amount: "1000.00"},
	{name: "a category without a mapping", mapping: strings.Replace(soundMapping, `, training: "6603"`, "", 1),
		want: "error policy.unbooked", by: chief, amount: "0.01", line: "training"},
	{name: "a person who left", old: "{ role: finance_clerk, of: entity }", new: "{ person: " + member + " }",
		company: func(s *org.Snapshot) { edit(s, member, left) },
		want:    "warning policy.falls_back finance_review", by: chief, amount: "1000.00"},
}

// TestCheckFindsEachDefect changes one thing at a time in a company of 10,000.
func TestCheckFindsEachDefect(t *testing.T) {
	whole := policytest.Company(1, 10_000)
	usual := shown(prove(t, sound, soundMapping, whole))
	for _, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			require.Contains(t, sound, d.old)
			s := *whole
			s.People, s.Departments, s.Grants = maps.Clone(s.People), maps.Clone(s.Departments), slices.Clone(s.Grants)
			if d.company != nil {
				d.company(&s)
			}
			text, mapping := sound, soundMapping
			if d.old != "" {
				text = strings.ReplaceAll(sound, d.old, d.new)
			}
			if d.mapping != "" {
				mapping = d.mapping
			}
			proof := prove(t, text, mapping, &s)
			if d.name != "a department without a head" { // the chief's own ends in the queue as well
				require.NotContains(t, usual, d.want)
			}
			example := exampleFor(t, proof, d)
			require.Equal(t, policy.Refuted, claimOf(proof, d.want))
			for _, locale := range policy.Locales {
				require.Contains(t, example.Words(locale), example.Content.Requester)
			}
			p, err := policy.Parse("sound.yaml", []byte(text))
			require.NoError(t, err)
			plan, err := policy.Route(policy.RouteInput{Policy: p, Version: 1, Content: example.Content, Org: &s, Round: 1})
			require.Equal(t, example.Plan == nil, err != nil)
			if err == nil {
				require.Equal(t, brief(plan), brief(*example.Plan), "the path shown is the one it takes")
			}
		})
	}
}

// exampleFor finds the example of the defect: the right finding, by the right request.
func exampleFor(t *testing.T, proof policy.Proof, d defect) *policy.Example {
	t.Helper()
	var seen []string
	for i, row := range shown(proof) {
		x := examples(proof)[i]
		fits := (d.by == "" || x.Content.Requester == d.by) && (d.amount == "" || x.Content.Total.Text() == d.amount) &&
			(d.line == "" || x.Content.Lines[0].Category == d.line)
		seen = append(seen, row+" by "+x.Content.Requester+" over "+x.Content.Total.Text())
		if row == d.want && fits {
			return x
		}
	}
	require.Fail(t, "not found: "+d.want, strings.Join(seen, "\n"))
	return nil
}

func examples(proof policy.Proof) []*policy.Example {
	var all []*policy.Example
	for _, f := range proof.Findings {
		if f.Example != nil {
			all = append(all, f.Example)
		}
	}
	return all
}

// claimOf is the technique of the claim that a finding contradicts.
func claimOf(proof policy.Proof, want string) policy.Technique {
	property := map[string]string{"band_gap": policy.ClaimBands, "band_overlap": policy.ClaimBands,
		"queue_only": policy.ClaimApprover, "falls_back": policy.ClaimApprover, "no_approver_found": policy.ClaimApprover,
		"escalation_circle": policy.ClaimTimeouts, "twin_accounts": policy.ClaimIndependent,
		"too_few_humans": policy.ClaimHumans, "never_needed": policy.ClaimReachable, "dead_end": policy.ClaimDecided,
		"undecided": policy.ClaimDecided, "unbooked": policy.ClaimBooked}[strings.TrimPrefix(strings.Fields(want)[1], "policy.")]
	for _, claim := range proof.Claims {
		if claim.Property == property {
			return claim.Technique
		}
	}
	return ""
}
