package activities

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/store"
)

// CodeNoConnection says that no ERP connection has such a name.
const CodeNoConnection = "master.no_connection"

var _ = fault.Register(map[string]fault.Entry{
	CodeNoConnection: {Kind: fault.NotFound, Args: []string{"connection"}},
})

// wholeAfter is how long deltas follow one another before everything is read again:
// what was deleted in an ERP is invisible to a delta.
const wholeAfter = 20 * time.Hour

// MasterSource is an ERP whose master data is read.
type MasterSource struct {
	Ledger
	Entities []string // whose books it keeps
	Rates    bool     // its rates are those that documents are counted with
	Review   bool     // every difference waits for somebody
}

// MasterData are the activities that read what the ERPs know. 主数据
type MasterData struct {
	Book    MasterBook
	Sources map[string]MasterSource // by connection
	Now     func() time.Time        // nil = time.Now
}

// MasterBook is the part of the store that MasterData needs.
type MasterBook interface {
	Master(ctx context.Context, connection string) ([]master.Row, error)
	NewestMaster(ctx context.Context) ([]store.MasterRun, error)
	SaveMaster(ctx context.Context, run store.MasterRun, apply []master.Change) error
	MasterRulings(ctx context.Context, connection string) (map[string]master.Ruling, error)
	Policies(ctx context.Context, kind string) ([]store.PolicyRow, error)
	Snapshot(ctx context.Context, version int64) (*org.Snapshot, error)
}

// MasterInput says what is to be read.
type MasterInput struct {
	Run        string `json:"run"` // id; a repeat with the same one changes nothing
	Connection string `json:"connection"`
	By         string `json:"by,omitempty"`
	Whole      bool   `json:"whole,omitempty"`  // read everything, even where a delta would do
	Accept     bool   `json:"accept,omitempty"` // apply also what would break something in use
	DryRun     bool   `json:"dry_run,omitempty"`
	Review     bool   `json:"review,omitempty"` // every difference waits for somebody
}

// MasterOutcome is what a reading came to, in numbers: history keeps no names.
type MasterOutcome struct {
	State  string         `json:"state"`
	Came   int            `json:"came"`
	Counts map[string]int `json:"counts,omitempty"`
	Held   int            `json:"held"`
	Code   string         `json:"code,omitempty"`
}

// SyncMaster reads an ERP's master data, keeps what changed, and holds back what
// would break something in use until somebody accepts it.
//
// Safe to repeat: reading changes nothing, and a run is kept once.
// Errors: Busy, to be tried again. A refusal of the ERP is an answer, kept with the run.
func (m *MasterData) SyncMaster(ctx context.Context, in MasterInput) (MasterOutcome, error) {
	defer alive(ctx)()
	run, _, err := m.Sync(ctx, in)
	if err != nil {
		return MasterOutcome{}, answer(ctx, err)
	}
	return MasterOutcome{State: run.State, Came: run.Came, Counts: run.Counts, Held: len(run.Held), Code: run.Code}, nil
}

// Sync is SyncMaster, with every difference that it found.
func (m *MasterData) Sync(ctx context.Context, in MasterInput) (store.MasterRun, []master.Change, error) {
	source, known := m.Sources[in.Connection]
	if !known {
		return store.MasterRun{}, nil, fault.New(fault.NotFound, CodeNoConnection, fault.Arg("connection", in.Connection))
	}
	run := store.MasterRun{ID: in.Run, Connection: in.Connection, Entities: source.Entities, Kinds: source.kinds(),
		By: in.By, Rates: source.Rates, StartedAt: m.now()}
	since, err := m.since(ctx, in, source)
	if err != nil {
		return run, nil, err
	}
	came, err := ask(source.Ledger, func() (came erp.Master, err error) {
		err = erp.Calling(ctx, erp.Call{Op: erp.OpSync}, func(ctx context.Context) error {
			came, err = source.Port.Sync(ctx, since)
			return err
		})
		return came, err
	})
	if final(err) {
		f, _ := fault.As(err)
		run.State, run.Code, run.Detail, run.AsOf = store.MasterFailed, f.Code, detail(f), run.StartedAt
		return run, nil, m.save(ctx, in, run, nil)
	}
	if err != nil {
		return run, nil, err
	}
	changes, err := m.compare(ctx, in, came, &run)
	if err != nil {
		return run, nil, err
	}
	apply := changes
	run.State = store.MasterApplied
	if !in.Accept {
		said, err := m.Book.MasterRulings(ctx, in.Connection)
		if err != nil {
			return run, nil, err
		}
		run.Review = in.Review || source.Review
		if apply, run.Held = master.Settle(changes, run.Review, said); len(run.Held) > 0 {
			run.State = store.MasterHeld
		}
	}
	run.Counts = master.Counts(apply)
	for _, c := range changes {
		run.Found = append(run.Found, c.Fingerprint())
	}
	return run, changes, m.save(ctx, in, run, apply)
}

