package store_test

import (
	"context"
	"database/sql/driver"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/store"
)

func valuesOf(args any) []any {
	named, _ := args.([]driver.NamedValue)
	values := make([]any, 0, len(named))
	for _, a := range named {
		values = append(values, a.Value)
	}
	return values
}

// readers are people as their roles let them read.
func readers(busy string) map[string]access.Scope {
	return map[string]access.Scope{
		"an auditor":             {Person: "audit", All: true},
		"finance of an entity":   {Person: busy, Entities: []string{"acme-cn"}},
		"the head of a division": {Person: "zhao", Departments: []string{"sales", "seed-0"}},
		"a busy approver":        {Person: busy},
	}
}

// lists are the statements behind the inbox, documents, search, copies, notices,
// vouchers and what is parked, by name.
func (w *world) lists(s *store.Store, busy string) map[string]func(context.Context) error {
	all := map[string]func(context.Context) error{}
	for who, scope := range readers(busy) {
		for what, filter := range w.filters(scope) {
			all["documents of "+who+": "+what] = func(ctx context.Context) error {
				_, err := s.Documents(ctx, scope, filter)
				return err
			}
		}
		w.vouchers(s, who, scope, all)
		all["parked of "+who] = func(ctx context.Context) error {
			_, err := s.ParkedEffects(ctx, scope)
			return err
		}
		all["a document of "+who] = func(ctx context.Context) error {
			page, err := s.Documents(ctx, scope, store.DocumentFilter{Limit: 1})
			if err == nil {
				_, err = s.Document(ctx, scope, page.Items[0].ID)
			}
			return err
		}
	}
	var shown []string
	require.NoError(w.t, w.root.Select(&shown, `SELECT document FROM tasks WHERE assignee = $1 AND state = 'open' LIMIT 50`, busy))
	all["the marks of a page of tasks"] = func(ctx context.Context) error {
		_, err := s.Risks(ctx, shown)
		return err
	}
	w.inboxes(s, busy, all)
	w.searches(s, busy, all)
	return all
}

// searches are those of the record, by everybody who audits.
func (w *world) searches(s *store.Store, busy string, all map[string]func(context.Context) error) {
	var paid string
	require.NoError(w.t, w.root.Get(&paid, `SELECT cause FROM events WHERE kind = 'voucher.posted' LIMIT 1`))
	for who, scope := range map[string]access.Scope{
		"an auditor": everything, "an auditor of an entity": {Entities: []string{"acme-de"}},
	} {
		for what, filter := range map[string]store.RecordFilter{
			"all": {}, "somebody": {Person: busy}, "a kind": {Kinds: []string{approval.DocumentReturned}},
			"a document": {Number: "EXP-2026-000001"}, "an entity": {Entity: "acme-de"}, "a type": {Type: "advance"},
			"an act": {Cause: uuid.NewString()}, "a change of the organisation": {Cause: "org:1"},
			"a payment": {Cause: paid}, "every submission": {Cause: "submit:1", Limit: 10}, "no cause": {Cause: "nothing"},
		} {
			all["the record for "+who+": "+what] = func(ctx context.Context) error {
				_, err := s.SearchRecord(ctx, scope, filter)
				return err
			}
		}
	}
}

// vouchers are the lists of those whose role has them; who reads what concerns them
// alone is left out: that is all of it, and no page.
func (w *world) vouchers(s *store.Store, who string, scope access.Scope, all map[string]func(context.Context) error) {
	if !scope.All && len(scope.Entities) == 0 {
		return
	}
	scope.Person = ""
	for what, filter := range map[string]store.VoucherFilter{
		"all": {}, "posted": {States: []string{"posted"}}, "parked": {States: []string{"parked"}},
	} {
		all["vouchers of "+who+": "+what] = func(ctx context.Context) error {
			_, err := s.Vouchers(ctx, scope, filter)
			return err
		}
	}
}

// filters are what a page of documents asks for.
func (w *world) filters(scope access.Scope) map[string]store.DocumentFilter {
	first, err := w.s.Documents(w.ctx, scope, store.DocumentFilter{})
	require.NoError(w.t, err)
	return map[string]store.DocumentFilter{
		"all": {}, "the next page": {Cursor: first.Next}, "their own": {Submitter: scope.Person},
		"copies": {CopiedTo: scope.Person}, "unread copies": {CopiedTo: scope.Person, Unread: true},
		"returned":     {Statuses: []approval.Status{approval.Returned}},
		"drafts":       {Statuses: []approval.Status{approval.Draft}},
		"own":          {Submitter: scope.Person, Own: true},
		"own returned": {Submitter: scope.Person, Own: true, Statuses: []approval.Status{approval.Returned}},
		"own closed":   {Submitter: scope.Person, Statuses: []approval.Status{approval.Closed}},
		"of an entity": {Entities: []string{"acme-de"}},
		"of an amount": {Amounts: store.AmountRange{Currency: "CNY", From: 100_000, To: 900_000}},
		"for somebody": {People: []string{"s00003", ""}},
		"several": {Entities: []string{"acme-cn"}, Urgency: document.Urgent, Types: []string{"expense"},
			Amounts: store.AmountRange{Currency: "CNY", From: 100_000}},
		"interventions": {Intervened: true}, "of a type": {Types: []string{"advance"}},
		"a common word": {Query: "差旅"}, "a rare title": {Query: "软件许可年费 77"}, "nothing": {Query: "没有这样的"},
		"one character": {Query: "费"}, "a number": {Query: first.Items[0].Number},
		"the end of a number": {Query: "4711"}, "a kind of number": {Query: "EXP-"},
		"somebody":                {Query: "no title has it", Named: []string{"s00003", "lin"}},
		"a word of the last week": {Query: "差旅", From: first.Items[0].SubmittedAt.AddDate(0, 0, -7)},
	}
}

func (w *world) inboxes(s *store.Store, busy string, all map[string]func(context.Context) error) {
	for what, filter := range map[string]store.TaskFilter{
		"waiting": {Assignees: []string{busy, approval.AdminQueue}, Queues: access.Scope{All: true}},
		"done":    {View: store.TasksDecided, Delegate: busy}, "ended": {View: store.TasksEnded, Delegate: busy},
		"for others": {View: store.TasksForOthers, Delegate: busy},
	} {
		all["tasks "+what] = func(ctx context.Context) error {
			_, err := s.Tasks(ctx, filter)
			return err
		}
	}
	all["a glance"] = func(ctx context.Context) error {
		_, err := s.Glance(ctx, []string{busy})
		return err
	}
	all["notices"] = func(ctx context.Context) error {
		_, err := s.Notices(ctx, busy, "")
		return err
	}
	all["unread copies"] = func(ctx context.Context) error {
		_, err := s.UnreadCopies(ctx, busy)
		return err
	}
	all["own documents by status"] = func(ctx context.Context) error {
		_, err := s.OwnDocuments(ctx, "s00000", 1000)
		return err
	}
}
