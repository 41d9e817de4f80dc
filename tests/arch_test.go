package tests

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/countersign/countersign/"

type goPackage struct {
	ImportPath string
	Imports    []string
}

// arrows says, room by room, what a room must not import. A room is a path
// prefix inside the module; an entry that ends in / forbids everything below.
var arrows = []struct {
	room      string
	forbidden []string
	why       string
}{
	{"domain/", []string{module + "policy", module + "store", module + "workflows", module + "activities",
		module + "gateway", module + "adapters/", module + "platform/", module + "config", "go.temporal.io/",
		"github.com/", "database/sql", "net/http", "os"}, "the domain decides and knows nothing of the outside"},
	{"policy/", []string{module + "store", module + "workflows", module + "activities", module + "gateway",
		module + "adapters/", module + "platform/", "go.temporal.io/", "database/sql", "net/http"},
		"policies lie under every room"},
	{"workflows", []string{module + "store", module + "adapters/", module + "gateway", module + "config", "net",
		"net/http", "os", "github.com/spf13/viper", "go.temporal.io/sdk/client", "database/sql"},
		"workflows replay"},
	{"activities", []string{module + "gateway", module + "workflows", "github.com/gin-gonic/gin"},
		"answers come back; calls do not"},
	{"store", []string{module + "gateway", module + "workflows", module + "activities", module + "adapters/",
		module + "policy", "go.temporal.io/", "net/http"}, "the store serves everybody and knows nobody"},
	{"adapters/", []string{module + "gateway", module + "workflows", module + "activities", module + "store",
		"go.temporal.io/"}, "an adapter knows its provider only"},
	{"adapters/im/simphone", []string{module + "domain", module + "adapters/im/port", module + "adapters/im/feishu"},
		"a simulator is written from the facts, not from what it tests"},
	{"adapters/im/feishu/sim", []string{module + "domain", module + "adapters/im/port", module + "adapters/im/feishu"},
		"a simulator is written from the facts, not from what it tests"},
	{"adapters/im/dingtalk/sim", []string{module + "domain", module + "adapters/im/port", module + "adapters/im/dingtalk"},
		"a simulator is written from the facts, not from what it tests"},
	{"adapters/im/slack/sim", []string{module + "domain", module + "adapters/im/port", module + "adapters/im/slack"},
		"a simulator is written from the facts, not from what it tests"},
	{"gateway/api", []string{"database/sql", "github.com/jmoiron/sqlx", "go.temporal.io/", module + "workflows"},
		"handlers parse, ask and answer"},
	{"gateway/pages", []string{"database/sql", "github.com/jmoiron/sqlx", "go.temporal.io/", module + "workflows"},
		"handlers parse, ask and answer"},
}

// only says which rooms alone may import something.
var only = []struct {
	what  string
	rooms []string
}{
	{"github.com/gin-gonic/gin", []string{"gateway/"}},
	{"github.com/spf13/viper", []string{"config"}},
	{"github.com/jmoiron/sqlx", []string{"store", "platform/"}},
	{"github.com/lib/pq", []string{"store", "platform/", "bench", "adapters/erp/tryton/server", "adapters/table", "tests"}},
	{"cel.dev/cel-go/cel", []string{"policy/expr"}},
	{"go.temporal.io/sdk/client", []string{"gateway/engine", "platform/", "worker", "bench", "command", "stack", "relay", "tests"}},
}

// TestArrows proves that calls go one way through the house.
func TestArrows(t *testing.T) {
	packages := listPackages(t)
	require.Greater(t, len(packages), 10, "too few packages were found for this test to mean anything")
	for _, p := range packages {
		room, inside := strings.CutPrefix(p.ImportPath, module)
		if !inside {
			continue
		}
		for _, imported := range p.Imports {
			for _, rule := range arrows {
				if !within(room, rule.room) {
					continue
				}
				for _, forbidden := range rule.forbidden {
					if forbids(forbidden, imported) && !within(strings.TrimPrefix(imported, module), rule.room) {
						t.Errorf("%s imports %s: %s", room, imported, rule.why)
					}
				}
			}
			for _, rule := range only {
				if imported == rule.what && !anyWithin(room, rule.rooms) {
					t.Errorf("%s imports %s, which belongs to %v", room, imported, rule.rooms)
				}
			}
		}
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err)
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		require.NoError(t, err)
		packages = append(packages, p)
	}
}

func within(path, room string) bool {
	room = strings.TrimSuffix(room, "/")
	return path == room || strings.HasPrefix(path, room+"/")
}

func anyWithin(path string, rooms []string) bool {
	for _, room := range rooms {
		if within(path, room) {
			return true
		}
	}
	return false
}

// forbids treats "os" and "net" as exactly themselves, the rest as a prefix;
// the house's own packages are never meant by a bare "github.com/".
func forbids(forbidden, imported string) bool {
	if forbidden == "github.com/" && strings.HasPrefix(imported, module) {
		return false
	}
	if !strings.Contains(forbidden, "/") {
		return imported == forbidden
	}
	return imported == forbidden || strings.HasPrefix(imported, strings.TrimSuffix(forbidden, "/")+"/")
}
