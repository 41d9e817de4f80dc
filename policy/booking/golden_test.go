package booking_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/policy/booking"
)

// TestWhatWasBookedKeepsItsHash holds what stands in the record of every house: the
// voucher of an old document is built again for each new attempt, and compared.
func TestWhatWasBookedKeepsItsHash(t *testing.T) {
	in := input()
	in.Content.Offset = &document.Offset{Document: "a", Number: "ADV-2026-000001", Amount: of("CNY", 1600)}
	v, err := booking.Build(shippedMapping(t, "expense"), in)
	require.NoError(t, err)
	hash, err := evidence.HashOf(v)
	require.NoError(t, err)
	require.Equal(t, "3dfb91858e97ae342e5a9488ea04f87252d5f0a3b4fc5d1b0c0e1019377b3207", hash)
	hash, err = evidence.HashOf(mapping(t, beforeExpressions))
	require.NoError(t, err)
	require.Equal(t, "d6b9dd224bee6f51850a46a5a7fa85da22a7480871a4943aeed913b4ce23a2ac", hash)
}

// beforeExpressions is a mapping as it was written before there were any.
const beforeExpressions = `mapping: advance
type: advance
journal: EXP
text: "{number} {requester} {title}"
debit: { travel_advance: "1221", purchase_advance: "1221", petty_cash: "1221", other: "1221" }
debit_party: payee
credit: "2202"
cost_center: none
`
