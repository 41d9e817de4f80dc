package erp

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/platform/crash"
)

// What was asked, and how it ended; see package port.
type (
	// Op is what an attempt asked the ERP for.
	Op = port.Op
	// Class is how an attempt ended; "" while nobody knows.
	Class = port.Class
)

// The operations that write.
const (
	OpCreate  = port.OpCreate
	OpPost    = port.OpPost
	OpReverse = port.OpReverse
)

// The ends of an attempt.
const (
	ClassOK      = port.ClassOK
	ClassRefused = port.ClassRefused
	ClassBusy    = port.ClassBusy
	ClassUnknown = port.ClassUnknown
)

// Attempt is one request that writes, on record before it was sent.
type Attempt struct {
	Reference string
	No        int // 1, 2, 3 … within the reference; 0 = there is none
	Op        Op
	StartedAt time.Time // the book's clock
	Class     Class
	Detail    string // for people, never parsed
}

// wroteNothing says whether the attempt is known to have left nothing behind.
func (a Attempt) wroteNothing() bool { return a.Class == ClassRefused || a.Class == ClassBusy }

// AttemptBook is our own durable record of what was sent to the ERP.
type AttemptBook interface {
	// LastAttempt returns the newest attempt under a reference, No 0 for none.
	LastAttempt(ctx context.Context, reference string) (Attempt, error)
	// StartAttempt records attempt number after+1 durably, before anything is
	// sent. If that number is taken, somebody else is at work: a fault of kind
	// Conflict or Busy, and nothing is sent.
	StartAttempt(ctx context.Context, reference string, op Op, after int) (Attempt, error)
	// FinishAttempt records how it ended. Losing this write is harmless.
	FinishAttempt(ctx context.Context, a Attempt, class Class, detail string) error
}

// DefaultSettle is used where PostInput.Settle is zero.
const DefaultSettle = 2 * time.Minute

// PostInput is what PostOnce needs.
type PostInput struct {
	Port    Port
	Voucher voucher.Voucher
	Book    AttemptBook
	// Settle is how long a request without an answer may still take effect:
	// longer than the ERP's own request limit, and at least twice what a call
	// needs, because ours are given up at half of it. Zero = DefaultSettle.
	Settle time.Duration
	Now    func() time.Time // the clock that Attempt.StartedAt is compared with
	// Gone says that a person looked and ruled that what was posted before is not in
	// the books any more. Without it a voucher that vanished stops for a person.
	Gone bool
}

// PostOnce leaves exactly one posted voucher under the reference, however often
// and from wherever it is called, and returns it.
//
// It looks before it writes, and adopts what it finds if the content is ours.
// Safe to repeat.
// Errors: Invalid and Forbidden: refused, nothing is posted. Conflict
// (erp.conflict, erp.ambiguous): a person must look. Busy and Unknown: call
// again later; after Unknown the voucher may be there already.
// Time: three calls to the ERP, each within Config.Timeout.
func PostOnce(ctx context.Context, in PostInput) (Found, error) {
	if err := checkBalance(in.Voucher); err != nil {
		return Found{}, err
	}
	if err := checkKept(in.Port, in.Voucher); err != nil {
		return Found{}, err
	}
	if in.Settle <= 0 {
		in.Settle = DefaultSettle
	}
	last, err := in.Book.LastAttempt(ctx, in.Voucher.Reference)
	if err != nil {
		return Found{}, err
	}
	found, err := in.find(ctx, in.Voucher.Reference)
	if err != nil {
		return Found{}, readFault(err)
	}
	p := &posting{in: in, last: last}
	switch len(found) {
	case 0:
		return p.create(ctx)
	case 1:
		return p.adopt(ctx, found[0])
	}
	return Found{}, ambiguous(in.Voucher.Reference, found)
}

// find looks for a reference, on behalf of the voucher.
func (in PostInput) find(ctx context.Context, reference string) (found []Found, err error) {
	about := in.about(port.OpFind, 0)
	about.Reference = reference
	err = port.Calling(ctx, about, func(ctx context.Context) error {
		found, err = in.Port.Find(ctx, reference)
		return err
	})
	return found, err
}

// about says on whose behalf the ERP is asked.
func (in PostInput) about(op Op, attempt int) port.Call {
	return port.Call{Op: op, Document: in.Voucher.Document, Reference: in.Voucher.Reference, Entity: in.Voucher.Entity,
		Attempt: attempt}
}

// posting is one call of PostOnce.
type posting struct {
	in   PostInput
	last Attempt
}

// create writes the draft, unless an earlier attempt may still arrive. The
// attempt before it is read before Find, so one that ended in between was seen.
func (p *posting) create(ctx context.Context) (Found, error) {
	if err := p.mayCreate(); err != nil {
		return Found{}, err
	}
	var made Found
	err := p.attempt(ctx, OpCreate, func(ctx context.Context) (err error) {
		made, err = p.in.Port.Create(ctx, p.in.Voucher)
		return port.Blame(err, p.in.Voucher)
	})
	if err != nil {
		return Found{}, err
	}
	return p.post(ctx, made)
}

// mayCreate judges what it means that nothing was found after the last attempt.
func (p *posting) mayCreate() error {
	if p.last.No == 0 || p.last.wroteNothing() {
		return nil
	}
	reference := fault.Arg("reference", p.in.Voucher.Reference)
	if p.recent(p.last) {
		return port.Fault(CodeSettling, "", reference, port.Until(p.last.StartedAt.Add(p.in.Settle)))
	}
	wasThere := p.last.Op == OpPost || p.last.Op == OpReverse && p.last.Class == ClassOK
	if wasThere && !p.in.Gone {
		// It was there, and may have been posted: writing it anew could book twice.
		return port.Fault(CodeConflict, "it was there before and is not found any more", reference)
	}
	return nil
}

