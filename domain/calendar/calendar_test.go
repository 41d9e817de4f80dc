package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/fault"
)

// TestTheShippedYearsHaveTheirWorkingDays checks against the counts of the notices.
func TestTheShippedYearsHaveTheirWorkingDays(t *testing.T) {
	c := shippedCalendar(t, "cn-office")
	require.Equal(t, []int{2025, 2026}, c.Years)
	for year, want := range map[int][12]int{
		2025: {19, 19, 21, 22, 19, 20, 23, 21, 23, 18, 20, 23},
		2026: {21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23},
	} {
		var got [12]int
		for day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
			works, known, err := c.Workday(Date(day.Format(time.DateOnly)))
			require.NoError(t, err)
			require.True(t, known)
			if works {
				got[day.Month()-1]++
			}
		}
		require.Equal(t, want, got, year)
	}
	for date := range c.Extra {
		day, err := time.Parse(time.DateOnly, string(date))
		require.NoError(t, err)
		require.Contains(t, []time.Weekday{time.Saturday, time.Sunday}, day.Weekday(), date)
	}
}

func TestWorkday(t *testing.T) {
	c := shippedCalendar(t, "cn-office")
	for _, tt := range []struct {
		date         Date
		works, known bool
		name         string
	}{
		{"2026-02-14", true, true, "调休上班"},
		{"2026-02-16", false, true, "春节"},
		{"2026-03-02", true, true, ""},
		{"2026-03-07", false, true, ""},
		{"2027-01-01", false, false, ""},
		{"2027-01-04", true, false, ""},
		{"2027-02-06", false, false, ""},
	} {
		works, known, err := c.Workday(tt.date)
		require.NoError(t, err)
		require.Equal(t, tt.works, works, tt.date)
		require.Equal(t, tt.known, known, tt.date)
		require.Equal(t, tt.name, c.Name(tt.date), tt.date)
	}
	_, _, err := c.Workday("2026-02-30")
	require.Equal(t, "calendar.bad_date", fault.CodeOf(err))
}

func TestStamp(t *testing.T) {
	c := shippedCalendar(t, "cn-office")
	zone, err := c.location()
	require.NoError(t, err)
	hours := func(n int64) Duration { return Duration{Count: n, Unit: WorkHour} }
	days := func(n int64) Duration { return Duration{Count: n, Unit: WorkDay} }
	for _, tt := range []struct {
		name, from  string
		count       Count
		due         string
		reminders   []string
		provisional bool
	}{
		{"a deadline and reminders", "2026-03-02 10:00", Count{Due: days(3), First: hours(4), Every: days(1), AtMost: 3},
			"2026-03-05 10:00", []string{"2026-03-02 15:30", "2026-03-03 15:30", "2026-03-04 15:30"}, false},
		{"at most so many", "2026-03-02 10:00", Count{Due: days(3), First: hours(1), Every: hours(1), AtMost: 2},
			"2026-03-05 10:00", []string{"2026-03-02 11:00", "2026-03-02 12:00"}, false},
		{"none at or after the deadline", "2026-03-02 10:00", Count{Due: days(1), First: hours(4), Every: days(1), AtMost: 9},
			"2026-03-03 10:00", []string{"2026-03-02 15:30"}, false},
		{"none at the deadline itself", "2026-03-02 10:00", Count{Due: days(1), First: days(1), AtMost: 1},
			"2026-03-03 10:00", nil, false},
		{"only the first", "2026-03-02 10:00", Count{Due: days(5), First: hours(1), AtMost: 3},
			"2026-03-09 10:00", []string{"2026-03-02 11:00"}, false},
		{"no reminders", "2026-03-02 10:00", Count{Due: days(1)}, "2026-03-03 10:00", nil, false},
		{"no deadline", "2026-03-02 10:00", Count{First: days(1), Every: days(1), AtMost: 2},
			"", []string{"2026-03-03 10:00", "2026-03-04 10:00"}, false},
		{"nothing at all", "2026-03-02 10:00", Count{}, "", nil, false},
		{"into an unknown year", "2026-12-31 10:00", Count{Due: days(1)}, "2027-01-04 10:00", nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			due, reminders, provisional, err := c.Stamp(wall(t, tt.from, zone), tt.count)
			require.NoError(t, err)
			require.Equal(t, tt.due == "", due.IsZero())
			if tt.due != "" {
				require.Equal(t, wall(t, tt.due, zone).UTC(), due)
			}
			var got []string
			for _, reminder := range reminders {
				require.Equal(t, time.UTC, reminder.Location())
				got = append(got, reminder.In(zone).Format("2006-01-02 15:04"))
			}
			require.Equal(t, tt.reminders, got)
			require.Equal(t, tt.provisional, provisional)
		})
	}
	_, _, _, err = c.Stamp(time.Now(), Count{Due: Duration{Count: 1, Unit: "year"}})
	require.Equal(t, "calendar.bad_duration", fault.CodeOf(err))
	_, _, _, err = c.Stamp(time.Now(), Count{First: Duration{Count: 1, Unit: "year"}, AtMost: 1})
	require.Equal(t, "calendar.bad_duration", fault.CodeOf(err))
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]Duration{
		"1 workday": {1, WorkDay}, "2 workdays": {2, WorkDay}, "1workday": {1, WorkDay},
		"4 workhours": {4, WorkHour}, "1 workhour": {1, WorkHour}, "30 s": {30, Second}, "30s": {30, Second},
	} {
		got, err := ParseDuration(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
		again, err := ParseDuration(got.String())
		require.NoError(t, err)
		require.Equal(t, got, again)
	}
	for _, text := range []string{"", "1", "s", "0 s", "0 workdays", "-1 workday", "+1 workday", "1.5 workhours", "1  workday",
		"1 day", "1 h", "1 Workday", " 1 workday", "1 workday ", "1 workday\n", "99999999999 s", "999999999 s", "２ workdays"} {
		_, err := ParseDuration(text)
		require.Equal(t, "calendar.bad_duration", fault.CodeOf(err), text)
	}
	require.Equal(t, "", Duration{}.String())
	require.Equal(t, "1 workday", Duration{1, WorkDay}.String())
	require.Equal(t, "4 workhours", Duration{4, WorkHour}.String())
	require.Equal(t, "30 s", Duration{30, Second}.String())
}

