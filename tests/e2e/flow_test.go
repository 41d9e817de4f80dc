package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/walk"
)

func (s *scene) smallPassesByRule() {
	d := s.submit("lin", expense("打车", "999.99"))
	d = s.closed("lin", d.ID)
	require.Empty(s, d.Tasks, "nobody was asked")
}

func (s *scene) threeDecide() {
	d := s.submit("lin", expense("会议", "400.00", "600.00"))
	require.Equal(s, "1000.00", d.Total.Amount)
	for _, person := range []string{"wang", "zhao", "liu"} {
		s.decide(person, d.ID, "approve", "")
	}
	s.closed("lin", d.ID)
}

// closed waits for the end, and looks the voucher up in the books themselves.
func (s *scene) closed(person, document string) walk.Document {
	s.Helper()
	d := s.await(person, document, "closed")
	require.NotNil(s, d.Voucher)
	var books struct {
		Vouchers []struct {
			Number string `json:"number"`
			State  string `json:"state"`
		} `json:"vouchers"`
	}
	response, err := http.Get(s.house.Stack.ERPURL + "/api/vouchers?external_ref=" + d.Voucher.Reference) //nolint:noctx // loopback
	require.NoError(s, err)
	defer func() { _ = response.Body.Close() }()
	require.NoError(s, json.NewDecoder(response.Body).Decode(&books))
	require.Len(s, books.Vouchers, 1, d.Voucher.Reference)
	require.Equal(s, "posted", books.Vouchers[0].State)
	require.Equal(s, d.Voucher.Number, books.Vouchers[0].Number)
	return d
}

func (s *scene) returned() {
	d := s.submit("lin", expense("酒店", "2400.00"))
	seen := s.task("wang", d.ID)
	s.decide("wang", d.ID, "return", "缺少发票")
	s.await("lin", d.ID, "returned")
	_, err := s.as("zhao").Resubmit(s.ctx, d.ID, expense("别人的", "1.00"), s.key())
	require.Error(s, err, "only whose it is resubmits")
	_, err = s.as("lin").Resubmit(s.ctx, d.ID, expense("酒店，附发票", "2200.00"), s.key())
	require.NoError(s, err)
	fresh := s.task("wang", d.ID)
	require.Equal(s, 2, fresh.Round)
	_, err = s.as("wang").Decide(s.ctx, seen, "approve", "", s.key())
	require.Error(s, err, "what was seen in the first round is not what is there now")
	stale := fresh
	stale.ContentHash = seen.ContentHash
	_, err = s.as("wang").Decide(s.ctx, stale, "approve", "", s.key())
	s.refused(err, http.StatusConflict, "task.changed")
	for _, person := range []string{"wang", "zhao", "liu"} {
		s.decide(person, d.ID, "approve", "")
	}
	after := s.closed("lin", d.ID)
	require.Equal(s, 2, after.Revision)
	require.Equal(s, "2200.00", after.Total.Amount)
}

// straightBack begins anew, saying why, where a line changed, and comes straight back to
// who returned it while nothing that matters does.
func (s *scene) straightBack() {
	form := expense("酒店", "2400.00")
	d := s.submit("lin", form)
	s.decide("wang", d.ID, "approve", "")
	resubmit := func(form walk.Form) {
		s.on("zhao", d.ID, "return", map[string]any{"back": "straight", "opinion": "看不清"})
		s.await("lin", d.ID, "returned")
		_, err := s.as("lin").Resubmit(s.ctx, d.ID, form, s.key())
		require.NoError(s, err)
	}
	form.Lines[0].Description = "上海 – 苏州"
	resubmit(form)
	require.Equal(s, 2, s.task("wang", d.ID).Round, "everybody decides again")
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'plan.made' AND round = 2
		AND data::text LIKE '%"anew"%"lines"%'`, d.ID))

	s.decide("wang", d.ID, "approve", "")
	form.Title = "酒店（西湖边）"
	resubmit(form)
	require.Equal(s, 3, s.task("zhao", d.ID).Round, "wang's yes stands")
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'step.kept'`, d.ID))
	s.decide("zhao", d.ID, "approve", "")
	s.decide("liu", d.ID, "approve", "")
	s.closed("lin", d.ID)
}

