package calendar

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
)

// shippedCalendar is one of the calendars that come with the program.
func shippedCalendar(t testing.TB, id string) *Calendar {
	t.Helper()
	calendars, err := Shipped()
	require.NoError(t, err)
	for _, c := range calendars {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no calendar %s", id)
	return nil
}

func read(t testing.TB, text string) *Calendar {
	t.Helper()
	c, err := Read([]byte(text))
	require.NoError(t, err)
	return c
}

// calendars are the shipped ones and small ones of our own.
func calendars(t testing.TB) map[string]*Calendar {
	return map[string]*Calendar{
		"cn":     shippedCalendar(t, "cn-office"),
		"de":     shippedCalendar(t, "de-office"),
		"always": shippedCalendar(t, "always"),
		"ny": read(t, `{"id": "ny", "zone": "America/New_York", "hours": {"mon": "09:00-17:00", "tue": "09:00-17:00",
			"wed": "09:00-17:00", "thu": "09:00-17:00", "fri": "09:00-17:00"},
			"years": {"2026": {"off": {"2026-11-26": "Thanksgiving", "2026-12-25": "Christmas"}}}}`),
		// an eve with half a day, Christmas Eve and New Year's Eve until noon
		"eve": read(t, `{"id": "eve", "zone": "Europe/Berlin", "hours": {"mon": "09:00-12:00 13:00-17:00",
			"tue": "09:00-12:00 13:00-17:00", "wed": "09:00-12:00 13:00-17:00", "thu": "09:00-12:00 13:00-17:00",
			"fri": "09:00-12:00 13:00-17:00", "2026-12-24": "09:00-12:00", "2026-12-31": "09:00-12:00"},
			"years": {"2026": {"off": {"2026-12-25": "Weihnachten"}}, "2027": {"off": {"2027-01-01": "Neujahr"}}}}`),
		// works through every night when the clocks change
		"night": read(t, `{"id": "night", "zone": "Europe/Berlin", "hours": {"mon": "00:00-24:00", "tue": "00:00-24:00",
			"wed": "00:00-24:00", "thu": "00:00-24:00", "fri": "00:00-24:00", "sat": "00:00-24:00", "sun": "00:00-24:00"}}`),
		// 01:30 to 02:30 is worked: on the last Sunday of March half of it does not exist
		"gap": read(t, `{"id": "gap", "zone": "Europe/Berlin", "hours": {"mon": "01:30-02:30", "sun": "01:30-02:30"}}`),
	}
}

// TestDue counts by hand. Instants are on the calendar's wall; a ? says that the
// deadline rests on a year that is not published.
func TestDue(t *testing.T) {
	all := calendars(t)
	for _, tt := range []struct{ calendar, from, duration, want, why string }{
		// hours of one day
		{"cn", "2026-03-02 09:00", "1 workhour", "2026-03-02 10:00", "a plain Monday"},
		{"cn", "2026-03-02 09:00", "3 workhours", "2026-03-02 12:00", "exactly at lunch belongs to the morning"},
		{"cn", "2026-03-02 11:30", "1 workhour", "2026-03-02 14:00", "lunch from 12:00 to 13:30 does not count"},
		{"cn", "2026-03-02 12:00", "1 workhour", "2026-03-02 14:30", "lunch has begun: counting starts after it"},
		{"cn", "2026-03-02 12:45", "1 workhour", "2026-03-02 14:30", "in the middle of lunch"},
		{"cn", "2026-03-02 13:30", "4 workhours", "2026-03-02 17:30", "the afternoon"},
		{"cn", "2026-03-02 14:00", "4 workhours", "2026-03-02 18:00", "exactly at closing belongs to the closing day"},
		{"cn", "2026-03-02 14:00:01", "4 workhours", "2026-03-03 09:00:01", "a second later it is the next morning"},
		{"cn", "2026-03-02 08:00", "1 workhour", "2026-03-02 10:00", "before opening: from 09:00"},
		{"cn", "2026-03-02 00:00", "1 workhour", "2026-03-02 10:00", "from midnight"},
		{"cn", "2026-03-02 18:00", "1 workhour", "2026-03-03 10:00", "closing time is outside: from the next morning"},
		{"cn", "2026-03-02 23:59", "1 workhour", "2026-03-03 10:00", "late in the evening"},
		{"cn", "2026-03-02 09:00", "8 workhours", "2026-03-03 09:30", "a day has seven and a half hours"},
		{"cn", "2026-03-02 09:00", "15 workhours", "2026-03-03 18:00", "two whole days"},
		{"cn", "2026-03-02 09:00", "75 workhours", "2026-03-13 18:00", "ten whole days"},

		// weekends
		{"cn", "2026-03-06 17:30", "4 workhours", "2026-03-09 14:00", "Friday 0.5 h, Monday 3 h, lunch, 0.5 h"},
		{"cn", "2026-03-07 11:00", "1 workhour", "2026-03-09 10:00", "on a Saturday: from Monday"},
		{"cn", "2026-03-08 23:00", "3 workhours", "2026-03-09 12:00", "on a Sunday night"},
		{"cn", "2026-03-06 15:00", "1 workday", "2026-03-09 15:00", "Friday to Monday"},
		{"cn", "2026-03-07 15:00", "1 workday", "2026-03-10 09:00", "Saturday counts from Monday 09:00"},
		{"cn", "2026-03-06 18:00", "1 workday", "2026-03-10 09:00", "closed on Friday counts from Monday 09:00"},

		// working days
		{"cn", "2026-03-02 10:15", "1 workday", "2026-03-03 10:15", "the same time on the next day"},
		{"cn", "2026-03-02 10:15:30.123456", "1 workday", "2026-03-03 10:15:30.123456", "to the microsecond"},
		{"cn", "2026-03-02 12:30", "1 workday", "2026-03-03 13:30", "lunch counts from 13:30"},
		{"cn", "2026-03-02 07:00", "1 workday", "2026-03-03 09:00", "early counts from 09:00"},
		{"cn", "2026-03-02 20:00", "1 workday", "2026-03-04 09:00", "after hours counts from tomorrow 09:00"},
		{"cn", "2026-03-02 10:00", "5 workdays", "2026-03-09 10:00", "a week"},
		{"cn", "2026-03-02 10:00", "10 workdays", "2026-03-16 10:00", "two weeks"},

		// Spring Festival 2026: off 02-15 to 02-23, worked on Saturdays 02-14 and 02-28
		{"cn", "2026-02-13 17:30", "4 workhours", "2026-02-14 14:00", "the make-up Saturday before is worked"},
		{"cn", "2026-02-13 15:00", "1 workday", "2026-02-14 15:00", "Friday to the make-up Saturday"},
		{"cn", "2026-02-14 15:00", "1 workday", "2026-02-24 15:00", "across nine days off"},
		{"cn", "2026-02-14 17:30", "4 workhours", "2026-02-24 14:00", "half an hour before, the rest after"},
		{"cn", "2026-02-18 12:00", "1 workhour", "2026-02-24 10:00", "in the middle of the holiday"},
		{"cn", "2026-02-18 12:00", "1 workday", "2026-02-25 09:00", "counts from the 24th"},
		{"cn", "2026-02-27 16:00", "1 workday", "2026-02-28 16:00", "Friday to the make-up Saturday after"},
		{"cn", "2026-02-27 16:00", "2 workdays", "2026-03-02 16:00", "and on to Monday"},
		{"cn", "2026-02-12 10:00", "5 workdays", "2026-02-26 10:00", "13, 14, 24, 25, 26"},
		{"cn", "2026-02-14 09:00", "8 workhours", "2026-02-24 09:30", "the make-up Saturday has a Monday's hours"},

		// other holidays
		{"cn", "2026-04-03 14:00", "1 workday", "2026-04-07 14:00", "Qingming: Monday 04-06 is off"},
		{"cn", "2026-04-30 16:00", "1 workday", "2026-05-06 16:00", "Labour Day: 05-01 to 05-05"},
		{"cn", "2026-05-08 16:00", "1 workday", "2026-05-09 16:00", "make-up Saturday in May"},
		{"cn", "2026-06-18 17:00", "2 workhours", "2026-06-22 10:00", "Dragon Boat: Friday 06-19 is off"},
		{"cn", "2026-09-18 17:00", "2 workhours", "2026-09-20 10:00", "make-up Sunday 09-20"},
		{"cn", "2026-09-24 16:00", "1 workday", "2026-09-28 16:00", "Mid-Autumn: 09-25 to 09-27"},
		{"cn", "2026-09-30 17:30", "1 workday", "2026-10-08 17:30", "National Day: 10-01 to 10-07"},
		{"cn", "2026-09-30 17:30", "4 workhours", "2026-10-08 14:00", "National Day in hours"},
		{"cn", "2026-10-09 15:00", "1 workday", "2026-10-10 15:00", "make-up Saturday 10-10"},
		{"cn", "2025-09-30 15:00", "1 workday", "2025-10-09 15:00", "National Day 2025 has eight days"},
		{"cn", "2025-01-27 15:00", "1 workday", "2025-02-05 15:00", "Spring Festival 2025"},
		{"cn", "2025-12-31 15:00", "1 workday", "2026-01-04 15:00", "New Year: 01-01 to 01-03, Sunday 01-04 worked"},

		// into 2027, of which nothing is published
		{"cn", "2026-12-31 10:00", "1 workhour", "2026-12-31 11:00", "the last day itself is known"},
		{"cn", "2026-12-31 14:00", "4 workhours", "2026-12-31 18:00", "closing of the last day is known"},
		{"cn", "2026-12-31 15:00", "1 workday", "2027-01-04 15:00?", "1 January is off, then a weekend, then a guess"},
		{"cn", "2026-12-31 17:30", "4 workhours", "2027-01-04 14:00?", "the same in hours"},
		{"cn", "2026-12-31 19:00", "1 workhour", "2027-01-04 10:00?", "from after closing"},
		{"cn", "2027-02-05 15:00", "1 workday", "2027-02-08 15:00?", "Spring Festival 2027 is not known"},
		{"cn", "2024-12-31 15:00", "1 workday", "2025-01-02 15:00?", "from 2024, which is not known either"},
		{"cn", "2026-12-31 23:00", "30 s", "2026-12-31 23:00:30", "seconds need no calendar"},
		{"cn", "2026-12-31 23:59:50", "30 s", "2027-01-01 00:00:20", "not even into next year"},
		{"cn", "2026-02-18 03:00", "3600s", "2026-02-18 04:00", "nor on a holiday at night"},

		// always
		{"always", "2026-02-28 23:30", "1 workhour", "2026-03-01 00:30", "over midnight"},
		{"always", "2026-12-31 12:00", "1 workday", "2027-01-01 12:00", "New Year too, and nothing is provisional"},
		{"always", "2028-02-28 12:00", "2 workdays", "2028-03-01 12:00", "a leap year"},
		{"always", "2026-03-02 00:00", "24 workhours", "2026-03-03 00:00", "a whole day"},

		// clocks that change while the office is closed: working time is untouched
		{"ny", "2026-03-06 16:00", "2 workhours", "2026-03-09 10:00", "over the spring change of 03-08"},
		{"ny", "2026-03-06 16:00", "1 workday", "2026-03-09 16:00", "the same wall time, 71 hours later"},
		{"ny", "2026-10-30 16:00", "2 workhours", "2026-11-02 10:00", "over the autumn change of 11-01"},
		{"ny", "2026-10-30 16:00", "1 workday", "2026-11-02 16:00", "the same wall time, 73 hours later"},
		{"ny", "2026-11-25 16:30", "1 workhour", "2026-11-27 09:30", "over Thanksgiving"},
		{"ny", "2026-03-06 16:00", "86400 s", "2026-03-07 16:00", "a day of seconds"},
		{"ny", "2026-03-07 16:00", "86400 s", "2026-03-08 17:00", "24 hours later the clock shows one more"},
		{"de", "2026-03-27 17:00", "2 workhours", "2026-03-30 10:00", "over the spring change of 03-29"},
		{"de", "2026-10-23 17:00", "1 workday", "2026-10-26 17:00", "over the autumn change of 10-25"},
		{"de", "2026-04-02 15:00", "1 workday", "2026-04-07 15:00", "Good Friday and Easter Monday"},
		{"de", "2026-05-13 15:00", "1 workday", "2026-05-15 15:00", "Ascension Day"},
		{"de", "2026-12-31 15:00", "1 workday", "2027-01-04 15:00", "2027 is known there"},

		// clocks that change at work
		{"night", "2026-03-29 00:00", "3 workhours", "2026-03-29 04:00", "02:00 to 03:00 does not exist"},
		{"night", "2026-10-25 00:00", "4 workhours", "2026-10-25 03:00", "02:00 to 03:00 comes twice"},
		{"night", "2026-03-28 02:30", "1 workday", "2026-03-29 03:00", "02:30 is skipped: the instant of the skip"},
		{"night", "2026-03-28 12:00", "1 workday", "2026-03-29 12:00", "23 hours"},
		{"gap", "2026-03-29 00:00", "1 workhour", "2026-03-30 02:00", "half an hour on Sunday, the rest on Monday"},
		{"gap", "2026-03-29 03:00", "1 workhour", "2026-03-30 02:30", "the skip ended the span"},

		// half days
		{"eve", "2026-12-23 15:00", "1 workday", "2026-12-28 09:00", "15:00 is not worked on the eve: the next working instant"},
		{"eve", "2026-12-23 12:00", "1 workday", "2026-12-28 09:00", "noon is lunch: from 13:00, which the eve lacks"},
		{"eve", "2026-12-23 11:00", "1 workday", "2026-12-24 11:00", "the morning of the eve is worked"},
		{"eve", "2026-12-23 16:00", "4 workhours", "2026-12-24 12:00", "1 h, then 3 h to the eve's closing"},
		{"eve", "2026-12-24 11:00", "2 workhours", "2026-12-28 10:00", "over Christmas"},
		{"eve", "2026-12-24 11:00", "1 workday", "2026-12-28 11:00", "the half day counts as the start only"},
		{"eve", "2026-12-23 11:00", "2 workdays", "2026-12-28 11:00", "the half day is one of two"},
		{"eve", "2026-12-31 12:00", "1 workhour", "2027-01-04 10:00", "New Year's Eve is over at noon"},
	} {
		t.Run(tt.calendar+" "+tt.from+" + "+tt.duration, func(t *testing.T) {
			c := all[tt.calendar]
			zone, err := c.location()
			require.NoError(t, err)
			d, err := ParseDuration(tt.duration)
			require.NoError(t, err)
			got, err := c.Due(wall(t, tt.from, zone), d)
			require.NoError(t, err)
			want, provisional := strings.CutSuffix(tt.want, "?")
			require.Equal(t, wall(t, want, zone).UTC(), got.At, "%s: got %s", tt.why, got.At.In(zone))
			require.Equal(t, provisional, got.Provisional, tt.why)
		})
	}
}

func wall(t testing.TB, text string, zone *time.Location) time.Time {
	t.Helper()
	form := "2006-01-02 15:04"
	if strings.Count(text, ":") == 2 {
		form = "2006-01-02 15:04:05"
	}
	at, err := time.ParseInLocation(form, text, zone)
	require.NoError(t, err)
	return at
}

// TestTheSecondOfTwoHours: 02:30 comes twice on the last Sunday of October.
func TestTheSecondOfTwoHours(t *testing.T) {
	c := calendars(t)["night"]
	second := time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC) // 02:30 for the second time
	got, err := c.Due(second, Duration{Count: 1, Unit: WorkHour})
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 10, 25, 2, 30, 0, 0, time.UTC), got.At)
	got, err = c.Due(second, Duration{Count: 1, Unit: WorkDay})
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 10, 26, 1, 30, 0, 0, time.UTC), got.At)

	dayBefore := time.Date(2026, 10, 24, 0, 30, 0, 0, time.UTC)
	got, err = c.Due(dayBefore, Duration{Count: 1, Unit: WorkDay})
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), got.At, "the first of the two")
}

