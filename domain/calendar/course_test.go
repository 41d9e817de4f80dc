package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCourseSaysWhyDaysArePassedOver in the words of its kinds and roles.
func TestCourseSaysWhyDaysArePassedOver(t *testing.T) {
	all := calendars(t)
	const whole, half = "09:00-12:00 13:30-18:00", "09:00-12:00"
	for _, tt := range []struct {
		name, calendar, from, duration string
		want                           []Day
	}{
		{"over Spring Festival in days", "cn", "2026-02-13 19:00", "1 workday", []Day{
			{Date: "2026-02-13", Kind: Worked, Hours: whole, Published: true, Role: PassedOver},
			{Date: "2026-02-14", Kind: MakeUp, Name: "调休上班", Hours: whole, Published: true, Role: Begins},
			spring("2026-02-15"), spring("2026-02-16"), spring("2026-02-17"), spring("2026-02-18"), spring("2026-02-19"),
			spring("2026-02-20"), spring("2026-02-21"), spring("2026-02-22"), spring("2026-02-23"),
			{Date: "2026-02-24", Kind: Worked, Hours: whole, Published: true, Role: Counts, Nth: 1},
		}},
		{"over a weekend in hours", "cn", "2026-03-06 17:30", "4 workhours", []Day{
			{Date: "2026-03-06", Kind: Worked, Hours: whole, Published: true, Role: Counts, Used: 30 * time.Minute},
			{Date: "2026-03-07", Kind: Rest, Published: true, Role: PassedOver},
			{Date: "2026-03-08", Kind: Rest, Published: true, Role: PassedOver},
			{Date: "2026-03-09", Kind: Worked, Hours: whole, Published: true, Role: Counts, Used: 210 * time.Minute},
		}},
		{"a half day that is too short", "cnhalf", "2026-02-12 15:00", "1 workday", []Day{
			{Date: "2026-02-12", Kind: Worked, Hours: whole, Published: true, Role: Begins},
			{Date: "2026-02-13", Kind: Short, Hours: half, Published: true, Role: Counts, Nth: 1},
			{Date: "2026-02-14", Kind: MakeUp, Name: "调休上班", Hours: whole, Published: true, Role: Lands},
		}},
		{"into a year that is not published", "cn", "2026-12-31 17:00", "2 workhours", []Day{
			{Date: "2026-12-31", Kind: Worked, Hours: whole, Published: true, Role: Counts, Used: time.Hour},
			{Date: "2027-01-01", Kind: NewYear, Role: PassedOver},
			{Date: "2027-01-02", Kind: Rest, Role: PassedOver},
			{Date: "2027-01-03", Kind: Rest, Role: PassedOver},
			{Date: "2027-01-04", Kind: Worked, Hours: whole, Role: Counts, Used: time.Hour},
		}},
		{"seconds", "cn", "2026-12-31 17:00", "30 s", nil},
	} {
		c := all[tt.calendar]
		zone, err := c.location()
		require.NoError(t, err)
		d, err := ParseDuration(tt.duration)
		require.NoError(t, err)
		_, got, err := c.Course(wall(t, tt.from, zone), d)
		require.NoError(t, err)
		require.Equal(t, tt.want, got, tt.name)
	}
	_, _, err := all["cn"].Course(time.Now(), Duration{})
	require.Error(t, err)
}

func spring(date Date) Day {
	return Day{Date: date, Kind: DayOff, Name: "春节", Published: true, Role: PassedOver}
}
