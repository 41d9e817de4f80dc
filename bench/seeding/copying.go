package seeding

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// chunk is the rows of some documents, by table.
type chunk struct {
	world *world
	last  int // how many documents there are after it
	of    [][][]any
}

// chunk makes the rows of the documents from first to before last.
func (w *world) chunk(first, last int) (*chunk, error) {
	c := &chunk{world: w, last: last, of: make([][][]any, len(tables))}
	for n := first; n < last; n++ {
		a := w.asked(n)
		if w.fates[n] == drafted {
			if err := c.draftRow(a); err != nil {
				return nil, err
			}
			continue
		}
		s, err := w.stamp(a)
		if err != nil {
			return nil, err
		}
		if err := c.rows(s); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *chunk) add(table int, row ...any) { c.of[table] = append(c.of[table], row) }

// copy writes everything of the chunk, or nothing.
func (c *chunk) copy(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a chunk: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	for i, t := range tables {
		if err := copyInto(ctx, tx, t, c.of[i]); err != nil {
			return fmt.Errorf("copying into %s: %w", t.name, err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing a chunk: %w", err)
	}
	return nil
}

func copyInto(ctx context.Context, tx *sql.Tx, t table, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	stmt, err := tx.PrepareContext(ctx, "COPY "+t.name+" ("+strings.Join(t.columns, ", ")+") FROM STDIN")
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }() // what counts is the answer to the empty row
	for _, row := range rows {
		if _, err := stmt.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	_, err = stmt.ExecContext(ctx)
	return err
}
