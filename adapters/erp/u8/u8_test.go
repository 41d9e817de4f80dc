package u8_test

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
	"github.com/countersign/countersign/adapters/erp/conformance"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/simbooks"
	"github.com/countersign/countersign/adapters/erp/u8/sim"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// config is a connection to a gateway at an address.
func config(url string) erp.Config {
	return erp.Config{Name: "u8", Provider: "u8", URL: url, User: sim.AppKey, Secret: sim.AppSecret, Currency: "CNY",
		Timeout: 2 * time.Second, Options: map[string]string{"from_account": sim.From, "to_account": sim.To, "maker": "demo",
			"dimensions": "2241.party=personnel_id, 1221.party=personnel_id, 2202.party=supplier_id, 66.cost_center=dept_id, " +
				"66.project=item_id"}}
}

func fixture(t testing.TB, change func(*erp.Config)) (erptest.Fixture, *sim.Server) {
	t.Helper()
	gateway := sim.New()
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	proxy := erptest.NewProxy(t, server.URL)
	c := config(proxy.URL)
	if change != nil {
		change(&c)
	}
	p, err := erp.Open(c)
	require.NoError(t, err)
	adds := erptest.Contains(http.MethodPost, "voucher/add")
	year := time.Now().Year()
	return erptest.Fixture{Port: p, Proxy: proxy, Reopen: func() (erp.Port, error) { return erp.Open(c) }, Creates: adds,
		Counted: func(_ context.Context, reference string) (int, int, error) {
			drafts, posted := gateway.Books.Count(voucher.Short(reference), "made")
			return drafts, posted, nil
		},
		Expense: "6602", Payable: "2241", Bank: "1002", Party: "lin", Base: "CNY", Foreign: "EUR",
		Dimensions: map[string]string{"project": "P-001"},
		Date:       fmt.Sprintf("%d-03-31", year), ClosedDate: fmt.Sprintf("%d-01-15", year-1), Settle: 1500 * time.Millisecond}, gateway
}

func with(reference string) func(simbooks.Voucher) bool {
	return func(v simbooks.Voucher) bool { return v.Ref == voucher.Short(reference) }
}

func TestConformance(t *testing.T) {
	t.Parallel()
	erptest.Run(t, func(t *testing.T) erptest.Fixture { f, _ := fixture(t, nil); return f })
}

func TestNemesis(t *testing.T) {
	t.Parallel()
	f, _ := fixture(t, nil)
	erptest.Nemesis(t, f, 30, 20)
}

// TestListsByPages proves that a day of more entries than one page has, and a voucher of more, are
// listed whole, without what others made, and that a long abstract keeps the mark.
func TestListsByPages(t *testing.T) {
	f, gateway := fixture(t, nil)
	gateway.Rows = 3
	want := map[string]int64{}
	for i := range 5 {
		v := f.Voucher(fmt.Sprintf("v:page-%d:accrual:1", i), int64(100+i))
		v.Entries[0].Text = strings.Repeat("长", 130)
		_, err := f.PostOnce(t.Context(), erptest.NewBook(), v)
		require.NoError(t, err)
		want[voucher.Short(v.Reference)] = int64(100 + i)
	}
	_, no := gateway.Books.Add(simbooks.Voucher{Date: f.Date, State: "made", Lines: []simbooks.Line{
		{Account: "1002", Debit: 5, Text: "# 0123456789abc"}, {Account: "1002", Credit: 5}}}, false)
	require.Nil(t, no)
	lister, _ := f.Port.(erp.Lister)
	year, got := f.Date[:4], map[string]int64{}
	for asked := (erp.Listing{From: year + "-03-30", Until: year + "-04-02"}); ; {
		page, err := lister.List(t.Context(), asked)
		require.NoError(t, err)
		for _, found := range page.Vouchers {
			require.Len(t, found.Lines, 2)
			got[found.Reference] = found.Totals.Debit.Minor
		}
		if asked.Cursor = page.Next; asked.Cursor == "" {
			break
		}
	}
	require.Equal(t, want, got)
	_, err := lister.List(t.Context(), erp.Listing{From: "soon", Until: "2026-01-01"})
	require.Equal(t, erp.CodeRefused, fault.CodeOf(err))
}

// TestFaultsOfTheGateway proves what each refusal asks the caller to do next.
func TestFaultsOfTheGateway(t *testing.T) {
	for _, tt := range []struct{ call, kind, code string }{
		{"voucher/add", sim.EndToken, ""},
		{"voucherdetails/batch_get", sim.EndToken, ""},
		{"voucher/add", sim.TooOften, erp.CodeRateLimited},
		{"voucher/add", sim.Closing, erp.CodeUnavailable},
		{"voucher/add", sim.Offline, erp.CodeUnknown},
		{"voucherdetails/batch_get", sim.Offline, erp.CodeUnavailable},
	} {
		f, gateway := fixture(t, nil)
		gateway.Faults.Add(tt.call, tt.kind, 1)
		_, err := f.PostOnce(t.Context(), erptest.NewBook(), f.Voucher("v:fault:accrual:1", 100))
		require.Equal(t, tt.code, fault.CodeOf(err), "%s %s: %v", tt.call, tt.kind, err)
	}
}

