package wire_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/platform/wire"
)

// through sends an error the way a server would: as a failure message.
func through(err error) error {
	c := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: converter.GetDefaultDataConverter(),
	})
	return c.FailureToError(c.ErrorToFailure(err))
}

func TestAFaultComesBackAsItWas(t *testing.T) {
	for _, kind := range []fault.Kind{
		fault.Invalid, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Busy, fault.Unknown, fault.Internal,
	} {
		t.Run(string(kind), func(t *testing.T) {
			born := fault.New(kind, "task.stale", fault.Arg("by", "li"), fault.Field("lines[2].amount"))
			born.More = []*fault.Fault{fault.New(fault.Invalid, "money.too_large")}
			back := wire.In(through(wire.Out(fmt.Errorf("record: %w", born))))
			got, ok := fault.As(back)
			require.True(t, ok)
			require.Equal(t, born, got)
		})
	}
}

func TestOnlyWhatMayHelpIsRetried(t *testing.T) {
	for kind, final := range map[fault.Kind]bool{
		fault.Invalid: true, fault.Forbidden: true, fault.NotFound: true, fault.Conflict: true,
		fault.Busy: false, fault.Unknown: false, fault.Internal: false,
	} {
		var out *temporal.ApplicationError
		require.ErrorAs(t, wire.Out(fault.New(kind, "x.y")), &out)
		require.Equal(t, final, out.NonRetryable(), kind)
	}
}

func TestACauseStaysAtHome(t *testing.T) {
	out := wire.Out(errors.New("pq: password of payee Li Wei refused"))
	require.NotContains(t, out.Error(), "Li Wei")
	require.Equal(t, wire.CodeInternal, fault.CodeOf(wire.In(through(out))))

	wrapped := wire.Out(fmt.Errorf("account 6222: %w", fault.New(fault.Busy, "erp.unavailable")))
	require.NotContains(t, wrapped.Error(), "6222")
}

func TestWhatIsNotOursPassesUntouched(t *testing.T) {
	require.NoError(t, wire.Out(nil))
	require.NoError(t, wire.In(nil))
	for _, err := range []error{context.Canceled, temporal.NewCanceledError(), temporal.NewApplicationError("m", "t")} {
		require.Equal(t, err, wire.Out(err))
		require.Equal(t, err, wire.In(err))
	}
}
