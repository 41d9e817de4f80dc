package policy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
)

func yuan(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }

// company is a small one: chief ← boss ← lin, wu; finance: clerk, clerk2, head.
func company() *org.Snapshot {
	s := &org.Snapshot{
		Version: 7, People: map[string]org.Person{},
		Departments: map[string]org.Department{"sales": {ID: "sales", Entity: "cn", Head: "boss"}},
		Entities: map[string]org.LegalEntity{"cn": {ID: "cn", Currency: "CNY", Calendar: "cn-office"},
			"de": {ID: "de", Currency: "EUR", Calendar: "de-office"}},
		Suppliers: map[string]org.Supplier{"S1": {ID: "S1", Kind: "goods"}, "S2": {ID: "S2", Kind: "related_party"}},
		Grants: []org.Grant{{Person: "clerk", Role: "finance_clerk"}, {Person: "clerk2", Role: "finance_clerk"},
			{Person: "head", Role: "finance_head"}, {Person: "root", Role: "admin"}},
	}
	for id, manager := range map[string]string{"chief": "", "boss": "chief", "lin": "boss", "wu": "boss",
		"head": "chief", "clerk": "head", "clerk2": "head", "root": "chief"} {
		s.People[id] = org.Person{ID: id, Manager: manager, Active: true, Entity: "cn", Department: "sales", Grade: 3}
	}
	return s
}

func edit(s *org.Snapshot, id string, change func(*org.Person)) {
	p := s.People[id]
	change(&p)
	s.People[id] = p
}

func shipped(t testing.TB, name string) *policy.Policy {
	t.Helper()
	file := "../config/policies/" + name + ".yaml"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	p, err := policy.Parse(name+".yaml", text)
	require.NoError(t, err)
	return p
}

func expense(by string, minor int64) document.Content {
	return document.Content{
		Type: "expense", Entity: "cn", Department: "sales", Submitter: by, Requester: by,
		Payee:    document.Payee{Kind: document.PayeeEmployee, ID: by},
		Currency: "CNY", Urgency: document.Normal, Total: yuan(minor), BaseTotal: yuan(minor),
		Lines: []document.Line{{No: 1, Category: "travel", Amount: yuan(minor), Tax: yuan(0)}},
	}
}

func route(t testing.TB, p *policy.Policy, s *org.Snapshot, c document.Content) approval.Plan {
	t.Helper()
	plan, err := policy.Route(policy.RouteInput{Policy: p, Version: 3, Content: c, Org: s, Round: 1, Document: "d"})
	require.NoError(t, err)
	return plan
}

// brief writes a plan as text: step need approver/via …
func brief(plan approval.Plan) []string {
	var rows []string
	for _, s := range plan.Steps {
		row := s.ID + " " + string(s.Need)
		for _, a := range s.Approvers {
			row += " " + a.Person + "/" + a.Via
		}
		rows = append(rows, row)
	}
	return rows
}

