package e2e

import (
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/walk"
)

// copied is read by Emma, who was copied in, and by Sun, to whom she passed it on:
// neither decides, and whoever had no copy still cannot read.
func (s *scene) copied() {
	d := s.submit("lin", expense("抄送与传阅", "1200.00"))
	at := "/documents/" + d.ID
	post := func(person, path string, body any) error {
		_, err := s.as(person).Call(s.ctx, http.MethodPost, path, s.key(), body, nil)
		return err
	}
	s.refused(post("emma", at+"/copies", map[string]any{"people": []string{"sun"}}), http.StatusNotFound, "document.not_found")
	require.NoError(s, post("lin", at+"/copies", map[string]any{"people": []string{"Emma Brown"}, "remark": "请知悉"}))
	seen, err := s.as("emma").Document(s.ctx, d.ID)
	require.NoError(s, err)
	require.Equal(s, d.Number, seen.Number)
	_, err = s.as("sun").Document(s.ctx, d.ID)
	s.refused(err, http.StatusNotFound, "document.not_found")
	require.NoError(s, post("emma", at+"/copies", map[string]any{"people": []string{"sun"}}))
	_, err = s.as("sun").Document(s.ctx, d.ID)
	require.NoError(s, err)

	theirs := s.task("wang", d.ID)
	for _, person := range []string{"emma", "sun"} {
		_, err := s.as(person).Decide(s.ctx, theirs, "approve", "", s.key())
		s.refused(err, http.StatusForbidden, "access.denied")
	}
	require.NoError(s, post("wang", at+"/comments", map[string]any{"text": "请补充", "mentions": []string{"lin", "emma"}}))
	require.NoError(s, post("lin", at+"/copies/emma/remove", map[string]any{"reason": "发错人"}))
	_, err = s.as("emma").Document(s.ctx, d.ID)
	s.refused(err, http.StatusNotFound, "document.not_found")
	for _, person := range []string{"wang", "zhao", "liu"} {
		s.decide(person, d.ID, "approve", "")
	}
	s.closed("lin", d.ID)
	require.Equal(s, 2, s.count(`SELECT count(*) FROM copies WHERE document = $1 AND read_at IS NOT NULL`, d.ID))
	require.Equal(s, 3, s.count(`SELECT count(*) FROM events WHERE stream = 'copies:' || $1`, d.ID))
}

// many are twenty documents that Wang decides in one call; of three Chen decided
// first, and the answer says so of each.
func (s *scene) many() {
	var all []map[string]any
	var ids []string
	for range 20 {
		d := s.submit("lin", expense("批量审批", "1000.00"))
		ids = append(ids, d.ID)
	}
	for _, id := range ids {
		task := s.task("wang", id)
		all = append(all, map[string]any{
			"task": task.ID, "act": "approve", "round": task.Round, "content_hash": task.ContentHash,
		})
	}
	for _, id := range ids[5:8] {
		s.decide("chen", id, "reject", "重复报销")
	}
	var got struct {
		Items []struct {
			Task    string        `json:"task"`
			Result  string        `json:"result"`
			Problem *walk.Problem `json:"problem"`
		} `json:"items"`
		Applied, Pending, Refused int
	}
	key, began := s.key(), time.Now()
	for range 2 { // the same key decides nothing more
		_, err := s.as("wang").Call(s.ctx, http.MethodPost, "/tasks/decide", key, map[string]any{"decisions": all}, &got)
		require.NoError(s, err)
		require.Equal(s, 3, got.Refused, "%+v", got)
		require.Equal(s, 17, got.Applied+got.Pending, "%+v", got)
		for i, item := range got.Items {
			require.Equal(s, all[i]["task"], item.Task)
			stale := i >= 5 && i < 8
			require.Equal(s, stale, item.Result == "refused", "%+v", item)
			if stale {
				require.Equal(s, "task.stale", item.Problem.Code)
				require.Equal(s, "chen", item.Problem.Args["by"])
				require.Equal(s, "reject", item.Problem.Args["act"])
			}
		}
	}
	s.Logf("two calls of twenty decisions took %s", time.Since(began).Round(time.Millisecond))
	for i, id := range ids {
		if i < 5 || i >= 8 {
			s.task("zhao", id) // the next step
			require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'task.approved'`, id))
		}
		_, err := s.as("lin").Withdraw(s.ctx, id, "场景结束", s.key())
		require.Equal(s, i >= 5 && i < 8, err != nil, "%v", err)
	}
}
