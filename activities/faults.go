package activities

import "github.com/countersign/countersign/domain/fault"

// The codes that are born here.
const (
	CodeTooLong    = "stream.too_long"       // a stream beyond every limit
	CodeNoLedger   = "voucher.no_ledger"     // no ERP is configured for the entity
	CodeReference  = "voucher.bad_reference" // born with the voucher too
	CodeNoCalendar = "clock.no_calendar"     // a plan counts with a calendar that nobody published
	CodeUnanswered = "erp.unknown"           // born in the port too: nobody answered in time
	CodeUnroutable = "plan.unroutable"       // the route failed without a fault of its own
)

var _ = fault.Register(map[string]fault.Entry{
	CodeTooLong:    {Kind: fault.Internal},
	CodeNoLedger:   {Kind: fault.Invalid, Args: []string{"entity"}},
	CodeUnroutable: {Kind: fault.Internal},
	CodeNoCalendar: {Kind: fault.Internal, Args: []string{"id"}},
})
