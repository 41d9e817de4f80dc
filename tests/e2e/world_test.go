package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
)

// believed is how long a gateway may go by the organisation before.
const believed = 1200 * time.Millisecond

// worldChanges plays what reaches documents from outside, once everybody else is
// done: a calendar moves an open deadline, then who it waits for leaves, after they
// decided something else that nobody had applied yet.
func (s *scene) worldChanges() {
	d := s.submit("lin", expense("日历与离职", "1300.00"))
	s.decide("wang", d.ID, "approve", "")
	waits := s.task("zhao", d.ID)
	before := s.dueOf(waits.ID)
	off := before.UTC().Format(time.DateOnly) // the day it is due on, wherever that is
	s.importDay(off)
	var after time.Time
	for after = s.dueOf(waits.ID); !after.After(before); after = s.dueOf(waits.ID) {
		require.NoError(s, s.ctx.Err(), "its deadline stays at %s", before)
		time.Sleep(look)
	}
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'task.rescheduled'
		AND actor = 'system:calendar'`, d.ID))

	other := s.submit("lin", expense("离职前已同意", "1200.00"))
	s.decide("wang", other.ID, "approve", "")
	s.decide("zhao", other.ID, "approve", "")
	s.leave("zhao")
	time.Sleep(believed)        // a gateway goes by the organisation before for a second, and then asks to try again
	next := s.task("sun", d.ID) // above zhao
	require.NotEqual(s, waits.ID, next.ID)
	require.Equal(s, 1, s.count(`SELECT count(*) FROM events WHERE stream = $1 AND kind = 'task.handed_over'
		AND actor = 'system:directory' AND data::jsonb ->> 'assignee' = 'zhao'`, d.ID))
	s.letter("lin@example.com", d.Number, "移交", d.Title)
	var plan struct {
		Open  int `json:"open"`
		Items []struct {
			Kind, Fate string
		} `json:"items"`
	}
	_, err := s.as("admin").Call(s.ctx, http.MethodGet, "/handovers/zhao", "", nil, &plan)
	require.NoError(s, err)
	require.Zero(s, plan.Open)
	_, err = s.as("lin").Call(s.ctx, http.MethodGet, "/handovers/zhao", "", nil, &plan)
	s.refused(err, http.StatusForbidden, "access.denied")
	_, err = s.as("admin").Call(s.ctx, http.MethodPost, "/handovers/zhao", s.key(), map[string]any{}, &plan)
	require.NoError(s, err)
	_, err = s.as("admin").Call(s.ctx, http.MethodPost, "/handovers/sun", s.key(), map[string]any{}, &plan)
	s.refused(err, http.StatusConflict, "handover.active")
	s.decide("sun", d.ID, "approve", "")
	for _, id := range []string{d.ID, other.ID} {
		s.decide("liu", id, "approve", "")
		s.closed("lin", id)
	}
}

func (s *scene) dueOf(task string) time.Time {
	s.Helper()
	var due time.Time
	require.NoError(s, s.house.Database(s).QueryRow(`SELECT due_at FROM tasks WHERE id = $1`, task).Scan(&due))
	return due
}

// importDay makes a day off of the calendar of the whole house.
func (s *scene) importDay(date string) {
	s.Helper()
	file := filepath.Join(s.TempDir(), "off.ics")
	day := strings.ReplaceAll(date, "-", "")
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:" + day + "\r\nSUMMARY:停工\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	require.NoError(s, os.WriteFile(file, []byte(text), 0o600))
	args := []string{"calendar", "import", "--id", "cn-office", "--file", file, "--kind", "holidays", "--lang", "en"}
	require.Contains(s, s.house.Command(s, append(args, "--dry-run")...), "move", "what would move is told")
	require.Contains(s, s.house.Command(s, args...), "Saved")
}

// leave takes somebody out of the demo company.
func (s *scene) leave(person string) {
	s.Helper()
	text, err := config.Shipped.ReadFile("demo/company.yaml")
	require.NoError(s, err)
	entry := "{ id: " + person + ", "
	require.Equal(s, 1, strings.Count(string(text), entry))
	file := filepath.Join(s.TempDir(), "company.yaml")
	require.NoError(s, os.WriteFile(file, []byte(strings.Replace(string(text), entry, entry+"left: true, ", 1)), 0o600))
	require.Contains(s, s.house.Command(s, "ops", "handover", "--person", person, "--dry-run", "--lang", "en"), "open task")
	require.Contains(s, s.house.Command(s, "org", "import", "--file", file, "--lang", "en"), "("+person+") leaves: ")
	require.Contains(s, s.house.Command(s, "ops", "handover", "--person", person, "--lang", "en"), "Open tasks left: 0")
}
