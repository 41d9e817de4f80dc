package house

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/countersign/countersign/platform/filelock"
)

var build struct {
	once sync.Once
	path string
	err  error
}

// Binary is the product with the crash points in it, built once a test process.
func Binary(t testing.TB) string {
	t.Helper()
	build.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), buildMax)
		defer cancel()
		build.path, build.err = buildProduct(ctx)
	})
	if build.err != nil {
		t.Fatalf("building the product: %v", build.err)
	}
	return build.path
}

// buildProduct builds into one place for all test processes of a checkout, so that only
// the first of them links, and takes a copy: what another builds there must not change
// what this one runs.
func buildProduct(ctx context.Context) (string, error) {
	sweep()
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("finding the module: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	place := sha256.Sum256(root)
	shared := filepath.Join(cache, "countersign", "tests-"+hex.EncodeToString(place[:4]))
	if err := os.MkdirAll(shared, 0o700); err != nil {
		return "", err
	}
	lock, err := filelock.Wait(ctx, filepath.Join(shared, "lock"))
	if err != nil {
		return "", fmt.Errorf("waiting for another build: %w", err)
	}
	defer func() { _ = lock.Release() }()
	built := filepath.Join(shared, "countersign")
	cmd := exec.CommandContext(ctx, "go", "build", "-tags", "crashpoints", "-o", built, ".")
	cmd.Dir = strings.TrimSpace(string(root))
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return copied(built)
}

// copied puts a program into a directory of this test process.
func copied(program string) (path string, err error) {
	dir, err := os.MkdirTemp("", buildPrefix)
	if err != nil {
		return "", err
	}
	from, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer func() { _ = from.Close() }()
	path = filepath.Join(dir, "countersign")
	to, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	return path, errors.Join(err, to.Close())
}

const (
	buildMax    = 20 * time.Minute // the first build of a machine, beside other tests
	buildPrefix = "countersign-house-"
	buildAge    = 6 * time.Hour // longer than any test runs
)

// sweep removes what earlier test processes built: nobody tells them when they end.
func sweep() {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), buildPrefix+"*"))
	for _, dir := range old {
		if info, err := os.Stat(dir); err == nil && time.Since(info.ModTime()) > buildAge {
			_ = os.RemoveAll(dir)
		}
	}
}

func healthy(url string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
