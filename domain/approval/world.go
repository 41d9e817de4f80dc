package approval

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/evidence"
)

// What reaches an open document from the world around it: calendars change, and
// people leave.

// Recounted brings the deadline of a task as another version of its calendar
// counts it.
type Recounted struct {
	Task        string      `json:"task"`
	Calendar    string      `json:"calendar"`
	Version     int         `json:"version"`
	Was         time.Time   `json:"was,omitzero"` // the deadline that it was counted from
	Reminded    int         `json:"reminded"`     // the reminders sent by then
	DueAt       time.Time   `json:"due_at,omitzero"`
	RemindAt    []time.Time `json:"remind_at,omitempty"` // those still to come
	Provisional bool        `json:"provisional,omitempty"`
}

// HandedOver says that the assignee of a task left, or lost the role that gave it to
// them, and who could take over, whom the policy names first.
type HandedOver struct {
	Task string     `json:"task"`
	From string     `json:"from"`
	To   []Approver `json:"to,omitempty"`
	Lost string     `json:"lost,omitempty"` // Task.Way, where the role ended; "" where they left
}

// LetGo says that who stopped the clock left: it goes on.
type LetGo struct {
	By string
	At time.Time // State.Stopped.At
}

// Cause of a recount is the version of the calendar and the task.
func (c Recounted) Cause() string {
	return "calendar:" + c.Calendar + ":" + strconv.Itoa(c.Version) + ":" + c.Task
}

// Cause of a hand-over is the task: it has one end.
func (c HandedOver) Cause() string { return "directory:" + c.Task }

// Cause of a clock let go is when it was stopped.
func (c LetGo) Cause() string { return fmt.Sprintf("directory:clock:%d", c.At.UnixMicro()) }

