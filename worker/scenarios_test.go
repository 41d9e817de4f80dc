package worker_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	sdk "go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/countersign/countersign/activities/activitiestest"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/approval/approvaltest"
	"github.com/countersign/countersign/domain/calendar"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/engine"
	"github.com/countersign/countersign/platform/temporal"
	"github.com/countersign/countersign/workflows"
)

// recordVariable keeps the histories of the scenarios in workflows/testdata,
// where every later version of the code must replay them. Run it before a
// release and commit what it wrote; never change or delete a file of a release.
const recordVariable = "COUNTERSIGN_RECORD_HISTORIES" // a prefix of the file names, such as 2026-11

const historiesDir = "../workflows/testdata/histories"

// eventsMost is the budget of a three-step approval with deadlines and a voucher.
const eventsMost = 44

// TestScenarios plays every scenario on a real server and replays its history.
func TestScenarios(t *testing.T) {
	h := newHouse(t)
	defer h.work()()
	for _, tt := range []struct {
		name string
		play func(h *house, id string)
		want approval.Status
	}{
		{"approved", func(h *house, id string) { h.allApprove(id) }, approval.Closed},
		{"rejected", playRejection, approval.Rejected},
		{"withdrawn", playWithdraw, approval.Withdrawn},
		{"returned", playReturn, approval.Closed},
		{"straight", playStraightBack, approval.Closed},
		{"spared", playSpared, approval.Closed},
		{"signalled", playSignals, approval.Closed},
		{"behind", playBehind, approval.Closed},
		{"escalated", playEscalation, approval.Closed},
		{"expired", playExpiry, approval.Rejected},
		{"parked", playParked, approval.Closed},
		{"unrouted", playUnrouted, approval.Closed},
		{"renewed", playRenewal, approval.Closed},
		{"handled", playHandled, approval.Closed},
		{"followed", playFollowed, approval.Closed},
		{"sanctioned", playSanctioned, approval.Closed},
		{"branched", playBranched, approval.Closed},
		{"intervened", playIntervened, approval.Closed},
		{"voided", playVoided, approval.Voided},
		{"counted", playCounted, approval.Closed},
		{"rested", playRested, approval.Closed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			play := *h
			play.t = t
			h.outside.SetPlan(activitiestest.ThreeSteps(3600, 1800, 600))
			play.engine.Limits = workflows.Limits{}
			if tt.name == "renewed" || tt.name == "branched" || tt.name == "intervened" {
				play.engine.Limits.RenewAfter = 20
			}
			if tt.name == "rested" {
				play.engine.Limits.PostAttempts = 1
			}
			play.prepare(tt.name)
			id := play.submit(false)
			tt.play(&play, id)
			require.Equal(t, tt.want, play.closed(id).Status)
			play.replay(tt.name, id)
		})
	}
	h.engine.Limits = workflows.Limits{}
	t.Run("synced", func(t *testing.T) { playDirectory(t, h) })
	t.Run("master data", h.readsMaster)
	t.Run("collected", h.collects)
	t.Run("reconciled", h.reconciles)
	t.Run("reversed", h.reverses)
	t.Run("isolated", h.isolates)
}

// prepare sets what must be set before the document is routed.
func (h *house) prepare(name string) {
	plan := activitiestest.ThreeSteps(3, 1, 1)
	switch name {
	case "handled", "intervened":
		h.outside.SetPlan(handledPlan())
	case "followed":
		plan := handledPlan()
		plan.Steps[0].Clock = approval.Clock{Calendar: "always", Due: calendar.Duration{Count: 2, Unit: calendar.WorkDay}}
		h.outside.SetPlan(plan)
	case "spared":
		plan := activitiestest.ThreeSteps(3600, 1800, 600)
		plan.Steps[2].Approvers = []approval.Approver{{Person: "li", Via: "test"}}
		plan.Steps[2].Once = true
		h.outside.SetPlan(plan)
	case "sanctioned":
		h.outside.SetPlan(patchedPlan())
	case "counted":
		h.outside.SetPlan(countedPlan())
	case "branched":
		h.outside.SetPlan(branchedPlan())
		h.outside.Staffing(func(string) []approval.Approver { return []approval.Approver{{Person: "sun", Via: "test"}} })
	case "escalated":
		h.outside.SetPlan(plan)
	case "expired":
		for i := range plan.Steps {
			plan.Steps[i].OnTimeout = approval.Timeout{Do: approval.TimeoutReject}
		}
		h.outside.SetPlan(plan)
	case "parked", "voided":
		h.refusedByTheBooks()
	case "unrouted":
		h.outside.Unroute("policy.no_band")
	}
}

