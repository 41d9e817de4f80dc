package calendar

import "time"

// AtWork says whether an instant lies within the hours of a working day, from the first
// to the last: breaks within them are no time off.
//
// Errors: Invalid calendar.bad_zone.
func (c *Calendar) AtWork(at time.Time) (bool, error) {
	zone, err := c.location()
	if err != nil {
		return false, err
	}
	w := walk{calendar: c, zone: zone}
	day := w.stretches(dayOf(at, zone))
	return len(day) > 0 && !at.Before(day[0].from) && !at.After(day[len(day)-1].to), nil
}
