package pages

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// taskRow is one task in a list.
type taskRow struct {
	Document, Number, Title, Type, Applicant, Step, Queue, For string

	Task, Hash string
	Round      int
	Open       bool // it may be ticked
	Picked     bool

	Total    money.Amount
	Claimed  money.Amount // where less was sanctioned
	Urgent   bool
	Due      deadline
	State    approval.TaskState
	Decided  stamp
	Standing approval.Status
}

func (v *visit) taskRow(t store.Task) taskRow {
	row := taskRow{
		Document: t.Document, Number: t.Number, Title: t.Title, Type: v.typeTitle(t.Type), Applicant: v.name(t.Requester),
		Step: i18n.Pick(t.StepTitle, v.locale), Total: t.Total, Claimed: t.Claimed, Urgent: t.Urgency == document.Urgent,
		Task: t.ID, Round: t.Round, Hash: t.ContentHash, Open: pickable(t),
		Due: v.due(t.DueAt, t.Entity), State: t.State, Decided: v.stamp(t.DecidedAt, t.Entity), Standing: t.DocumentStatus,
	}
	if t.Assignee == approval.AdminQueue {
		row.Queue = v.name(t.Assignee)
	} else if t.Assignee != v.who.Person.ID {
		row.For = v.name(t.Assignee)
	}
	return row
}

type homeView struct {
	Tasks    []taskRow
	Total    int64
	Next     string // address of the next page, "" for none
	Counts   []count
	Recent   []documentRow
	Returned []documentRow
	Unread   int64 // documents that the reader was copied in on and did not open
	Key      string
	Cursor   string
	Sent     bulkSent
	Many     bool // some may be ticked
}

// count is how many documents of one's own stand somewhere.
type count struct {
	Key, Path string
	Number    int64
}

const (
	recentMost   = 5
	returnedMost = 20
)

// home handles GET /: what waits for the reader, and how their own documents stand.
func home(v *visit) error {
	var s bulkSent
	if form, ok := v.held("/"); ok {
		s = bulkSent{Picked: form["pick"], Text: form.Get("opinion"), Again: true}
	}
	return v.home(http.StatusOK, s)
}

// home shows the tasks, with what was ticked where that was refused as a whole.
func (v *visit) home(status int, s bulkSent) error {
	ctx := v.r.Context()
	view := homeView{Key: random(), Cursor: v.asked("cursor"), Sent: s}
	if err := v.openTasks(&view); err != nil {
		return err
	}
	var err error
	if view.Unread, err = v.desk().UnreadCopies(ctx, v.who); err != nil {
		return err
	}
	mine, err := v.desk().Documents(ctx, v.who, store.DocumentFilter{Submitter: v.who.Person.ID, Limit: recentMost})
	if err != nil {
		return err
	}
	view.Recent = v.documentRows(mine.Items)
	returned, err := v.desk().Documents(ctx, v.who, store.DocumentFilter{
		Submitter: v.who.Person.ID, Statuses: []approval.Status{approval.Returned}, Limit: returnedMost,
	})
	if err != nil {
		return err
	}
	view.Returned = v.documentRows(returned.Items)
	if view.Counts, err = v.counts(); err != nil {
		return err
	}
	return v.show(status, v.t("page.home.title"), view)
}

func (v *visit) openTasks(view *homeView) error {
	page, err := v.desk().Tasks(v.r.Context(), v.who, store.TaskFilter{Cursor: v.asked("cursor"), WithTotal: true})
	if err != nil {
		return err
	}
	view.Next = nextAt("/", url.Values{}, page.Next)
	if page.Total != nil {
		view.Total = *page.Total
	}
	for _, t := range page.Items {
		row := v.taskRow(t)
		row.Picked = slices.Contains(view.Sent.Picked, row.Pick())
		view.Many = view.Many || row.Open
		view.Tasks = append(view.Tasks, row)
	}
	return nil
}

// counts says how many of the reader's documents are drafts, under way and done.
func (v *visit) counts() ([]count, error) {
	var list []count
	for _, group := range groups {
		if group.name == groupReturned {
			continue // shown one by one
		}
		page, err := v.desk().Documents(v.r.Context(), v.who, store.DocumentFilter{
			Submitter: v.who.Person.ID, Statuses: group.statuses, Limit: 1, WithTotal: true,
		})
		if err != nil {
			return nil, err
		}
		list = append(list, count{"page.group." + group.name, "/documents?status=" + group.name, *page.Total})
	}
	return list, nil
}

// doneTasks handles GET /tasks/done: what the reader decided, and what ended without them.
func doneTasks(v *visit) error {
	page, err := v.desk().Tasks(v.r.Context(), v.who, store.TaskFilter{
		Cursor: v.asked("cursor"),
		States: []approval.TaskState{
			approval.TaskApproved, approval.TaskRejected, approval.TaskReturned, approval.TaskSuperseded,
			approval.TaskEscalated, approval.TaskExpired,
		},
	})
	if err != nil {
		return err
	}
	view := homeView{Next: nextAt("/tasks/done", url.Values{}, page.Next)}
	for _, t := range page.Items {
		view.Tasks = append(view.Tasks, v.taskRow(t))
	}
	return v.show(http.StatusOK, v.t("page.done.title"), view)
}

// nextAt is the address of the next page of a list, "" at the end.
func nextAt(path string, query url.Values, cursor string) string {
	if cursor == "" {
		return ""
	}
	query.Set("cursor", cursor)
	return path + "?" + query.Encode()
}

// group is a set of statuses that people look for together.
type group struct {
	name     string
	statuses []approval.Status
}

const groupReturned = "returned"

var groups = []group{
	{"draft", []approval.Status{approval.Draft}},
	{groupReturned, []approval.Status{approval.Returned}},
	{"open", []approval.Status{approval.Submitted, approval.Pending, approval.Approved, approval.Parked, approval.Posted}},
	{"closed", []approval.Status{approval.Closed}},
	{"stopped", []approval.Status{approval.Rejected, approval.Withdrawn, approval.Voided}},
}

func statusesOf(name string) []approval.Status {
	at := slices.IndexFunc(groups, func(g group) bool { return g.name == name })
	if at < 0 {
		return nil
	}
	return groups[at].statuses
}
