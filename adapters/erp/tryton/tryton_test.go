package tryton_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/erptest"
	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/adapters/erp/tryton"
	"github.com/countersign/countersign/adapters/erp/tryton/server"
)

// running is the one Tryton of this test binary; each test has a database of its own.
var (
	running *server.Server
	clones  atomic.Int32
)

func TestMain(m *testing.M) {
	started := time.Now()
	var err error
	if running, err = server.Start(context.Background(), server.Options{Out: os.Stderr}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "Tryton started in %.1f s\n", time.Since(started).Seconds())
	code := m.Run()
	_ = running.Stop()
	os.Exit(code)
}

// fixture is a connector before a fresh clone of the demo company.
func fixture(t *testing.T) erptest.Fixture {
	t.Helper()
	clone, err := running.Clone(context.Background(), fmt.Sprintf("t%d", clones.Add(1)))
	require.NoError(t, err)
	proxy := erptest.NewProxy(t, clone.URL)
	p, err := tryton.Open(config(clone, proxy.URL))
	require.NoError(t, err)
	year := time.Now().Year()
	return erptest.Fixture{Port: p, Proxy: proxy,
		Creates: erptest.Contains("POST", "model.account.move.create"),
		Posts:   erptest.Contains("POST", "model.account.move.post"),
		Counted: func(t testing.TB, reference string) (int, int) {
			drafts, err := clone.DraftMoves(context.Background(), reference)
			require.NoError(t, err)
			posted, err := clone.PostedMoves(context.Background(), reference)
			require.NoError(t, err)
			return len(drafts), len(posted)
		},
		Expense: "6602", Payable: "2241", Bank: "1002", Party: "lin", Journal: "EXP", Base: "CNY", Foreign: "EUR",
		Date: fmt.Sprintf("%d-03-31", year), ClosedDate: fmt.Sprintf("%d-01-15", year-1), Settle: 5 * time.Second}
}

func config(s *server.Server, url string) port.Config {
	return port.Config{Name: "tryton", Provider: "tryton", URL: url, Database: s.Database, User: s.User,
		Secret: port.Secret(s.Password), Timeout: 10 * time.Second}
}

func TestConformance(t *testing.T) { erptest.Run(t, fixture) }

func TestNemesis(t *testing.T) { erptest.Nemesis(t, fixture(t), 24, 10) }
