package workflows

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Limits of every loop and retry in a workflow.
const (
	behindMax  = 10 // times that the record may turn out to be ahead within one transition
	waitingMax = 50 // acts applied before a deadline is judged again

	stallPause = time.Minute // after a fault of ours

	// A write to our own database takes milliseconds. While it is away we try
	// on: a pause longer than a workflow task is waited by the server, so an
	// outage costs a few events a minute and no worker. After a day the workflow
	// stalls, which tries on as well, but may begin a new history in between.
	recordTimeMax  = 20 * time.Second
	recordPause    = 100 * time.Millisecond
	recordPauseMax = time.Minute
	recordAttempts = 1440 // about a day
	recordPatience = 100 * 365 * 24 * time.Hour

	// An activity's own call ends well before its time does, so that two attempts
	// never overlap.
	postTimeMax  = 2 * time.Minute
	postSilence  = 15 * time.Second // a worker that does not say that it lives is dead
	postPause    = time.Second
	postPauseMax = time.Minute
	postAttempts = 10 // about four minutes, then a person looks

	// An ERP that rests is waited for; what it was asked for meanwhile is not parked.
	restPatience = 24 * time.Hour // with one that does not answer; a maintenance window does not count
	queueTimeMax = 24 * time.Hour // until a call leaves the queue of a connection that nobody serves

	directoryTimeMax  = 30 * time.Minute // 50,000 people
	directoryAttempts = 6                // about three minutes
)

// writeRecords is for writes to our own database: local activities, repeated
// until they are answered. Summary is for people.
func writeRecords(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    recordTimeMax,
		ScheduleToCloseTimeout: recordPatience,
		Summary:                summary,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    recordPause,
			BackoffCoefficient: 3,
			MaximumInterval:    recordPauseMax,
			MaximumAttempts:    recordAttempts,
		},
	})
}

// readRecords is for reads of our own database; the same patience.
func readRecords(ctx workflow.Context, summary string) workflow.Context {
	return writeRecords(ctx, summary)
}

// askDirectory is for a directory that lists everybody: it may take its time, and is
// asked again for a few minutes where it does not answer. The next run asks anew.
func askDirectory(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueueEffects,
		StartToCloseTimeout: directoryTimeMax,
		HeartbeatTimeout:    postSilence,
		Summary:             summary,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    postPause,
			BackoffCoefficient: 4,
			MaximumInterval:    postPauseMax,
			MaximumAttempts:    directoryAttempts,
		},
	})
}

// callERP is for the one call that reaches outside. How often it is tried is limited.
func callERP(ctx workflow.Context, c call) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueOf(c.books),
		ScheduleToStartTimeout: waitsFor(c.books),
		StartToCloseTimeout:    postTimeMax,
		HeartbeatTimeout:       postSilence,
		Summary:                c.summary,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:    postPause,
			BackoffCoefficient: 2,
			MaximumInterval:    cmp.Or(c.limits.PostPauseMax, postPauseMax),
			MaximumAttempts:    cmp.Or(c.limits.PostAttempts, postAttempts),
		},
	})
}

// waitsFor is how long a call may lie in the queue of a connection, which perhaps nobody
// serves any more; in the queue of all, for ever.
func waitsFor(books string) time.Duration {
	if books == "" {
		return 0
	}
	return queueTimeMax
}
