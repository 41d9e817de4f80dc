package calendar

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
)

// Event is a whole-day event of an iCalendar file: from First to Last, both in.
type Event struct {
	First, Last Date
	Name        string
	Line        int // where it begins in the file, from 1
}

// The limits of an iCalendar file.
const (
	icsBytesMax = 1 << 20
	eventsMax   = 5000
	eventMax    = 62 // days of one event: no holiday is longer, a mistyped year is
	depthMax    = 8  // components in one another
	faultsMax   = 50 // reported at once
)

// The codes of what may be wrong with an iCalendar file.
const (
	codeICSTooLarge   = "calendar.ics_too_large"
	codeICSLine       = "calendar.ics_line"
	codeICSNesting    = "calendar.ics_nesting"
	codeICSNoEvents   = "calendar.ics_no_events"
	codeICSNoStart    = "calendar.ics_no_start"
	codeICSNotDate    = "calendar.ics_not_a_date"
	codeICSEnd        = "calendar.ics_bad_end"
	codeICSRecurrence = "calendar.ics_recurs"
	codeICSTwice      = "calendar.ics_twice"
)

var _ = fault.Register(map[string]fault.Entry{
	codeICSTooLarge:   {Kind: fault.Invalid, Args: []string{"file"}},
	codeICSLine:       {Kind: fault.Invalid, Args: []string{"file", "line", "text"}},
	codeICSNesting:    {Kind: fault.Invalid, Args: []string{"file", "line", "text"}},
	codeICSNoEvents:   {Kind: fault.Invalid, Args: []string{"file"}},
	codeICSNoStart:    {Kind: fault.Invalid, Args: []string{"file", "line", "text"}},
	codeICSNotDate:    {Kind: fault.Invalid, Args: []string{"file", "line", "text"}},
	codeICSEnd:        {Kind: fault.Invalid, Args: []string{"file", "line", "text"}},
	codeICSRecurrence: {Kind: fault.Invalid, Args: []string{"file", "line", "text"}},
	codeICSTwice:      {Kind: fault.Invalid, Args: []string{"file", "line", "text"}},
})

// ReadICS reads the whole-day events of an iCalendar file (RFC 5545), in its
// order. Cancelled events are left out. What could be misread is refused by its
// line: times of day, recurrence, an end before the start.
//
// It is our own small reader because the line of each date is needed.
//
// Errors: Invalid calendar.ics_…: all that were found.
func ReadICS(name string, text []byte) ([]Event, error) {
	if len(text) > icsBytesMax || !utf8.Valid(text) {
		return nil, fault.New(fault.Invalid, codeICSTooLarge, fault.Arg("file", name))
	}
	r := icsReader{file: name}
	for _, line := range unfold(string(text)) {
		r.line(line)
	}
	if len(r.open) > 0 && len(r.faults) == 0 {
		r.refuse(codeICSNesting, r.opened, "BEGIN:"+r.open[len(r.open)-1])
	}
	if len(r.events) > eventsMax {
		return nil, fault.New(fault.Invalid, codeICSTooLarge, fault.Arg("file", name))
	}
	if len(r.events) == 0 && len(r.faults) == 0 {
		return nil, fault.New(fault.Invalid, codeICSNoEvents, fault.Arg("file", name))
	}
	if err := fault.Join(r.faults); err != nil {
		return nil, err
	}
	return r.events, nil
}

// icsLine is one content line: NAME;PARAMETER=x:value.
type icsLine struct {
	name, value string
	number      int
	good        bool
}

// unfold joins continued lines, which begin with a blank, to the line before.
func unfold(text string) []icsLine {
	var lines []icsLine
	var value strings.Builder // of the last line
	number := 0
	for raw := range strings.SplitSeq(strings.TrimPrefix(text, "\ufeff"), "\n") {
		number++
		raw = strings.TrimSuffix(raw, "\r")
		if raw == "" {
			continue
		}
		last := len(lines) - 1
		if last >= 0 && (raw[0] == ' ' || raw[0] == '\t') {
			value.WriteString(raw[1:])
			continue
		}
		if last >= 0 {
			lines[last].value = value.String()
		}
		lines = append(lines, icsLine{number: number})
		value = strings.Builder{}
		value.WriteString(raw)
	}
	if last := len(lines) - 1; last >= 0 {
		lines[last].value = value.String()
	}
	for i := range lines {
		lines[i] = lines[i].split()
	}
	return lines
}

// split parts the name from the value; a colon inside quotes parts nothing.
func (l icsLine) split() icsLine {
	quoted := false
	for i := range len(l.value) {
		switch l.value[i] {
		case '"':
			quoted = !quoted
		case ':':
			if quoted {
				continue
			}
			name, _, _ := strings.Cut(l.value[:i], ";")
			return icsLine{name: strings.ToUpper(name), value: l.value[i+1:], number: l.number, good: name != ""}
		}
	}
	return l
}

