package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/wire"
)

// Limits of a reading of a source.
const (
	collectTimeMax  = 30 * time.Minute // many files of many rows
	collectAttempts = 6

	answerLooks    = 20 // at a file whose rows are not settled: about ten minutes
	answerPause    = time.Second
	answerPauseMax = time.Minute
)

// CollectInbound asks one source once for what is to become documents, and tells it what
// did. It is started by its schedule. 入站采集
//
// A source that does not answer is an outcome and no error: the next time asks anew, and
// a file without a result waits for that.
func CollectInbound(ctx workflow.Context, in activities.CollectInput) (activities.Collected, error) {
	var got activities.Collected
	asked := askSource(ctx, in, "ask the source "+in.Source)
	if err := workflow.ExecuteActivity(asked, TakeInbound, in).Get(ctx, &got); err != nil {
		return got, err
	}
	for _, file := range got.Files {
		err := answerFile(ctx, in, file)
		if temporal.IsCanceledError(err) {
			return got, err
		}
		if err != nil {
			got.Code = fault.CodeOf(wire.In(err))
			break
		}
	}
	return got, nil
}

// answerFile waits until the rows of a file are settled, which the gateway sees to.
func answerFile(ctx workflow.Context, in activities.CollectInput, file string) error {
	pause := answerPause
	for look := range answerLooks {
		ask := activities.AnswerInput{Source: in.Source, File: file, Last: look == answerLooks-1}
		var done bool
		err := workflow.ExecuteActivity(askSource(ctx, in, "tell what became of a file"), AnswerInbound, ask).Get(ctx, &done)
		if err != nil || done {
			return err
		}
		if err := workflow.Sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, answerPauseMax)
	}
	return nil
}

// askSource is for a source that we ask ourselves: an ERP in its own queue.
func askSource(ctx workflow.Context, in activities.CollectInput, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueOf(in.Connection),
		ScheduleToStartTimeout: waitsFor(in.Connection),
		StartToCloseTimeout:    collectTimeMax,
		HeartbeatTimeout:       postSilence,
		Summary:                summary,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: postPause, BackoffCoefficient: 4, MaximumInterval: postPauseMax, MaximumAttempts: collectAttempts,
		},
	})
}
