package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestADeadlineIsCarriedToAnotherVersion counts by hand: 09:00–12:00 and
// 13:30–18:00 in Shanghai, Monday to Friday. Friday is 4 December 2026.
func TestADeadlineIsCarriedToAnotherVersion(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 12, day, hour, minute, 0, 0, shanghai) }
	for _, tt := range []struct {
		name            string
		off, extra      Date
		from, due, want time.Time
	}{
		{"nothing changed", "", "", at(4, 16, 0), at(7, 15, 0), at(7, 15, 0)},
		{"Monday is off", "2026-12-07", "", at(4, 16, 0), at(7, 15, 0), at(8, 15, 0)},
		{"Monday is off, due at its opening", "2026-12-07", "", at(4, 9, 0), at(7, 9, 0), at(8, 9, 0)},
		{"told on the weekend, due at an opening", "2026-12-07", "", at(5, 11, 0), at(7, 9, 0), at(8, 9, 0)},
		{"due after lunch", "2026-12-07", "", at(4, 18, 30), at(7, 13, 30), at(8, 13, 30)},
		{"due at closing", "2026-12-07", "", at(4, 9, 0), at(7, 18, 0), at(8, 18, 0)},
		{"Saturday is made up for", "", "2026-12-05", at(4, 16, 0), at(7, 15, 0), at(5, 15, 0)},
		{"a day that is over stays counted", "2026-12-03", "", at(4, 9, 0), at(7, 15, 0), at(7, 15, 0)},
		{"what was due is due", "2026-12-07", "", at(7, 16, 0), at(7, 15, 0), at(7, 15, 0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old, next := bureau(), bureau()
			if tt.off != "" {
				next.Off[tt.off] = "off"
			}
			if tt.extra != "" {
				next.Extra[tt.extra] = "extra"
			}
			got, err := next.Carried(old, tt.from, tt.due)
			require.NoError(t, err)
			require.True(t, tt.want.Equal(got.At), "%s, not %s", got.At.In(shanghai), tt.want)
			same, err := next.Agrees(old, tt.from, tt.due)
			require.NoError(t, err)
			past := tt.name == "a day that is over stays counted"
			require.Equal(t, past || tt.off == "" && tt.extra == "", same)
		})
	}
}

// TestAPublishedYearEndsTheProvision says so for a deadline that does not move.
func TestAPublishedYearEndsTheProvision(t *testing.T) {
	old, next := bureau(), bureau()
	next.Years = []int{2026, 2027}
	from := time.Date(2026, 12, 31, 2, 0, 0, 0, time.UTC)
	due, err := old.Due(from, Duration{Count: 3, Unit: WorkDay})
	require.NoError(t, err)
	require.True(t, due.Provisional)
	same, err := next.Agrees(old, from, due.At)
	require.NoError(t, err)
	require.False(t, same)
	carried, err := next.Carried(old, from, due.At)
	require.NoError(t, err)
	require.False(t, carried.Provisional)
}

// TestCarryingToTheSameVersionMovesNothing holds it for any deadline of any count.
func TestCarryingToTheSameVersionMovesNothing(t *testing.T) {
	c := bureau()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
		from := start.Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(t, "from")) * time.Minute)
		unit := rapid.SampledFrom([]Unit{WorkDay, WorkHour}).Draw(t, "unit")
		due, err := c.Due(from, Duration{Count: int64(rapid.IntRange(1, 12).Draw(t, "count")), Unit: unit})
		require.NoError(t, err)
		told := from.Add(time.Duration(rapid.IntRange(0, int(due.At.Sub(from)/time.Minute)).Draw(t, "told")) * time.Minute)
		got, err := c.Carried(bureau(), told, due.At)
		require.NoError(t, err)
		require.True(t, due.At.Equal(got.At), "told at %s: %s became %s", told, due.At, got.At)
	})
}

func bureau() *Calendar {
	c := &Calendar{ID: "office", Zone: "Asia/Shanghai", Years: []int{2026}, Off: map[Date]string{}, Extra: map[Date]string{}}
	for day := time.Monday; day <= time.Friday; day++ {
		c.Week[day] = []Span{{From: 9 * 60, To: 12 * 60}, {From: 13*60 + 30, To: 18 * 60}}
	}
	return c
}
