package pages

import (
	"log/slog"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
)

// waitingRow is one person for whom a document waits.
type waitingRow struct {
	Who, Left string

	Since, Until stamp
	Advice       bool // they are asked for advice only
}

// waitingMost is how many are named at the head of the page; the route names all.
const waitingMost = 4

// waiting tells for whom a document waits, since when and until when; more is how
// many others there are.
func (v *visit) waiting(state approval.State) (rows []waitingRow, more int) {
	if state.Stopped != nil {
		return nil, 0 // nobody can do anything: see stoppedBox
	}
	for _, t := range state.OpenTasks() {
		if len(rows) == waitingMost {
			more++
			continue
		}
		rows = append(rows, waitingRow{
			Who: v.name(t.Assignee), Since: v.stamp(t.OpenedAt, state.Entity), Until: v.stamp(t.DueAt, state.Entity),
			Left: v.left(stepOf(state, t.ID).Clock, t.DueAt), Advice: t.For != "",
		})
	}
	return rows, more
}

// left says how much working time there is until a deadline, or how long it is
// over, by the clock of its step; "" where there is none.
func (v *visit) left(clock approval.Clock, due time.Time) string {
	if due.IsZero() || clock.Due.Unit == calendar.Second {
		return ""
	}
	calendars, err := v.desk().Calendars(v.r.Context())
	if err != nil {
		slog.WarnContext(v.r.Context(), "no working time shown", "error", err)
		return ""
	}
	c := calendars[clock.Calendar]
	if c == nil {
		return ""
	}
	if due.Before(v.now) {
		return v.workingTime("over", c.Between(due, v.now))
	}
	return v.workingTime("left", c.Between(v.now, due))
}

// workingTime says a stretch of working time in whole hours, or in minutes where
// it is less than one.
func (v *visit) workingTime(how string, d time.Duration) string {
	n, unit := int64(d/time.Hour), "hours"
	if n == 0 {
		n, unit = int64(d/time.Minute), "minutes"
	}
	if n == 0 {
		return v.t("page.waiting." + how + ".none")
	}
	return v.optionalCount("page.waiting."+how+"."+unit, n, strconv.FormatInt(n, 10))
}
