package erp_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// ledger is an ERP in memory whose every answer can go wrong. It takes two
// vouchers with one reference, and it keeps a lost request for later.
type ledger struct {
	erp.Port // what is not needed here
	vouchers []erp.Found
	late     []lateRequest
	next     func() string
	travel   func() time.Time // when a late request arrives
}

// lateRequest is still on its way.
type lateRequest struct {
	at time.Time
	do func()
}

func (l *ledger) Find(_ context.Context, reference string) ([]erp.Found, error) {
	if l.next() == "lost" {
		return nil, port.Fault(port.CodeUnavailable, "")
	}
	var found []erp.Found
	for _, v := range l.vouchers {
		if v.Reference == reference {
			found = append(found, v)
		}
	}
	return found, nil
}

func (l *ledger) Create(_ context.Context, v voucher.Voucher) (erp.Found, error) {
	f := erp.Found{Reference: v.Reference, ID: fmt.Sprint(len(l.vouchers) + 1), State: erp.Draft, Date: v.Date}
	for _, e := range v.Entries {
		f.Lines = append(f.Lines, port.LineOf(e))
	}
	write := func() { f.ID = fmt.Sprint(len(l.vouchers) + 1); l.vouchers = append(l.vouchers, f) }
	return f, l.write(write)
}

func (l *ledger) Post(_ context.Context, f erp.Found) (erp.Found, error) {
	err := l.write(func() {
		for i := range l.vouchers {
			if l.vouchers[i].ID == f.ID {
				l.vouchers[i].State = erp.Posted
			}
		}
	})
	f.State = erp.Posted
	return f, err
}

// write carries a request out now, later or never, and says so or not.
func (l *ledger) write(do func()) error {
	switch l.next() {
	case "lost": // never arrives
		return port.Fault(port.CodeUnknown, "")
	case "unanswered":
		do()
		return port.Fault(port.CodeUnknown, "")
	case "late": // arrives before it counts as settled
		l.late = append(l.late, lateRequest{l.travel(), do})
		return port.Fault(port.CodeUnknown, "")
	case "busy":
		return port.Fault(port.CodeUnavailable, "")
	}
	do()
	return nil
}

// arrive carries out what has arrived by now.
func (l *ledger) arrive(now time.Time) {
	var still []lateRequest
	for _, r := range l.late {
		if r.at.After(now) {
			still = append(still, r)
		} else {
			r.do()
		}
	}
	l.late = still
}

func sample(reference string, minor int64) voucher.Voucher {
	amount := money.Amount{Minor: minor, Currency: "CNY"}
	return voucher.Voucher{Reference: reference, Date: "2026-03-31", Entries: []voucher.Entry{
		{Side: voucher.Debit, Account: "6602", Amount: amount, Base: amount},
		{Side: voucher.Credit, Account: "2202", Amount: amount, Base: amount, Party: "lin"}}}
}

// TestExactlyOnce proves that no order of lost, late and unanswered requests
// makes PostOnce book twice, and that it ends with one posted voucher.
func TestExactlyOnce(t *testing.T) {
	const settle = time.Minute
	rapid.Check(t, func(t *rapid.T) {
		now := time.Now()
		answers := []string{"ok", "lost", "unanswered", "late", "busy"}
		faults := rapid.IntRange(0, 30).Draw(t, "faults")
		books := &ledger{next: func() string {
			if faults--; faults < 0 {
				return "ok"
			}
			return rapid.SampledFrom(answers).Draw(t, "answer")
		}}
		books.travel = func() time.Time {
			return now.Add(time.Duration(rapid.Int64Range(0, int64(settle)).Draw(t, "travel")))
		}
		book := erptest.NewBook()
		book.Now = func() time.Time { return now }
		for try := 0; ; try++ {
			books.arrive(now)
			found, err := erp.PostOnce(context.Background(), erp.PostInput{Port: books, Voucher: sample("v:1:accrual:1", 100),
				Book: book, Settle: settle, Now: func() time.Time { return now }})
			if len(books.vouchers) > 1 {
				t.Fatalf("booked %d times: %+v", len(books.vouchers), book.Attempts("v:1:accrual:1"))
			}
			if err == nil {
				require.Equal(t, erp.Posted, found.State)
				require.Equal(t, erp.Posted, books.vouchers[0].State)
				return
			}
			kind := fault.KindOf(err)
			require.Contains(t, []fault.Kind{fault.Busy, fault.Unknown}, kind, "%v", err)
			require.Less(t, try, 200)
			now = now.Add(rapid.SampledFrom([]time.Duration{0, settle / 8, settle / 2, settle}).Draw(t, "wait"))
		}
	})
}

