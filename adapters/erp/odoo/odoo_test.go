package odoo_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/odoo/sim"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
)

var year = time.Now().Year()

// fixture is a connector before a fresh simulated Odoo of a version, which is
// not told which dialect to speak.
func fixture(t testing.TB, version int) (erptest.Fixture, *sim.Server) {
	t.Helper()
	books := sim.New(sim.Options{Version: version, Locked: fmt.Sprintf("%d-12-31", year-1)})
	server := httptest.NewServer(books)
	t.Cleanup(server.Close)
	proxy := erptest.NewProxy(t, server.URL)
	p, err := erp.Open(config(proxy.URL))
	require.NoError(t, err)
	marks := p.Capabilities()
	var dimensions map[string]string
	if version >= 16 {
		dimensions = map[string]string{"project": "P-001"}
	}
	return erptest.Fixture{Port: p, Proxy: proxy, Reopen: func() (erp.Port, error) { return erp.Open(config(proxy.URL)) }, Dimensions: dimensions, Creates: erptest.Marked(marks.Creates), Posts: erptest.Marked(marks.Posts),
		Counted: func(_ context.Context, reference string) (int, int, error) {
			drafts, posted := books.Counted(reference)
			return drafts, posted, nil
		},
		Expense: "6602", Payable: "2202", Bank: "1002", Party: "lin", Journal: "EXP", Base: "CNY", Foreign: "EUR",
		Date: fmt.Sprintf("%d-03-31", year), ClosedDate: fmt.Sprintf("%d-01-15", year-1), Settle: 2 * time.Second}, books
}

func config(url string) erp.Config {
	return erp.Config{Name: "odoo", Provider: "odoo", URL: url, Database: "demo", User: "countersign", Secret: "sim-key",
		Currency: "CNY", Timeout: 2 * time.Second, Options: map[string]string{"dimensions": "project=Projects"}}
}

func TestConformance(t *testing.T) {
	for _, version := range []int{13, 17, 19} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			erptest.Run(t, func(t *testing.T) erptest.Fixture { f, _ := fixture(t, version); return f })
		})
	}
}

func TestNemesis(t *testing.T) {
	for _, version := range []int{17, 19} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			f, _ := fixture(t, version)
			f.Settle = time.Second
			erptest.Nemesis(t, f, 24, 15)
		})
	}
}

// TestMovedDate proves that an entry which Odoo moved to another day, because
// somebody locked the books between our look and the post, stops for a person.
func TestMovedDate(t *testing.T) {
	f, books := fixture(t, 19)
	draft, err := f.Port.Create(t.Context(), f.Voucher("v:moved:accrual:1", 500))
	require.NoError(t, err)
	books.Lock(f.Date)
	_, err = f.Port.Post(t.Context(), draft)
	require.Equal(t, erp.CodeConflict, fault.CodeOf(err), "%v", err)
	require.Contains(t, err.Error(), f.Date)
}

// TestCostCenter proves that a cost center without an analytic account is still read in the books.
func TestCostCenter(t *testing.T) {
	for _, tt := range []struct{ version, kept int }{{17, 1}, {13, 0}} {
		f, books := fixture(t, tt.version)
		_, err := f.PostOnce(t.Context(), erptest.NewBook(), f.Voucher("v:cost:accrual:1", 500))
		require.NoError(t, err)
		spread, named := books.Spread("CC-SALES")
		require.Equal(t, tt.kept, spread)
		require.Equal(t, 1-tt.kept, named)
	}
}

// TestRetiredAccount proves that an account out of use is refused before anything
// is sent, and told so by Sync, whatever the version calls it.
func TestRetiredAccount(t *testing.T) {
	for _, version := range []int{17, 19} {
		f, _ := fixture(t, version)
		v := f.Voucher("v:retired:accrual:1", 500)
		v.Entries[0].Account = "6999"
		_, err := f.Port.Create(t.Context(), v)
		require.Equal(t, erp.CodeUnknownAccount, fault.CodeOf(err), "%v", err)
		all, err := f.Port.Sync(t.Context(), time.Time{})
		require.NoError(t, err)
		active := map[string]bool{}
		for _, a := range all.Accounts {
			active[a.Code] = a.Active
		}
		require.Equal(t, map[string]bool{"6602": true, "2202": true, "1002": true, "6999": false}, active)
		require.Len(t, all.CostCenters, 3)
	}
}

// TestRatesAndPlans are read as Odoo means them: the company's own quote before that of all,
// crossed with the books' currency, and analytic accounts by what their plans are for.
func TestRatesAndPlans(t *testing.T) {
	server := sim.New(sim.Options{Version: 17})
	server.Rate("EUR", "2026-02-01", "0.2", false)
	server.Rate("EUR", "2026-02-01", "0.25", true)
	server.Rate("CNY", "2026-01-15", "2", false)
	running := httptest.NewServer(server)
	t.Cleanup(running.Close)
	c := config(running.URL)
	c.Options = map[string]string{"dimensions": "project=Projects, department=Departments"}
	p, err := erp.Open(c)
	require.NoError(t, err)
	all, err := p.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	rates := map[string]string{}
	for _, r := range all.Rates {
		rates[string(r.Currency)+" "+r.Date] = r.Value
	}
	require.Equal(t, map[string]string{"EUR 2026-01-01": "7.8125", "EUR 2026-02-01": "8"}, rates)
	require.Len(t, all.Projects, 2)
	require.Len(t, all.Departments, 1)
	require.Equal(t, "CC-SALES", all.Departments[0].Code)
}

