package calendar

import (
	"slices"
	"time"
)

// Carried is a deadline that another version of a calendar counted, as this one
// counts it from an instant on: what was counted until then stays counted, and the
// working time that was left is used up by this calendar. A deadline at an opening
// goes to an opening, so that «the same time on the next working day» stays one.
// What was due by then is not moved.
//
// Errors: as Due.
func (c *Calendar) Carried(old *Calendar, from, due time.Time) (Deadline, error) {
	if due.IsZero() || !due.After(from) {
		return Deadline{At: due.UTC()}, nil
	}
	left, _, err := old.Left(from, due)
	if err != nil {
		return Deadline{}, err
	}
	opening, err := old.opensAt(due)
	if err != nil {
		return Deadline{}, err
	}
	zone, err := c.location()
	if err != nil {
		return Deadline{}, err
	}
	w := walk{calendar: c, zone: zone}
	at, err := w.begin(from.UTC())
	if err == nil && left > 0 {
		at, err = w.hours(at, left)
	}
	if err == nil && opening {
		at, err = w.begin(at)
	}
	return Deadline{At: at.UTC(), Provisional: w.provisional}, err
}

// opensAt says whether a span of working time begins at an instant.
func (c *Calendar) opensAt(at time.Time) (bool, error) {
	zone, err := c.location()
	if err != nil {
		return false, err
	}
	w := walk{calendar: c, zone: zone}
	return slices.ContainsFunc(w.stretches(dayOf(at, zone)), func(s stretch) bool { return s.from.Equal(at) }), nil
}

// Agrees says whether two versions of a calendar have the same working time from
// one instant to another, so that what one counted there stands by the other.
//
// Errors: Invalid calendar.bad_zone.
func (c *Calendar) Agrees(other *Calendar, from, to time.Time) (bool, error) {
	if c.Zone != other.Zone {
		return false, nil
	}
	zone, err := c.location()
	if err != nil {
		return false, err
	}
	day, last := dayOf(from, zone), dayOf(to, zone).Date()
	for range leftMax {
		if day.Date() > last {
			break
		}
		_, ours := c.rule(day)
		_, theirs := other.rule(day)
		if !slices.Equal(ours, theirs) || c.Published(day.Year()) != other.Published(day.Year()) {
			return false, nil
		}
		day = day.Next()
	}
	return true, nil
}
