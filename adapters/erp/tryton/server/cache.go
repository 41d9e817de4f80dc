package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Prepare returns the directory of a stopped, ready cluster, which every Start begins with;
// the first caller on a machine builds it while the others wait: two minutes on a quiet
// machine, and more on one that compiles beside it. The cache is a directory; empty means
// COUNTERSIGN_TRYTON_CACHE, or one below the temporary directory.
func Prepare(ctx context.Context, cache string, out io.Writer) (string, error) {
	if cache == "" {
		cache = os.Getenv("COUNTERSIGN_TRYTON_CACHE")
	}
	if cache == "" {
		cache = filepath.Join(reachable(), "countersign-tryton")
		if uid := os.Getuid(); uid != 0 {
			cache += "-" + strconv.Itoa(uid) // a cluster belongs to who built it
		}
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("tryton server: cache: %w", err)
	}
	unlock, err := lock(filepath.Join(cache, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	ready := filepath.Join(cache, fingerprint())
	if _, err := os.Stat(ready); !errors.Is(err, os.ErrNotExist) {
		return ready, err
	}
	fmt.Fprintln(out, "preparing Tryton once, about two minutes")
	return ready, build(ctx, ready, out)
}

// build makes the cluster beside its final place and moves it there when it is
// whole, so that a half-built one is never used.
func build(ctx context.Context, ready string, out io.Writer) error {
	half, err := os.MkdirTemp(reachable(), "cstb")
	if err != nil {
		return fmt.Errorf("tryton server: %w", err)
	}
	defer func() { _ = os.RemoveAll(half) }()
	if err := os.Chmod(half, 0o755); err != nil {
		return fmt.Errorf("tryton server: %w", err)
	}
	if err := writeScripts(half); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	script := filepath.Join(half, "setup.sh")
	if err := runScript(ctx, nil, out, []string{script, "build", half, strconv.Itoa(port)}); err != nil {
		_ = runScript(context.WithoutCancel(ctx), nil, out, []string{script, "kill", half})
		return err
	}
	if err := os.Rename(half, ready); err != nil {
		return fmt.Errorf("tryton server: cache and %s must be on one disk: %w", reachable(), err)
	}
	return nil
}

// lock waits for the right to build, across processes.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("tryton server: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("tryton server: %w", err)
	}
	return func() { _ = file.Close() }, nil
}