func playRejection(h *house, id string) { require.NoError(h.t, h.decide(id, approval.Reject, "li")) }

func playWithdraw(h *house, id string) {
	h.untilAsked(id, "li")
	require.NoError(h.t, h.deliver(h.book.Commit(approval.Act{
		ID: actID(), Name: approval.Withdraw, Document: id, Actor: "zhao", Opinion: "wrong receipt",
	})))
}

func playReturn(h *house, id string) {
	require.NoError(h.t, h.decide(id, approval.Approve, "li"))
	require.NoError(h.t, h.decide(id, approval.Return, "wu"))
	require.NoError(h.t, h.deliver(h.book.Commit(approval.Act{
		ID: actID(), Name: approval.Resubmit, Document: id, Actor: "zhao", Revision: 2, NewHash: "hash2",
	})))
	h.allApprove(id)
}

// playStraightBack has only who returned it decide again, and who comes after.
func playStraightBack(h *house, id string) {
	require.NoError(h.t, h.decide(id, approval.Approve, "li"))
	h.untilAsked(id, "wu")
	back := h.book.Decision(id, actID(), approval.Return, "wu")
	back.Back = approval.BackStraight
	require.NoError(h.t, h.deliver(h.book.Commit(back)))
	require.NoError(h.t, h.deliver(h.book.Commit(approval.Act{
		ID: actID(), Name: approval.Resubmit, Document: id, Actor: "zhao", Revision: 2, NewHash: "hash2",
	})))
	require.NoError(h.t, h.decide(id, approval.Approve, "wu"))
	require.NoError(h.t, h.decide(id, approval.Approve, "sun"))
}

// playSpared does not ask li a second time.
func playSpared(h *house, id string) {
	require.NoError(h.t, h.decide(id, approval.Approve, "li"))
	require.NoError(h.t, h.decide(id, approval.Approve, "wu"))
}

func playSignals(h *house, id string) {
	h.untilAsked(id, "li")
	require.NoError(h.t, h.client.SignalWorkflow(h.t.Context(), id, "", workflows.SignalActRecorded, "garbage"))
	require.NoError(h.t, h.engine.Signal(h.t.Context(), id, "unknown"))
	for _, person := range []string{"li", "wu"} {
		h.untilAsked(id, person)
		act := h.book.Commit(h.book.Decision(id, actID(), approval.Approve, person))
		require.NoError(h.t, h.engine.Signal(h.t.Context(), id, act.ID))
		require.NoError(h.t, h.engine.Signal(h.t.Context(), id, act.ID))
	}
	require.NoError(h.t, h.decide(id, approval.Approve, "sun"))
}

// playBehind has a decision recorded that the history does not know of, as after a
// worker and a server that died in one moment, and then the relay's signal.
func playBehind(h *house, id string) {
	h.untilAsked(id, "li")
	h.idle(id)
	act := h.book.Commit(h.book.Decision(id, actID(), approval.Approve, "li"))
	state := h.book.State(id)
	drafts, err := state.Judge(act, time.Now())
	require.NoError(h.t, err)
	_, err = h.book.Record(h.t.Context(), approval.RecordRequest{
		Document: id, Expected: state.Seq, Cause: act.Cause(), Act: &act, Drafts: drafts,
	}, func(_ time.Time, d approval.TaskOpenedData) (approval.TaskOpenedData, error) { return d, nil })
	require.NoError(h.t, err)
	require.NoError(h.t, h.engine.Signal(h.t.Context(), id, act.ID))
	require.Eventually(h.t, func() bool {
		answer, err := h.client.QueryWorkflow(h.t.Context(), id, "", workflows.QueryState)
		var known approval.State
		return err == nil && answer.Get(&known) == nil && slices.Contains(known.Assignees(), "wu")
	}, settleMax, lookEvery, "the workflow goes on from the record")
	require.NoError(h.t, h.decide(id, approval.Approve, "wu"))
	require.NoError(h.t, h.decide(id, approval.Approve, "sun"))
}

