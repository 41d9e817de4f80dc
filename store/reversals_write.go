package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/domain/reversal"
)

// askForReversal keeps that somebody asks for a voucher to be undone, and tells who may
// approve it.
//
// Errors: NotFound voucher.not_found; Conflict reversal.not_posted, reversal.under_way,
// reversal.done, reversal.settled; those of reversal.Request.Check.
func askForReversal(ctx context.Context, tx *sqlx.Tx, in ProposalInput) error {
	var asked reversal.Request
	if err := json.Unmarshal([]byte(in.Payload), &asked); err != nil {
		return err
	}
	before, err := reversalIn(ctx, tx, in.Subject, asked.Voucher)
	if err != nil {
		return err
	}
	original, entity, err := originalIn(ctx, tx, in.Subject, asked.Voucher)
	if err != nil {
		return err
	}
	if err := asked.Check(original); err != nil {
		return err
	}
	var now time.Time
	if err := tx.GetContext(ctx, &now, `SELECT clock_timestamp()`); err != nil {
		return err
	}
	if err := before.Requestable(now); err != nil {
		return err
	}
	if err := unsettled(ctx, tx, in.Subject); err != nil {
		return err
	}
	expires, err := insertProposal(ctx, tx, in, before.Attempt)
	if err != nil {
		return err
	}
	step := reversalStep{before, in.Subject, entity}
	err = step.record(ctx, tx, reversal.WasRequested, in.Maker, "request:"+in.ID, reversal.Data{
		Proposal: in.ID, Hash: in.Hash, Date: asked.Date, Reason: asked.Reason,
		Expires: expires.UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		return err
	}
	people, err := reversersOf(ctx, tx, in.Subject, in.Maker)
	if err != nil {
		return err
	}
	return tellReversal(ctx, tx, notice.ReversalRequested, in.ID, reversalTold{
		document: in.Subject, voucher: asked.Voucher, by: in.Maker, reason: asked.Reason, date: asked.Date, people: people,
	})
}

// decideReversal carries out what the second person says: what is approved is told to
// the books by a workflow that the relay starts.
func decideReversal(ctx context.Context, tx *sqlx.Tx, p ProposalRow, v proposal.Verdict) error {
	var asked reversal.Request
	if err := json.Unmarshal([]byte(p.Payload), &asked); err != nil {
		return err
	}
	before, err := reversalIn(ctx, tx, p.Subject, asked.Voucher)
	if err != nil {
		return err
	}
	_, entity, err := originalIn(ctx, tx, p.Subject, asked.Voucher)
	if err == nil && v.Approve {
		err = unsettled(ctx, tx, p.Subject)
	}
	if err == nil {
		err = endProposal(ctx, tx, p.ID, 0, v)
	}
	if err != nil {
		return err
	}
	step := reversalStep{before, p.Subject, entity}
	if v.Approve {
		return step.record(ctx, tx, reversal.WasApproved, v.Checker, "approve:"+p.ID,
			reversal.Data{Proposal: p.ID, Maker: p.Maker, Date: asked.Date, Reason: asked.Reason})
	}
	err = step.record(ctx, tx, reversal.WasRefused, v.Checker, "refuse:"+p.ID,
		reversal.Data{Proposal: p.ID, Maker: p.Maker, Reason: v.Reason})
	if err != nil {
		return err
	}
	return tellReversal(ctx, tx, notice.ReversalRefused, p.ID, reversalTold{
		document: p.Subject, voucher: asked.Voucher, by: v.Checker, reason: v.Reason, date: asked.Date,
		people: []string{p.Maker},
	})
}

// RuleReversal carries out what finance says of a parked reversal: it is tried again, on
// another day where one is given, or given up.
//
// Safe to repeat under its idempotency key. Errors: NotFound reversal.not_found; those of
// reversal.State.Rule; Conflict idempotency.reused.
func (s *Store) RuleReversal(ctx context.Context, original, by string, r reversal.Said, idem Idempotency) error {
	return s.inTx(ctx, "store.RuleReversal", func(tx *sqlx.Tx) error {
		if _, fresh, err := claimRequest(ctx, tx, idem, original); err != nil || !fresh {
			return err
		}
		var document string
		if err := tx.GetContext(ctx, &document, `SELECT document FROM reversals WHERE voucher = $1`, original); err != nil {
			return noSuchReversal(err)
		}
		before, err := reversalIn(ctx, tx, document, original)
		if err != nil {
			return err
		}
		v, entity, err := originalIn(ctx, tx, document, original)
		if err != nil {
			return err
		}
		if err := before.Rule(r, v.Date); err != nil {
			return err
		}
		data := reversal.Data{Ruling: r.Ruling, Opinion: r.Opinion}
		if r.Ruling == reversal.Redate {
			data.Date = r.Date
		}
		cause := "resolve:" + before.Reference + ":" + strconv.Itoa(before.Attempt)
		err = reversalStep{before, document, entity}.record(ctx, tx, reversal.WasResolved, by, cause, data)
		if err != nil || r.Ruling != reversal.GiveUp {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE vouchers SET state = 'void' WHERE reference = $1 AND state <> 'posted'`,
			before.Reference)
		return err
	})
}

// ReversalAnswer is what the books said of one attempt.
type ReversalAnswer struct {
	Reference string
	Attempt   int

	Posted       bool
	Number, ID   string
	Code, Detail string // where it is not posted
	Unanswered   bool
}

// SettleReversal records what the books said of an attempt, and tells whom it concerns.
//
// Safe to repeat: what is not the attempt under way any more changes nothing.
// Errors: NotFound reversal.not_found.
func (s *Store) SettleReversal(ctx context.Context, a ReversalAnswer) error {
	return s.inTx(ctx, "store.SettleReversal", func(tx *sqlx.Tx) error {
		var row struct{ Document, Voucher, Entity string }
		const find = `SELECT document, voucher, entity FROM reversals WHERE reference = $1`
		if err := tx.GetContext(ctx, &row, find, a.Reference); err != nil {
			return noSuchReversal(err)
		}
		before, err := reversalIn(ctx, tx, row.Document, row.Voucher)
		if err != nil || before.Status != reversal.Approved || before.Attempt != a.Attempt {
			return err
		}
		if a.Unanswered, err = stillOpen(ctx, tx, a); err != nil {
			return err
		}
		kind, data := reversal.WasPosted, reversal.Data{Number: a.Number, ID: a.ID, Date: before.Date}
		if !a.Posted {
			kind, data = reversal.WasParked, reversal.Data{Code: a.Code, Detail: a.Detail, Unanswered: a.Unanswered}
		}
		cause := "effect:" + a.Reference + ":" + strconv.Itoa(a.Attempt)
		err = reversalStep{before, row.Document, row.Entity}.record(ctx, tx, kind, approval.SystemPosting, cause, data)
		if err != nil {
			return err
		}
		return tellAnswer(ctx, tx, row.Document, before, a)
	})
}

// stillOpen says whether something was sent that may be in the books, where they did not
// answer in the end. Where every request is known to have left nothing, it may be redated
// or given up.
func stillOpen(ctx context.Context, tx *sqlx.Tx, a ReversalAnswer) (open bool, err error) {
	const query = `
		SELECT $2 AND EXISTS (SELECT FROM effect_attempts
		                      WHERE reference = $1 AND coalesce(class, 'unknown') NOT IN ('refused', 'busy'))`
	err = tx.GetContext(ctx, &open, query, a.Reference, a.Unanswered)
	return open, err
}

// reversalStep is the next step of one reversal.
type reversalStep struct {
	before           reversal.State
	document, entity string
}

// record writes the row that the step leads to, then its event: a row without its event,
// or another, is what the triggers refuse and the audit finds.
func (r reversalStep) record(ctx context.Context, tx *sqlx.Tx, kind, actor, cause string, d reversal.Data) error {
	d.Voucher, d.Reference, d.Attempt = r.before.Voucher, r.before.Reference, r.before.Attempt
	draft, err := d.Draft(kind, actor)
	if err != nil {
		return err
	}
	var now time.Time
	if err := tx.GetContext(ctx, &now, `SELECT clock_timestamp()`); err != nil {
		return err
	}
	after, err := r.before.After(evidence.Event{Kind: kind, Actor: actor, Data: draft.Data, At: now})
	if err != nil {
		return err
	}
	if err := r.save(ctx, tx, after, now); err != nil {
		return err
	}
	return recordFact(ctx, tx, reversal.StreamPrefix+r.document, cause, draft)
}

func (r reversalStep) save(ctx context.Context, tx *sqlx.Tx, after reversal.State, now time.Time) error {
	const begin = `
		INSERT INTO reversals (voucher, reference, document, entity, status, attempt, proposal, maker, checker, reason, date,
		                       code, detail, unanswered, erp_number, erp_id, next_try)
		VALUES ($1, $2, $3, $4, $11, $12, $13, $14, $15, $16, $17, $5, $6, $7, $8, $9, $10::timestamptz)`
	const answered = `
		UPDATE reversals SET status = $11, code = $5, detail = $6, unanswered = $7, erp_number = $8, erp_id = $9,
		       changed_at = clock_timestamp(), tries = 0, next_try = $10::timestamptz`
	const goOn = answered + `, attempt = $12, proposal = $13, maker = $14, checker = $15, reason = $16, date = $17`
	const mine = ` WHERE voucher = $1 AND reference = $2 AND document = $3 AND entity = $4`
	args := []any{after.Voucher, after.Reference, r.document, r.entity, after.Code, after.Detail, after.Unanswered,
		after.Number, after.ID, nil, string(after.Status)}
	if after.Status == reversal.Approved {
		args[9] = now
	}
	query := answered + mine // all that the worker may write
	if after.Status != reversal.Posted && after.Status != reversal.Parked {
		query = goOn + mine
		args = append(args, after.Attempt, after.Proposal, after.Maker, after.Checker, after.Reason, after.Date)
	}
	if r.before.Status == reversal.None {
		query = begin
	}
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return cmpFault(err, fault.New(fault.Internal, "reversal.impossible", fault.Arg("event", "row"),
			fault.Arg("status", string(r.before.Status))))
	}
	return nil
}
