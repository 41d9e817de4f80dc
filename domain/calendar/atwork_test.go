package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
)

func TestWhenSomebodyIsAtWork(t *testing.T) {
	day := []calendar.Span{{From: 9 * 60, To: 12 * 60}, {From: 13 * 60, To: 18 * 60}}
	c := &calendar.Calendar{ID: "c", Zone: "Asia/Shanghai", Week: [7][]calendar.Span{1: day, 2: day, 3: day, 4: day, 5: day},
		Off: map[calendar.Date]string{"2026-10-01": "National Day"}}
	for at, want := range map[string]bool{
		"2026-09-30T09:00:00+08:00": true, "2026-09-30T12:30:00+08:00": true, "2026-09-30T18:00:00+08:00": true,
		"2026-09-30T08:59:00+08:00": false, "2026-09-30T18:01:00+08:00": false,
		"2026-10-01T10:00:00+08:00": false, "2026-10-03T10:00:00+08:00": false,
	} {
		instant, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		got, err := c.AtWork(instant.UTC())
		require.NoError(t, err)
		require.Equal(t, want, got, at)
	}
	c.Zone = "Nowhere/At_all"
	_, err := c.AtWork(time.Now())
	require.Error(t, err)
}
