package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

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
	run := store.MasterRun{ID: uuid.Must(uuid.NewV7()).String(), Connection: "books", Entities: []string{"cn", "de"},
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
}
