package pages

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/reconciliation"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

const reconcileAt = "/reconciliations"

// reconcileRoutes lists the pages on which both sides are compared.
func reconcileRoutes() []route {
	get, post := http.MethodGet, http.MethodPost
	return []route{
		{method: get, path: reconcileAt, needs: access.EffectRead, template: "reconciliations", handle: reconciliations},
		{method: post, path: reconcileAt, needs: access.EffectResolve, template: "reconciliations", handle: reconcile},
		{method: get, path: reconcileAt + "/:id", needs: access.EffectRead, template: "reconciliation",
			handle: showReconciliation},
		{method: get, path: reconcileAt + "/:id/report", needs: access.EffectRead, handle: reportReconciliation},
		{method: post, path: reconcileAt + "/:id/differences/:n", needs: access.EffectResolve, template: "reconciliation",
			handle: ruleDifference},
	}
}

type reconciliationsView struct {
	Tabs        financeTabs
	Connections []choice
	Connection  string
	From, Until string
	May         bool
	Key, Wrong  string
	Rows        []reconciliationRow
	Next        string
}

// reconciliationRow is one comparison in a list.
type reconciliationRow struct {
	store.Reconciliation
	Started stamp
	By      string // in words
	Fault   string
	Books   string // whose, in words
}

// reconciliations handles GET /reconciliations: the comparisons, the newest first.
func reconciliations(v *visit) error {
	return v.reconciliations(http.StatusOK, "")
}

// lookBack is how many days the form proposes.
const lookBack = 35

func (v *visit) reconciliations(status int, wrong string) error {
	today := v.now.In(v.zone(v.who.Person.Entity))
	view := reconciliationsView{
		Connection: v.asked("connection"), From: v.asked("from"), Until: v.asked("until"), Key: random(), Wrong: wrong,
	}
	if view.From == "" {
		view.From = today.AddDate(0, 0, 1-lookBack).Format(time.DateOnly)
	}
	if view.Until == "" {
		view.Until = today.Format(time.DateOnly)
	}
	var err error
	if view.Tabs, err = v.financeTabs("reconcile"); err != nil {
		return err
	}
	connections, err := v.desk().ConnectionsOf(v.who)
	if err != nil {
		return err
	}
	for _, c := range connections {
		view.Connections = append(view.Connections, choice{c.ID, c.ID + " · " + v.entities(c.Entities)})
		view.May = view.May || slices.ContainsFunc(c.Entities, func(e string) bool {
			return v.may(access.EffectResolve, access.Object{Entity: e})
		})
	}
	page, err := v.desk().Reconciliations(v.r.Context(), v.who, "", v.r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	for _, r := range page.Items {
		view.Rows = append(view.Rows, v.reconciliationRow(r))
	}
	view.Next = nextAt(reconcileAt, url.Values{}, page.Next)
	return v.show(status, v.t("page.reconcile.title"), view)
}

func (v *visit) entities(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = v.entity(id)
	}
	return strings.Join(names, v.t("page.comma"))
}

func (v *visit) reconciliationRow(r store.Reconciliation) reconciliationRow {
	row := reconciliationRow{Reconciliation: r, Started: v.stamp(r.StartedAt, v.who.Person.Entity),
		By: v.t("reconcile.by_night"), Books: v.entities(r.Entities)}
	if r.AskedBy != "" {
		row.By = v.name(r.AskedBy)
	}
	if r.Code != "" {
		row.Fault = v.codeText(r.Code, r.Detail, "")
	}
	return row
}

// reconcile handles POST /reconciliations: somebody has both sides compared.
func reconcile(v *visit) error {
	in := desk.AskedReconciliation{Connection: v.asked("connection"), From: v.asked("from"), Until: v.asked("until")}
	id, err := v.desk().Reconcile(v.r.Context(), v.who, in, v.key("reconcile", in.Connection, in.From, in.Until))
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.Busy) {
		return v.reconciliations(http.StatusUnprocessableEntity, v.faultText(f))
	}
	if err != nil {
		return err
	}
	return v.leave(reconcileAt+"/"+id, "reconciling")
}

type reconciliationView struct {
	reconciliationRow
	Tabs     financeTabs
	Kinds    []choice
	Kind     string
	OpenOnly bool
	Shown    string // the query that shows just these differences, with its question mark; "" for all
	Rows     []differenceRow
	Next     string
	CSV      string
	XLSX     string
	Wrong    string
}

// differenceRow is one difference with the forms that mend it.
type differenceRow struct {
	store.FoundDifference
	Title, Mend, Key, Entity, Said string

	SaidAt stamp
	May    bool
	Again  bool // posting again mends it
}

// Explained says whether somebody said that it is as it should be.
func (r differenceRow) Explained() bool { return r.Ruling.Ruling == store.RulingExplained }

// Underway says whether it is being posted again.
func (r differenceRow) Underway() bool {
	return r.Ruling.Ruling == store.RulingPost && r.Ruling.Outcome == ""
}

// showReconciliation handles GET /reconciliations/:id: what differs, and what mends it.
func showReconciliation(v *visit) error { return v.reconciliation(http.StatusOK, "") }

