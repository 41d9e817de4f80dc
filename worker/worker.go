// Package worker runs workflows and activities: one worker a task queue, sized
// so that pressure is felt where it should be.
package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/activities"
	"github.com/countersign/countersign/workflows"
)

// The sizes that are right for one machine of a few cores.
const (
	defaultCache      = 200  // workflows kept in memory, about 100 KiB each; another one costs a replay
	defaultTasks      = 100  // workflow tasks at once
	defaultRecords    = 40   // local activities at once: a little above the connections of the store
	defaultEffects    = 10   // calls outside at once
	defaultAtOnce     = 4    // calls to one ERP at once
	defaultEffectRate = 10.0 // calls outside a second, over all workers
	workflowPollers   = 4    // few: a poll that waits costs the server
	activityPollers   = 2

	// After a worker's death its workflows wait this long for it.
	stickyTimeout = 2 * time.Second

	// A stop waits for what is in hand: more than a whole call to the ERP.
	defaultStop = 150 * time.Second
	stopLeast   = 60 * time.Second
)

// Config sizes the workers. Zero is the default everywhere.
type Config struct {
	Cache      int           // workflows kept in memory; one number a process
	Tasks      int           // workflow tasks at once
	Records    int           // local activities at once
	Pollers    int           // of workflow tasks; few, because a poll that waits costs the server
	Effects    int           // calls outside at once, on the queue of all
	EffectRate float64       // calls begun a second, on each queue, over all workers
	Books      []Books       // the ERP connections, each with a queue of its own
	Stop       time.Duration // how long a stop waits for what is in hand; at least 60 s

	// Deployment and Build turn worker versioning on: documents move to the
	// current build by themselves, and an operator says which build is current.
	Deployment string
	Build      string

	NoApproval bool // do not serve the task queue approval
	NoEffects  bool // do not serve effects, nor the queues of the connections: safe mode
}

// Books is an ERP connection that is called from a task queue of its own.
type Books struct {
	ID     string
	AtOnce int // calls at once; 0 = defaultAtOnce
}

// Deps are the activities, and the client they are served through. The
// interfaces are those of package activities; tests bring others.
type Deps struct {
	Client   client.Client
	Records  *activities.Records
	Plans    Plans    // *activities.Plans
	Vouchers Vouchers // *activities.Vouchers

	Reversals *activities.Reversals

	// Directory asks companies' directories; nil where none is configured.
	Directory *activities.Directories
	Master    *activities.MasterData // nil reads none
	Inbound   *activities.Inbounds   // nil collects nothing

	Reconciliations *activities.Reconciliations // nil serves none
	Digests         *activities.Digests         // nil begins none
}

// Plans are the activities that find who decides.
type Plans interface {
	Route(ctx context.Context, in activities.RouteInput) (activities.Routed, error)
	NextApprover(ctx context.Context, in activities.NextApproverInput) (activities.NextApprovers, error)
	Heirs(ctx context.Context, in activities.HeirsInput) (activities.Heirs, error)
	Staff(ctx context.Context, in activities.StaffInput) (activities.StepStaff, error)
}

// Vouchers are the activities that tell the books.
type Vouchers interface {
	PostVoucher(ctx context.Context, in activities.PostVoucherInput) (activities.Posted, error)
}

// Run serves the task queues until ctx ends, then finishes what is in hand.
//
// Errors: what kept a worker from starting, or stopped one for good.
// Time: after the end of ctx, Config.Stop at most.
func Run(ctx context.Context, c Config, deps Deps) error {
	workers, err := Start(c, deps)
	if err != nil {
		return err
	}
	defer workers.Stop()
	select {
	case <-ctx.Done():
		return nil
	case err := <-workers.failed:
		return fmt.Errorf("worker stopped: %w", err)
	}
}

// Workers are the workers of one process.
type Workers struct {
	running []sdk.Worker
	failed  chan error
}

// Start starts the workers. The caller stops them.
func Start(c Config, deps Deps) (*Workers, error) {
	if c.Stop != 0 && c.Stop < stopLeast {
		return nil, fmt.Errorf("worker: a stop of %s is too short, the least is %s", c.Stop, stopLeast)
	}
	if (c.Deployment == "") != (c.Build == "") {
		return nil, errors.New("worker: versioning needs both a deployment and a build")
	}
	sdk.SetStickyWorkflowCacheSize(cmp.Or(c.Cache, defaultCache))
	w := &Workers{failed: make(chan error, 1)}
	var queues []sdk.Worker
	if !c.NoApproval {
		queues = append(queues, approvalWorker(c, deps, w.fail))
	}
	if !c.NoEffects {
		queues = append(queues, effectsWorker(c, deps, "", cmp.Or(c.Effects, defaultEffects), w.fail))
		for _, one := range c.Books {
			queues = append(queues, effectsWorker(c, deps, one.ID, cmp.Or(one.AtOnce, defaultAtOnce), w.fail))
		}
	}
	for _, one := range queues {
		if err := one.Start(); err != nil {
			w.Stop()
			return nil, fmt.Errorf("start a worker: %w", err)
		}
		w.running = append(w.running, one)
	}
	return w, nil
}

