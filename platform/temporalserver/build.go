package temporalserver

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/countersign/countersign/platform/filelock"
	"github.com/countersign/countersign/platform/process"
)

const (
	modulePath    = "github.com/countersign/countersign/platform/devserver"
	moduleFolder  = "platform/devserver"
	cachePrefix   = "devserver-"
	cacheMode     = 0o755
	hashLength    = 16 // hex digits
	builtKept     = 3  // each weighs 200 MB
	progressEvery = 10 * time.Second
	buildPatience = 5 * time.Second
)

// source is the folder of the server's module in a checkout.
type source string

// findSource looks for a checkout from the working directory upward, then from this executable upward.
func findSource() (source, bool) {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if executable, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(executable))
	}
	for _, at := range starts {
		for {
			folder := filepath.Join(at, moduleFolder)
			mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
			if err == nil && bytes.Contains(mod, []byte("module "+modulePath+"\n")) {
				return source(folder), true
			}
			if at == filepath.Dir(at) {
				break
			}
			at = filepath.Dir(at)
		}
	}
	return "", false
}

// hash changes with everything of ours that the binary is made of; go.mod pins the rest.
func (s source) hash() (string, error) {
	files, err := filepath.Glob(filepath.Join(string(s), "*.go"))
	if err != nil {
		return "", err
	}
	files = append(files, filepath.Join(string(s), "go.mod"), filepath.Join(string(s), "go.sum"))
	slices.Sort(files)
	sum := sha256.New()
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n", filepath.Base(file), len(content))
		sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil))[:hashLength], nil
}

// build returns the binary in the cache, making it if this source has none there yet.
func (s source) build(ctx context.Context, out io.Writer) (string, error) {
	hash, err := s.hash()
	if err != nil {
		return "", err
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	target := filepath.Join(cache, cachePrefix+hash)
	if runnable(target) {
		return target, nil
	}
	lock, err := filelock.Wait(ctx, filepath.Join(cache, "build.lock"))
	if err != nil {
		return "", fmt.Errorf("wait for another build of the Temporal server: %w", err)
	}
	defer func() { _ = lock.Release() }()
	if runnable(target) {
		return target, nil // built while we waited
	}
	if err := s.compile(ctx, target, out); err != nil {
		return "", err
	}
	prune(cache)
	return target, nil
}

// compile uses no flags of its own, so that it shares Go's build cache with every other build of the module.
func (s source) compile(ctx context.Context, target string, out io.Writer) error {
	tool, err := exec.LookPath("go")
	if err != nil {
		return &MissingError{Reason: "it is not built yet, and there is no go command to build it with"}
	}
	draft := target + ".draft"
	defer func() { _ = os.Remove(draft) }()
	said := process.NewTail(out)
	cmd := exec.Command(tool, "build", "-o", draft, ".")
	cmd.Dir = string(s)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = said, said
	fmt.Fprintln(out, "building the Temporal server, first time takes about 5-10 minutes…")
	began := time.Now()
	child, err := process.Start(cmd, syscall.SIGINT)
	if err != nil {
		return err
	}
	if err := awaitBuild(ctx, child, began, out); err != nil {
		return fmt.Errorf("build the Temporal server: %w\n%s", err, said)
	}
	fmt.Fprintf(out, "built the Temporal server in %s\n", time.Since(began).Round(time.Second))
	return os.Rename(draft, target)
}

func awaitBuild(ctx context.Context, child *process.Process, began time.Time, out io.Writer) error {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-child.Done():
			return child.Err()
		case <-tick.C:
			fmt.Fprintf(out, "building the Temporal server… %s\n", time.Since(began).Round(time.Second))
		case <-ctx.Done():
			_ = child.Stop(buildPatience, syscall.SIGINT, syscall.SIGKILL)
			return ctx.Err()
		}
	}
}

// cacheDir is the user's, or one beside other temporary files for a user without a home.
func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	dir := filepath.Join(base, "countersign")
	return dir, os.MkdirAll(dir, cacheMode)
}

// prune drops all but the newest binaries. One that runs goes on running.
func prune(cache string) {
	built, _ := filepath.Glob(filepath.Join(cache, cachePrefix+"*"))
	slices.SortFunc(built, func(a, b string) int { return cmp.Compare(builtAt(b), builtAt(a)) })
	for _, old := range built[min(builtKept, len(built)):] {
		_ = os.Remove(old)
	}
}

func builtAt(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.ModTime().UnixNano()
}
