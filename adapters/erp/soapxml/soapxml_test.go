package soapxml_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/simbooks"
	"github.com/countersign/countersign/adapters/erp/soapxml/sim"
	"github.com/countersign/countersign/domain/fault"
)

// mapping is the path of the built-in mapping with other words in it.
func mapping(t testing.TB, changes ...string) string {
	t.Helper()
	text, err := os.ReadFile("ledger.yaml")
	require.NoError(t, err)
	changed := strings.NewReplacer(changes...).Replace(string(text))
	path := filepath.Join(t.TempDir(), "mapping.yaml")
	require.NoError(t, os.WriteFile(path, []byte(changed), 0o600))
	return path
}

// fixture is a connector before a fresh ledger that speaks a version and wants to know who
// asks in one way.
func fixture(t testing.TB, version, auth string) (erptest.Fixture, *sim.Server, erp.Config) {
	t.Helper()
	ledger := sim.New(version, auth)
	server := httptest.NewServer(ledger)
	t.Cleanup(server.Close)
	proxy := erptest.NewProxy(t, server.URL)
	c := erp.Config{Name: "ledger", Provider: "soap", URL: proxy.URL, User: sim.User, Secret: sim.Password, Currency: "CNY",
		Timeout: 2 * time.Second, Mapping: mapping(t, `soap: "1.1"`, `soap: "`+version+`"`, "auth: wss-digest", "auth: "+auth)}
	p, err := erp.Open(c)
	require.NoError(t, err)
	year := time.Now().Year()
	return erptest.Fixture{Port: p, Proxy: proxy, Reopen: func() (erp.Port, error) { return erp.Open(c) },
		Creates: erptest.Contains(http.MethodPost, "<l:CreateVoucher "), Posts: erptest.Contains(http.MethodPost, "<l:PostVoucher "),
		Counted: func(_ context.Context, reference string) (int, int, error) {
			drafts, posted := ledger.Counted(reference)
			return drafts, posted, nil
		},
		Expense: "6602", Payable: "2241", Bank: "1002", Party: "lin", Base: "CNY", Foreign: "EUR",
		Dimensions: map[string]string{"project": "P-001", "order": "400001"},
		Date:       fmt.Sprintf("%d-03-31", year), ClosedDate: fmt.Sprintf("%d-01-15", year-1), Settle: time.Second}, ledger, c
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, speaks := range [][2]string{{sim.V11, sim.Digest}, {sim.V12, sim.Basic}} {
		t.Run(strings.Join(speaks[:], " "), func(t *testing.T) {
			t.Parallel()
			erptest.Run(t, func(t *testing.T) erptest.Fixture { f, _, _ := fixture(t, speaks[0], speaks[1]); return f })
		})
	}
}

func TestNemesis(t *testing.T) {
	t.Parallel()
	f, _, _ := fixture(t, sim.V12, sim.Digest)
	erptest.Nemesis(t, f, 24, 20)
}

// TestEveryWayToSignIn books in both versions by each way, and proves what a wrong login is
// called and that no fault shows a secret.
func TestEveryWayToSignIn(t *testing.T) {
	for _, version := range []string{sim.V11, sim.V12} {
		for _, auth := range []string{sim.Basic, sim.Bearer, sim.Text, sim.Digest} {
			t.Run(version+" "+auth, func(t *testing.T) {
				f, ledger, c := fixture(t, version, auth)
				v := f.Voucher("v:way:accrual:1", 100)
				_, err := f.PostOnce(t.Context(), erptest.NewBook(), v)
				require.NoError(t, err)
				_, posted := ledger.Counted(v.Reference)
				require.Equal(t, 1, posted)
				const canary = "canary-4711-<secret>"
				c.Secret = canary
				p, err := erp.Open(c)
				require.NoError(t, err)
				_, err = p.Create(t.Context(), v)
				require.Equal(t, erp.CodeNotAllowed, fault.CodeOf(err), "%v", err)
				require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, p, p), canary)
				c.Secret = ""
				_, err = erp.Open(c)
				require.Equal(t, erp.CodeBadConfig, fault.CodeOf(err), "a login without a password is told at once")
			})
		}
	}
}

