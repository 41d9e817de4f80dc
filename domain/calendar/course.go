package calendar

import "time"

// Role is what a day was to a count of working time.
type Role string

// The roles of a day.
const (
	PassedOver Role = "passed" // it gave nothing: see its kind; a working day's hours were over
	Begins     Role = "begins" // working days are counted from here
	Counts     Role = "counts" // a working day, or a day with working hours that were used
	Lands      Role = "lands"  // the deadline fell here, for its time is not worked on the last day counted
)

// Day is one day between an instant and its deadline, and what it gave.
type Day struct {
	Date      Date          `json:"date"`
	Kind      DayKind       `json:"kind"`
	Name      string        `json:"name,omitempty"`  // what the calendar calls it
	Hours     string        `json:"hours,omitempty"` // its working time: 09:00-12:00 13:30-18:00
	Published bool          `json:"published"`       // the days off of its year are known
	Role      Role          `json:"role"`
	Nth       int           `json:"nth,omitempty"`     // which working day of the count it is, from 1
	Used      time.Duration `json:"used_ns,omitempty"` // how much working time it gave
}

// Course is Due with its reasons: every day from the first to the deadline's, and
// why it counts or is passed over. Seconds have no days.
//
// Errors: as Due.
func (c *Calendar) Course(from time.Time, d Duration) (Deadline, []Day, error) {
	deadline, err := c.Due(from, d)
	if err != nil || d.Unit == Second {
		return deadline, nil, err
	}
	zone, err := c.location()
	if err != nil {
		return Deadline{}, nil, err
	}
	w := walk{calendar: c, zone: zone}
	start, err := w.begin(from.UTC())
	if err != nil {
		return Deadline{}, nil, err
	}
	count := counting{walk: w, unit: d.Unit, count: int(d.Count), from: start, to: deadline.At}
	var days []Day
	last := dayOf(deadline.At, zone).Date()
	for day := dayOf(from, zone); day.Date() <= last; day = day.Next() {
		days = append(days, count.day(day))
	}
	return deadline, days, nil
}

// counting tells the days of one count apart.
type counting struct {
	walk     walk
	unit     Unit
	count    int
	from, to time.Time // the first working instant, and the deadline
	nth      int       // working days counted so far
}

func (n *counting) day(day civilDay) Day {
	c := n.walk.calendar
	kind, spans := c.rule(day)
	d := Day{Date: day.Date(), Kind: kind, Name: c.Name(day.Date()), Hours: writeSpans(spans),
		Published: c.Published(day.Year()), Role: PassedOver}
	first := dayOf(n.from, n.walk.zone).Date()
	switch {
	case len(spans) == 0 || d.Date < first:
	case n.unit == WorkHour:
		for _, s := range n.walk.stretches(day) {
			d.Used += max(0, earlier(n.to, s.to).Sub(later(n.from, s.from)))
		}
		if d.Used > 0 {
			d.Role = Counts
		}
	case d.Date == first:
		d.Role = Begins
	case n.nth < n.count:
		n.nth++
		d.Role, d.Nth = Counts, n.nth
	default:
		d.Role = Lands
	}
	return d
}