func TestDates(t *testing.T) {
	require.Equal(t, Date("2026-03-01"), Date("2026-02-28").AddDays(1))
	require.Equal(t, Date("2025-12-31"), Date("2026-01-01").AddDays(-1))
	require.Equal(t, Date(""), Date("x").AddDays(1))
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	require.Equal(t, Date("2026-01-02"), DateOf(time.Date(2026, 1, 1, 16, 30, 0, 0, time.UTC), shanghai))
	for _, text := range []string{"", "2026-2-1", "2026-02-30", "20260201", "2026-02-01T00:00:00Z", "0000-01-01"} {
		_, err := ParseDate(text)
		require.Equal(t, "calendar.bad_date", fault.CodeOf(err), text)
	}
}

// TestACalendarFileIsReadStrictly: what is wrong is refused by its code and place.
func TestACalendarFileIsReadStrictly(t *testing.T) {
	good := func() File {
		return File{ID: "a", Zone: "UTC", Hours: map[string]string{"mon": "09:00-17:00"},
			Years: []Year{{Year: 2026, Source: "s", Off: map[string]string{"2026-05-01": "x", "2025-12-31": "bridge"}}}}
	}
	c, err := good().Calendar()
	require.NoError(t, err)
	require.Equal(t, map[int]string{2026: "s"}, c.Sources)
	for name, tt := range map[string]struct {
		spoil       func(*File)
		code, field string
	}{
		"no id":                  {func(f *File) { f.ID = "" }, "calendar.no_id", ""},
		"no zone":                {func(f *File) { f.Zone = "" }, "calendar.bad_zone", "zone"},
		"a zone nobody has":      {func(f *File) { f.Zone = "Asia/Beijing" }, "calendar.bad_zone", "zone"},
		"the machine's own zone": {func(f *File) { f.Zone = "Local" }, "calendar.bad_zone", "zone"},
		"no working day":         {hours("mon", ""), "calendar.no_hours", ""},
		"hours backwards":        {hours("mon", "17:00-09:00"), "calendar.bad_hours", "hours.mon"},
		"hours that overlap":     {hours("mon", "09:00-13:00 12:00-17:00"), "calendar.bad_hours", "hours.mon"},
		"hours past midnight":    {hours("mon", "09:00-24:30"), "calendar.bad_hours", "hours.mon"},
		"hours in another form":  {hours("mon", "9-17"), "calendar.bad_hours", "hours.mon"},
		"a date without hours":   {hours("2026-12-24", ""), "calendar.bad_hours", ""},
		"a day that is none":     {hours("mo", "09:00-17:00"), "calendar.bad_date", "hours.mo"},
		"a year twice":           {off(2026), "calendar.bad_year", "years[1].year"},
		"a year that is none":    {off(26), "calendar.bad_year", "years[1].year"},
		"a date that is none":    {off(2027, "2027-02-30"), "calendar.bad_date", "years[1].off.2027-02-30"},
		"a date of another year": {off(2027, "2026-02-16"), "calendar.other_year", "years[1].off.2026-02-16"},
		"off and worked": {func(f *File) { f.Years[0].Work = map[string]string{"2026-05-01": "y"} },
			"calendar.off_and_worked", ""},
	} {
		file := good()
		tt.spoil(&file)
		_, err := file.Calendar()
		require.Equal(t, tt.code, fault.CodeOf(err), name)
		f, _ := fault.As(err)
		require.Equal(t, tt.field, f.Field, name)
	}
	_, err = readShipped([]byte(`{"weeks": {}}`))
	require.Error(t, err, "an unknown key")
}

// TestWorkingTimeAddsUp: whatever the calendar, so many hours after an instant
// there were so many hours, a deadline is never early, and more is never sooner.
func TestWorkingTimeAddsUp(t *testing.T) {
	all := calendars(t)
	first := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom([]string{"cn", "cnhalf", "de", "ny", "eve", "in", "gulf", "night", "howe", "shift", "gap", "always"}).Draw(r, "calendar")
		from := first.Add(time.Duration(rapid.Int64Range(0, 3*365*24*3600*1e6).Draw(r, "µs")) * time.Microsecond)
		count := rapid.Int64Range(1, 60).Draw(r, "count")
		c := all[name]
		hours, err := c.Due(from, Duration{Count: count, Unit: WorkHour})
		require.NoError(r, err)
		require.Equal(r, time.Duration(count)*time.Hour, c.Between(from, hours.At))
		longer, err := c.Due(from, Duration{Count: count + 1, Unit: WorkHour})
		require.NoError(r, err)
		require.True(r, longer.At.After(hours.At))

		days, err := c.Due(from, Duration{Count: count, Unit: WorkDay})
		require.NoError(r, err)
		require.True(r, days.At.After(from))
		later, err := c.Due(from.Add(time.Minute), Duration{Count: count, Unit: WorkDay})
		require.NoError(r, err)
		if name != "night" && name != "howe" && name != "shift" { // where 02:59:59 comes twice, later on the wall is not always later
			require.False(r, later.At.Before(days.At))
		}
	})
}
