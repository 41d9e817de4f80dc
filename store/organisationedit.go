package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/org"
)

// OrganisationEditFaults are the refusals of a change that was made from what is no more.
var OrganisationEditFaults = fault.Register(map[string]fault.Entry{
	"organisation.moved": {Kind: fault.Conflict},
	"organisation.kept":  {Kind: fault.Conflict, Args: []string{"person"}},
	"organisation.table": {Kind: fault.NotFound},
})

// OrganisationEdit is a change of people and departments that an administrator makes:
// rows as they shall be. Whoever is not in it stays.
type OrganisationEdit struct {
	Base        int64  // version that it was made from
	Actor       string // the administrator
	Reason      string // person/<id>, department/<id>, or table and the SHA-256 of the file
	People      []org.Person
	Departments []org.Department
}

// EditOrganisation carries out a change and tells the version that has it. Who leaves
// by it loses sessions, tokens and delegations with it, as by a file.
//
// Safe to repeat: what is so already keeps its version.
// Errors: Conflict organisation.moved where another version is in force than it was
// made from, organisation.kept where a directory says otherwise of somebody.
func (s *Store) EditOrganisation(ctx context.Context, in OrganisationEdit) (int64, error) {
	version := in.Base
	err := s.inTx(ctx, "store.EditOrganisation", func(tx *sqlx.Tx) error {
		if err := lockOrganisation(ctx, tx); err != nil {
			return err
		}
		now, err := orgVersion(ctx, tx)
		if err != nil {
			return err
		}
		if now != in.Base {
			return fault.New(fault.Conflict, "organisation.moved")
		}
		patch, err := in.patch(ctx, tx)
		if err != nil || patch.empty() {
			return err
		}
		if version, err = changeOrganisation(ctx, tx, patch); err != nil {
			return err
		}
		return in.tell(ctx, tx, patch, version)
	})
	s.Forget()
	return version, err
}

// namesTold is how many of those whom a change is about a notice names.
const namesTold = 5

