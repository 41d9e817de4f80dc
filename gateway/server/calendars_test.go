package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
)

// TestCalendarsOverTheAPI lists them, tells a year, and counts a deadline.
func TestCalendarsOverTheAPI(t *testing.T) {
	h := newHouse(t)
	shipped, err := calendar.Shipped()
	require.NoError(t, err)
	for _, c := range shipped {
		require.NoError(t, h.store.ShipCalendar(t.Context(), c))
	}
	get := func(path string) answer { return h.do(call{as: "lin", method: "GET", path: path}) }
	require.Len(t, get("/calendars").is(200).json()["items"], len(shipped))
	year := get("/calendars/cn-office/years/2026").is(200).json()
	require.Len(t, year["days"], 365)
	require.Equal(t, true, year["published"])
	due := get("/calendars/cn-office/due?from=2026-03-06T17:30:00%2B08:00&for=4+workhours").is(200).json()
	require.Equal(t, "2026-03-09T06:00:00Z", due["at"])
	require.Len(t, due["days"], 4)
	get("/calendars/cn-office/due?from=2026-03-06T17:30:00%2B08:00&for=a+while").refused(422, "calendar.bad_duration")
	get("/calendars/nowhere/years/2026").refused(404, "calendar.not_stored")
}
