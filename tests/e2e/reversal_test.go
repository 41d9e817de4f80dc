package e2e

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/sandbox"
)

// undone is a reversal as the API tells it.
type undone struct {
	Status, Proposal, Reference, Code string

	Attempt    int
	Unanswered bool
	May        []string
	BookNo     string `json:"erp_number"`
	Entries    []struct{ Side, Account string }
}

// reversed undoes a booked document: asked for by one, approved by another, refused by a
// closed period, its answer lost, and booked once.
func (s *scene) reversed() {
	d := s.submit("lin", expense("记错科目", "888.00"))
	d = s.closed("lin", d.ID)
	at, undo := "/vouchers/"+d.Voucher.Reference+"/reversal", "v:"+d.ID+":accrual-reversal:1"
	now := s.undone("wang", at)
	require.Equal(s, "none", now.Status)
	require.Equal(s, []string{"ask"}, now.May)
	require.Equal(s, undo, now.Reference)
	require.Len(s, now.Entries, 2)
	require.Equal(s, "credit", now.Entries[0].Side, "the cost is on the other side")

	today := time.Now().UTC().Add(14 * time.Hour).Format(time.DateOnly) // not before the voucher's day, wherever it is
	asked := map[string]any{"date": today, "reason": "科目错误"}
	_, err := s.as("lin").Call(s.ctx, http.MethodPost, at, s.key(), asked, nil)
	s.refused(err, http.StatusForbidden, "access.denied")
	_, err = s.as("emma").Call(s.ctx, http.MethodPost, at, s.key(), asked, nil)
	s.refused(err, http.StatusNotFound, "voucher.not_found")
	_, err = s.as("wang").Call(s.ctx, http.MethodPost, at, s.key(), map[string]any{"date": "2020-01-01", "reason": "x"}, nil)
	s.refused(err, http.StatusUnprocessableEntity, "reversal.before_voucher")
	key := s.key()
	for range 2 { // a repeat is the same request
		_, err = s.as("wang").Call(s.ctx, http.MethodPost, at, key, asked, &now)
		require.NoError(s, err)
	}
	require.Equal(s, "requested", now.Status)
	verdict := map[string]any{"proposal": now.Proposal, "approve": true}
	_, err = s.as("wang").Call(s.ctx, http.MethodPost, at+"/decision", s.key(), verdict, nil)
	s.refused(err, http.StatusForbidden, "proposal.own")

	s.house.SetFaults(s.T, sandbox.Fault{Kind: "closed-period", Ref: undo}, sandbox.Fault{Kind: "closed-period", Op: "reverse"})
	_, err = s.as("liu").Call(s.ctx, http.MethodPost, at+"/decision", s.key(), verdict, nil)
	require.NoError(s, err)
	parked := s.untilUndone("liu", at, "parked")
	require.Equal(s, "erp.closed_period", parked.Code)
	require.Contains(s, parked.May, "rule")
	s.house.SetFaults(s.T, sandbox.Fault{Kind: "drop-after", Op: "reverse", Count: 1},
		sandbox.Fault{Kind: "drop-after", Op: "post", Ref: undo, Count: 1})
	later := time.Now().UTC().Add(38 * time.Hour).Format(time.DateOnly)
	ruling := map[string]any{"ruling": "redate", "date": later, "attempt": parked.Attempt}
	_, err = s.as("chen").Call(s.ctx, http.MethodPost, at+"/ruling", s.key(), ruling, nil)
	require.NoError(s, err)
	_, err = s.as("chen").Call(s.ctx, http.MethodPost, at+"/ruling", s.key(), ruling, nil)
	require.Error(s, err, "once")
	done := s.untilUndone("lin", at, "posted") // whose document it is sees it too
	s.house.SetFaults(s.T)
	require.NotEmpty(s, done.BookNo)
	require.Empty(s, done.May)

	var books struct {
		Vouchers []struct{ Number, State, Date, Reverses string }
	}
	response, err := http.Get(s.house.Stack.ERPURL + "/api/vouchers?external_ref=" + undo) //nolint:noctx // loopback
	require.NoError(s, err)
	defer func() { _ = response.Body.Close() }()
	require.NoError(s, json.NewDecoder(response.Body).Decode(&books))
	require.Len(s, books.Vouchers, 1)
	require.Equal(s, [3]string{done.BookNo, "posted", later},
		[3]string{books.Vouchers[0].Number, books.Vouchers[0].State, books.Vouchers[0].Date})
	require.NotEmpty(s, books.Vouchers[0].Reverses)
	_, err = s.as("wang").Call(s.ctx, http.MethodPost, at, s.key(), asked, nil)
	s.refused(err, http.StatusConflict, "reversal.done")
	require.Equal(s, "closed", s.await("lin", d.ID, "closed").Status, "its outcome stays")
	s.letter("lin@example.com", d.Number, "已冲销", d.Title)
	s.letter("liu@example.com", d.Number, "请复核", d.Voucher.Number)
}

func (s *scene) undone(person, at string) undone {
	s.Helper()
	var r undone
	_, err := s.as(person).Call(s.ctx, http.MethodGet, at, "", nil, &r)
	require.NoError(s, err)
	return r
}

// untilUndone waits until a reversal has come so far.
func (s *scene) untilUndone(person, at, status string) undone {
	s.Helper()
	for {
		if r := s.undone(person, at); r.Status == status {
			return r
		}
		require.NoError(s, s.ctx.Err(), "never %s", status)
		time.Sleep(look)
	}
}
