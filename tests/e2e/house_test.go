// Package e2e walks documents through the whole house, over HTTP, on real servers.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/tests/house"
	"github.com/countersign/countersign/walk"
)

const (
	patience = 5 * time.Minute // of one scene; far more than it needs, so that a busy machine fails nothing
	look     = 50 * time.Millisecond
)

// TestWholeHouse runs every scene in one house, two at a time, and lets the
// oracle and `audit verify` look at all of it in the end.
func TestWholeHouse(t *testing.T) {
	settings := map[string]any{
		"relay.interval": "200ms", "scim.enabled": true, "scim.department": "sales",
		"scim.groups": []map[string]any{{"group": "Clerks", "role": "finance_clerk", "trusted": true}},
	}
	maps.Copy(settings, secrets(t))
	sick := &edge{T: t}
	h := house.Start(t, house.Options{Settings: settings, Edges: map[string]func(string) string{sickBooks: sick.before}})
	door := h.NewDoor()
	door.Hold(t)
	t.Run("scenes", func(t *testing.T) {
		for name, play := range map[string]func(*scene){
			"small amounts pass by rule":                     (*scene).smallPassesByRule,
			"three humans decide and the books have it":      (*scene).threeDecide,
			"returned, resubmitted, decided anew":            (*scene).returned,
			"returned, and straight back where nothing grew": (*scene).straightBack,
			"rejected": (*scene).rejected,
			"withdrawn freely, and later with a reason":       (*scene).withdrawn,
			"too late is told who and when":                   (*scene).tooLate,
			"nobody decides what is not theirs":               (*scene).notTheirs,
			"bad input is refused and leaves nothing":         (*scene).badInput,
			"bad files are refused":                           (*scene).badFiles,
			"a supplier is paid by request":                   (*scene).paymentRequest,
			"an advance is settled, never twice":              (*scene).advance,
			"an entity in euros":                              (*scene).euros,
			"a closed period parks until finance rules":       (*scene).parked,
			"a delegate decides, and no longer":               (*scene).delegated,
			"two people publish a policy":                     (*scene).proposed,
			"copied in, passed on, and never deciding":        (*scene).copied,
			"copied in by the policy, when it says so":        (*scene).copiedByPolicy,
			"twenty decided at once, three of them too late":  (*scene).many,
			"asked about, handed on, held up and returned":    (*scene).handled,
			"finance approves less than was claimed":          (*scene).sanctioned,
			"finance puts a category and the title right":     (*scene).amended,
			"split in three, the third is asked about":        (*scene).split,
			"two branches at once, chosen and found late":     (*scene).branched,
			"reminders, then escalation":                      (*scene).overdue,
			"twenty clients race for one task":                (*scene).race,
			"the same key does it once":                       (*scene).sameKey,
			"letters in the person's language":                (*scene).letters,
			"an import reports rows and repeats safely":       (*scene).imported,
			"a policy without an answer waits for an admin":   (*scene).unroutable,
			"the log of transitions can be read and exported": (*scene).exported,
			"operators try it in both languages":              (*scene).tried,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				play(&scene{T: t, house: h, door: door, ctx: ctx})
			})
		}
	})
	t.Run("a voucher is reversed by two people, once", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		(&scene{T: t, house: h, door: door, ctx: ctx}).reversed()
	})
	t.Run("one company's books are ill", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		(&scene{T: t, house: h, door: door, ctx: ctx}).sickERP(sick)
	})
	t.Run("the calendar changes and an approver leaves", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		(&scene{T: t, house: h, door: door, ctx: ctx}).worldChanges()
	})
	t.Run("a directory takes an approver away", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		(&scene{T: t, house: h, door: door, ctx: ctx}).provisioned()
	})
	h.Rest(t, patience, true)
	t.Log("audit verify: " + h.VerifyAudit(t))
	t.Log("invariants:\n" + h.RequireInvariants(t, door.Told()))
	door.RequireKept(t)
	t.Run("no secret is told of", func(t *testing.T) { noSecretIsToldOf(t, h, door) })
}

// keys makes every idempotency key of this process its own.
var keys atomic.Int64

// scene is one story, played by people of the demo company.
type scene struct {
	*testing.T
	house *house.House
	door  *house.Door
	ctx   context.Context //nolint:containedctx // it lives as long as the test
}

func (s *scene) as(person string) *walk.Client { return s.door.As(s.T, person) }

func (s *scene) key() string { return fmt.Sprintf("e2e-%d", keys.Add(1)) }

func expense(title string, amounts ...string) walk.Form {
	f := walk.Form{Type: "expense", Title: title, Currency: "CNY", Urgency: "normal"}
	for _, amount := range amounts {
		f.Lines = append(f.Lines, walk.Line{Category: "travel", Description: "上海 – 杭州", Date: "2026-11-20",
			Amount: walk.Money{Amount: amount, Currency: "CNY"}})
	}
	return f
}

func (s *scene) submit(person string, f walk.Form) walk.Document {
	s.Helper()
	d, err := s.as(person).Submit(s.ctx, f, s.key())
	require.NoError(s, err)
	require.NotEmpty(s, d.Number)
	return d
}

// task waits until the person is asked to decide the document.
func (s *scene) task(person, document string) walk.Task {
	s.Helper()
	for {
		task, found, err := s.as(person).TaskOn(s.ctx, document)
		require.NoError(s, err, "%s is not asked", person)
		if found {
			return task
		}
		time.Sleep(look)
	}
}

func (s *scene) decide(person, document, act, opinion string) walk.Act {
	s.Helper()
	done, err := s.as(person).Decide(s.ctx, s.task(person, document), act, opinion, s.key())
	require.NoError(s, err, "%s: %s", person, act)
	return done
}

// await waits until the document has the status; another end fails.
func (s *scene) await(person, document, status string) walk.Document {
	s.Helper()
	d, err := s.as(person).Await(s.ctx, document, func(d walk.Document) bool {
		return d.Status == status || d.Status == "rejected" || d.Status == "parked"
	})
	require.NoError(s, err, "%+v %+v", d, d.Parked)
	require.Equal(s, status, d.Status, "%+v %+v", d, d.Parked)
	return d
}

// refused holds that the gateway said no, and how.
func (s *scene) refused(err error, status int, code string) *walk.Problem {
	s.Helper()
	var problem *walk.Problem
	require.True(s, errors.As(err, &problem), "it was not refused: %v", err)
	require.Equal(s, code, problem.Code, "%v", problem)
	require.Equal(s, status, problem.Status, "%v", problem)
	require.NotEmpty(s, problem.Detail)
	return problem
}

// count asks the database for a number.
func (s *scene) count(query string, arguments ...any) int {
	s.Helper()
	var n int
	require.NoError(s, s.house.Database(s.T).QueryRowContext(s.ctx, query, arguments...).Scan(&n))
	return n
}
