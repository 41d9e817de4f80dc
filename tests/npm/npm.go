// Package npm installs what tests take from npm, by the lock file that lies beside
// them: nothing of it is committed.
package npm

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const patience = 3 * time.Minute

// Install brings the packages of the lock file in a directory, once; processes
// that meet take turns. Sentinel is a file of the package that is needed.
//
// Nothing is skipped: without npm the test fails, and `make test` installs it.
func Install(t testing.TB, dir, sentinel string) {
	t.Helper()
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), "countersign-"+filepath.Base(dir)+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	require.NoError(t, err)
	defer lock.Close() //nolint:errcheck // only held
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	if _, err := os.Stat(filepath.Join(dir, "node_modules", sentinel)); err == nil {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	npm.Dir = dir
	said, err := npm.CombinedOutput()
	require.NoError(t, err, "npm ci in %s: %s", dir, said)
}
