package postgres

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const scratchPrefix = "countersign-scratch-"

// ScratchDir is TempDir for a test: in memory where the machine has enough of it, since a
// database is a thousand small files, and to make and delete those costs a disk's file
// system more than all that a test asks of them. TMPDIR names another place. What earlier
// processes left behind is swept: nobody tells them when they end.
func ScratchDir() (dir string, remove func(), err error) {
	base := cmp.Or(os.Getenv("TMPDIR"), memory(), os.TempDir())
	sweepScratch(base)
	dir, err = os.MkdirTemp(base, fmt.Sprintf("%s%d-", scratchPrefix, os.Getpid()))
	if err != nil {
		return "", nil, err
	}
	if err := os.Chmod(dir, openMode); err != nil {
		return "", nil, err
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// sweepScratch removes the directories of processes that are gone.
func sweepScratch(base string) {
	if _, err := os.Stat("/proc/self"); err != nil {
		return // no way to tell who lives
	}
	found, _ := filepath.Glob(filepath.Join(base, scratchPrefix+"*"))
	for _, dir := range found {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), scratchPrefix), "-")
		if _, err := strconv.Atoi(pid); err != nil {
			continue
		}
		if _, err := os.Stat("/proc/" + pid); os.IsNotExist(err) {
			_ = os.RemoveAll(dir)
		}
	}
}
