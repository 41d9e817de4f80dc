package command

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheGuideForPoliciesWorksAsPrinted routes the first document of the guide by
// its first policy, both as they stand there.
func TestTheGuideForPoliciesWorksAsPrinted(t *testing.T) {
	guide, err := os.ReadFile("../docs/policy.md")
	require.NoError(t, err)
	write := func(kind, name string) string {
		block := regexp.MustCompile("(?s)```" + kind + "\n(.*?)```").FindSubmatch(guide)
		require.NotNil(t, block, kind)
		file := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(file, block[1], 0o600))
		return file
	}
	policyFile, documentFile := write("yaml", "my-policy.yaml"), write("json", "document.json")

	said, err := run(t, "policy", "route", "--policy", policyFile, "--document", documentFile, "--lang", "en")
	require.NoError(t, err)
	printed := regexp.MustCompile("(?s)```text\n(.*?)```").FindSubmatch(guide)
	require.NotNil(t, printed)
	assert.Contains(t, said, string(printed[1]))

	require.NoError(t, os.WriteFile(documentFile, []byte(`{"type": "expense"}`), 0o600))
	_, err = run(t, "policy", "route", "--policy", policyFile, "--document", documentFile)
	require.ErrorContains(t, err, "say who asks")
}
