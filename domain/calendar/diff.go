package calendar

import (
	"slices"
	"time"
)

// DayRule is what a calendar says of one date.
type DayRule struct {
	Kind  DayKind `json:"kind"`
	Name  string  `json:"name,omitempty"`
	Hours string  `json:"hours,omitempty"`
}

// Change is a date on which two calendars differ.
type Change struct {
	Date   Date    `json:"date"`
	Before DayRule `json:"before"`
	After  DayRule `json:"after"`
}

// Changes are what makes two calendars differ, in order.
type Changes struct {
	Days      []Change       `json:"days"` // dates that either of them speaks of
	Week      []time.Weekday `json:"week"` // weekdays with other hours
	Zone      bool           `json:"zone"`
	Published []int          `json:"published"` // years that become known
	Withdrawn []int          `json:"withdrawn"` // years that are known no more
}

// None says whether nothing differs.
func (d Changes) None() bool {
	return len(d.Days) == 0 && len(d.Week) == 0 && !d.Zone && len(d.Published) == 0 && len(d.Withdrawn) == 0
}

// Open are the years with changed dates that stay unpublished: deadlines in them are
// provisional all the same.
func (d Changes) Open(after *Calendar) []int {
	var open []int
	for _, change := range d.Days {
		if year := change.Date.year(); !after.Published(year) && !slices.Contains(open, year) {
			open = append(open, year)
		}
	}
	return open
}

// Diff is what changes when another calendar takes this one's place. Of a calendar
// that takes nobody's, only the dates and the years are news.
func (c *Calendar) Diff(after *Calendar) Changes {
	if c == nil {
		c = &Calendar{ID: after.ID, Zone: after.Zone, Week: after.Week}
	}
	d := Changes{Zone: c.Zone != after.Zone, Published: without(after.Years, c.Years),
		Withdrawn: without(c.Years, after.Years)}
	for weekday := range c.Week {
		if !slices.Equal(c.Week[weekday], after.Week[weekday]) {
			d.Week = append(d.Week, time.Weekday(weekday))
		}
	}
	dates := slices.Concat(c.dates(), after.dates())
	slices.Sort(dates)
	for _, date := range slices.Compact(dates) {
		before, then := c.dayRule(date), after.dayRule(date)
		if before != then {
			d.Days = append(d.Days, Change{Date: date, Before: before, After: then})
		}
	}
	return d
}

func (c *Calendar) dayRule(date Date) DayRule {
	at, err := time.Parse(time.DateOnly, string(date))
	if err != nil {
		return DayRule{}
	}
	kind, spans := c.rule(civilDay(at))
	return DayRule{Kind: kind, Name: c.Name(date), Hours: writeSpans(spans)}
}

// YearDay is one date of a year, and what the calendar says of it.
type YearDay struct {
	Date Date `json:"date"`
	DayRule
}

// Year tells every day of a year.
func (c *Calendar) Year(year int) []YearDay {
	var days []YearDay
	for day := civilDay(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)); day.Year() == year; day = day.Next() {
		days = append(days, YearDay{day.Date(), c.dayRule(day.Date())})
	}
	return days
}

// without are the years of a that b lacks.
func without(a, b []int) []int {
	var rest []int
	for _, year := range a {
		if !slices.Contains(b, year) {
			rest = append(rest, year)
		}
	}
	return rest
}
