package calendarfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
)

const example = `calendar: hk-office
zone: Asia/Hong_Kong
note: { en: An example, zh-CN: 示例 }
hours:
  mon: 09:00-13:00 14:00-18:00
  2026-12-24: 09:00-13:00
years:
  - year: 2026
    source: https://www.gov.hk/en/about/abouthk/holiday/2026.htm
    issued: 2025-05-16
    off:
      2026-12-25: Christmas
    work:
      2026-12-27: made up
`

func TestACalendarFileIsRead(t *testing.T) {
	c, err := Read("dir/hk.yaml", []byte(example))
	require.NoError(t, err)
	morning, afternoon := calendar.Span{From: 9 * 60, To: 13 * 60}, calendar.Span{From: 14 * 60, To: 18 * 60}
	require.Equal(t, &calendar.Calendar{
		ID: "hk-office", Zone: "Asia/Hong_Kong", Week: [7][]calendar.Span{1: {morning, afternoon}},
		Off:     map[calendar.Date]string{"2026-12-25": "Christmas"},
		Extra:   map[calendar.Date]string{"2026-12-27": "made up"},
		Special: map[calendar.Date][]calendar.Span{"2026-12-24": {morning}},
		Years:   []int{2026},
		Sources: map[int]string{2026: "https://www.gov.hk/en/about/abouthk/holiday/2026.htm"},
	}, c)
}

// TestTheShippedCalendarsAreReadAlike: what ships can be copied, changed and imported.
func TestTheShippedCalendarsAreReadAlike(t *testing.T) {
	shipped, err := calendar.Shipped()
	require.NoError(t, err)
	for _, want := range shipped {
		text, err := os.ReadFile(filepath.Join("../../domain/calendar/data", want.ID+".json"))
		require.NoError(t, err)
		got, err := Read(want.ID+".json", text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestABadCalendarFileIsRefusedByItsLine(t *testing.T) {
	for _, tt := range []struct{ name, text, code, field, line string }{
		{"an unknown key", "calendar: a\nzone: UTC\nhours: { mon: 09:00-17:00 }\nhour: x\n", "yaml.unknown_key", "hour", "4"},
		{"no zone", "calendar: a\nhours: { mon: 09:00-17:00 }\n", "yaml.missing_key", "zone", "1"},
		{"a zone nobody has", "calendar: a\nzone: Asia/Beijing\nhours: { mon: 09:00-17:00 }\n", "calendar.bad_zone", "x.yaml:2:7", ""},
		{"bad hours", "calendar: a\nzone: UTC\nhours:\n  mon: 9-17\n", "calendar.bad_hours", "x.yaml:4:8", ""},
		{"a date that is none", "calendar: a\nzone: UTC\nhours: { mon: 09:00-17:00 }\nyears:\n" +
			"  - year: 2026\n    source: s\n    off:\n      2026-02-30: x\n", "calendar.bad_date", "x.yaml:8:19", ""},
	} {
		_, err := Read("dir/x.yaml", []byte(tt.text))
		f, ok := fault.As(err)
		require.True(t, ok, tt.name)
		require.Equal(t, tt.code, f.Code, tt.name)
		require.Equal(t, tt.field, f.Field, tt.name)
		require.Equal(t, tt.line, f.Args["line"], tt.name)
	}
}

// TestTheGuidesExampleWorks: the file in docs/calendars.md can be copied.
func TestTheGuidesExampleWorks(t *testing.T) {
	page, err := os.ReadFile("../../docs/calendars.md")
	require.NoError(t, err)
	_, text, found := strings.Cut(string(page), "```yaml\n")
	require.True(t, found)
	text, _, found = strings.Cut(text, "```")
	require.True(t, found)
	c, err := Read("example.yaml", []byte(text))
	require.NoError(t, err)
	require.Equal(t, "cn-office", c.ID)
	require.Equal(t, []int{2026}, c.Years)
	require.Len(t, c.Special, 1)
	require.Equal(t, "春节", c.Name("2026-02-17"))
	require.Equal(t, "调休上班", c.Name("2026-02-14"))
}

// TestAWrittenCalendarIsReadBack writes what ships, and what somebody made of it: days of
// a year that is not published, hours of a day, names that YAML would take for something else.
func TestAWrittenCalendarIsReadBack(t *testing.T) {
	shipped, err := calendar.Shipped()
	require.NoError(t, err)
	for _, c := range shipped {
		changed, err := c.With(calendar.Import{Kind: calendar.Holidays, Events: []calendar.Event{
			{First: "2031-05-01", Last: "2031-05-02", Name: "# no: \"comment\" & <b>"},
			{First: "2031-05-05", Last: "2031-05-05", Name: "yes"}}})
		require.NoError(t, err)
		changed.Special["2031-06-02"] = []calendar.Span{{From: 9 * 60, To: 12 * 60}}
		for _, want := range []*calendar.Calendar{c, changed} {
			got, err := Read(want.ID+".yaml", Write(want))
			require.NoError(t, err, string(Write(want)))
			require.True(t, want.Diff(got).None() && got.Diff(want).None(), string(Write(want)))
			require.Equal(t, want.Years, got.Years)
			require.Equal(t, want.Sources, got.Sources)
			require.Equal(t, want.Published(2031), got.Published(2031))
		}
	}
}
