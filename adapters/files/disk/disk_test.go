package disk_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/adapters/files/disk"
	"github.com/countersign/countersign/adapters/files/filestest"
)

func TestStoreKeepsItsPromises(t *testing.T) {
	s, err := disk.Open(files.Config{Directory: t.TempDir()})
	require.NoError(t, err)
	filestest.Run(t, s)
}

func TestADirectoryIsNeeded(t *testing.T) {
	_, err := disk.Open(files.Config{})
	require.Error(t, err)
}
