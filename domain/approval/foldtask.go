package approval

import (
	"slices"

	"github.com/countersign/countersign/domain/evidence"
)

// applyTask folds an event of a task.
func (s *State) applyTask(e evidence.Event) error {
	switch e.Kind {
	case TaskOpened:
		return s.applyOpened(e)
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
		State: TaskOpen, OpenedAt: e.At.UTC(), DueAt: d.DueAt.UTC(),
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
}

// applyEnded ends a task. Superseded and escalated tasks were decided by nobody.
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
	if end == TaskSuperseded || end == TaskEscalated {
		return nil
	}
	t.DecidedBy, t.DecidedAt, t.Opinion = e.Actor, e.At.UTC(), d.Opinion
	if human(e.Actor) {
		s.Decided = true
		if !slices.Contains(s.Deciders, e.Actor) {
			s.Deciders = append(s.Deciders, e.Actor)
		}
	}
	return nil
}

func (s *State) indexOf(task string) int {
	return slices.IndexFunc(s.Tasks, func(t Task) bool { return t.ID == task })
}
