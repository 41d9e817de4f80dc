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

// copyingSteps copies Emma in when Zhao is asked, and Sun and Emma when it is approved.
const copyingSteps = `
steps:
  - id: supervisor
    title: { en: Supervisor, zh-CN: 主管审批 }
    approvers: [{ manager: 1 }]
    cc: [{ person: emma }]
  - id: head
    title: { en: Head of finance, zh-CN: 财务负责人 }
    approvers: [{ role: finance_head }]
cc: [{ top_manager: true }, { person: emma }]
cc_on: passed
then: [archive]
`

// copiedByPolicy is read by those whom the policy names, each from their moment on, and
// decided by none of them; who made a copy does not undo what the policy wants.
func (s *scene) copiedByPolicy() {
	s.house.Publish(s.T, "copying", copyingSteps)
	d := s.submit("lin", drill("copying", "流程抄送", "100.00"))
	at := "/documents/" + d.ID
	theirs := s.task("zhao", d.ID)
	_, err := s.as("emma").Document(s.ctx, d.ID)
	require.NoError(s, err)
	_, err = s.as("sun").Document(s.ctx, d.ID)
	s.refused(err, http.StatusNotFound, "document.not_found")
	_, err = s.as("emma").Decide(s.ctx, theirs, "approve", "", s.key())
	s.refused(err, http.StatusForbidden, "access.denied")

	post := func(person, path string, body any) error {
		_, err := s.as(person).Call(s.ctx, http.MethodPost, path, s.key(), body, nil)
		return err
	}
	require.NoError(s, post("lin", at+"/copies", map[string]any{"people": []string{"sun"}}))
	s.refused(post("lin", at+"/copies/sun/remove", map[string]any{}), http.StatusForbidden, "copy.by_policy")
	require.NoError(s, post("admin", at+"/copies/sun/remove", map[string]any{"reason": "先不抄送"}))
	s.decide("zhao", d.ID, "approve", "")
	s.decide("liu", d.ID, "approve", "")
	s.await("lin", d.ID, "closed")
	_, err = s.as("sun").Document(s.ctx, d.ID)
	require.NoError(s, err, "what a colleague gave and an administrator took back stands in nobody's way")

	var listed struct {
		Items []struct {
			ID        string `json:"id"`
			CopiedHow string `json:"copied_how"`
			CopiedBy  string `json:"copied_by"`
		} `json:"items"`
	}
	for _, reader := range []string{"emma", "sun"} {
		_, err = s.as(reader).Call(s.ctx, http.MethodGet, "/documents?copied=all&type=copying", "", nil, &listed)
		require.NoError(s, err)
		require.Len(s, listed.Items, 1)
		require.Equal(s, "policy system:policy", listed.Items[0].CopiedHow+" "+listed.Items[0].CopiedBy)
		require.Equal(s, 1, s.count(`SELECT count(*) FROM notices WHERE document = $1 AND person = $2
			AND kind = 'document.copied_by_policy'`, d.ID, reader))
	}
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
