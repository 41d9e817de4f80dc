// Package axe holds axe-core from npm, which finds what keeps people with a
// disability from using a page.
package axe

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/npm"
)

// Script is the engine, for a page to run.
func Script(t testing.TB) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	dir, engine := filepath.Dir(file), filepath.Join("axe-core", "axe.min.js")
	npm.Install(t, dir, engine)
	text, err := os.ReadFile(filepath.Join(dir, "node_modules", engine))
	require.NoError(t, err)
	return string(text)
}