func TestPostOnceStops(t *testing.T) {
	const ref = "v:1:accrual:1"
	posted := erp.Found{Reference: ref, ID: "1", State: erp.Posted, Date: "2026-03-31"}
	for _, e := range sample(ref, 100).Entries {
		posted.Lines = append(posted.Lines, port.LineOf(e))
	}
	with := func(change func(*erp.Found)) []erp.Found {
		f := posted
		f.Lines = append([]erp.Line{}, posted.Lines...)
		change(&f)
		return []erp.Found{f}
	}
	for _, tt := range []struct {
		name  string
		found []erp.Found
		code  string
	}{
		{"the same content is adopted", with(func(*erp.Found) {}), ""},
		{"lines in another order are the same", with(func(f *erp.Found) { f.Lines[0], f.Lines[1] = f.Lines[1], f.Lines[0] }), ""},
		{"a party that the ERP does not keep is no difference", with(func(f *erp.Found) { f.Lines[1].Party = "" }), ""},
		{"another date", with(func(f *erp.Found) { f.Date = "2026-04-01" }), erp.CodeConflict},
		{"another party", with(func(f *erp.Found) { f.Lines[1].Party = "zhao" }), erp.CodeConflict},
		{"another account", with(func(f *erp.Found) { f.Lines[0].Account = "6601" }), erp.CodeConflict},
		{"another amount", with(func(f *erp.Found) { f.Lines[0].Debit.Minor++ }), erp.CodeConflict},
		{"another currency", with(func(f *erp.Found) { f.Lines[0].Debit.Currency = "EUR" }), erp.CodeConflict},
		{"cancelled in the ERP", with(func(f *erp.Found) { f.State = erp.Cancelled }), erp.CodeConflict},
		{"two of them", []erp.Found{posted, posted}, erp.CodeAmbiguous},
	} {
		t.Run(tt.name, func(t *testing.T) {
			books := &ledger{vouchers: tt.found, next: func() string { return "ok" }}
			got, err := erp.PostOnce(context.Background(), erp.PostInput{Port: books, Voucher: sample(ref, 100),
				Book: erptest.NewBook(), Now: time.Now})
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
			if tt.code == "" {
				require.Equal(t, tt.found[0], got)
			}
		})
	}
}

// TestVanished proves that a voucher which was there, may have been posted, and
// is not found any more is never written anew.
func TestVanished(t *testing.T) {
	const ref = "v:1:accrual:1"
	for _, class := range []erp.Class{"", erp.ClassOK, erp.ClassUnknown} {
		book, now := erptest.NewBook(), time.Now()
		a, err := book.StartAttempt(t.Context(), ref, erp.OpPost, 0)
		require.NoError(t, err)
		require.NoError(t, book.FinishAttempt(t.Context(), a, class, ""))
		in := erp.PostInput{Port: &ledger{next: func() string { return "ok" }}, Voucher: sample(ref, 100), Book: book,
			Settle: time.Minute, Now: func() time.Time { return now }}
		_, err = erp.PostOnce(t.Context(), in)
		require.Equal(t, erp.CodeSettling, fault.CodeOf(err))
		now = now.Add(2 * time.Minute)
		_, err = erp.PostOnce(t.Context(), in)
		require.Equal(t, erp.CodeConflict, fault.CodeOf(err))
	}
}

func TestUnbalancedIsNeverSent(t *testing.T) {
	for name, change := range map[string]func(*voucher.Voucher){
		"one side more":          func(v *voucher.Voucher) { v.Entries[0].Base.Minor++ },
		"one entry only":         func(v *voucher.Voucher) { v.Entries = v.Entries[:1] },
		"no entries":             func(v *voucher.Voucher) { v.Entries = nil },
		"zero":                   func(v *voucher.Voucher) { v.Entries[0].Base.Minor, v.Entries[1].Base.Minor = 0, 0 },
		"negative on both":       func(v *voucher.Voucher) { v.Entries[0].Base.Minor, v.Entries[1].Base.Minor = -1, -1 },
		"in two base currencies": func(v *voucher.Voucher) { v.Entries[1].Base.Currency = "EUR" },
	} {
		v := sample("v:1:accrual:1", 100)
		change(&v)
		_, err := erp.PostOnce(t.Context(), erp.PostInput{Voucher: v, Now: time.Now}) // no port, no book: it must not get there
		require.Equal(t, erp.CodeUnbalanced, fault.CodeOf(err), name)
	}
}

// narrow is an ERP that keeps one dimension.
type narrow struct{ ledger }

func (*narrow) Capabilities() port.Capabilities {
	return port.Capabilities{Dimensions: []string{"department"}}
}

// TestDimensionsAreNotLost proves that nothing is sent where the ERP would leave out what
// the voucher is split by.
func TestDimensionsAreNotLost(t *testing.T) {
	v := sample("v:1:accrual:1", 100)
	books := &narrow{ledger{next: func() string { return "ok" }}}
	in := erp.PostInput{Port: books, Voucher: v, Book: erptest.NewBook(), Now: time.Now}
	v.Entries[0].Dimensions = map[string]string{"department": "sales", "project": "P1"}
	_, err := erp.PostOnce(t.Context(), in)
	require.Equal(t, erp.CodeUnsupported, fault.CodeOf(err), "%v", err)
	said, _ := fault.As(err)
	require.Equal(t, "dimensions: project (6602)", said.Args["what"])
	require.Empty(t, books.vouchers)
	delete(v.Entries[0].Dimensions, "project")
	_, err = erp.PostOnce(t.Context(), in)
	require.NoError(t, err)
}

func TestOpen(t *testing.T) {
	for _, provider := range erp.Providers() { // each wants more than its name
		_, err := erp.Open(erp.Config{Provider: provider, URL: "http://127.0.0.1:1"})
		require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), "%s: %v", provider, err)
	}
	for _, c := range []erp.Config{
		{Provider: "nobody"},
		{Provider: "tryton", URL: "not a url"},
		{Provider: "tryton", URL: "http://127.0.0.1:1"},
		{Provider: "httpjson", URL: "http://127.0.0.1:1", Mapping: "no-such-file.yaml"},
	} {
		_, err := erp.Open(c)
		require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), "%v", err)
	}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", erp.Config{Secret: "hunter2"}, erp.Config{Secret: "hunter2"}, erp.Config{Secret: "hunter2"}), "hunter2")
}

// TestFaultsAreRegistered proves that every code has a kind that its callers can act on.
func TestFaultsAreRegistered(t *testing.T) {
	for code, entry := range port.Faults {
		registered, ok := fault.Lookup(code)
		require.True(t, ok)
		require.Equal(t, entry, registered)
		require.Equal(t, entry.Kind, port.Fault(code, "words").Kind)
	}
}
