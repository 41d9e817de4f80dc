package fault_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/fault"
)

// TestAFaultIsReadBack: what was kept of a refusal as a line of text still has its arguments.
func TestAFaultIsReadBack(t *testing.T) {
	f := fault.New(fault.Invalid, "booking.unmapped_category", fault.Field("lines[0].category"),
		fault.Arg("category", `礼品 "gifts" file="no"`), fault.Arg("line", "9"))
	require.Equal(t, f.Args, fault.WrittenArgs(f.Code, f.Error()))
	require.Nil(t, fault.WrittenArgs(f.Code, `The ERP says account="1" is closed`))
	require.Nil(t, fault.WrittenArgs("", " (x) a=\"1\""))
}
