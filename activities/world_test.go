package activities_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/store"
)

const (
	documentID = "0190aaaa-0000-7000-8000-000000000001"
	reference  = "v:" + documentID + ":accrual:1"
)

var now = time.Date(2026, 11, 2, 18, 0, 0, 0, time.UTC) // 2 a.m. of the 3rd in Shanghai

// world is the store's reads and the books' rows in memory, with the shipped texts.
type world struct {
	t        *testing.T
	texts    map[string]store.PolicyRow
	people   *org.Snapshot
	content  document.Content
	vouchers map[string]store.VoucherRow
	effects  map[string]store.EffectIntent // by reference and attempt
	attempts []store.Attempt
	busy     error
	heirs    map[string]string // by whom they take over from

	others    []approval.BesideDocument
	looks     int // for others
	lookFails error

	forgotten func() // what is known once nothing is believed any more
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, texts: map[string]store.PolicyRow{}, vouchers: map[string]store.VoucherRow{},
		effects: map[string]store.EffectIntent{}, people: people(), content: content(100_000),
	}
	w.ship("policy", "policies")
	w.ship("type", "types")
	w.ship("mapping", "mappings")
	return w
}

func (w *world) ship(kind, dir string) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join("../config", dir, "expense.yaml"))
	require.NoError(w.t, err)
	w.texts[kind] = store.PolicyRow{Kind: kind, ID: "expense", Version: 1, Hash: kind + "1", YAML: string(text)}
}

func people() *org.Snapshot {
	one := func(id, manager string) org.Person {
		return org.Person{
			ID: id, Name: id, Entity: "CN01", Department: "D1", CostCenter: "C1", Manager: manager, Active: true,
			Locale: "zh-CN",
		}
	}
	return &org.Snapshot{
		Version: 7,
		People: map[string]org.Person{
			"zhao": one("zhao", "li"), "li": one("li", "boss"), "boss": one("boss", ""), "wu": one("wu", "boss"),
			"sun": one("sun", "boss"), "root": one("root", "boss"),
		},
		Departments: map[string]org.Department{"D1": {ID: "D1", Entity: "CN01", Head: "li", CostCenter: "C1"}},
		Entities: map[string]org.LegalEntity{
			"CN01": {ID: "CN01", Currency: "CNY", Zone: "Asia/Shanghai", Calendar: "cn-office"},
		},
		Grants: []org.Grant{
			{Person: "wu", Role: "finance_clerk", Entity: "CN01"}, {Person: "sun", Role: "finance_head", Entity: "CN01"},
			{Person: "root", Role: "admin"},
		},
	}
}

func content(minor int64) document.Content {
	amount := money.Amount{Minor: minor, Currency: "CNY"}
	return document.Content{
		Type: "expense", Title: "Train", Reason: "visit", Entity: "CN01", Department: "D1", CostCenter: "C1",
		Submitter: "zhao", Requester: "zhao", Currency: "CNY", Urgency: document.Normal,
		Payee: document.Payee{Kind: document.PayeeEmployee, ID: "zhao", Name: "zhao"},
		Lines: []document.Line{{
			No: 1, Category: "travel", Description: "train", Date: "2026-11-01", Amount: amount,
			Tax: money.Amount{Currency: "CNY"}, CostCenter: "C1",
		}},
		Total: amount, BaseTotal: amount,
	}
}

func (w *world) Posting(_ context.Context, _, reference string, _ int) (store.Posting, error) {
	p := store.Posting{Number: "EXP-2026-000001", Content: w.content, Voucher: w.vouchers[reference]}
	if n := len(w.attempts); n > 0 {
		p.Last = w.attempts[n-1]
	}
	return p, nil
}

func (w *world) Revision(context.Context, string, int) (document.Content, string, error) {
	return w.content, "hash1", w.busy
}

func (w *world) PolicyInForce(_ context.Context, kind, id string) (store.PolicyRow, error) {
	row, ok := w.texts[kind]
	if !ok || row.ID != id {
		return store.PolicyRow{}, fault.New(fault.NotFound, "policy.not_found", fault.Arg("id", id))
	}
	return row, nil
}

func (w *world) PolicyVersion(ctx context.Context, kind, id string, version int) (store.PolicyRow, error) {
	row, err := w.PolicyInForce(ctx, kind, id)
	if err == nil && row.Version != version {
		return store.PolicyRow{}, fault.New(fault.NotFound, "policy.not_found", fault.Arg("id", id))
	}
	return row, err
}

