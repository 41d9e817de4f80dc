package i18n

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/calendar"
)

// daysShown is how many days of a course are printed at most.
const daysShown = 100

// CalendarWords prints calendars in one language; texts are in the catalogs,
// under calendar.
type CalendarWords struct {
	Locale string
	Zone   *time.Location // of the calendar
}

// Text is a text of the catalogs under calendar, with the end of its line.
func (w CalendarWords) Text(key string, args map[string]string) string {
	return Shipped().Text(w.Locale, "calendar."+key, args) + "\n"
}

// Word is a text of the catalogs under calendar.
func (w CalendarWords) Word(key string, args map[string]string) string {
	return strings.TrimSuffix(w.Text(key, args), "\n")
}

// Course tells a deadline: the instant for programs on the first line, then the
// same in words, then its days.
func (w CalendarWords) Course(c *calendar.Calendar, from time.Time, d calendar.Duration,
	deadline calendar.Deadline, days []calendar.Day) string {
	var b strings.Builder
	fmt.Fprintln(&b, deadline.At.In(w.Zone).Format(time.RFC3339))
	b.WriteString(w.Text("due", map[string]string{"due": w.Instant(deadline.At), "from": w.Instant(from),
		"span":     w.Word("span."+string(d.Unit), map[string]string{"count": strconv.FormatInt(d.Count, 10)}),
		"calendar": c.ID, "zone": c.Zone}))
	for i, day := range days {
		if i == daysShown && len(days) > daysShown+1 {
			b.WriteString("  " + w.Text("more_days", map[string]string{"n": strconv.Itoa(len(days) - daysShown)}))
			break
		}
		fmt.Fprintf(&b, "  %s  %s\n", w.Date(day.Date), w.Day(day, d))
	}
	if deadline.Provisional {
		b.WriteString(w.Text("provisional", map[string]string{"years": w.unpublished(c, from, deadline.At)}))
	}
	return b.String()
}

// unpublished lists the years from one instant to another that are not known.
func (w CalendarWords) unpublished(c *calendar.Calendar, from, to time.Time) string {
	var years []string
	for year := from.In(w.Zone).Year(); year <= to.In(w.Zone).Year(); year++ {
		if !c.Published(year) {
			years = append(years, strconv.Itoa(year))
		}
	}
	return strings.Join(years, w.Word("list", nil))
}

// Day says what a day was to the count, and why.
func (w CalendarWords) Day(day calendar.Day, d calendar.Duration) string {
	key := string(day.Role)
	switch {
	case day.Role == calendar.PassedOver && day.Hours != "":
		key = "over"
	case day.Role == calendar.Counts && d.Unit == calendar.WorkHour:
		key = "used"
	}
	text := w.Word("role."+key, map[string]string{
		"kind": w.Rule(calendar.DayRule{Kind: day.Kind, Name: day.Name, Hours: day.Hours}),
		"n":    strconv.Itoa(day.Nth), "count": strconv.FormatInt(d.Count, 10), "used": w.used(day.Used)})
	if !day.Published {
		text += w.Word("unpublished", map[string]string{"year": string(day.Date[:4])})
	}
	return text
}

// used is a time without the units it does not need: 3 h 30 min.
func (w CalendarWords) used(used time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		key  string
		size time.Duration
	}{{"hours", time.Hour}, {"minutes", time.Minute}, {"seconds", time.Second}} {
		if n := used / unit.size; n > 0 {
			parts = append(parts, w.Word("used."+unit.key, map[string]string{"n": strconv.FormatInt(int64(n), 10)}))
		}
		used %= unit.size
	}
	return strings.Join(parts, " ")
}

// Rule says what a calendar makes of a date: day off (春节).
func (w CalendarWords) Rule(r calendar.DayRule) string {
	text := w.Word("kind."+string(r.Kind), map[string]string{"hours": r.Hours})
	if r.Name != "" {
		text = w.Word("named", map[string]string{"kind": text, "name": r.Name})
	}
	return text
}

// Date is a date with its weekday.
func (w CalendarWords) Date(date calendar.Date) string {
	at, err := time.Parse(time.DateOnly, string(date))
	if err != nil {
		return string(date)
	}
	return string(date) + " " + w.Word("weekday."+strconv.Itoa(int(at.Weekday())), nil)
}

// Instant is an instant as it is read where the calendar counts.
func (w CalendarWords) Instant(at time.Time) string {
	local := at.In(w.Zone)
	form := "15:04"
	if local.Second() != 0 {
		form = "15:04:05"
	}
	return w.Date(calendar.DateOf(at, w.Zone)) + " " + local.Format(form)
}

// Changes tells what an import changes, and what it leaves open.
func (w CalendarWords) Changes(after *calendar.Calendar, d calendar.Changes) string {
	var b strings.Builder
	if d.Zone {
		b.WriteString(w.Text("changes.zone", map[string]string{"zone": after.Zone}))
	}
	for _, line := range w.week(after, d) {
		b.WriteString(line + "\n")
	}
	for _, change := range d.Days {
		fmt.Fprintf(&b, "  %s  %s → %s\n", w.Date(change.Date), w.Rule(change.Before), w.Rule(change.After))
	}
	for _, line := range w.years(after, d) {
		b.WriteString(line + "\n")
	}
	for _, year := range d.Open(after) {
		b.WriteString(w.Text("changes.open", map[string]string{"year": strconv.Itoa(year)}))
	}
	return b.String()
}

// General tells what changes but for single dates: zone, weekdays, years.
func (w CalendarWords) General(after *calendar.Calendar, d calendar.Changes) []string {
	var lines []string
	if d.Zone {
		lines = append(lines, w.Word("changes.zone", map[string]string{"zone": after.Zone}))
	}
	return slices.Concat(lines, w.week(after, d), w.years(after, d))
}

func (w CalendarWords) week(after *calendar.Calendar, d calendar.Changes) []string {
	var lines []string
	for _, weekday := range d.Week {
		hours := make([]string, 0, len(after.Week[weekday]))
		for _, span := range after.Week[weekday] {
			hours = append(hours, span.String())
		}
		day := w.Word("weekday."+strconv.Itoa(int(weekday)), nil)
		if len(hours) == 0 {
			lines = append(lines, w.Word("changes.week_rest", map[string]string{"weekday": day}))
			continue
		}
		lines = append(lines, w.Word("changes.week", map[string]string{"weekday": day, "hours": strings.Join(hours, " ")}))
	}
	return lines
}

func (w CalendarWords) years(after *calendar.Calendar, d calendar.Changes) []string {
	var lines []string
	for _, year := range d.Published {
		lines = append(lines, w.Word("changes.published", map[string]string{"year": strconv.Itoa(year),
			"source": after.Sources[year], "n": strconv.Itoa(after.WorkingDays(year))}))
	}
	for _, year := range d.Withdrawn {
		lines = append(lines, w.Word("changes.withdrawn", map[string]string{"year": strconv.Itoa(year)}))
	}
	return lines
}
