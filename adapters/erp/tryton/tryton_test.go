package tryton_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/tryton/server"
	"github.com/countersign/countersign/adapters/erp/tryton/trytontest"
	"github.com/countersign/countersign/domain/fault"
)

// fixture is a connector before a Tryton company, through a proxy of its own.
func fixture(t testing.TB, books *server.Server) erptest.Fixture {
	t.Helper()
	proxy := erptest.NewProxy(t, books.URL)
	p, err := erp.Open(config(books, proxy.URL))
	require.NoError(t, err)
	year := time.Now().Year()
	return erptest.Fixture{Port: p, Proxy: proxy,
		Reopen:  func() (erp.Port, error) { return erp.Open(config(books, proxy.URL)) },
		Creates: erptest.Contains("POST", "model.account.move.create"),
		Posts:   erptest.Contains("POST", "model.account.move.post"),
		Counted: func(ctx context.Context, reference string) (int, int, error) {
			drafts, err := books.DraftMoves(ctx, reference)
			if err != nil {
				return 0, 0, err
			}
			posted, err := books.PostedMoves(ctx, reference)
			return len(drafts), len(posted), err
		},
		Expense: "6602", Payable: "2202", Bank: "1002", Party: "lin", Journal: "EXP", Base: "CNY", Foreign: "EUR",
		Date: fmt.Sprintf("%d-03-31", year), ClosedDate: fmt.Sprintf("%d-01-15", year-1), Settle: 12 * time.Second}
}

func config(s *server.Server, url string) erp.Config {
	return erp.Config{Name: "tryton", Provider: "tryton", URL: url, Database: s.Database, User: s.User,
		Secret: erp.Secret(s.Password), Timeout: 6 * time.Second}
}

func TestConformance(t *testing.T) {
	books := trytontest.Start(t)
	erptest.Run(t, func(t *testing.T) erptest.Fixture { return fixture(t, books) })
}

func TestNemesis(t *testing.T) { erptest.Nemesis(t, fixture(t, trytontest.Start(t)), 24, 10) }

// TestKilledServer proves that a power cut of the ERP in the middle of a batch
// neither loses nor doubles a voucher.
func TestKilledServer(t *testing.T) {
	trytontest.Start(t) // so that this test is left out where the others are
	books, err := server.Start(t.Context(), server.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Stop()) })
	f := fixture(t, books)
	var callers sync.WaitGroup
	for i := range 12 {
		callers.Go(func() {
			book := erptest.NewBook()
			_, err := f.Until(context.Background(), book, f.Voucher(fmt.Sprintf("v:killed-%d:accrual:1", i), 700))
			if err != nil {
				t.Errorf("%d: %v %+v", i, err, book.Attempts(fmt.Sprintf("v:killed-%d:accrual:1", i)))
			}
		})
	}
	time.Sleep(1500 * time.Millisecond)
	require.NoError(t, books.Kill())
	require.NoError(t, books.Resume(t.Context()))
	callers.Wait()
	for i := range 12 {
		posted, err := books.PostedMoves(t.Context(), fmt.Sprintf("v:killed-%d:accrual:1", i))
		require.NoError(t, err)
		require.Len(t, posted, 1)
	}
	drafts, err := books.DraftMoves(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, drafts)
}

// TestAPeriodClosedMeanwhile: a connector that booked on a day refuses it as closed as soon
// as its period is, though it knew it open.
func TestAPeriodClosedMeanwhile(t *testing.T) {
	books := trytontest.Start(t)
	f := fixture(t, books)
	f.Date = fmt.Sprintf("%d-10-15", time.Now().Year()+1) // a period that no other test books in
	create := func(reference string) error {
		_, err := f.Port.Create(t.Context(), f.Voucher(reference, 700))
		return err
	}
	require.NoError(t, create("v:meanwhile-1:accrual:1"))
	of := func(state string) {
		require.NoError(t, books.Tamper(t.Context(), "UPDATE account_period SET state = $1 WHERE name = $2", state, f.Date[:7]))
	}
	of("close")
	defer of("open")
	require.Equal(t, erp.CodeClosedPeriod, fault.CodeOf(create("v:meanwhile-2:accrual:1")))
}

// TestUniqueIndex proves that with the index we recommend a twin is refused as
// Busy: the next look finds the first.
func TestUniqueIndex(t *testing.T) {
	books := trytontest.Start(t)
	require.NoError(t, books.RefuseTwins(t.Context()))
	f := fixture(t, books)
	const ref = "v:twin:accrual:1"
	_, err := f.Port.Create(t.Context(), f.Voucher(ref, 500))
	require.NoError(t, err)
	_, err = f.Port.Create(t.Context(), f.Voucher(ref, 500))
	require.Equal(t, fault.Busy, fault.KindOf(err), "%v", err)
	found, err := f.Until(t.Context(), erptest.NewBook(), f.Voucher(ref, 500))
	require.NoError(t, err)
	require.Equal(t, erp.Posted, found.State)
}

// TestLogin proves what a wrong password or database is called.
func TestLogin(t *testing.T) {
	books := trytontest.Start(t)
	for _, tt := range []struct {
		name   string
		change func(*erp.Config)
		code   string
	}{
		{"a wrong password", func(c *erp.Config) { c.Secret = "wrong" }, erp.CodeNotAllowed},
		{"a database that is not there", func(c *erp.Config) { c.Database = "nowhere" }, erp.CodeUnavailable},
		{"a company that is not there", func(c *erp.Config) { c.Company = "No Such Ltd" }, erp.CodeBadConfig},
		{"books in another currency", func(c *erp.Config) { c.Currency = "EUR" }, erp.CodeBadConfig},
		{"the company by its name", func(c *erp.Config) { c.Company = "Demo Co" }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := config(books, books.URL)
			tt.change(&c)
			p, err := erp.Open(c)
			require.NoError(t, err)
			_, err = p.Find(t.Context(), "v:nothing:accrual:1")
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
		})
	}
}

// TestNoSecretIsKept holds the log of exchanges, the errors and the log against it.
func TestNoSecretIsKept(t *testing.T) {
	books := trytontest.Start(t)
	f := fixture(t, books)
	erptest.Canary(t, config(books, f.Proxy.URL), f)
}
