// Package calendarfile reads the files that calendars come in: a whole calendar that
// people wrote, or days as an authority publishes them in iCalendar.
package calendarfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/policy/source"
)

// Read reads a whole calendar, in YAML or JSON, as docs/calendars.md says. Everything
// that is wrong is named with line and column.
//
// Errors: faults yaml.* and those of calendar.File; the field of the latter is
// file:line:column.
func Read(name string, text []byte) (*calendar.Calendar, error) {
	var file calendar.File
	name = filepath.Base(name)
	read, err := source.Read(name, text, &file)
	if err != nil {
		return nil, err
	}
	c, err := file.Calendar()
	var first *fault.Fault
	if !errors.As(err, &first) {
		return c, err
	}
	for _, f := range append([]*fault.Fault{first}, first.More...) {
		at := read.At[f.Field]
		f.Field = fmt.Sprintf("%s:%d:%d", name, at.Line, at.Column)
	}
	return nil, first
}

// Days is a file, and what its reader has to say of it: an .ics does not tell what its
// days are. A whole calendar says everything itself.
type Days struct {
	Name string
	Text []byte

	Kind   calendar.ImportKind
	Only   string // takes the events whose summary has it; "" all
	Years  []int  // that the file is the whole list of
	Source string // of those years; "": the file's name
}

// ICS says whether the file is iCalendar, by its name.
func (d Days) ICS() bool { return strings.EqualFold(filepath.Ext(d.Name), ".ics") }

// Known says whether a file is of a kind that calendars are read from, by its name.
func Known(name string) bool {
	return slices.Contains([]string{".ics", ".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name)))
}

// After is what becomes of a calendar by the file; nil where there is none yet, which
// only a whole calendar makes.
//
// Errors: those of Read, of calendar.ReadICS and of Calendar.With; Invalid
// calendar.ics_no_events, calendar.ics_needs_calendar.
func (d Days) After(before *calendar.Calendar) (*calendar.Calendar, error) {
	name := filepath.Base(d.Name)
	if !d.ICS() {
		return Read(name, d.Text)
	}
	if before == nil {
		return nil, fault.New(fault.Invalid, "calendar.ics_needs_calendar", fault.Arg("file", name))
	}
	events, err := calendar.ReadICS(name, d.Text)
	if err != nil {
		return nil, err
	}
	events = slices.DeleteFunc(events, func(e calendar.Event) bool { return !strings.Contains(e.Name, d.Only) })
	if len(events) == 0 {
		return nil, fault.New(fault.Invalid, "calendar.ics_no_events", fault.Arg("file", name))
	}
	from := d.Source
	if from == "" {
		from = name
	}
	return before.With(calendar.Import{Kind: d.Kind, Events: events, Years: d.Years, Source: from})
}

// Faults are what this package refuses beyond what the calendar does.
var Faults = fault.Register(map[string]fault.Entry{
	"calendar.ics_needs_calendar": {Kind: fault.Invalid, Args: []string{"file"}},
})

// Write is a calendar as people write it, in YAML, to be changed and read again.
func Write(c *calendar.Calendar) []byte {
	f := c.File()
	var b strings.Builder
	fmt.Fprintf(&b, "calendar: %s\nzone: %s\nhours:\n", quoted(f.ID), f.Zone)
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		if hours, worked := f.Hours[day]; worked {
			fmt.Fprintf(&b, "  %s: %s\n", day, quoted(hours))
			delete(f.Hours, day)
		}
	}
	for _, date := range slices.Sorted(maps.Keys(f.Hours)) {
		fmt.Fprintf(&b, "  %s: %s\n", date, quoted(f.Hours[date]))
	}
	if len(f.Years) > 0 {
		b.WriteString("years:\n")
	}
	for _, y := range f.Years {
		fmt.Fprintf(&b, "  - year: %d\n", y.Year)
		if y.Source != "" {
			fmt.Fprintf(&b, "    source: %s\n", quoted(y.Source))
		}
		writeDays(&b, "off", y.Off)
		writeDays(&b, "work", y.Work)
	}
	return []byte(b.String())
}

func writeDays(b *strings.Builder, key string, days map[string]string) {
	if len(days) == 0 {
		return
	}
	fmt.Fprintf(b, "    %s:\n", key)
	for _, date := range slices.Sorted(maps.Keys(days)) {
		fmt.Fprintf(b, "      %s: %s\n", date, quoted(days[date]))
	}
}

// quoted is a text as JSON and YAML both write it.
func quoted(text string) string {
	var b strings.Builder
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	_ = out.Encode(text) // a text and a builder: nothing can fail
	return strings.TrimSuffix(b.String(), "\n")
}
