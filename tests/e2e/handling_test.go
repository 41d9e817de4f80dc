package e2e

import (
	"net/http"
	"net/url"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/walk"
)

// on does something with one's open task on a document.
func (s *scene) on(person, document, act string, more map[string]any) {
	s.Helper()
	task := s.task(person, document)
	body := map[string]any{"act": act, "round": task.Round, "content_hash": task.ContentHash, "opinion": "请看"}
	for key, value := range more {
		body[key] = value
	}
	var answer walk.Act
	_, err := s.as(person).Call(s.ctx, http.MethodPost, "/tasks/"+url.PathEscape(task.ID)+"/acts", s.key(), body, &answer)
	require.NoError(s, err, "%s by %s", act, person)
}

// handled is asked about, handed on, held up for an answer, signed by one more and
// returned to a step, through the whole house, before it is in the books.
func (s *scene) handled() {
	d := s.submit("lin", expense("层层经办", "1200.00"))
	s.on("wang", d.ID, "consult", map[string]any{"to": []string{"max@example.com"}, "opinion": "合理吗？"})
	s.on("max", d.ID, "consult", map[string]any{"opinion": "可以"})
	s.decide("wang", d.ID, "approve", "")

	s.on("zhao", d.ID, "transfer", map[string]any{"to": []string{"Max Weber"}})
	s.on("max", d.ID, "request_info", nil)
	_, err := s.as("max").Decide(s.ctx, s.task("max", d.ID), "approve", "", s.key())
	s.refused(err, http.StatusConflict, "document.stopped")
	_, err = s.as("lin").Call(s.ctx, http.MethodPost, "/documents/"+d.ID+"/acts", s.key(),
		map[string]any{"act": "release", "opinion": "发票已补"}, nil)
	require.NoError(s, err)
	s.on("max", d.ID, "add_signer", map[string]any{"to": []string{"sun"}, "where": "beside"})
	s.on("max", d.ID, "extend", map[string]any{"extra": "1 workday"})
	s.decide("max", d.ID, "approve", "")
	s.decide("sun", d.ID, "approve", "")

	s.on("liu", d.ID, "return", map[string]any{"to_step": "finance_review", "back": "straight"})
	s.decide("chen", d.ID, "approve", "")
	s.decide("liu", d.ID, "approve", "")
	s.closed("lin", d.ID)
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'step.resumed'`, d.ID))
	require.Equal(s, 1, s.count(`SELECT count(*) FROM vouchers WHERE document = $1 AND state = 'posted'`, d.ID))
}