// TestFaultsOfSOAP proves what each answer asks the caller to do next, and that what was
// booked behind a strange answer is found and adopted.
func TestFaultsOfSOAP(t *testing.T) {
	for _, version := range []string{sim.V11, sim.V12} {
		for _, tt := range []struct {
			kind, code string
			made       int
		}{
			{sim.Locked, erp.CodeUnavailable, 0},
			{sim.TooMany, erp.CodeRateLimited, 0},
			{sim.Refuses, erp.CodeRefused, 0},
			{sim.Dump, erp.CodeUnknown, 0},
			{sim.DoneLate, erp.CodeUnknown, 1},
			{sim.Odd, erp.CodeUnknown, 1},
			{sim.Evil, erp.CodeUnknown, 1},
			{sim.Page, erp.CodeUnknown, 1},
			{sim.Strange, erp.CodeUnknown, 1},
			{sim.Twice, erp.CodeUnknown, 1},
		} {
			f, ledger, _ := fixture(t, version, sim.Digest)
			ledger.Faults.Add("CreateVoucher", tt.kind, 1)
			book, v := erptest.NewBook(), f.Voucher("v:fault:accrual:1", 100)
			_, err := f.PostOnce(t.Context(), book, v)
			require.Equal(t, tt.code, fault.CodeOf(err), "%s %s: %v", version, tt.kind, err)
			drafts, _ := ledger.Counted(v.Reference)
			require.Equal(t, tt.made, drafts, tt.kind)
			if tt.made == 1 {
				_, err = f.PostOnce(t.Context(), book, v)
				require.NoError(t, err)
				_, posted := ledger.Counted(v.Reference)
				require.Equal(t, 1, posted, tt.kind)
			}
		}
	}
}

// TestNothingFoundIsSaid proves that only a list which is there and empty says that nothing
// is booked.
func TestNothingFoundIsSaid(t *testing.T) {
	f, ledger, _ := fixture(t, sim.V11, sim.Basic)
	for _, kind := range []string{sim.NoList, sim.Strange, sim.Page, sim.Evil} {
		ledger.Faults.Add("FindVouchers", kind, 1)
		_, err := f.Port.Find(t.Context(), "v:nothing:accrual:1")
		require.Equal(t, erp.CodeUnavailable, fault.CodeOf(err), "%s: %v", kind, err)
	}
	found, err := f.Port.Find(t.Context(), "v:nothing:accrual:1")
	require.NoError(t, err)
	require.Empty(t, found)
}

// TestTextStaysText proves that nothing of a voucher is taken for XML.
func TestTextStaysText(t *testing.T) {
	f, ledger, _ := fixture(t, sim.V11, sim.Text)
	v := f.Voucher("v:text:accrual:1", 100)
	const evil = `]]></l:text></l:line><l:line><l:account>1002</l:account> "quoted" & 'so' <!-- 摘要`
	v.Entries[0].Text = evil
	_, err := f.PostOnce(t.Context(), erptest.NewBook(), v)
	require.NoError(t, err)
	booked := ledger.Books.Where(func(b simbooks.Voucher) bool { return b.Ref == v.Reference })
	require.Len(t, booked, 1)
	require.Len(t, booked[0].Lines, 2)
	require.Equal(t, evil, booked[0].Lines[0].Text)
}

// TestWhatIsNotMappedIsAbsent proves that a call which the mapping leaves out is told as a
// capability, and refused unsent.
func TestWhatIsNotMappedIsAbsent(t *testing.T) {
	f, _, c := fixture(t, sim.V11, sim.Digest)
	text, err := os.ReadFile(c.Mapping)
	require.NoError(t, err)
	from, until := strings.Index(string(text), "  reverse:\n    action"), strings.Index(string(text), "\nvoucher:")
	require.NoError(t, os.WriteFile(c.Mapping, append(text[:from:from], text[until:]...), 0o600))
	p, err := erp.Open(c)
	require.NoError(t, err)
	require.False(t, p.Capabilities().Reverse)
	before := f.Proxy.Requests()
	_, err = p.Reverse(t.Context(), erp.Found{ID: "1"}, "v:1:reversal:1", f.Date)
	require.Equal(t, erp.CodeUnsupported, fault.CodeOf(err))
	require.Equal(t, before, f.Proxy.Requests())
}

// TestNoSecretIsKept holds the log of exchanges, the errors and the log against it.
func TestNoSecretIsKept(t *testing.T) {
	for _, auth := range []string{sim.Basic, sim.Text, sim.Digest} {
		t.Run(auth, func(t *testing.T) {
			f, _, c := fixture(t, sim.V11, auth)
			erptest.Canary(t, c, f, strings.NewReplacer("<", "&lt;", "&", "&amp;").Replace(sim.Password))
		})
	}
}
