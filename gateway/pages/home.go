package pages

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/store"
)

// homeView is what waits for the reader.
type homeView struct {
	Tabs     []tab
	Filter   inboxFilter
	Tasks    []taskRow
	Count    string
	Next     string // address of the next page, "" for none
	Returned []documentRow
	Key      string
	Back     string // this list's own query, for the way back
	Sent     bulkSent
	Many     bool   // some may be ticked
	Mark     string // of the inbox as it was read
}

const returnedMost = 20

// home handles GET /: what waits for the reader.
func home(v *visit) error {
	query, s := v.r.URL.Query(), bulkSent{}
	if form, ok := v.held("/"); ok {
		s = bulkSent{Picked: form["pick"], Text: form.Get("opinion"), Again: true}
		query = queryOf(form.Get("back"))
	}
	return v.home(http.StatusOK, query, s)
}

// queryOf reads a query that a form carried along; what is none says nothing.
func queryOf(text string) url.Values {
	query, err := url.ParseQuery(text)
	if err != nil {
		return url.Values{}
	}
	return query
}

// home shows the tasks of a query, with what was ticked where that was refused as a whole.
func (v *visit) home(status int, query url.Values, s bulkSent) error {
	ctx := v.r.Context()
	view := homeView{Key: random(), Sent: s, Filter: v.readFilter(query)}
	inbox, err := v.inbox() // read before the list: what comes in between is news
	if err != nil {
		return err
	}
	view.Mark = mark(inbox)
	if err := v.openTasks(&view, query.Get("cursor")); err != nil {
		return err
	}
	counts, err := v.desk().InboxCounts(ctx, v.who)
	if err != nil {
		return err
	}
	view.Tabs = tabs(counts, "/")
	if counts.Sent[approval.Returned] > 0 {
		returned, err := v.desk().Documents(ctx, v.who, store.DocumentFilter{
			Submitter: v.who.Person.ID, Own: true, Statuses: []approval.Status{approval.Returned},
			Limit: min(returnedMost, int(counts.Sent[approval.Returned])),
		})
		if err != nil {
			return err
		}
		view.Returned = v.documentRows(returned.Items)
	}
	return v.show(status, v.t("page.home.title"), view)
}

func (v *visit) openTasks(view *homeView, cursor string) error {
	filter, err := view.Filter.filter(v)
	if err != nil {
		return err
	}
	filter.Cursor, filter.WithTotal, filter.TotalMost = cursor, true, countMost
	page, err := v.desk().Tasks(v.r.Context(), v.who, filter)
	if err != nil {
		return err
	}
	query := view.Filter.query()
	view.Next, view.Count = nextAt("/", view.Filter.query(), page.Next), counted(*page.Total)
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	view.Back = query.Encode()
	if view.Tasks, err = v.taskRows(page.Items); err != nil {
		return err
	}
	for i := range view.Tasks {
		row := &view.Tasks[i]
		row.Picked = slices.Contains(view.Sent.Picked, row.Pick())
		view.Many = view.Many || row.Open
	}
	return nil
}

// namedIn is what a query says under some names.
func namedIn(query url.Values, names ...string) url.Values {
	said := url.Values{}
	for _, name := range names {
		if value := query.Get(name); value != "" {
			said.Set(name, value)
		}
	}
	return said
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

var groups = []group{
	{"draft", []approval.Status{approval.Draft}},
	{"returned", []approval.Status{approval.Returned}},
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
