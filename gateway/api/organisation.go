package api

import (
	"context"
	"io"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
)

// TablePath is where a table of people is sent; its body may be longer than others.
const TablePath = Base + "/organisation/people"

func (a *API) organisation() {
	const tag = "Organisation"
	table := operation{"import-people", http.MethodPost, "/organisation/people", tag,
		"Add and change the people of a table; without version a dry run, which says everything that would change", 0}.huma()
	table.RequestBody = &huma.RequestBody{
		Required:    true,
		Description: "A table of people, a header first; only id is needed, and a column that is not there leaves what was",
		Content:     map[string]*huma.MediaType{desk.FormatCSV: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
	huma.Register(a.huma, table, a.importPeople)
	export := operation{"export-people", http.MethodGet, "/organisation/people", tag,
		"The people whom one may know all of, as a table that import-people takes", 0}.huma()
	export.Responses = map[string]*huma.Response{"200": stream("People", desk.FormatCSV)}
	huma.Register(a.huma, export, a.exportPeople)
	add(a, operation{"edit-person", http.MethodPut, "/organisation/people/{id}", tag,
		"Add or change one person; how they sign in and which accounts are theirs stays", 0}, a.editPerson)
	add(a, operation{"edit-department", http.MethodPut, "/organisation/departments/{id}", tag,
		"Add or change one department", 0}, a.editDepartment)
}

// TableInput is a table of people.
type TableInput struct {
	Asked
	ContentType string `header:"Content-Type"`
	Version     int64  `query:"version" minimum:"0" doc:"The version that a dry run was held against; none: a dry run"`
	body        io.Reader
}

// Resolve takes the body before huma would read it whole.
func (in *TableInput) Resolve(ctx huma.Context) []error {
	in.body = ctx.BodyReader()
	return nil
}

// TablePlan is what a table of people changes.
type TablePlan struct {
	Version int64              `json:"version" doc:"Of the organisation: apply with this one exactly what is listed here"`
	Applied bool               `json:"applied"`
	Hash    string             `json:"hash" doc:"SHA-256 of the table"`
	Changes []PersonDifference `json:"changes" nullable:"false"`
	Kept    []PersonDifference `json:"kept" nullable:"false" doc:"Not taken: a directory keeps these fields"`
	Refused []RefusedLine      `json:"refused" nullable:"false" doc:"Nothing is taken while one row is refused"`
	More    int                `json:"more,omitempty" doc:"Refused rows that are not listed"`
}

// PersonDifference is what a table says otherwise of somebody.
type PersonDifference struct {
	Person string            `json:"person"`
	What   string            `json:"what" enum:"joins,changes,leaves"`
	Fields []FieldDifference `json:"fields" nullable:"false"`
}

// FieldDifference is one field that is told otherwise.
type FieldDifference struct {
	Field string `json:"field"`
	Was   string `json:"was"`
	Is    string `json:"is"`
}

// RefusedLine is a row that is not taken.
type RefusedLine struct {
	Line   int    `json:"line" doc:"Of the table, from 1; 0 for the whole of it"`
	Column string `json:"column,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail" doc:"In the caller's language"`
}

// TableOutput is what a table of people changes.
type TableOutput struct{ Body TablePlan }

// importPeople handles POST /organisation/people.
func (a *API) importPeople(ctx context.Context, in *TableInput) (*TableOutput, error) {
	who, _ := auth.Of(ctx)
	if err := a.desk.MayEdit(who); err != nil {
		return nil, err
	}
	if media, _, err := mime.ParseMediaType(in.ContentType); err != nil || media != desk.FormatCSV {
		return nil, fault.New(fault.Invalid, "request.unsupported_media")
	}
	text, err := io.ReadAll(io.LimitReader(in.body, desk.TableBytesMax+1))
	if err != nil {
		return nil, err
	}
	if in.Version == 0 {
		plan, err := a.desk.PlanTable(ctx, who, text)
		if err != nil {
			return nil, err
		}
		return tablePlanOf(ctx, plan), nil
	}
	plan, version, err := a.desk.ApplyTable(ctx, who, text, in.Version)
	if err != nil {
		return nil, err
	}
	out := tablePlanOf(ctx, plan)
	out.Body.Version, out.Body.Applied = version, true
	return out, nil
}

func tablePlanOf(ctx context.Context, plan desk.TablePlan) *TableOutput {
	body := TablePlan{Version: plan.Version, Hash: plan.Hash, More: plan.More,
		Changes: differencesOf(plan.Differences), Kept: differencesOf(plan.Kept), Refused: []RefusedLine{}}
	for _, r := range plan.Refused {
		p := problem.Of(ctx, r.Fault)
		body.Refused = append(body.Refused, RefusedLine{r.Line, r.Column, p.Code, p.Detail})
	}
	return &TableOutput{Body: body}
}

func differencesOf(all []org.Difference) []PersonDifference {
	out := []PersonDifference{}
	for _, d := range all {
		one := PersonDifference{Person: d.Person, What: d.What, Fields: []FieldDifference{}}
		for _, f := range d.Fields {
			one.Fields = append(one.Fields, FieldDifference{f.Name, f.Was, f.Is})
		}
		out = append(out, one)
	}
	return out
}

// exportPeople handles GET /organisation/people.
func (a *API) exportPeople(ctx context.Context, _ *MeInput) (*huma.StreamResponse, error) {
	who, _ := auth.Of(ctx)
	table, err := a.desk.ExportPeople(ctx, who)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", desk.FormatCSV)
		out.SetHeader("Content-Disposition", `attachment; filename="people.csv"`)
		_, _ = out.BodyWriter().Write(table) // who asked has gone
	}}, nil
}

