package command

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/store/storetest"
)

// TestWhoIsTakenOutOfTheFileHasLeft imports a company twice, the second time
// without somebody: the next command still knows who that was.
func TestWhoIsTakenOutOfTheFileHasLeft(t *testing.T) {
	t.Setenv("COUNTERSIGN_DATABASE_URL", storetest.URL(t))
	t.Setenv("COUNTERSIGN_MODE", "dev")
	whole, err := os.ReadFile("../config/demo/company.yaml")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "company.yaml")
	imported := func(text []byte) string {
		require.NoError(t, os.WriteFile(file, text, 0o600))
		said, err := run(t, "org", "import", "--file", file, "--lang", "zh-CN")
		require.NoError(t, err)
		return said
	}
	assert.Contains(t, imported(whole), "+ 王芳 (wang) 入职")
	without := regexp.MustCompile(`(?m)^.*(id|person): wang,.*\n`).ReplaceAll(whole, nil)
	assert.Contains(t, imported(without), "- 王芳 (wang) 离职")

	said, err := run(t, "ops", "handover", "--person", "wang", "--dry-run", "--lang", "zh-CN")
	require.NoError(t, err)
	assert.Contains(t, said, "王芳 (wang)")
	assert.NotContains(t, imported(without), "王芳", "they left once")
	assert.Contains(t, imported(whole), "+ 王芳 (wang) 入职")
}