// tell lets the other administrators of where something changed know who did it alone.
func (in OrganisationEdit) tell(ctx context.Context, tx *sqlx.Tx, patch organisationPatch, version int64) error {
	var entities, names []string
	for _, r := range slices.Concat(patch.begins, patch.ends) { // where they were, too
		var of struct{ Entity string }
		if err := json.Unmarshal([]byte(r.Body), &of); err != nil {
			return fmt.Errorf("read %s %s: %w", r.Kind, r.ID, err)
		}
		entities = append(entities, of.Entity)
	}
	for _, r := range patch.begins[:min(len(patch.begins), namesTold)] {
		names = append(names, in.title(r))
	}
	if len(patch.begins) > namesTold {
		names = append(names, "…")
	}
	const tell = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		SELECT DISTINCT $1 || '.' || $2 || '.' || person, $1, person, 'admin', '', '', '', false, $3::jsonb
		FROM role_holders WHERE role = 'admin' AND person <> $4 AND (entity = '' OR entity = ANY($5)) AND ` + holdsNow + `
		ON CONFLICT DO NOTHING`
	data := map[string]string{"by": in.Actor, "n": strconv.Itoa(len(patch.begins)), "names": strings.Join(names, ", ")}
	_, err := tx.ExecContext(ctx, tell, notice.OrganisationEdited, strconv.FormatInt(version, 10), string(mustJSON(data)),
		in.Actor, pq.Array(entities))
	return err
}

// title is what people call a row: their name, or the department's with its id.
func (in OrganisationEdit) title(r orgRow) string {
	for _, p := range in.People {
		if r.Kind == orgPerson && p.ID == r.ID {
			return p.Name
		}
	}
	return r.ID
}

// patch is what the change ends and begins.
func (in OrganisationEdit) patch(ctx context.Context, tx *sqlx.Tx) (organisationPatch, error) {
	p := organisationPatch{kind: OrganisationEdited, actor: in.Actor, reason: in.Reason}
	var ids []string
	for _, person := range in.People {
		ids = append(ids, person.ID)
	}
	before, err := orgBodies(ctx, tx, orgPerson, ids)
	if err != nil {
		return p, err
	}
	kept, err := keptByDirectory(ctx, tx, ids)
	if err != nil {
		return p, err
	}
	for _, person := range in.People {
		var was org.Person
		if body, ok := before[person.ID]; ok {
			if err := json.Unmarshal([]byte(body), &was); err != nil {
				return p, fmt.Errorf("read %s: %w", person.ID, err)
			}
		}
		if told := (org.Person{}); kept[person.ID] {
			told = was
			told.Grade = person.Grade
			if len(org.FieldsChanged(told, person)) > 0 || told.Active != person.Active {
				return p, fault.New(fault.Conflict, "organisation.kept", fault.Arg("person", person.ID))
			}
		}
		if err := p.row(orgPerson, person.ID, person, before); err != nil {
			return p, err
		}
		p.people = append(p.people, person.ID)
		switch {
		case was.Active && !person.Active:
			p.left = append(p.left, person.ID)
		case !was.Active && person.Active:
			p.arrived = append(p.arrived, person.ID)
		}
	}
	ids = nil
	for _, d := range in.Departments {
		ids = append(ids, d.ID)
	}
	if before, err = orgBodies(ctx, tx, orgDepartment, ids); err != nil {
		return p, err
	}
	for _, d := range in.Departments {
		if err := p.row(orgDepartment, d.ID, d, before); err != nil {
			return p, err
		}
	}
	return p, nil
}

// row adds what becomes of one row; one that stays as it is is none.
func (p *organisationPatch) row(kind, id string, next any, before map[string]string) error {
	body, err := evidence.Canonical(next)
	if err != nil {
		return fmt.Errorf("%s %s: %w", kind, id, err)
	}
	was, known := before[id]
	if known && was == string(body) {
		return nil
	}
	if known {
		p.ends = append(p.ends, orgRow{Kind: kind, ID: id, Body: was})
	}
	p.begins = append(p.begins, orgRow{Kind: kind, ID: id, Body: string(body)})
	return nil
}

// orgBodies are the rows in force of a kind, by id.
func orgBodies(ctx context.Context, tx *sqlx.Tx, kind string, ids []string) (map[string]string, error) {
	const query = `SELECT kind, id, body FROM org_rows WHERE kind = $1 AND id = ANY($2) AND to_version IS NULL`
	var rows []orgRow
	err := tx.SelectContext(ctx, &rows, query, kind, pq.Array(ids))
	bodies := map[string]string{}
	for _, r := range rows {
		bodies[r.ID] = r.Body
	}
	return bodies, err
}

func keptByDirectory(ctx context.Context, q sqlx.QueryerContext, ids []string) (map[string]bool, error) {
	const query = `SELECT id FROM directory_entries WHERE kind = 'User' AND id = ANY($1)`
	var found []string
	err := sqlx.SelectContext(ctx, q, &found, query, pq.Array(ids))
	kept := map[string]bool{}
	for _, id := range found {
		kept[id] = true
	}
	return kept, err
}

// KeptByDirectory says whom of these a directory told of: they stay who it says they are.
func (s *Store) KeptByDirectory(ctx context.Context, ids ...string) (map[string]bool, error) {
	kept, err := keptByDirectory(ctx, s.db, ids)
	return kept, sqlFault("store.KeptByDirectory", err)
}

// tablesKept is how long a table of people waits for its use, as PostgreSQL has it.
const tablesKept = `24 hours`

// KeepTable keeps a table of people until it is used, for who brought it; what others
// left for longer than a day is forgotten with it.
func (s *Store) KeepTable(ctx context.Context, person, name string, text []byte) (string, error) {
	id := newID()
	err := s.inTx(ctx, "store.KeepTable", func(tx *sqlx.Tx) error {
		const old = `DELETE FROM organisation_tables WHERE made_at < clock_timestamp() - $1::interval`
		if _, err := tx.ExecContext(ctx, old, tablesKept); err != nil {
			return err
		}
		const keep = `INSERT INTO organisation_tables (id, person, name, text) VALUES ($1, $2, $3, $4)`
		_, err := tx.ExecContext(ctx, keep, id, person, name, text)
		return err
	})
	return id, err
}

// KeptTable is a table of people that somebody brought, and its file's name.
//
// Errors: NotFound organisation.table.
func (s *Store) KeptTable(ctx context.Context, person, id string) (name string, text []byte, err error) {
	const query = `SELECT name, text FROM organisation_tables
		WHERE id = $1 AND person = $2 AND made_at >= clock_timestamp() - $3::interval`
	var row struct {
		Name string
		Text []byte
	}
	err = s.db.GetContext(ctx, &row, query, id, person, tablesKept)
	return row.Name, row.Text, sqlFault("store.KeptTable", noRows(err, fault.New(fault.NotFound, "organisation.table")))
}

// DropTable forgets a table of people. Safe to repeat.
func (s *Store) DropTable(ctx context.Context, person, id string) error {
	return s.inTx(ctx, "store.DropTable", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM organisation_tables WHERE id = $1 AND person = $2`, id, person)
		return err
	})
}
