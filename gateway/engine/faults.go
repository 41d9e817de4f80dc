package engine

import "github.com/countersign/countersign/domain/fault"

// The codes that are given here.
const (
	CodePending = "act.pending"    // recorded, being applied
	CodeAway    = "engine.away"    // Temporal cannot be reached
	CodeFinal   = "document.final" // born in the core too
)

var _ = fault.Register(map[string]fault.Entry{
	CodePending: {Kind: fault.Unknown, Status: 202},
	CodeAway:    {Kind: fault.Busy},
})
