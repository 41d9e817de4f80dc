package approval_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
)

// TestLatestAddsUpWhatFollows proves that steps add their deadlines, that branches run
// beside each other, and that nothing is told of what nobody can say.
func TestLatestAddsUpWhatFollows(t *testing.T) {
	from := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	hours := map[string]int64{"before": 1, "left1": 2, "inner0": 3, "inner1": 4, "left2": 5, "right": 6, "after": 7}
	plan := approval.Plan{Steps: forked()}
	for i := range plan.Steps {
		plan.Steps[i].Clock.Due = calendar.Duration{Count: hours[plan.Steps[i].ID], Unit: calendar.WorkHour}
	}
	due := func(_ string, from time.Time, d calendar.Duration) (calendar.Deadline, error) {
		return calendar.Deadline{At: from.Add(time.Duration(d.Count) * time.Hour), Provisional: d.Count == 4}, nil
	}
	said := func() map[string]int {
		latest, err := plan.Latest(from, due)
		require.NoError(t, err)
		found := map[string]int{}
		for step, at := range latest {
			found[step] = int(at.At.Sub(from).Hours())
		}
		return found
	}
	require.Equal(t, map[string]int{"before": 1, "left1": 3, "inner0": 6, "inner1": 7, "left2": 12, "right": 7, "after": 19}, said())
	latest, err := plan.Latest(from, due)
	require.NoError(t, err)
	require.True(t, latest["left2"].Provisional, "what follows from a provisional time is provisional")
	require.False(t, latest["right"].Provisional)

	plan.Steps[1].Need = approval.Skip
	require.Equal(t, map[string]int{"before": 1, "inner0": 4, "inner1": 5, "left2": 10, "right": 7, "after": 17}, said())
	plan.Steps[5].Clock.Due = calendar.Duration{}
	require.Equal(t, map[string]int{"before": 1, "inner0": 4, "inner1": 5, "left2": 10}, said(), "no deadline: nobody can say")
}
