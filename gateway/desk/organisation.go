package desk

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// TableBytesMax is how long a table of people may be.
const TableBytesMax = 16 << 20

// organisationTries is how often an edit begins anew when the organisation moved under it.
const organisationTries = 5

// OrganisationFaults are the refusals of changing the organisation here.
var OrganisationFaults = fault.Register(map[string]fault.Entry{
	"organisation.closed":      {Kind: fault.Forbidden},
	"organisation.changed_row": {Kind: fault.Conflict, Args: []string{"id"}},
	"organisation.exists":      {Kind: fault.Conflict, Args: []string{"id"}},
	"organisation.kept_field":  {Kind: fault.Invalid, Args: []string{"person"}},
	"organisation.no_file":     {Kind: fault.Invalid},
	"organisation.table_long":  {Kind: fault.Invalid, Args: []string{"max"}},
	"department.not_found":     {Kind: fault.NotFound},
})

// TablePlan is what a table of people would change, as the organisation stands.
type TablePlan struct {
	Version     int64 // of the organisation that it was held against
	Hash        string
	File        string
	Differences []org.Difference
	Kept        []org.Difference // what it says of people whom a directory keeps, and is not taken
	Refused     []org.Refusal    // while there is one, nothing is taken
	More        int              // refusals that are not listed

	next *org.Snapshot
}

// Fit says whether the plan can be carried out, and changes anything.
func (p TablePlan) Fit() bool { return len(p.Refused) == 0 && len(p.Differences) > 0 }

// PlanTable says what a table of people would change: the reader and the rules of
// `countersign org import --people`, and those of who asks. Nothing is kept.
//
// Errors: Forbidden access.denied, organisation.closed; Invalid organisation.table_long.
// What is wrong with the table is in the plan.
func (d *Desk) PlanTable(ctx context.Context, who auth.Who, text []byte) (TablePlan, error) {
	if err := d.MayEdit(who); err != nil {
		return TablePlan{}, err
	}
	if len(text) > TableBytesMax {
		return TablePlan{}, fault.New(fault.Invalid, "organisation.table_long", fault.Field("file"),
			fault.Arg("max", strconv.Itoa(TableBytesMax>>20)))
	}
	d.Store.Forget()
	now, err := d.Snapshot(ctx)
	if err != nil {
		return TablePlan{}, err
	}
	sum := sha256.Sum256(text)
	plan := TablePlan{Version: now.Version, Hash: hex.EncodeToString(sum[:])}
	table := org.ReadTable(text, now)
	if len(table.Lines) > 0 {
		told := table.Next
		if told, err = d.Store.WithDirectory(ctx, told); err != nil {
			return TablePlan{}, err
		}
		kept := told.People
		told = table.Next
		told.People = kept
		for _, id := range slices.Sorted(maps.Keys(table.Lines)) {
			fields := org.FieldsChanged(kept[id], table.Next.People[id])
			if kept[id].Active != table.Next.People[id].Active {
				fields = append(fields, org.FieldChange{Name: "left"})
			}
			if len(fields) > 0 {
				plan.Kept = append(plan.Kept, org.Difference{Person: id, Name: kept[id].Name, What: org.Changes, Fields: fields})
			}
		}
		table.Next = told
		table.Refuse(access.ReorganiseFaultsOf(who.Subject, now, &told)...)
	}
	slices.SortStableFunc(table.Refused, func(a, b org.Refusal) int { return cmp.Compare(a.Line, b.Line) })
	plan.Refused, plan.More, plan.next = table.Refused, table.More, &table.Next
	if len(plan.Refused) == 0 {
		plan.Differences = org.Differences(now, &table.Next)
	}
	return plan, nil
}

// KeepTable keeps a table between its dry run and its use, for who brought it.
//
// Errors: as PlanTable.
func (d *Desk) KeepTable(ctx context.Context, who auth.Who, name string, text []byte) (string, error) {
	if err := d.MayEdit(who); err != nil {
		return "", err
	}
	if len(text) > TableBytesMax {
		return "", fault.New(fault.Invalid, "organisation.table_long", fault.Arg("max", strconv.Itoa(TableBytesMax>>20)))
	}
	return d.Store.KeepTable(ctx, who.Person.ID, name, text)
}

