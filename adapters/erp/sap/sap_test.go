package sap_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/sap/sim"
	"github.com/countersign/countersign/adapters/erp/simbooks"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// config is a connection to a host at an address.
func config(url string) erp.Config {
	return erp.Config{Name: "s4", Provider: "sap", URL: url, Company: sim.Company, User: sim.User, Secret: sim.Password,
		Currency: "CNY", Timeout: 2 * time.Second, Options: map[string]string{"created_by": sim.Creator, "chart": sim.Chart,
			"dimensions": "2202.party=creditor, 1122.party=debtor, 66.cost_center=CostCenter, " +
				"66.project=WBSElement, 66.profit_center=ProfitCenter, 66.order=OrderID"}}
}

func fixture(t testing.TB, change func(*erp.Config)) (erptest.Fixture, *sim.Server) {
	t.Helper()
	system := sim.New()
	server := httptest.NewServer(system)
	t.Cleanup(server.Close)
	proxy := erptest.NewProxy(t, server.URL)
	c := config(proxy.URL)
	if change != nil {
		change(&c)
	}
	p, err := erp.Open(c)
	require.NoError(t, err)
	posts := erptest.Contains(http.MethodPost, "JournalEntryBulkCreateRequest")
	year := time.Now().Year()
	return erptest.Fixture{Port: p, Proxy: proxy, Reopen: func() (erp.Port, error) { return erp.Open(c) }, Creates: posts,
		Counted: func(_ context.Context, reference string) (int, int, error) {
			waiting, posted := system.Counted(short(reference))
			return waiting, posted, nil
		},
		Expense: "6602", Payable: "2202", Bank: "1002", Party: "SUP001", Base: "CNY", Foreign: "EUR",
		Dimensions: map[string]string{"project": "P-001", "profit_center": "PC-EAST", "order": "400001"},
		Date:       fmt.Sprintf("%d-03-31", year), ClosedDate: fmt.Sprintf("%d-01-15", year-1), Settle: 1500 * time.Millisecond}, system
}

func short(reference string) string { return strings.ToUpper(voucher.Short(reference)) }

func with(reference string) func(simbooks.Voucher) bool {
	return func(v simbooks.Voucher) bool { return v.Ref == short(reference) }
}

func TestConformance(t *testing.T) {
	t.Parallel()
	erptest.Run(t, func(t *testing.T) erptest.Fixture { f, _ := fixture(t, nil); return f })
}

func TestNemesis(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*erp.Config){"at once": nil, "later": async} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := fixture(t, change)
			erptest.Nemesis(t, f, 24, 20)
		})
	}
}

func async(c *erp.Config) { c.Options["posting"] = "async" }

// TestConformanceLater keeps what can be promised where SAP posts in its own time.
func TestConformanceLater(t *testing.T) {
	t.Parallel()
	erptest.Run(t, func(t *testing.T) erptest.Fixture {
		f, _ := fixture(t, async)
		return f
	})
}

// TestPostsLater proves that a message is waited for and never sent twice, and that one
// which SAP refused stops for a person until it is ruled gone.
func TestPostsLater(t *testing.T) {
	f, system := fixture(t, async)
	system.Slow, f.Settle = 3, time.Minute
	found, err := f.PostOnce(t.Context(), erptest.NewBook(), f.Voucher("v:later:accrual:1", 100))
	require.NoError(t, err)
	require.Equal(t, erp.Posted, found.State)
	require.NotEmpty(t, found.Number)

	system.Slow = 0
	book, v := erptest.NewBook(), f.Voucher("v:refused:accrual:1", 100)
	v.Entries[0].Account = "9999"
	in := erp.PostInput{Port: f.Port, Voucher: v, Book: book, Settle: time.Minute, Now: time.Now}
	waiting, refused := context.WithCancel(t.Context())
	said := ""
	system.OnRefusal = func(words string) {
		said = words
		refused() // nobody need wait any longer
	}
	_, err = erp.PostOnce(waiting, in)
	require.Equal(t, erp.CodeUnknown, fault.CodeOf(err), "%v", err)
	require.ErrorIs(t, waiting.Err(), context.Canceled, "it was worked on")
	require.Contains(t, said, "9999")
	in.Now = func() time.Time { return time.Now().Add(time.Hour) }
	_, err = erp.PostOnce(t.Context(), in)
	require.Equal(t, erp.CodeConflict, fault.CodeOf(err), "a person looks into SAP's monitor: %v", err)
	v.Entries[0].Account, in.Voucher, in.Now, in.Gone = "6602", v, time.Now, true
	in.Now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	book.Now = in.Now
	_, err = erp.PostOnce(t.Context(), in)
	require.NoError(t, err)
	left, posted := system.Counted(short(v.Reference))
	require.Equal(t, [2]int{0, 1}, [2]int{left, posted})
}

