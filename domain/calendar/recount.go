package calendar

import "time"

// recountLeast is how much working time a deadline leaves that comes earlier
// because its calendar changed, unless less was left anyway.
var recountLeast = Duration{Count: 4, Unit: WorkHour}

// Ticking is a clock that runs: its deadline, zero for none, and the reminders still
// to come.
type Ticking struct {
	Due    time.Time
	Remind []time.Time
}

// Recount is a clock that another version of a calendar started, as this one counts
// it: from is when this version began to hold, or the clock began later. What was
// counted until then stays counted. changed is false where both versions have the
// same working time until the end, so that nothing moves.
//
// A deadline that comes earlier leaves four working hours from now, or what was left
// anyway: nobody is overdue by surprise. Reminders that fall after it are left out.
//
// Errors: as Due.
func (c *Calendar) Recount(old *Calendar, from, now time.Time, t Ticking) (
	next Ticking, provisional, changed bool, err error) {
	last := t.Due
	for _, at := range t.Remind {
		last = later(last, at)
	}
	same, err := c.Agrees(old, from, last)
	if err != nil || same {
		return t, false, false, err
	}
	due, err := c.Carried(old, from, t.Due)
	if err != nil {
		return t, false, false, err
	}
	next.Due = due.At
	if due.At.Before(t.Due) {
		least, err := c.Due(now, recountLeast)
		if err != nil {
			return t, false, false, err
		}
		next.Due = earlier(t.Due, later(due.At, least.At)).UTC()
	}
	for _, at := range t.Remind {
		remind, err := c.Carried(old, from, at)
		if err != nil {
			return t, false, false, err
		}
		if t.Due.IsZero() || remind.At.Before(next.Due) {
			next.Remind = append(next.Remind, remind.At)
		}
	}
	return next, due.Provisional, true, nil
}