func playEscalation(h *house, id string) {
	require.NoError(h.t, h.decide(id, approval.Approve, "boss-of-li"))
	require.NoError(h.t, h.decide(id, approval.Approve, "wu"))
	require.NoError(h.t, h.decide(id, approval.Approve, "sun"))
}

func playExpiry(h *house, id string) { h.untilStatus(id, approval.Rejected) }

func playParked(h *house, id string) {
	h.allApprove(id)
	h.untilStatus(id, approval.Parked)
	effect := h.book.State(id).Effect
	require.NoError(h.t, h.deliver(h.book.Commit(approval.Act{
		ID: actID(), Name: approval.Resolve, Document: id, Actor: "fin", Effect: effect.Reference,
		Attempt: effect.Attempt, Ruling: approval.RulingRedate, Date: "2026-12-01", Opinion: "next period",
	})))
}

func playUnrouted(h *house, id string) {
	h.until(id, "stuck", approval.State.Stuck)
	h.outside.Unroute("")
	require.NoError(h.t, h.deliver(h.book.Commit(approval.Act{
		ID: actID(), Name: approval.Resolve, Document: id, Actor: "root", Effect: "plan:1",
		Ruling: approval.RulingRetry, Opinion: "mended",
	})))
	h.allApprove(id)
}

// playFollowed lets a calendar change and two people leave: one who stopped the
// clock, and one who is asked for advice.
func playFollowed(h *house, id string) {
	h.untilAsked(id, "li")
	version := h.book.Publish(approvaltest.WithTomorrowOff(time.Now()))
	for range 2 {
		require.NoError(h.t, h.engine.Tell(h.t.Context(), engine.Telling{
			Document: id, Kind: "calendar", Name: "always", Version: int64(version),
		}))
	}
	h.until(id, "the deadline moved", func(s approval.State) bool { return s.Tasks[0].CalendarVersion == version })
	h.do(id, approval.Consult, "li", named("mia"))
	h.do(id, approval.Hold, "li", nil)
	h.outside.Leave("li")
	h.outside.Leave("mia")
	for range 2 {
		require.NoError(h.t, h.engine.Tell(h.t.Context(), engine.Telling{Document: id, Kind: "directory", Version: 2}))
	}
	require.NoError(h.t, h.decide(id, approval.Approve, "boss-of-li"))
	require.NoError(h.t, h.decide(id, approval.Approve, "wu"))
	require.NoError(h.t, h.decide(id, approval.Approve, "sun"))
}

func playRenewal(h *house, id string) {
	h.allApprove(id)
	last := h.book.State(id)
	require.Len(h.t, last.Deciders, 3)
}

