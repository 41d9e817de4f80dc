package folder_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/drop"
	"github.com/countersign/countersign/adapters/drop/droptest"
	"github.com/countersign/countersign/adapters/drop/folder"
	"github.com/countersign/countersign/domain/fault"
)

func TestAFolderKeepsThePromises(t *testing.T) {
	at := t.TempDir()
	p, err := folder.Open(at)
	require.NoError(t, err)
	droptest.Run(t, p, func(path, content string) {
		path = filepath.Join(at, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	})
}

// TestLinksLeadNowhere proves that nobody who may write into the folder has us read what
// lies outside of it, or write there.
func TestLinksLeadNowhere(t *testing.T) {
	at, outside := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret.csv")
	require.NoError(t, os.WriteFile(secret, []byte("no"), 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(at, "link.csv")))
	p, err := folder.Open(at)
	require.NoError(t, err)
	files, err := p.List(t.Context(), drop.Incoming)
	require.NoError(t, err)
	require.Empty(t, files)
	_, err = p.Read(t.Context(), drop.Incoming, "link.csv", 100)
	require.Equal(t, "drop.not_found", fault.CodeOf(err))

	require.NoError(t, os.Remove(filepath.Join(at, "done")))
	require.NoError(t, os.Symlink(outside, filepath.Join(at, "done")))
	require.Equal(t, fault.Busy, fault.KindOf(p.Write(t.Context(), drop.Done, "x.csv", []byte("x"))))
	_, err = os.Stat(filepath.Join(outside, "x.csv"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestHalfWrittenFilesAreLeft by their names, and until nobody has written them for a while.
func TestHalfWrittenFilesAreLeft(t *testing.T) {
	now := time.Now()
	old := now.Add(-time.Minute)
	for _, tt := range []struct {
		file drop.File
		want bool
	}{
		{drop.File{Name: "a.csv", Size: 1, Modified: old}, true},
		{drop.File{Name: "a.csv", Size: 1, Modified: now}, false},
		{drop.File{Name: "a.csv", Size: 0, Modified: old}, false},
		{drop.File{Name: "a.csv.part", Size: 1, Modified: old}, false},
		{drop.File{Name: "a.csv.FILEPART", Size: 1, Modified: old}, false},
		{drop.File{Name: "a.csv~", Size: 1, Modified: old}, false},
	} {
		require.Equal(t, tt.want, tt.file.Finished(now, 10*time.Second), tt.file.Name)
	}
}
