package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// tried runs the operators' smoke test in both languages.
func (s *scene) tried() {
	dir := s.TempDir()
	dev, err := json.Marshal(map[string]any{"gateway": s.house.URL, "config": s.house.Config, "tokens": s.house.Tokens})
	require.NoError(s, err)
	require.NoError(s, os.WriteFile(filepath.Join(dir, "dev.json"), dev, 0o600))
	for language, last := range map[string]string{"en": "all as expected", "zh-CN": "全部符合预期"} {
		printed := strings.TrimSpace(s.house.Command(s, "try", "--data", dir, "--lang", language))
		require.True(s, strings.HasSuffix(printed, last), printed)
		require.NotContains(s, printed, "try.", "words that the catalog does not have")
		require.Equal(s, language == "en", strings.Contains(printed, "This task is over"), printed)
		s.Log(printed)
	}
}
