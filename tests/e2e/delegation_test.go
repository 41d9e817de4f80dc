package e2e

import (
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/walk"
)

// delegated is decided by Max for Liu, through the whole house; Liu's rule is
// over before the next one comes.
func (s *scene) delegated() {
	d := s.submit("lin", expense("受托审批", "1100.00"))
	s.decide("wang", d.ID, "approve", "")
	s.decide("zhao", d.ID, "approve", "")
	theirs := s.task("liu", d.ID)
	var rule struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}
	_, err := s.as("liu").Call(s.ctx, http.MethodPost, "/delegations", s.key(), map[string]any{
		"delegate": "max", "until": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "types": []string{"expense"},
		"cap": map[string]string{"amount": "1100.00", "currency": "CNY"},
	}, &rule)
	require.NoError(s, err)
	require.Equal(s, "in_force", rule.State)
	require.Equal(s, theirs.ID, s.task("max", d.ID).ID, "open tasks too")
	above := s.submit("lin", expense("超出委托额度", "1200.00"))
	_, err = s.sanction("wang", s.task("wang", above.ID), []map[string]any{
		{"line": 1, "amount": walk.Money{Amount: "1000.00", Currency: "CNY"}}})
	require.NoError(s, err)
	s.decide("wang", above.ID, "approve", "")
	s.decide("zhao", above.ID, "approve", "")
	_, err = s.as("max").Decide(s.ctx, s.task("liu", above.ID), "approve", "", s.key())
	s.refused(err, http.StatusForbidden, "delegation.over_cap") // the cap is held against what was claimed
	s.decide("liu", above.ID, "approve", "")

	_, err = s.sanction("max", theirs, []map[string]any{{"line": 1, "amount": walk.Money{Amount: "900.00", Currency: "CNY"}}})
	require.NoError(s, err)
	require.Equal(s, 1, s.count(`SELECT count(*) FROM notices WHERE document = $1 AND kind = 'document.sanctioned'
		AND person = 'liu'`, d.ID))
	act, err := s.as("max").Decide(s.ctx, s.task("max", d.ID), "approve", "代批", s.key())
	require.NoError(s, err)
	require.NotEmpty(s, act.ID)
	s.closed("lin", d.ID)
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'task.approved'
		AND actor = 'max' AND on_behalf_of = 'liu'`, d.ID))

	next := s.submit("lin", expense("委托已撤销", "1050.00"))
	s.decide("wang", next.ID, "approve", "")
	s.decide("zhao", next.ID, "approve", "")
	open := s.task("max", next.ID)
	_, err = s.as("liu").Call(s.ctx, http.MethodPost, "/delegations/"+rule.ID+"/revoke", s.key(), map[string]any{}, &rule)
	require.NoError(s, err)
	_, err = s.as("max").Decide(s.ctx, open, "approve", "", s.key())
	s.refused(err, http.StatusForbidden, "delegation.revoked")
	s.decide("liu", next.ID, "approve", "")
	s.closed("lin", next.ID)
}
