package kingdee_test

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
	"github.com/countersign/countersign/adapters/erp/kingdee/sim"
	"github.com/countersign/countersign/domain/fault"
)

// config is a connection to a site at an address.
func config(url string) erp.Config {
	return erp.Config{Name: "k3", Provider: "kingdee", URL: url + "/k3cloud", Database: sim.Account, User: sim.User,
		Secret: sim.AppSecret, Currency: "CNY", Timeout: 2 * time.Second, Options: map[string]string{"app_id": sim.AppID,
			"account_book": sim.Book, "reference_field": sim.Reference, "currencies": "CNY=PRE001, EUR=PRE003",
			"dimensions": "2241.party=FFLEX7, 1221.party=FFLEX7, 2202.party=FFLEX4, 66.cost_center=FFLEX5, " +
				"66.project=F100002"}}
}

func fixture(t testing.TB, change func(*erp.Config)) (erptest.Fixture, *sim.Server) {
	t.Helper()
	site := sim.New()
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	proxy := erptest.NewProxy(t, server.URL)
	c := config(proxy.URL)
	if change != nil {
		change(&c)
	}
	p, err := erp.Open(c)
	require.NoError(t, err)
	year := time.Now().Year()
	return erptest.Fixture{Port: p, Proxy: proxy, Reopen: func() (erp.Port, error) { return erp.Open(c) },
		Creates: erptest.Contains(http.MethodPost, "DynamicFormService.Save"),
		Posts:   erptest.Contains(http.MethodPost, "DynamicFormService.Audit"),
		Counted: func(_ context.Context, reference string) (int, int, error) {
			drafts, posted := site.Books.Count(reference, "C")
			return drafts, posted, nil
		},
		Expense: "6602", Payable: "2241", Bank: "1002", Party: "lin", Base: "CNY", Foreign: "EUR",
		Dimensions: map[string]string{"project": "P-001"},
		Date:       fmt.Sprintf("%d-03-31", year), ClosedDate: fmt.Sprintf("%d-01-15", year-1), Settle: 1500 * time.Millisecond}, site
}

func session(c *erp.Config) { c.Options["login"] = "session" }

func TestConformance(t *testing.T) {
	t.Parallel()
	erptest.Run(t, func(t *testing.T) erptest.Fixture { f, _ := fixture(t, nil); return f })
}

func TestNemesis(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*erp.Config){"signed": nil, "in a session": session} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := fixture(t, change)
			erptest.Nemesis(t, f, 24, 20)
		})
	}
}

// TestCarriesDimensions proves what lands in the books beside the amounts.
func TestCarriesDimensions(t *testing.T) {
	f, site := fixture(t, nil)
	_, err := f.PostOnce(t.Context(), erptest.NewBook(), f.Voucher("v:dim:accrual:1", 12850))
	require.NoError(t, err)
	lines := site.Books.Where(sim.With("v:dim:accrual:1"))[0].Lines
	require.Equal(t, map[string]string{"department": "CC-SALES"}, lines[0].Dimensions)
	require.Equal(t, map[string]string{"employee": "lin"}, lines[1].Dimensions)
	require.Equal(t, "出租车 taxi", lines[0].Text)
}

// TestForeignAmountsAreExact proves that the site gets the document's amount
// and a rate, as text of digits.
func TestForeignAmountsAreExact(t *testing.T) {
	f, site := fixture(t, nil)
	v := f.Voucher("v:eur:accrual:1", 78125)
	for i := range v.Entries {
		v.Entries[i].Amount.Minor, v.Entries[i].Amount.Currency = 10000, "EUR"
	}
	found, err := f.PostOnce(t.Context(), erptest.NewBook(), v)
	require.NoError(t, err)
	line := site.Books.Where(sim.With(v.Reference))[0].Lines[0]
	require.Equal(t, [3]string{"PRE003", "100.00", "7.8125"}, [3]string{line.Currency, line.Foreign, line.Extra["rate"]})
	red, err := f.Port.Reverse(t.Context(), found, "v:eur:reversal:1", f.Date)
	require.NoError(t, err)
	line = site.Books.Where(sim.With(red.Reference))[0].Lines[0]
	require.Equal(t, [3]string{"PRE003", "-100.00", "7.8125"}, [3]string{line.Currency, line.Foreign, line.Extra["rate"]})
	require.Equal(t, int64(-78125), line.Debit)
}

// TestFaultsOfTheSite proves what each refusal of the site asks the caller to do next.
func TestFaultsOfTheSite(t *testing.T) {
	for _, tt := range []struct{ operation, kind, code string }{
		{"Save", sim.Maintenance, erp.CodeUnknown},
		{"ExecuteBillQuery", sim.Maintenance, erp.CodeUnavailable},
		{"Save", sim.TooOften, erp.CodeRateLimited},
		{"ExecuteBillQuery", sim.TooOften, erp.CodeRateLimited},
		{"Audit", sim.Locked, erp.CodeUnavailable},
		{"Save", sim.NoRight, erp.CodeNotAllowed},
		{"Save", sim.OldSite, ""},
		{"Save", sim.LoseSession, ""},
		{"Audit", sim.LoseSession, ""},
	} {
		f, site := fixture(t, session)
		site.Faults.Add(tt.operation, tt.kind, 1)
		_, err := f.PostOnce(t.Context(), erptest.NewBook(), f.Voucher("v:fault:accrual:1", 100))
		require.Equal(t, tt.code, fault.CodeOf(err), "%s %s: %v", tt.operation, tt.kind, err)
	}
}

