package calendar

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/fault"
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

	Sources map[int]string `json:"sources,omitempty"` // where a year was published
}

// DayKind is what a calendar makes of a date. 日期类型
type DayKind string

// The kinds of days.
const (
	Worked  DayKind = "worked"   // by the hours of its weekday
	Short   DayKind = "short"    // with hours of its own 半天
	MakeUp  DayKind = "make_up"  // worked to make up for a day off 调休上班
	DayOff  DayKind = "off"      // off by name 放假
	Rest    DayKind = "rest"     // a weekday without hours 休息日
	NewYear DayKind = "new_year" // 1 January of a year that is not published: off as a guess
)

// Published says whether a year's days off are known.
func (c *Calendar) Published(year int) bool {
	return len(c.Years) == 0 || slices.Contains(c.Years, year)
}

// rule is what the calendar makes of a day, and the day's working time. A
// make-up day has its weekday's own hours or, where that weekday has none,
// those of the first working weekday from Monday on.
func (c *Calendar) rule(day civilDay) (DayKind, []Span) {
	date := day.Date()
	if _, off := c.Off[date]; off {
		return DayOff, nil
	}
	if special, ok := c.Special[date]; ok {
		return Short, special
	}
	week := c.Week[day.Weekday()]
	if _, extra := c.Extra[date]; extra {
		if len(week) == 0 {
			week = c.usual()
		}
		return MakeUp, week
	}
	switch {
	case day.newYear() && !c.Published(day.Year()):
		return NewYear, nil
	case len(week) == 0:
		return Rest, nil
	}
	return Worked, week
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
	_, spans := c.rule(civilDay(at))
	return len(spans) > 0, c.Published(at.Year()), nil
}

// WorkingDays counts the days of a year that have working time.
func (c *Calendar) WorkingDays(year int) int {
	count := 0
	for day := civilDay(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)); day.Year() == year; day = day.Next() {
		if _, spans := c.rule(day); len(spans) > 0 {
			count++
		}
	}
	return count
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
// Errors: Invalid calendar.no_id, calendar.bad_id, calendar.bad_zone, calendar.no_hours, calendar.bad_hours,
// calendar.bad_date, calendar.off_and_worked.
func (c *Calendar) Check() error {
	if c.ID == "" {
		return fault.New(fault.Invalid, codeNoID)
	}
	if !fitID(c.ID) {
		return badText(codeBadID, c.ID)
	}
	if _, err := c.location(); err != nil {
		return err
	}
	if len(c.usual()) == 0 {
		return fault.New(fault.Invalid, codeNoHours, fault.Arg("calendar", c.ID))
	}
	for weekday, spans := range c.Week {
		if !ordered(spans) {
			return c.badHours(weekdays[weekday], writeSpans(spans))
		}
	}
	return c.checkDates()
}

func (c *Calendar) checkDates() error {
	for _, date := range c.dates() {
		if _, err := ParseDate(string(date)); err != nil {
			return err
		}
		_, off := c.Off[date]
		_, extra := c.Extra[date]
		if off && extra {
			return c.bad(codeBoth, "date", string(date))
		}
		if spans, special := c.Special[date]; special && (len(spans) == 0 || !ordered(spans)) {
			return c.badHours(string(date), writeSpans(spans))
		}
	}
	return nil
}

// dates are all dates that the calendar speaks of, in order.
func (c *Calendar) dates() []Date {
	all := slices.Concat(slices.Collect(maps.Keys(c.Off)), slices.Collect(maps.Keys(c.Extra)),
		slices.Collect(maps.Keys(c.Special)))
	slices.Sort(all)
	return slices.Compact(all)
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
		return nil, c.bad(codeBadZone, "zone", c.Zone)
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, c.bad(codeBadZone, "zone", c.Zone)
	}
	zones.Store(c.Zone, zone)
	return zone, nil
}
