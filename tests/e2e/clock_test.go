package e2e

import (
	"fmt"
	"net/http"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/walk"
)

// drillSteps is one step by the supervisor with deadlines of seconds.
const drillSteps = `
steps:
  - id: supervisor
    title: { en: Supervisor, zh-CN: 主管审批 }
    %s
    mode: any_of
    due: { normal: %d s }
    remind: { first: 1 s, every: 1 s, at_most: 2 }
    on_timeout: escalate
    allow: [return]
then: [archive]
`

func drill(kind, title, amount string) walk.Form {
	f := expense(title, amount)
	f.Type = kind
	return f
}

func (s *scene) overdue() {
	s.house.Publish(s.T, "drill", fmt.Sprintf(drillSteps, "approvers: [{ manager: 1 }]", 6))
	d := s.submit("lin", drill("drill", "超时", "1200.00"))
	mine := s.task("zhao", d.ID)
	s.letter("zhao@example.com", d.Number, "催办", d.Title)
	s.task("sun", d.ID) // six seconds later it has been passed on
	require.Equal(s, 2, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'task.reminded'
		AND cause LIKE 'clock:%supervisor.1:remind:%'`, d.ID))
	require.Equal(s, 1, s.count(`
		SELECT count(*) FROM events e JOIN tasks t ON t.id = e.data::jsonb ->> 'task'
		WHERE e.stream = $1 AND e.kind = 'task.escalated' AND e.at >= t.due_at AND e.actor = 'system:deadline'`, d.ID))
	_, err := s.as("zhao").Decide(s.ctx, mine, "approve", "", s.key())
	s.refused(err, http.StatusConflict, "task.stale")
	s.decide("sun", d.ID, "approve", "")
	s.await("lin", d.ID, "closed")
}

// unroutable plays a condition that cannot be judged: nobody is skipped and
// nothing approved; an admin is told, and has it tried again once it is mended.
func (s *scene) unroutable() {
	s.house.Publish(s.T, "gap", fmt.Sprintf(drillSteps, `when: fields["level"] == "high"
    otherwise: skip
    approvers: [{ manager: 1 }]`, 600))
	d := s.submit("lin", drill("gap", "无路", "1200.00"))
	s.letter("admin@example.com", d.Number, d.Title)
	require.Equal(s, 1, s.count(`SELECT count(*) FROM documents WHERE id = $1 AND status = 'submitted'
		AND parked_ref = 'plan:1' AND parked_code = 'policy.condition_failed'`, d.ID))
	s.house.Publish(s.T, "gap", fmt.Sprintf(drillSteps, `when: amount >= money("1.00")
    otherwise: skip
    approvers: [{ manager: 1 }]`, 600))
	_, err := s.as("admin").Resolve(s.ctx, "plan:"+d.ID+":1", "retry", "已修正", s.key())
	require.NoError(s, err)
	s.decide("zhao", d.ID, "approve", "")
	s.await("lin", d.ID, "closed")
}