func (v *visit) reconciliation(status int, wrong string) error {
	id, query := v.param("id"), v.r.URL.Query()
	run, err := v.desk().Reconciliation(v.r.Context(), v.who, id)
	if err != nil {
		return err
	}
	view := reconciliationView{reconciliationRow: v.reconciliationRow(run), Kind: query.Get("kind"),
		OpenOnly: query.Get("open") != "", Wrong: wrong, CSV: reconcileAt + "/" + id + "/report?format=csv",
		XLSX: reconcileAt + "/" + id + "/report?format=xlsx"}
	if view.Tabs, err = v.financeTabs("reconcile"); err != nil {
		return err
	}
	counts, err := v.desk().DifferenceCounts(v.r.Context(), v.who, id)
	if err != nil {
		return err
	}
	for _, kind := range reconciliation.Kinds() {
		if n := counts[kind]; n > 0 || string(kind) == view.Kind {
			view.Kinds = append(view.Kinds, choice{string(kind), v.t("reconcile.of_kind",
				"kind", v.t("reconcile.kind."+string(kind)), "n", strconv.FormatInt(n, 10))})
		}
	}
	after, _ := strconv.ParseInt(query.Get("cursor"), 10, 64)
	page, err := v.desk().Differences(v.r.Context(), v.who, store.DifferenceFilter{
		Run: id, Kind: view.Kind, Open: view.OpenOnly, After: after,
	})
	if err != nil {
		return err
	}
	for _, d := range page.Items {
		view.Rows = append(view.Rows, v.differenceRow(d, run))
	}
	next := namedIn(query, "kind", "open")
	view.Next = nextAt(reconcileAt+"/"+id, next, page.Next)
	view.Shown = v.differencesShown()
	return v.show(status, v.t("page.reconcile.title"), view)
}

// differencesShown is the query that shows the differences of this page again.
func (v *visit) differencesShown() string {
	if query := namedIn(v.r.URL.Query(), "kind", "open", "cursor"); len(query) > 0 {
		return "?" + query.Encode()
	}
	return ""
}

func (v *visit) differenceRow(d store.FoundDifference, run store.Reconciliation) differenceRow {
	row := differenceRow{FoundDifference: d, Title: v.t("reconcile.kind." + string(d.Kind)),
		Mend: v.t("reconcile.mend." + string(d.Kind)), Key: random(), May: true,
		Again: d.Kind.PostsAgain() && d.Ruling.Outcome != store.VoucherPosted}
	entities := run.Entities
	if d.Entity != "" {
		entities, row.Entity = []string{d.Entity}, v.entity(d.Entity)
	}
	for _, entity := range entities {
		row.May = row.May && v.may(access.EffectResolve, access.Object{Entity: entity})
	}
	if d.Ruling.ID != "" {
		row.Said, row.SaidAt = v.saidOf(d.Ruling), v.stamp(d.Ruling.RuledAt, v.who.Person.Entity)
	}
	return row
}

// saidOf is a ruling in words, with what came of it.
func (v *visit) saidOf(r store.Ruling) string {
	key := "reconcile.said." + r.Ruling
	if r.Outcome != "" {
		key += "." + r.Outcome
	}
	fault := ""
	if r.Code != "" {
		fault = v.codeText(r.Code, r.Detail, "")
	}
	return v.t(key, "who", v.name(r.Person), "number", r.Number, "fault", fault)
}

// ruleDifference handles POST /reconciliations/:id/differences/:n.
func ruleDifference(v *visit) error {
	n, _ := strconv.ParseInt(v.param("n"), 10, 64)
	in := desk.DifferenceRuling{Run: v.param("id"), N: n, Ruling: v.asked("ruling"), Reason: v.asked("reason")}
	err := v.desk().Rule(v.r.Context(), v.who, in, v.key("rule-difference", in.Run, v.param("n"), in.Ruling, in.Reason))
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.Busy) {
		return v.reconciliation(http.StatusUnprocessableEntity, v.faultText(f))
	}
	if err != nil {
		return err
	}
	return v.leave(reconcileAt+"/"+in.Run+v.differencesShown()+"#d"+v.param("n"), "ruled")
}

// The media type of a workbook.
const mediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// reportColumns are the columns of a report, by the ends of their keys.
var reportColumns = []string{
	"kind", "document", "reference", "entity", "ours", "theirs", "erp", "mend", "said", "reason",
}

// reportReconciliation handles GET /reconciliations/:id/report: the same as a file.
func reportReconciliation(v *visit) error {
	report, err := v.desk().ReportOn(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	for _, name := range reportColumns {
		report.Heads = append(report.Heads, v.t("reconcile.col."+name))
	}
	report.Cells = func(d store.FoundDifference) []string {
		row := v.differenceRow(d, report.Run)
		return []string{row.Title, d.DocumentNumber, d.Reference, row.Entity, d.Ours, d.Theirs, d.ERPID, row.Mend, row.Said,
			d.Ruling.Reason}
	}
	name := "reconciliation-" + report.Run.Connection + "-" + report.Run.From + "-" + report.Run.Until
	if v.asked("format") != "xlsx" {
		return report.WriteCSV(&lateHeaders{w: v.w, media: "text/csv; charset=utf-8", name: name + ".csv"})
	}
	title := v.t("reconcile.heading", "connection", report.Run.Connection, "from", report.Run.From,
		"until", report.Run.Until)
	return report.WriteXLSX(&lateHeaders{w: v.w, media: mediaXLSX, name: name + ".xlsx"}, title)
}
