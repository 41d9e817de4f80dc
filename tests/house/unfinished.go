package house

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
)

// lastEvents is how much of a history a failure shows.
const lastEvents = 12

// Unfinished says of documents that are not over what they wait for, in the record
// and in Temporal: what a test that waited in vain leaves behind.
func (h *House) Unfinished(t testing.TB) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), checkPatience)
	defer cancel()
	const query = `
		SELECT d.id, d.status || ' ' || d.parked_code || ', ' || coalesce((
		       SELECT string_agg(i.name || ' by ' || i.actor || ', deliveries ' || i.deliveries || ', next ' || i.next_delivery, '; ')
		       FROM inbox i WHERE i.document = d.id AND (i.outcome IS NULL OR NOT i.delivered)), 'no open act') || ', ' || coalesce((
		       SELECT 'not started, tries ' || s.tries || ', next ' || s.next_try
		       FROM starts s WHERE s.document = d.id AND s.done_at IS NULL), 'started') || ', asked: ' || coalesce((
		       SELECT string_agg(k.assignee, ' ') FROM tasks k WHERE k.document = d.id AND k.state = 'open'), 'nobody')
		FROM documents d WHERE d.status NOT IN ('draft', 'closed', 'rejected', 'withdrawn', 'voided') ORDER BY d.id LIMIT $1`
	rows, err := h.Database(t).QueryContext(ctx, query, stuckMost)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	c, err := client.Dial(client.Options{HostPort: h.Stack.TemporalAddress()})
	require.NoError(t, err)
	defer c.Close()
	var text strings.Builder
	for rows.Next() {
		var id, record string
		require.NoError(t, rows.Scan(&id, &record))
		fmt.Fprintf(&text, "%s: %s\n%s", id, record, engineSays(ctx, c, id))
	}
	require.NoError(t, rows.Err())
	return text.String()
}

// engineSays is what Temporal knows of a run: what is pending, and its last events.
func engineSays(ctx context.Context, c client.Client, document string) string {
	var text strings.Builder
	run, err := c.DescribeWorkflowExecution(ctx, document, "")
	if err != nil {
		return "  " + err.Error() + "\n"
	}
	fmt.Fprintf(&text, "  run %s, workflow task %v\n", run.GetWorkflowExecutionInfo().GetStatus(), run.GetPendingWorkflowTask())
	for _, a := range run.GetPendingActivities() {
		fmt.Fprintf(&text, "  activity %s %s, attempt %d, next %s, %s\n", a.GetActivityType().GetName(), a.GetState(),
			a.GetAttempt(), a.GetScheduledTime().AsTime(), a.GetLastFailure().GetMessage())
	}
	var events []string
	for history := c.GetWorkflowHistory(ctx, document, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); history.HasNext(); {
		event, err := history.Next()
		if err != nil {
			return text.String() + "  " + err.Error() + "\n"
		}
		events = append(events, fmt.Sprintf("  %s %s\n", event.GetEventTime().AsTime().Format("15:04:05.000"), event.GetEventType()))
	}
	text.WriteString(strings.Join(events[max(0, len(events)-lastEvents):], ""))
	return text.String()
}