// KeptTable is the plan of a table that was kept.
//
// Errors: as PlanTable; NotFound organisation.table.
func (d *Desk) KeptTable(ctx context.Context, who auth.Who, id string) (TablePlan, error) {
	if err := d.MayEdit(who); err != nil {
		return TablePlan{}, err
	}
	name, text, err := d.Store.KeptTable(ctx, who.Person.ID, id)
	if err != nil {
		return TablePlan{}, err
	}
	plan, err := d.PlanTable(ctx, who, text)
	plan.File = name
	return plan, err
}

// ApplyKept carries out a table that was kept, and forgets it: exactly what was shown,
// which the hash of the file and the version of the organisation name.
//
// Errors: as ApplyTable and KeptTable.
func (d *Desk) ApplyKept(ctx context.Context, who auth.Who, id string, shown int64, hash string) (int64, error) {
	plan, err := d.KeptTable(ctx, who, id)
	if err != nil {
		return 0, err
	}
	version, err := d.applyTable(ctx, who, plan, shown, hash)
	if err != nil {
		return 0, err
	}
	return version, d.Store.DropTable(ctx, who.Person.ID, id)
}

// ApplyTable carries out a table of people as a dry run showed it: held against that
// version of the organisation.
//
// Safe to repeat: what is so already keeps its version.
// Errors: as PlanTable; Conflict organisation.moved where somebody changed the
// organisation since, after which the dry run shows it anew; Invalid with every refused row.
func (d *Desk) ApplyTable(ctx context.Context, who auth.Who, text []byte, shown int64) (TablePlan, int64, error) {
	plan, err := d.PlanTable(ctx, who, text)
	if err != nil {
		return plan, 0, err
	}
	version, err := d.applyTable(ctx, who, plan, shown, plan.Hash)
	return plan, version, err
}

func (d *Desk) applyTable(ctx context.Context, who auth.Who, plan TablePlan, shown int64, hash string) (int64, error) {
	if len(plan.Refused) > 0 {
		return 0, org.Table{Refused: plan.Refused}.Err()
	}
	if plan.Version != shown || plan.Hash != hash {
		return 0, fault.New(fault.Conflict, "organisation.moved")
	}
	edit := store.OrganisationEdit{Base: plan.Version, Actor: who.Person.ID, Reason: "table " + plan.Hash}
	for _, difference := range plan.Differences {
		edit.People = append(edit.People, plan.next.People[difference.Person])
	}
	return d.edit(ctx, edit)
}

func (d *Desk) edit(ctx context.Context, edit store.OrganisationEdit) (int64, error) {
	version, err := d.Organisation.EditOrganisation(ctx, edit)
	d.Store.Forget()
	return version, err
}

// MayEditIn says whether somebody may change people and departments of a company here.
//
// Errors: Forbidden access.denied, organisation.closed.
func (d *Desk) MayEditIn(who auth.Who, entity string) error {
	if err := need(who, access.OrganisationWrite, access.Object{Entity: entity}); err != nil {
		return err
	}
	return d.MayEdit(who)
}

// MayEdit says whether somebody may change people and departments of any company here.
//
// Errors: Forbidden access.denied, organisation.closed.
func (d *Desk) MayEdit(who auth.Who) error {
	if _, err := needAny(who, access.OrganisationWrite); err != nil {
		return err
	}
	if d.Organisation == nil {
		return fault.New(fault.Forbidden, "organisation.closed")
	}
	return nil
}

// PersonEdit is one person as they shall be.
type PersonEdit struct {
	Person org.Person
	Seen   string // Seen of the row that it was made from; "" for somebody new
}

// SeenPerson names a row of the organisation as somebody saw it.
func SeenPerson(p org.Person) string { return seen(p) }

// SeenDepartment names a row of the organisation as somebody saw it.
func SeenDepartment(d org.Department) string { return seen(d) }

func seen(row any) string {
	hash, err := evidence.HashOf(row)
	if err != nil {
		panic("desk: a plain struct does not marshal: " + err.Error())
	}
	return hash
}

