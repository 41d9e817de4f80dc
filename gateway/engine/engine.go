// Package engine is the only part of the gateway that knows Temporal: it starts
// documents and delivers people's acts to them.
package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/wire"
	"github.com/countersign/countersign/workflows"
)

// deliverMax is how long a person waits for the outcome of an act; after that it
// is «recorded, being applied».
const deliverMax = 3 * time.Second

// Priorities order the tasks of a task queue; smaller goes first. A workflow's
// updates and timers have the priority it was started with, so decisions on
// documents that people submitted overtake the starts of an import.
const (
	priorityNormal = 3
	priorityBulk   = 5
)

// Engine starts documents and delivers acts. It is safe for concurrent use.
type Engine struct {
	Client client.Client
	Eager  bool             // a worker in this process may take the first task at once
	Shown  Shown            // what may be read in Temporal in the clear
	Limits workflows.Limits // smaller numbers for tests and drills

	Connections map[string]string // the ERP connection of a legal entity, by its id
}

// Shown says what of a document may stand in Temporal in the clear: search
// attributes always, summaries and details where no codec encrypts them.
type Shown struct {
	People bool // who submitted it and who it waits for
	Titles bool
}

// StartRequest is a submitted document. Its fields are those of store.Start.
type StartRequest struct {
	Document, Number, Type, Title, Entity, Department, Urgency, Submitter string
	Bulk                                                                  bool // part of an import: after everything else
}

// Start starts the workflow of a document.
//
// Safe to repeat: a document that was started before, running or over, is a
// success. One that an operator terminated is started again, and goes on from
// what was recorded.
// Errors: Busy engine.away where Temporal cannot be reached; the relay tries again.
func (e *Engine) Start(ctx context.Context, in StartRequest) error {
	_, err := e.Client.ExecuteWorkflow(ctx, e.options(in), workflows.DocumentWorkflow, workflows.DocumentInput{
		Document: in.Document,
		Shown:    workflows.Shown{People: e.Shown.People},
		Limits:   e.Limits,
	})
	var already *serviceerror.WorkflowExecutionAlreadyStarted
	if err == nil || errors.As(err, &already) {
		return nil
	}
	return fmt.Errorf("start %s: %w: %w", in.Document, fault.New(fault.Busy, CodeAway), err)
}

func (e *Engine) options(in StartRequest) client.StartWorkflowOptions {
	priority := priorityNormal
	if in.Bulk {
		priority = priorityBulk
	}
	return client.StartWorkflowOptions{
		ID:                                       in.Document,
		TaskQueue:                                workflows.QueueApproval,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		EnableEagerStart:                         e.Eager && !in.Bulk,
		Priority:                                 temporal.Priority{PriorityKey: priority},
		StaticSummary:                            e.summary(in),
		StaticDetails:                            e.details(in),
		TypedSearchAttributes: temporal.NewSearchAttributes(
			workflows.AttributeType.ValueSet(in.Type),
			workflows.AttributeNumber.ValueSet(in.Number),
			workflows.AttributeStatus.ValueSet(string(approval.Submitted)),
			workflows.AttributeEntity.ValueSet(in.Entity),
			workflows.AttributeDepartment.ValueSet(in.Department),
			workflows.AttributeUrgency.ValueSet(in.Urgency),
			workflows.AttributeParked.ValueSet(false),
		),
	}
}

// summaryMax is the longest summary in bytes; Temporal refuses more than 400.
const summaryMax = 200

func (e *Engine) summary(in StartRequest) string {
	words := in.Number
	if e.Shown.Titles && in.Title != "" {
		words += ": " + in.Title
	}
	if len(words) <= summaryMax {
		return words
	}
	return strings.ToValidUTF8(words[:summaryMax], "")
}

func (e *Engine) details(in StartRequest) string {
	words := []string{"Type: " + in.Type, "Entity: " + in.Entity, "Department: " + in.Department, "Urgency: " + in.Urgency}
	if e.Shown.People {
		words = append(words, "Submitted by: "+in.Submitter)
	}
	return strings.Join(words, "  \n")
}

