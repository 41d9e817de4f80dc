package house

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/countersign/countersign/adapters/erp/sandbox"
	"github.com/countersign/countersign/tests/invariants"
)

// checkPatience bounds one look of the oracle, and one run of `audit verify`.
const checkPatience = 5 * time.Minute

// SetFaults replaces the faults of the sandbox ERP; none makes it healthy.
func (h *House) SetFaults(t testing.TB, faults ...sandbox.Fault) {
	t.Helper()
	text, err := json.Marshal(append([]sandbox.Fault{}, faults...))
	require.NoError(t, err)
	response, err := http.Post(h.Stack.ERPURL+"/_sandbox/faults", "application/json", bytes.NewReader(text)) //nolint:noctx,gosec // loopback
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// VerifyAudit runs `audit verify` and fails where the record does not add up; it
// returns the summary line.
func (h *House) VerifyAudit(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), checkPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(t), "audit", "verify", "--config", h.Config)
	cmd.Env = h.env("audit", h.addresses["countersign_auditor"])
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(bytes.TrimSpace(out))
}

// RequireInvariants has the oracle count violations of everything that came to
// rest, and fails where there is one; it returns the table.
func (h *House) RequireInvariants(t testing.TB, told invariants.Acknowledged) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), checkPatience)
	defer cancel()
	journals := []string{h.Journal()}
	if h.Stack.Tryton != nil || h.elsewhere {
		journals = nil // it keeps none: whoever started the house counts in Tryton's own database
	}
	report, err := invariants.Check(ctx, invariants.Input{
		DatabaseURL: h.DatabaseURL(), Journals: journals, Histories: h.histories(ctx, t, told),
		Acknowledged: told, Quiet: true,
	})
	require.NoError(t, err)
	require.True(t, report.OK(), "\n%s", report)
	return report.String()
}

// histories saves what Temporal wrote down of the acknowledged documents.
func (h *House) histories(ctx context.Context, t testing.TB, told invariants.Acknowledged) []string {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: h.Stack.TemporalAddress()})
	require.NoError(t, err)
	defer c.Close()
	dir := t.TempDir()
	var files []string
	h.awaitEnds(ctx, t, c, told)
	for _, submission := range told.Submissions {
		text, err := historyOf(ctx, c, submission.Document)
		require.NoError(t, err)
		file := filepath.Join(dir, submission.Document+".json")
		require.NoError(t, os.WriteFile(file, text, 0o600))
		files = append(files, file)
	}
	return files
}

// awaitEnds waits for the workflows of documents that are over. The record is ahead
// of them where the answer to its last write was lost: they ask again, within a minute.
func (h *House) awaitEnds(ctx context.Context, t testing.TB, c client.Client, told invariants.Acknowledged) {
	t.Helper()
	const query = `SELECT count(*) FROM documents WHERE id = $1 AND status IN ('closed', 'rejected', 'withdrawn', 'voided')`
	for _, submission := range told.Submissions {
		var over int
		require.NoError(t, h.Database(t).QueryRowContext(ctx, query, submission.Document).Scan(&over))
		if over == 0 {
			continue
		}
		if err := c.GetWorkflow(ctx, submission.Document, "").Get(ctx, nil); err != nil { // the oracle judges it
			t.Logf("%s did not end: %v\n%s", submission.Document, err, engineSays(context.WithoutCancel(ctx), c, submission.Document))
		}
	}
}

func historyOf(ctx context.Context, c client.Client, document string) ([]byte, error) {
	events := c.GetWorkflowHistory(ctx, document, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	whole := &history.History{}
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return nil, fmt.Errorf("reading the history of %s: %w", document, err)
		}
		whole.Events = append(whole.Events, event)
	}
	return protojson.Marshal(whole)
}

// Command runs a command of the product as an operator at the database, and answers
// with what it printed.
func (h *House) Command(t testing.TB, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), checkPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(t), append(args, "--config", h.Config)...)
	cmd.Env = h.env("migrate", h.Stack.DatabaseURL())
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}
