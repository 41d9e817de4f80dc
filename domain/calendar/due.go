package calendar

import (
	"time"

	"github.com/countersign/countersign/domain/fault"
)

// Deadline is an instant, and whether it rests on a year that is not published
// yet and may still move. 截止时间
type Deadline struct {
	At          time.Time `json:"at"` // UTC
	Provisional bool      `json:"provisional,omitempty"`
}

// idleMax is the longest stretch without working time that is looked through,
// in days. It is far more than any holiday.
const idleMax = 400

// Due is the instant that lies a duration after from.
//
// Seconds are wall-clock. Working time begins at from or, when nobody works
// then, at the next working instant: a time in the lunch break begins after it,
// closing time begins the next day. Working hours are used up span by span, and
// what ends exactly at closing is due then, not the next morning. Working days
// keep the time on the wall and count days with working time; where that time
// is not worked on the last day (a lunch break, a half day), the deadline is the
// next working instant after it, so nobody gets less time than was promised.
//
// Errors: Invalid calendar.bad_duration, calendar.bad_zone, calendar.never_works.
func (c *Calendar) Due(from time.Time, d Duration) (Deadline, error) {
	if err := d.check(); err != nil {
		return Deadline{}, err
	}
	if d.Unit == Second {
		return Deadline{At: from.UTC().Add(time.Duration(d.Count) * time.Second)}, nil
	}
	zone, err := c.location()
	if err != nil {
		return Deadline{}, err
	}
	w := walk{calendar: c, zone: zone}
	start, err := w.begin(from.UTC())
	if err != nil {
		return Deadline{}, err
	}
	at := start
	if d.Unit == WorkHour {
		at, err = w.hours(start, time.Duration(d.Count)*time.Hour)
	} else {
		at, err = w.days(start, int(d.Count))
	}
	if err != nil {
		return Deadline{}, err
	}
	return Deadline{At: at.UTC(), Provisional: w.provisional}, nil
}

// walk looks at one day after another and remembers whether it looked into a
// year that is not published.
type walk struct {
	calendar    *Calendar
	zone        *time.Location
	provisional bool
}

// stretch is a span as instants: its length is what a stopwatch shows, also on
// the days when the clocks change.
type stretch struct{ from, to time.Time }

func (w *walk) spans(day civilDay) []Span {
	w.provisional = w.provisional || !w.calendar.Published(day.Year())
	_, spans := w.calendar.rule(day)
	return spans
}

func (w *walk) stretches(day civilDay) []stretch {
	spans := w.spans(day)
	stretches := make([]stretch, 0, len(spans))
	for _, s := range spans {
		stretches = append(stretches, stretch{
			from: day.at(time.Duration(s.From)*time.Minute, w.zone),
			to:   day.at(time.Duration(s.To)*time.Minute, w.zone),
		})
	}
	return stretches
}

// begin is the first working instant at or after from.
func (w *walk) begin(from time.Time) (time.Time, error) {
	day := dayOf(from, w.zone)
	for range idleMax {
		for _, s := range w.stretches(day) {
			if from.Before(s.to) && s.from.Before(s.to) {
				return later(from, s.from), nil
			}
		}
		day = day.Next()
	}
	return time.Time{}, w.never(from)
}

// hours uses up working time from a working instant on.
func (w *walk) hours(start time.Time, left time.Duration) (time.Time, error) {
	if left == 0 {
		return start, nil
	}
	day, idle := dayOf(start, w.zone), 0
	for idle < idleMax {
		idle++
		for _, s := range w.stretches(day) {
			from := later(start, s.from)
			if !from.Before(s.to) {
				continue
			}
			idle = 0
			if worked := s.to.Sub(from); worked < left {
				left -= worked
				continue
			}
			return from.Add(left), nil
		}
		day = day.Next()
	}
	return time.Time{}, w.never(start)
}

// days goes on to the same time of the count-th working day after start.
func (w *walk) days(start time.Time, count int) (time.Time, error) {
	if count == 0 {
		return start, nil
	}
	day, idle := dayOf(start, w.zone), 0
	sinceMidnight := onTheWall(start, w.zone)
	for idle < idleMax {
		idle++
		day = day.Next()
		spans := w.spans(day)
		if len(spans) == 0 {
			continue
		}
		idle = 0
		if count--; count > 0 {
			continue
		}
		at := day.at(sinceMidnight, w.zone)
		if worked(spans, sinceMidnight) {
			return at, nil
		}
		return w.begin(at)
	}
	return time.Time{}, w.never(start)
}

func (w *walk) never(from time.Time) error {
	return fault.New(fault.Invalid, codeNever,
		fault.Arg("calendar", w.calendar.ID), fault.Arg("from", from.UTC().Format(time.RFC3339)))
}

// onTheWall is the time since midnight as the zone's clocks show it.
func onTheWall(at time.Time, zone *time.Location) time.Duration {
	local := at.In(zone)
	hour, minute, second := local.Clock()
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute +
		time.Duration(second)*time.Second + time.Duration(local.Nanosecond())
}

// worked says whether a time since midnight may be a deadline: within a span or
// exactly at its end.
func worked(spans []Span, sinceMidnight time.Duration) bool {
	for _, s := range spans {
		if time.Duration(s.From)*time.Minute <= sinceMidnight && sinceMidnight <= time.Duration(s.To)*time.Minute {
			return true
		}
	}
	return false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
