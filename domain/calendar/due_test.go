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

// office is a calendar with the same hours on each of the weekdays.
func office(t testing.TB, id, zone, days, hours string, more ...func(*File)) *Calendar {
	t.Helper()
	f := File{ID: id, Zone: zone, Hours: map[string]string{}}
	for day := range strings.FieldsSeq(days) {
		f.Hours[day] = hours
	}
	for _, change := range more {
		change(&f)
	}
	c, err := f.Calendar()
	require.NoError(t, err)
	return c
}

// hours gives a day hours of its own.
func hours(day, hours string) func(*File) { return func(f *File) { f.Hours[day] = hours } }

// off publishes a year with its days off.
func off(year int, dates ...string) func(*File) {
	return func(f *File) {
		y := Year{Year: year, Source: "a test", Off: map[string]string{}}
		for _, date := range dates {
			y.Off[date] = "a holiday"
		}
		f.Years = append(f.Years, y)
	}
}

const (
	monToFri = "mon tue wed thu fri"
	everyDay = "mon tue wed thu fri sat sun"
)

// calendars are the shipped ones and those that the head of instants.txt describes.
func calendars(t testing.TB) map[string]*Calendar {
	cn, half := shippedCalendar(t, "cn-office"), shippedCalendar(t, "cn-office")
	half.Special["2026-02-13"] = []Span{{From: 9 * 60, To: 12 * 60}}
	half.Special["2026-12-31"] = []Span{{From: 9 * 60, To: 12 * 60}}
	half.Special["2026-09-30"] = []Span{{From: 9 * 60, To: 12 * 60}, {From: 13*60 + 30, To: 15 * 60}}
	require.NoError(t, half.Check())
	return map[string]*Calendar{
		"cn":     cn,
		"cnhalf": half,
		"de":     shippedCalendar(t, "de-office"),
		"always": shippedCalendar(t, "always"),
		"ny": office(t, "ny", "America/New_York", monToFri, "09:00-17:00",
			off(2026, "2026-01-01", "2026-07-03", "2026-11-26", "2026-12-25")),
		"eve": office(t, "eve", "Europe/Berlin", monToFri, "09:00-12:00 13:00-17:00",
			hours("2026-12-24", "09:00-12:00"), hours("2026-12-31", "09:00-12:00"),
			off(2026, "2026-12-25"), off(2027, "2027-01-01")),
		"in":      office(t, "in", "Asia/Kolkata", "mon tue wed thu fri sat", "10:00-13:00 14:00-18:00"),
		"gulf":    office(t, "gulf", "Asia/Riyadh", "sun mon tue wed thu", "08:00-16:00"),
		"island":  office(t, "island", "Australia/Lord_Howe", monToFri, "09:00-17:00"),
		"night":   office(t, "night", "Europe/Berlin", everyDay, "00:00-24:00"),
		"nynight": office(t, "nynight", "America/New_York", everyDay, "00:00-24:00"),
		"howe":    office(t, "howe", "Australia/Lord_Howe", everyDay, "00:00-24:00"),
		"shift":   office(t, "shift", "Australia/Lord_Howe", everyDay, "00:00-04:00"),
		"gap":     office(t, "gap", "Europe/Berlin", "mon sun", "01:30-02:30"),
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
		{lost, Duration{Count: 1, Unit: WorkDay}, "calendar.bad_zone"},
	} {
		_, err := tt.calendar.Due(now, tt.duration)
		require.Equal(t, tt.code, fault.CodeOf(err), "%s %s", tt.calendar.ID, tt.duration)
	}
}