func (s *scene) rejected() {
	d := s.submit("lin", expense("红酒", "5000.00"))
	_, err := s.as("wang").Decide(s.ctx, s.task("wang", d.ID), "reject", "", s.key())
	s.refused(err, http.StatusUnprocessableEntity, "act.opinion_required")
	s.decide("wang", d.ID, "approve", "")
	s.decide("zhao", d.ID, "reject", "不属于业务支出")
	s.await("lin", d.ID, "rejected")
	_, err = s.as("lin").Withdraw(s.ctx, d.ID, "算了", s.key())
	s.refused(err, http.StatusConflict, "document.final")
	require.Zero(s, s.count(`SELECT count(*) FROM vouchers WHERE document = $1`, d.ID))
}

func (s *scene) withdrawn() {
	free := s.submit("lin", expense("取消", "1200.00"))
	s.task("wang", free.ID)
	_, err := s.as("lin").Withdraw(s.ctx, free.ID, "", s.key())
	require.NoError(s, err)
	s.await("lin", free.ID, "withdrawn")

	later := s.submit("lin", expense("取消二", "1200.00"))
	s.decide("chen", later.ID, "approve", "")
	s.task("zhao", later.ID)
	_, err = s.as("lin").Withdraw(s.ctx, later.ID, "", s.key())
	s.refused(err, http.StatusUnprocessableEntity, "act.opinion_required")
	_, err = s.as("lin").Withdraw(s.ctx, later.ID, "行程取消", s.key())
	require.NoError(s, err)
	s.await("lin", later.ID, "withdrawn")
	require.Zero(s, s.count(`SELECT count(*) FROM tasks WHERE document = $1 AND state = 'open'`, later.ID))
}

func (s *scene) tooLate() {
	d := s.submit("lin", expense("火车", "1300.00"))
	late := s.task("chen", d.ID)
	before := time.Now().Add(-time.Second)
	s.decide("wang", d.ID, "approve", "")
	for _, locale := range []string{"zh-CN", "en"} {
		chen := s.as("chen")
		chen.Locale = locale
		_, err := chen.Decide(s.ctx, late, "reject", "太晚了", s.key())
		problem := s.refused(err, http.StatusConflict, "task.stale")
		require.Equal(s, "wang", problem.Args["by"])
		at, err := time.Parse(time.RFC3339, problem.Args["at"])
		require.NoError(s, err)
		require.WithinRange(s, at, before.Truncate(time.Second), time.Now())
	}
}

func (s *scene) notTheirs() {
	d := s.submit("lin", expense("私事", "1400.00"))
	task := s.task("wang", d.ID)
	_, err := s.as("zhao").Decide(s.ctx, task, "approve", "", s.key())
	require.Error(s, err, "zhao is not asked at this step")
	_, err = s.as("lin").Decide(s.ctx, task, "approve", "", s.key())
	require.Error(s, err, "the submitter never approves")
	_, err = s.as("emma").Document(s.ctx, d.ID)
	s.refused(err, http.StatusNotFound, "document.not_found")
	_, err = s.as("emma").Decide(s.ctx, task, "approve", "", s.key())
	s.refused(err, http.StatusNotFound, "task.not_found")
	stranger := s.as("lin")
	stranger.Token = "cs_nobody"
	_, err = stranger.Document(s.ctx, d.ID)
	s.refused(err, http.StatusUnauthorized, "auth.bad_token")
	require.Equal(s, 1, s.count(`SELECT count(DISTINCT step) FROM tasks WHERE document = $1`, d.ID), "nothing moved")
}

