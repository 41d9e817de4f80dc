package calendar

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
)

func TestICalendarIsRead(t *testing.T) {
	text, err := os.ReadFile("testdata/holidays.ics")
	require.NoError(t, err)
	for _, ends := range []string{"\n", "\r\n"} {
		got, err := ReadICS("x.ics", []byte("\ufeff"+strings.ReplaceAll(string(text), "\n", ends)))
		require.NoError(t, err)
		require.Equal(t, []Event{
			{First: "2027-02-05", Last: "2027-02-11", Name: "春节, 放假；共七天", Line: 12},
			{First: "2027-02-20", Last: "2027-02-20", Name: "one day", Line: 22},
			{First: "2027-03-01", Last: "2027-03-07", Name: "a week", Line: 26},
			{First: "2027-04-01", Last: "2027-04-01", Name: "as some programs write one day", Line: 31},
		}, got)
	}
}

// TestABadICalendarIsRefusedByItsLine: the line named is the one to mend.
func TestABadICalendarIsRefusedByItsLine(t *testing.T) {
	event := func(lines ...string) string {
		return "BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\nEND:VCALENDAR\n"
	}
	for _, tt := range []struct{ name, text, code, line string }{
		{"nothing", "", "calendar.ics_no_events", ""},
		{"no calendar", "hello\n", "calendar.ics_line", "1"},
		{"no event", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "calendar.ics_no_events", ""},
		{"an event outside", "BEGIN:VEVENT\n", "calendar.ics_nesting", "1"},
		{"a property outside", "VERSION:2.0\n", "calendar.ics_nesting", "1"},
		{"an end of another", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "calendar.ics_nesting", "3"},
		{"no end", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\n", "calendar.ics_nesting", "2"},
		{"an event in an event", event("DTSTART:20270101", "BEGIN:VEVENT"), "calendar.ics_nesting", "4"},
		{"a line that is none", event("DTSTART;VALUE=DATE:20270101", "春节"), "calendar.ics_line", "4"},
		{"no start", event("SUMMARY:x"), "calendar.ics_no_start", "2"},
		{"a time of day", event("DTSTART:20270101T090000Z"), "calendar.ics_not_a_date", "3"},
		{"an end with a time", event("DTSTART:20270101", "DTEND:20270102T090000"), "calendar.ics_not_a_date", "4"},
		{"a date that is none", event("DTSTART;VALUE=DATE:20270230"), "calendar.ics_not_a_date", "3"},
		{"letters for a date", event("DTSTART;VALUE=DATE:2027-1-1"), "calendar.ics_not_a_date", "3"},
		{"backwards", event("DTSTART:20270105", "DTEND:20270101"), "calendar.ics_bad_end", "4"},
		{"another year by mistake", event("DTSTART:20260105", "DTEND:20270106"), "calendar.ics_bad_end", "4"},
		{"hours for days", event("DTSTART:20270105", "DURATION:PT8H"), "calendar.ics_bad_end", "4"},
		{"no days", event("DTSTART:20270105", "DURATION:P0D"), "calendar.ics_bad_end", "4"},
		{"every year", event("DTSTART:20270101", "RRULE:FREQ=YEARLY"), "calendar.ics_recurs", "4"},
		{"after a folded line", event("SUMMARY:a", " b", "DTSTART:x"), "calendar.ics_not_a_date", "5"},
		{"not UTF-8", "BEGIN:VCALENDAR\n\xff", "calendar.ics_too_large", ""},
		{"far too large", strings.Repeat("X", icsBytesMax+1), "calendar.ics_too_large", ""},
	} {
		_, err := ReadICS("x.ics", []byte(tt.text))
		f, ok := fault.As(err)
		require.True(t, ok, tt.name)
		require.Equal(t, tt.code, f.Code, tt.name)
		require.Equal(t, tt.line, f.Args["line"], tt.name)
		require.Equal(t, "x.ics", f.Args["file"], tt.name)
	}
	_, err := ReadICS("x.ics", []byte(event("DTSTART:1", "END:VEVENT", "BEGIN:VEVENT", "DTSTART:2")))
	f, _ := fault.As(err)
	require.Len(t, f.More, 1, "every bad line is named")
}

// FuzzReadICS: whatever the text, the reader answers, and what it accepts is in order.
func FuzzReadICS(f *testing.F) {
	text, err := os.ReadFile("testdata/holidays.ics")
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:99991231\nDTEND:99991231\nEND:VEVENT\nEND:VCALENDAR"))
	f.Add([]byte("END:\nBEGIN:VCALENDAR\n END:VCALENDAR"))
	f.Fuzz(func(t *testing.T, text []byte) {
		events, err := ReadICS("x.ics", text)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			return
		}
		for _, e := range events {
			require.LessOrEqual(t, e.First, e.Last, strconv.Itoa(e.Line))
			require.LessOrEqual(t, e.Last, e.First.AddDays(eventMax-1))
		}
	})
}

// TestManyContinuedLinesAreReadInOneGo proves that a line of many pieces is put together once,
// not anew for each of them: memory is asked for a few times, and not once a piece.
func TestManyContinuedLinesAreReadInOneGo(t *testing.T) {
	const pieces = 20_000
	text := []byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20270101\nSUMMARY:" +
		strings.Repeat("\n x", pieces) + "\nEND:VEVENT\nEND:VCALENDAR\n")
	asked := testing.AllocsPerRun(1, func() {
		events, err := ReadICS("x.ics", text)
		require.NoError(t, err)
		require.Len(t, events[0].Name, pieces)
	})
	require.Less(t, asked, float64(pieces/10))
}
