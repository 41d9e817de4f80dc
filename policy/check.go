package policy

import (
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
)

// Level says whether a finding forbids publishing.
type Level string

// The levels of a finding.
const (
	LevelError   Level = "error"   // may not be published
	LevelWarning Level = "warning" // may be published; somebody should look
)

// Finding is one thing that Check has to say about a policy.
type Finding struct {
	Level Level        `json:"level"`
	Fault *fault.Fault `json:"fault"` // code, field and arguments; file, line and column among them
}

// Check judges a policy against the document types and the organisation, and
// answers with everything it found, in the order of the text.
func Check(p *Policy, types Types, snapshot *org.Snapshot) []Finding { return nil }
