package yonbip_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/conformance"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/simbooks"
	"github.com/countersign/countersign/adapters/erp/yonbip/sim"
	"github.com/countersign/countersign/domain/fault"
)

// config is a connection to a tenant at an address.
func config(url string) erp.Config {
	return erp.Config{Name: "bip", Provider: "yonbip", URL: url, User: sim.AppKey, Secret: sim.AppSecret, Currency: "CNY",
		Timeout: 2 * time.Second, Options: map[string]string{"tenant": sim.Tenant, "account_book": sim.Book,
			"voucher_type": sim.Type,
			"maker":        "maker@example.com", "look_back": "24", "gateway_url": url + "/iuap-api-gateway",
			"token_url":       url + "/iuap-api-auth",
			"dimensions":      "2202.party=0004, 2241.party=0003, 1221.party=0003, 66.cost_center=0001, 66.project=0010",
			"dimension_types": "0004=supplier, 0003=employee, 0001=department, 0010=project"}}
}

func fixture(t testing.TB, change func(*erp.Config)) (erptest.Fixture, *sim.Server) {
	t.Helper()
	tenant := sim.New()
	server := httptest.NewServer(tenant)
	t.Cleanup(server.Close)
	proxy := erptest.NewProxy(t, server.URL)
	c := config(proxy.URL)
	if change != nil {
		change(&c)
	}
	p, err := erp.Open(c)
	require.NoError(t, err)
	adds := erptest.Contains(http.MethodPost, "addVoucher")
	return erptest.Fixture{Port: p, Proxy: proxy, Reopen: func() (erp.Port, error) { return erp.Open(c) }, Creates: adds,
		Counted: func(_ context.Context, reference string) (int, int, error) {
			drafts, posted := tenant.Books.Count(reference, "01")
			return drafts, posted, nil
		},
		Expense: "6602", Payable: "2202", Bank: "1002", Party: "SUP001", Base: "CNY", Foreign: "EUR",
		Dimensions: map[string]string{"project": "P-001"},
		Date:       fmt.Sprintf("%d-03-31", time.Now().Year()), Settle: 1500 * time.Millisecond}, tenant
}

