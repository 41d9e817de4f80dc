package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// TemplatesMax is how many templates one person may keep.
const TemplatesMax = 50

var _ = fault.Register(map[string]fault.Entry{
	"template.not_found":  {Kind: fault.NotFound},
	"template.too_many":   {Kind: fault.Conflict, Args: []string{"max"}},
	"template.name_taken": {Kind: fault.Conflict, Args: []string{"name"}},
})

// Template is a content that its owner fills in again and again. 模板
type Template struct {
	ID      string
	Owner   string
	Name    string
	Content document.Content
	SavedAt time.Time
}

// SaveTemplate keeps a template under its owner's name for it; one of that name is
// replaced.
//
// Safe to repeat. Errors: Conflict template.too_many.
func (s *Store) SaveTemplate(ctx context.Context, t Template) (Template, error) {
	content, err := json.Marshal(t.Content)
	if err != nil {
		return Template{}, err
	}
	err = s.inTx(ctx, "store.SaveTemplate", func(tx *sqlx.Tx) error {
		// Two at once could both be the fiftieth.
		const lock = `SELECT pg_advisory_xact_lock(hashtext('templates'), hashtext($1))`
		if _, err := tx.ExecContext(ctx, lock, t.Owner); err != nil {
			return err
		}
		const query = `
			INSERT INTO templates (id, owner, type, name, content)
			SELECT $1, $2, $3, $4, $5
			WHERE (SELECT count(*) FROM templates WHERE owner = $2 AND name <> $4) < $6
			ON CONFLICT (owner, name) DO UPDATE SET type = $3, content = $5, saved_at = clock_timestamp()
			RETURNING id, saved_at`
		var row templateRow
		err := tx.GetContext(ctx, &row, query, newID(), t.Owner, t.Content.Type, t.Name, string(content), TemplatesMax)
		t.ID, t.SavedAt = row.ID, row.SavedAt.UTC()
		return noRows(err, fault.New(fault.Conflict, "template.too_many", fault.Arg("max", strconv.Itoa(TemplatesMax))))
	})
	return t, err
}

type templateRow struct {
	ID, Owner, Name, Content string

	SavedAt time.Time `db:"saved_at"`
}

func (r templateRow) template() (Template, error) {
	t := Template{ID: r.ID, Owner: r.Owner, Name: r.Name, SavedAt: r.SavedAt.UTC()}
	return t, json.Unmarshal([]byte(r.Content), &t.Content)
}

// Templates lists somebody's templates by name.
func (s *Store) Templates(ctx context.Context, owner string) ([]Template, error) {
	const query = `SELECT id, owner, name, content, saved_at FROM templates WHERE owner = $1 ORDER BY name, id`
	var rows []templateRow
	if err := s.db.SelectContext(ctx, &rows, query, owner); err != nil {
		return nil, sqlFault("store.Templates", err)
	}
	list := make([]Template, 0, len(rows))
	for _, r := range rows {
		t, err := r.template()
		if err != nil {
			return nil, sqlFault("store.Templates", err)
		}
		list = append(list, t)
	}
	return list, nil
}

// Template is one of somebody's templates.
//
// Errors: NotFound template.not_found, also for somebody else's.
func (s *Store) Template(ctx context.Context, owner, id string) (Template, error) {
	const query = `SELECT id, owner, name, content, saved_at FROM templates WHERE id = $1 AND owner = $2`
	var row templateRow
	if err := s.db.GetContext(ctx, &row, query, id, owner); err != nil {
		return Template{}, sqlFault("store.Template", noRows(err, fault.New(fault.NotFound, "template.not_found")))
	}
	t, err := row.template()
	return t, sqlFault("store.Template", err)
}

// RenameTemplate gives a template another name.
//
// Safe to repeat. Errors: NotFound template.not_found, also for somebody else's; Conflict
// template.name_taken.
func (s *Store) RenameTemplate(ctx context.Context, owner, id, name string) error {
	return s.inTx(ctx, "store.RenameTemplate", func(tx *sqlx.Tx) error {
		// Two at once, or one that is kept, could take the name between the look and the change.
		const lock = `SELECT pg_advisory_xact_lock(hashtext('templates'), hashtext($1))`
		if _, err := tx.ExecContext(ctx, lock, owner); err != nil {
			return err
		}
		const look = `
			SELECT EXISTS (SELECT FROM templates o WHERE o.owner = $2 AND o.name = $3 AND o.id <> t.id)
			FROM templates t WHERE t.id = $1 AND t.owner = $2`
		var taken bool
		if err := tx.GetContext(ctx, &taken, look, id, owner, name); err != nil {
			return noRows(err, fault.New(fault.NotFound, "template.not_found"))
		}
		if taken {
			return fault.New(fault.Conflict, "template.name_taken", fault.Field("name"), fault.Arg("name", name))
		}
		_, err := tx.ExecContext(ctx, `UPDATE templates SET name = $2 WHERE id = $1`, id, name)
		return err
	})
}

// DeleteTemplate forgets a template.
//
// Errors: NotFound template.not_found, also for somebody else's.
func (s *Store) DeleteTemplate(ctx context.Context, owner, id string) error {
	return s.inTx(ctx, "store.DeleteTemplate", func(tx *sqlx.Tx) error {
		done, err := tx.ExecContext(ctx, `DELETE FROM templates WHERE id = $1 AND owner = $2`, id, owner)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return fault.New(fault.NotFound, "template.not_found")
	})
}
