package pages_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var aDay = regexp.MustCompile(`<input[^>]*type="date(?:time-local)?"[^>]*>?`)

// TestAYearHasFourDigits: without a last day Chromium waits for a year of six, and where
// the year comes first the month is swallowed by it.
func TestAYearHasFourDigits(t *testing.T) {
	days := 0
	require.NoError(t, fs.WalkDir(os.DirFS("templates"), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".html") {
			return err
		}
		text, err := os.ReadFile("templates/" + path)
		for _, day := range aDay.FindAllString(string(text), -1) {
			days++
			require.Contains(t, day, ` max="9999-12-31`, path)
		}
		return err
	}))
	require.NotZero(t, days)
}
