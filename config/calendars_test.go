package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
)

const calendarFile = `calendar: hk-office
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
	c, err := ReadCalendar("dir/hk.yaml", []byte(calendarFile))
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
		text, err := os.ReadFile(filepath.Join("../domain/calendar/data", want.ID+".json"))
		require.NoError(t, err)
		got, err := ReadCalendar(want.ID+".json", text)
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
		_, err := ReadCalendar("dir/x.yaml", []byte(tt.text))
		f, ok := fault.As(err)
		require.True(t, ok, tt.name)
		require.Equal(t, tt.code, f.Code, tt.name)
		require.Equal(t, tt.field, f.Field, tt.name)
		require.Equal(t, tt.line, f.Args["line"], tt.name)
	}
}