// EditPerson adds or changes one person. How they sign in, and which accounts are theirs, stays.
//
// Safe to repeat. Errors: Forbidden access.denied, organisation.closed and those of
// access.ReorganiseFaultsOf; Invalid org.…, organisation.kept_field for what a directory
// keeps; Conflict organisation.changed_row where somebody changed them since,
// organisation.exists; NotFound person.not_found.
func (d *Desk) EditPerson(ctx context.Context, who auth.Who, in PersonEdit) error {
	p := in.Person
	kept, err := d.Store.KeptByDirectory(ctx, p.ID)
	if err != nil {
		return err
	}
	return d.editing(ctx, who, func(now *org.Snapshot, next *org.Snapshot) (store.OrganisationEdit, error) {
		was, known := now.People[p.ID]
		p.Aliases, p.Subject = was.Aliases, was.Subject
		switch {
		case in.Seen == "" && known && seen(p) != seen(was):
			return store.OrganisationEdit{}, fault.New(fault.Conflict, "organisation.exists", fault.Field("people["+p.ID+"].id"),
				fault.Arg("id", p.ID))
		case in.Seen != "" && !known:
			return store.OrganisationEdit{}, fault.New(fault.NotFound, "person.not_found")
		}
		if known && seen(p) != seen(was) && seen(was) != in.Seen {
			return store.OrganisationEdit{}, fault.New(fault.Conflict, "organisation.changed_row", fault.Arg("id", p.ID))
		}
		if told := p; kept[p.ID] {
			told.Grade = was.Grade
			if seen(told) != seen(was) {
				return store.OrganisationEdit{}, fault.New(fault.Invalid, "organisation.kept_field",
					fault.Field("people["+p.ID+"]"), fault.Arg("person", p.ID))
			}
		}
		next.People = maps.Clone(now.People)
		next.People[p.ID] = p
		return store.OrganisationEdit{Reason: "person/" + p.ID, People: []org.Person{p}}, nil
	})
}

// DepartmentEdit is one department as it shall be.
type DepartmentEdit struct {
	Department org.Department
	Seen       string // Seen of the row that it was made from; "" for a new one
}

// EditDepartment adds or changes one department.
//
// Safe to repeat. Errors: as EditPerson; NotFound department.not_found.
func (d *Desk) EditDepartment(ctx context.Context, who auth.Who, in DepartmentEdit) error {
	of := in.Department
	return d.editing(ctx, who, func(now *org.Snapshot, next *org.Snapshot) (store.OrganisationEdit, error) {
		was, known := now.Departments[of.ID]
		switch {
		case in.Seen == "" && known && seen(of) != seen(was):
			return store.OrganisationEdit{}, fault.New(fault.Conflict, "organisation.exists",
				fault.Field("departments["+of.ID+"].id"), fault.Arg("id", of.ID))
		case in.Seen != "" && !known:
			return store.OrganisationEdit{}, fault.New(fault.NotFound, "department.not_found")
		case known && seen(of) != seen(was) && seen(was) != in.Seen:
			return store.OrganisationEdit{}, fault.New(fault.Conflict, "organisation.changed_row", fault.Arg("id", of.ID))
		}
		next.Departments = maps.Clone(now.Departments)
		next.Departments[of.ID] = of
		return store.OrganisationEdit{Reason: "department/" + of.ID, Departments: []org.Department{of}}, nil
	})
}

// editing judges and carries out a change of a few rows, anew where the organisation
// moved under it: that the rows themselves are as they were seen is change's to judge.
func (d *Desk) editing(ctx context.Context, who auth.Who,
	change func(now, next *org.Snapshot) (store.OrganisationEdit, error)) error {
	if err := d.MayEdit(who); err != nil {
		return err
	}
	for try := 1; ; try++ {
		d.Store.Forget()
		now, err := d.Snapshot(ctx)
		if err != nil {
			return err
		}
		next := *now
		edit, err := change(now, &next)
		if err != nil {
			return err
		}
		wrong := append(access.ReorganiseFaultsOf(who.Subject, now, &next), next.FaultsSince(now)...)
		if err := fault.Join(wrong); err != nil {
			return err
		}
		edit.Base, edit.Actor = now.Version, who.Person.ID
		_, err = d.edit(ctx, edit)
		if fault.CodeOf(err) != "organisation.moved" || try == organisationTries {
			return err
		}
	}
}

// ExportPeople is the people whom somebody may know all of, as a table that PlanTable
// reads.
//
// Errors: Forbidden access.denied.
func (d *Desk) ExportPeople(ctx context.Context, who auth.Who) ([]byte, error) {
	scope, err := needAny(who, access.OrganisationInspect)
	if err != nil {
		return nil, err
	}
	now, err := d.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	var people []org.Person
	for _, p := range now.People {
		if scope.All || slices.Contains(scope.Entities, p.Entity) {
			people = append(people, p)
		}
	}
	slices.SortFunc(people, func(a, b org.Person) int { return cmp.Compare(a.ID, b.ID) })
	var table bytes.Buffer
	err = org.WriteTable(&table, people)
	return table.Bytes(), err
}
