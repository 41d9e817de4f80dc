// Package filestest is what every file store must do.
package filestest

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/domain/fault"
)

// Run holds a store to the promises of files.Store.
func Run(t *testing.T, s files.Store) {
	t.Helper()
	t.Run("what was put is read again", func(t *testing.T) {
		key, content := files.NewKey(), bytes.Repeat([]byte("发票 "), 50_000)
		require.NoError(t, s.Put(t.Context(), key, bytes.NewReader(content), int64(len(content))))
		require.Equal(t, content, read(t, s, key))
		require.NoError(t, s.Put(t.Context(), key, bytes.NewReader(content), int64(len(content))), "safe to repeat")
	})
	t.Run("what was never put is not found", func(t *testing.T) {
		_, err := s.Open(t.Context(), files.NewKey())
		require.Equal(t, "file.not_found", fault.CodeOf(err))
	})
	t.Run("a deleted file is gone, and may be deleted again", func(t *testing.T) {
		key := files.NewKey()
		require.NoError(t, s.Put(t.Context(), key, strings.NewReader("x"), 1))
		require.NoError(t, s.Delete(t.Context(), key))
		require.NoError(t, s.Delete(t.Context(), key))
		_, err := s.Open(t.Context(), key)
		require.Equal(t, "file.not_found", fault.CodeOf(err))
	})
	t.Run("a path is no key", func(t *testing.T) {
		for _, key := range []string{"../../etc/passwd", "", "/etc/passwd", strings.Repeat("A", 32)} {
			_, err := s.Open(t.Context(), key)
			require.Equal(t, "file.not_found", fault.CodeOf(err), key)
			require.Error(t, s.Put(t.Context(), key, strings.NewReader("x"), 1), key)
		}
	})
	t.Run("a body that breaks off leaves nothing", func(t *testing.T) {
		key := files.NewKey()
		require.Error(t, s.Put(t.Context(), key, strings.NewReader("short"), 100))
		_, err := s.Open(t.Context(), key)
		require.Equal(t, "file.not_found", fault.CodeOf(err))
	})
	t.Run("it can be reached", func(t *testing.T) { require.NoError(t, s.Check(t.Context())) })
}

func read(t *testing.T, s files.Store, key string) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), key)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	content, err := io.ReadAll(r)
	require.NoError(t, err)
	return content
}
