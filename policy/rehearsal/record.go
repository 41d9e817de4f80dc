package rehearsal

import (
	"encoding/json"
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// record stamps the deadlines and seals the events, as the store does, and keeps them
// for this scene only.
func (p *player) record(cause string, drafts []evidence.Draft) error {
	for i := range drafts {
		if drafts[i].Kind != approval.TaskOpened {
			continue
		}
		stamped, err := p.stamp(drafts[i])
		if err != nil {
			return err
		}
		drafts[i].Data = stamped
	}
	var head evidence.Event
	if len(p.Events) > 0 {
		head = p.Events[len(p.Events)-1]
	}
	sealed, err := evidence.Seal(head, drafts, cause, p.Now, Document)
	if err != nil {
		return err
	}
	p.Events = append(p.Events, sealed...)
	if len(p.Events) == len(sealed) {
		p.State, err = approval.FoldAll(sealed)
		return err
	}
	p.State = p.State.Fold(sealed)
	return nil
}

// stamp fills the deadline and the reminders of a task by its calendar.
//
// Errors: NotFound calendar.not_stored, and the calendar's own.
func (p *player) stamp(d evidence.Draft) (json.RawMessage, error) {
	t, err := approval.DraftData[approval.TaskOpenedData](d)
	if err != nil {
		return nil, err
	}
	count := calendar.Count{Due: t.Clock.Due, First: t.Clock.First, Every: t.Clock.Every, AtMost: t.Clock.AtMost}
	if count == (calendar.Count{}) {
		return d.Data, nil
	}
	at := slices.IndexFunc(p.Calendars, func(c *calendar.Calendar) bool { return c.ID == t.Clock.Calendar })
	if at < 0 {
		return nil, fault.New(fault.NotFound, "calendar.not_stored", fault.Arg("id", t.Clock.Calendar))
	}
	if t.DueAt, t.RemindAt, t.Provisional, err = p.Calendars[at].Stamp(p.Now, count); err != nil {
		return nil, err
	}
	return json.Marshal(t)
}
