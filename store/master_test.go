package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/store"
	"github.com/countersign/countersign/store/storetest"
)

// TestMasterDataIsKept through runs, and never deleted.
func TestMasterDataIsKept(t *testing.T) {
	s, ctx := storetest.New(t), t.Context()
	account := master.Row{Kind: master.Account, Code: "6602", Name: "费用", ID: "3", Active: true,
		Attributes: map[string]string{master.PartyRequired: "true"}}
	began := time.Now().UTC().Truncate(time.Microsecond)
	run := store.MasterRun{ID: uuid.Must(uuid.NewV7()).String(), Connection: "books", Entities: []string{"cn", "de"}, Kinds: []string{"account"},
		By: "liu", State: store.MasterApplied, Complete: true, Came: 1, Counts: map[string]int{master.Added: 1},
		AsOf: began, StartedAt: began}
	apply := []master.Change{{What: master.Added, After: account}}
	for range 2 {
		require.NoError(t, s.SaveMaster(ctx, run, apply))
	}
	rows, err := s.Master(ctx, "books")
	require.NoError(t, err)
	require.Equal(t, []master.Row{account}, rows)

	gone := account
	gone.Gone = true
	held := master.Change{What: master.Vanished, Before: account, After: gone, Uses: "expense"}
	second := run
	second.ID, second.State, second.Held = uuid.Must(uuid.NewV7()).String(), store.MasterHeld, []master.Change{held}
	second.Remarks = []master.Remark{{Kind: master.Party, Code: "x", Why: "duplicate"}}
	require.NoError(t, s.SaveMaster(ctx, second, nil))
	require.NoError(t, s.SaveMaster(ctx, run, []master.Change{held}), "a run that is kept changes nothing")
	rows, err = s.Master(ctx, "books")
	require.NoError(t, err)
	require.Equal(t, []master.Row{account}, rows)

	failed := store.MasterRun{ID: uuid.Must(uuid.NewV7()).String(), Connection: "books", State: store.MasterFailed,
		Code: "erp.unavailable", AsOf: began, StartedAt: began, Entities: []string{}}
	require.NoError(t, s.SaveMaster(ctx, failed, nil))
	newest, err := s.NewestMaster(ctx)
	require.NoError(t, err)
	require.Len(t, newest, 1)
	newest[0].FinishedAt = time.Time{}
	require.Equal(t, second, newest[0])
	runs, err := s.MasterRuns(ctx, "", 10)
	require.NoError(t, err)
	require.Len(t, runs, 3)
	require.Equal(t, "erp.unavailable", runs[0].Code)

	byKey, err := s.MasterOf(ctx, "de")
	require.NoError(t, err)
	require.Equal(t, map[master.Key]master.Row{account.Key(): account}, byKey)
	byKey, err = s.MasterOf(ctx, "fr")
	require.NoError(t, err)
	require.Nil(t, byKey, "its books were never read")

	third := run
	third.ID = uuid.Must(uuid.NewV7()).String()
	require.NoError(t, s.SaveMaster(ctx, third, []master.Change{held}))
	rows, err = s.Master(ctx, "books")
	require.NoError(t, err)
	require.Equal(t, []master.Row{gone}, rows, "marked, and kept")

	counts, err := s.MasterCounts(ctx)
	require.NoError(t, err)
	require.Equal(t, []store.MasterCount{{Connection: "books", Kind: "account", Other: 1}}, counts)
}