func with(reference string) func(simbooks.Voucher) bool {
	return func(v simbooks.Voucher) bool { return v.Ref == reference }
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

// TestFaultsOfTheTenant proves what each refusal asks the caller to do next, and
// that a token which ended is renewed without anybody noticing.
func TestFaultsOfTheTenant(t *testing.T) {
	for _, tt := range []struct{ call, kind, code string }{
		{"addVoucher", sim.Throttle, erp.CodeRateLimited},
		{"queryVouchers", sim.Throttle, erp.CodeRateLimited},
		{"addVoucher", sim.ExpireToken, ""},
		{"queryVouchers", sim.ExpireToken, ""},
		{"addVoucher", sim.PlainToken, ""},
		{"addVoucher", sim.Exception, erp.CodeUnknown},
		{"queryVouchers", sim.Exception, erp.CodeUnavailable},
		{"addVoucher", sim.NoRight, erp.CodeNotAllowed},
		{"addVoucher", sim.KeepAside, erp.CodeRefused},
	} {
		f, tenant := fixture(t, nil)
		tenant.Faults.Add(tt.call, tt.kind, 1)
		_, err := f.PostOnce(t.Context(), erptest.NewBook(), f.Voucher("v:fault:accrual:1", 100))
		require.Equal(t, tt.code, fault.CodeOf(err), "%s %s: %v", tt.call, tt.kind, err)
		if tt.kind == sim.KeepAside {
			require.Empty(t, tenant.Books.Where(with("v:fault:accrual:1")), "what was kept aside is deleted")
		}
	}
}

// TestTokensAreShared proves that a token serves until its end, and not longer.
func TestTokensAreShared(t *testing.T) {
	f, tenant := fixture(t, nil)
	for i := range 5 {
		_, err := f.PostOnce(t.Context(), erptest.NewBook(), f.Voucher(fmt.Sprintf("v:token-%d:accrual:1", i), 100))
		require.NoError(t, err)
	}
	require.Equal(t, 1, tenant.Tokens)
	tenant.Faults.Add("queryVouchers", sim.ExpireToken, 1)
	_, err := f.Port.Find(t.Context(), "v:nothing:accrual:1")
	require.NoError(t, err)
	require.Equal(t, 2, tenant.Tokens)
}

// TestClosedPeriod proves that YonBIP's own words reach the one who must choose a day.
func TestClosedPeriod(t *testing.T) {
	f, _ := fixture(t, nil)
	v := f.Voucher("v:closed:accrual:1", 100)
	v.Date = fmt.Sprintf("%d-01-15", time.Now().Year()-1)
	_, err := f.PostOnce(t.Context(), erptest.NewBook(), v)
	require.Equal(t, erp.CodeClosedPeriod, fault.CodeOf(err))
	said, _ := fault.As(err)
	require.Contains(t, said.Args["words"], "已结账")
}

// TestDateBeyondSight proves that nothing is sent which could not be found again.
func TestDateBeyondSight(t *testing.T) {
	f, tenant := fixture(t, func(c *erp.Config) { c.Options["look_back"] = "0" })
	v := f.Voucher("v:far:accrual:1", 100)
	v.Date = time.Now().AddDate(0, -3, 0).Format(time.DateOnly)
	_, err := f.PostOnce(t.Context(), erptest.NewBook(), v)
	require.Equal(t, erp.CodeUnsupported, fault.CodeOf(err))
	require.Empty(t, tenant.Books.Where(with(v.Reference)))
}

// TestForeignAmounts proves what YonBIP gets beside the base amounts, and that
// what cannot be reversed exactly is not reversed.
func TestForeignAmounts(t *testing.T) {
	f, tenant := fixture(t, nil)
	v := f.Voucher("v:eur:accrual:1", 78125)
	for i := range v.Entries {
		v.Entries[i].Amount.Minor, v.Entries[i].Amount.Currency = 10000, "EUR"
	}
	found, err := f.PostOnce(t.Context(), erptest.NewBook(), v)
	require.NoError(t, err)
	line := tenant.Books.Where(with(v.Reference))[0].Lines[0]
	require.Equal(t, [4]string{"EUR", "100.00", "7.8125", "CC-SALES"},
		[4]string{line.Currency, line.Extra["debit"], line.Extra["rate"], line.Dimensions["department"]})
	_, err = f.Port.Reverse(t.Context(), found, "v:eur:reversal:1", f.Date)
	require.Equal(t, erp.CodeUnsupported, fault.CodeOf(err))
}

// TestFindsTheTenant proves that the addresses are looked up, and that no answer
// leads from https to http.
func TestFindsTheTenant(t *testing.T) {
	tenant := httptest.NewServer(sim.New())
	t.Cleanup(tenant.Close)
	c := config(tenant.URL)
	delete(c.Options, "gateway_url")
	delete(c.Options, "token_url")
	p, err := erp.Open(c)
	require.NoError(t, err)
	_, err = p.Find(t.Context(), "v:nothing:accrual:1")
	require.NoError(t, err)

	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"code":"00000","data":{"gatewayUrl":"http://10.0.0.1","tokenUrl":"http://10.0.0.1"}}`)
	}))
	t.Cleanup(secure.Close)
	c.URL, c.Client = secure.URL, secure.Client()
	p, err = erp.Open(c)
	require.NoError(t, err)
	_, err = p.Find(t.Context(), "v:nothing:accrual:1")
	require.Equal(t, erp.CodeUnavailable, fault.CodeOf(err))
	require.ErrorContains(t, err, "not https")
}

// TestTwinIsRefused proves that YonBIP's idempotency key is sent: a second voucher under the same
// reference is refused as Busy, and the next look finds the first.
func TestTwinIsRefused(t *testing.T) {
	f, _ := fixture(t, nil)
	_, err := f.Port.Create(t.Context(), f.Voucher("v:twin:accrual:1", 100))
	require.NoError(t, err)
	_, err = f.Port.Create(t.Context(), f.Voucher("v:twin:accrual:1", 100))
	require.Equal(t, erp.CodeUnavailable, fault.CodeOf(err), "%v", err)
}

// TestLogin proves what a wrong login is called, and that no fault shows a secret
// or a token, though both travel in addresses.
func TestLogin(t *testing.T) {
	const canary = "canary-4711-secret"
	for _, tt := range []struct {
		name   string
		change func(*erp.Config)
		code   string
	}{
		{"a wrong secret", func(c *erp.Config) { c.Secret = canary }, erp.CodeNotAllowed},
		{"another app", func(c *erp.Config) { c.User = "x" }, erp.CodeNotAllowed},
		{"another account book", func(c *erp.Config) { c.Options["account_book"] = "x" }, erp.CodeRefused},
		{"another gateway", func(c *erp.Config) { c.Options["gateway_url"] += "/x" }, erp.CodeUnsupported},
	} {
		f, _ := fixture(t, tt.change)
		_, err := f.Port.Find(t.Context(), "v:nothing:accrual:1")
		require.Equal(t, tt.code, fault.CodeOf(err), "%s: %v", tt.name, err)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, f.Port, f.Port), canary, tt.name)
	}
	f, _ := fixture(t, nil)
	_, err := f.Port.Find(t.Context(), "v:nothing:accrual:1")
	require.NoError(t, err)
	f.Proxy.Set(func(*http.Request, []byte) erptest.Fault { return conformance.DropBefore })
	_, err = f.Port.Find(t.Context(), "v:nothing:accrual:1")
	require.NotContains(t, err.Error(), "access_token")
}

// TestConfigIsChecked proves that a mistake names its key.
func TestConfigIsChecked(t *testing.T) {
	for what, change := range map[string]func(*erp.Config){
		"url":                  func(c *erp.Config) { c.URL = "bip" },
		"user":                 func(c *erp.Config) { c.User = "" },
		"options.tenant":       func(c *erp.Config) { delete(c.Options, "tenant") },
		"options.maker":        func(c *erp.Config) { c.Options["maker"] = "" },
		"options.look_back":    func(c *erp.Config) { c.Options["look_back"] = "many" },
		"options.gateway_url":  func(c *erp.Config) { delete(c.Options, "token_url") },
		"options.token_url":    func(c *erp.Config) { c.URL = "https://bip"; c.Options["gateway_url"] = "https://bip" },
		"options.dimensions":   func(c *erp.Config) { c.Options["dimensions"] = "party" },
		"options.voucher_typ":  func(c *erp.Config) { c.Options["voucher_typ"] = "01" },
		"options.account_book": func(c *erp.Config) { delete(c.Options, "account_book") },
		"options.employees":    func(c *erp.Config) { c.Options["employees"] = "staff" },
		"options.projects":     func(c *erp.Config) { c.Options["projects"] = "maybe" },
		"options.rate_scheme":  func(c *erp.Config) { c.Options["rate_scheme"] = "x" },
	} {
		c := config("http://bip")
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