func TestADateIsThatOfTheCalendarsZone(t *testing.T) {
	c := shippedCalendar(t, "cn-office")
	// 16:30 on 3 January in London is past midnight of the 4th, a worked Sunday, in Shanghai.
	got, err := c.Due(time.Date(2026, 1, 3, 16, 30, 0, 0, time.UTC), Duration{Count: 1, Unit: WorkHour})
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 1, 4, 2, 0, 0, 0, time.UTC), got.At)
}

func TestNoCountIsTheNextWorkingInstant(t *testing.T) {
	c := shippedCalendar(t, "cn-office")
	zone, err := c.location()
	require.NoError(t, err)
	for _, unit := range []Unit{WorkHour, WorkDay} {
		got, err := c.Due(wall(t, "2026-02-14 18:00", zone), Duration{Unit: unit})
		require.NoError(t, err)
		require.Equal(t, wall(t, "2026-02-24 09:00", zone).UTC(), got.At)
	}
}

func TestDueRefuses(t *testing.T) {
	c := shippedCalendar(t, "cn-office")
	empty := &Calendar{ID: "empty", Zone: "UTC"}
	lost := &Calendar{ID: "lost", Zone: "Asia/Beijing", Week: c.Week}
	now := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		calendar *Calendar
		duration Duration
		code     string
	}{
		{c, Duration{}, "calendar.bad_duration"},
		{c, Duration{Count: 1, Unit: "month"}, "calendar.bad_duration"},
		{c, Duration{Count: -1, Unit: WorkDay}, "calendar.bad_duration"},
		{c, Duration{Count: workDaysMax + 1, Unit: WorkDay}, "calendar.bad_duration"},
		{empty, Duration{Count: 1, Unit: WorkDay}, "calendar.never_works"},
		{empty, Duration{Count: 1, Unit: WorkHour}, "calendar.never_works"},
		{lost, Duration{Count: 1, Unit: WorkDay}, "calendar.bad_calendar"},
	} {
		_, err := tt.calendar.Due(now, tt.duration)
		require.Equal(t, tt.code, fault.CodeOf(err), "%s %s", tt.calendar.ID, tt.duration)
	}
}
