package storm_test

import (
	"context"
	"database/sql"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/bench/storm"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/store/storetest"
)

// TestAStorm: however many tasks are opened for somebody, they get no more letters than
// their budget, and every notice is told, or held for the digest. COUNTERSIGN_LONG=1 opens
// 10,000 for 200 people within a minute.
func TestAStorm(t *testing.T) {
	o := storm.Options{Tasks: 160, People: 4, Over: 2 * time.Second}
	manners := notice.Manners{Budget: 4, Gather: 50 * time.Millisecond}
	if os.Getenv("COUNTERSIGN_LONG") == "1" {
		o = storm.Options{Tasks: 10_000, People: 200, Over: time.Minute}
		manners = notice.Manners{Budget: 10, Gather: 2 * time.Second}
	}
	s, address := storetest.Open(t)
	db, err := sql.Open("postgres", address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	ctx, stop := context.WithCancel(t.Context())
	box, err := storm.OpenBox(ctx)
	require.NoError(t, err)
	requests, err := storm.Prepare(t.Context(), s, db, o)
	require.NoError(t, err)

	r := storm.Relay(s, box.Port, manners)
	r.Every = 100 * time.Millisecond
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	defer func() { stop(); require.NoError(t, <-ended) }()
	require.NoError(t, storm.Open(t.Context(), s, requests, o.Over))
	var tally storm.Tally
	require.Eventually(t, func() bool {
		tally, err = storm.Count(t.Context(), db)
		require.NoError(t, err)
		return tally.Gathering+tally.Sending == 0
	}, 2*time.Minute, 100*time.Millisecond)
	require.Equal(t, o.Tasks, tally.Owed)
	require.Zero(t, tally.Lost(), "%+v", tally)
	require.Positive(t, tally.Held, "the budget was spent")
	most, all := box.Most()
	require.Equal(t, tally.Messages, all)
	require.Equal(t, manners.Budget-1, most, "the last of the budget is the digest's")
	for _, person := range storm.Approvers(o) {
		_, err := s.MakeDigest(t.Context(), "digest."+person, person, []notice.Channel{notice.Mail})
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool {
		tally, err = storm.Count(t.Context(), db)
		require.NoError(t, err)
		return tally.Told == o.Tasks
	}, time.Minute, 100*time.Millisecond, "%+v", tally)
	most, all = box.Most()
	require.LessOrEqual(t, most, manners.Budget)
	require.Equal(t, tally.Messages, all)
}
