package tests

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryDependencyHasItsReason proves that docs/dependencies.md names every
// direct dependency of the product, and none that is gone.
func TestEveryDependencyHasItsReason(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err)
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	require.NoError(t, json.Unmarshal(out, &mod))
	direct := []string{}
	for _, r := range mod.Require {
		if !r.Indirect {
			direct = append(direct, r.Path)
		}
	}
	page, err := os.ReadFile("../docs/dependencies.md")
	require.NoError(t, err)
	require.ElementsMatch(t, direct, explained(string(page)), "docs/dependencies.md beside go.mod")
}

// explained lists the modules in the first column of the page's tables, up to
// the modules that are not the product's.
func explained(page string) []string {
	ours, _, _ := strings.Cut(page, "## Apart from the product")
	var modules []string
	for line := range strings.Lines(ours) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 || !strings.Contains(cells[1], ".") {
			continue
		}
		for name := range strings.SplitSeq(cells[1], ",") {
			modules = append(modules, strings.TrimSpace(name))
		}
	}
	return modules
}