// Stop takes no more work and waits for what is in hand.
func (w *Workers) Stop() {
	var stopping sync.WaitGroup
	for _, one := range w.running {
		stopping.Go(one.Stop)
	}
	stopping.Wait()
	w.running = nil
}

func (w *Workers) fail(err error) {
	select {
	case w.failed <- err:
	default: // the first error is the one to tell
	}
}

// approvalWorker decides and writes to our own database.
func approvalWorker(c Config, deps Deps, fail func(error)) sdk.Worker {
	options := c.options(fail)
	options.MaxConcurrentWorkflowTaskPollers = cmp.Or(c.Pollers, workflowPollers)
	options.MaxConcurrentWorkflowTaskExecutionSize = cmp.Or(c.Tasks, defaultTasks)
	options.MaxConcurrentLocalActivityExecutionSize = cmp.Or(c.Records, defaultRecords)
	options.LocalActivityWorkerOnly = true
	w := sdk.New(deps.Client, workflows.QueueApproval, options)
	workflows.Register(w)
	registerLocal(w, deps)
	return w
}

// effectsWorker calls the outside: one ERP connection, or "" for whatever has no queue of
// its own. Each does all that any does, because what lies in the queue of a connection
// that nobody serves any more comes to the queue of all.
func effectsWorker(c Config, deps Deps, books string, atOnce int, fail func(error)) sdk.Worker {
	options := c.options(fail)
	options.DisableWorkflowWorker = true
	options.MaxConcurrentActivityTaskPollers = activityPollers
	options.MaxConcurrentActivityExecutionSize = atOnce
	options.TaskQueueActivitiesPerSecond = cmp.Or(c.EffectRate, defaultEffectRate)
	w := sdk.New(deps.Client, workflows.QueueOf(books), options)
	w.RegisterActivityWithOptions(deps.Vouchers.PostVoucher, activity.RegisterOptions{Name: workflows.PostVoucher})
	if d := deps.Directory; d != nil {
		w.RegisterActivityWithOptions(d.SyncDirectory, activity.RegisterOptions{Name: workflows.SyncDirectory})
		w.RegisterActivityWithOptions(d.FailDirectory, activity.RegisterOptions{Name: workflows.FailDirectory})
	}
	if deps.Master != nil {
		w.RegisterActivityWithOptions(deps.Master.SyncMaster, activity.RegisterOptions{Name: workflows.SyncMaster})
	}
	if in := deps.Inbound; in != nil {
		w.RegisterActivityWithOptions(in.TakeInbound, activity.RegisterOptions{Name: workflows.TakeInbound})
		w.RegisterActivityWithOptions(in.AnswerInbound, activity.RegisterOptions{Name: workflows.AnswerInbound})
	}
	registerReconciliations(w, deps.Reconciliations)
	w.RegisterActivityWithOptions(deps.Reversals.ReverseVoucher, activity.RegisterOptions{Name: workflows.ReverseVoucher})
	return w
}

// options are those of every worker. A panic in workflow code blocks the
// workflow until it is mended, and never fails it.
func (c Config) options(fail func(error)) sdk.Options {
	options := sdk.Options{
		WorkflowPanicPolicy:          sdk.BlockWorkflow,
		StickyScheduleToStartTimeout: stickyTimeout,
		WorkerStopTimeout:            cmp.Or(c.Stop, defaultStop),
		OnFatalError:                 fail,
	}
	if c.Deployment != "" {
		options.DeploymentOptions = sdk.DeploymentOptions{
			UseVersioning:             true,
			Version:                   sdk.WorkerDeploymentVersion{DeploymentName: c.Deployment, BuildID: c.Build},
			DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
		}
	}
	return options
}

// Activities is the part of a worker or a test environment that registers them.
type Activities interface {
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

func registerLocal(w Activities, deps Deps) {
	for name, method := range map[string]any{
		workflows.Opening:      deps.Records.Opening,
		workflows.Record:       deps.Records.Record,
		workflows.ReadAct:      deps.Records.ReadAct,
		workflows.RefuseAct:    deps.Records.RefuseAct,
		workflows.Route:        deps.Plans.Route,
		workflows.NextApprover: deps.Plans.NextApprover, workflows.Staff: deps.Plans.Staff,
		workflows.Recount: deps.Records.Recount,
		workflows.Heirs:   deps.Plans.Heirs,

		workflows.SettleReversal: deps.Reversals.SettleReversal,
	} {
		w.RegisterActivityWithOptions(method, activity.RegisterOptions{Name: name})
	}
	if d := deps.Digests; d != nil {
		w.RegisterActivityWithOptions(d.MakeDigests, activity.RegisterOptions{Name: workflows.MakeDigests})
	}
}

func registerReconciliations(w Activities, r *activities.Reconciliations) {
	if r == nil {
		return
	}
	for name, method := range map[string]any{
		workflows.BeginReconciliation: r.BeginReconciliation,
		workflows.CompareDays:         r.CompareDays,
		workflows.EndReconciliation:   r.EndReconciliation,
		workflows.PostVoucherAgain:    r.PostAgain,
	} {
		w.RegisterActivityWithOptions(method, activity.RegisterOptions{Name: name})
	}
}
