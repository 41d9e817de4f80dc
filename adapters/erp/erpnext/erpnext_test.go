package erpnext_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erpnext/sim"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

var year = time.Now().Year()

// fixture is a connector before a fresh simulated ERPNext.
func fixture(t testing.TB) (erptest.Fixture, *sim.Server) {
	t.Helper()
	books := sim.New(sim.Options{Year: year, Closed: fmt.Sprintf("%d-12-31", year-1)})
	server := httptest.NewServer(books)
	t.Cleanup(server.Close)
	proxy := erptest.NewProxy(t, server.URL)
	p, err := erp.Open(config(proxy.URL))
	require.NoError(t, err)
	marks := p.Capabilities()
	return erptest.Fixture{Port: p, Proxy: proxy, Reopen: func() (erp.Port, error) { return erp.Open(config(proxy.URL)) },
		Dimensions: map[string]string{"project": "P-001", "region": "EAST"},
		Creates:    erptest.Marked(marks.Creates), Posts: erptest.Marked(marks.Posts),
		Counted: func(_ context.Context, reference string) (int, int, error) {
			drafts, posted := books.Counted(reference)
			return drafts, posted, nil
		},
		Expense: "6602", Payable: "2202", Bank: "1002", Party: "lin", Journal: "Journal Entry", Base: "CNY",
		Date: fmt.Sprintf("%d-03-31", year), ClosedDate: fmt.Sprintf("%d-01-15", year-1), Settle: 2 * time.Second}, books
}

func config(url string) erp.Config {
	return erp.Config{Name: "erpnext", Provider: "erpnext", URL: url, User: "sim-key", Secret: "sim-secret",
		Company: "Demo Co", Currency: "CNY", Timeout: 2 * time.Second,
		Options: map[string]string{"dimensions": "project=project, region=region"}}
}

// TestDimensionWithoutAField proves that a dimension which ERPNext would drop without a
// word stops the connection, with the key to mend.
func TestDimensionWithoutAField(t *testing.T) {
	server := httptest.NewServer(sim.New(sim.Options{Year: year, NoDimension: true}))
	t.Cleanup(server.Close)
	p, err := erp.Open(config(server.URL))
	require.NoError(t, err)
	_, err = p.Find(t.Context(), "v:nothing:accrual:1")
	require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), "%v", err)
	said, _ := fault.As(err)
	require.Equal(t, "options.dimensions", said.Args["what"])
}

func TestConformance(t *testing.T) {
	t.Parallel()
	erptest.Run(t, func(t *testing.T) erptest.Fixture { f, _ := fixture(t); return f })
}

func TestNemesis(t *testing.T) {
	t.Parallel()
	f, _ := fixture(t)
	f.Settle = time.Second
	erptest.Nemesis(t, f, 24, 15)
}

// TestSetUp proves what a wrong sign-in, company or custom field is called.
func TestSetUp(t *testing.T) {
	for _, tt := range []struct {
		name   string
		site   sim.Options
		change func(*erp.Config)
		code   string
		words  string
	}{
		{"a wrong secret", sim.Options{}, func(c *erp.Config) { c.Secret = "x" }, erp.CodeNotAllowed, "Authentication failed"},
		{"another company", sim.Options{}, func(c *erp.Config) { c.Company = "No Such Ltd" }, erp.CodeBadConfig, "No Such Ltd"},
		{"books in another currency", sim.Options{}, func(c *erp.Config) { c.Currency = "EUR" }, erp.CodeBadConfig, "CNY"},
		{"no custom field", sim.Options{NoField: true}, func(*erp.Config) {}, erp.CodeBadConfig, "make a custom field"},
		{"a custom field that repeats", sim.Options{NotUnique: true}, func(*erp.Config) {}, erp.CodeBadConfig, "tick Unique"},
		{"the only company", sim.Options{}, func(c *erp.Config) { c.Company = "" }, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.site.Year = year
			server := httptest.NewServer(sim.New(tt.site))
			t.Cleanup(server.Close)
			c := config(server.URL)
			tt.change(&c)
			p, err := erp.Open(c)
			require.NoError(t, err)
			_, err = p.Find(t.Context(), "v:nothing:accrual:1")
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
			if tt.code != "" {
				require.ErrorContains(t, err, tt.words)
			}
		})
	}
	for what, change := range map[string]func(*erp.Config){
		"no key":            func(c *erp.Config) { c.User = "" },
		"no address":        func(c *erp.Config) { c.URL = "erpnext" },
		"an unknown option": func(c *erp.Config) { c.Options = map[string]string{"referencefield": "x"} },
	} {
		c := config("http://127.0.0.1:1")
		change(&c)
		_, err := erp.Open(c)
		require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), what)
	}
}

