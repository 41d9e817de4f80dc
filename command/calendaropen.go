package command

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// How many deadlines that move are printed, and how many are looked at in one go.
const (
	movesShown = 20
	movesPage  = 200
)

// openMoves tells which open deadlines an import moves. The workers count them
// again, from the instant of the import.
func openMoves(ctx context.Context, s *store.Store, before store.CalendarVersion, after *calendar.Calendar,
	w i18n.CalendarWords) (string, error) {
	if before.Calendar == nil {
		return "", nil
	}
	zone, err := time.LoadLocation(after.Zone)
	if err != nil {
		return "", err
	}
	w.Zone = zone
	now := time.Now()
	next := store.CalendarVersion{Calendar: after, Version: before.Version + 1, SavedAt: now}
	versions := map[int]store.CalendarVersion{before.Version: before}
	looked, moved, last := 0, 0, ""
	var b strings.Builder
	for {
		tasks, err := s.OpenByCalendar(ctx, after.ID, last, movesPage)
		if err != nil {
			return "", err
		}
		for _, t := range tasks {
			old, known := versions[t.CalendarVersion]
			if !known {
				if old, err = s.CalendarAt(ctx, after.ID, t.CalendarVersion, t.OpenedAt); err != nil {
					return "", err
				}
				versions[t.CalendarVersion] = old
			}
			counted, changed, err := activities.RecountTask(next, old, t.Task, now)
			if err != nil {
				return "", err
			}
			if changed && !counted.DueAt.Equal(t.DueAt) {
				if moved++; moved <= movesShown {
					b.WriteString("  " + w.Text("moves.one", map[string]string{"number": t.Number, "assignee": t.Assignee,
						"before": w.Instant(t.DueAt), "after": w.Instant(counted.DueAt)}))
				}
			}
		}
		looked += len(tasks)
		if len(tasks) < movesPage {
			break
		}
		last = tasks[len(tasks)-1].ID
	}
	args := map[string]string{"n": strconv.Itoa(looked), "moved": strconv.Itoa(moved), "more": ""}
	switch {
	case looked == 0:
		return "", nil
	case moved == 0:
		return w.Text("moves.none", args), nil
	case moved > movesShown:
		args["more"] = w.Word("moves.first", map[string]string{"n": strconv.Itoa(movesShown)})
	}
	return w.Text("moves", args) + b.String(), nil
}
