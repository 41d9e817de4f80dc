package calendar

import (
	"slices"
	"sync"
	"time"
)

// Span is working time within one day, in minutes from its midnight: half-open,
// but a deadline exactly at To still belongs to it. 工作时段
type Span struct {
	From int `json:"from"` // 0 … 1439
	To   int `json:"to"`   // up to 1440, the next midnight
}

// Calendar says which days and hours are worked somewhere. It is a value:
// nothing changes it after it was made. 工作日历
//
// A date is decided by the first that speaks of it: Off, Special, Extra, Week.
type Calendar struct {
	ID   string    `json:"id"`
	Zone string    `json:"zone"` // IANA name
	Week [7][]Span `json:"week"` // by time.Weekday: 0 is Sunday

	Off     map[Date]string `json:"off,omitempty"`     // days off by name 放假
	Extra   map[Date]string `json:"extra,omitempty"`   // make-up working days by name 调休上班
	Special map[Date][]Span `json:"special,omitempty"` // days with hours of their own, such as half-day eves

	// Years are those whose days off are published. In another year only the
	// weekday rule and 1 January are known, and answers are provisional. A
	// calendar without Years needs none: its rule holds for ever.
	Years []int `json:"years,omitempty"`
}

// spans is the working time of a day, and whether the day's year is known.
// A make-up day has its weekday's own hours or, where that weekday has none,
// those of the first working weekday from Monday on.
func (c *Calendar) spans(day civilDay) (spans []Span, known bool) {
	known = len(c.Years) == 0 || slices.Contains(c.Years, day.Year())
	date := day.Date()
	if _, off := c.Off[date]; off {
		return nil, known
	}
	if special, ok := c.Special[date]; ok {
		return special, known
	}
	week := c.Week[day.Weekday()]
	if _, extra := c.Extra[date]; extra && len(week) == 0 {
		return c.usual(), known
	}
	if !known && day.newYear() {
		return nil, known
	}
	return week, known
}

// usual is the hours of the first working weekday, from Monday.
func (c *Calendar) usual() []Span {
	for i := range c.Week {
		if week := c.Week[(int(time.Monday)+i)%len(c.Week)]; len(week) > 0 {
			return week
		}
	}
	return nil
}

// Workday says whether a date has working time, and whether its year is known.
//
// Errors: Invalid calendar.bad_date.
func (c *Calendar) Workday(date Date) (works, known bool, err error) {
	at, err := time.Parse(time.DateOnly, string(date))
	if err != nil {
		return false, false, badText(codeBadDate, string(date))
	}
	spans, known := c.spans(civilDay(at))
	return len(spans) > 0, known, nil
}

// Name is what the calendar calls a date that is off or made up for; "" for
// any other.
func (c *Calendar) Name(date Date) string {
	if name, ok := c.Off[date]; ok {
		return name
	}
	return c.Extra[date]
}

// Check says what is wrong with a calendar; nil for a good one.
//
// Errors: Invalid calendar.bad_calendar, calendar.bad_date.
func (c *Calendar) Check() error {
	if c.ID == "" {
		return c.bad("it has no id")
	}
	if _, err := c.location(); err != nil {
		return err
	}
	if len(c.usual()) == 0 {
		return c.bad("no day of the week is worked")
	}
	for _, spans := range c.Week {
		if !ordered(spans) {
			return c.bad("the hours of a weekday are out of order")
		}
	}
	return c.checkDates()
}

func (c *Calendar) checkDates() error {
	for date := range c.Off {
		if _, err := ParseDate(string(date)); err != nil {
			return err
		}
		if _, both := c.Extra[date]; both {
			return c.bad(string(date) + " is both off and worked")
		}
	}
	for date := range c.Extra {
		if _, err := ParseDate(string(date)); err != nil {
			return err
		}
	}
	for date, spans := range c.Special {
		if _, err := ParseDate(string(date)); err != nil {
			return err
		}
		if !ordered(spans) {
			return c.bad("the hours of " + string(date) + " are out of order")
		}
	}
	return nil
}

// ordered says whether spans lie within a day, one after another.
func ordered(spans []Span) bool {
	end := 0
	for _, s := range spans {
		if s.From < end || s.To <= s.From || s.To > 24*60 {
			return false
		}
		end = s.To
	}
	return true
}

// zones keeps the zones in use, which are a handful; reading one is slow.
var zones sync.Map

func (c *Calendar) location() (*time.Location, error) {
	if zone, ok := zones.Load(c.Zone); ok {
		return zone.(*time.Location), nil
	}
	if c.Zone == "" || c.Zone == "Local" {
		return nil, c.bad("it has no zone")
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, c.bad("the zone " + c.Zone + " is unknown")
	}
	zones.Store(c.Zone, zone)
	return zone, nil
}
