package tests

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// linesMax is how long a file may be; functions are the linter's to measure.
const linesMax = 400

// TestFilesAreShort proves that no file outgrows what the guide allows.
func TestFilesAreShort(t *testing.T) {
	files := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if n := bytes.Count(text, []byte{'\n'}); n > linesMax {
			t.Errorf("%s has %d lines, %d are the most: split it by what its parts are about", path, n, linesMax)
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, files, 100, "too few files were found for this test to mean anything")
}
