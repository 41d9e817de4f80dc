package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	_ "github.com/lib/pq" // the floor talks to PostgreSQL as a bare program would
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/adapters/mail"
)

// The floor is the same flow as a reimbursement of three decisions, written by
// hand against the SDK with nothing of ours: three decisions by update, one
// insert a transition, a mail to whoever is asked next and to the submitter when
// it is approved and when it is posted, the same post into the same ERP, one
// re-armed timer, local activities for database and mail. What Countersign costs
// above it is the price of policies, evidence and the read model.
const (
	floorQueue    = "floor"
	floorSteps    = 3
	floorDeadline = 24 * time.Hour
)

// floorDecision is what an approver of the floor says.
type floorDecision struct {
	Actor   string
	Verdict string
	Opinion string
}

// floorFlow is the hand-written workflow.
func floorFlow(ctx workflow.Context, document string) error {
	step, due := 0, workflow.Now(ctx).Add(floorDeadline)
	insert := func(ctx workflow.Context, seq int, what string) error {
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
			StartToCloseTimeout: 10 * time.Second})
		return workflow.ExecuteLocalActivity(ctx, (*floorActivities).Insert, document, seq, what).Get(ctx, nil)
	}
	turn := workflow.NewMutex(ctx)
	decide := func(ctx workflow.Context, d floorDecision) (int, error) {
		if err := turn.Lock(ctx); err != nil {
			return 0, err
		}
		defer turn.Unlock()
		if err := insert(ctx, step+2, d.Verdict+" by "+d.Actor); err != nil {
			return 0, err
		}
		step++
		return step, nil
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, "decide", decide, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, d floorDecision) error {
			if step >= floorSteps || d.Actor == "" {
				return temporal.NewApplicationError("decided already", "stale")
			}
			return nil
		}})
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	if err := insert(ctx, 1, "submitted"); err != nil {
		return err
	}
	if err := floorWait(ctx, &step, due); err != nil {
		return err
	}
	post := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	if err := workflow.ExecuteActivity(post, (*floorActivities).Post, document).Get(ctx, nil); err != nil {
		return fmt.Errorf("posting: %w", err)
	}
	return insert(ctx, floorSteps+2, "posted")
}

// floorWait keeps one timer for the deadline and leaves it alone until the end.
func floorWait(ctx workflow.Context, step *int, due time.Time) error {
	timerCtx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	timer := workflow.NewTimer(timerCtx, due.Sub(workflow.Now(ctx)))
	return workflow.Await(ctx, func() bool { return *step >= floorSteps || timer.IsReady() })
}

// floorActivities are the floor's effects.
type floorActivities struct {
	db   *sql.DB
	post func(ctx context.Context, document string) error // the same ERP post as ours
	mail *mail.Sender                                     // the same mail server, by the same connector
}

// Insert writes one record of a transition and tells whom it concerns; a repeat
// changes nothing, and its mail has the same id.
func (a *floorActivities) Insert(ctx context.Context, document string, seq int, what string) error {
	if err := a.insert(ctx, document, seq, what); err != nil {
		return err
	}
	told := 1
	if seq == 1 {
		told = 2 // two clerks are asked, and either may answer
	}
	for n := range told {
		err := a.mail.Send(ctx, mail.Letter{
			ID: fmt.Sprintf("%s-%d-%d", document, seq, n), Name: "Somebody", Address: fmt.Sprintf("p%d@example.com", n),
			Subject: document + " " + what, Body: "The document " + document + " was " + what + ".",
			Link: "http://127.0.0.1/documents/" + document, Button: "Open",
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *floorActivities) insert(ctx context.Context, document string, seq int, what string) error {
	tx, err := a.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO floor_records (document, seq, what, at) VALUES ($1, $2, $3, now())
		ON CONFLICT DO NOTHING`, document, seq, what)
	if err != nil {
		return errors.Join(fmt.Errorf("inserting: %w", err), tx.Rollback())
	}
	return tx.Commit()
}

// Post posts the voucher of a document.
func (a *floorActivities) Post(ctx context.Context, document string) error {
	return a.post(ctx, document)
}

const floorSchema = `CREATE TABLE IF NOT EXISTS floor_records (
	document text, seq int, what text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (document, seq))`

// floorAsked says which of the documents somebody is asked about.
const floorAsked = `SELECT document, to_json(document) FROM floor_records WHERE document = ANY($1) AND seq = 1`

// floorWorker registers the floor on its own task queue, tuned like ours.
func floorWorker(c client.Client, a *floorActivities) worker.Worker {
	w := worker.New(c, floorQueue, worker.Options{
		MaxConcurrentWorkflowTaskPollers: 4, MaxConcurrentActivityTaskPollers: 2,
	})
	w.RegisterWorkflowWithOptions(floorFlow, workflow.RegisterOptions{Name: "Floor"})
	w.RegisterActivityWithOptions(a.Insert, activity.RegisterOptions{Name: "Insert"})
	w.RegisterActivityWithOptions(a.Post, activity.RegisterOptions{Name: "Post"})
	return w
}

// floorDocument walks one document: start, three decisions, the end.
func floorDocument(ctx context.Context, c client.Client, watch *observer, id string, t *timings) error {
	began := time.Now()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: floorQueue}, "Floor", id)
	if err != nil {
		return fmt.Errorf("starting: %w", err)
	}
	t.submitted(time.Since(began))
	// People decide what they were asked, not what is on its way.
	var asked string
	if err := watch.await(ctx, id, &asked); err != nil {
		return fmt.Errorf("nobody was asked: %w", err)
	}
	for step := range floorSteps {
		began := time.Now()
		handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: id, UpdateName: "decide", WaitForStage: client.WorkflowUpdateStageCompleted,
			UpdateID: fmt.Sprintf("%s-%d", id, step),
			Args:     []any{floorDecision{Actor: fmt.Sprintf("p%d", step), Verdict: "approve", Opinion: "fine"}}})
		if err != nil {
			return fmt.Errorf("deciding: %w", err)
		}
		if err := handle.Get(ctx, nil); err != nil {
			return fmt.Errorf("deciding: %w", err)
		}
		t.decided(time.Since(began))
	}
	return run.Get(ctx, nil)
}
