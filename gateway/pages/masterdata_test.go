package pages_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// reading is an ERP that is away until it is well.
type reading struct {
	asked
	well bool
	in   []activities.MasterInput
}

func (r *reading) ReadMaster(_ context.Context, in activities.MasterInput) (bool, error) {
	if !r.well {
		return false, fault.New(fault.Busy, "engine.away")
	}
	r.in = append(r.in, in)
	return true, nil
}

// TestMasterDataPage proves that finance sees on one page what is kept of an ERP's master
// data, what differs and who would be hurt; that a difference is applied or refused there
// once, with who and why; and that nobody of another company sees or does any of it.
func TestMasterDataPage(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.desk.Connections = []desk.Connection{{ID: "books-cn", Entities: []string{"acme-cn"}, Reads: []master.Kind{master.Account}}}
		books := &reading{}
		h.desk.Books = books
		at := "/master-data/books-cn"
		h.get("wang", "/master-data").is(http.StatusOK).says(h.word("master.never_read", nil), h.word("master.kinds.rate", nil))

		row := func(code string, active bool) master.Row {
			return master.Row{Kind: master.Account, Code: code, Name: "Travel " + code, Active: active}
		}
		changes := []master.Change{
			{What: master.Closed, Before: row("6602", true), After: row("6602", false), Uses: "expense"},
			{What: master.Added, After: row("6699", true)},
			{What: master.Changed, Before: master.RateRow(document.Rate{Currency: "EUR", Base: "CNY", Date: "2026-11-20", Value: "7.8"}),
				After: master.RateRow(document.Rate{Currency: "EUR", Base: "CNY", Date: "2026-11-20", Value: "7.9"}), Uses: "7.8"},
		}
		run := store.MasterRun{ID: uuid.Must(uuid.NewV7()).String(), Connection: "books-cn", Entities: []string{"acme-cn"}, By: "wang",
			State: store.MasterHeld, Complete: true, Review: true, Came: 3, Held: changes, StartedAt: time.Now(),
			Remarks: []master.Remark{{Kind: master.Account, Code: "６６", Why: "cleaned"}}}
		require.NoError(t, h.store.SaveMaster(t.Context(), run, []master.Change{{What: master.Added, After: row("6602", true)}}))
		h.get("wang", "/master-data").is(http.StatusOK).says(h.word("master.waits", map[string]string{"n": "3"}))
		h.get("wang", at).is(http.StatusOK).says("6699", h.word("master.used_by", map[string]string{"what": "expense"}),
			h.word("master.used_rate", nil), h.word("master.apply_all", map[string]string{"n": "3"}), h.word("master.remark.cleaned", nil))
		h.get("wang", at+"?kind=account&q=66").is(http.StatusOK).says("Travel 6602")
		h.get("wang", at+"?q=nothing").is(http.StatusOK).says(h.word("master.none_such", nil))
		h.get("emma", at).is(http.StatusForbidden)

		form := url.Values{"key": {"k1"}, "difference": {changes[0].Fingerprint()}, "ruling": {"refuse"}}
		h.post("wang", at+"/rulings", form).is(http.StatusUnprocessableEntity).says(
			h.word("fault.master.no_reason", map[string]string{"max": "2000"}))
		form.Set("reason", "booked until December")
		for range 2 {
			h.post("wang", at+"/rulings", form).is(http.StatusSeeOther)
		}
		h.get("wang", at).is(http.StatusOK).says("booked until December", h.word("master.apply_all", map[string]string{"n": "2"}))

		form = url.Values{"key": {"k2"}, "difference": {changes[1].Fingerprint()}, "ruling": {"apply"}}
		h.post("wang", at+"/rulings", form).is(http.StatusUnprocessableEntity).says(h.word("fault.engine.away", nil))
		books.well = true
		require.Empty(t, books.in)
		h.post("wang", at+"/readings", url.Values{"key": {"k3"}, "review": {"1"}}).is(http.StatusSeeOther)
		h.post("wang", at+"/readings", url.Values{"key": {"k3"}, "review": {"1"}}).is(http.StatusSeeOther)
		require.Len(t, books.in, 2)
		require.Equal(t, books.in[0], books.in[1], "the same reading twice is one")
		require.True(t, books.in[0].Review && books.in[0].Whole)
		require.Equal(t, "wang", books.in[0].By)
		said, err := h.store.MasterRulings(t.Context(), "books-cn")
		require.NoError(t, err)
		require.Equal(t, map[string]master.Ruling{changes[0].Fingerprint(): master.Refuse, changes[1].Fingerprint(): master.Apply}, said)
		h.post("wang", at+"/rulings", url.Values{"difference": {"nosuch"}, "ruling": {"apply"}}).is(http.StatusUnprocessableEntity).says(
			h.word("fault.master.settled", nil))

		failed := store.MasterRun{ID: uuid.Must(uuid.NewV7()).String(), Connection: "books-cn", Entities: []string{"acme-cn"},
			State: store.MasterFailed, Code: "erp.not_allowed", Detail: "wrong key", StartedAt: time.Now()}
		require.NoError(t, h.store.SaveMaster(t.Context(), failed, nil))
		h.get("wang", "/master-data").is(http.StatusOK).says(h.word("master.failed", nil), "wrong key")
	})
}
