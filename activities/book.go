package activities

import "github.com/countersign/countersign/store"

// The store is every book that is asked for here.
var (
	_ RecordBook         = (*store.Store)(nil)
	_ CalendarBook       = (*store.Store)(nil)
	_ PlanBook           = (*store.Store)(nil)
	_ VoucherBook        = (*store.Store)(nil)
	_ ReconciliationBook = (*store.Store)(nil)
)
