package httpjson_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/sandbox"
)

const token = "sandbox-token"

// fixture is a connector before a fresh sandbox ERP.
func fixture(t *testing.T) erptest.Fixture {
	t.Helper()
	books, err := sandbox.Open(sandbox.Options{Dir: t.TempDir(), Token: token})
	require.NoError(t, err)
	server := httptest.NewServer(books)
	t.Cleanup(func() { server.Close(); require.NoError(t, books.Close()) })
	proxy := erptest.NewProxy(t, server.URL)
	c := erp.Config{Name: "sandbox", Provider: "httpjson", Mapping: "sandbox", URL: proxy.URL, Secret: token,
		Currency: "CNY", Timeout: 2 * time.Second}
	p, err := erp.Open(c)
	require.NoError(t, err)
	year := time.Now().Year()
	return erptest.Fixture{Port: p, Proxy: proxy,
		Reopen:  func() (erp.Port, error) { return erp.Open(c) },
		Creates: erptest.Contains("POST", "external_ref"),
		Posts:   erptest.Contains("POST", "/post"),
		Counted: func(_ context.Context, reference string) (int, int, error) {
			drafts, posted := counted(t, server.URL, reference)
			return drafts, posted, nil
		},
		Expense: "6602", Payable: "2241", Bank: "1002", Party: "lin", Journal: "EXP", Base: "CNY", Foreign: "EUR",
		Dimensions: map[string]string{"project": "P-001", "department": "sales"},
		Date:       fmt.Sprintf("%d-03-31", year), ClosedDate: fmt.Sprintf("%d-01-15", year-1), Settle: time.Second}
}

func TestConformance(t *testing.T) { erptest.Run(t, fixture) }

func TestNemesis(t *testing.T) { erptest.Nemesis(t, fixture(t), 60, 20) }

// counted reads the sandbox's journal, not its answers about vouchers.
func counted(t testing.TB, url, reference string) (drafts, posted int) {
	for _, e := range journal(t, url) {
		if e.Ref != reference || e.Effect != "applied" {
			continue
		}
		switch e.Op {
		case "create", "reverse":
			drafts++
		case "post":
			drafts, posted = drafts-1, posted+1
		case "discard":
			drafts--
		}
	}
	return drafts, posted
}

func TestMappingIsChecked(t *testing.T) {
	for _, tt := range []struct{ name, yaml, words string }{
		{"an unknown key", "nonsense: 1", "nonsense"},
		{"no calls", "auth: none", "calls.find"},
		{"a way to sign in that nobody knows", "auth: magic", "magic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(tt.yaml)
			require.Error(t, err)
			require.True(t, strings.Contains(err.Error(), tt.words), "%v", err)
		})
	}
}

// TestNoSecretIsKept holds the log of exchanges, the errors and the log against it.
func TestNoSecretIsKept(t *testing.T) {
	f := fixture(t)
	erptest.Canary(t, erp.Config{Name: "sandbox", Provider: "httpjson", Mapping: "sandbox", URL: f.Proxy.URL, Secret: token,
		Currency: "CNY", Timeout: 2 * time.Second}, f)
}