func (s *scene) race() {
	const clients = 20
	d := s.submit("lin", expense("抢", "1500.00"))
	tasks := []walk.Task{s.task("wang", d.ID), s.task("chen", d.ID)}
	people := []string{"wang", "chen"}
	var won, lost []string
	var mu sync.Mutex
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range clients {
		client, task, key := s.as(people[i%2]), tasks[i%2], s.key()
		all.Go(func() {
			<-start
			done, err := client.Decide(s.ctx, task, "approve", "", key)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won = append(won, done.ID)
				return
			}
			problem := s.refused(err, http.StatusConflict, "task.stale")
			require.Contains(s, people, problem.Args["by"])
			require.NotEmpty(s, problem.Args["at"])
			lost = append(lost, problem.Args["by"])
		})
	}
	close(start)
	all.Wait()
	require.Len(s, won, 1, "exactly one wins")
	require.Len(s, lost, clients-1)
	for _, by := range lost {
		require.Equal(s, lost[0], by, "everybody is told the same winner")
	}
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'task.approved'`, d.ID))
}

func (s *scene) sameKey() {
	lin, key := s.as("lin"), s.key()
	draft, err := lin.Draft(s.ctx, expense("同一张", "1600.00"), key)
	require.NoError(s, err)
	again, err := lin.Draft(s.ctx, expense("同一张", "1600.00"), key)
	require.NoError(s, err)
	require.Equal(s, draft.ID, again.ID)
	_, err = lin.Draft(s.ctx, expense("另一张", "1600.00"), key)
	s.refused(err, http.StatusUnprocessableEntity, "idempotency.reused")
	first, err := lin.SubmitDraft(s.ctx, draft.ID, key)
	require.NoError(s, err)
	second, err := lin.SubmitDraft(s.ctx, draft.ID, key)
	require.NoError(s, err)
	require.Equal(s, first.Number, second.Number)
	_, err = lin.SubmitDraft(s.ctx, draft.ID, s.key())
	s.refused(err, http.StatusConflict, "document.not_draft")

	task, deciding := s.task("wang", draft.ID), s.key()
	done, err := s.as("wang").Decide(s.ctx, task, "approve", "好", deciding)
	require.NoError(s, err)
	repeated, err := s.as("wang").Decide(s.ctx, task, "approve", "好", deciding)
	require.NoError(s, err)
	require.Equal(s, done.ID, repeated.ID, "the first answer again")
	_, err = s.as("wang").Decide(s.ctx, task, "reject", "不好", deciding)
	s.refused(err, http.StatusUnprocessableEntity, "idempotency.reused")
	require.Equal(s, 1, s.count(`SELECT count(*) FROM inbox WHERE document = $1`, draft.ID))
}

func (s *scene) exported() {
	d := s.submit("lin", expense("导出", "1700.00"))
	s.decide("wang", d.ID, "approve", "同意")
	request, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.house.URL+"/api/v1/documents/"+d.ID+"/export", nil)
	require.NoError(s, err)
	request.Header.Set("Authorization", "Bearer "+s.house.Tokens["audit"])
	response, err := http.DefaultClient.Do(request)
	require.NoError(s, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(s, http.StatusOK, response.StatusCode)
	var kinds []string
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		var e struct {
			Seq  int    `json:"seq"`
			Kind string `json:"kind"`
		}
		require.NoError(s, json.Unmarshal(lines.Bytes(), &e))
		kinds = append(kinds, e.Kind)
		require.Equal(s, len(kinds), e.Seq, "no gap")
	}
	log := strings.Join(kinds, " ")
	for _, kind := range []string{"document.submitted", "plan.made", "task.opened", "task.approved", "step.passed"} {
		require.Contains(s, log, kind)
	}
	var listed struct {
		Items []struct {
			Kind string `json:"kind"`
		} `json:"items"`
	}
	_, err = s.as("audit").Call(s.ctx, http.MethodGet, "/documents/"+d.ID+"/events", "", nil, &listed)
	require.NoError(s, err)
	require.GreaterOrEqual(s, len(listed.Items), len(kinds))
}
