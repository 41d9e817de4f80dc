package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/store"
)

// masterBook keeps master data in memory.
type masterBook struct {
	rows map[master.Key]master.Row
	runs []store.MasterRun
	said map[string]master.Ruling
}

func (b *masterBook) MasterRulings(context.Context, string) (map[string]master.Ruling, error) {
	return b.said, nil
}

func (b *masterBook) Master(context.Context, string) ([]master.Row, error) {
	var all []master.Row
	for _, r := range b.rows {
		all = append(all, r)
	}
	return all, nil
}

func (b *masterBook) NewestMaster(context.Context) ([]store.MasterRun, error) {
	for i := len(b.runs) - 1; i >= 0; i-- {
		if b.runs[i].State != store.MasterFailed {
			return b.runs[i : i+1], nil
		}
	}
	return nil, nil
}

func (b *masterBook) SaveMaster(_ context.Context, run store.MasterRun, apply []master.Change) error {
	b.runs = append(b.runs, run)
	for _, c := range apply {
		b.rows[c.After.Key()] = c.After
	}
	return nil
}

const usesTheAccount = "mapping: expense\ntype: expense\njournal: E\ntext: t\ndebit: { meals: \"= 'x' == kind ? '6602' : '6603'\" }\ncredit: \"2202\"\n"

func (b *masterBook) Policies(context.Context, string) ([]store.PolicyRow, error) {
	return []store.PolicyRow{{ID: "expense", YAML: usesTheAccount}, {ID: "broken", YAML: "x"}}, nil
}

func (b *masterBook) Snapshot(context.Context, int64) (*org.Snapshot, error) {
	return &org.Snapshot{Suppliers: map[string]org.Supplier{"SUP001": {}}}, nil
}

// chart is an ERP whose master data a test writes.
type chart struct {
	erp.Port
	master erp.Master
	err    error
	asked  []time.Time
}

func (c *chart) Capabilities() erp.Capabilities {
	return erp.Capabilities{Delta: true, Master: []master.Kind{master.Account}}
}

func (c *chart) Sync(_ context.Context, since time.Time) (erp.Master, error) {
	c.asked = append(c.asked, since)
	m := c.master
	m.Complete = since.IsZero()
	return m, c.err
}

// TestMasterDataThroughARun: first everything, then deltas; an account in use that is
// closed waits for somebody, everything is read again until it is settled, and what
// the ERP refuses is kept with its words.
func TestMasterDataThroughARun(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	book := &masterBook{rows: map[master.Key]master.Row{}}
	books := &chart{master: erp.Master{AsOf: now.Add(-time.Minute), Accounts: []port.Account{
		{ID: "1", Code: "6602", Name: "Cost", Active: true}, {ID: "2", Code: "2202", Active: true, PartyRequired: true},
		{ID: "3", Code: "9999", Active: true}}, Parties: []port.Party{{ID: "7", Code: "SUP001", Active: true}},
		Employees: []port.Entry{{ID: "8", Code: "lin", Active: true}},
		Rates:     []document.Rate{{Currency: "EUR", Base: "CNY", Date: "2026-11-20", Value: "7.8"}},
		Periods:   []port.Period{{ID: "5", Name: "2026-11", From: "2026-11-01", To: "2026-11-30", Open: true}}}}
	m := &activities.MasterData{Book: book, Now: func() time.Time { return now },
		Sources: map[string]activities.MasterSource{"books": {Ledger: activities.Ledger{Port: books}, Entities: []string{"cn"}}}}
	in := activities.MasterInput{Run: "1", Connection: "books"}
	sync := func() activities.MasterOutcome {
		outcome, err := m.SyncMaster(t.Context(), in)
		require.NoError(t, err)
		return outcome
	}
	require.Equal(t, activities.MasterOutcome{State: store.MasterApplied, Came: 7, Counts: map[string]int{master.Added: 7}}, sync())
	require.True(t, books.asked[0].IsZero())
	require.Equal(t, "true", book.rows[master.Key{Kind: master.Account, Code: "2202"}].Attributes[master.PartyRequired])

	behind, err := m.Behind(t.Context())
	require.NoError(t, err)
	require.Empty(t, behind, "it tells of no more than was read")
	require.Empty(t, sync().Counts, "nothing changed")
	require.Equal(t, books.master.AsOf, books.asked[1], "a delta, a little early")

	book.runs[1].Kinds = nil // as an earlier version read it
	behind, err = m.Behind(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"books"}, behind)
	books.master.Accounts[0].Active, books.master.Accounts[2].Active = false, false
	outcome := sync()
	require.True(t, books.asked[2].IsZero(), "what it tells of besides would not come in a delta")
	require.Equal(t, store.MasterHeld, outcome.State)
	require.Equal(t, map[string]int{master.Closed: 1}, outcome.Counts, "9999 is nobody's")
	require.Equal(t, "expense", book.runs[2].Held[0].Uses)
	require.True(t, book.rows[master.Key{Kind: master.Account, Code: "6602"}].Active)

	in.DryRun = true
	require.Equal(t, 1, sync().Held)
	require.Len(t, book.runs, 3, "a dry run keeps nothing")
	require.True(t, books.asked[3].IsZero(), "what was held back would not come in a delta")

	in.DryRun, in.Accept = false, true
	require.Equal(t, store.MasterApplied, sync().State)
	require.False(t, book.rows[master.Key{Kind: master.Account, Code: "6602"}].Active)

	in.Accept, in.Review = false, true
	books.master.Accounts[2].Active = true
	outcome = sync()
	require.Equal(t, 1, outcome.Held, "where somebody wants to see it first, the smallest change waits")
	waits := book.runs[len(book.runs)-1].Held[0]
	book.said = map[string]master.Ruling{waits.Fingerprint(): master.Refuse}
	require.Zero(t, sync().Held, "ours stays")
	require.False(t, book.rows[waits.After.Key()].Active)
	book.said[waits.Fingerprint()] = master.Apply
	require.Equal(t, map[string]int{master.Reopened: 1}, sync().Counts)
	require.True(t, book.rows[waits.After.Key()].Active)
	require.Empty(t, book.runs[len(book.runs)-1].Held)

	in.Review = false
	books.master.Parties = nil
	now = now.Add(21 * time.Hour)
	require.Equal(t, 1, sync().Held, "after a day everything is read, and a supplier of ours is gone")

	source := m.Sources["books"]
	source.Rates = true
	m.Sources["books"] = source
	books.master.Parties, books.master.Rates[0].Value = []port.Party{{ID: "7", Code: "SUP001", Active: true}}, "7.9"
	require.Equal(t, 1, sync().Held, "a day's rate that documents were counted with")
	require.Equal(t, "7.8", book.rows[master.Key{Kind: master.Rate, Code: "EUR/CNY 2026-11-20"}].Name)

	books.err = fault.New(fault.Forbidden, "erp.not_allowed", fault.Arg("words", "no"))
	require.Equal(t, "erp.not_allowed", sync().Code)
	require.Equal(t, "no", book.runs[len(book.runs)-1].Detail)
	books.err = fault.New(fault.Busy, "erp.unavailable")
	_, _, err = m.Sync(t.Context(), in)
	require.Equal(t, fault.Busy, fault.KindOf(err))
	in.Connection = "nosuch"
	_, _, err = m.Sync(t.Context(), in)
	require.Equal(t, activities.CodeNoConnection, fault.CodeOf(err))
}
