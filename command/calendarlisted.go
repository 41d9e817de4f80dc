package command

import (
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// listedCalendar tells one calendar: its version, zone and years, and what is missing.
func listedCalendar(w i18n.CalendarWords, v store.CalendarVersion, now time.Time) string {
	c := v.Calendar
	key := "listed"
	if v.Version == 0 {
		key = "listed.shipped"
	}
	var b strings.Builder
	b.WriteString(w.Text(key, map[string]string{"id": c.ID, "zone": c.Zone,
		"version": strconv.Itoa(v.Version), "cause": v.Cause}))
	for _, year := range c.Years {
		b.WriteString("  " + w.Text("listed.year", map[string]string{"year": strconv.Itoa(year),
			"n": strconv.Itoa(c.WorkingDays(year)), "source": c.Sources[year]}))
	}
	for _, year := range []int{now.Year(), now.Year() + 1} {
		if !c.Published(year) {
			b.WriteString("  " + w.Text("listed.missing", map[string]string{"year": strconv.Itoa(year)}))
		}
	}
	return b.String()
}
