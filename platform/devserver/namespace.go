package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	usableMax  = 60 * time.Second
	usablePoll = 100 * time.Millisecond

	// nobody is a workflow that does not exist: being told so takes a frontend, a history shard and the database.
	nobody = "countersign-devserver-probe"
)

// openNamespace registers the namespace, or finds it there, and waits until it can be worked in.
func openNamespace(ctx context.Context, frontend, namespace string, retention time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, usableMax)
	defer cancel()
	quiet := sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	c, err := client.NewLazyClient(client.Options{HostPort: frontend, Namespace: namespace, Logger: quiet})
	if err != nil {
		return fmt.Errorf("client of our own frontend: %w", err)
	}
	defer c.Close()
	var last error
	for {
		if last = register(ctx, c, namespace, retention); last == nil {
			if last = usable(ctx, c, namespace); last == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("namespace %s is not usable: %w", namespace, errors.Join(ctx.Err(), last))
		case <-time.After(usablePoll):
		}
	}
}

func register(ctx context.Context, c client.Client, namespace string, retention time.Duration) error {
	_, err := c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        namespace,
		WorkflowExecutionRetentionPeriod: durationpb.New(retention),
		HistoryArchivalState:             enumspb.ARCHIVAL_STATE_DISABLED,
		VisibilityArchivalState:          enumspb.ARCHIVAL_STATE_DISABLED,
	})
	var exists *serviceerror.NamespaceAlreadyExists
	if errors.As(err, &exists) {
		return nil
	}
	return err
}

// usable asks history and visibility, each of which learns of a namespace in its own time.
func usable(ctx context.Context, c client.Client, namespace string) error {
	var none *serviceerror.NotFound
	if _, err := c.DescribeWorkflowExecution(ctx, nobody, ""); !errors.As(err, &none) {
		return fmt.Errorf("history: %w", err)
	}
	_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace})
	if err != nil {
		return fmt.Errorf("visibility: %w", err)
	}
	return nil
}
