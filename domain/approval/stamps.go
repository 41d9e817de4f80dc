package approval

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/countersign/countersign/domain/evidence"
)

// Stamps is what the record adds to the drafts it was given. Who holds the
// drafts needs nothing else, and the events need not travel through history again.
type Stamps struct {
	Seq   int64                `json:"seq"` // of the first event; the others follow
	At    time.Time            `json:"at"`
	Tasks map[string]TaskStamp `json:"tasks,omitempty"` // by task id, for the tasks opened
}

// TaskStamp is the instants of one task.
type TaskStamp struct {
	DueAt       time.Time   `json:"due_at,omitzero"`
	RemindAt    []time.Time `json:"remind_at,omitempty"`
	Provisional bool        `json:"provisional,omitempty"`

	CalendarVersion int `json:"calendar_version,omitempty"`
}

// Packed is the answer with stamps in place of events, where the events are
// those of the drafts and nothing but stamped; else it is the answer as it is.
func (r Recorded) Packed(drafts []evidence.Draft) Recorded {
	if r.Behind || len(r.Events) == 0 || len(r.Events) != len(drafts) {
		return r
	}
	stamps := &Stamps{Seq: r.Events[0].Seq, At: r.Events[0].At}
	for i, e := range r.Events {
		if e.Seq != stamps.Seq+int64(i) || !e.At.Equal(stamps.At) || !stamps.take(e, drafts[i]) {
			return r
		}
	}
	r.Events, r.Stamps = nil, stamps
	return r
}

// take notes the stamps of one event; false where it is not that of the draft.
func (s *Stamps) take(e evidence.Event, d evidence.Draft) bool {
	if Stamped(e.Kind) {
		opened, err := Decode[TaskOpenedData](e)
		if err != nil {
			return false
		}
		if s.Tasks == nil {
			s.Tasks = map[string]TaskStamp{}
		}
		s.Tasks[opened.Task] = TaskStamp{opened.DueAt, opened.RemindAt, opened.Provisional, opened.CalendarVersion}
		if d, err = s.stamped(d); err != nil {
			return false
		}
	}
	data, err := evidence.Canonical(d.Data)
	return err == nil && bytes.Equal(data, e.Data) && e.Kind == d.Kind && e.Actor == d.Actor &&
		e.OnBehalfOf == d.OnBehalfOf && e.Round == d.Round && e.Revision == d.Revision && e.ContentHash == d.ContentHash
}

// Stamped says whether the record fills in the instants of a kind of event.
func Stamped(kind string) bool { return kind == TaskOpened || kind == TaskWasRescheduled }

// stamped is a draft with its instants.
func (s *Stamps) stamped(d evidence.Draft) (evidence.Draft, error) {
	var opened TaskOpenedData
	if err := json.Unmarshal(d.Data, &opened); err != nil {
		return d, err
	}
	stamp := s.Tasks[opened.Task]
	opened.DueAt, opened.RemindAt, opened.Provisional = stamp.DueAt, stamp.RemindAt, stamp.Provisional
	opened.CalendarVersion = stamp.CalendarVersion
	data, err := json.Marshal(opened)
	d.Data = data
	return d, err
}

// Unpacked is the events that an answer stands for, given the request it answers.
// They fold as the recorded ones do; links and hashes are the record's alone.
func (r Recorded) Unpacked(in RecordRequest) ([]evidence.Event, error) {
	if r.Stamps == nil {
		return r.Events, nil
	}
	events := make([]evidence.Event, 0, len(in.Drafts))
	for i, d := range in.Drafts {
		if Stamped(d.Kind) {
			var err error
			if d, err = r.Stamps.stamped(d); err != nil {
				return nil, err
			}
		}
		events = append(events, evidence.Event{
			Stream: in.Document, Seq: r.Stamps.Seq + int64(i), At: r.Stamps.At, Kind: d.Kind, Actor: d.Actor,
			OnBehalfOf: d.OnBehalfOf, Cause: in.Cause, Round: d.Round, Revision: d.Revision,
			ContentHash: d.ContentHash, Data: d.Data, V: evidence.Version,
		})
	}
	return events, nil
}
