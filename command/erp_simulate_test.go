package command

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/money"
)

// TestEverySimulatedERPIsConnectedToAsPrinted runs each simulator as the command does, and books
// by the configuration that it printed and nothing else.
func TestEverySimulatedERPIsConnectedToAsPrinted(t *testing.T) {
	t.Setenv(config.EnvName("mode"), string(config.Dev))
	for name := range simulators {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "books.yaml")
			require.NoError(t, os.WriteFile(file, []byte(simulating(t, name)), 0o600))
			read, err := config.LoadDev(file, nil)
			require.NoError(t, err)
			connection, err := conformanceFlags{adapter: name}.choose(read)
			require.NoError(t, err)
			p, err := openERP(connection, nil, nil)
			require.NoError(t, err)
			var used []string
			codes, err := conformanceFlags{}.pick(t.Context(), p, money.Currency(connection.Currency), time.Now(),
				func(reference string) { used = append(used, reference) })
			require.NoError(t, err)
			require.NotEmpty(t, codes.Date)
			found, err := p.Find(t.Context(), used[len(used)-1])
			require.NoError(t, err)
			require.Len(t, found, 1)

			proxy, led, err := new(examination).proxied(connection)
			require.NoError(t, err)
			defer proxy.Close()
			p, err = openERP(led, nil, nil)
			require.NoError(t, err)
			found, err = p.Find(t.Context(), used[len(used)-1])
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Positive(t, proxy.Requests(), "what is examined is asked through the line that breaks")
		})
	}
	_, err := run(t, "erp", "simulate", "oracle")
	require.ErrorContains(t, err, "oracle")
}

// simulating runs the command until the test ends and returns what it printed.
func simulating(t *testing.T, name string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	root, ended := New(), make(chan error, 1)
	root.SetOut(in)
	root.SetArgs([]string{"erp", "simulate", name})
	go func() {
		err := root.ExecuteContext(ctx)
		_ = in.Close()
		ended <- err
	}()
	t.Cleanup(func() { stop(); require.NoError(t, <-ended) })
	var text strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		text.WriteString(lines.Text() + "\n")
		if lines.Text() == "mode: dev" { // the last key
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return text.String()
		}
	}
	t.Fatalf("%s: %v\n%s", name, <-ended, &text)
	return ""
}
