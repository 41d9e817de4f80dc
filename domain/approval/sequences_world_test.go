package approval_test

import (
	"time"

	"github.com/countersign/countersign/domain/approval"
)

// world is what reaches a document from outside: a calendar changes, people leave.
func (q *sequence) world() {
	open := q.s.OpenTasks()
	if len(open) == 0 || q.IntN(6) > 0 {
		return
	}
	task := pick(q, open)
	switch q.IntN(3) {
	case 0:
		q.version++
		q.do(approval.Recounted{
			Task: task.ID, Calendar: pick(q, []string{"always", "always", "other"}), Version: q.version, Was: task.DueAt,
			Reminded: task.Reminded, DueAt: q.now.Add(time.Duration(q.IntN(100)) * time.Second),
		})
	case 1:
		q.do(approval.HandedOver{Task: task.ID, From: task.Assignee, To: []approval.Approver{
			{Person: q.person()}, {Person: q.person()}, {Person: q.person()},
		}})
	case 2:
		if q.s.Stopped != nil {
			q.do(approval.LetGo{By: q.s.Stopped.By, At: q.s.Stopped.At})
		}
	}
}
