package temporal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/temporal"
)

const (
	attributesTimeMax = 60 * time.Second // until a server knows what was registered
	attributesLook    = 200 * time.Millisecond
)

// RegisterSearchAttributes registers what is missing of the search attributes,
// and waits until they can be used: servers learn of them from a cache.
//
// Safe to repeat. An attribute of the same name and another type is an error,
// because Temporal would refuse every workflow task that writes it.
// Time: a minute at most, mostly seconds.
func RegisterSearchAttributes(
	ctx context.Context, c client.Client, namespace string, keys []sdk.SearchAttributeKey,
) error {
	missing, err := MissingSearchAttributes(ctx, c, namespace, keys)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		if err := addSearchAttributes(ctx, c, namespace, missing); err != nil {
			return err
		}
	}
	return awaitSearchAttributes(ctx, c, namespace, keys)
}

func addSearchAttributes(
	ctx context.Context, c client.Client, namespace string, missing []sdk.SearchAttributeKey,
) error {
	types := map[string]enumspb.IndexedValueType{}
	for _, key := range missing {
		types[key.GetName()] = key.GetValueType()
	}
	_, err := c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: types,
	})
	var already *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &already) {
		return fmt.Errorf("register search attributes: %w", err)
	}
	return nil
}

// awaitSearchAttributes asks a question that names them all until it is understood.
func awaitSearchAttributes(
	ctx context.Context, c client.Client, namespace string, keys []sdk.SearchAttributeKey,
) error {
	ctx, cancel := context.WithTimeout(ctx, attributesTimeMax)
	defer cancel()
	named := make([]string, 0, len(keys))
	for _, key := range keys {
		named = append(named, key.GetName()+" IS NULL")
	}
	question := &workflowservice.CountWorkflowExecutionsRequest{
		Namespace: namespace, Query: strings.Join(named, " AND "),
	}
	for {
		_, err := c.CountWorkflow(ctx, question)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("search attributes are registered but not usable: %w", err)
		case <-time.After(attributesLook):
		}
	}
}

// MissingSearchAttributes lists those that are not registered; readiness asks it.
func MissingSearchAttributes(
	ctx context.Context, c client.Client, namespace string, keys []sdk.SearchAttributeKey,
) ([]sdk.SearchAttributeKey, error) {
	answer, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{
		Namespace: namespace,
	})
	if err != nil {
		return nil, fmt.Errorf("list search attributes: %w", err)
	}
	var missing []sdk.SearchAttributeKey
	var wrong []string
	for _, key := range keys {
		found, registered := answer.GetCustomAttributes()[key.GetName()]
		switch {
		case !registered:
			missing = append(missing, key)
		case found != key.GetValueType():
			wrong = append(wrong, fmt.Sprintf("%s is %s, not %s", key.GetName(), found, key.GetValueType()))
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("search attributes of another type: %s", strings.Join(wrong, "; "))
	}
	return missing, nil
}
