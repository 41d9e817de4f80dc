package seeding

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/voucher"
)

// table is one that is copied into, and its columns.
type table struct {
	name    string
	columns []string
}

func columns(text string) []string { return strings.Fields(text) }

// The tables in the order of their references.
var tables = []table{
	{"documents", columns(`id number type title reason entity department submitter requester payee_kind payee_id
		payee_name payee_account urgency status round revision content_hash seq head_hash total_minor currency
		base_minor base_currency step step_titles deciders parked_ref parked_code parked_detail parked_at voucher_ref
		voucher_number draft created_at sorted_at submitted_at updated_at closed_at asked_at`)},
	{"revisions", columns(`document revision hash content actor created_at submitted_at`)},
	{"events", columns(`stream seq at kind actor on_behalf_of cause round revision content_hash data prev hash v`)},
	{"causes", columns(`stream cause first_seq last_seq outcome at`)},
	{"tasks", columns(`id document step step_title round assignee via slot state decided_by decided_at opinion opened_at
		opened_seq due_at remind_at calendar calendar_version counted_at sorted_at`)},
	{"vouchers", columns(`reference document kind entity state erp_id erp_number date hash voucher code detail created_at
		posted_at`)},
	{"notices", columns(`id kind person role entity document task quiet data created_at next_try sent_at`)},
	{"copies", columns(`batch document person made_by how remark made_at read_at sorted_at`)},
	{"comments", columns(`id document author kind text at`)},
}

// Places in tables.
const (
	documentsTable = iota
	revisionsTable
	eventsTable
	causesTable
	tasksTable
	vouchersTable
	noticesTable
	copiesTable
	commentsTable
)

// draftRow is a document that nobody submitted.
func (c *chunk) draftRow(a asked) error {
	content, err := json.Marshal(a.content)
	if err != nil {
		return err
	}
	row := append([]any{a.id, nil}, summary(a)...)
	c.add(documentsTable, append(row, "draft", 0, 0, "", 0, "", a.content.Total.Minor, string(a.content.Total.Currency),
		a.content.BaseTotal.Minor, string(a.content.BaseTotal.Currency), "", "{}", "{}", "", "", "", nil, "", "",
		string(content), a.at, a.at, nil, a.at, nil, nil)...)
	return nil
}

func summary(a asked) []any {
	c := a.content
	return []any{c.Type, c.Title, c.Reason, c.Entity, c.Department, c.Submitter, c.Requester, string(c.Payee.Kind),
		c.Payee.ID, c.Payee.Name, c.Payee.Account, string(c.Urgency)}
}

// rows adds everything of a document.
func (c *chunk) rows(s *story) error {
	if err := c.documentRow(s); err != nil {
		return err
	}
	c.add(revisionsTable, s.id, 1, s.hash, s.text, s.content.Submitter, s.at, s.at)
	for _, e := range s.events {
		c.add(eventsTable, e.Stream, e.Seq, e.At, e.Kind, e.Actor, e.OnBehalfOf, e.Cause, e.Round, e.Revision,
			e.ContentHash, string(e.Data), e.Prev, e.Hash, e.V)
	}
	c.causes(s)
	for i, t := range s.state.Tasks {
		c.taskRow(s, t, s.opened[i])
	}
	if err := c.voucherRow(s); err != nil {
		return err
	}
	c.told(s)
	return nil
}

// causes are what the events came from: those of one stand together.
func (c *chunk) causes(s *story) {
	for first := 0; first < len(s.events); {
		last := first
		for last+1 < len(s.events) && s.events[last+1].Cause == s.events[first].Cause {
			last++
		}
		c.add(causesTable, s.id, s.events[first].Cause, s.events[first].Seq, s.events[last].Seq, `{"code":"ok"}`,
			s.events[last].At)
		first = last + 1
	}
}

