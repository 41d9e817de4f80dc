package command_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/erp/conformance"
	"github.com/countersign/countersign/adapters/erp/sandbox"
	"github.com/countersign/countersign/gateway/i18n"
)

// TestConformanceCommand proves that the command asks every promise of a test ERP,
// tells the broken ones from the kept, and cleans up behind itself. What is broken
// here is our word: the day that we call closed is open.
func TestConformanceCommand(t *testing.T) {
	t.Setenv("COUNTERSIGN_MODE", "dev")
	books, err := sandbox.Open(sandbox.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	server := httptest.NewServer(books)
	t.Cleanup(func() { server.Close(); require.NoError(t, books.Close()) })
	file := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `
mode: dev
erp:
  connections:
    - { id: books, entities: [acme-cn], adapter: sandbox, url: %q, currency: CNY, timeout: 2s, settle: 2s, per_second: 9999 }
`, server.URL), 0o600))

	_, _, err = run(t, "erp", "conformance", "--connection", "books", "--config", file, "--lang", "en")
	require.ErrorContains(t, err, "--this-is-a-test-system")
	_, _, err = run(t, "erp", "conformance", "--connection", "nowhere", "--this-is-a-test-system", "--config", file)
	require.ErrorContains(t, err, "books (sandbox)")

	day := time.Now().Format(time.DateOnly)
	out, _, err := run(t, "erp", "conformance", "--adapter", "sandbox", "--this-is-a-test-system", "--config", file,
		"--closed-date", day, "--date", day, "--dimension", "project=P-001", "--lang", "zh-CN")
	require.ErrorContains(t, err, "有 3 项承诺未做到", out)
	text := func(key string) string { return i18n.Shipped().Text(i18n.Chinese, "conformance."+key, nil) }
	broken := map[string]bool{"closed": true, "lost_reversal": true, "sync": true}
	absent := map[string]bool{"unkept_dimension": true, "unknown_dimension": true} // the sandbox keeps any
	for _, promise := range conformance.Promises() {
		title := text("promise." + promise.ID)
		require.Equal(t, broken[promise.ID], strings.Contains(out, "✗ "+title), "%s\n%s", title, out)
		require.Equal(t, absent[promise.ID], strings.Contains(out, "– "+title), "%s\n%s", title, out)
		require.Equal(t, !broken[promise.ID] && !absent[promise.ID], strings.Contains(out, "✓ "+title+"\n"), "%s\n%s", title, out)
	}
	require.Contains(t, out, "删除草稿 8 张")
	require.NotContains(t, out, "请人工处理")
}

// TestEveryPromiseHasItsTexts proves that no id reaches a person.
func TestEveryPromiseHasItsTexts(t *testing.T) {
	for _, language := range i18n.Locales {
		for _, promise := range conformance.Promises() {
			require.True(t, i18n.Shipped().Has(language, "conformance.promise."+promise.ID), promise.ID)
		}
		for _, reason := range conformance.Reasons() {
			require.True(t, i18n.Shipped().Has(language, "conformance.absent."+reason), reason)
		}
	}
}
