package filelock_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/platform/filelock"
)

func TestOnlyOneHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := filelock.Try(path)
	require.NoError(t, err)

	_, err = filelock.Try(path)
	require.ErrorIs(t, err, filelock.ErrHeld)

	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = filelock.Wait(short, path)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	require.NoError(t, first.Release())
	second, err := filelock.Wait(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, second.Release())
}
