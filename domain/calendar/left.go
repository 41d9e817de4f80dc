package calendar

import "time"

// leftMax is the longest stretch that Left looks at, in days.
const leftMax = 100 * 366

// Left is the working time from one instant to another: what a clock that stops
// at from still had, where it was due at to. It is zero where to is not after
// from; provisional says that it rests on a year that is not published.
//
// A clock that counts seconds needs no calendar: what it has left is to − from.
//
// Errors: Invalid calendar.bad_zone.
func (c *Calendar) Left(from, to time.Time) (left time.Duration, provisional bool, err error) {
	zone, err := c.location()
	if err != nil || !to.After(from) {
		return 0, false, err
	}
	w := walk{calendar: c, zone: zone}
	day := dayOf(from, zone)
	last := dayOf(to, zone).Date()
	for range leftMax {
		if day.Date() > last {
			break
		}
		for _, s := range w.stretches(day) {
			left += max(0, earlier(to, s.to).Sub(later(from, s.from)))
		}
		day = day.Next()
	}
	return left, w.provisional, nil
}

// Between is the working time from one instant to another; zero where to is not
// after from, or the calendar's zone is unknown.
func (c *Calendar) Between(from, to time.Time) time.Duration {
	left, _, err := c.Left(from, to)
	if err != nil {
		return 0
	}
	return left
}

// Moved is an instant moved by so much working time. A clock that was stopped
// goes on with it in either of two ways that agree: from the instant it goes on,
// by what was left; or from the old deadline, by the working time it stood still.
//
// No time moves nothing, not even a deadline at closing to the next morning: who
// stops a clock overnight gains nothing.
//
// Errors: as Due; calendar.bad_duration where by is negative or too long.
func (c *Calendar) Moved(at time.Time, by time.Duration) (Deadline, error) {
	if by < 0 || by > workHoursMax*time.Hour {
		return Deadline{}, badText(codeBadDuration, by.String())
	}
	if by == 0 {
		return Deadline{At: at.UTC()}, nil
	}
	zone, err := c.location()
	if err != nil {
		return Deadline{}, err
	}
	w := walk{calendar: c, zone: zone}
	start, err := w.begin(at.UTC())
	if err != nil {
		return Deadline{}, err
	}
	moved, err := w.hours(start, by)
	if err != nil {
		return Deadline{}, err
	}
	return Deadline{At: moved.UTC(), Provisional: w.provisional}, nil
}
