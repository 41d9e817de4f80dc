package seeding

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
)

// story is one document as its events tell it.
type story struct {
	asked
	hash   string
	text   string // the content that was hashed
	events []evidence.Event
	state  approval.State
	opened []int64 // number of the event that opened each task of the state
}

// teller has the approval core decide what happens to a document of a fate, among
// people who are tokens: the model that documents are stamped from.
type teller struct {
	story
	fate fate
	acts int
}

// modelInstant is when everything happens in a model.
var modelInstant = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// modelDue is when tasks are due in one: found in the text of events by its token.
var modelDue = modelInstant.AddDate(1, 0, 0)

// told is the story of a model.
func told(policy string, f fate) (*story, error) {
	t := &teller{fate: f}
	t.id, t.number = tokenDocument, "EXP-2001-000001"
	data, err := json.Marshal(approval.SubmittedData{Number: t.number, Type: policy, Submitter: tokenAsker,
		Requester: tokenAsker})
	if err != nil {
		return nil, err
	}
	draft := evidence.Draft{Kind: approval.DocumentSubmitted, Actor: tokenAsker, Round: 1, Revision: 1, Data: data}
	t.events, err = evidence.Seal(evidence.Event{}, []evidence.Draft{draft}, submitCause, modelInstant, t.id)
	if err != nil {
		return nil, err
	}
	if t.state, err = approval.Start(t.events[0]); err != nil {
		return nil, err
	}
	if err := t.does(approval.Planned{Plan: planFor(policy, f)}); err != nil {
		return nil, fmt.Errorf("routing: %w", err)
	}
	if err := t.decided(); err != nil {
		return nil, fmt.Errorf("deciding: %w", err)
	}
	return &t.story, t.settled()
}

const submitCause = "submit:1" // as the store names it

// does judges a command and takes its events.
func (t *teller) does(c approval.Command) error {
	drafts, err := t.state.Judge(c, modelInstant)
	if err != nil {
		return err
	}
	for i := range drafts {
		if drafts[i].Kind == approval.TaskOpened {
			if drafts[i].Data, err = stampedDue(drafts[i].Data); err != nil {
				return err
			}
			t.opened = append(t.opened, t.state.Seq+int64(i)+1)
		}
	}
	events, err := evidence.Seal(t.events[len(t.events)-1], drafts, c.Cause(), modelInstant, t.id)
	if err != nil {
		return err
	}
	t.events = append(t.events, events...)
	t.state = t.state.Fold(events)
	return nil
}

// stampedDue is a task that opens, with its deadline, as the record writes it.
func stampedDue(data json.RawMessage) (json.RawMessage, error) {
	var opened approval.TaskOpenedData
	if err := json.Unmarshal(data, &opened); err != nil {
		return nil, err
	}
	opened.DueAt, opened.CalendarVersion = modelDue, 1
	return json.Marshal(opened)
}

// act decides the first open task of the document.
func (t *teller) act(name approval.Name, opinion string) error {
	task := t.state.OpenTasks()[0]
	return t.does(approval.Act{ID: t.nextAct(), Name: name, Document: t.id, Task: task.ID, Round: t.state.Round,
		Actor: task.Assignee, Opinion: opinion, Channel: "web"})
}

func (t *teller) nextAct() string {
	t.acts++
	return tokenActs[t.acts-1]
}

// decided brings the document as far as its fate says.
func (t *teller) decided() error {
	switch t.fate {
	case rejected:
		return t.act(approval.Reject, "预算不足，下季度再提")
	case returned:
		return t.act(approval.Return, "请补充行程单")
	case withdrawn:
		return t.does(approval.Act{ID: t.nextAct(), Name: approval.Withdraw, Document: t.id, Actor: tokenAsker,
			Opinion: "重复提交", Channel: "web"})
	case waitsForTwo:
		return nil
	}
	leave := map[fate]int{waitsForManager: 2, waitsForHead: 1}[t.fate] // steps that wait
	for len(t.state.OpenTasks()) > 0 && len(t.state.Plan.Steps)-t.state.Step > leave {
		if err := t.act(approval.Approve, ""); err != nil {
			return err
		}
	}
	return nil
}

// settled brings what was approved into the books, or says why it is not there.
func (t *teller) settled() error {
	if t.state.Effect == nil {
		return nil
	}
	answer := approval.Settled{Reference: t.state.Effect.Reference, Posted: true, ID: tokenPlace, Number: tokenJournal}
	if t.fate == parked {
		answer = approval.Settled{Reference: t.state.Effect.Reference, Code: "erp.period_closed", Detail: "period is closed"}
	}
	return t.does(answer)
}

// planFor is a route as the shipped policies give it: by rule alone, by the manager,
// or by finance, the manager and the head of finance.
func planFor(policy string, f fate) approval.Plan {
	p := approval.Plan{Round: 1, Policy: policy, PolicyVersion: 1, PolicyHash: planHash, OrgVersion: 1,
		Interested: []string{tokenAsker}, Then: []string{approval.ThenAccrue}, Rules: approval.RulesNow}
	review := step("finance_review", "财务初审", "Finance first review", "role:finance_clerk")
	supervisor := step("supervisor", "主管审批", "Supervisor", "manager:1", tokenManager)
	switch f {
	case closedByRule:
		p.Steps = []approval.Step{review}
	case closedBriefly:
		p.Steps = []approval.Step{supervisor}
	default:
		review = step("finance_review", "财务初审", "Finance first review", "role:finance_clerk", tokenClerk, tokenOther)
		head := step("finance_head", "财务负责人终审", "Head of finance", "role:finance_head", tokenHead)
		p.Steps = []approval.Step{review, supervisor, head}
	}
	return p
}

const planHash = "5eed000000000000000000000000000000000000000000000000000000000000"

// step is one of the plan; without people it is approved by rule.
func step(id, chinese, english, via string, people ...string) approval.Step {
	s := approval.Step{ID: id, Title: map[string]string{"zh-CN": chinese, "en": english}, Need: approval.AutoApprove,
		Reason: `amount >= money("1000.00"): false`}
	if len(people) == 0 {
		return s
	}
	s.Need, s.Mode, s.Reason = approval.NeedsPeople, approval.AnyOf, `amount >= money("1000.00"): true`
	s.Clock = approval.Clock{Calendar: "cn-office", Due: calendar.Duration{Count: 1, Unit: calendar.WorkDay}}
	s.OnTimeout = approval.Timeout{Do: approval.TimeoutEscalate}
	for _, person := range people {
		s.Approvers = append(s.Approvers, approval.Approver{Person: person, Via: via})
	}
	return s
}