// Recountable lists the open tasks whose deadline another version of a calendar
// may move: those that tick by it, in working time, and are neither stopped nor due.
func (s State) Recountable(id string, version int, now time.Time) []Task {
	var tasks []Task
	if s.Stopped != nil {
		return nil
	}
	for _, t := range s.OpenTasks() {
		i := s.indexOfStep(t.Step)
		if i < 0 || t.For != "" || !t.ticks() || t.deadlinePassed(now) || t.CalendarVersion >= version {
			continue
		}
		clock := s.Plan.Steps[i].Clock
		unit := clock.Due.Unit
		if unit == "" {
			unit = clock.First.Unit
		}
		if clock.Calendar == id && unit != calendar.Second {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// judgeRecounted moves the deadline, unless it was counted from what is not so any more.
func (s State) judgeRecounted(c Recounted, now time.Time) []evidence.Draft {
	tasks := s.Recountable(c.Calendar, c.Version, now)
	i := slices.IndexFunc(tasks, func(t Task) bool { return t.ID == c.Task })
	if i < 0 || !tasks[i].DueAt.Equal(c.Was) || tasks[i].Reminded != c.Reminded {
		return nil
	}
	p := s.pen(now, SystemCalendar, "")
	d := s.moved(tasks[i], Moved{Recounted: true})
	d.DueAt, d.Provisional, d.CalendarVersion = c.DueAt.UTC(), c.Provisional, c.Version
	d.RemindAt = append(slices.Clip(d.RemindAt), c.RemindAt...)
	p.write(TaskWasRescheduled, d)
	return p.drafts
}

// judgeHandedOver passes the task of somebody who left, or lost the role it was given
// by, to the first who may have it. Advice just ends, and so does a task whose place
// others fill already, or which another holder of the role can decide as well.
func (s State) judgeHandedOver(c HandedOver, now time.Time) []evidence.Draft {
	task, found := s.task(c.Task)
	i := s.indexOfStep(task.Step)
	if !found || i < 0 || task.State != TaskOpen || task.Assignee != c.From || !human(c.From) {
		return nil
	}
	step := s.Plan.Steps[i]
	p := s.pen(now, SystemDirectory, "")
	ended := TaskEndedData{Task: task.ID, Step: task.Step, Assignee: task.Assignee, Lost: c.Lost}
	how, via := handOver, "handed_over:"
	if c.Lost != "" {
		if c.Lost != task.Way() {
			return nil // it was not given by that role
		}
		how, via = roleEnded, "role_ended:"
	}
	heir := p.heirs(step, c.To)[0]
	needless := c.Lost != "" && heir.Person == AdminQueue && s.decidedBeside(step, task)
	if task.For != "" || s.filled(task) || needless {
		p.write(TaskWasHandedOver, ended)
		p.supersede(how, func(t Task) bool { return t.For == task.ID })
		return p.drafts
	}
	if len(s.Tasks) >= tasksMax && s.edition() >= 1 {
		heir = Approver{Person: AdminQueue} // which never leaves: each open task is handed over once more at most
	}
	ended.To, ended.Reason, ended.Next = []string{heir.Person}, heir.Via, p.nextTask(step)
	p.write(TaskWasHandedOver, ended)
	p.supersede(how, func(t Task) bool { return t.For == task.ID })
	p.takeOver(step, Approver{Person: heir.Person, Via: via + task.Assignee}, task.Slot, heir.Via)
	return p.drafts
}

// What stands where a superseded task names the act that ended it.
const (
	handOver  Name = "hand_over"
	roleEnded Name = "role_ended"
)

// decidedBeside says whether somebody else in the same step decides for a task as
// well: one yes of them is enough, and so is one no. Signers who were added by its
// assignee keep the place.
func (s State) decidedBeside(step Step, task Task) bool {
	of := places(step)
	if task.Slot >= len(of) || !s.vetoes(step, task) || s.hasSigners(task) {
		return false
	}
	return slices.ContainsFunc(s.tasksOf(step.ID), func(t Task) bool {
		beside := t.State == TaskOpen && t.ID != task.ID && t.For == "" && t.Slot < len(of) && human(t.Assignee)
		return beside && (step.Mode == AnyOf || step.Mode == PerGroup && of[t.Slot].Group == of[task.Slot].Group)
	})
}

func (s State) hasSigners(task Task) bool {
	return slices.ContainsFunc(s.Added, func(a Added) bool { return a.Task == task.ID })
}

// filled says whether somebody else is asked in the same place.
func (s State) filled(task Task) bool {
	return slices.ContainsFunc(s.tasksOf(task.Step), func(t Task) bool {
		return t.State == TaskOpen && t.ID != task.ID && t.Slot == task.Slot && t.For == ""
	})
}

// judgeLetGo lets the clock run again that somebody stopped who left since.
func (s State) judgeLetGo(c LetGo, now time.Time) []evidence.Draft {
	if s.Stopped == nil || s.Status != Pending || s.Stopped.By != c.By || !s.Stopped.At.Equal(c.At) {
		return nil
	}
	task, _ := s.task(s.Stopped.Task)
	p := s.pen(now, SystemDirectory, "")
	p.write(ClockResumed, ClockData{Task: task.ID, Step: task.Step, Info: s.Stopped.Info, To: c.By})
	p.goOn(s.Stopped.At)
	return p.drafts
}

// Taken lists the humans who may not take over a task: those with a part in its
// step, or in one that needs other humans. Sorted.
func (s State) Taken(task string) []string {
	t, found := s.task(task)
	i := s.indexOfStep(t.Step)
	if !found || i < 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(s.takenIn(s.Plan.Steps[i])))
}

// Place is whom the plan asks in a task's place; false for advice, and for a signer
// who was added.
func (s State) Place(t Task) (Approver, bool) {
	i := s.indexOfStep(t.Step)
	if i < 0 || t.For != "" {
		return Approver{}, false
	}
	of := places(s.Plan.Steps[i])
	if t.Slot >= len(of) {
		return Approver{}, false
	}
	return of[t.Slot], true
}
