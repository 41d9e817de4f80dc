package calendar

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

// File is a calendar as people write it, in YAML or JSON.
type File struct {
	ID    string            `json:"calendar" yaml:"calendar,required"`
	Zone  string            `json:"zone" yaml:"zone,required"` // IANA name
	Note  map[string]string `json:"note" yaml:"note"`          // by language: for those who read the file
	Hours map[string]string `json:"hours" yaml:"hours,required"`
	Years []Year            `json:"years" yaml:"years"`
}

// Year is one year's published days. Where its notice also moved a day of the
// December before, that day may stand here too.
type Year struct {
	Year   int               `json:"year" yaml:"year,required"`
	Source string            `json:"source" yaml:"source"` // where it was published; "": it is not
	Issued string            `json:"issued" yaml:"issued"` // when it was published
	Off    map[string]string `json:"off" yaml:"off"`       // days off by name
	Work   map[string]string `json:"work" yaml:"work"`     // make-up working days by name
}

// weekdays are how a file names the days of the week, in the order of time.Weekday.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Calendar is what a file says: all that is wrong with it, else a good calendar.
// The field of a fault is its path in the file: years[0].off.2026-02-16.
//
// Errors: as Check, and Invalid calendar.bad_year, calendar.other_year.
func (f File) Calendar() (*Calendar, error) {
	c := &Calendar{
		ID: f.ID, Zone: f.Zone, Off: map[Date]string{}, Extra: map[Date]string{},
		Special: map[Date][]Span{}, Sources: map[int]string{},
	}
	_, err := c.location()
	wrong := placed(err, "zone")
	for _, day := range sortedKeys(f.Hours) {
		wrong = append(wrong, placed(c.readHours(day, f.Hours[day]), "hours."+day)...)
	}
	for i, y := range f.Years {
		path := fmt.Sprintf("years[%d].", i)
		again := slices.ContainsFunc(f.Years[:i], func(other Year) bool { return other.Year == y.Year })
		wrong = append(wrong, placed(c.readYear(y, again), path+"year")...)
		wrong = append(wrong, c.readDays(y.Year, y.Off, path+"off.", c.Off)...)
		wrong = append(wrong, c.readDays(y.Year, y.Work, path+"work.", c.Extra)...)
	}
	if err := fault.Join(wrong); err != nil {
		return nil, err
	}
	slices.Sort(c.Years)
	if err := c.Check(); err != nil {
		return nil, err
	}
	return c, nil
}

// placed gives a fault its path in the file.
func placed(err error, path string) []*fault.Fault {
	var f *fault.Fault
	if !errors.As(err, &f) {
		return nil
	}
	f.Field = path
	return []*fault.Fault{f}
}

func (c *Calendar) readYear(y Year, again bool) error {
	if y.Year < 1900 || y.Year > 9999 || again {
		return c.bad(codeBadYear, "year", strconv.Itoa(y.Year))
	}
	if y.Source != "" {
		c.Years = append(c.Years, y.Year)
		c.Sources[y.Year] = y.Source
	}
	return nil
}

// File is the calendar as people write it: read again, it is the same calendar, but for
// the sources of one that needs no years.
func (c *Calendar) File() File {
	f := File{ID: c.ID, Zone: c.Zone, Hours: map[string]string{}}
	for weekday, spans := range c.Week {
		if len(spans) > 0 {
			f.Hours[weekdays[weekday]] = writeSpans(spans)
		}
	}
	for date, spans := range c.Special {
		f.Hours[string(date)] = writeSpans(spans)
	}
	years := map[int]*Year{}
	of := func(year int) *Year {
		if years[year] == nil {
			years[year] = &Year{Year: year, Off: map[string]string{}, Work: map[string]string{}}
		}
		return years[year]
	}
	for _, year := range c.Years {
		of(year).Source = c.Sources[year]
	}
	for date, name := range c.Off {
		of(date.year()).Off[string(date)] = name
	}
	for date, name := range c.Extra {
		of(date.year()).Work[string(date)] = name
	}
	for _, year := range slices.Sorted(maps.Keys(years)) {
		f.Years = append(f.Years, *years[year])
	}
	return f
}

func (c *Calendar) readDays(year int, days map[string]string, path string, into map[Date]string) []*fault.Fault {
	var wrong []*fault.Fault
	for _, text := range sortedKeys(days) {
		date, err := ParseDate(text)
		if err == nil && date.year() != year && !strings.HasPrefix(text, strconv.Itoa(year-1)+"-12-") {
			err = fault.New(fault.Invalid, codeOtherYear, fault.Arg("calendar", c.ID),
				fault.Arg("date", text), fault.Arg("year", strconv.Itoa(year)))
		}
		wrong = append(wrong, placed(err, path+text)...)
		into[date] = days[text]
	}
	return wrong
}

// readHours reads the hours of a weekday, such as mon, or of a date.
func (c *Calendar) readHours(day, hours string) error {
	var spans []Span
	for text := range strings.FieldsSeq(hours) {
		span, ok := readSpan(text)
		if !ok {
			return c.badHours(day, text)
		}
		spans = append(spans, span)
	}
	if !ordered(spans) {
		return c.badHours(day, hours)
	}
	if weekday := slices.Index(weekdays, day); weekday >= 0 {
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

func (c *Calendar) badHours(day, text string) *fault.Fault {
	return badText(codeBadHours, text, fault.Arg("calendar", c.ID), fault.Arg("day", shown(day)))
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

// String is the span as files write it: 09:00-12:00.
func (s Span) String() string {
	return fmt.Sprintf("%02d:%02d-%02d:%02d", s.From/60, s.From%60, s.To/60, s.To%60)
}

func writeSpans(spans []Span) string {
	texts := make([]string, 0, len(spans))
	for _, s := range spans {
		texts = append(texts, s.String())
	}
	return strings.Join(texts, " ")
}
