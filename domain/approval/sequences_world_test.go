package approval_test

import (
	"time"

	"github.com/countersign/countersign/domain/approval"
)

// known says whether the model knows a command: not what comes from outside, and no
// intervention. From the first of them that changes anything the invariants alone
// judge a sequence.
func (q *sequence) known(c approval.Command) bool {
	switch c := c.(type) {
	case approval.Recounted, approval.HandedOver, approval.LetGo:
		return false
	case approval.Act:
		return c.Name != approval.Intervene
	}
	return true
}

// world is what reaches a document from outside, in some of the sequences: a
// calendar changes, people leave. nil for nothing.
func (q *sequence) world() approval.Command {
	open := q.s.OpenTasks()
	if !q.worldly || len(open) == 0 || q.IntN(6) > 0 {
		return nil
	}
	task := pick(q, open)
	switch q.IntN(3) {
	case 0:
		q.version++
		return approval.Recounted{
			Task: task.ID, Calendar: pick(q, []string{"always", "always", "other"}), Version: q.version, Was: task.DueAt,
			Reminded: task.Reminded, DueAt: q.now.Add(time.Duration(q.IntN(100)) * time.Second),
		}
	case 1:
		return approval.HandedOver{Task: task.ID, From: task.Assignee, To: []approval.Approver{
			{Person: q.person()}, {Person: q.person()}, {Person: q.person()},
		}}
	}
	if q.s.Stopped == nil {
		return nil
	}
	return approval.LetGo{By: q.s.Stopped.By, At: q.s.Stopped.At}
}
