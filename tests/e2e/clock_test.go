package e2e

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/walk"
)

const drillPolicy = `
policy: %[1]s
title: { en: Drill, zh-CN: 演练 }
base: CNY
steps:
  - id: supervisor
    title: { en: Supervisor, zh-CN: 主管审批 }
    %[2]s
    mode: any_of
    due: { normal: 6 s }
    remind: { first: 1 s, every: 1 s, at_most: 2 }
    on_timeout: escalate
    allow: [return]
then: [archive]
`

// publish puts a policy with short deadlines in force, and a type that follows it.
func (s *scene) publish(id, approvers string) {
	s.Helper()
	opened, err := store.Open(s.ctx, store.Options{URL: s.house.DatabaseURL(), Application: "test"})
	require.NoError(s, err)
	defer func() { require.NoError(s, opened.Close()) }()
	text := fmt.Sprintf(drillPolicy, id, approvers)
	rules, err := policy.Parse(id, []byte(text))
	require.NoError(s, err)
	_, err = opened.PublishPolicy(s.ctx, store.PolicyRow{Kind: "policy", ID: id, Hash: rules.Hash(), YAML: text, PublishedBy: "admin"})
	require.NoError(s, err)
	shipped, err := config.Shipped.ReadFile("types/expense.yaml")
	require.NoError(s, err)
	text = string(shipped) + "\n"
	for old, fresh := range map[string]string{"type: expense": "type: " + id, "policy: expense": "policy: " + id,
		"number_prefix: EXP": "number_prefix: DRL"} {
		text = replaceOnce(s, text, old, fresh)
	}
	kind, err := doctype.Parse(id, []byte(text))
	require.NoError(s, err)
	hash, err := evidence.HashOf(kind)
	require.NoError(s, err)
	_, err = opened.PublishPolicy(s.ctx, store.PolicyRow{Kind: "type", ID: id, Hash: hash, YAML: text, PublishedBy: "admin"})
	require.NoError(s, err)
}

func drill(kind, title, amount string) walk.Form {
	f := expense(title, amount)
	f.Type = kind
	return f
}

func (s *scene) overdue() {
	s.publish("drill", "approvers: [{ manager: 1 }]")
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
	s.refused(err, http.StatusConflict, "task.closed")
	s.decide("sun", d.ID, "approve", "")
	s.await("lin", d.ID, "closed")
}

// unroutable plays a condition that cannot be judged: nobody is skipped and
// nothing approved; an admin is told, and has it tried again once it is mended.
func (s *scene) unroutable() {
	s.publish("gap", `when: fields["level"] == "high"
    otherwise: skip
    approvers: [{ manager: 1 }]`)
	d := s.submit("lin", drill("gap", "无路", "1200.00"))
	s.letter("admin@example.com", d.Number, d.Title)
	require.Equal(s, 1, s.count(`SELECT count(*) FROM documents WHERE id = $1 AND status = 'submitted'
		AND parked_ref = 'plan:1' AND parked_code = 'policy.condition_failed'`, d.ID))
	s.publish("gap", `when: amount >= money("1.00")
    otherwise: skip
    approvers: [{ manager: 1 }]`)
	_, err := s.as("admin").Resolve(s.ctx, "plan:"+d.ID+":1", "retry", "已修正", s.key())
	require.NoError(s, err)
	s.decide("zhao", d.ID, "approve", "")
	s.await("lin", d.ID, "closed")
}

func replaceOnce(s *scene, text, old, fresh string) string {
	s.Helper()
	require.Equal(s, 1, strings.Count(text, old), old)
	return strings.Replace(text, old, fresh, 1)
}
