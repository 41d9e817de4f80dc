package e2e

import (
	"net/http"

	"github.com/stretchr/testify/require"
)

// branchedSteps lets the supervisor choose a clerk, who works beside the chief
// executive; then whoever is head of finance on that day, who
// is not asked a second time.
const branchedSteps = `
steps:
  - id: supervisor
    title: { en: Supervisor, zh-CN: 主管审批 }
    approvers: [{ manager: 1 }]
  - parallel: reviews
    branches:
      - title: { en: Money, zh-CN: 财务 }
        steps:
          - id: clerk
            title: { en: Clerk, zh-CN: 经办 }
            approvers: [{ choice: approver, among: { role: finance_clerk } }]
      - title: { en: Large, zh-CN: 大额 }
        when: amount >= money("1000.00")
        steps:
          - id: chief
            title: { en: Chief executive, zh-CN: 总经理 }
            approvers: [{ top_manager: true }]
  - id: head
    title: { en: Head of finance, zh-CN: 财务负责人 }
    approvers: [{ role: finance_head, as_of: activation }]
    distinct_from: [clerk]
  - id: closing
    title: { en: Closing, zh-CN: 结案 }
    approvers: [{ role: finance_head }]
    same_approver: once
then: [archive]
`

// branched walks two branches at once, one of them by whom the supervisor chose,
// and finds the last approver when that step is reached.
func (s *scene) branched() {
	s.house.Publish(s.T, "branched", branchedSteps)
	small := s.submit("lin", drill("branched", "小额", "999.99"))
	d := s.submit("lin", drill("branched", "并行", "1200.00"))
	_, err := s.as("zhao").Decide(s.ctx, s.task("zhao", d.ID), "approve", "", s.key())
	s.refused(err, http.StatusUnprocessableEntity, "act.choice_required")
	s.on("zhao", d.ID, "approve", map[string]any{"to": []string{"chen"}})
	mine := s.task("chen", d.ID)
	s.decide("sun", d.ID, "approve", "") // both are asked at the same time
	require.Equal(s, 0, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'step.staffed' AND data::jsonb ->> 'step' = 'head'`, d.ID))
	_, err = s.as("chen").Decide(s.ctx, mine, "approve", "", s.key())
	require.NoError(s, err)
	s.decide("liu", d.ID, "approve", "")
	s.await("lin", d.ID, "closed")
	require.Equal(s, 2, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'step.staffed'`, d.ID))
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'step.opened'
		AND data::jsonb -> 'agreed' -> 0 ->> 'person' = 'liu'`, d.ID))

	s.on("zhao", small.ID, "approve", map[string]any{"to": []string{"wang"}})
	s.decide("wang", small.ID, "approve", "")
	s.decide("liu", small.ID, "approve", "")
	s.await("lin", small.ID, "closed")
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'step.skipped'`, small.ID))
}
