package desk

import (
	"context"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// ReplanTheseMost is how many documents one request plans anew.
const ReplanTheseMost = 50

// ReplanThis names a document as it was seen in a preview.
type ReplanThis struct {
	Document    string `json:"document" maxLength:"64"`
	Round       int    `json:"round" minimum:"1"`
	ContentHash string `json:"content_hash" minLength:"1" maxLength:"64"`
}

// What became of a document that was to be planned anew.
const (
	ReplanDone     = "done"     // the act took effect; its route is asked for
	ReplanPending  = "pending"  // the act is recorded and being applied
	ReplanProposed = "proposed" // another administrator must approve it
	ReplanWaits    = "waits"    // the same was proposed before, and still waits
	ReplanRefused  = "refused"  // nothing happened to it
)

// ReplanResult is what became of one document.
type ReplanResult struct {
	Document string
	State    string
	Proposal string       // id; of proposed and waits, and of an approval
	Fault    *fault.Fault // of refused
}

// ReplanThese plans documents under way anew, by the version in force: each by an
// intervention of its own, which for money another administrator must approve.
// One that is refused does not keep the others.
//
// Safe to repeat: with the same key each document keeps its first answer, and with
// another what already waits is not proposed twice. Errors: Invalid replan.too_many;
// Conflict idempotency.reused; Busy and worse, with what was done so far.
func (d *Desk) ReplanThese(ctx context.Context, who auth.Who, these []ReplanThis, opinion string, key Key) (
	[]ReplanResult, error) {
	if len(these) > ReplanTheseMost {
		return nil, tooManyToReplan()
	}
	if err := d.claim(ctx, who, key, these, opinion); err != nil {
		return nil, err
	}
	var results []ReplanResult
	for _, this := range these {
		one := key
		if key.Key != "" {
			one.Key, one.Body = key.Key+":"+this.Document, []any{key.Body, this.Document, this.Round, this.ContentHash, opinion}
		}
		result, err := d.replanThis(ctx, who, this, opinion, one)
		if err != nil {
			return results, err
		}
		results = append(results, result)
	}
	return results, nil
}

func (d *Desk) replanThis(ctx context.Context, who auth.Who, this ReplanThis, opinion string, key Key) (
	ReplanResult, error) {
	result := ReplanResult{Document: this.Document}
	waits, found, err := d.WaitingReplan(ctx, who, this)
	if err == nil && found && waits.ID != idOf(who, key) {
		result.State, result.Proposal = ReplanWaits, waits.ID
		return result, nil
	}
	if err != nil {
		return result.refused(err)
	}
	got, err := d.Intervene(ctx, who, Intervention{
		Document: this.Document, Ruling: approval.RulingReplan, Round: this.Round, ContentHash: this.ContentHash,
		Opinion: opinion, Channel: channelOf(who),
	}, key)
	switch {
	case err != nil:
		return result.refused(err)
	case got.Proposal != nil:
		result.State, result.Proposal = ReplanProposed, got.Proposal.ID
	case got.Pending:
		result.State = ReplanPending
	default:
		result.State = ReplanDone
	}
	return result, nil
}

// refused makes what the rules say of one document its result; our own failures
// stay errors.
func (r ReplanResult) refused(err error) (ReplanResult, error) {
	f, ok := fault.As(err)
	if !ok || f.Kind == fault.Internal || f.Kind == fault.Busy || f.Kind == fault.Unknown {
		return r, err
	}
	r.State, r.Fault = ReplanRefused, f
	return r, nil
}

// WaitingReplan is the open proposal to plan a document anew in the round that was
// seen, if there is one.
//
// Errors: NotFound document.not_found, Forbidden access.denied.
func (d *Desk) WaitingReplan(ctx context.Context, who auth.Who, this ReplanThis) (store.ProposalRow, bool, error) {
	list, err := d.Interventions(ctx, who, this.Document)
	if err != nil {
		return store.ProposalRow{}, false, err
	}
	for _, p := range list {
		meant, err := Meant(p)
		if err == nil && p.StateNow() == proposal.Open && meant.Ruling == approval.RulingReplan && meant.Round == this.Round {
			return p, true, nil
		}
	}
	return store.ProposalRow{}, false, nil
}

// ApproveThese approves interventions that another administrator proposed, one by
// one, by the hash of what was read.
//
// Safe to repeat with the same key. Errors: as ReplanThese.
func (d *Desk) ApproveThese(ctx context.Context, who auth.Who, these []ApproveThis, key Key) ([]ReplanResult, error) {
	if len(these) > ReplanTheseMost {
		return nil, tooManyToReplan()
	}
	if err := d.claim(ctx, who, key, these); err != nil {
		return nil, err
	}
	var results []ReplanResult
	for _, this := range these {
		one := key
		if key.Key != "" {
			one.Key, one.Body = key.Key+":"+this.Proposal, []any{key.Body, this.Proposal, this.Hash}
		}
		result := ReplanResult{Proposal: this.Proposal}
		p, err := d.DecideProposal(ctx, who, this.Proposal, proposal.Verdict{Approve: true, Hash: this.Hash}, one)
		result.Document = p.Subject
		switch {
		case err != nil:
			if result, err = result.refused(err); err != nil {
				return results, err
			}
		case p.Outcome == nil:
			result.State = ReplanPending
		case p.Outcome.Code != approval.OK:
			result.State = ReplanRefused
			result.Fault = &fault.Fault{Kind: fault.Kind(p.Outcome.Kind), Code: p.Outcome.Code, Args: p.Outcome.Args}
		default:
			result.State = ReplanDone
		}
		results = append(results, result)
	}
	return results, nil
}

// ApproveThis names a proposal, and what was read of it.
type ApproveThis struct{ Proposal, Hash string }

// claim takes the key of a request for many: the same key never asks for other ones.
//
// Errors: Conflict idempotency.reused.
func (d *Desk) claim(ctx context.Context, who auth.Who, key Key, asked ...any) error {
	if key.Key == "" {
		return nil
	}
	key.Body = append([]any{key.Body}, asked...)
	idem, err := key.of(who)
	if err != nil {
		return err
	}
	return d.Store.Claim(ctx, idem)
}

func tooManyToReplan() error {
	return fault.New(fault.Invalid, "replan.too_many", fault.Field("documents"), fault.Arg("max", "50"))
}