// adopt goes on with a voucher that is already there, if it is ours.
func (p *posting) adopt(ctx context.Context, f Found) (Found, error) {
	if what := difference(p.in.Voucher, f, p.in.Port.Capabilities()); what != "" {
		return Found{}, port.Fault(CodeConflict, what,
			fault.Arg("reference", f.Reference), fault.Arg("what", f.ID))
	}
	if f.State == Posted {
		return f, nil
	}
	if p.atWork() {
		return Found{}, port.Fault(CodeSettling, "", fault.Arg("reference", f.Reference))
	}
	return p.post(ctx, f)
}

// atWork says whether somebody may be making the draft effective just now: some ERPs
// take two steps, and between them a second caller would be refused.
func (p *posting) atWork() bool {
	return p.last.Op != OpCreate && p.last.Class == "" && p.recent(p.last)
}

// recent says whether a request may still take effect.
func (p *posting) recent(a Attempt) bool {
	return a.No > 0 && p.in.Now().Sub(a.StartedAt) < p.in.Settle
}

// doubtful says whether a refusal may be of an earlier request's making, whose answer
// was lost and which arrived late: then it says nothing of the draft.
func (p *posting) doubtful(err error, before Attempt) bool {
	return port.Refused(err) && before.Op != OpCreate && before.Class == ClassUnknown && p.recent(before)
}

// post makes the draft effective. A refused draft is deleted where the ERP can,
// so that a corrected voucher is not taken for a conflict.
func (p *posting) post(ctx context.Context, draft Found) (Found, error) {
	if draft.State == Posted {
		return draft, nil
	}
	before := p.last
	var done Found
	err := p.attempt(ctx, OpPost, func(ctx context.Context) (err error) {
		done, err = p.in.Port.Post(ctx, draft)
		return err
	})
	if p.doubtful(err, before) {
		return Found{}, port.Fault(CodeSettling, "", fault.Arg("reference", draft.Reference))
	}
	if discarder, ok := p.in.Port.(Discarder); ok && port.Refused(err) {
		_ = port.Calling(ctx, p.in.about(port.OpDiscard, 0), func(ctx context.Context) error {
			return discarder.Discard(ctx, draft)
		})
	}
	if err != nil {
		return Found{}, err
	}
	return done, nil
}

// attempt records, sends, and records the end. The request must be over long
// before others may believe it lost: hence the deadline at half of Settle.
func (p *posting) attempt(ctx context.Context, op Op, send func(context.Context) error) error {
	a, err := p.in.Book.StartAttempt(ctx, p.in.Voucher.Reference, op, p.last.No)
	if kind := fault.KindOf(err); err != nil && (kind == fault.Conflict || kind == fault.Busy) {
		return port.Fault(CodeSettling, "", fault.Arg("reference", p.in.Voucher.Reference))
	}
	if err != nil {
		return err
	}
	p.last = a
	bounded, cancel := context.WithTimeout(ctx, p.in.Settle/2-p.in.Now().Sub(a.StartedAt))
	defer cancel()
	crash.At(string(op) + ".sending")
	err = port.Calling(bounded, p.in.about(op, a.No), send)
	crash.At(string(op) + ".sent")
	class, detail := classOf(err)
	_ = p.in.Book.FinishAttempt(context.WithoutCancel(ctx), a, class, detail)
	return err
}

func classOf(err error) (Class, string) {
	if err == nil {
		return ClassOK, ""
	}
	return port.ClassOf(err, true), err.Error()
}

// readFault turns a lost answer to a question into Busy: reading changes nothing.
func readFault(err error) error {
	if port.MayHaveHappened(err) {
		return port.Fault(CodeUnavailable, err.Error())
	}
	return err
}

func ambiguous(reference string, found []Found) error {
	ids := make([]string, 0, len(found))
	for _, f := range found {
		ids = append(ids, f.ID)
	}
	return port.Fault(CodeAmbiguous, "", fault.Arg("reference", reference),
		fault.Arg("count", strconv.Itoa(len(found))), fault.Arg("ids", strings.Join(ids, ", ")))
}

// checkBalance refuses what no ERP should ever see.
func checkBalance(v voucher.Voucher) error {
	var debit, credit int64
	for _, e := range v.Entries {
		base := port.Base(e)
		if base.Minor <= 0 || base.Currency != port.Base(v.Entries[0]).Currency {
			return port.Fault(CodeUnbalanced, "entries must be positive and in one currency")
		}
		if e.Side == voucher.Debit {
			debit += base.Minor
		} else {
			credit += base.Minor
		}
	}
	if len(v.Entries) < 2 || debit != credit {
		return port.Fault(CodeUnbalanced, fmt.Sprintf("debit %d, credit %d", debit, credit))
	}
	return nil
}

// checkKept refuses a voucher with dimensions that the ERP would leave out: the books
// would say less than the voucher, and nobody would know. 辅助核算
func checkKept(to Port, v voucher.Voucher) error {
	if !slices.ContainsFunc(v.Entries, func(e voucher.Entry) bool { return len(e.Dimensions) > 0 }) {
		return nil
	}
	var lost []string
	for _, l := range to.Capabilities().Keeps().Lost(v) {
		lost = append(lost, l.Name+" ("+l.Account+")")
	}
	if len(lost) == 0 {
		return nil
	}
	slices.Sort(lost)
	return port.Fault(CodeUnsupported, "", fault.Arg("what", "dimensions: "+strings.Join(slices.Compact(lost), ", ")))
}
