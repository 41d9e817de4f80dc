package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
)

// spring2027 is invented: nothing is published of 2027 when this is written.
var spring2027 = []Event{{First: "2027-02-05", Last: "2027-02-11", Name: "春节", Line: 5}}

func TestImportedDaysOffPublishAYear(t *testing.T) {
	c := shippedCalendar(t, "cn-office")
	next, err := c.With(Import{Kind: Holidays, Events: spring2027})
	require.NoError(t, err)
	require.False(t, next.Published(2027), "some days do not publish a year")
	require.Len(t, c.Off, len(shippedCalendar(t, "cn-office").Off), "the calendar itself stays as it is")

	next, err = c.With(Import{Kind: Holidays, Events: spring2027, Years: []int{2027}, Source: "a notice"})
	require.NoError(t, err)
	require.True(t, next.Published(2027))
	require.Equal(t, "a notice", next.Sources[2027])
	require.False(t, c.Published(2027))

	zone, err := c.location()
	require.NoError(t, err)
	day := Duration{Count: 1, Unit: WorkDay}
	before, err := c.Due(wall(t, "2027-02-04 15:00", zone), day)
	require.NoError(t, err)
	require.Equal(t, Deadline{At: wall(t, "2027-02-05 15:00", zone).UTC(), Provisional: true}, before)
	after, err := next.Due(wall(t, "2027-02-04 15:00", zone), day)
	require.NoError(t, err)
	require.Equal(t, Deadline{At: wall(t, "2027-02-12 15:00", zone).UTC()}, after, "Thursday to Friday week")
}

func TestAMakeUpDayTakesTheDayOffsPlace(t *testing.T) {
	c := shippedCalendar(t, "cn-office")
	next, err := c.With(Import{Kind: Workdays, Events: []Event{
		{First: "2026-02-15", Last: "2026-02-16", Name: "赶工", Line: 3}}})
	require.NoError(t, err)
	require.Equal(t, []Change{
		{Date: "2026-02-15", Before: DayRule{Kind: DayOff, Name: "春节"},
			After: DayRule{Kind: MakeUp, Name: "赶工", Hours: "09:00-12:00 13:30-18:00"}},
		{Date: "2026-02-16", Before: DayRule{Kind: DayOff, Name: "春节"},
			After: DayRule{Kind: MakeUp, Name: "赶工", Hours: "09:00-12:00 13:30-18:00"}},
	}, c.Diff(next).Days)
	back, err := next.With(Import{Kind: Holidays, Events: []Event{{First: "2026-02-15", Last: "2026-02-16", Name: "春节"}}})
	require.NoError(t, err)
	require.True(t, c.Diff(back).None())
}

func TestAnImportIsRefused(t *testing.T) {
	c := shippedCalendar(t, "cn-office")
	for code, in := range map[string]Import{
		"calendar.bad_import_kind": {Kind: "both"},
		"calendar.worked_anyway":   {Kind: Workdays, Events: []Event{{First: "2026-03-02", Last: "2026-03-02", Line: 7}}},
		"calendar.year_absent":     {Kind: Holidays, Events: spring2027, Years: []int{2028}},
	} {
		_, err := c.With(in)
		require.Equal(t, code, fault.CodeOf(err))
	}
	_, err := c.With(Import{Kind: Workdays, Events: spring2027})
	f, ok := fault.As(err)
	require.True(t, ok)
	require.Equal(t, "5", f.Args["line"])
	require.Len(t, f.More, 4, "every working day of the seven is named")
}

func TestDiffNamesWhatChanges(t *testing.T) {
	c := shippedCalendar(t, "cn-office")
	require.True(t, c.Diff(c).None())
	next := c.clone()
	next.Zone = "Asia/Hong_Kong"
	next.Week[time.Saturday] = []Span{{From: 9 * 60, To: 12 * 60}}
	next.Special["2026-12-31"] = []Span{{From: 9 * 60, To: 12 * 60}}
	next.Years = []int{2026, 2027}
	delete(next.Off, "2026-10-07")
	got := c.Diff(next)
	require.False(t, got.None())
	require.True(t, got.Zone)
	require.Equal(t, []time.Weekday{time.Saturday}, got.Week)
	require.Equal(t, []int{2027}, got.Published)
	require.Equal(t, []int{2025}, got.Withdrawn)
	const whole = "09:00-12:00 13:30-18:00"
	require.Contains(t, got.Days, Change{Date: "2026-10-07", Before: DayRule{Kind: DayOff, Name: "国庆节"},
		After: DayRule{Kind: Worked, Hours: whole}})
	require.Contains(t, got.Days, Change{Date: "2026-12-31", Before: DayRule{Kind: Worked, Hours: whole},
		After: DayRule{Kind: Short, Hours: "09:00-12:00"}})
	require.Contains(t, got.Days, Change{Date: "2026-02-14", Before: DayRule{Kind: MakeUp, Name: "调休上班", Hours: whole},
		After: DayRule{Kind: MakeUp, Name: "调休上班", Hours: "09:00-12:00"}}, "a make-up Saturday gets its weekday's own hours")
}