// TestEmployees are read where the connection says so, by the reference of their work
// contact; what an option says that nobody knows is refused.
func TestEmployees(t *testing.T) {
	for _, version := range []int{13, 17, 19} {
		running := httptest.NewServer(sim.New(sim.Options{Version: version}))
		t.Cleanup(running.Close)
		read := func(value string) (erp.Capabilities, []string, error) {
			c := config(running.URL)
			c.Options = map[string]string{"employees": value}
			p, err := erp.Open(c)
			require.NoError(t, err)
			all, err := p.Sync(t.Context(), time.Now().Add(time.Hour))
			var found []string
			for _, e := range all.Employees {
				found = append(found, fmt.Sprint(e.Code, " ", e.Name, " ", e.Active))
			}
			return p.Capabilities(), found, err
		}
		can, found, err := read("no")
		require.NoError(t, err)
		require.NotContains(t, can.Master, master.Employee)
		require.Empty(t, found)
		can, found, err = read("yes")
		require.Contains(t, can.Master, master.Employee)
		if version < 17 {
			require.Error(t, err, "the module is not there")
			continue
		}
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"lin 林晓 true"}, found)
	}
	for _, options := range []map[string]string{{"employee": "yes"}, {"employees": "some"}} {
		c := config("http://127.0.0.1:1")
		c.Options = options
		_, err := erp.Open(c)
		require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), "%v", options)
	}
}

// TestLogin proves what a wrong key, database or company is called.
func TestLogin(t *testing.T) {
	for _, version := range []int{17, 19} {
		server := httptest.NewServer(sim.New(sim.Options{Version: version}))
		t.Cleanup(server.Close)
		for _, tt := range []struct {
			name   string
			change func(*erp.Config)
			codes  [2]string // by JSON-RPC, by JSON-2
		}{
			{"a wrong key", func(c *erp.Config) { c.Secret = "wrong" }, [2]string{erp.CodeNotAllowed, erp.CodeNotAllowed}},
			{"a stranger", func(c *erp.Config) { c.User = "nobody" }, [2]string{erp.CodeNotAllowed, ""}},
			{"another database", func(c *erp.Config) { c.Database = "nowhere" }, [2]string{erp.CodeNotAllowed, erp.CodeBadConfig}},
			{"no database", func(c *erp.Config) { c.Database = "" }, [2]string{erp.CodeBadConfig, ""}},
			{"a company that is not there", func(c *erp.Config) { c.Company = "No Such Ltd" }, [2]string{erp.CodeBadConfig, erp.CodeBadConfig}},
			{"books in another currency", func(c *erp.Config) { c.Currency = "EUR" }, [2]string{erp.CodeBadConfig, erp.CodeBadConfig}},
			{"the company by its name", func(c *erp.Config) { c.Company = "Demo Co" }, [2]string{}},
			{"the company by its id", func(c *erp.Config) { c.Company = "1" }, [2]string{}},
			{"a dialect the server does not speak", func(c *erp.Config) { c.Options = map[string]string{"dialect": "json2"} },
				[2]string{erp.CodeBadConfig, ""}},
		} {
			t.Run(fmt.Sprint(version, " ", tt.name), func(t *testing.T) {
				c := config(server.URL)
				tt.change(&c)
				p, err := erp.Open(c)
				require.NoError(t, err)
				_, err = p.Find(t.Context(), "v:nothing:accrual:1")
				want := tt.codes[0]
				if version >= 19 {
					want = tt.codes[1]
				}
				require.Equal(t, want, fault.CodeOf(err), "%v", err)
			})
		}
	}
}

// TestRefusals proves what each exception of Odoo asks the caller to do next,
// in both dialects.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct{ class, message, code string }{
		{"odoo.exceptions.UserError", "You cannot add/modify entries prior to and inclusive of the lock date 12/31/2025.", erp.CodeClosedPeriod},
		{"odoo.exceptions.UserError", "You cannot add/modify entries prior to and inclusive of: Hard Lock Date (12/31/2025).", erp.CodeClosedPeriod},
		{"odoo.exceptions.UserError", "The move (Draft Entry) is not balanced.", erp.CodeUnbalanced},
		{"odoo.exceptions.UserError", "A line of this move is using a archived account, you cannot post it.", erp.CodeUnknownAccount},
		{"odoo.exceptions.ValidationError", "The sequence format has changed.", erp.CodeRefused},
		{"odoo.exceptions.AccessError", "You are not allowed to create 'Journal Entry' (account.move) records.", erp.CodeNotAllowed},
		{"odoo.exceptions.AccessDenied", "Access Denied", erp.CodeNotAllowed},
		{"odoo.exceptions.MissingError", "Record does not exist or has been deleted.", erp.CodeRefused},
		{"psycopg2.errors.SerializationFailure", "could not serialize access due to concurrent update", erp.CodeUnavailable},
		{"psycopg2.errors.UniqueViolation", "duplicate key value violates unique constraint", erp.CodeUnavailable},
		{"psycopg2.OperationalError", "server closed the connection unexpectedly", erp.CodeUnknown},
		{"builtins.KeyError", "'nosuch'", erp.CodeRefused},
		{"werkzeug.exceptions.TooManyRequests", "slow down", erp.CodeRateLimited},
	} {
		for _, version := range []int{17, 19} {
			t.Run(fmt.Sprint(version, " ", tt.class, " ", tt.message), func(t *testing.T) {
				f, books := fixture(t, version)
				books.FailNext("create", tt.class, tt.message)
				_, err := f.Port.Create(t.Context(), f.Voucher("v:refused:accrual:1", 500))
				require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
				carried, _ := fault.As(err)
				require.Equal(t, tt.message, carried.Args["words"])
			})
		}
	}
}

// TestNoSecretIsKept holds the log of exchanges, the errors and the log against it.
func TestNoSecretIsKept(t *testing.T) {
	for _, version := range []int{17, 19} {
		f, _ := fixture(t, version)
		erptest.Canary(t, config(f.Proxy.URL), f)
	}
}
