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

// TestACalendarIsProposedOverTheAPI checks a file, proposes it and has another person publish it.
func TestACalendarIsProposedOverTheAPI(t *testing.T) {
	h := newHouse(t)
	shipped, err := calendar.Shipped()
	require.NoError(t, err)
	for _, c := range shipped {
		require.NoError(t, h.store.ShipCalendar(t.Context(), c))
	}
	const at = "/calendars/cn-office"
	file := map[string]any{"name": "2027.ics", "kind": "holidays", "years": []int{2027},
		"text": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20270205\nSUMMARY:Spring\nEND:VEVENT\nEND:VCALENDAR\n"}
	h.do(call{as: "wang", method: "POST", path: at + "/check", body: file}).refused(403, "access.denied")
	checked := h.do(call{as: "liu", method: "POST", path: at + "/check", body: file}).is(200).json()
	require.EqualValues(t, 1, checked["base"])
	require.Equal(t, []any{float64(2027)}, checked["changes"].(map[string]any)["published"])
	proposed := map[string]any{"base": 9}
	for k, v := range file {
		proposed[k] = v
	}
	h.do(call{as: "liu", method: "POST", path: at + "/proposals", body: proposed}).refused(409, "calendar.moved_on")
	proposed["base"] = 1
	p := h.do(call{as: "liu", method: "POST", path: at + "/proposals", body: proposed}).is(201).json()
	require.Equal(t, "calendar", p["kind"])
	id := p["id"].(string)
	review := h.do(call{as: "admin", method: "GET", path: "/proposals/" + id + "/review", accept: "en"}).is(200).json()
	changes := review["check"].(map[string]any)["changes"].([]any)
	require.Len(t, changes, 2, "the year, and the day")
	require.Equal(t, "2027-02-05 Fri working day → day off (Spring)", changes[1].(map[string]any)["text"])
	h.do(call{as: "liu", method: "POST", path: "/proposals/" + id + "/approve", body: map[string]any{}}).refused(403, "proposal.own")
	h.do(call{as: "admin", method: "POST", path: "/proposals/" + id + "/approve", body: map[string]any{}}).is(200)
	year := h.do(call{as: "lin", method: "GET", path: at + "/years/2027"}).is(200).json()
	require.Equal(t, true, year["published"])
	require.EqualValues(t, 2, year["calendar"].(map[string]any)["version"])
}