// PersonRow is one person as they shall be.
type PersonRow struct {
	Name       string `json:"name" maxLength:"200"`
	Email      string `json:"email" maxLength:"254"`
	Locale     string `json:"locale,omitempty" enum:"zh-CN,en"`
	Entity     string `json:"entity" maxLength:"64"`
	Department string `json:"department" maxLength:"64"`
	CostCenter string `json:"cost_center,omitempty" maxLength:"64"`
	Manager    string `json:"manager,omitempty" maxLength:"200" doc:"By id; none at the top"`
	Grade      int    `json:"grade,omitempty"`
	Left       bool   `json:"left,omitempty" doc:"They work here no more: signed out at once, their tasks handed over"`
}

// EditPersonInput is one person as they shall be.
type EditPersonInput struct {
	Asked
	ID   string `path:"id" maxLength:"200"`
	Body PersonRow
}

// EditedOutput says that it is so.
type EditedOutput struct{ Body Edited }

// Edited says that it is so.
type Edited struct {
	ID string `json:"id"`
}

// editPerson handles PUT /organisation/people/{id}: whoever reads this knows what they want
// there, so it is held against the row as it is now.
func (a *API) editPerson(ctx context.Context, in *EditPersonInput) (*EditedOutput, error) {
	who, _ := auth.Of(ctx)
	now, err := a.desk.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	edit := desk.PersonEdit{Person: org.Person{ID: in.ID, Name: b.Name, Email: b.Email, Locale: b.Locale, Entity: b.Entity,
		Department: b.Department, CostCenter: b.CostCenter, Manager: b.Manager, Grade: b.Grade, Active: !b.Left}}
	if was, known := now.People[in.ID]; known {
		edit.Seen = desk.SeenPerson(was)
	}
	if err := a.desk.EditPerson(ctx, who, edit); err != nil {
		return nil, err
	}
	return &EditedOutput{Edited{in.ID}}, nil
}

// DepartmentRow is one department as it shall be.
type DepartmentRow struct {
	Name       map[string]string `json:"name" doc:"By language"`
	Entity     string            `json:"entity" maxLength:"64"`
	Parent     string            `json:"parent,omitempty" maxLength:"64"`
	Head       string            `json:"head" maxLength:"200"`
	CostCenter string            `json:"cost_center,omitempty" maxLength:"64"`
}

// EditDepartmentInput is one department as it shall be.
type EditDepartmentInput struct {
	Asked
	ID   string `path:"id" maxLength:"64"`
	Body DepartmentRow
}

// editDepartment handles PUT /organisation/departments/{id}.
func (a *API) editDepartment(ctx context.Context, in *EditDepartmentInput) (*EditedOutput, error) {
	who, _ := auth.Of(ctx)
	now, err := a.desk.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	b := in.Body
	edit := desk.DepartmentEdit{Department: org.Department{ID: in.ID, Name: b.Name, Entity: b.Entity, Parent: b.Parent,
		Head: b.Head, CostCenter: b.CostCenter}}
	if was, known := now.Departments[in.ID]; known {
		edit.Seen = desk.SeenDepartment(was)
	}
	if err := a.desk.EditDepartment(ctx, who, edit); err != nil {
		return nil, err
	}
	return &EditedOutput{Edited{in.ID}}, nil
}