// replay replays every run of a document with today's code, keeps the histories
// where that was asked for, and answers with how many runs there were.
func (h *house) replay(name, id string) int {
	h.t.Helper()
	run, n := h.firstRun(id), 0
	for run != "" {
		n++
		history := h.history(id, run)
		h.t.Logf("%s, run %d: %s", name, n, counted(history))
		if name == "approved" {
			require.LessOrEqual(h.t, len(history.GetEvents()), eventsMost)
		}
		replayer := sdk.NewWorkflowReplayer()
		workflows.Register(replayer)
		require.NoError(h.t, replayer.ReplayWorkflowHistory(nil, history))
		h.keep(name+"-"+strconv.Itoa(n), history)
		last := history.GetEvents()[len(history.GetEvents())-1]
		run = last.GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
	if name == "renewed" {
		require.Greater(h.t, n, 1, "the history was never begun anew")
	}
	return n
}

func (h *house) firstRun(id string) string {
	h.t.Helper()
	d, err := h.client.DescribeWorkflowExecution(h.t.Context(), id, "")
	require.NoError(h.t, err)
	return d.GetWorkflowExecutionInfo().GetFirstRunId()
}

func (h *house) keep(name string, history *historypb.History) {
	h.t.Helper()
	prefix := os.Getenv(recordVariable)
	if prefix == "" || strings.HasPrefix(name, "long") {
		return
	}
	raw, err := protojson.Marshal(history)
	require.NoError(h.t, err)
	var neat bytes.Buffer
	require.NoError(h.t, json.Indent(&neat, raw, "", " "))
	neat.WriteByte('\n')
	require.NoError(h.t, os.WriteFile(filepath.Join(historiesDir, prefix+"-"+name+".json"), neat.Bytes(), 0o644))
}

// refusesQuietly holds that a refused act is answered with its fault and leaves
// no trace in the history.
func (h *house) refusesQuietly(t *testing.T) {
	id := h.submit(false)
	h.untilAsked(id, "li")
	h.idle(id)
	before := len(h.history(id, "").GetEvents())
	act := h.book.Decision(id, actID(), approval.Approve, "li")
	act.Actor = "bo"
	require.Equal(t, "task.not_yours", fault.CodeOf(h.deliver(h.book.Commit(act))))
	require.Len(t, h.history(id, "").GetEvents(), before)
}

// TestDelivery holds what the gateway is told.
func TestDelivery(t *testing.T) {
	h := newHouse(t)
	stop := h.work()
	h.refusesQuietly(t)

	id := h.submit(false)
	require.NoError(t, h.engine.Start(t.Context(), startOf(id, false)), "a second start is a success")
	h.allApprove(id)
	h.closed(id)
	require.NoError(t, h.engine.Start(t.Context(), startOf(id, false)), "also after the end")
	late := h.book.Commit(approval.Act{ID: actID(), Name: approval.Withdraw, Document: id, Actor: "zhao", Opinion: "late"})
	require.Equal(t, "document.final", fault.CodeOf(h.deliver(late)))
	require.Equal(t, "document.final", fault.CodeOf(h.engine.Signal(t.Context(), id, late.ID)))

	waiting := h.submit(false)
	h.untilAsked(waiting, "li")
	stop()
	act := h.book.Commit(h.book.Decision(waiting, actID(), approval.Approve, "li"))
	_, err := h.engine.Deliver(t.Context(), act)
	require.Equal(t, fault.Unknown, fault.KindOf(err), "%v", err)
	require.Equal(t, "act.pending", fault.CodeOf(err))
	require.NoError(t, h.engine.Signal(t.Context(), waiting, act.ID), "a signal is accepted with no worker up")
	defer h.work()()
	h.untilAsked(waiting, "wu")
	require.Equal(t, approval.OK, h.book.Outcome(act.ID).Code)
	require.NoError(t, h.deliver(act), "the same act is answered again")
}

// TestAnEncryptedHistorySaysNothing looks for what people wrote in everything
// that Temporal was given, and replays it with the key.
func TestAnEncryptedHistorySaysNothing(t *testing.T) {
	key := temporal.Key{ID: "k1", Secret: bytes.Repeat([]byte{7}, 32)}
	h := newHouse(t, key)
	h.engine.Shown.People = false
	defer h.work()()
	id := h.submit(false)
	h.untilAsked(id, "li")
	stranger := h.book.Decision(id, actID(), approval.Approve, "li")
	stranger.Actor = "bo"
	require.Equal(t, "task.not_yours", fault.CodeOf(h.deliver(h.book.Commit(stranger))), "a fault survives the codec")
	h.allApprove(id)
	h.closed(id)

	history := h.history(id, "")
	raw, err := proto.Marshal(history)
	require.NoError(t, err)
	for _, canary := range []string{"Train to Shanghai", "because", "zhao", "82000"} {
		require.NotContains(t, string(raw), canary)
	}
	payloads, failures, err := temporal.Converters([]temporal.Key{key}, true)
	require.NoError(t, err)
	replayer, err := sdk.NewWorkflowReplayerWithOptions(sdk.WorkflowReplayerOptions{
		DataConverter: payloads, FailureConverter: failures,
	})
	require.NoError(t, err)
	workflows.Register(replayer)
	require.NoError(t, replayer.ReplayWorkflowHistory(nil, history))
}
