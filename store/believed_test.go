package store

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBelievedAsksOnceAndForgets(t *testing.T) {
	var b believed[int]
	asked := 0
	ask := func() (int, error) { asked++; return asked, nil }
	for range 3 {
		got, err := b.get("a", ask)
		require.NoError(t, err)
		require.Equal(t, 1, got)
	}
	_, err := b.get("b", func() (int, error) { return 0, errors.New("away") })
	require.Error(t, err)
	got, err := b.get("b", ask)
	require.NoError(t, err, "an error is not believed")
	require.Equal(t, 2, got)
	b.forget()
	got, err = b.get("a", ask)
	require.NoError(t, err)
	require.Equal(t, 3, got)
}