func (c *chunk) documentRow(s *story) error {
	last := s.events[len(s.events)-1]
	titles := map[string]map[string]string{}
	step := ""
	for i, one := range s.state.Plan.Steps {
		titles[one.ID] = one.Title
		if i == s.state.Step && len(s.state.OpenTasks()) > 0 {
			step = one.ID
		}
	}
	titlesText, err := json.Marshal(titles)
	if err != nil {
		return err
	}
	parkedRef, parkedCode, parkedDetail, voucherRef, voucherNumber := "", "", "", "", ""
	var parkedAt, closedAt any
	if e := s.state.Effect; e != nil && e.State == approval.EffectParked {
		parkedRef, parkedCode, parkedDetail, parkedAt = e.Reference, e.Code, e.Detail, last.At
	} else if e != nil && e.State == approval.EffectPosted {
		voucherRef, voucherNumber = e.Reference, e.Number
	}
	if s.state.Status.Final() {
		closedAt = last.At
	}
	row := append([]any{s.id, s.number}, summary(s.asked)...)
	c.add(documentsTable, append(row, string(s.state.Status), s.state.Round, s.state.Revision, s.hash,
		s.state.Seq, last.Hash, s.content.Total.Minor, string(s.content.Total.Currency), s.content.BaseTotal.Minor,
		string(s.content.BaseTotal.Currency), step, string(titlesText),
		"{"+strings.Join(s.state.Deciders, ",")+"}", parkedRef, parkedCode,
		parkedDetail, parkedAt, voucherRef, voucherNumber, nil, s.at, s.at, s.at, last.At, closedAt, s.at)...)
	return nil
}

func (c *chunk) taskRow(s *story, t approval.Task, opened int64) {
	at := slices.IndexFunc(s.state.Plan.Steps, func(step approval.Step) bool { return step.ID == t.Step })
	title, _ := json.Marshal(s.state.Plan.Steps[at].Title) // text by locale
	c.add(tasksTable, t.ID, s.id, t.Step, string(title), t.Round, t.Assignee, t.Via, t.Slot, string(t.State), t.DecidedBy,
		orNull(t.DecidedAt), t.Opinion, t.OpenedAt, opened, orNull(t.DueAt), "[]", "cn-office", 1, t.OpenedAt, s.at)
}

// voucherRow is what the books answered, as far as a list and a page show it.
func (c *chunk) voucherRow(s *story) error {
	effect := s.state.Effect
	if effect == nil {
		return nil
	}
	last := s.events[len(s.events)-1]
	entry := func(side voucher.Side, account string) voucher.Entry {
		return voucher.Entry{Side: side, Account: account, Amount: s.content.Total, Base: s.content.BaseTotal,
			Text: s.content.Title}
	}
	v := voucher.Voucher{Reference: effect.Reference, Short: voucher.Short(effect.Reference), Document: s.id,
		Number: s.number, Kind: voucher.Accrual, Revision: 1, Entity: s.content.Entity, Journal: "EXP",
		Date: last.At.Format(time.DateOnly), Text: s.content.Title,
		Entries: []voucher.Entry{entry(voucher.Debit, "6602"), entry(voucher.Credit, "2241")}}
	text, err := evidence.Canonical(v)
	if err != nil {
		return err
	}
	state, id, posted := "posted", fmt.Sprint(s.n), any(last.At)
	if effect.State == approval.EffectParked {
		state, id, posted = "parked", "", nil
	}
	c.add(vouchersTable, v.Reference, s.id, string(v.Kind), v.Entity, state, id, effect.Number, v.Date, hashOf(text),
		string(text), effect.Code, effect.Detail, last.At, posted)
	return nil
}

const (
	copiedEvery    = 20
	commentedEvery = 30
)

// told adds notices, copies and remarks.
func (c *chunk) told(s *story) {
	last := s.events[len(s.events)-1]
	data, _ := json.Marshal(map[string]string{ // text only
		"number": s.number, "title": s.content.Title, "amount_minor": fmt.Sprint(s.content.Total.Minor),
		"currency": string(s.content.Total.Currency), "by": s.content.Submitter})
	notice := func(kind, person, task string, at time.Time) {
		id := fmt.Sprintf("%s.%d.0.%s", s.id, s.state.Seq, person)
		c.add(noticesTable, id, kind, person, "", s.content.Entity, s.id, task, false, string(data), at, at, at)
	}
	for _, t := range s.state.OpenTasks() {
		notice("task.opened", t.Assignee, t.ID, t.OpenedAt)
	}
	if s.state.Status.Final() {
		notice("document."+string(s.state.Status), s.content.Submitter, "", last.At)
	}
	reader := c.world.company.askers[s.random.IntN(len(c.world.company.askers))].ID
	if s.n%copiedEvery == 0 && reader != s.content.Submitter {
		var read any
		if s.random.IntN(4) > 0 {
			read = last.At
		}
		c.add(copiesTable, s.freshID(), s.id, reader, s.content.Submitter, "cc", "", last.At, read, s.at)
	}
	if s.n%commentedEvery == 0 {
		c.add(commentsTable, s.freshID(), s.id, s.content.Submitter, "comment", "请尽快处理，谢谢。", last.At)
	}
}

func orNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