func (w *world) Forget() {
	if w.forgotten != nil {
		w.forgotten()
	}
}

func (w *world) Snapshot(context.Context, int64) (*org.Snapshot, error) { return w.people, nil }

func (w *world) ClaimedAt(context.Context, string, int) (time.Time, error) { return time.Time{}, nil }

func (w *world) RateFor(_ context.Context, currency, base, date string) (document.Rate, error) {
	return document.Rate{}, fault.New(fault.NotFound, "rate.not_found")
}

func (w *world) Beside(context.Context, string, approval.CountKey) (approval.Beside, error) {
	w.looks++
	return approval.Beside{Documents: w.others}, w.lookFails
}

func (w *world) BeginEffect(_ context.Context, in store.EffectIntent) error {
	key := in.Reference + string(rune('0'+in.Attempt))
	if before, ok := w.effects[key]; ok && before.Hash != in.Hash {
		return fault.New(fault.Conflict, "voucher.changed")
	}
	w.effects[key] = in
	if shown := w.vouchers[in.Reference]; shown.State != store.VoucherPosted && shown.Hash != in.Hash {
		w.vouchers[in.Reference] = store.VoucherRow{
			Reference: in.Reference, Document: in.Document, Kind: in.Kind, Entity: in.Entity, State: "pending",
			Date: in.Date, Voucher: in.Voucher, Hash: in.Hash,
		}
	}
	return nil
}

func (w *world) SaveVoucher(_ context.Context, v store.VoucherRow, call store.Ended) error {
	require.NotEmpty(w.t, v.Voucher, "a row never loses its voucher")
	w.end(call)
	w.vouchers[v.Reference] = v
	return nil
}

func (w *world) StartAttempt(_ context.Context, reference, op, hash string, before store.Ended) (store.Attempt, error) {
	w.end(before)
	a := store.Attempt{Reference: reference, N: len(w.attempts) + 1, Op: op, RequestHash: hash, StartedAt: now}
	w.attempts = append(w.attempts, a)
	return a, nil
}

func (w *world) end(call store.Ended) {
	if call.N > 0 {
		w.attempts[call.N-1].Class, w.attempts[call.N-1].Detail = call.Class, call.Detail
	}
}

func (w *world) FinishAttempt(_ context.Context, a store.Attempt, class, detail string) error {
	w.attempts[a.N-1].Class, w.attempts[a.N-1].Detail = class, detail
	return nil
}

// ledger is an ERP in memory.
type ledger struct {
	erp.Port
	found   []erp.Found
	refuse  error
	lose    bool // the answer of the next Create, after it took effect
	created []voucher.Voucher
}

func (l *ledger) Capabilities() erp.Capabilities { return erp.Capabilities{} }

func (l *ledger) Find(context.Context, string) ([]erp.Found, error) { return l.found, nil }

func (l *ledger) Create(_ context.Context, v voucher.Voucher) (erp.Found, error) {
	if l.refuse != nil {
		return erp.Found{}, l.refuse
	}
	l.created = append(l.created, v)
	var lines []erp.Line
	for _, e := range v.Entries {
		lines = append(lines, port.LineOf(e))
	}
	l.found = []erp.Found{{
		Reference: v.Reference, ID: "77", State: erp.Draft, Date: v.Date, Lines: lines, Totals: port.Sum(lines),
	}}
	if l.lose {
		l.lose = false
		return erp.Found{}, port.Fault(erp.CodeUnknown, "reset")
	}
	return l.found[0], nil
}

func (l *ledger) Post(_ context.Context, f erp.Found) (erp.Found, error) {
	f.State, f.Number = erp.Posted, "V-1"
	l.found[0] = f
	return f, nil
}

// run runs an activity the way a worker does.
func run[T any](t *testing.T, activity, in any) (T, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(activity)
	var out T
	value, err := env.ExecuteActivity(activity, in)
	if err != nil {
		return out, err
	}
	require.NoError(t, value.Get(&out))
	return out, nil
}

func (w *world) OrgVersion(context.Context) (int64, error) { return w.people.Version, nil }

func (w *world) Heir(_ context.Context, person string) (string, error) { return w.heirs[person], nil }

// MasterOf is what the books know; nobody read them here.
func (w *world) MasterOf(context.Context, string) (map[master.Key]master.Row, error) {
	return nil, nil
}
