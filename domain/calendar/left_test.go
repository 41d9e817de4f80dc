package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/fault"
)

// TestLeft counts by hand; a ? after the duration says that it is provisional.
func TestLeft(t *testing.T) {
	all := calendars(t)
	for _, tt := range []struct{ calendar, from, to, want string }{
		{"cn", "2026-03-02 09:00", "2026-03-02 18:00", "7h30m"},
		{"cn", "2026-03-02 11:30", "2026-03-02 14:00", "1h"},        // lunch is nothing
		{"cn", "2026-03-02 12:00", "2026-03-02 13:30", "0s"},        // all of it
		{"cn", "2026-03-02 12:30", "2026-03-02 13:45", "15m"},       // from within lunch
		{"cn", "2026-03-02 11:59:59", "2026-03-02 13:30:01", "2s"},  // both sides of lunch
		{"cn", "2026-03-02 18:00", "2026-03-03 09:00", "0s"},        // a night
		{"cn", "2026-03-06 17:30", "2026-03-09 14:00", "4h"},        // a weekend
		{"cn", "2026-02-13 18:00", "2026-02-14 18:00", "7h30m"},     // a make-up Saturday
		{"cn", "2026-02-14 17:30", "2026-02-24 14:00", "4h"},        // Spring Festival
		{"cn", "2026-02-14 18:00", "2026-02-24 09:00", "0s"},        // nothing but Spring Festival
		{"cn", "2026-03-03 09:00", "2026-03-02 09:00", "0s"},        // backwards
		{"cn", "2026-03-02 10:00", "2026-03-02 10:00", "0s"},        // no time
		{"cn", "2026-12-31 17:00", "2026-12-31 19:00", "1h"},        // the last evening that is known
		{"cn", "2026-12-31 17:00", "2027-01-04 10:00", "2h?"},       // over an unknown New Year
		{"cnhalf", "2026-02-12 17:00", "2026-02-14 10:00", "5h"},    // 1 h, a half day of 3 h, 1 h
		{"eve", "2026-12-24 00:00", "2026-12-28 00:00", "3h"},       // a half day and Christmas
		{"ny", "2026-03-06 16:00", "2026-03-09 10:00", "2h"},        // clocks change on the Sunday
		{"night", "2026-03-29 00:00", "2026-03-30 00:00", "23h"},    // a day that is short
		{"night", "2026-10-25 00:00", "2026-10-26 00:00", "25h"},    // and one that is long
		{"howe", "2026-10-04 00:00", "2026-10-05 00:00", "23h30m"},  // by half an hour
		{"howe", "2026-04-05 00:00", "2026-04-06 00:00", "24h30m"},  // and the other way
		{"shift", "2026-10-03 00:00", "2026-10-06 00:00", "11h30m"}, // three nights, one of 3.5 h
		{"always", "2026-01-01 00:00", "2027-01-01 00:00", "8760h"}, // a year of 365 days
		{"gulf", "2026-03-05 15:00", "2026-03-08 09:00", "2h"},      // Thursday, Sunday
		{"in", "2026-03-07 12:00", "2026-03-09 11:00", "6h"},        // 1 h, 4 h, 1 h
	} {
		c := all[tt.calendar]
		zone, err := c.location()
		require.NoError(t, err)
		text, provisional := tt.want, false
		if last := len(text) - 1; text[last] == '?' {
			text, provisional = text[:last], true
		}
		want, err := time.ParseDuration(text)
		require.NoError(t, err)
		got, guessed, err := c.Left(wall(t, tt.from, zone), wall(t, tt.to, zone))
		require.NoError(t, err)
		require.Equal(t, want, got, "%s %s %s", tt.calendar, tt.from, tt.to)
		require.Equal(t, provisional, guessed, "%s %s %s", tt.calendar, tt.from, tt.to)
		require.Equal(t, want, c.Between(wall(t, tt.from, zone), wall(t, tt.to, zone)))
	}
	lost := &Calendar{ID: "lost", Zone: "Asia/Beijing"}
	_, _, err := lost.Left(time.Now(), time.Now().Add(time.Hour))
	require.Equal(t, "calendar.bad_zone", fault.CodeOf(err))
}

