package pages_test

import (
	"context"
	"database/sql"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/maintenance"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/store"
)

// asked counts how often an ERP is asked.
type asked struct{ times int }

func (a *asked) Reconcile(context.Context, activities.ReconcileInput) error {
	a.times++
	return nil
}

func (a *asked) ReadMaster(context.Context, activities.MasterInput) (bool, error) { return true, nil }

func (a *asked) PostAgain(context.Context, activities.PostAgainInput) error { return nil }

// TestFinanceSeesThatAnERPRests proves that finance reads on its own pages which ERP is
// not called and until when, in both languages, and nothing of ERPs that are not theirs;
// and that a comparison asked for in a maintenance window is refused with its end.
func TestFinanceSeesThatAnERPRests(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		always, err := maintenance.Read([]string{"2026-01-01 00:00 - 2099-01-01 00:00"}, time.UTC)
		require.NoError(t, err)
		h.desk.Connections = []desk.Connection{
			{ID: "books-cn", Entities: []string{"acme-cn"}}, {ID: "books-de", Entities: []string{"acme-de"}},
		}
		h.get("wang", "/parked").is(http.StatusOK).saysNot("books-cn", "books-de")

		until := time.Now().Add(time.Hour).UTC()
		open := store.GateRow{Connection: "books-cn", Phase: "open", Since: time.Now()}
		rests := store.GateRow{Connection: "books-cn", Phase: "resting", Since: time.Now(), InFlight: 1, Limited: 2,
			Until: sql.NullTime{Time: until, Valid: true}, Code: "erp.unavailable"}
		require.NoError(t, h.store.SaveGates(t.Context(), "w1", []store.GateRow{open}))
		require.NoError(t, h.store.SaveGates(t.Context(), "w2", []store.GateRow{rests}))
		shanghai, err := time.LoadLocation("Asia/Shanghai")
		require.NoError(t, err)
		form := map[string]string{i18n.English: "2 Jan 2006, 15:04", i18n.Chinese: "2006-01-02 15:04"}[h.locale]
		said := h.word("erp.rest.resting", map[string]string{"connection": "books-cn", "until": until.In(shanghai).Format(form)})
		for _, at := range []string{"/finance", "/parked", "/vouchers", "/reconciliations", "/reversals"} {
			h.get("wang", at).is(http.StatusOK).says(said)
		}
		require.NoError(t, h.store.SaveGates(t.Context(), "w2", []store.GateRow{open}))
		h.get("wang", "/parked").saysNot("books-cn")

		books := &asked{}
		h.desk.Books = books
		h.desk.Connections[0].Maintenance = always
		h.get("wang", "/parked").says("books-cn")
		ask := url.Values{"key": {"k"}, "connection": {"books-cn"}, "from": {"2026-11-01"}, "until": {"2026-11-20"}}
		refused := h.word("fault.erp.maintenance", map[string]string{"connection": "books-cn", "until": "|"})
		h.post("wang", "/reconciliations", ask).is(http.StatusUnprocessableEntity).says(strings.Split(refused, "|")[0])
		require.Zero(t, books.times)
		ask.Set("connection", "books-de")
		h.post("wang", "/reconciliations", ask).is(http.StatusSeeOther)
		require.Equal(t, 1, books.times)
	})
}
