// Package conformance holds the promises that every ERP connector must keep, a
// line that breaks on demand, and a random nemesis. The same promises run from
// go test (erptest.Run) and against a customer's own test system (countersign
// erp conformance): nothing here knows of either.
package conformance

import "github.com/countersign/countersign/adapters/erp"

// Promise is one thing that a connector must do right.
type Promise struct {
	ID   string // never changes; its title in people's languages is conformance.promise.<id>
	Name string // in English, for tests

	// Absent says why the promise cannot be asked of this ERP, "" if it can: one of
	// Reasons.
	Absent func(f Fixture) string
	Keep   func(t T, f Fixture)
}

// The reasons why a promise cannot be asked.
const (
	AbsentForeign    = "foreign"    // the ERP books the base currency only, or no second one was named
	AbsentClosed     = "closed"     // it closes no periods, or no closed day was named
	AbsentReverse    = "reverse"    // it cannot reverse
	AbsentTwins      = "twins"      // it refuses a second voucher itself
	AbsentList       = "list"       // the connector cannot list
	AbsentDrafts     = "drafts"     // it has none: what is created is posted
	AbsentDimensions = "dimensions" // it keeps none, does not check them, or no values were named
	AbsentAny        = "any"        // it keeps whatever dimension there is
	AbsentLine       = "line"       // it is spoken to in no line of HTTP, which could be broken
	AbsentLater      = "later"      // it refuses later, and tells it elsewhere

	AbsentMarks = "marks" // nobody can tell on the wire which request writes
)

// Reasons lists them all.
func Reasons() []string {
	return []string{AbsentForeign, AbsentClosed, AbsentReverse, AbsentTwins, AbsentList, AbsentDrafts,
		AbsentMarks, AbsentDimensions, AbsentAny, AbsentLater, AbsentLine}
}

// Promises lists them in the order in which they are best asked.
func Promises() []Promise {
	return []Promise{
		{"finds_nothing", "what was never booked is not found", always, findsNothing},
		{"books", "a voucher is created, posted and found with its lines", always, createsPostsFinds},
		{"exact", "amounts are exact to the last unit", always, keepsAmountsExact},
		{"foreign", "a foreign currency keeps its base amounts", foreign, booksForeignCurrency},
		{"dimensions", "dimensions are kept, told and reversed", dimensions, carriesDimensions},
		{"unkept_dimension", "a dimension that is not kept is refused unsent", keepsSome, refusesUnkeptDimension},
		{"unknown_dimension", "an unknown value of a dimension is refused", checksDimensions, refusesUnknownDimension},
		{"post_twice", "a second post is not an error", always, postsTwice},
		{"lost_create", "a lost answer to create is found and adopted", marks, adoptsAfterLostCreate},
		{"lost_post", "a lost answer to post is found and adopted", draftsAndMarks, adoptsAfterLostPost},
		{"settles", "a request that may still arrive is waited for", marks, settlesBeforeCreatingAgain},
		{"garbage", "garbage after the fact is not believed", marks, survivesGarbage},
		{"unreachable", "an unreachable ERP is busy, with nothing written", line, busyWhenUnreachable},
		{"concurrent", "four at once leave one voucher", always, concurrentCallsLeaveOne},
		{"conflict", "other content under the reference stops", always, conflictStops},
		{"ambiguous", "two vouchers under one reference stop", twins, ambiguityStops},
		{"unbalanced", "an unbalanced voucher is refused", refusesAtOnce, refusesUnbalanced},
		{"account", "an unknown account is refused", refusesAtOnce, refusesUnknownAccount},
		{"party", "an unknown party is refused", refusesAtOnce, refusesUnknownParty},
		{"closed", "a closed period is refused", closed, refusesClosedPeriod},
		{"reverse", "a voucher is reversed once", reverses, reversesOnce},
		{"lost_reversal", "a lost answer to a reversal is found and adopted", reversesAndMarks, reversesAfterALostAnswer},
		{"list", "vouchers are listed by their days", lists, listsRange},
		{"sync", "master data is read", always, syncsMasterData},
	}
}

func always(Fixture) string { return "" }

func unless(ok bool, reason string) string {
	if ok {
		return ""
	}
	return reason
}

func foreign(f Fixture) string {
	return unless(f.Foreign != "" && f.Port.Capabilities().ForeignCurrency, AbsentForeign)
}

func closed(f Fixture) string {
	return unless(f.ClosedDate != "" && f.Port.Capabilities().ClosedPeriods, AbsentClosed)
}

func refusesAtOnce(f Fixture) string { return unless(!f.Port.Capabilities().RefusesLater, AbsentLater) }

func dimensions(f Fixture) string { return unless(len(f.Dimensions) > 0, AbsentDimensions) }

func keepsSome(f Fixture) string {
	return unless(!f.Port.Capabilities().Keeps().Dimension(f.Expense, unkept), AbsentAny)
}

func checksDimensions(f Fixture) string {
	return unless(len(f.Dimensions) > 0 && f.Port.Capabilities().ChecksDimensions, AbsentDimensions)
}

func reverses(f Fixture) string { return unless(f.Port.Capabilities().Reverse, AbsentReverse) }

func draftsAndMarks(f Fixture) string {
	if can := f.Port.Capabilities(); can.PostsAtOnce || can.RefusesLater {
		return AbsentDrafts
	}
	return marks(f)
}

func reversesAndMarks(f Fixture) string {
	if reason := reverses(f); reason != "" {
		return reason
	}
	return marks(f)
}

func line(f Fixture) string { return unless(!f.NoLine, AbsentLine) }

func twins(f Fixture) string { return unless(!f.Port.Capabilities().UniqueReference, AbsentTwins) }

func lists(f Fixture) string {
	_, ok := f.Port.(erp.Lister)
	return unless(ok, AbsentList)
}

func marks(f Fixture) string {
	if reason := line(f); reason != "" {
		return reason
	}
	can := f.Port.Capabilities()
	posts := f.Posts != nil || can.PostsAtOnce || can.RefusesLater
	return unless(f.Creates != nil && posts, AbsentMarks)
}
