package calendar

import (
	"maps"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
)

// ImportKind says what the days of an imported file are.
type ImportKind string

// The kinds of imports.
const (
	Holidays ImportKind = "holidays" // days off
	Workdays ImportKind = "workdays" // make-up working days
)

// Import are the days to be put into a calendar.
type Import struct {
	Kind   ImportKind
	Events []Event
	Years  []int  // years whose list the file completes: they become published
	Source string // of those years
}

// With is the calendar with imported days put in; the calendar itself stays as
// it is. A day off replaces a make-up day or hours of its own on that date, and a
// make-up day replaces a day off. Nothing else is taken away.
//
// Errors: Invalid calendar.bad_import_kind, calendar.worked_anyway (a make-up day
// on a date that is worked without it: most often a list of another kind),
// calendar.year_absent (a year that no day of the file is in), and as Check.
func (c *Calendar) With(in Import) (*Calendar, error) {
	if in.Kind != Holidays && in.Kind != Workdays {
		return nil, badText(codeBadKind, string(in.Kind))
	}
	next := c.clone()
	var wrong []*fault.Fault
	seen := map[int]bool{}
	for _, e := range in.Events {
		for date := e.First; date <= e.Last && date != ""; date = date.AddDays(1) {
			seen[date.year()] = true
			if f := next.put(in.Kind, date, e); f != nil && len(wrong) < faultsMax {
				wrong = append(wrong, f)
			}
		}
	}
	for _, year := range in.Years {
		if !seen[year] {
			wrong = append(wrong, fault.New(fault.Invalid, codeYearAbsent, fault.Arg("year", strconv.Itoa(year))))
		}
		next.publish(year, in.Source)
	}
	if err := fault.Join(wrong); err != nil {
		return nil, err
	}
	if err := next.Check(); err != nil {
		return nil, err
	}
	return next, nil
}

func (c *Calendar) put(kind ImportKind, date Date, e Event) *fault.Fault {
	if kind == Holidays {
		delete(c.Extra, date)
		delete(c.Special, date)
		c.Off[date] = e.Name
		return nil
	}
	_, wasOff := c.Off[date]
	delete(c.Off, date)
	if rule := c.dayRule(date); !wasOff && (rule.Kind == Worked || rule.Kind == Short) {
		return fault.New(fault.Invalid, codeWorked, fault.Arg("calendar", c.ID),
			fault.Arg("date", string(date)), fault.Arg("line", strconv.Itoa(e.Line)))
	}
	c.Extra[date] = e.Name
	return nil
}

func (c *Calendar) publish(year int, source string) {
	if !slices.Contains(c.Years, year) {
		c.Years = append(c.Years, year)
		slices.Sort(c.Years)
	}
	c.Sources[year] = source
}

func (c *Calendar) clone() *Calendar {
	next := *c
	next.Off, next.Extra, next.Special = copied(c.Off), copied(c.Extra), copied(c.Special)
	next.Sources, next.Years = copied(c.Sources), slices.Clone(c.Years)
	return &next
}

// copied is a copy that can be written to, also of a nil map.
func copied[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}