// Deliver gives an act, which lies in the inbox already, to its document and
// answers with the outcome.
//
// Safe to repeat: the act's id is the update's id, and the inbox gives out one
// outcome.
// Errors: the fault that refused it, which the caller stores in the inbox where
// the fault is definite (any kind but Busy, Unknown and Internal); Conflict
// document.final where the document is closed; Unknown act.pending where nobody
// answered in time: the relay goes on, nothing is lost.
// Time: 3 s.
func (e *Engine) Deliver(ctx context.Context, a approval.Act) (approval.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, deliverMax)
	defer cancel()
	handle, err := e.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID:     a.ID,
		WorkflowID:   a.Document,
		UpdateName:   string(a.Name),
		Args:         []any{a},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return approval.Outcome{}, deliveryFault(err)
	}
	var outcome approval.Outcome
	if err := handle.Get(ctx, &outcome); err != nil {
		return approval.Outcome{}, deliveryFault(err)
	}
	return outcome, nil
}

// deliveryFault sorts what came back instead of an outcome. Only what the
// workflow itself said is definite; everything else may have been applied.
func deliveryFault(err error) error {
	if f, ok := fault.As(wire.In(err)); ok {
		return f
	}
	var missing *serviceerror.NotFound
	if errors.As(err, &missing) && missing.Message == workflowCompleted {
		return fault.New(fault.Conflict, CodeFinal, fault.Arg("status", ""))
	}
	return fmt.Errorf("%w: %w", fault.New(fault.Unknown, CodePending), err)
}

// workflowCompleted is what the server says of an update to a closed workflow,
// where NotFound also stands for one that was not started yet.
const workflowCompleted = "workflow execution already completed"

// Signal tells a document that an act lies in the inbox. It is accepted even
// with no worker up.
//
// Safe to repeat. Errors: Conflict document.final where the document is closed;
// Busy engine.away.
func (e *Engine) Signal(ctx context.Context, document, act string) error {
	told := workflows.ActRecorded{ID: act}
	return signalled(document, e.Client.SignalWorkflow(ctx, document, "", workflows.SignalActRecorded, told))
}

// signalled sorts what came back of a signal.
func signalled(document string, err error) error {
	var missing *serviceerror.NotFound
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing) && missing.Message == workflowCompleted:
		return fault.New(fault.Conflict, CodeFinal, fault.Arg("status", ""))
	default:
		return fmt.Errorf("signal %s: %w: %w", document, fault.New(fault.Busy, CodeAway), err)
	}
}

// Telling is what a document is told of the world. Its fields are those of
// store.Telling.
type Telling struct {
	Document string
	Kind     string // calendar; else the directory
	Name     string // the calendar
	Version  int64
	Final    bool // the record says that the document has its outcome
}

// Tell tells a document what changed in the world: a calendar has a new version, or
// somebody left. It is accepted even with no worker up.
//
// Safe to repeat. Errors: as Signal.
func (e *Engine) Tell(ctx context.Context, t Telling) error {
	signal, told := workflows.SignalDirectoryChanged, any(workflows.DirectoryChanged{Version: t.Version})
	if t.Kind == tellCalendar {
		signal = workflows.SignalCalendarChanged
		told = workflows.CalendarChanged{Calendar: t.Name, Version: int(t.Version)}
	}
	return signalled(t.Document, e.Client.SignalWorkflow(ctx, t.Document, "", signal, told))
}

// tellCalendar is store.TellCalendar.
const tellCalendar = "calendar"

// Backlog is how many workflow tasks wait for a worker, about. The relay holds
// an import back while there are many.
func (e *Engine) Backlog(ctx context.Context) (int64, error) {
	d, err := e.Client.DescribeTaskQueueEnhanced(ctx, client.DescribeTaskQueueEnhancedOptions{
		TaskQueue:      workflows.QueueApproval,
		TaskQueueTypes: []client.TaskQueueType{client.TaskQueueTypeWorkflow},
		ReportStats:    true,
	})
	if err != nil {
		return 0, fmt.Errorf("ask for the backlog: %w", err)
	}
	var waiting int64
	for _, version := range d.VersionsInfo { //nolint:staticcheck // the only way to read the stats
		for _, kind := range version.TypesInfo {
			if kind.Stats != nil {
				waiting += kind.Stats.ApproximateBacklogCount
			}
		}
	}
	return waiting, nil
}
