package approval_test

import (
	"time"

	"github.com/countersign/countersign/domain/approval"
)

// world is what reaches a document from outside, in some of the sequences: a calendar
// changes, somebody leaves who may have several tasks in several branches and may have
// stopped the clock, or it is told late what was so once.
func (q *sequence) world() []approval.Command {
	if !q.worldly || q.IntN(6) > 0 {
		return nil
	}
	task := approval.Task{ID: "d1.r1.s1.1", Assignee: q.person()}
	if open := q.s.OpenTasks(); len(open) > 0 && q.IntN(8) > 0 {
		task = pick(q, open)
	} else if len(q.s.Tasks) > 0 {
		task = pick(q, q.s.Tasks)
	}
	switch q.IntN(4) {
	case 0, 1:
		return []approval.Command{q.recounted(task)}
	case 2:
		if q.s.Stopped != nil {
			at := q.s.Stopped.At.Add(-time.Duration(q.IntN(2)*q.IntN(2)) * time.Second) // of another stop
			return []approval.Command{approval.LetGo{By: q.s.Stopped.By, At: at}}
		}
		return []approval.Command{approval.LetGo{By: q.person(), At: q.now.Add(-time.Second)}}
	}
	return q.leaves(task.Assignee)
}

// recounted is a deadline by another version of the calendar, now and then an old one,
// or counted from what is not so any more.
func (q *sequence) recounted(task approval.Task) approval.Recounted {
	q.version++
	c := approval.Recounted{
		Task: task.ID, Calendar: pick(q, []string{"always", "always", "always", "other"}),
		Version: q.version - q.IntN(2)*q.IntN(3), Was: task.DueAt, Reminded: task.Reminded,
		DueAt: q.now.Add(time.Duration(q.IntN(100)) * time.Second),
	}
	for n := range q.IntN(3) {
		c.RemindAt = append(c.RemindAt, q.now.Add(time.Duration(10+20*n)*time.Second))
	}
	switch q.IntN(16) {
	case 0:
		c.Was = c.Was.Add(time.Second)
	case 1:
		c.Reminded++
	}
	return c
}

// leaves hands over all that waits for somebody, and lets go the clock they stopped; or
// takes from them what a role gave them, with others who hold it or nobody.
func (q *sequence) leaves(who string) (all []approval.Command) {
	stays := q.IntN(2) == 0
	for _, t := range q.s.Tasks {
		if t.Assignee == who && (t.State == approval.TaskOpen || q.IntN(4) == 0) {
			c := approval.HandedOver{Task: t.ID, From: who}
			if stays {
				c.Lost = pick(q, []string{t.Way(), t.Way(), t.Way(), neverGave})
			}
			for range 3 * q.IntN(2) {
				c.To = append(c.To, approval.Approver{Person: q.person(), Via: "role:clerk"})
			}
			all = append(all, c)
		}
	}
	if stays && len(all) > 0 {
		return all
	}
	if len(all) == 0 || q.IntN(16) == 0 {
		all = append(all, approval.HandedOver{Task: "d1.r1.s1.1", From: who})
	}
	if q.s.Stopped != nil && q.s.Stopped.By == who {
		all = append(all, approval.LetGo{By: who, At: q.s.Stopped.At})
	}
	return all
}

// delegate lets some people decide for others, for as long as the sequence lasts.
func (q *sequence) delegate() {
	q.deputies = map[string][]string{}
	for range q.IntN(4) {
		who := q.person()
		q.deputies[who] = append(q.deputies[who], q.person())
	}
}

// admins step in; some of them are asked themselves, with this account or another.
var sequenceAdmins = []string{"ada", "al", "max", "li2", "zoe"}

// aimIntervention fills in what an intervention needs.
func (q *sequence) aimIntervention(a *approval.Act) {
	a.Actor, a.OnBehalfOf, a.Maker = pick(q, sequenceAdmins), "", pick(q, sequenceAdmins)
	switch q.IntN(8) {
	case 0:
		a.Actor = q.person()
	case 1:
		a.Maker = q.person()
	case 2:
		a.Maker = pick(q, []string{"", "", "", queue})
	}
	a.Ruling = pick(q, everyRuling)
	if a.Ruling == approval.RulingVoid || a.Ruling == approval.RulingReplan {
		a.Ruling = pick(q, everyRuling) // seldom, or everything ends early
	}
	switch {
	case q.s.Stopped != nil && q.IntN(2) > 0:
		a.Ruling = approval.RulingRelease
	case q.wanders && q.IntN(2) > 0:
		a.Ruling = approval.RulingJump
	}
	if a.ToStep = q.target(); q.IntN(2) > 0 {
		a.ToStep = pick(q, []string{"s2", "s3", "s4", "s5"})
	}
	if a.Ruling == approval.RulingRelease && q.s.Stopped != nil && q.IntN(3) > 0 {
		a.Task = q.s.Stopped.Task
	}
	if a.Opinion == "" && q.IntN(3) > 0 {
		a.Opinion = "because"
	}
}
