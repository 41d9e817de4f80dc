package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/store"
)

// TestAMovedDeadlineKeepsTheWorkingTimeThatWasLeft counts by hand: office hours are
// 09:00–12:00 and 13:30–18:30 in Shanghai, Monday to Friday.
func TestAMovedDeadlineKeepsTheWorkingTimeThatWasLeft(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, shanghai) }
	office := &calendar.Calendar{ID: "office", Zone: "Asia/Shanghai"}
	for day := time.Monday; day <= time.Friday; day++ {
		office.Week[day] = []calendar.Span{{From: 9 * 60, To: 12 * 60}, {From: 13*60 + 30, To: 18*60 + 30}}
	}
	byID := map[string]store.CalendarVersion{"office": {Calendar: office, Version: 1}}
	clock := approval.Clock{Calendar: "office", Due: calendar.Duration{Count: 1, Unit: calendar.WorkDay}}
	for _, tt := range []struct {
		name  string
		moved approval.Moved
		now   time.Time
		want  time.Time
	}{
		{"stopped Monday 17:30, due Tuesday 10:00: two hours were left", approval.Moved{
			StoppedAt: at(23, 17, 30), Was: at(24, 10, 0)}, at(25, 11, 0), at(25, 14, 30)},
		{"gone on outside working hours, it counts from opening", approval.Moved{
			StoppedAt: at(23, 17, 30), Was: at(24, 10, 0)}, at(27, 20, 0), at(30, 11, 0)},
		{"stopped overnight only, nothing is gained", approval.Moved{
			StoppedAt: at(23, 19, 0), Was: at(24, 10, 0)}, at(24, 8, 0), at(24, 10, 0)},
		{"one workday more", approval.Moved{
			Was: at(27, 16, 0), Extra: calendar.Duration{Count: 1, Unit: calendar.WorkDay}}, at(27, 9, 0), at(30, 16, 0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := stampTask(byID, store.CalendarVersion{}, tt.now, approval.TaskOpenedData{Task: "t", Clock: clock, Moved: &tt.moved})
			require.NoError(t, err)
			require.True(t, tt.want.Equal(got.DueAt), "%s, not %s", got.DueAt.In(shanghai), tt.want)
		})
	}
}

// TestRemindersMoveWithoutADeadline: none appears by it.
func TestRemindersMoveWithoutADeadline(t *testing.T) {
	at := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	clock := approval.Clock{Calendar: "c", First: calendar.Duration{Count: 60, Unit: calendar.Second}, AtMost: 1}
	got, err := stampTask(map[string]store.CalendarVersion{
		"c": {Calendar: &calendar.Calendar{ID: "c", Zone: "UTC"}, Version: 1},
	}, store.CalendarVersion{}, at, approval.TaskOpenedData{
		Task: "t", Clock: clock, Moved: &approval.Moved{
			StoppedAt: at.Add(-time.Hour), WasRemind: []time.Time{at.Add(-time.Hour + 20*time.Second)},
		},
	})
	require.NoError(t, err)
	require.Zero(t, got.DueAt)
	require.Equal(t, []time.Time{at.Add(20 * time.Second)}, got.RemindAt)
}

// TestAClockThatStoodStillMovesByTheCalendarOfThen: Tuesday was off when it went on,
// but not when it stopped; what was left then is left.
func TestAClockThatStoodStillMovesByTheCalendarOfThen(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, shanghai) }
	old := &calendar.Calendar{ID: "office", Zone: "Asia/Shanghai"}
	for day := time.Monday; day <= time.Friday; day++ {
		old.Week[day] = []calendar.Span{{From: 9 * 60, To: 17 * 60}}
	}
	next := *old
	next.Off = map[calendar.Date]string{"2026-11-24": "off", "2026-11-30": "off"}
	clock := approval.Clock{Calendar: "office", Due: calendar.Duration{Count: 2, Unit: calendar.WorkDay}}
	for _, tt := range []struct {
		name  string
		saved time.Time
		moved approval.Moved
		now   time.Time
		want  time.Time
	}{
		{"changed while it stood still: 15 hours were left", at(25, 12),
			approval.Moved{StoppedAt: at(23, 10), Was: at(25, 9)}, at(26, 9), at(27, 16)},
		{"changed before it stopped, and told too late: the day off is not counted", at(23, 9),
			approval.Moved{StoppedAt: at(23, 10), Was: at(25, 9)}, at(26, 9), at(27, 16)},
		{"an excuse is counted from where the deadline moves", at(23, 9),
			approval.Moved{Was: at(24, 12), Extra: calendar.Duration{Count: 1, Unit: calendar.WorkDay}}, at(23, 10), at(26, 12)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := store.CalendarVersion{Calendar: old, Version: 1}
			byID := map[string]store.CalendarVersion{"office": {Calendar: &next, Version: 2, SavedAt: tt.saved}}
			got, err := stampTask(byID, before, tt.now, approval.TaskOpenedData{
				Task: "t", Clock: clock, Moved: &tt.moved, CalendarVersion: 1, Counted: at(23, 9)})
			require.NoError(t, err)
			require.True(t, tt.want.Equal(got.DueAt), "%s, not %s", got.DueAt.In(shanghai), tt.want)
			require.Equal(t, 2, got.CalendarVersion)
		})
	}
}
