package temporal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/temporal"
)

// RegisterSearchAttributes registers what is missing of the search attributes.
// Safe to repeat. An attribute of the same name and another type is an error,
// because Temporal would refuse every workflow task that writes it.
func RegisterSearchAttributes(ctx context.Context, c client.Client, namespace string, keys []sdk.SearchAttributeKey) error {
	missing, err := MissingSearchAttributes(ctx, c, namespace, keys)
	if err != nil || len(missing) == 0 {
		return err
	}
	types := map[string]enumspb.IndexedValueType{}
	for _, key := range missing {
		types[key.GetName()] = key.GetValueType()
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: types,
	})
	var already *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &already) {
		return fmt.Errorf("register search attributes: %w", err)
	}
	return nil
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
