// Package invariants is the oracle that runs after every fault test: it counts
// the violations of the house's sixteen promises.
//
// It reads the database, the journals of the sandboxes, the histories of
// Temporal and what a client was told, and believes none of them by itself. It
// imports nothing of the product: canonical form, hash chain, signatures, fold
// and the table of notices are written a second time here, from the contracts,
// so that a mistake in the product's own is seen.
package invariants

import (
	"context"
	"time"
)

// Input says where to look.
type Input struct {
	DatabaseURL  string       // of a role that may read every table
	Journals     []string     // paths of sandbox ERP journals, JSON Lines; none: nothing is known of the books
	Histories    []string     // paths of Temporal histories as JSON; may be none
	Acknowledged Acknowledged // what clients were told
	Quiet        bool         // everything has come to rest: what must happen eventually has happened
}

// Acknowledged is what clients were told with a 2xx answer, written down by them.
type Acknowledged struct {
	Submissions []Submission
	Acts        []Act
}

// Submission is a document that a client was told is submitted.
type Submission struct{ Document string }

// Act is an act that a client was told is recorded (202) or applied (another 2xx).
type Act struct {
	ID       string
	Document string
	Status   int // of the HTTP answer
}

// Check counts the violations. It reads one snapshot of the database and writes
// nothing, so it may be run while the house works: the journals are read before,
// for what must have a reason in the database, and after, for what must be there.
//
// Safe to repeat. Errors: what cannot be read. A violation is no error.
func Check(ctx context.Context, in Input) (Report, error) {
	return check(in, func() (*world, error) { return load(ctx, in.DatabaseURL) })
}

func check(in Input, read func() (*world, error)) (Report, error) {
	earlier, err := readJournals(in.Journals)
	if err != nil {
		return Report{}, err
	}
	w, err := read()
	if err != nil {
		return Report{}, err
	}
	w.bookedBefore = earlier
	if w.booked, err = readJournals(in.Journals); err != nil {
		return Report{}, err
	}
	if w.runs, err = readHistories(in.Histories); err != nil {
		return Report{}, err
	}
	c := &checker{world: w, in: in, results: newResults()}
	c.checkAcknowledged()
	for _, id := range w.order {
		c.checkDocument(w.documents[id])
	}
	c.checkAdvances()
	c.checkStreams()
	c.checkOrganisation()
	c.checkGrants()
	c.checkRules()
	c.checkIdentities()
	c.checkPasskeys()
	c.checkProposals()
	c.checkCopies()
	c.checkReversals()
	c.checkReviews()
	c.checkJournals()
	return c.report(), nil
}

// checker holds the world against the promises.
type checker struct {
	*world
	in      Input
	results map[string]*Result
}

// checkDocument folds one document first; the rest is held against the fold.
func (c *checker) checkDocument(d *document) {
	if len(d.events) == 0 {
		c.fail("I1", d.ID, "it is %s and has no events", d.Status)
		return
	}
	c.foldDocument(d)
	c.checkStart(d)
	c.checkOutcome(d)
	c.checkDecisions(d)
	c.checkSignIns(d)
	c.checkSealed(d)
	c.checkSteps(d)
	c.checkCounted(d)
	c.checkInterventions(d)
	c.checkContent(d)
	c.checkPatches(d)
	c.checkKept(d)
	c.checkVouchers(d)
	c.checkChain(d.ID, d.events)
	c.checkReadModel(d)
	c.checkTaskRows(d)
	c.checkCauses(d)
	c.checkInbox(d)
	c.checkClocks(d)
	c.checkWorld(d)
	c.checkNotices(d)
}

// hold counts one check, and a violation where it does not hold.
func (c *checker) hold(id, subject string, holds bool, what string, args ...any) bool {
	c.results[id].Checked++
	if !holds {
		c.results[id].add(subject, what, args...)
	}
	return holds
}

// fail counts a check that did not hold.
func (c *checker) fail(id, subject, what string, args ...any) {
	c.hold(id, subject, false, what, args...)
}

// same holds two values equal under an invariant.
func same[T comparable](c *checker, id, subject, name string, stored, told T) {
	c.hold(id, subject, stored == told, "%s is %v, and the record says %v", name, stored, told)
}

// sameTime is same for instants that may be absent.
func sameTime(c *checker, id, subject, name string, stored, told time.Time) {
	c.hold(id, subject, stored.Equal(told), "%s is %s, and the record says %s", name, stamp(stored), stamp(told))
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return "none"
	}
	return t.UTC().Format(time.RFC3339Nano)
}
