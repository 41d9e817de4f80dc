package notice_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/notice"
)

var summary = notice.Summary{
	Document: "d1", Number: "EXP-1", Title: "Taxi", Entity: "e1", Submitter: "sue", Requester: "rob",
	Total: money.Amount{Minor: 82000, Currency: "CNY"}, Deciders: []string{"li", "wu"},
	Steps: map[string]map[string]string{"s1": {"en": "Review", "zh-CN": "复核"}},
}

func event(kind, actor string, data any) evidence.Event {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	return evidence.Event{Stream: "d1", Seq: 9, Kind: kind, Actor: actor, Data: raw}
}

var (
	due   = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	ended = approval.EndedData{Step: "s1", Reason: "no receipt"}
)

func task(who, reason string) approval.TaskEndedData {
	return approval.TaskEndedData{
		Task: "t1", Step: "s1", Assignee: who, Reason: reason, Opinion: "sold", To: []string{"max", "mia"},
	}
}

func behalf(of string) evidence.Event {
	e := event(approval.TaskWasRejected, "wu", task(of, ""))
	e.OnBehalfOf = of
	return e
}

func sanctioned(actor, behalf string) evidence.Event {
	yuan := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "CNY"} }
	e := event(approval.DocumentSanctioned, actor, approval.SanctionedData{Task: "t1", Step: "s1", Opinion: "too dear",
		Sanction: document.Sanction{Claimed: yuan(82000), Was: yuan(82000), Now: yuan(6000)}})
	e.OnBehalfOf = behalf
	return e
}

// owing is each kind of event, and whom it owes what.
var owing = []struct {
	name string
	e    evidence.Event
	want []string // kind → whom, ! for quiet
	own  map[string]string
}{
	{"a new task", event(approval.TaskOpened, approval.SystemPolicy,
		approval.TaskOpenedData{Task: "t1", Step: "s1", Assignee: "li", Via: "manager:1", DueAt: due}),
		[]string{"task.opened → li"}, map[string]string{"due_at": "2026-11-24T01:00:00Z", "via": "manager:1",
			"step": "s1", "step.zh-CN": "复核"}},
	{"a new task of the queue", event(approval.TaskOpened, approval.SystemPolicy,
		approval.TaskOpenedData{Task: "t1", Step: "s1", Assignee: approval.AdminQueue}),
		[]string{"task.opened → role admin of e1"}, nil},
	{"a reminder", event(approval.TaskReminded, approval.SystemDeadline,
		approval.TaskRemindedData{Task: "t1", Step: "s1", Assignee: "li", N: 2}),
		[]string{"task.reminded → li"}, map[string]string{"n": "2"}},
	{"a deadline that nobody answers for", event(approval.TaskOverdue, approval.SystemDeadline,
		approval.TaskRemindedData{Task: "t1", Step: "s1", Assignee: approval.AdminQueue}),
		[]string{"task.overdue → role admin of e1"}, nil},
	{"ended by another's decision", event(approval.TaskWasSuperseded, "wu", task("li", "approve")),
		[]string{"task.superseded → li!"}, map[string]string{"by": "wu", "act": "approve"}},
	{"ended by one's own", event(approval.TaskWasSuperseded, "li", task("li", "approve")), nil, nil},
	{"of the queue: every admin sees it there", event(approval.TaskWasSuperseded, "wu", task(approval.AdminQueue,
		"approve")), nil, nil},
	{"ended by the withdrawal", event(approval.TaskWasSuperseded, "sue", task("zoe", "withdraw")),
		[]string{"document.withdrawn → zoe"}, map[string]string{"by": "sue", "reason": "sold"}},
	{"passed on", event(approval.TaskWasEscalated, approval.SystemDeadline, task("li", "escalate")),
		[]string{"task.escalated → li", "task.escalated → sue"}, map[string]string{"to": "max,mia"}},
	{"returned", event(approval.DocumentReturned, "li", ended),
		[]string{"document.returned → sue", "document.returned → rob"}, map[string]string{"by": "li",
			"reason": "no receipt"}},
	{"sanctioned by a delegate", sanctioned("wu", "li"),
		[]string{"document.sanctioned → sue", "document.sanctioned → rob", "document.sanctioned → li"},
		map[string]string{"by": "wu", "reason": "too dear", "claimed": "820.00 CNY", "was": "820.00 CNY", "now": "60.00 CNY"}},
	{"sanctioned for the queue", sanctioned("wu", approval.AdminQueue),
		[]string{"document.sanctioned → sue", "document.sanctioned → rob"}, nil},
	{"amended", event(approval.DocumentAmended, "li", approval.AmendedData{
		Task: "t1", Step: "s1", Opinion: "wrong", Changes: []document.Change{{Field: "title", Now: "x"}}}),
		[]string{"document.amended → sue", "document.amended → rob"}, map[string]string{"n": "1", "reason": "wrong"}},
	{"rejected", event(approval.DocumentRejected, approval.SystemDeadline, ended),
		[]string{"document.rejected → sue", "document.rejected → rob"}, map[string]string{"by": "system:deadline"}},
	{"approved", event(approval.DocumentApproved, "li", approval.EndedData{}),
		[]string{"document.approved → sue", "document.approved → rob"}, map[string]string{"by": "li"}},
	{"closed", event(approval.DocumentClosed, approval.SystemPosting, approval.EndedData{Reason: "posted"}),
		[]string{"document.closed → sue", "document.closed → rob"}, map[string]string{"reason": "posted"}},
	{"closed with nothing to post", event(approval.DocumentClosed, approval.SystemPolicy,
		approval.EndedData{Reason: "no_posting"}), []string{"document.closed → sue!", "document.closed → rob!"}, nil},
	{"withdrawn", event(approval.DocumentWithdrawn, "sue", ended),
		[]string{"document.withdrawn → li", "document.withdrawn → wu"}, map[string]string{"by": "sue"}},
	{"parked", event(approval.VoucherParked, approval.SystemPosting,
		approval.EffectData{Reference: "v:d1:accrual:1", Code: "erp.refused", Detail: "closed"}),
		[]string{"voucher.parked → role finance_clerk of e1"},
		map[string]string{"code": "erp.refused", "detail": "closed", "reference": "v:d1:accrual:1"}},
	{"no route", event(approval.PlanFailed, approval.SystemPolicy, approval.PlanFailedData{Code: "plan.no_steps"}),
		[]string{"plan.failed → role admin of e1"}, map[string]string{"code": "plan.no_steps"}},
	{"taken by an administrator", event(approval.TaskWasReassigned, "ada", task("li", "")),
		[]string{"task.reassigned → li", "task.reassigned → sue", "task.reassigned → rob"},
		map[string]string{"by": "ada", "to": "max,mia", "reason": "sold"}},
	{"ended by an administrator", event(approval.TaskWasSuperseded, "ada", task("li", "intervene")),
		[]string{"task.superseded → li"}, nil},
	{"released", event(approval.ClockReleased, "ada", approval.ClockData{Task: "t1", Step: "s1", To: "li", Reason: "left"}),
		[]string{"clock.released → li", "clock.released → sue", "clock.released → rob"},
		map[string]string{"by": "ada", "reason": "left"}},
	{"moved to another step", event(approval.StepJumped, "ada", approval.StepJumpedData{Step: "s1", Reason: "left"}),
		[]string{"step.jumped → sue", "step.jumped → rob"}, map[string]string{"by": "ada", "reason": "left", "step": "s1"}},
	{"planned anew", event(approval.PlanDiscarded, "ada", approval.PlanDiscardedData{Reason: "moved"}),
		[]string{"plan.discarded → sue", "plan.discarded → rob"}, map[string]string{"by": "ada", "reason": "moved"}},
	{"voided", event(approval.DocumentVoided, "ada", ended),
		[]string{"document.voided → sue", "document.voided → rob", "document.voided → li", "document.voided → wu"},
		map[string]string{"by": "ada", "reason": "no receipt"}},
	{"a step", event(approval.StepPassed, "li", approval.StepData{Step: "s1"}), nil, nil},
	{"a decision: the document's own notice tells it", event(approval.TaskWasApproved, "li", task("li", "")), nil, nil},
	{"a decision for somebody else", behalf("li"), []string{"task.decided_for → li"},
		map[string]string{"by": "wu", "act": "reject", "step": "s1"}},
	{"a decision for the queue", behalf(approval.AdminQueue), nil, nil},
	{"what cannot be read", evidence.Event{Kind: approval.TaskOpened, Data: json.RawMessage(`[]`)}, nil, nil},
}

