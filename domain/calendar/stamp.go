package calendar

import "time"

// Count is a clock to be started: a deadline, and reminders on the way to it.
type Count struct {
	Due    Duration // zero: no deadline
	First  Duration // first reminder after the start; zero: no reminders
	Every  Duration // each further one after the one before; zero: only the first
	AtMost int      // how many reminders; 0: none
}

// remindersMax is the most reminders of one clock.
const remindersMax = 100

// Stamp starts a clock: the instants of its deadline and of its reminders, in
// order. A reminder at or after the deadline is left out. due is zero where the
// clock has no deadline; provisional says that an instant may still move.
//
// Errors: as Due.
func (c *Calendar) Stamp(from time.Time, count Count) (
	due time.Time, reminders []time.Time, provisional bool, err error) {
	if !count.Due.IsZero() {
		deadline, err := c.Due(from, count.Due)
		if err != nil {
			return time.Time{}, nil, false, err
		}
		due, provisional = deadline.At, deadline.Provisional
	}
	next, step := from, count.First
	for range min(count.AtMost, remindersMax) {
		if step.IsZero() {
			break
		}
		reminder, err := c.Due(next, step)
		if err != nil {
			return time.Time{}, nil, false, err
		}
		late := !due.IsZero() && !reminder.At.Before(due)
		if late || !reminder.At.After(next) {
			break
		}
		reminders = append(reminders, reminder.At)
		provisional = provisional || reminder.Provisional
		next, step = reminder.At, count.Every
	}
	return due, reminders, provisional, nil
}
