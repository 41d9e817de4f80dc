package house

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

var build struct {
	once sync.Once
	path string
	err  error
	out  []byte
}

// Binary builds the product once a test process, with the crash points in it.
func Binary(t testing.TB) string {
	t.Helper()
	build.once.Do(func() {
		var root []byte
		if root, build.err = exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output(); build.err != nil { //nolint:noctx // short
			return
		}
		sweep()
		dir, err := os.MkdirTemp("", buildPrefix)
		if err != nil {
			build.err = err
			return
		}
		build.path = filepath.Join(dir, "countersign")
		cmd := exec.Command("go", "build", "-tags", "crashpoints", "-o", build.path, ".") //nolint:noctx // the test binary's own time limit holds
		cmd.Dir = string(root[:len(root)-1])
		build.out, build.err = cmd.CombinedOutput()
	})
	if build.err != nil {
		t.Fatalf("building the product: %v\n%s", build.err, build.out)
	}
	return build.path
}

const (
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
