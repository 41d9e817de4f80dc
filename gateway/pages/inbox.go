package pages

import (
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// The parts of the inbox.
const (
	doneAt      = "/tasks/done"
	sentAt      = "/tasks/sent"
	copiedAt    = "/tasks/copied"
	delegatedAt = "/tasks/delegated"
)

// countMost is as far as the pages count a list.
const countMost = desk.CountMost

// tab is one part of the inbox, with how much there is in it.
type tab struct {
	Key, Path, Count string
	Current          bool
}

// tabs are the parts of the inbox. What is under way of one's own counts as sent, and
// what was not opened yet as copied.
func tabs(counts desk.InboxCounts, current string) []tab {
	var sent int64
	for _, status := range append(statusesOf("open"), approval.Returned) {
		sent += counts.Sent[status]
	}
	list := []tab{
		{Key: "page.inbox.tab.waiting", Path: "/", Count: counted(counts.Waiting)},
		{Key: "page.inbox.tab.done", Path: doneAt, Count: counted(counts.Done)},
		{Key: "page.inbox.tab.sent", Path: sentAt, Count: counted(sent)},
		{Key: "page.inbox.tab.copied", Path: copiedAt, Count: counted(counts.Copied)},
		{Key: "page.inbox.tab.delegated", Path: delegatedAt, Count: counted(counts.Delegated)},
	}
	for i := range list {
		list[i].Current = list[i].Path == current
	}
	return list
}

// counted is a number as far as it is counted.
func counted(n int64) string {
	if n >= countMost {
		return strconv.Itoa(countMost-1) + "+"
	}
	return strconv.FormatInt(n, 10)
}

// inbox is how the reader's inbox stands, asked once a request.
func (v *visit) inbox() (desk.Inbox, error) {
	if v.inboxNow != nil {
		return *v.inboxNow, nil
	}
	inbox, err := v.desk().Inbox(v.r.Context(), v.who)
	if err == nil {
		v.inboxNow = &inbox
	}
	return inbox, err
}

// badge is what the navigation shows beside the inbox; it is worth no error.
func (v *visit) badge() string {
	if !access.Has(v.who.Subject, access.TaskDecide) {
		return ""
	}
	inbox, err := v.inbox()
	if err != nil {
		slog.WarnContext(v.r.Context(), "no badge", "error", err.Error())
		return ""
	}
	return badge(inbox)
}

// tasksView is a list of tasks that are over, or that wait for others.
type tasksView struct {
	Tabs  []tab
	Shows []tab // the lists to choose from
	Tasks []taskRow
	Done  bool
	Empty string // key of what is said of an empty list
	Next  string
}

// doneTasks handles GET /tasks/done: what the reader decided, and what ended without
// a decision of theirs.
func doneTasks(v *visit) error {
	return v.tasks(doneAt, []taskList{
		{"", store.TasksDecided, "page.inbox.show.decided", "page.done.empty"},
		{"ended", store.TasksEnded, "page.inbox.show.ended", "page.inbox.empty.ended"},
	})
}

// delegatedTasks handles GET /tasks/delegated: what the reader may decide for others
// and did, and what others decided for them.
func delegatedTasks(v *visit) error {
	return v.tasks(delegatedAt, []taskList{
		{"", store.TasksAsked, "page.inbox.show.for_others", "page.inbox.empty.for_others"},
		{"decided", store.TasksForOthers, "page.inbox.show.decided_for", "page.inbox.empty.decided_for"},
		{"by_others", store.TasksByOthers, "page.inbox.show.by_others", "page.inbox.empty.by_others"},
	})
}

// taskList is one of the lists of a part of the inbox.
type taskList struct {
	name       string
	view       store.TaskView
	key, empty string
}

// tasks shows the list that was asked for, the first if none was.
func (v *visit) tasks(path string, lists []taskList) error {
	shown := lists[0]
	for _, l := range lists {
		if l.name == v.asked("show") {
			shown = l
		}
	}
	read := v.desk().Tasks
	if shown.view == store.TasksAsked {
		read = v.desk().Delegated
	}
	page, err := read(v.r.Context(), v.who, store.TaskFilter{View: shown.view, Cursor: v.asked("cursor")})
	if err != nil {
		return err
	}
	view := tasksView{Done: shown.view != store.TasksAsked, Empty: shown.empty}
	query := url.Values{}
	for _, l := range lists {
		t := tab{Key: l.key, Path: path, Current: l == shown}
		if l.name != "" {
			t.Path += "?show=" + l.name
		}
		view.Shows = append(view.Shows, t)
	}
	if shown.name != "" {
		query.Set("show", shown.name)
	}
	view.Next = nextAt(path, query, page.Next)
	if view.Tasks, err = v.taskRows(page.Items); err != nil {
		return err
	}
	if view.Tabs, err = v.tabs(path); err != nil {
		return err
	}
	return v.show(http.StatusOK, v.t("page.home.title"), view)
}

func (v *visit) tabs(current string) ([]tab, error) {
	counts, err := v.desk().InboxCounts(v.r.Context(), v.who)
	return tabs(counts, current), err
}