type icsReader struct {
	file   string
	open   []string // components, the innermost last
	opened int      // line of the innermost
	event  Event
	end    icsLine // DTEND or DURATION
	start  icsLine
	gone   bool // the event was cancelled
	events []Event
	faults []*fault.Fault
}

func (r *icsReader) refuse(code string, line int, text string) {
	if len(r.faults) < faultsMax {
		r.faults = append(r.faults, badText(code, text, fault.Arg("file", r.file),
			fault.Arg("line", strconv.Itoa(line))))
	}
}

func (r *icsReader) line(l icsLine) {
	value := strings.ToUpper(l.value)
	switch {
	case !l.good:
		r.refuse(codeICSLine, l.number, l.value)
	case l.name == "BEGIN":
		r.begin(l, value)
	case len(r.open) == 0:
		r.refuse(codeICSNesting, l.number, l.name)
	case l.name == "END":
		r.close(l, value)
	case r.open[len(r.open)-1] == "VEVENT":
		r.property(l)
	}
}

func (r *icsReader) begin(l icsLine, component string) {
	outermost := len(r.open) == 0
	if outermost != (component == "VCALENDAR") || len(r.open) == depthMax || slices.Contains(r.open, component) {
		r.refuse(codeICSNesting, l.number, "BEGIN:"+component)
		return
	}
	r.open, r.opened = append(r.open, component), l.number
	if component == "VEVENT" {
		r.event, r.start, r.end, r.gone = Event{Line: l.number}, icsLine{}, icsLine{}, false
	}
}

func (r *icsReader) close(l icsLine, component string) {
	if r.open[len(r.open)-1] != component {
		r.refuse(codeICSNesting, l.number, "END:"+component)
		return
	}
	r.open = r.open[:len(r.open)-1]
	if component == "VEVENT" && !r.gone {
		r.finish()
	}
}

func (r *icsReader) property(l icsLine) {
	switch l.name {
	case "DTSTART":
		r.once(r.start, l)
		r.start = l
	case "DTEND", "DURATION":
		r.once(r.end, l)
		r.end = l
	case "SUMMARY":
		r.event.Name = unescape.Replace(l.value)
	case "STATUS":
		r.gone = strings.EqualFold(l.value, "CANCELLED")
	case "RRULE", "RDATE", "RECURRENCE-ID":
		r.refuse(codeICSRecurrence, l.number, l.name)
	}
}

// once refuses a property of an event that has it already: nobody knows which is meant.
func (r *icsReader) once(before, l icsLine) {
	if before.number != 0 {
		r.refuse(codeICSTwice, l.number, l.name)
	}
}

// unescape undoes what RFC 5545 escapes in a text; a line break becomes a space.
var unescape = strings.NewReplacer(`\\`, `\`, `\,`, `,`, `\;`, `;`, `\n`, " ", `\N`, " ")

// finish makes an event of its properties. DTEND is the day after the last one.
func (r *icsReader) finish() {
	if r.start.number == 0 {
		r.refuse(codeICSNoStart, r.event.Line, "")
		return
	}
	first, ok := icsDate(r.start.value)
	if !ok {
		r.refuse(codeICSNotDate, r.start.number, r.start.value)
		return
	}
	r.event.First, r.event.Last = first, first
	switch r.end.name {
	case "DTEND":
		end, ok := icsDate(r.end.value)
		if !ok {
			r.refuse(codeICSNotDate, r.end.number, r.end.value)
			return
		}
		r.event.Last = end.AddDays(-1)
		if end == first {
			r.event.Last = first // many programs write one day so
		}
	case "DURATION":
		days, ok := icsDays(r.end.value)
		if !ok {
			r.refuse(codeICSEnd, r.end.number, r.end.value)
			return
		}
		r.event.Last = first.AddDays(days - 1)
	}
	if r.event.Last < first || r.event.Last > first.AddDays(eventMax-1) {
		r.refuse(codeICSEnd, r.end.number, r.end.value)
		return
	}
	r.events = append(r.events, r.event)
}

// icsDate reads 20260216; a time of day is no date.
func icsDate(text string) (Date, bool) {
	if len(text) != len("20260216") {
		return "", false
	}
	date, err := ParseDate(text[:4] + "-" + text[4:6] + "-" + text[6:])
	return date, err == nil
}

// icsDays reads P3D or P1W.
func icsDays(text string) (int, bool) {
	count, found := strings.CutPrefix(strings.ToUpper(text), "P")
	week, weeks := strings.CutSuffix(count, "W")
	day, days := strings.CutSuffix(count, "D")
	times := 1
	if weeks {
		day, times = week, 7
	}
	n, err := strconv.ParseUint(day, 10, 8)
	return int(n) * times, found && (weeks || days) && err == nil && n > 0
}
