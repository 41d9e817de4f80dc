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

// movesShown is how many deadlines that move are printed.
const movesShown = 20

// openMoves tells which open deadlines an import moves. The workers count them
// again, from the instant of the import.
func openMoves(ctx context.Context, s *store.Store, before store.CalendarVersion, after *calendar.Calendar,
	w i18n.CalendarWords) (string, error) {
	zone, err := time.LoadLocation(after.Zone)
	if err != nil {
		return "", err
	}
	w.Zone = zone
	next := store.CalendarVersion{Calendar: after, Version: before.Version + 1, SavedAt: time.Now()}
	moves, err := activities.MovesBy(ctx, s, before, next, activities.Foretelling{First: movesShown})
	if err != nil {
		return "", err
	}
	args := map[string]string{"n": strconv.Itoa(moves.Open), "moved": strconv.Itoa(moves.Count), "more": ""}
	switch {
	case moves.Open == 0:
		return "", nil
	case moves.Count == 0:
		return w.Text("moves.none", args), nil
	case moves.Count > movesShown:
		args["more"] = w.Word("moves.first", map[string]string{"n": strconv.Itoa(movesShown)})
	}
	var b strings.Builder
	for _, m := range moves.First {
		b.WriteString("  " + w.Text("moves.one", map[string]string{"number": m.Task.Number, "assignee": m.Task.Assignee,
			"before": w.Instant(m.Task.DueAt), "after": w.Instant(m.After)}))
	}
	return w.Text("moves", args) + b.String(), nil
}
