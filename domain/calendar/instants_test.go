package calendar

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// instant is one row of testdata/instants.txt.
type instant struct {
	calendar, zone, from, duration, due, reason string
	provisional                                 bool
}

func instants(t testing.TB) []instant {
	t.Helper()
	text, err := os.ReadFile("testdata/instants.txt")
	require.NoError(t, err)
	var rows []instant
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		cells := strings.Split(line, " | ")
		require.Len(t, cells, 6, line)
		require.NotEmpty(t, cells[5], line)
		due, provisional := strings.CutSuffix(cells[4], "?")
		rows = append(rows, instant{cells[0], cells[1], cells[2], cells[3], due, cells[5], provisional})
	}
	return rows
}

// told reads a wall time of a zone. Where it says its offset, the zone must show
// the same wall time at that instant.
func told(t testing.TB, text string, zone *time.Location) time.Time {
	t.Helper()
	day, clock, ok := strings.Cut(text, " ")
	require.True(t, ok, text)
	offset := strings.IndexAny(clock, "+-")
	if offset < 0 {
		at := wall(t, text, zone)
		_, before := at.Add(-3 * time.Hour).Zone()
		_, after := at.Add(3 * time.Hour).Zone()
		require.Equal(t, before, after, "%s: say the offset so near to a change of clocks", text)
		return at
	}
	clock, told := clock[:offset], clock[offset:]
	if strings.Count(clock, ":") == 1 {
		clock += ":00"
	}
	at, err := time.Parse(time.RFC3339, day+"T"+clock+told)
	require.NoError(t, err)
	require.Equal(t, day+" "+clock+" "+told, at.In(zone).Format("2006-01-02 15:04:05 -07:00"),
		"the zone shows another time then")
	return at
}

// TestInstants holds Due to a table that was counted by hand.
func TestInstants(t *testing.T) {
	all, rows := calendars(t), instants(t)
	require.GreaterOrEqual(t, len(rows), 200)
	seen := map[string]string{}
	for _, row := range rows {
		t.Run(row.calendar+" "+row.from+" + "+row.duration, func(t *testing.T) {
			c := all[row.calendar]
			require.NotNil(t, c, "no such calendar")
			question := row.calendar + row.zone + row.from + row.duration
			require.Empty(t, seen[question], "asked twice")
			seen[question] = row.due
			zone, err := time.LoadLocation(row.zone)
			require.NoError(t, err)
			d, err := ParseDuration(row.duration)
			require.NoError(t, err)
			got, days, err := c.Course(told(t, row.from, zone), d)
			require.NoError(t, err)
			require.Equal(t, told(t, row.due, zone).UTC(), got.At, "%s: got %s", row.reason, got.At.In(zone))
			require.Equal(t, row.provisional, got.Provisional, row.reason)
			requireCourse(t, d, days)
		})
	}
}

// requireCourse: the days of a deadline add up to what was asked for.
func requireCourse(t *testing.T, d Duration, days []Day) {
	t.Helper()
	if d.Unit == Second {
		require.Empty(t, days)
		return
	}
	var used time.Duration
	counted, begun := 0, 0
	for _, day := range days {
		used += day.Used
		switch day.Role {
		case Begins:
			begun++
		case Counts:
			counted++
			require.NotEmpty(t, day.Hours)
			if d.Unit == WorkDay {
				require.Equal(t, counted, day.Nth)
			}
		case PassedOver:
			require.Zero(t, day.Used)
		}
	}
	if d.Unit == WorkHour {
		require.Equal(t, time.Duration(d.Count)*time.Hour, used)
		return
	}
	require.Equal(t, 1, begun)
	require.Equal(t, int(d.Count), counted)
}
