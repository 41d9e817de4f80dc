package approval

import (
	"time"

	"github.com/countersign/countersign/domain/calendar"
)

// DueAfter is the instant that lies a duration of a calendar after from.
type DueAfter func(calendarID string, from time.Time, d calendar.Duration) (calendar.Deadline, error)

// Latest is by when each step that asks people is decided at the latest, were the
// round to begin at from: every step takes its whole deadline, nothing is handed up and
// no clock stops. A step without a deadline, and what comes after it, has no latest time.
//
// Errors: those of due.
func (p *Plan) Latest(from time.Time, due DueAfter) (map[string]calendar.Deadline, error) {
	ends := make([]calendar.Deadline, len(p.Steps)) // At is zero where nobody can say
	latest := map[string]calendar.Deadline{}
	for i, step := range p.Steps {
		start := calendar.Deadline{At: from}
		for j := range i {
			if p.before(j, i) {
				start = later(start, ends[j])
			}
		}
		ends[i] = start
		if step.Need != NeedsPeople || start.At.IsZero() {
			continue
		}
		if step.Clock.Due.IsZero() {
			ends[i] = calendar.Deadline{}
			continue
		}
		at, err := due(step.Clock.Calendar, start.At, step.Clock.Due)
		if err != nil {
			return nil, err
		}
		at.Provisional = at.Provisional || start.Provisional
		ends[i], latest[step.ID] = at, at
	}
	return latest, nil
}

// later is the later of two; none where one is not known.
func later(a, b calendar.Deadline) calendar.Deadline {
	switch {
	case a.At.IsZero() || b.At.IsZero():
		return calendar.Deadline{}
	case b.At.After(a.At):
		return b
	}
	return a
}
