package pages

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/directory"
	"github.com/countersign/countersign/store"
)

const directoryAt = "/directory"

// directoryRoutes lists the page of the directories that we ask ourselves.
func directoryRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: directoryAt, needs: access.OrganisationInspect, template: "directory", handle: showDirectory},
		{method: post, path: directoryAt, needs: access.OrganisationWrite, template: "directory", handle: askDirectory},
		{method: post, path: directoryAt + "/:id/agree", needs: access.OrganisationWrite, template: "directory",
			handle: agreeToDirectory},
	}
}

type directoryView struct {
	MayAsk  bool
	Sources []directorySourceView
	Runs    []directoryRunView
}

type directorySourceView struct{ ID, Title, When string }

type directoryRunView struct {
	ID, Title, By, State, Why, Agreed string

	Began, Ended stamp
	Counts       string
	Failed, Held bool // it needs somebody to look; it waits for an administrator
	Leaving      []differenceView
	Rows         []differenceView
	More         int // differences that are not shown
}

type differenceView struct{ Name, What, Fields, Fault string }

// showDirectory handles GET /directory: what the directories are, and what came of each
// time they were asked.
func showDirectory(v *visit) error {
	sources, runs, err := v.desk().DirectoryRuns(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	titles := map[string]string{}
	view := directoryView{MayAsk: v.may(access.OrganisationWrite, access.Object{})}
	for _, s := range sources {
		titles[s.ID] = s.Title
		view.Sources = append(view.Sources, directorySourceView{s.ID, s.Title, s.When})
	}
	for _, r := range runs {
		view.Runs = append(view.Runs, v.directoryRun(r, titles[r.Source]))
	}
	return v.show(http.StatusOK, v.t("page.directory.title"), view)
}

func (v *visit) directoryRun(r store.DirectoryRun, title string) directoryRunView {
	home := v.who.Person.Entity
	view := directoryRunView{
		ID: r.ID, Title: title, By: v.t("page.directory.by_schedule"), State: v.t("page.directory.state." + r.State),
		Began: v.stamp(r.Began, home), Ended: v.stamp(r.Ended, home), Failed: r.State == store.RunFailed,
		Held: r.State == store.RunHeld && r.ApprovedBy == "",
		More: max(r.Joins+r.Changes+r.Leaves-len(r.Differences), 0),
		Counts: v.t("page.directory.counts", "joins", strconv.Itoa(r.Joins), "changes", strconv.Itoa(r.Changes),
			"leaves", strconv.Itoa(r.Leaves), "listed", strconv.Itoa(r.Listed), "refused", strconv.Itoa(r.Refused)),
	}
	if view.Title == "" {
		view.Title = r.Source
	}
	switch {
	case strings.HasPrefix(r.AskedBy, "system:"):
		view.By = v.t("page.directory.by_command")
	case r.AskedBy != "":
		view.By = v.name(r.AskedBy)
	}
	if r.ApprovedBy != "" {
		view.Agreed = v.t("page.directory.agreed", "who", v.name(r.ApprovedBy))
	}
	if code, detail, _ := strings.Cut(r.Fault, " "); code != "" {
		view.Why = strings.TrimSpace(v.optional("page.directory.why."+code, code) + " " + detail)
	}
	for _, d := range r.Differences {
		row := differenceView{Name: d.Name, What: v.t("page.directory.what." + d.What), Fields: v.directoryFields(d)}
		if d.Fault != "" {
			row.Fault = v.optional("page.directory.why."+d.Fault, d.Fault)
		}
		if d.What == directory.Leaves {
			view.Leaving = append(view.Leaving, row)
			continue
		}
		view.Rows = append(view.Rows, row)
	}
	return view
}

func (v *visit) directoryFields(d directory.Difference) string {
	if d.What != directory.Changes {
		return ""
	}
	var names []string
	for _, f := range d.Fields {
		names = append(names, v.optional("page.directory.field."+f, f))
	}
	return strings.Join(names, v.t("page.directory.and"))
}

// askDirectory handles POST /directory: a directory is asked now.
func askDirectory(v *visit) error {
	dry := v.r.PostFormValue("dry_run") != ""
	if err := v.desk().SyncDirectory(v.r.Context(), v.who, v.r.PostFormValue("source"), dry); err != nil {
		return err
	}
	return v.leave(directoryAt, "directory_asked")
}

// agreeToDirectory handles POST /directory/:id/agree: those may leave whom a run would
// take away.
func agreeToDirectory(v *visit) error {
	if err := v.desk().AgreeToDirectory(v.r.Context(), v.who, v.param("id")); err != nil {
		return err
	}
	return v.leave(directoryAt, "directory_agreed")
}
