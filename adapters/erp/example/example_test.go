// Package example_test is the connector that docs/adapters.md teaches to write: the
// text shows parts of these files, and a test holds that it shows them as they are.
package example_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/adapters/erp/sandbox"
)

func fixture(t *testing.T) erptest.Fixture {
	books, err := sandbox.Open(sandbox.Options{Dir: t.TempDir(), Token: "token"})
	require.NoError(t, err)
	server := httptest.NewServer(books)
	t.Cleanup(func() { server.Close(); require.NoError(t, books.Close()) })
	open := func(url string) port.Port {
		p, err := Open(port.Config{Name: "paper", URL: url, Secret: "token", Currency: "CNY", Timeout: 2 * time.Second})
		require.NoError(t, err)
		return p
	}
	proxy, direct := erptest.NewProxy(t, server.URL), open(server.URL)
	p := open(proxy.URL)
	year, marks := time.Now().Year(), p.Capabilities()
	return erptest.Fixture{Port: p, Proxy: proxy, Reopen: func() (port.Port, error) { return open(proxy.URL), nil },
		Creates: erptest.Marked(marks.Creates), Posts: erptest.Marked(marks.Posts),
		Counted: func(ctx context.Context, reference string) (drafts, posted int, err error) {
			found, err := direct.Find(ctx, reference)
			for _, f := range found {
				if f.State == port.Posted {
					posted++
				} else {
					drafts++
				}
			}
			return drafts, posted, err
		},
		Expense: "6602", Payable: "2241", Bank: "1002", Party: "lin", Base: "CNY",
		Date: fmt.Sprintf("%d-03-31", year), ClosedDate: fmt.Sprintf("%d-01-15", year-1), Settle: 2 * time.Second}
}

func TestConformance(t *testing.T) { t.Parallel(); erptest.Run(t, fixture) }

func TestNemesis(t *testing.T) { t.Parallel(); erptest.Nemesis(t, fixture(t), 12, 15) }

// TestTheTextShowsThisCode proves that docs/adapters.md teaches what is tried here:
// every block of Go in it stands in these files, word for word.
func TestTheTextShowsThisCode(t *testing.T) {
	text, err := os.ReadFile("../../../docs/adapters.md")
	require.NoError(t, err)
	var code strings.Builder
	for _, file := range []string{"paper_test.go", "example_test.go"} {
		part, err := os.ReadFile(file)
		require.NoError(t, err)
		code.Write(part)
	}
	blocks := strings.Split(string(text), "```go\n")[1:]
	require.Greater(t, len(blocks), 5, "too few blocks were found for this test to mean anything")
	for _, block := range blocks {
		block, _, ended := strings.Cut(block, "```")
		require.True(t, ended)
		require.Contains(t, code.String(), block)
	}
}