// TestMoved counts by hand.
func TestMoved(t *testing.T) {
	all := calendars(t)
	for _, tt := range []struct {
		calendar, at string
		by           time.Duration
		want         string
	}{
		{"cn", "2026-03-02 10:00", 30 * time.Minute, "2026-03-02 10:30"},
		{"cn", "2026-03-02 11:45", 30 * time.Minute, "2026-03-02 13:45"}, // over lunch
		{"cn", "2026-03-02 12:00", time.Second, "2026-03-02 13:30:01"},   // a deadline at lunch
		{"cn", "2026-03-02 18:00", 0, "2026-03-02 18:00"},                // nothing moves nothing
		{"cn", "2026-03-07 18:00", 0, "2026-03-07 18:00"},                // not even on a Saturday
		{"cn", "2026-03-02 18:00", time.Hour, "2026-03-03 10:00"},        // a deadline at closing
		{"cn", "2026-03-02 17:00", time.Hour, "2026-03-02 18:00"},        // up to closing
		{"cn", "2026-03-06 17:00", 90 * time.Minute, "2026-03-09 09:30"}, // over a weekend
		{"cn", "2026-02-13 17:00", 2 * time.Hour, "2026-02-14 10:00"},    // into a make-up Saturday
		{"cn", "2026-02-14 17:00", 2 * time.Hour, "2026-02-24 10:00"},    // over Spring Festival
		{"cn", "2026-02-18 12:00", time.Minute, "2026-02-24 09:01"},      // from within it
		{"cn", "2026-12-31 17:00", 2 * time.Hour, "2027-01-04 10:00?"},   // into an unknown year
		{"cnhalf", "2026-02-13 11:30", time.Hour, "2026-02-14 09:30"},    // out of a half day
		{"ny", "2026-03-06 16:30", time.Hour, "2026-03-09 09:30"},        // clocks change on the Sunday
		{"night", "2026-03-28 23:00", 3 * time.Hour, "2026-03-29 03:00"}, // 02:00 is 03:00
		{"howe", "2026-10-04 00:00", 2*time.Hour + 1, "2026-10-04 02:30:00.000000001"},
	} {
		c := all[tt.calendar]
		zone, err := c.location()
		require.NoError(t, err)
		text, provisional := tt.want, false
		if last := len(text) - 1; text[last] == '?' {
			text, provisional = text[:last], true
		}
		got, err := c.Moved(wall(t, tt.at, zone), tt.by)
		require.NoError(t, err)
		require.Equal(t, wall(t, text, zone).UTC(), got.At, "%s %s %s: %s", tt.calendar, tt.at, tt.by, got.At.In(zone))
		require.Equal(t, provisional, got.Provisional, "%s %s", tt.calendar, tt.at)
	}
	for _, by := range []time.Duration{-1, workHoursMax*time.Hour + 1} {
		_, err := all["cn"].Moved(time.Now(), by)
		require.Equal(t, "calendar.bad_duration", fault.CodeOf(err))
	}
}

// TestAStoppedClockGoesOnAsItWas: what was left before the stop is left after it,
// and both ways to say so give the same deadline.
func TestAStoppedClockGoesOnAsItWas(t *testing.T) {
	all := calendars(t)
	begin := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(r *rapid.T) {
		c := all[rapid.SampledFrom([]string{"cn", "cnhalf", "de", "ny", "in", "shift", "howe"}).Draw(r, "calendar")]
		after := func(name string, t time.Time, days int64) time.Time {
			return t.Add(time.Duration(rapid.Int64Range(1, days*24*3600).Draw(r, name)) * time.Second)
		}
		opened := after("opened", begin, 500)
		due, err := c.Due(opened, Duration{Count: rapid.Int64Range(1, 80).Draw(r, "hours"), Unit: WorkHour})
		require.NoError(r, err)
		stopped := opened.Add(time.Duration(rapid.Int64Range(0, int64(due.At.Sub(opened))-1).Draw(r, "stopped")))
		goesOn := after("goes on", stopped, 40)

		left, _, err := c.Left(stopped, due.At)
		require.NoError(r, err)
		again, err := c.Moved(goesOn, left)
		require.NoError(r, err)
		require.Equal(r, left, c.Between(goesOn, again.At))

		stood, _, err := c.Left(stopped, goesOn)
		require.NoError(r, err)
		if later, err := c.Moved(due.At, stood); stood > 0 {
			require.NoError(r, err)
			require.Equal(r, again.At, later.At)
		}
	})
}