// TestMasterRulings hold while the ERP says the same, and end with what came of them; the
// rates of an ERP are kept beside those from elsewhere, and a day's rate changes by ruling only.
func TestMasterRulings(t *testing.T) {
	s, ctx := storetest.New(t), t.Context()
	rate := func(value string) master.Change {
		row := master.RateRow(document.Rate{Currency: "EUR", Base: "CNY", Date: "2026-11-20", Value: value})
		return master.Change{What: master.Changed, After: row}
	}
	save := func(complete bool, apply []master.Change, found ...master.Change) {
		t.Helper()
		run := store.MasterRun{ID: uuid.Must(uuid.NewV7()).String(), Connection: "books", Entities: []string{"cn"},
			State: store.MasterApplied, Complete: complete, Rates: true}
		for _, c := range append(found, apply...) {
			run.Found = append(run.Found, c.Fingerprint())
		}
		require.NoError(t, s.SaveMaster(ctx, run, apply))
	}
	known := document.Rate{Currency: "USD", Base: "CNY", Date: "2026-11-20", Value: "7", Source: "central bank"}
	require.NoError(t, s.SaveRates(ctx, []document.Rate{known}))
	usd := master.Change{What: master.Added, After: master.RateRow(document.Rate{Currency: "USD", Base: "CNY",
		Date: "2026-11-20", Value: "8"})}
	save(true, []master.Change{rate("7.8"), usd})
	rateOf := func(of string) document.Rate {
		t.Helper()
		got, err := s.RateFor(ctx, of, "CNY", "2026-11-22")
		require.NoError(t, err)
		return got
	}
	require.Equal(t, document.Rate{Currency: "EUR", Base: "CNY", Date: "2026-11-20", Value: "7.8", Source: "erp:books"}, rateOf("EUR"))
	require.Equal(t, known, rateOf("USD"), "one from elsewhere stays")

	refuse := store.MasterRuling{Connection: "books", Ruling: master.Refuse, Change: rate("7.9"), Person: "liu", Reason: "typed wrong"}
	apply := store.MasterRuling{Connection: "books", Ruling: master.Apply, Change: rate("8"), Person: "wang"}
	for range 2 {
		require.NoError(t, s.RuleMaster(ctx, []store.MasterRuling{refuse, apply}))
	}
	said, err := s.MasterRulings(ctx, "books")
	require.NoError(t, err)
	require.Equal(t, map[string]master.Ruling{rate("7.9").Fingerprint(): master.Refuse, rate("8").Fingerprint(): master.Apply}, said)

	save(false, nil)
	said, err = s.MasterRulings(ctx, "books")
	require.NoError(t, err)
	require.Len(t, said, 2, "a delta cannot tell that a difference is over")
	save(true, []master.Change{rate("8")})
	require.Equal(t, "8", rateOf("EUR").Value)
	said, err = s.MasterRulings(ctx, "books")
	require.NoError(t, err)
	require.Empty(t, said)
	all, err := s.MasterRulingsOf(ctx, "books", 10)
	require.NoError(t, err)
	outcomes := map[master.Ruling]string{}
	for _, r := range all {
		outcomes[r.Ruling] = r.Outcome
	}
	require.Equal(t, map[master.Ruling]string{master.Apply: store.MasterRulingApplied, master.Refuse: store.MasterRulingOver}, outcomes)

	page, err := s.MasterRows(ctx, store.MasterFilter{Connection: "books", Kind: "rate", Query: "eur", Limit: 1})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
	require.Empty(t, page.Next)
	page, err = s.MasterRows(ctx, store.MasterFilter{Connection: "books", Limit: 1})
	require.NoError(t, err)
	require.Equal(t, "1", page.Next)
}

// TestARulingEndsWithItsDifference, also where the reading found no difference at all, and
// however many hold all are told.
func TestARulingEndsWithItsDifference(t *testing.T) {
	s, ctx := storetest.New(t), t.Context()
	var rulings []store.MasterRuling
	for _, code := range []string{"1", "2", "3"} {
		change := master.Change{What: master.Added, After: master.Row{Kind: master.Account, Code: code, Active: true}}
		rulings = append(rulings, store.MasterRuling{Connection: "books", Ruling: master.Refuse, Change: change, Person: "liu",
			Reason: "not ours"})
	}
	require.NoError(t, s.RuleMaster(ctx, rulings))
	all, err := s.MasterRulingsOf(ctx, "books", 1)
	require.NoError(t, err)
	require.Len(t, all, 3, "all that hold")

	run := store.MasterRun{ID: uuid.Must(uuid.NewV7()).String(), Connection: "books", Entities: []string{"cn"},
		State: store.MasterApplied, Complete: true}
	require.NoError(t, s.SaveMaster(ctx, run, nil))

	said, err := s.MasterRulings(ctx, "books")
	require.NoError(t, err)
	require.Empty(t, said, "the ERP says the same as we do again")
	all, err = s.MasterRulingsOf(ctx, "books", 1)
	require.NoError(t, err)
	require.Len(t, all, 1, "the newest")
	_, err = s.MasterRows(ctx, store.MasterFilter{Connection: "books", Cursor: "x"})
	require.Equal(t, "cursor.bad", fault.CodeOf(err))
}
