package approval_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
)

// TestAnUnansweredPostingIsNotGivenUp keeps finance from closing a document
// whose voucher may be in the books: the ERP has to be asked again first.
func TestAnUnansweredPostingIsNotGivenUp(t *testing.T) {
	parked := func(unanswered bool) approval.State {
		return approval.State{Document: "d", Seq: 9, Status: approval.Parked, Round: 1, Revision: 1,
			Effect: &approval.Effect{Reference: "v:d:accrual:1", State: approval.EffectParked, Unanswered: unanswered}}
	}
	rule := func(s approval.State, ruling string) error {
		_, err := s.Judge(approval.Act{ID: "a", Name: approval.Resolve, Document: "d", Actor: "fin",
			Effect: "v:d:accrual:1", Ruling: ruling, Opinion: "it will not come"}, time.Now())
		return err
	}
	require.Equal(t, "voucher.unanswered", fault.CodeOf(rule(parked(true), approval.RulingVoid)))
	require.NoError(t, rule(parked(true), approval.RulingRetry))
	require.NoError(t, rule(parked(false), approval.RulingVoid))
}