// TestFaultsOfSAP proves what each answer asks the caller to do next, and that what
// was posted behind a strange answer is found and adopted.
func TestFaultsOfSAP(t *testing.T) {
	for _, tt := range []struct {
		kind, code string
		posted     int
	}{
		{sim.Locked, erp.CodeUnavailable, 0},
		{sim.NoRight, erp.CodeNotAllowed, 0},
		{sim.Dump, erp.CodeUnknown, 0},
		{sim.DoneLate, erp.CodeUnknown, 1},
		{sim.Evil, erp.CodeUnknown, 1},
		{sim.Strange, erp.CodeUnknown, 1},
		{sim.Silent, erp.CodeUnknown, 1},
	} {
		f, system := fixture(t, nil)
		system.Faults.Add("post", tt.kind, 1)
		book, v := erptest.NewBook(), f.Voucher("v:fault:accrual:1", 100)
		_, err := f.PostOnce(t.Context(), book, v)
		require.Equal(t, tt.code, fault.CodeOf(err), "%s: %v", tt.kind, err)
		require.Len(t, system.Books.Where(with(v.Reference)), tt.posted, tt.kind)
		if tt.posted == 1 {
			_, err = f.PostOnce(t.Context(), book, v)
			require.NoError(t, err)
			require.Len(t, system.Books.Where(with(v.Reference)), 1, tt.kind)
		}
	}
	f, system := fixture(t, nil)
	system.Faults.Add("read", sim.NotThere, 1)
	_, err := f.Port.Find(t.Context(), "v:nothing:accrual:1")
	require.Equal(t, erp.CodeUnsupported, fault.CodeOf(err))
}

// TestWhatIsPosted proves what lands in SAP beside the amounts, and that a reversal
// keeps both currencies.
func TestWhatIsPosted(t *testing.T) {
	f, system := fixture(t, nil)
	v := f.Voucher("v:eur:accrual:1", 78125)
	for i := range v.Entries {
		v.Entries[i].Amount.Minor, v.Entries[i].Amount.Currency = 10000, "EUR"
	}
	v.Entries[0].Text = `a <b> & "c" 摘要` // text stays text
	found, err := f.PostOnce(t.Context(), erptest.NewBook(), v)
	require.NoError(t, err)
	lines := system.Books.Where(with(v.Reference))[0].Lines
	require.Equal(t, [5]string{"6602", "EUR", "100.00", `a <b> & "c" 摘要`, "CC-SALES"},
		[5]string{lines[0].Account, lines[0].Currency, lines[0].Foreign, lines[0].Text, lines[0].Dimensions["department"]})
	require.Equal(t, [3]string{"2202", "-100.00", "SUP001"},
		[3]string{lines[1].Account, lines[1].Foreign, lines[1].Dimensions["supplier"]})
	_, err = f.Port.Reverse(t.Context(), found, "v:eur:reversal:1", f.Date)
	require.NoError(t, err)
	lines = system.Books.Where(with("v:eur:reversal:1"))[0].Lines
	require.Equal(t, [3]string{"6602", "-100.00", "CC-SALES"},
		[3]string{lines[0].Account, lines[0].Foreign, lines[0].Dimensions["department"]})
	require.Equal(t, int64(78125), lines[0].Credit)
}

// TestLogin proves what a wrong login is called, and that no fault shows a secret.
func TestLogin(t *testing.T) {
	const canary = "canary-4711-secret"
	for _, tt := range []struct {
		name   string
		change func(*erp.Config)
	}{
		{"a wrong password", func(c *erp.Config) { c.Secret = canary }},
		{"another user", func(c *erp.Config) { c.User = "x" }},
	} {
		f, _ := fixture(t, tt.change)
		_, err := f.Port.Find(t.Context(), "v:nothing:accrual:1")
		require.Equal(t, erp.CodeNotAllowed, fault.CodeOf(err), "%s: %v", tt.name, err)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, f.Port, f.Port), canary, tt.name)
		_, err = f.Port.Create(t.Context(), f.Voucher("v:login:accrual:1", 100))
		require.Equal(t, erp.CodeNotAllowed, fault.CodeOf(err), "%s: %v", tt.name, err)
	}
}

// TestConfigIsChecked proves that a mistake names its key.
func TestConfigIsChecked(t *testing.T) {
	for what, change := range map[string]func(*erp.Config){
		"url":                func(c *erp.Config) { c.URL = "s4" },
		"company":            func(c *erp.Config) { c.Company = "" },
		"currency":           func(c *erp.Config) { c.Currency = "" },
		"options.created_by": func(c *erp.Config) { delete(c.Options, "created_by") },
		"options.dimensions": func(c *erp.Config) { c.Options["dimensions"] = "2202.party=CostCenter" },
		"options.posting":    func(c *erp.Config) { c.Options["posting"] = "soon" },
		"options.rates_path": func(c *erp.Config) {
			c.Options["rates_path"], c.Options["factors_path"] = "YY1_RATES_CDS/YY1_Rates?x=1", sim.FactorsPath
		},
		"options.factors_path": func(c *erp.Config) {
			c.Options["rates_path"], c.Options["factors_path"] = sim.RatesPath, "../"+sim.FactorsPath
		},
		"options.charts": func(c *erp.Config) { c.Options["charts"] = "YCOA" },
	} {
		c := config("http://s4")
		change(&c)
		_, err := erp.Open(c)
		require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), what)
		said, _ := fault.As(err)
		require.Equal(t, what, said.Args["what"])
	}
}

// TestNoSecretIsKept holds the log of exchanges, the errors and the log against it.
func TestNoSecretIsKept(t *testing.T) {
	f, _ := fixture(t, nil)
	erptest.Canary(t, config(f.Proxy.URL), f)
}
