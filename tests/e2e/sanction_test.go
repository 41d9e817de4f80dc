package e2e

import (
	"net/http"
	"net/url"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/walk"
)

// sanctioned is claimed with 1500, and booked with what finance approved of it.
func (s *scene) sanctioned() {
	d := s.submit("lin", expense("招待费核减", "1000.00", "500.00"))
	refused := func(person string, lines []map[string]any, status int, code string) {
		s.Helper()
		_, err := s.sanction(person, s.task(person, d.ID), lines)
		s.refused(err, status, code)
	}
	of := func(line int, amount string) map[string]any {
		return map[string]any{"line": line, "amount": walk.Money{Amount: amount, Currency: "CNY"}}
	}
	refused("wang", []map[string]any{of(1, "1000.01")}, http.StatusUnprocessableEntity, "sanction.above_claimed")
	refused("wang", []map[string]any{of(1, "0"), of(2, "0")}, http.StatusUnprocessableEntity, "sanction.zero_total")
	refused("wang", []map[string]any{of(3, "1.00")}, http.StatusUnprocessableEntity, "sanction.bad_line")

	stale := s.task("chen", d.ID)
	act, err := s.sanction("wang", s.task("wang", d.ID), []map[string]any{of(2, "0"), of(1, "800.00")})
	require.NoError(s, err)
	require.NotEmpty(s, act.NewHash)
	_, err = s.as("chen").Decide(s.ctx, stale, "approve", "", s.key())
	s.refused(err, http.StatusConflict, "task.changed")
	s.decide("wang", d.ID, "approve", "")
	refused("zhao", []map[string]any{of(1, "1.00")}, http.StatusForbidden, "act.not_allowed")
	s.decide("zhao", d.ID, "approve", "")
	again, err := s.sanction("liu", s.task("liu", d.ID), []map[string]any{of(2, "100.00")})
	require.NoError(s, err)
	require.NotEqual(s, act.NewHash, again.NewHash)
	s.decide("liu", d.ID, "approve", "")
	s.closed("lin", d.ID)

	var shown struct {
		Total, Claimed walk.Money
		Revision       int
		Content        struct {
			Lines []struct {
				Amount  walk.Money
				Claimed *struct{ Amount walk.Money }
			}
		}
		Voucher struct{ Reference string }
	}
	_, err = s.as("lin").Call(s.ctx, http.MethodGet, "/documents/"+d.ID, "", nil, &shown)
	require.NoError(s, err)
	require.Equal(s, "900.00", shown.Total.Amount)
	require.Equal(s, "1500.00", shown.Claimed.Amount)
	require.Equal(s, "500.00", shown.Content.Lines[1].Claimed.Amount.Amount)
	require.Equal(s, "v:"+d.ID+":accrual:3", shown.Voucher.Reference)
	require.Equal(s, 1, s.count(`SELECT count(*) FROM vouchers WHERE document = $1 AND state = 'posted'
		AND voucher LIKE '%"minor":90000%' AND voucher NOT LIKE '%"minor":150000%'`, d.ID))
	require.Equal(s, 2, s.count(`SELECT count(DISTINCT id) FROM notices WHERE document = $1 AND kind = 'document.sanctioned'
		AND person = 'lin'`, d.ID))
}

// sanctionAct is the answer to a sanction.
type sanctionAct struct {
	NewHash string `json:"new_content_hash"`
}

func (s *scene) sanction(person string, task walk.Task, lines []map[string]any) (sanctionAct, error) {
	s.Helper()
	var act sanctionAct
	_, err := s.as(person).Call(s.ctx, http.MethodPost, "/tasks/"+url.PathEscape(task.ID)+"/acts", s.key(), map[string]any{
		"act": "sanction", "round": task.Round, "content_hash": task.ContentHash, "opinion": "超标准", "lines": lines,
	}, &act)
	return act, err
}