// TestRefusals proves what each exception of Frappe asks the caller to do next,
// with its words freed of HTML.
func TestRefusals(t *testing.T) {
	f, books := fixture(t)
	for _, tt := range []struct {
		status               int
		class, message, code string
	}{
		{417, "ValidationError", "Books have been closed till the period ending on 31-12-2025", erp.CodeClosedPeriod},
		{417, "ClosedAccountingPeriod", "You cannot create a Journal Entry within the closed period", erp.CodeClosedPeriod},
		{417, "FiscalYearError", "Date is not in any active Fiscal Year", erp.CodeClosedPeriod},
		{417, "ValidationError", "You are not authorized to add or update entries before 01-01-2026", erp.CodeClosedPeriod},
		{417, "ValidationError", "Total Debit must be equal to Total Credit.", erp.CodeUnbalanced},
		{417, "LinkValidationError", "Could not find Row #1: Account: x", erp.CodeUnknownAccount},
		{417, "LinkValidationError", "Could not find Row #2: Party: x", erp.CodeUnknownParty},
		{417, "ValidationError", "Row 2: Party Type and Party is required for Receivable / Payable account", erp.CodeUnknownParty},
		{417, "MandatoryError", "something else", erp.CodeRefused},
		{403, "PermissionError", "No permission", erp.CodeNotAllowed},
		{409, "DuplicateEntryError", "there already", erp.CodeUnavailable},
		{429, "RateLimitExceededError", "slow down", erp.CodeRateLimited},
		{429, "SomethingNew", "slow down", erp.CodeRateLimited},
		{503, "SessionStopped", "being updated", erp.CodeUnavailable},
		{500, "QueryDeadlockError", "deadlock", erp.CodeUnavailable},
		{500, "OperationalError", "Lost connection to MySQL server during query", erp.CodeUnknown},
		{500, "KeyError", "'x'", erp.CodeRefused},
	} {
		books.FailNext(tt.status, tt.class, "<b>"+tt.message+"</b>")
		_, err := f.Port.Create(t.Context(), f.Voucher("v:refused:accrual:1", 500))
		require.Equal(t, tt.code, fault.CodeOf(err), "%s: %v", tt.class, err)
		carried, _ := fault.As(err)
		require.Equal(t, tt.message, carried.Args["words"])
	}
}

// TestRows proves where party and cost center go, and what is refused before it is sent.
func TestRows(t *testing.T) {
	f, _ := fixture(t)
	v := f.Voucher("v:rows:accrual:1", 500)
	v.Entries[1].Party = "HR-EMP-1" // an employee may be owed money too
	made, err := f.Port.Create(t.Context(), v)
	require.NoError(t, err)
	require.Equal(t, []string{"", "HR-EMP-1"}, []string{made.Lines[0].Party, made.Lines[1].Party})
	for name, tt := range map[string]struct {
		change func(*voucher.Voucher)
		code   string
	}{
		"a customer on a payable account": {func(v *voucher.Voucher) { v.Entries[1].Party = "kai" }, erp.CodeUnknownParty},
		"a supplier out of use":           {func(v *voucher.Voucher) { v.Entries[1].Party = "gone" }, erp.CodeUnknownParty},
		"an account in dollars":           {func(v *voucher.Voucher) { v.Entries[0].Account = "1009" }, erp.CodeUnsupported},
		"another base currency":           {func(v *voucher.Voucher) { v.Entries[0].Base.Currency = "EUR" }, erp.CodeRefused},
		"an unknown voucher type":         {func(v *voucher.Voucher) { v.Journal = "EXP" }, erp.CodeRefused},
	} {
		v := f.Voucher("v:rows:accrual:2", 500)
		tt.change(&v)
		_, err := f.Port.Create(t.Context(), v)
		require.Equal(t, tt.code, fault.CodeOf(err), "%s: %v", name, err)
	}
	v = f.Voucher("v:rows:accrual:1", 500)
	_, err = f.Port.Create(t.Context(), v)
	require.Equal(t, fault.Busy, fault.KindOf(err), "the reference is taken: look again")
}

// TestNoSecretIsKept holds the log of exchanges, the errors and the log against it.
func TestNoSecretIsKept(t *testing.T) {
	f, _ := fixture(t)
	erptest.Canary(t, config(f.Proxy.URL), f, "sim-key")
}

// TestMasterData tells employees, departments, projects, and the rates of this year that
// the company buys at.
func TestMasterData(t *testing.T) {
	running := httptest.NewServer(sim.New(sim.Options{Year: time.Now().Year()}))
	t.Cleanup(running.Close)
	p, err := erp.Open(config(running.URL))
	require.NoError(t, err)
	all, err := p.Sync(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, []erp.Entry{{ID: "HR-EMP-1", Code: "HR-EMP-1", Name: "Wu", Active: true}}, all.Employees)
	require.Equal(t, []erp.Entry{{ID: "Sales - DC", Code: "Sales - DC", Name: "Sales", Active: true}}, all.Departments)
	require.Len(t, all.Projects, 2)
	require.Equal(t, map[string]bool{"P-000": false, "P-001": true},
		map[string]bool{all.Projects[0].Code: all.Projects[0].Active, all.Projects[1].Code: all.Projects[1].Active})
	require.Len(t, all.Rates, 1)
	require.Equal(t, "EUR 7.8125", string(all.Rates[0].Currency)+" "+all.Rates[0].Value)
}