// TestRefusedDraftLeavesNothing proves that a draft which was submitted and then
// not audited is called back and deleted.
func TestRefusedDraftLeavesNothing(t *testing.T) {
	f, site := fixture(t, nil)
	site.Faults.Add("Audit", sim.NoRight, 1)
	book, v := erptest.NewBook(), f.Voucher("v:parked:accrual:1", 100)
	_, err := f.PostOnce(t.Context(), book, v)
	require.Equal(t, erp.CodeNotAllowed, fault.CodeOf(err))
	said, _ := fault.As(err)
	require.Equal(t, "用户没有凭证的操作权限", said.Args["words"], "the site's own words are kept")
	require.Empty(t, site.Books.Where(sim.With(v.Reference)))
	_, err = f.PostOnce(t.Context(), book, v)
	require.NoError(t, err)
}

// TestHandOver proves how far a voucher goes where accountants audit it.
func TestHandOver(t *testing.T) {
	for how, status := range map[string]string{"audit": "C", "submit": "B", "save": "A"} {
		f, site := fixture(t, func(c *erp.Config) { c.Options["hand_over"] = how })
		found, err := f.PostOnce(t.Context(), erptest.NewBook(), f.Voucher("v:how:accrual:1", 100))
		require.NoError(t, err)
		require.Equal(t, erp.Posted, found.State)
		require.Equal(t, status, site.Books.Where(sim.With("v:how:accrual:1"))[0].State)
	}
}

// TestLogin proves what a wrong login is called, and that it never shows a secret.
func TestLogin(t *testing.T) {
	const canary = "canary-4711-secret"
	for _, tt := range []struct {
		name   string
		change func(*erp.Config)
		code   string
	}{
		{"a wrong secret, signed", func(c *erp.Config) { c.Secret = canary }, erp.CodeNotAllowed},
		{"a wrong secret, in a session", func(c *erp.Config) { session(c); c.Secret = canary }, erp.CodeNotAllowed},
		{"another user", func(c *erp.Config) { c.User = "x" }, erp.CodeNotAllowed},
		{"another data center", func(c *erp.Config) { c.Database = "x" }, erp.CodeNotAllowed},
		{"another path", func(c *erp.Config) { c.URL += "/x" }, erp.CodeUnsupported},
	} {
		f, _ := fixture(t, tt.change)
		_, err := f.Port.Find(t.Context(), "v:nothing:accrual:1")
		require.Equal(t, tt.code, fault.CodeOf(err), "%s: %v", tt.name, err)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, f.Port, f.Port), canary, tt.name)
	}
}

// TestReferencesCannotEndTheirQuotes proves that no reference becomes SQL.
func TestReferencesCannotEndTheirQuotes(t *testing.T) {
	f, _ := fixture(t, nil)
	before := f.Proxy.Requests()
	_, err := f.Port.Find(t.Context(), "x' or '1'='1")
	require.Equal(t, erp.CodeUnsupported, fault.CodeOf(err))
	_, err = f.Port.Create(t.Context(), f.Voucher("x' or '1'='1", 100))
	require.Equal(t, erp.CodeUnsupported, fault.CodeOf(err))
	require.Equal(t, before, f.Proxy.Requests())
}

// TestConfigIsChecked proves that a mistake names its key and its mend.
func TestConfigIsChecked(t *testing.T) {
	for what, change := range map[string]func(*erp.Config){
		"url":                     func(c *erp.Config) { c.URL = "k3" },
		"database":                func(c *erp.Config) { c.Database = "" },
		"password":                func(c *erp.Config) { c.Secret = "" },
		"options.app_id":          func(c *erp.Config) { c.Options["app_id"] = "200001_short" },
		"options.account_book":    func(c *erp.Config) { c.Options["account_book"] = "1' or" },
		"options.reference_field": func(c *erp.Config) { delete(c.Options, "reference_field") },
		"options.currencies":      func(c *erp.Config) { c.Options["currencies"] = "EUR=PRE003" },
		"options.dimensions":      func(c *erp.Config) { c.Options["dimensions"] = "2241.Colour=FFLEX7" },
		"options.login":           func(c *erp.Config) { c.Options["login"] = "magic" },
		"options.rate_type":       func(c *erp.Config) { c.Options["rate_type"] = "HLTX01' or" },
		"options.projects":        func(c *erp.Config) { c.Options["projects"] = "BD Project" },
		"options.hand_over":       func(c *erp.Config) { c.Options["hand_over"] = "no" },
		"options.zone":            func(c *erp.Config) { c.Options["zone"] = "Asia/Beijing" },
		"options.acount_book":     func(c *erp.Config) { c.Options["acount_book"] = "001" },
	} {
		c := config("http://k3")
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
	_, clientKey, _ := strings.Cut(sim.AppID, "_")
	erptest.Canary(t, config(f.Proxy.URL), f, clientKey)
	inSession := config(f.Proxy.URL)
	session(&inSession)
	f, _ = fixture(t, session)
	inSession.URL = config(f.Proxy.URL).URL
	erptest.Canary(t, inSession, f, clientKey)
}
