package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// daysShown is how many days of a course are printed at most.
const daysShown = 100

// calendarWords prints calendars in one language; texts are in the catalogs,
// under calendar.
type calendarWords struct {
	locale string
	zone   *time.Location
}

func (w calendarWords) text(key string, args map[string]string) string {
	return i18n.Shipped().Text(w.locale, "calendar."+key, args) + "\n"
}

func (w calendarWords) word(key string, args map[string]string) string {
	return strings.TrimSuffix(w.text(key, args), "\n")
}

// course tells a deadline: the instant for programs on the first line, then the
// same in words, then its days.
func (w calendarWords) course(c *calendar.Calendar, from time.Time, d calendar.Duration,
	deadline calendar.Deadline, days []calendar.Day) string {
	var b strings.Builder
	fmt.Fprintln(&b, deadline.At.In(w.zone).Format(time.RFC3339))
	b.WriteString(w.text("due", map[string]string{"due": w.instant(deadline.At), "from": w.instant(from),
		"span":     w.word("span."+string(d.Unit), map[string]string{"count": strconv.FormatInt(d.Count, 10)}),
		"calendar": c.ID, "zone": c.Zone}))
	for i, day := range days {
		if i == daysShown && len(days) > daysShown+1 {
			b.WriteString("  " + w.text("more_days", map[string]string{"n": strconv.Itoa(len(days) - daysShown)}))
			break
		}
		fmt.Fprintf(&b, "  %s  %s\n", w.date(day.Date), w.day(day, d))
	}
	if deadline.Provisional {
		b.WriteString(w.text("provisional", map[string]string{"years": w.unpublished(c, from, deadline.At)}))
	}
	return b.String()
}

// unpublished lists the years from one instant to another that are not known.
func (w calendarWords) unpublished(c *calendar.Calendar, from, to time.Time) string {
	var years []string
	for year := from.In(w.zone).Year(); year <= to.In(w.zone).Year(); year++ {
		if !c.Published(year) {
			years = append(years, strconv.Itoa(year))
		}
	}
	return strings.Join(years, w.word("list", nil))
}

// day says what a day was to the count, and why.
func (w calendarWords) day(day calendar.Day, d calendar.Duration) string {
	key := string(day.Role)
	switch {
	case day.Role == calendar.PassedOver && day.Hours != "":
		key = "over"
	case day.Role == calendar.Counts && d.Unit == calendar.WorkHour:
		key = "used"
	}
	text := w.word("role."+key, map[string]string{
		"kind": w.rule(calendar.DayRule{Kind: day.Kind, Name: day.Name, Hours: day.Hours}),
		"n":    strconv.Itoa(day.Nth), "count": strconv.FormatInt(d.Count, 10), "used": w.used(day.Used)})
	if !day.Published {
		text += w.word("unpublished", map[string]string{"year": string(day.Date[:4])})
	}
	return text
}

// used is a time without the units it does not need: 3 h 30 min.
func (w calendarWords) used(used time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		key  string
		size time.Duration
	}{{"hours", time.Hour}, {"minutes", time.Minute}, {"seconds", time.Second}} {
		if n := used / unit.size; n > 0 {
			parts = append(parts, w.word("used."+unit.key, map[string]string{"n": strconv.FormatInt(int64(n), 10)}))
		}
		used %= unit.size
	}
	return strings.Join(parts, " ")
}

// rule says what a calendar makes of a date: day off (春节).
func (w calendarWords) rule(r calendar.DayRule) string {
	text := w.word("kind."+string(r.Kind), map[string]string{"hours": r.Hours})
	if r.Name != "" {
		text = w.word("named", map[string]string{"kind": text, "name": r.Name})
	}
	return text
}

func (w calendarWords) date(date calendar.Date) string {
	at, err := time.Parse(time.DateOnly, string(date))
	if err != nil {
		return string(date)
	}
	return string(date) + " " + w.word("weekday."+strconv.Itoa(int(at.Weekday())), nil)
}

func (w calendarWords) instant(at time.Time) string {
	local := at.In(w.zone)
	form := "15:04"
	if local.Second() != 0 {
		form = "15:04:05"
	}
	return w.date(calendar.DateOf(at, w.zone)) + " " + local.Format(form)
}

// changes tells what an import changes, and what it leaves open.
func (w calendarWords) changes(after *calendar.Calendar, d calendar.Changes) string {
	var b strings.Builder
	if d.Zone {
		b.WriteString(w.text("changes.zone", map[string]string{"zone": after.Zone}))
	}
	for _, weekday := range d.Week {
		hours := make([]string, 0, len(after.Week[weekday]))
		for _, span := range after.Week[weekday] {
			hours = append(hours, span.String())
		}
		b.WriteString(w.text("changes.week", map[string]string{
			"weekday": w.word("weekday."+strconv.Itoa(int(weekday)), nil), "hours": strings.Join(hours, " ")}))
	}
	var open []int
	for _, change := range d.Days {
		fmt.Fprintf(&b, "  %s  %s → %s\n", w.date(change.Date), w.rule(change.Before), w.rule(change.After))
		year, err := strconv.Atoi(string(change.Date[:4]))
		if err == nil && !after.Published(year) && !slices.Contains(open, year) {
			open = append(open, year)
		}
	}
	for _, year := range d.Published {
		b.WriteString(w.text("changes.published", map[string]string{"year": strconv.Itoa(year),
			"source": after.Sources[year], "n": strconv.Itoa(after.WorkingDays(year))}))
	}
	for _, year := range d.Withdrawn {
		b.WriteString(w.text("changes.withdrawn", map[string]string{"year": strconv.Itoa(year)}))
	}
	for _, year := range open {
		b.WriteString(w.text("changes.open", map[string]string{"year": strconv.Itoa(year)}))
	}
	return b.String()
}

// listed tells one calendar: its version, zone and years, and what is missing.
func (w calendarWords) listed(v store.CalendarVersion, now time.Time) string {
	c := v.Calendar
	key := "listed"
	if v.Version == 0 {
		key = "listed.shipped"
	}
	var b strings.Builder
	b.WriteString(w.text(key, map[string]string{"id": c.ID, "zone": c.Zone,
		"version": strconv.Itoa(v.Version), "cause": v.Cause}))
	for _, year := range c.Years {
		b.WriteString("  " + w.text("listed.year", map[string]string{"year": strconv.Itoa(year),
			"n": strconv.Itoa(c.WorkingDays(year)), "source": c.Sources[year]}))
	}
	for _, year := range []int{now.Year(), now.Year() + 1} {
		if !c.Published(year) {
			b.WriteString("  " + w.text("listed.missing", map[string]string{"year": strconv.Itoa(year)}))
		}
	}
	return b.String()
}