// TestTheReferenceFlow is the promise of the first policy: 999.99 passes by rule,
// 1000.00 needs all three, and nobody ever approves their own.
func TestTheReferenceFlow(t *testing.T) {
	three := []string{"finance_review people clerk/role:finance_clerk clerk2/role:finance_clerk",
		"supervisor people boss/manager:1", "finance_head people head/role:finance_head"}
	byRule := []string{"finance_review auto_approve", "supervisor skip", "finance_head auto_approve"}
	for _, tt := range []struct {
		name    string
		by      string
		minor   int64
		change  func(*org.Snapshot)
		content func(*document.Content)
		want    []string
	}{
		{"one cent below", "lin", 99999, nil, nil, byRule},
		{"exactly the limit", "lin", 100000, nil, nil, three},
		{"one cent above", "lin", 100001, nil, nil, three},
		{"a clerk's own", "clerk", 100000, nil, nil, []string{"finance_review people clerk2/role:finance_clerk",
			"supervisor people head/manager:1", "finance_head people head/role:finance_head"}},
		{"the only clerk's own goes up", "clerk", 100000, func(s *org.Snapshot) { edit(s, "clerk2", left) }, nil,
			[]string{"finance_review people head/fallback:self", "supervisor people head/manager:1", "finance_head people head/role:finance_head"}},
		{"the finance head's own goes up", "head", 100000, nil, nil, []string{"finance_review people clerk/role:finance_clerk clerk2/role:finance_clerk",
			"supervisor people chief/manager:1", "finance_head people chief/fallback:self"}},
		{"the chief's own", "chief", 100000, nil, nil, []string{three[0],
			"supervisor people queue:admin/fallback:no_manager", three[2]}},
		{"a vacant role", "lin", 100000, func(s *org.Snapshot) { edit(s, "head", left) }, nil,
			[]string{three[0], three[1], "finance_head people queue:admin/fallback:vacant"}},
		{"an inactive manager", "lin", 100000, func(s *org.Snapshot) { edit(s, "boss", left) }, nil,
			[]string{three[0], "supervisor people chief/fallback:inactive", three[2]}},
		{"all managers inactive", "lin", 100000, func(s *org.Snapshot) { edit(s, "boss", left); edit(s, "chief", left) }, nil,
			[]string{three[0], "supervisor people queue:admin/fallback:inactive", three[2]}},
		{"entered by the manager", "lin", 100000, nil, func(c *document.Content) { c.Submitter = "boss" },
			[]string{three[0], "supervisor people chief/fallback:self", three[2]}},
		{"entered by an alias of the head", "lin", 100000, func(s *org.Snapshot) {
			s.People["head2"] = org.Person{ID: "head2", Active: true, Aliases: []string{"head"}}
		}, func(c *document.Content) { c.Submitter = "head2" }, []string{three[0], three[1], "finance_head people chief/fallback:self"}},
		{"paid to another", "lin", 100000, nil, func(c *document.Content) { c.Payee.ID = "clerk" },
			[]string{"finance_review people clerk2/role:finance_clerk", three[1], three[2]}},
		{"two accounts of one clerk", "lin", 100000, func(s *org.Snapshot) {
			edit(s, "clerk2", func(p *org.Person) { p.Aliases = []string{"clerk"} })
		}, nil, []string{"finance_review people clerk/role:finance_clerk", three[1], three[2]}},
		{"managers in a circle", "lin", 100000, func(s *org.Snapshot) {
			edit(s, "boss", func(p *org.Person) { p.Manager, p.Active = "lin", false })
		}, nil, []string{three[0], "supervisor people queue:admin/fallback:inactive", three[2]}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, c := company(), expense(tt.by, tt.minor)
			if tt.change != nil {
				tt.change(s)
			}
			if tt.content != nil {
				tt.content(&c)
			}
			plan := route(t, shipped(t, "expense"), s, c)
			require.Equal(t, tt.want, brief(plan))
			for _, step := range plan.Steps {
				for _, a := range step.Approvers {
					require.NotContains(t, plan.Interested, a.Person)
				}
			}
		})
	}
}

func left(p *org.Person) { p.Active = false }

func TestAPlanSaysEverything(t *testing.T) {
	p := shipped(t, "expense")
	c := expense("lin", 100000)
	c.Submitter = "wu"
	plan := route(t, p, company(), c)
	require.Equal(t, []any{1, "expense", 3, p.Hash(), int64(7)},
		[]any{plan.Round, plan.Policy, plan.PolicyVersion, plan.PolicyHash, plan.OrgVersion})
	require.Equal(t, []string{"lin", "wu"}, plan.Interested)
	require.Equal(t, []string{"root"}, plan.Admins)
	require.Equal(t, []string{"accrue", "archive"}, plan.Then)
	require.Equal(t, approval.Step{
		ID: "finance_review", Title: map[string]string{"en": "Finance first review", "zh-CN": "财务初审"}, Need: approval.NeedsPeople,
		Reason: `amount >= money("1000.00") is true: amount = 1000.00 CNY`, Mode: approval.AnyOf,
		Approvers: []approval.Approver{{Person: "clerk", Via: "role:finance_clerk"}, {Person: "clerk2", Via: "role:finance_clerk"}},
		Clock: approval.Clock{Calendar: "cn-office", Due: calendar.Duration{Count: 1, Unit: calendar.WorkDay},
			First: calendar.Duration{Count: 4, Unit: calendar.WorkHour}, Every: calendar.Duration{Count: 1, Unit: calendar.WorkDay}, AtMost: 3},
		OnTimeout: approval.Timeout{Do: approval.TimeoutEscalate}, Allow: []string{
			"return", "transfer", "consult", "add_signer", "retract", "hold", "request_info", "extend", "sanction",
		},
	}, plan.Steps[0])
	c.Urgency = document.Urgent
	require.Equal(t, calendar.Duration{Count: 4, Unit: calendar.WorkHour}, route(t, p, company(), c).Steps[0].Clock.Due)
	small := route(t, p, company(), expense("lin", 99999))
	require.Equal(t, `amount >= money("1000.00") is false: amount = 999.99 CNY`, small.Steps[0].Reason)
}

