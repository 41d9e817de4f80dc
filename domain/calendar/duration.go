// Package calendar counts working time: which days are worked, when, and what
// instant lies so much working time after another.
package calendar

import (
	"regexp"
	"strconv"
)

// Unit is what a duration counts in.
type Unit string

// The units of a policy's durations.
const (
	Second   Unit = "s"        // wall-clock seconds, for tests and drills
	WorkHour Unit = "workhour" // an hour of the calendar's working time
	WorkDay  Unit = "workday"  // the same time on the next working day
)

// Duration is a count of one unit. The zero value is no duration at all.
type Duration struct {
	Count int64 `json:"count"`
	Unit  Unit  `json:"unit"`
}

// The longest durations: about ten years each.
const (
	secondsMax   = 10 * 366 * 24 * 60 * 60
	workHoursMax = 20_000
	workDaysMax  = 2_500
)

var durationText = regexp.MustCompile(`^([0-9]{1,9}) ?(s|workhours?|workdays?)$`)

// ParseDuration reads "1 workday", "4 workhours", "30 s" or "30s". The count is
// at least 1.
//
// Errors: Invalid calendar.bad_duration.
func ParseDuration(text string) (Duration, error) {
	parts := durationText.FindStringSubmatch(text)
	if parts == nil {
		return Duration{}, badText(codeBadDuration, text)
	}
	count, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return Duration{}, badText(codeBadDuration, text)
	}
	d := Duration{Count: count, Unit: unitOf(parts[2])}
	if count == 0 || d.check() != nil {
		return Duration{}, badText(codeBadDuration, text)
	}
	return d, nil
}

func unitOf(word string) Unit {
	switch word {
	case "workhour", "workhours":
		return WorkHour
	case "workday", "workdays":
		return WorkDay
	default:
		return Second
	}
}

// IsZero says whether it is no duration at all.
func (d Duration) IsZero() bool { return d == Duration{} }

// String is the form that ParseDuration reads: "1 workday", "4 workhours",
// "30 s"; "" for no duration.
func (d Duration) String() string {
	if d.IsZero() {
		return ""
	}
	text := strconv.FormatInt(d.Count, 10) + " " + string(d.Unit)
	if d.Unit != Second && d.Count != 1 {
		text += "s"
	}
	return text
}

// check refuses an unknown unit and a count out of limits. A count of 0 is
// allowed: the next working instant.
func (d Duration) check() error {
	most := map[Unit]int64{Second: secondsMax, WorkHour: workHoursMax, WorkDay: workDaysMax}[d.Unit]
	if most == 0 || d.Count < 0 || d.Count > most {
		return badText(codeBadDuration, strconv.FormatInt(d.Count, 10)+" "+string(d.Unit))
	}
	return nil
}
