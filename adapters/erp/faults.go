package erp

import "github.com/countersign/countersign/adapters/erp/port"

// The codes of this room; they are registered, with their kinds and arguments,
// beside the code that makes them (port.Faults).
const (
	CodeRefused        = port.CodeRefused        // the ERP said no
	CodeClosedPeriod   = port.CodeClosedPeriod   // choose another posting date
	CodeUnknownAccount = port.CodeUnknownAccount // the mapping names an account the ERP lacks
	CodeUnknownParty   = port.CodeUnknownParty   // the party must be created in the ERP first
	CodeUnbalanced     = port.CodeUnbalanced     // debit and credit differ
	CodeUnavailable    = port.CodeUnavailable    // not reached; nothing happened
	CodeRateLimited    = port.CodeRateLimited    // asked too often; nothing happened
	CodeUnknown        = port.CodeUnknown        // the answer was lost; find before anything else
	CodeConflict       = port.CodeConflict       // found with other content: a person must look
	CodeAmbiguous      = port.CodeAmbiguous      // found more than once: a person must look
	CodeSettling       = port.CodeSettling       // an earlier attempt may still arrive; come back later
	CodeNotAllowed     = port.CodeNotAllowed     // our user lacks a right in the ERP
	// CodeUnknownDimension: the books have no such value of a dimension
	CodeUnknownDimension = port.CodeUnknownDimension

	CodeUnsupported = port.CodeUnsupported // this ERP, or its mapping, cannot do that
	CodeBadConfig   = port.CodeBadConfig   // the connection is configured wrongly
	CodeResting     = port.CodeResting     // it asked for time, or does not answer: not asked until then
	CodeMaintenance = port.CodeMaintenance // its owner looks after it: not asked until then
)
