package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// alarm is the one timer of a document. It is re-armed lazily: one that rings
// earlier than it is needed costs less than one moved with every step.
type alarm struct {
	timer  workflow.Future
	at     time.Time
	cancel workflow.CancelFunc
}

// set makes sure that the alarm rings no later than an instant; zero is never.
func (a *alarm) set(ctx workflow.Context, at time.Time) {
	if a.rang() {
		a.timer = nil
	}
	if at.IsZero() || a.timer != nil && !at.Before(a.at) {
		return
	}
	if a.timer != nil {
		a.cancel()
	}
	pause := max(at.Sub(workflow.Now(ctx)), time.Nanosecond)
	armed, cancel := workflow.WithCancel(ctx)
	a.at, a.cancel = at, cancel
	a.timer = workflow.NewTimerWithOptions(armed, pause, workflow.TimerOptions{Summary: "the next reminder or deadline"})
}

// rang says whether the timer is over and nobody looked yet.
func (a *alarm) rang() bool { return a.timer != nil && a.timer.IsReady() }

// strike acts on a clock that struck. A deadline yields to the acts that were
// committed in time: they are applied first, then it is judged again.
func (r *documentRun) strike(ctx workflow.Context, s approval.Struck) error {
	if s.Due {
		to, err := r.takeOver(ctx, s.Task)
		if err != nil {
			return err
		}
		s.To = to
	}
	return r.applyAfterActs(ctx, s)
}

// applyAfterActs is apply for what yields: the acts that came before it are applied
// first, then it is judged again.
func (r *documentRun) applyAfterActs(ctx workflow.Context, c approval.Command) error {
	for range behindMax {
		waiting, err := r.applyYielding(ctx, c)
		if err != nil || len(waiting) == 0 {
			return err
		}
		for _, id := range waiting[:min(len(waiting), waitingMax)] {
			r.fetch(ctx, id)
		}
	}
	return fault.New(fault.Busy, CodeBehind)
}