func (m *MasterData) save(ctx context.Context, in MasterInput, run store.MasterRun, apply []master.Change) error {
	if in.DryRun {
		return nil
	}
	return m.Book.SaveMaster(ctx, run, apply)
}

// kinds are what the connection can tell of.
func (s MasterSource) kinds() []string {
	var all []string
	for _, kind := range s.Port.Capabilities().Master {
		all = append(all, string(kind))
	}
	return all
}

// tellsMore says whether the connection can tell of more than when it was read: after an
// upgrade, or by a new option.
func (s MasterSource) tellsMore(run store.MasterRun) bool {
	return slices.ContainsFunc(s.kinds(), func(kind string) bool { return !slices.Contains(run.Kinds, kind) })
}

// Behind are the connections that can tell of more than when they were read last, and
// those that were never read.
func (m *MasterData) Behind(ctx context.Context) ([]string, error) {
	newest, err := m.Book.NewestMaster(ctx)
	if err != nil {
		return nil, err
	}
	var behind []string
	for _, id := range slices.Sorted(maps.Keys(m.Sources)) {
		at := slices.IndexFunc(newest, func(run store.MasterRun) bool { return run.Connection == id })
		if at < 0 || m.Sources[id].tellsMore(newest[at]) {
			behind = append(behind, id)
		}
	}
	return behind, nil
}

// since is where a delta begins; the zero time reads everything. What was held back
// would not come in a delta again, so everything is read until it is settled.
func (m *MasterData) since(ctx context.Context, in MasterInput, source MasterSource) (time.Time, error) {
	if in.Whole || in.Accept || in.Review || !source.Port.Capabilities().Delta {
		return time.Time{}, nil
	}
	newest, err := m.Book.NewestMaster(ctx)
	if err != nil {
		return time.Time{}, err
	}
	for _, run := range newest {
		if run.Connection == in.Connection && run.State == store.MasterApplied && m.now().Sub(run.StartedAt) < wholeAfter &&
			!source.tellsMore(run) {
			return run.AsOf, nil
		}
	}
	return time.Time{}, nil
}

// compare cleans what came and holds it against what is kept.
func (m *MasterData) compare(ctx context.Context, in MasterInput, came erp.Master, run *store.MasterRun) (
	[]master.Change, error) {
	before, err := m.Book.Master(ctx, in.Connection)
	if err != nil {
		return nil, err
	}
	used, err := m.used(ctx)
	if err != nil {
		return nil, err
	}
	rows, remarks := master.Clean(rowsOfMaster(came))
	run.Complete, run.AsOf, run.Came, run.Remarks = came.Complete, came.AsOf, len(rows), remarks
	if run.Rates { // a day's rate that documents were counted with changes when somebody says so
		for _, r := range before {
			if r.Kind == master.Rate {
				used[r.Key()] = r.Name
			}
		}
	}
	return master.Compare(before, rows, came.Complete, used), nil
}

// namedByMappings are the kinds of master data whose codes a mapping may name.
var namedByMappings = []master.Kind{master.Account, master.Party, master.CostCenter, master.Employee,
	master.Department, master.Project}

// used says which codes are in use, and by what: accounts by mappings in force,
// parties by our suppliers, cost centres by our departments.
func (m *MasterData) used(ctx context.Context) (map[master.Key]string, error) {
	used := map[master.Key]string{}
	company, err := m.Book.Snapshot(ctx, 0)
	if err != nil {
		return nil, err
	}
	for id := range company.Suppliers {
		used[master.Key{Kind: master.Party, Code: id}] = id
	}
	for id, d := range company.Departments {
		used[master.Key{Kind: master.CostCenter, Code: d.CostCenter}] = id
	}
	rows, err := m.Book.Policies(ctx, kindMapping)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		mapping, err := booking.Parse(row.ID, []byte(row.YAML))
		if err != nil {
			continue // published by another release; what it names is not known here
		}
		for _, code := range mapping.Names() {
			for _, kind := range namedByMappings {
				used[master.Key{Kind: kind, Code: code}] = row.ID
			}
		}
	}
	return used, nil
}

func (m *MasterData) now() time.Time {
	if m.Now != nil {
		return m.Now().UTC()
	}
	return time.Now().UTC()
}
