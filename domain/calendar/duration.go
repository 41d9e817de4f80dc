// Package calendar counts working time: which days are worked, when, and what
// instant lies so much working time after another.
package calendar

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
