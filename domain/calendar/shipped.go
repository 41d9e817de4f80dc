package calendar

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

//go:embed data/*.json
var shipped embed.FS

// Shipped are the calendars that come with the program, by name:
//
//   - always: every hour of every day, in UTC.
//   - cn-office: Monday to Friday 09:00–12:00 and 13:30–18:00, Asia/Shanghai, with
//     the days off and make-up days of the State Council's notices for 2025 and 2026.
//   - de-office: Monday to Friday 09:00–12:00 and 13:00–18:00, Europe/Berlin, with
//     the public holidays of all German states for 2025 to 2027.
//
// Errors: none for the files we ship; a test holds that.
func Shipped() ([]*Calendar, error) {
	names, err := fs.Glob(shipped, "data/*.json")
	if err != nil {
		return nil, fmt.Errorf("list the shipped calendars: %w", err)
	}
	calendars := make([]*Calendar, 0, len(names))
	for _, name := range names {
		text, err := shipped.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		c, err := Read(text)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		calendars = append(calendars, c)
	}
	return calendars, nil
}

// file is a calendar as people write it.
type file struct {
	ID    string            `json:"id"`
	Zone  string            `json:"zone"`
	Note  string            `json:"note"`
	Hours map[string]string `json:"hours"` // weekday, such as mon, or a date → "09:00-12:00 13:30-18:00"
	Years map[string]year   `json:"years"`
}

// year is one year's published days.
type year struct {
	Source string          `json:"source"` // where it was published
	Off    map[Date]string `json:"off"`
	Extra  map[Date]string `json:"extra"`
}

var weekdays = map[string]int{"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}

// Read reads a calendar file, as in domain/calendar/data.
//
// Errors: Invalid calendar.bad_calendar, calendar.bad_date.
func Read(text []byte) (*Calendar, error) {
	var f file
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, (&Calendar{}).bad(err.Error())
	}
	c := &Calendar{
		ID: f.ID, Zone: f.Zone,
		Off: map[Date]string{}, Extra: map[Date]string{}, Special: map[Date][]Span{},
	}
	for day, hours := range f.Hours {
		if err := c.readHours(day, hours); err != nil {
			return nil, err
		}
	}
	for name, year := range f.Years {
		if err := c.readYear(name, year); err != nil {
			return nil, err
		}
	}
	slices.Sort(c.Years)
	return c, c.Check()
}

func (c *Calendar) readYear(name string, y year) error {
	number, err := strconv.Atoi(name)
	if err != nil {
		return c.bad(name + " is not a year")
	}
	c.Years = append(c.Years, number)
	for date, title := range y.Off {
		c.Off[date] = title
	}
	for date, title := range y.Extra {
		c.Extra[date] = title
	}
	return nil
}

func (c *Calendar) readHours(day, hours string) error {
	var spans []Span
	for text := range strings.FieldsSeq(hours) {
		span, ok := readSpan(text)
		if !ok {
			return c.bad(text + " is not a span of hours such as 09:00-12:00")
		}
		spans = append(spans, span)
	}
	if weekday, ok := weekdays[day]; ok {
		c.Week[weekday] = spans
		return nil
	}
	date, err := ParseDate(day)
	if err != nil {
		return err
	}
	c.Special[date] = spans
	return nil
}

// readSpan reads "09:00-12:00"; the day may end at 24:00.
func readSpan(text string) (Span, bool) {
	from, to, ok := strings.Cut(text, "-")
	start, good := readMinute(from)
	end, fine := readMinute(to)
	return Span{From: start, To: end}, ok && good && fine
}

func readMinute(text string) (int, bool) {
	if len(text) != len("09:00") || text[2] != ':' {
		return 0, false
	}
	hour, err := strconv.ParseUint(text[:2], 10, 8)
	minute, err2 := strconv.ParseUint(text[3:], 10, 8)
	if err != nil || err2 != nil || hour > 24 || minute > 59 || hour == 24 && minute > 0 {
		return 0, false
	}
	return int(hour)*60 + int(minute), true
}
