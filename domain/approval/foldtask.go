package approval

import (
	"maps"
	"slices"

	"github.com/countersign/countersign/domain/evidence"
)

// applyTask folds an event of a task.
func (s *State) applyTask(e evidence.Event) error {
	switch e.Kind {
	case TaskOpened:
		return s.applyOpened(e)
	case TaskWasRescheduled:
		return s.applyMoved(e)
	case TaskReminded, TaskOverdue:
		d, err := Decode[TaskRemindedData](e)
		if i := s.indexOf(d.Task); i >= 0 {
			s.Tasks[i].Reminded = max(s.Tasks[i].Reminded, d.N)
			s.Tasks[i].Overdue = s.Tasks[i].Overdue || e.Kind == TaskOverdue
		}
		return err
	}
	return s.applyEnded(e)
}

func (s *State) applyOpened(e evidence.Event) error {
	d, err := Decode[TaskOpenedData](e)
	if err != nil {
		return err
	}
	t := Task{
		ID: d.Task, Step: d.Step, Round: e.Round, Assignee: d.Assignee, Via: d.Via, Slot: d.Slot,
		State: TaskOpen, OpenedAt: e.At.UTC(), DueAt: d.DueAt.UTC(), For: d.For, GivenBy: d.GivenBy,
		CalendarVersion: d.CalendarVersion, Provisional: d.Provisional,
	}
	if d.CalendarVersion > 0 {
		t.CountedAt = e.At.UTC()
	}
	if len(d.RemindAt) > 0 {
		t.RemindAt = d.RemindAt
	}
	s.Tasks = append(s.Tasks, t)
	return nil
}

var endOf = map[string]TaskState{
	TaskWasApproved:   TaskApproved,
	TaskWasRejected:   TaskRejected,
	TaskWasReturned:   TaskReturned,
	TaskWasSuperseded: TaskSuperseded,
	TaskWasEscalated:  TaskEscalated,
	TaskWasExpired:    TaskExpired,

	TaskWasTransferred: TaskTransferred,
	TaskWasAdvised:     TaskAdvised,
	TaskWasRetracted:   TaskRetracted,
	TaskWasReassigned:  TaskReassigned,
	TaskWasHandedOver:  TaskHandedOver,
}

// decidesNothing are the ends of a task that are nobody's decision.
var decidesNothing = []TaskState{
	TaskSuperseded, TaskEscalated, TaskTransferred, TaskRetracted, TaskReassigned, TaskHandedOver,
}

// applyEnded ends a task.
func (s *State) applyEnded(e evidence.Event) error {
	end, known := endOf[e.Kind]
	if !known {
		return nil
	}
	d, err := Decode[TaskEndedData](e)
	i := s.indexOf(d.Task)
	if err != nil || i < 0 {
		return err
	}
	t := &s.Tasks[i]
	t.State = end
	t.Ended = endOfTask(end, e, d)
	t.No = end == TaskExpired && d.Reason == string(Reject)
	if end == TaskReassigned {
		s.addInterveners(e.Actor, d.Maker)
	}
	s.inherit(*t, d)
	if slices.Contains(decidesNothing, end) {
		return nil
	}
	t.DecidedBy, t.DecidedAt, t.Opinion = e.Actor, e.At.UTC(), d.Opinion
	t.Revision, t.ContentHash = e.Revision, e.ContentHash
	if end == TaskApproved {
		t.Chose = d.To
	}
	if end != TaskAdvised {
		s.addDecider(e.Actor)
	}
	return nil
}

// TaskEnds lists the kinds of event that end a task.
func TaskEnds() []string { return slices.Sorted(maps.Keys(endOf)) }

// EndOf is how an event ended a task that nobody decided; zero for any other.
//
// Errors: as Decode.
func EndOf(e evidence.Event) (End, error) {
	end, known := endOf[e.Kind]
	if !known {
		return End{}, nil
	}
	d, err := Decode[TaskEndedData](e)
	return endOfTask(end, e, d), err
}

func endOfTask(end TaskState, e evidence.Event, d TaskEndedData) End {
	if !slices.Contains(decidesNothing, end) {
		return End{}
	}
	how := endedAs[end]
	if end == TaskSuperseded {
		how = d.Reason
	}
	if d.Ruling != "" {
		how = d.Ruling
	}
	if d.Lost != "" {
		how = string(roleEnded)
	}
	return End{By: e.Actor, At: e.At.UTC(), Act: how}
}

var endedAs = map[TaskState]string{
	TaskEscalated: TimeoutEscalate, TaskTransferred: string(Transfer), TaskRetracted: string(Retract),
	TaskReassigned: RulingReassign, TaskHandedOver: string(handOver),
}

// addDecider notes that somebody decided something: a withdrawal then needs a
// reason, and they are told.
func (s *State) addDecider(actor string) {
	if !human(actor) {
		return
	}
	s.Decided = true
	if !slices.Contains(s.Deciders, actor) {
		s.Deciders = append(s.Deciders, actor)
	}
}

// applyMoved takes a deadline that moved, and with it the reminders still to come.
func (s *State) applyMoved(e evidence.Event) error {
	d, err := Decode[TaskOpenedData](e)
	i := s.indexOf(d.Task)
	if err != nil || i < 0 {
		return err
	}
	t := &s.Tasks[i]
	t.DueAt, t.RemindAt = d.DueAt.UTC(), nil
	if len(d.RemindAt) > 0 {
		t.RemindAt = d.RemindAt
	}
	if d.Moved != nil && !d.Moved.Extra.IsZero() {
		t.Extended++
	}
	t.CalendarVersion, t.Provisional = d.CalendarVersion, d.Provisional
	if d.CalendarVersion > 0 {
		t.CountedAt = e.At.UTC()
	}
	return nil
}

func (s *State) applyClock(e evidence.Event) error {
	d, err := Decode[ClockData](e)
	s.Stopped = nil
	if e.Kind == ClockStopped {
		s.Stopped = &Stopped{At: e.At.UTC(), By: e.Actor, Task: d.Task, Info: d.Info}
	}
	return err
}

func (s *State) applySigner(e evidence.Event) error {
	d, err := Decode[SignerData](e)
	switch e.Kind {
	case SignerAdded:
		s.Added = append(s.Added, Added{Step: d.Step, Slot: d.Slot, Person: d.Person, Task: d.Task, Where: d.Where})
	case SignerRemoved:
		s.Added = without(s.Added, func(a Added) bool { return a.Step == d.Step && a.Slot == d.Slot })
	}
	return err
}

// inherit gives who takes over what stood by the task: the signers whom its
// assignee had added, and the place of one who had been added.
func (s *State) inherit(gone Task, d TaskEndedData) {
	if d.Next == "" {
		return // nobody takes over, or it was recorded before transfers said who
	}
	for i, a := range s.Added {
		if a.Task == gone.ID {
			s.Added[i].Task = d.Next
		}
		if a.Step == gone.Step && a.Slot == gone.Slot && gone.For == "" && len(d.To) == 1 {
			s.Added[i].Person = d.To[0]
		}
	}
}

// without takes away in place what is gone; none left is nil, as it comes back from JSON.
func without[T any](list []T, gone func(T) bool) []T {
	if list = slices.DeleteFunc(list, gone); len(list) == 0 {
		return nil
	}
	return list
}

func (s *State) indexOf(task string) int {
	return slices.IndexFunc(s.Tasks, func(t Task) bool { return t.ID == task })
}
