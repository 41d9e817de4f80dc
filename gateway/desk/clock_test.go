package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/store"
)

// TestTimeLeftIsWorkingTime by the calendar that the deadline is counted by, and plain
// time where it is counted by none.
func TestTimeLeftIsWorkingTime(t *testing.T) {
	all, err := calendar.Shipped()
	require.NoError(t, err)
	calendars := map[string]*calendar.Calendar{}
	for _, c := range all {
		calendars[c.ID] = c
	}
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	friday := time.Date(2026, 3, 6, 17, 30, 0, 0, shanghai)
	monday := time.Date(2026, 3, 9, 14, 0, 0, 0, shanghai)
	for name, tt := range map[string]struct {
		now, due time.Time
		calendar string
		want     TimeLeft
		running  bool
	}{
		"over a weekend":      {friday, monday, "cn-office", TimeLeft{4 * time.Hour, false, "cn-office"}, true},
		"late over a weekend": {monday, friday, "cn-office", TimeLeft{4 * time.Hour, true, "cn-office"}, true},
		"in plain time":       {friday, monday, "", TimeLeft{68*time.Hour + 30*time.Minute, false, ""}, true},
		"by no calendar":      {friday, monday, "gone", TimeLeft{68*time.Hour + 30*time.Minute, false, ""}, true},
		"on a Saturday":       {friday.Add(20 * time.Hour), friday.Add(22 * time.Hour), "cn-office", TimeLeft{0, false, "cn-office"}, true},
		"without a deadline":  {friday, time.Time{}, "cn-office", TimeLeft{}, false},
	} {
		task := store.Task{Calendar: tt.calendar}
		task.State, task.DueAt = approval.TaskOpen, tt.due
		left, running := Clocks{now: tt.now, calendars: calendars}.Left(task, nil)
		require.Equal(t, tt.running, running, name)
		require.Equal(t, tt.want, left, name)
		task.State = approval.TaskApproved
		_, running = Clocks{now: tt.now, calendars: calendars}.Left(task, nil)
		require.False(t, running, name)
	}
}
