package maintenance_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/maintenance"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

// TestWhenItIsLeftAlone holds windows against moments, on the system's own wall.
// 2026-11-20 is a Friday; Berlin puts its clock forward on 2026-03-29 at 02:00 and back
// on 2026-10-25 at 03:00.
func TestWhenItIsLeftAlone(t *testing.T) {
	for _, tt := range []struct {
		name  string
		zone  string
		lines []string
		now   string // RFC 3339
		until string // "" = open
	}{
		{"nothing is written", "UTC", nil, "2026-11-20T02:00:00Z", ""},
		{"the first minute", "UTC", []string{"daily 01:00-03:00"}, "2026-11-20T01:00:00Z", "2026-11-20T03:00:00Z"},
		{"the last second", "UTC", []string{"daily 01:00-03:00"}, "2026-11-20T02:59:59Z", "2026-11-20T03:00:00Z"},
		{"its end is open", "UTC", []string{"daily 01:00-03:00"}, "2026-11-20T03:00:00Z", ""},
		{"a moment before", "UTC", []string{"daily 01:00-03:00"}, "2026-11-20T00:59:59Z", ""},
		{"on its own wall", "Asia/Shanghai", []string{"daily 01:00-03:00"}, "2026-11-19T18:30:00Z", "2026-11-19T19:00:00Z"},
		{"overnight, the evening", "UTC", []string{"fri 22:00-04:00"}, "2026-11-20T23:00:00Z", "2026-11-21T04:00:00Z"},
		{"overnight, the morning", "UTC", []string{"fri 22:00-04:00"}, "2026-11-21T03:00:00Z", "2026-11-21T04:00:00Z"},
		{"the morning of its own day", "UTC", []string{"fri 22:00-04:00"}, "2026-11-20T03:00:00Z", ""},
		{"the evening after", "UTC", []string{"fri 22:00-04:00"}, "2026-11-21T23:00:00Z", ""},
		{"Saturday into Sunday", "UTC", []string{"sat 22:00-04:00"}, "2026-11-22T01:00:00Z", "2026-11-22T04:00:00Z"},
		{"a range over the weekend", "UTC", []string{"fri-mon 10:00-11:00"}, "2026-11-23T10:30:00Z", "2026-11-23T11:00:00Z"},
		{"outside the range", "UTC", []string{"fri-mon 10:00-11:00"}, "2026-11-24T10:30:00Z", ""},
		{"a list, whole days", "UTC", []string{"sat,sun 00:00-24:00"}, "2026-11-21T09:00:00Z", "2026-11-23T00:00:00Z"},
		{"one after another", "UTC", []string{"daily 01:00-02:00", "fri 02:00-05:00"}, "2026-11-20T01:30:00Z",
			"2026-11-20T05:00:00Z"},
		{"on dates", "Asia/Shanghai", []string{"2026-12-31 20:00 - 2027-01-02 08:00"}, "2027-01-01T00:00:00Z",
			"2027-01-02T00:00:00Z"},
		{"dates that are over", "UTC", []string{"2026-10-01 20:00 - 2026-10-02 08:00"}, "2026-11-20T00:00:00Z", ""},
		{"the skipped hour", "Europe/Berlin", []string{"daily 02:00-03:00"}, "2026-03-29T01:00:00Z", ""},
		{"around the skipped hour", "Europe/Berlin", []string{"daily 01:30-03:30"}, "2026-03-29T00:45:00Z",
			"2026-03-29T01:30:00Z"}, // 01:30 to 03:30 on the wall, an hour in all
		{"the hour shown twice, first", "Europe/Berlin", []string{"daily 02:00-03:00"}, "2026-10-25T00:30:00Z",
			"2026-10-25T02:00:00Z"},
		{"the hour shown twice, again", "Europe/Berlin", []string{"daily 02:00-03:00"}, "2026-10-25T01:30:00Z",
			"2026-10-25T02:00:00Z"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			windows, err := maintenance.Read(tt.lines, zone(t, tt.zone))
			require.NoError(t, err)
			now, err := time.Parse(time.RFC3339, tt.now)
			require.NoError(t, err)
			until, closed := windows.Closed(now)
			require.Equal(t, tt.until != "", closed)
			if closed {
				require.Equal(t, tt.until, until.UTC().Format(time.RFC3339))
			}
		})
	}
}

// TestWhatIsNoWindow names the line and what to write instead.
func TestWhatIsNoWindow(t *testing.T) {
	for line, words := range map[string]string{
		"always":                              "is no window",
		"daily":                               "is no window",
		"daily 01:00":                         "is no window",
		"someday 01:00-02:00":                 "names no day",
		"mon-xyz 01:00-02:00":                 "names no day",
		"daily 1:00-2:00":                     "has no time of day",
		"daily 24:00-02:00":                   "has no time of day",
		"daily 22:00-24:30":                   "has no time of day",
		"daily 22:00-22:00":                   "begins when it ends",
		"2026-12-31 20:00 - 2026-12-31 19:00": "ends before it begins",
		"2026-12-31 - 2027-01-02":             "is no window",
		"2026-02-30 20:00 - 2027-01-02 08:00": "is no window",
		"daily 00:00-24:00":                   "leave no time at all",
	} {
		_, err := maintenance.Read([]string{line}, time.UTC)
		require.ErrorContains(t, err, words, line)
	}
}
