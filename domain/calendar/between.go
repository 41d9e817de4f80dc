package calendar

import "time"

// betweenMax is the longest stretch that Between looks at, in days.
const betweenMax = 100 * 366

// Between is the working time from one instant to another; zero where to is not
// after from, or the calendar's zone is unknown.
func (c *Calendar) Between(from, to time.Time) time.Duration {
	zone, err := c.location()
	if err != nil {
		return 0
	}
	w := walk{calendar: c, zone: zone}
	var total time.Duration
	day := dayOf(from, zone)
	last := dayOf(to, zone).Date()
	for range betweenMax {
		if day.Date() > last {
			break
		}
		for _, s := range w.stretches(day) {
			total += max(0, earlier(to, s.to).Sub(later(from, s.from)))
		}
		day = day.Next()
	}
	return total
}