func TestOwed(t *testing.T) {
	for _, tt := range owing {
		t.Run(tt.name, func(t *testing.T) {
			owed := notice.Owed(tt.e, summary)
			require.Equal(t, tt.want, told(owed))
			require.Equal(t, owed, notice.Owed(tt.e, summary), "the same event owes the same")
			for _, n := range owed {
				require.Equal(t, "d1", n.Document)
				require.Contains(t, notice.Kinds(), n.Kind)
				for name, value := range map[string]string{
					"number": "EXP-1", "title": "Taxi", "amount_minor": "82000", "currency": "CNY",
				} {
					require.Equal(t, value, n.Data[name])
				}
				for name, value := range tt.own {
					require.Equal(t, value, n.Data[name], name)
				}
			}
		})
	}
}

func TestNobodyIsToldWhatTheyDid(t *testing.T) {
	same := summary
	same.Requester = "sue"
	require.Equal(t, []string{"document.returned → sue"},
		told(notice.Owed(event(approval.DocumentReturned, "li", approval.EndedData{}), same)), "nor twice")
	void := event(approval.DocumentClosed, "sue", approval.EndedData{Reason: "void"})
	require.Empty(t, notice.Owed(void, same))
}

func TestOneTransitionTellsEachOnce(t *testing.T) {
	ended := func(id, who string) evidence.Event {
		return event(approval.TaskWasSuperseded, "sue", approval.TaskEndedData{Task: id, Assignee: who, Reason: "withdraw"})
	}
	withdrawn := event(approval.DocumentWithdrawn, "sue", approval.EndedData{Step: "s1"})
	owed := notice.OwedAll([]evidence.Event{ended("t3", "li"), ended("t4", "zoe"), ended("t5", "zoe"), withdrawn}, summary)
	require.Equal(t, []string{
		"document.withdrawn → zoe", "document.withdrawn → li", "document.withdrawn → wu",
	}, told(owed))

	opened := func(id string) evidence.Event {
		return event(approval.TaskOpened, "system:policy", approval.TaskOpenedData{Task: id, Assignee: approval.AdminQueue})
	}
	require.Len(t, notice.OwedAll([]evidence.Event{opened("t1"), opened("t2")}, summary), 2, "two things to do")
}

func told(owed []notice.Notice) []string {
	var all []string
	for _, n := range owed {
		whom := n.Person
		if n.Role != "" {
			whom += "role " + n.Role + " of " + n.Entity
		}
		if n.Quiet {
			whom += "!"
		}
		all = append(all, n.Kind+" → "+whom)
	}
	return all
}
