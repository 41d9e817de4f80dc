package approvaltest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// Pace is the time that one deed takes.
const Pace = time.Minute

// start is the instant of every submission.
var start = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// desk plays a scenario against the core alone: it judges, records and folds.
type desk struct {
	given    Given
	now      time.Time
	state    approval.State
	events   []evidence.Event
	last     approval.Act
	refusals []string
	calendar int // the version in force, from 1
	copied   []string
}

// Play plays a scenario against the core and lists what it saw after each deed.
//
// Errors: what can only be a mistake of ours, never a refused act.
func Play(s Scenario) ([]Moment, error) {
	d := &desk{given: s.Given, now: start, refusals: s.Given.Refusals, calendar: 1}
	if err := d.record(approval.SubmitCause, []evidence.Draft{Submitted()}); err != nil {
		return nil, err
	}
	var moments []Moment
	seen := 0
	for i, deed := range s.Deeds {
		refused, err := d.play(deed, fmt.Sprintf("act-%d", i))
		if err == nil {
			err = d.answer()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", s.Where(deed.Line), deed.Text, err)
		}
		moments = append(moments, Moment{
			State: d.state, Events: d.events[seen:], Refused: refused, Copied: slices.Clone(d.copied),
		})
		seen = len(d.events)
	}
	return moments, nil
}

func (d *desk) play(deed Deed, id string) (string, error) {
	switch deed.Kind {
	case DeedSubmit:
		return "", nil
	case DeedMend:
		d.given.Unrouted = ""
	case DeedPass:
		return "", d.advance(d.now.Add(deed.Pass))
	}
	if err := d.advance(d.now.Add(Pace)); err != nil {
		return "", err
	}
	switch deed.Kind {
	case DeedAct:
		d.last = deed.Aimed(d.state, id)
		return d.act()
	case DeedAgain:
		// Who repeats an act gets its stored answer; the core says that it knows it.
		if refused, err := d.act(); refused != "act.seen" {
			return refused, err
		}
	case DeedDayOff:
		return "", d.dayOff()
	case DeedLeave:
		return "", d.leave(deed.Act.Actor)
	}
	return "", nil
}

func (d *desk) act() (string, error) {
	err := d.do(d.last)
	if f, refused := fault.As(err); refused {
		return f.Code, nil
	}
	return "", err
}

func (d *desk) do(c approval.Command) error {
	drafts, err := d.state.Judge(c, d.now)
	if err != nil || len(drafts) == 0 {
		return err
	}
	d.copied = CopyIn(d.copied, d.state.CopiesDue(c, drafts))
	return d.record(c.Cause(), drafts)
}

// advance lets every clock strike at its instant, as a workflow's timer does.
func (d *desk) advance(until time.Time) error {
	for {
		wake := d.state.Wake()
		if wake.IsZero() || wake.After(until) {
			d.now = until
			return nil
		}
		d.now = wake
		for _, struck := range d.state.Strike(d.now) {
			for _, person := range d.given.Above[assignee(d.state, struck.Task)] {
				struck.To = append(struck.To, approval.Approver{Person: person, Via: "escalation"})
			}
			if err := d.do(struck); err != nil {
				return err
			}
		}
	}
}

// answer gives the document what it waits for from outside: a route, a posting.
func (d *desk) answer() error {
	for {
		var c approval.Command
		switch {
		case d.state.WantsPlan() && d.given.Unrouted != "":
			c = approval.Unplanned{
				Round: d.state.Round, Attempt: d.state.PlanAttempt, Code: d.given.Unrouted, Admins: d.given.Plan.Admins,
			}
		case d.state.WantsPlan():
			plan := d.given.Plan
			plan.Round = d.state.Round
			c = approval.Planned{Plan: plan, Attempt: d.state.PlanAttempt}
		case len(d.state.Unstaffed()) > 0:
			step := d.state.Unstaffed()[0].ID
			c = approval.Staffed{
				Round: d.state.Round, Step: step, N: d.state.Staffings, Approvers: d.given.Staff(step), OrgVersion: 2,
			}
		case d.state.WantsPosting():
			c = d.posting()
		default:
			return nil
		}
		if err := d.do(c); err != nil {
			return err
		}
	}
}

func (d *desk) posting() approval.Settled {
	settled := approval.Settled{Reference: d.state.Effect.Reference, Attempt: d.state.Effect.Attempt}
	if len(d.refusals) == 0 {
		settled.Posted, settled.Number, settled.ID = true, "V-1", "77"
		return settled
	}
	settled.Code, d.refusals = d.refusals[0], d.refusals[1:]
	return settled
}

func (d *desk) record(cause string, drafts []evidence.Draft) error {
	for i := range drafts {
		if !approval.Stamped(drafts[i].Kind) {
			continue
		}
		stamped, err := stamp(d.now, d.calendar, drafts[i].Data)
		if err != nil {
			return err
		}
		drafts[i].Data = stamped
	}
	var head evidence.Event
	if len(d.events) > 0 {
		head = d.events[len(d.events)-1]
	}
	sealed, err := evidence.Seal(head, drafts, cause, d.now, "d1")
	if err != nil {
		return err
	}
	d.events = append(d.events, sealed...)
	d.state = d.state.Fold(sealed)
	return nil
}

// stamp fills the instants of a task by plain arithmetic: the calendar of the
// scenarios works day and night, so a workday is 24 hours of the wall clock.
func stamp(at time.Time, version int, raw json.RawMessage) (json.RawMessage, error) {
	var t approval.TaskOpenedData
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, err
	}
	if t.Moved != nil && t.Moved.Recounted {
		return raw, nil
	}
	if m := t.Moved; m != nil {
		stood := time.Duration(0)
		if m.Extra.IsZero() {
			stood = at.Sub(m.StoppedAt)
		}
		if !m.Was.IsZero() {
			t.DueAt = m.Was.Add(stood + Span(m.Extra))
		}
		for _, was := range m.WasRemind {
			t.RemindAt = append(t.RemindAt, was.Add(stood))
		}
		t.CalendarVersion = version
		return json.Marshal(t)
	}
	if !t.Clock.Due.IsZero() {
		t.DueAt, t.CalendarVersion = at.Add(Span(t.Clock.Due)), version
	}
	for next := at.Add(Span(t.Clock.First)); len(t.RemindAt) < t.Clock.AtMost && next.Before(t.DueAt); {
		t.RemindAt = append(t.RemindAt, next)
		next = next.Add(Span(t.Clock.Every))
	}
	return json.Marshal(t)
}

// Span is how long a duration is where people work day and night.
func Span(d calendar.Duration) time.Duration {
	unit := time.Second
	switch d.Unit {
	case calendar.WorkDay:
		unit = 24 * time.Hour
	case calendar.WorkHour:
		unit = time.Hour
	}
	return time.Duration(d.Count) * unit
}