func TestPaymentsAreNeverMadeByRuleAlone(t *testing.T) {
	for _, tt := range []struct {
		minor    int64
		supplier string
		want     string
	}{
		{1, "S1", "finance_review supervisor"},
		{1000000, "S1", "finance_review supervisor finance_head"},
		{4999999, "S1", "finance_review supervisor finance_head"},
		{5000000, "S1", "finance_review supervisor second_manager finance_head"},
		{20000000, "S1", "finance_review supervisor second_manager finance_head chief"},
		{1, "S2", "finance_review supervisor finance_head chief"}, // a related party
	} {
		c := expense("lin", tt.minor)
		c.Type, c.Payee = "payment_request", document.Payee{Kind: document.PayeeSupplier, ID: tt.supplier}
		plan := route(t, shipped(t, "payment_request"), company(), c)
		var people []string
		for _, s := range plan.Steps {
			if s.Need == approval.NeedsPeople {
				people = append(people, s.ID)
			}
		}
		require.Equal(t, tt.want, strings.Join(people, " "))
	}
}

func TestTheLimitIsInThePolicysCurrency(t *testing.T) {
	rates := func(from, to money.Currency) (string, bool) { return "8", from == "EUR" && to == "CNY" }
	euro := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }
	in := policy.RouteInput{Policy: shipped(t, "expense"), Version: 1, Org: company(), Round: 1, Content: expense("lin", 0), Rates: rates}
	in.Content.Entity, in.Content.Currency = "de", "EUR"

	in.Content.Total, in.Content.BaseTotal = euro(12500), euro(12500)
	plan, err := policy.Route(in)
	require.NoError(t, err)
	require.Equal(t, `amount >= money("1000.00") is true: amount = 1000.00 CNY`, plan.Steps[0].Reason)

	in.Content.Total, in.Content.BaseTotal = yuan(99999), euro(12500) // written in the policy's own currency: exact
	plan, err = policy.Route(in)
	require.NoError(t, err)
	require.Equal(t, approval.AutoApprove, plan.Steps[0].Need)

	in.Content.Total, in.Rates = euro(1), nil
	_, err = policy.Route(in)
	require.ErrorContains(t, err, "policy.no_rate")
}

func TestEscalationFindsADifferentHuman(t *testing.T) {
	s := company()
	edit(s, "boss", func(p *org.Person) { p.Aliases = []string{"chief"} })
	for _, tt := range []struct {
		from       string
		interested []string
		want       approval.Approver
	}{
		{"lin", []string{"wu"}, approval.Approver{Person: "boss", Via: "escalated:lin"}},
		{"lin", []string{"boss"}, approval.Approver{Person: "chief", Via: "escalated:lin"}},
		{"boss", nil, approval.Approver{Person: approval.AdminQueue, Via: "fallback:no_manager"}}, // the chief is the same human
		{"chief", nil, approval.Approver{Person: approval.AdminQueue, Via: "fallback:no_manager"}},
		{approval.AdminQueue, nil, approval.Approver{Person: approval.AdminQueue, Via: "fallback:no_manager"}},
	} {
		require.Equal(t, tt.want, policy.NextApprover(s, tt.from, tt.interested), tt.from)
	}
	require.Equal(t, []approval.Approver{{Person: "clerk2", Via: "reassigned:finance_clerk"}},
		policy.Reassign(s, "finance_clerk", "cn", []string{"clerk"}))
	require.Equal(t, []approval.Approver{{Person: approval.AdminQueue, Via: "fallback:vacant"}},
		policy.Reassign(s, "cashier", "cn", nil))
}

func TestExplainSpeaksBothLanguages(t *testing.T) {
	company := company()
	edit(company, "boss", left)
	explain := func(minor int64, locale string) string {
		plan, remarks, err := policy.Trace(policy.RouteInput{Policy: shipped(t, "expense"), Content: expense("lin", minor),
			Org: company, Round: 1})
		require.NoError(t, err)
		return policy.Explain(plan, remarks, locale)
	}
	require.Contains(t, explain(100000, "en"), "1. Finance first review (finance_review): any of clerk "+
		"[holds the role finance_clerk], clerk2 [holds the role finance_clerk]; due in 1 workday\n")
	require.Contains(t, explain(100000, "en"), "any of chief [because the one found has left]; due in 2 workdays\n   amount >="+
		" money(\"1000.00\") is true: amount = 1000.00 CNY\n   passed over (the requester's direct manager): boss [has left]\n")
	require.Contains(t, explain(100000, "zh-CN"), "2. 主管审批 (supervisor): 或签：chief [原审批人已停用]；时限 2 个工作日\n")
	require.Contains(t, explain(100000, "zh-CN"), "   越过（申请人的直属主管）：boss [已停用]\n")
	require.Contains(t, explain(99999, "zh-CN"), "按规则自动通过\n   amount >= money(\"1000.00\") 不成立：amount = 999.99 CNY\n")
}
