package pages_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/calendar"
)

// TestTheCalendarsTellDaysAndDeadlines shows the Spring Festival of 2026 with its make-up
// days, a year that is not published, and answers when something is due.
func TestTheCalendarsTellDaysAndDeadlines(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		shipped, err := calendar.Shipped()
		require.NoError(t, err)
		for _, c := range shipped {
			require.NoError(t, h.store.ShipCalendar(t.Context(), c))
		}
		h.get("lin", "/policies").says(`href="/calendars"`)
		h.get("lin", "/calendars").is(http.StatusOK).says("cn-office", "Asia/Shanghai", "/calendars/cn-office?year=2026",
			h.word("page.calendars.unpublished", nil))
		year := h.get("lin", "/calendars/cn-office?year=2026").is(http.StatusOK).
			says("2026-02-15", "2026-02-23", "春节", `class="day make_up"`, `class="day off"`, h.word("calendar.kind.make_up", nil)).
			saysNot(h.word("page.calendars.provisional", nil))
		require.Contains(t, year.body, "<caption>2026-12</caption>")
		h.get("lin", "/calendars/cn-office?year=2030").says(h.word("page.calendars.provisional", nil))
		h.get("lin", "/calendars/cn-office?from=2026-03-06T17:30&for=4&unit=workhour").is(http.StatusOK).
			says("2026-03-09", "14:00", h.word("calendar.kind.rest", nil))
		h.get("lin", "/calendars/cn-office?from=soon&for=4&unit=workhour").says(h.word("page.calendars.bad_from", nil))
		h.get("lin", "/calendars/cn-office?from=2026-03-06T17:30&for=a+while").is(http.StatusOK).says(`role="alert"`, `value="a while"`).
			saysNot("workdays")
		h.get("lin", "/calendars/nowhere").is(http.StatusNotFound)
	})
}
