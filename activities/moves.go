package activities

import (
	"context"
	"time"

	"github.com/countersign/countersign/store"
)

// Move is one open deadline that a version of a calendar moves.
type Move struct {
	Task  store.Task
	After time.Time
}

// Moves are the open deadlines that a version moves.
type Moves struct {
	Open  int // deadlines by the calendar that were looked at
	More  bool
	Count int // that move
	First []Move
}

// OpenBook is the part of the store that MovesBy needs.
type OpenBook interface {
	OpenByCalendar(ctx context.Context, id, after string, limit int) ([]store.Task, error)
	CalendarAt(ctx context.Context, id string, version int, at time.Time) (store.CalendarVersion, error)
}

// movesPage is how many open tasks are read in one go.
const movesPage = 200

// Foretelling says how far to look for what moves. Zero has no bound.
type Foretelling struct {
	Open  int // looks at so many open deadlines at most
	First int // keeps so many that move
}

// MovesBy foretells what Recount would do to every open deadline if a version of a
// calendar were in force now. It changes nothing.
func MovesBy(ctx context.Context, book OpenBook, before, next store.CalendarVersion, f Foretelling) (Moves, error) {
	var moves Moves
	if before.Calendar == nil {
		return moves, nil
	}
	versions := map[int]store.CalendarVersion{before.Version: before}
	for last := ""; ; {
		tasks, err := book.OpenByCalendar(ctx, next.Calendar.ID, last, movesPage)
		if err != nil {
			return moves, err
		}
		for _, t := range tasks {
			if moves.More = f.Open > 0 && moves.Open == f.Open; moves.More {
				return moves, nil
			}
			moves.Open++
			old, known := versions[t.CalendarVersion]
			if !known {
				if old, err = book.CalendarAt(ctx, next.Calendar.ID, t.CalendarVersion, t.OpenedAt); err != nil {
					return moves, err
				}
				versions[t.CalendarVersion] = old
			}
			if err := moves.look(next, old, t, f.First); err != nil {
				return moves, err
			}
		}
		if len(tasks) < movesPage {
			return moves, nil
		}
		last = tasks[len(tasks)-1].ID
	}
}

func (m *Moves) look(next, old store.CalendarVersion, t store.Task, first int) error {
	counted, changed, err := RecountTask(next, old, t.Task, next.SavedAt)
	if err != nil || !changed || counted.DueAt.Equal(t.DueAt) {
		return err
	}
	m.Count++
	if len(m.First) < first {
		m.First = append(m.First, Move{t, counted.DueAt})
	}
	return nil
}
