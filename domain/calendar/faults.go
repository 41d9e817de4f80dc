package calendar

import (
	"strings"

	"github.com/countersign/countersign/domain/fault"
)

// The codes of this package.
const (
	codeBadDuration = "calendar.bad_duration"
	codeBadDate     = "calendar.bad_date"
	codeNever       = "calendar.never_works"

	codeNoID      = "calendar.no_id"
	codeBadID     = "calendar.bad_id"
	codeBadZone   = "calendar.bad_zone"
	codeNoHours   = "calendar.no_hours"
	codeBadHours  = "calendar.bad_hours"
	codeBoth      = "calendar.off_and_worked"
	codeBadYear   = "calendar.bad_year"
	codeOtherYear = "calendar.other_year"

	codeBadKind    = "calendar.bad_import_kind"
	codeWorked     = "calendar.worked_anyway"
	codeYearAbsent = "calendar.year_absent"
)

var _ = fault.Register(map[string]fault.Entry{
	codeBadDuration: {Kind: fault.Invalid, Args: []string{"text"}},
	codeBadDate:     {Kind: fault.Invalid, Args: []string{"text"}},
	codeNever:       {Kind: fault.Invalid, Args: []string{"calendar", "from"}},
	codeNoID:        {Kind: fault.Invalid},
	codeBadID:       {Kind: fault.Invalid, Args: []string{"text"}},
	codeBadZone:     {Kind: fault.Invalid, Args: []string{"calendar", "zone"}},
	codeNoHours:     {Kind: fault.Invalid, Args: []string{"calendar"}},
	codeBadHours:    {Kind: fault.Invalid, Args: []string{"calendar", "day", "text"}},
	codeBoth:        {Kind: fault.Invalid, Args: []string{"calendar", "date"}},
	codeBadYear:     {Kind: fault.Invalid, Args: []string{"calendar", "year"}},
	codeOtherYear:   {Kind: fault.Invalid, Args: []string{"calendar", "date", "year"}},
	codeBadKind:     {Kind: fault.Invalid, Args: []string{"text"}},
	codeWorked:      {Kind: fault.Invalid, Args: []string{"calendar", "date", "line"}},
	codeYearAbsent:  {Kind: fault.Invalid, Args: []string{"year"}},
})

// shownMax is how much of a bad text a fault repeats, in bytes.
const shownMax = 40

func badText(code, text string, details ...fault.Detail) *fault.Fault {
	return fault.New(fault.Invalid, code, append(details, fault.Arg("text", shown(text)))...)
}

// shown is the beginning of a text, never half of a letter.
func shown(text string) string {
	for i := range text {
		if i >= shownMax {
			return text[:i]
		}
	}
	return text
}

// bad is a fault of the calendar itself, with one argument more.
func (c *Calendar) bad(code, name, value string) *fault.Fault {
	return fault.New(fault.Invalid, code, fault.Arg("calendar", c.ID), fault.Arg(name, value))
}

// idMax is how long an id may be.
const idMax = 64

// fitID says whether an id can stand in an address: letters, digits, - and _.
func fitID(id string) bool {
	other := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	}
	return len(id) <= idMax && strings.IndexFunc(id, other) < 0 && id != "new"
}
