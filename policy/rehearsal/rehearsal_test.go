package rehearsal_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/config"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/rehearsal"
)

// monday is a working day, in the middle of the morning in Shanghai.
var monday = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

func noRates(money.Currency, money.Currency) (document.Rate, bool) { return document.Rate{}, false }

// shipped are the document types that ship, by id.
func shipped(t *testing.T) map[string]*doctype.Type {
	t.Helper()
	names, err := fs.Glob(config.Shipped, "types/*.yaml")
	require.NoError(t, err)
	types := map[string]*doctype.Type{}
	for _, name := range names {
		raw, err := config.Shipped.ReadFile(name)
		require.NoError(t, err)
		id := strings.TrimSuffix(path.Base(name), ".yaml")
		types[id], err = doctype.Parse(id, raw)
		require.NoError(t, err)
	}
	return types
}

func asked(minor int64) rehearsal.Asked {
	return rehearsal.Asked{Requester: "lin", Amount: money.Amount{Minor: minor, Currency: "CNY"}, Words: "Rehearsal"}
}

// stage is the shipped company, on which a document of a type is about to be submitted.
func stage(t *testing.T, kind *doctype.Type, a rehearsal.Asked) rehearsal.Stage {
	t.Helper()
	company, err := config.DemoCompany()
	require.NoError(t, err)
	raw, err := config.Shipped.ReadFile("policies/" + kind.Policy + ".yaml")
	require.NoError(t, err)
	rules, err := policy.Parse(kind.Policy, raw)
	require.NoError(t, err)
	calendars, err := calendar.Shipped()
	require.NoError(t, err)
	content, err := rehearsal.Content(kind, a, &company, monday, noRates)
	require.NoError(t, err)
	return rehearsal.Stage{Policy: rules, Version: 1, Org: &company, Calendars: calendars, Content: content,
		Number: "X-2026-000000", Start: monday, Words: a.Words}
}

// yes has whoever is asked agree.
func yes(s rehearsal.Scene) rehearsal.Deed {
	return rehearsal.Deed{Act: approval.Approve, Task: s.State.OpenTasks()[0].ID}
}

// TestEveryShippedTypeIsRehearsedToItsEnd proves that a document of each can be made up, and
// agreed to by whoever is asked.
func TestEveryShippedTypeIsRehearsedToItsEnd(t *testing.T) {
	for id, kind := range shipped(t) {
		t.Run(id, func(t *testing.T) {
			on := stage(t, kind, asked(650_000))
			var deeds []rehearsal.Deed
			scene, err := rehearsal.Play(on, deeds)
			require.NoError(t, err)
			for len(scene.State.OpenTasks()) > 0 {
				deeds = append(deeds, yes(scene))
				scene, err = rehearsal.Play(on, deeds)
				require.NoError(t, err)
				require.Nil(t, scene.Refused)
				require.Equal(t, len(deeds), scene.Played)
			}
			require.Contains(t, []approval.Status{approval.Approved, approval.Closed}, scene.State.Status)
			require.Equal(t, kind.Mapping != "", scene.State.Status == approval.Approved, "what is booked waits for that")
		})
	}
}

// TestTimePassesInARehearsal proves that deadlines are those of the calendar, and that who
// does nothing is reminded, and then passed over as the policy says.
func TestTimePassesInARehearsal(t *testing.T) {
	on := stage(t, shipped(t)["expense"], asked(650_000))
	scene, err := rehearsal.Play(on, nil)
	require.NoError(t, err)
	task := scene.State.OpenTasks()[0]
	require.Equal(t, monday.Add(24*time.Hour), task.DueAt, "one working day")
	kinds := map[string]int{}
	var deeds []rehearsal.Deed
	for range 12 {
		deeds = append(deeds, rehearsal.Deed{Act: rehearsal.Wait})
		if scene, err = rehearsal.Play(on, deeds); scene.Refused != nil {
			break
		}
		require.NoError(t, err)
	}
	for _, e := range scene.Events {
		kinds[e.Kind]++
	}
	require.Positive(t, kinds[approval.TaskReminded])
	require.Positive(t, kinds[approval.TaskWasEscalated]+kinds[approval.TaskOverdue])
	require.True(t, scene.Now.After(task.DueAt))
}

// TestARehearsalRefusesWhatTheRulesRefuse proves that nobody gets further in a rehearsal
// than in earnest, and that what came before stands.
func TestARehearsalRefusesWhatTheRulesRefuse(t *testing.T) {
	on := stage(t, shipped(t)["expense"], asked(650_000))
	scene, err := rehearsal.Play(on, nil)
	require.NoError(t, err)
	first := yes(scene)
	for _, tt := range []struct {
		name, code string
		deeds      []rehearsal.Deed
	}{
		{"decided twice", "task.stale", []rehearsal.Deed{first, first}},
		{"no such task", "rehearsal.bad_deed", []rehearsal.Deed{first, {Act: approval.Approve, Task: "rehearsal.r1.x.1"}}},
		{"no such act", "rehearsal.bad_deed", []rehearsal.Deed{first, {Act: approval.Intervene}}},
		{"not returned", "document.not_returned", []rehearsal.Deed{first, {Act: approval.Resubmit}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scene, err := rehearsal.Play(on, tt.deeds)
			require.NoError(t, err)
			require.NotNil(t, scene.Refused)
			require.Equal(t, tt.code, scene.Refused.Code)
			require.Equal(t, 1, scene.Played)
		})
	}
	_, err = rehearsal.Play(on, make([]rehearsal.Deed, rehearsal.DeedsMost+1))
	require.Equal(t, "rehearsal.too_long", fault.CodeOf(err))
}

// TestWhatIsAskedForIsHeldToTheType proves that an amount, a category or a choice that the
// type refuses is refused, and what was made up beside it is not.
func TestWhatIsAskedForIsHeldToTheType(t *testing.T) {
	company, err := config.DemoCompany()
	require.NoError(t, err)
	types := shipped(t)
	for _, tt := range []struct {
		kind, field string
		ask         func(a *rehearsal.Asked)
	}{
		{"expense", "lines[0].category", func(a *rehearsal.Asked) { a.Category = "yachts" }},
		{"expense", "urgency", func(a *rehearsal.Asked) { a.Urgency = "yesterday" }},
		{"contract", "fields.direction", func(a *rehearsal.Asked) { a.Choices = map[string]string{"direction": "both"} }},
	} {
		a := asked(100_000)
		tt.ask(&a)
		_, err := rehearsal.Content(types[tt.kind], a, &company, monday, noRates)
		f, ok := fault.As(err)
		require.True(t, ok, "%s: %v", tt.field, err)
		require.Equal(t, tt.field, f.Field)
	}
}