// TestDoneLate proves that a gateway which gave up waiting for its U8 is not believed.
func TestDoneLate(t *testing.T) {
	f, gateway := fixture(t, nil)
	gateway.Faults.Add("voucher/add", sim.DoneLate, 1)
	book, v := erptest.NewBook(), f.Voucher("v:late:accrual:1", 100)
	_, err := f.PostOnce(t.Context(), book, v)
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	_, err = f.PostOnce(t.Context(), book, v)
	require.NoError(t, err)
	require.Len(t, gateway.Books.Where(with(v.Reference)), 1)
}

// TestWhatIsBooked proves what lands in U8 beside the amounts; a foreign amount
// stays readable.
func TestWhatIsBooked(t *testing.T) {
	f, gateway := fixture(t, nil)
	v := f.Voucher("v:eur:accrual:1", 78125)
	for i := range v.Entries {
		v.Entries[i].Amount.Minor, v.Entries[i].Amount.Currency = 10000, "EUR"
	}
	found, err := f.PostOnce(t.Context(), erptest.NewBook(), v)
	require.NoError(t, err)
	lines := gateway.Books.Where(with(v.Reference))[0].Lines
	require.Equal(t, "出租车 taxi EUR 100.00 #"+voucher.Short(v.Reference), lines[0].Text)
	require.Equal(t, "出租车 taxi EUR 100.00", lines[1].Text)
	require.Equal(t, map[string]string{"department": "CC-SALES"}, lines[0].Dimensions)
	require.Equal(t, map[string]string{"employee": "lin"}, lines[1].Dimensions)
	_, err = f.Port.Reverse(t.Context(), found, "v:eur:reversal:1", f.Date)
	require.NoError(t, err)
	undone := gateway.Books.Where(with("v:eur:reversal:1"))[0].Lines // debit entries come first
	require.Equal(t, [2]string{"2241", "6602"}, [2]string{undone[0].Account, undone[1].Account})
	require.Equal(t, "CC-SALES", undone[1].Dimensions["department"])
}

// TestTwinIsRefused proves that the gateway's idempotency key is sent: a second voucher under the same
// reference is refused as Busy, and the next look finds the first.
func TestTwinIsRefused(t *testing.T) {
	f, _ := fixture(t, nil)
	_, err := f.Port.Create(t.Context(), f.Voucher("v:twin:accrual:1", 100))
	require.NoError(t, err)
	_, err = f.Port.Create(t.Context(), f.Voucher("v:twin:accrual:1", 100))
	require.Equal(t, erp.CodeUnavailable, fault.CodeOf(err), "%v", err)
}

// TestLogin proves what a wrong login is called, and that no fault shows a secret
// or a token, though both travel in addresses and the gateway repeats them.
func TestLogin(t *testing.T) {
	const canary = "canary-4711-secret"
	for _, tt := range []struct {
		name   string
		change func(*erp.Config)
	}{
		{"a wrong secret", func(c *erp.Config) { c.Secret = canary }},
		{"another app", func(c *erp.Config) { c.User = "x" }},
		{"another company", func(c *erp.Config) { c.Options["to_account"] = "x" }},
	} {
		f, _ := fixture(t, tt.change)
		_, err := f.Port.Find(t.Context(), "v:nothing:accrual:1")
		require.Equal(t, erp.CodeNotAllowed, fault.CodeOf(err), "%s: %v", tt.name, err)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, f.Port, f.Port), canary, tt.name)
	}
	f, gateway := fixture(t, nil)
	_, err := f.Port.Find(t.Context(), "v:nothing:accrual:1")
	require.NoError(t, err)
	f.Proxy.Set(func(*http.Request, []byte) erptest.Fault { return conformance.DropBefore })
	_, err = f.Port.Find(t.Context(), "v:nothing:accrual:1")
	require.NotContains(t, err.Error(), "token=")
	f.Proxy.Set(nil)
	gateway.Faults.Add("", sim.EndToken, 2) // the new one is refused too
	_, err = f.Port.Find(t.Context(), "v:nothing:accrual:1")
	require.Equal(t, erp.CodeNotAllowed, fault.CodeOf(err))
}

// TestConfigIsChecked proves that a mistake names its key.
func TestConfigIsChecked(t *testing.T) {
	for what, change := range map[string]func(*erp.Config){
		"url":                     func(c *erp.Config) { c.URL = "u8" },
		"password":                func(c *erp.Config) { c.Secret = "" },
		"options.from_account":    func(c *erp.Config) { delete(c.Options, "from_account") },
		"options.maker":           func(c *erp.Config) { delete(c.Options, "maker") },
		"options.dimensions":      func(c *erp.Config) { c.Options["dimensions"] = "2241.party=FFLEX7" },
		"options.rate_method":     func(c *erp.Config) { c.Options["rate_method"] = "times" },
		"options.rate_currencies": func(c *erp.Config) { c.Options["rate_currencies"] = "美元=dollar" },
		"options.makers":          func(c *erp.Config) { c.Options["makers"] = "x" },
	} {
		c := config("http://u8")
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
