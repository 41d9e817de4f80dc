package calendar

import "github.com/countersign/countersign/domain/fault"

// The codes of this package.
const (
	codeBadDuration = "calendar.bad_duration"
	codeBadDate     = "calendar.bad_date"
	codeBadCalendar = "calendar.bad_calendar"
	codeNever       = "calendar.never_works"
)

var _ = fault.Register(map[string]fault.Entry{
	codeBadDuration: {Kind: fault.Invalid, Args: []string{"text"}},
	codeBadDate:     {Kind: fault.Invalid, Args: []string{"text"}},
	codeBadCalendar: {Kind: fault.Invalid, Args: []string{"calendar", "reason"}},
	codeNever:       {Kind: fault.Invalid, Args: []string{"calendar", "from"}},
})

// shownMax is how much of a bad text a fault repeats, in bytes.
const shownMax = 40

func badText(code, text string) *fault.Fault {
	return fault.New(fault.Invalid, code, fault.Arg("text", text[:min(len(text), shownMax)]))
}

func (c *Calendar) bad(reason string) *fault.Fault {
	return fault.New(fault.Invalid, codeBadCalendar, fault.Arg("calendar", c.ID), fault.Arg("reason", reason))
}
