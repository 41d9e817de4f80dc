package pages

import (
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
)

// tableRowsShown is how many differences, or refused rows, one page of a dry run shows.
const tableRowsShown = 200

// tableNameMax is how much of a file's name is kept.
const tableNameMax = 100

type tableView struct {
	Table, File, Hash string // what was brought; "" asks for a file
	Version           int64
	Columns           []string

	Joins, Changes, Leaves int
	Rows                   []tableRow
	Kept                   []tableRow
	KeptMore               int
	Refused                []refusedRow
	RefusedAll             int
	Next, Before           string // pages of the differences
	Fit                    bool
	Wrong                  []string
}

type tableRow struct {
	Name, ID, What, Kind string
	Fields               []fieldRow
	Handover             string // what a leaver leaves behind
}

type fieldRow struct{ Name, Was, Is string }

type refusedRow struct{ Line, Column, Text string }

// showTable handles GET /organisation/table: the form, or what a table that was brought would change.
func showTable(v *visit) error { return v.table(http.StatusOK, v.asked("table"), nil) }

func (v *visit) table(status int, id string, wrong error) error {
	view := tableView{Columns: org.TableColumns}
	if f, ok := fault.As(wrong); ok {
		view.Wrong = v.faultTexts(f)
	}
	if id == "" {
		if err := v.desk().MayEdit(v.who); err != nil {
			return err
		}
		return v.show(status, v.t("page.table.title"), view)
	}
	plan, err := v.desk().KeptTable(v.r.Context(), v.who, id)
	if err != nil {
		return err
	}
	view.Table, view.File, view.Hash, view.Version, view.Fit = id, plan.File, plan.Hash, plan.Version, plan.Fit()
	v.fillTable(&view, plan)
	return v.show(status, v.t("page.table.title"), view)
}

func (v *visit) fillTable(view *tableView, plan desk.TablePlan) {
	for _, d := range plan.Differences {
		switch d.What {
		case org.Joins:
			view.Joins++
		case org.Leaves:
			view.Leaves++
		default:
			view.Changes++
		}
	}
	page, _ := strconv.Atoi(v.asked("page")) // no number is the first
	page = min(max(page, 1), 1+(len(plan.Differences)-1)/tableRowsShown)
	from := (page - 1) * tableRowsShown
	until := min(len(plan.Differences), from+tableRowsShown)
	at := func(page int) string {
		return tableAt + "?" + url.Values{"table": {view.Table}, "page": {strconv.Itoa(page)}}.Encode()
	}
	if from > 0 {
		view.Before = at(page - 1)
	}
	if until < len(plan.Differences) {
		view.Next = at(page + 1)
	}
	for _, d := range plan.Differences[from:until] {
		view.Rows = append(view.Rows, v.tableRow(d))
	}
	for _, d := range plan.Kept[:min(len(plan.Kept), tableRowsShown)] {
		view.Kept = append(view.Kept, v.tableRow(d))
	}
	view.KeptMore = len(plan.Kept) - len(view.Kept)
	for _, r := range plan.Refused[:min(len(plan.Refused), tableRowsShown)] {
		row := refusedRow{Column: r.Column, Text: v.faultText(r.Fault)}
		if r.Line > 0 {
			row.Line = strconv.Itoa(r.Line)
		}
		view.Refused = append(view.Refused, row)
	}
	view.RefusedAll = len(plan.Refused) + plan.More
}

func (v *visit) tableRow(d org.Difference) tableRow {
	row := tableRow{Name: d.Name, ID: d.Person, What: v.t("page.table.what." + d.What), Kind: d.What}
	if d.What == org.Leaves {
		row.Handover = handoverAt + "?person=" + url.QueryEscape(d.Person)
	}
	for _, f := range d.Fields {
		name := v.t("page.table.field." + f.Name)
		shown := fieldRow{Name: name, Was: v.cellShown(f.Name, f.Was), Is: v.cellShown(f.Name, f.Is)}
		if d.What == org.Joins && (f.Is == "" || f.Name == "name") {
			continue
		}
		row.Fields = append(row.Fields, shown)
	}
	return row
}

// cellShown is a cell with the name of what it names.
func (v *visit) cellShown(field, value string) string {
	name := value
	switch {
	case value == "":
		return "–"
	case field == "department":
		name = v.department(value)
	case field == "entity":
		name = v.entity(value)
	case field == "manager":
		name = v.name(value)
	}
	if name == value {
		return value
	}
	return name + " (" + value + ")"
}

// sendTable handles POST /organisation/table: a file is kept and its dry run shown. Nothing changes.
func sendTable(v *visit) error {
	file, header, err := v.r.FormFile("file")
	if err != nil {
		return v.table(http.StatusUnprocessableEntity, "", fault.New(fault.Invalid, "organisation.no_file"))
	}
	defer file.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(file, desk.TableBytesMax+1))
	if err != nil {
		return err
	}
	name := []rune(header.Filename)
	id, err := v.desk().KeepTable(v.r.Context(), v.who, string(name[:min(len(name), tableNameMax)]), text)
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		return v.table(problem.Status(f), "", f)
	}
	if err != nil {
		return err
	}
	return v.leave(tableAt+"?"+url.Values{"table": {id}}.Encode(), "")
}

// applyTable handles POST /organisation/table/apply: exactly what was shown, or it is shown anew.
func applyTable(v *visit) error {
	id := v.asked("table")
	shown, err := strconv.ParseInt(v.asked("version"), 10, 64)
	if err != nil || id == "" {
		return fault.New(fault.Invalid, "request.malformed")
	}
	_, err = v.desk().ApplyKept(v.r.Context(), v.who, id, shown, v.asked("hash"))
	if f, ok := fault.As(err); ok && (f.Kind == fault.Conflict || f.Kind == fault.Invalid) {
		if f.Kind == fault.Invalid { // the refused rows are in the dry run
			err = nil
		}
		return v.table(problem.Status(f), id, err)
	}
	if err != nil {
		return err
	}
	return v.leave(organisationAt, "organise_applied")
}

// exportPeople handles GET /organisation/table/export: who works here, as a table that can be brought back.
func exportPeople(v *visit) error {
	table, err := v.desk().ExportPeople(v.r.Context(), v.who)
	if err != nil {
		return err
	}
	_, err = (&lateHeaders{w: v.w, media: "text/csv; charset=utf-8", name: "people.csv"}).Write(table)
	return err
}
