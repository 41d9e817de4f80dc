package api

import (
	"context"
	"net/http"
	"time"

	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

func (a *API) reversals() {
	const tag = "Vouchers"
	add(a, operation{
		"list-reversals", http.MethodGet, "/reversals", tag, "The reversals of vouchers, what changed last first", 0,
	}, a.listReversals)
	add(a, operation{
		"read-reversal", http.MethodGet, "/vouchers/{ref}/reversal", tag,
		"How far the reversal of a voucher has come, and what it books or would book", 0,
	}, a.readReversal)
	add(a, operation{
		"ask-reversal", http.MethodPost, "/vouchers/{ref}/reversal", tag,
		"Ask for a voucher in the books to be reversed; another person must approve it", 0,
	}, a.askReversal)
	add(a, operation{
		"decide-reversal", http.MethodPost, "/vouchers/{ref}/reversal/decision", tag,
		"Approve or refuse what another person asked for; what is approved is booked once", 0,
	}, a.decideReversal)
	add(a, operation{
		"rule-reversal", http.MethodPost, "/vouchers/{ref}/reversal/ruling", tag,
		"Rule on a reversal that the books refused, or did not answer: retry, redate or give_up", 0,
	}, a.ruleReversal)
}

// Reversal is how far the reversal of a voucher has come.
type Reversal struct {
	Voucher   string `json:"voucher" doc:"Reference of what is undone"`
	Reference string `json:"reference" doc:"Under which it is booked: one for ever"`
	Document  string `json:"document"`
	Number    string `json:"document_number,omitempty"`
	Entity    string `json:"entity"`
	Status    string `json:"status" enum:"none,requested,refused,approved,parked,given_up,posted,expired"`
	Attempt   int    `json:"attempt" doc:"Rulings so far; a ruling names it"`
	Proposal  string `json:"proposal,omitempty" doc:"What a decision names"`
	Maker     string `json:"maker,omitempty"`
	Checker   string `json:"checker,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Date      string `json:"date,omitempty" doc:"Posting date"`

	BookNo     string     `json:"erp_number,omitempty"`
	BookID     string     `json:"erp_id,omitempty"`
	Code       string     `json:"code,omitempty" doc:"Why it is parked"`
	Detail     string     `json:"detail,omitempty" doc:"The books' own words"`
	Unanswered bool       `json:"unanswered,omitempty" doc:"It may be in the books: it can only be tried again"`
	ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"Of the request"`
	ChangedAt  *time.Time `json:"changed_at,omitempty"`

	Entries []Entry  `json:"entries,omitempty" doc:"What is booked, or would be; only of a single reversal"`
	May     []string `json:"may,omitempty" doc:"What the caller may do now: ask, decide, rule; only of a single reversal"`
}

func reversalOf(r store.ReversalRow) Reversal {
	status := string(r.Status)
	if r.Expired() {
		status = string(proposal.Expired)
	}
	out := Reversal{
		Voucher: r.Voucher, Reference: r.Reference, Document: r.Document, Number: r.DocumentNumber, Entity: r.Entity,
		Status: status, Attempt: r.Attempt, Proposal: r.Proposal, Maker: r.Maker, Checker: r.Checker, Reason: r.Reason,
		Date: r.Date, BookNo: r.Number, BookID: r.ID, Code: r.Code, Detail: r.Detail, Unanswered: r.Unanswered,
		ChangedAt: instant(r.ChangedAt),
	}
	if r.Status == reversal.Requested {
		out.ExpiresAt = instant(r.Expires)
	}
	return out
}

// ReversalsInput narrows a list of reversals.
type ReversalsInput struct {
	Paged
	Status []string `query:"status" maxItems:"6" nullable:"false" enum:"requested,refused,approved,parked,given_up,posted"`
}

// ReversalsOutput is a page of reversals.
type ReversalsOutput struct{ Body List[Reversal] }

// listReversals handles GET /reversals.
func (a *API) listReversals(ctx context.Context, in *ReversalsInput) (*ReversalsOutput, error) {
	who, _ := auth.Of(ctx)
	filter := store.ReversalFilter{Cursor: in.Cursor, Limit: in.Limit}
	for _, s := range in.Status {
		filter.Statuses = append(filter.Statuses, reversal.Status(s))
	}
	page, err := a.desk.Reversals(ctx, who, filter)
	if err != nil {
		return nil, err
	}
	return &ReversalsOutput{Body: listOf(page.Items, page.Next, nil, reversalOf)}, nil
}

// ReversalOutput is one reversal.
type ReversalOutput struct{ Body Reversal }

// readReversal handles GET /vouchers/{ref}/reversal.
func (a *API) readReversal(ctx context.Context, in *ReferenceInput) (*ReversalOutput, error) {
	who, _ := auth.Of(ctx)
	return a.reversalNow(ctx, who, in.Reference)
}

func (a *API) reversalNow(ctx context.Context, who auth.Who, reference string) (*ReversalOutput, error) {
	r, err := a.desk.Reversal(ctx, who, reference)
	if err != nil {
		return nil, err
	}
	out := Reversal{Status: "none", Voucher: r.Original.Reference, Reference: r.Undo.Reference,
		Document: r.Original.Document, Number: r.Original.DocumentNumber, Entity: r.Original.Entity, Date: r.Undo.Date}
	if r.Row != nil {
		out = reversalOf(*r.Row)
	}
	for _, e := range r.Undo.Entries {
		out.Entries = append(out.Entries, entryOf(e))
	}
	for _, may := range []struct {
		what string
		may  bool
	}{{"ask", r.Ask}, {"decide", r.Decide}, {"rule", r.Rule}} {
		if may.may {
			out.May = append(out.May, may.what)
		}
	}
	return &ReversalOutput{Body: out}, nil
}

// ReversalBody is what somebody asks for.
type ReversalBody struct {
	Date   string `json:"date" minLength:"10" maxLength:"10" doc:"Posting date YYYY-MM-DD, not before that of the voucher"`
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
}

// ReversalInput asks for a reversal.
type ReversalInput struct {
	Keyed
	Reference string `path:"ref" maxLength:"200"`
	Body      ReversalBody
}

// askReversal handles POST /vouchers/{ref}/reversal.
func (a *API) askReversal(ctx context.Context, in *ReversalInput) (*ReversalOutput, error) {
	who, _ := auth.Of(ctx)
	err := a.desk.AskReversal(ctx, who, reversal.Request{
		Voucher: in.Reference, Date: in.Body.Date, Reason: in.Body.Reason,
	}, keyOf("ask-reversal", in.IdempotencyKey, in.Reference, in.Body))
	if err != nil {
		return nil, err
	}
	return a.reversalNow(ctx, who, in.Reference)
}

// ReversalDecisionBody is the second person's word.
type ReversalDecisionBody struct {
	Proposal string `json:"proposal" minLength:"1" maxLength:"64" doc:"What was seen"`
	Approve  bool   `json:"approve"`
	Reason   string `json:"reason,omitempty" maxLength:"2000" doc:"Why not; required to refuse"`
}

// ReversalDecisionInput is the second person's word.
type ReversalDecisionInput struct {
	Keyed
	Reference string `path:"ref" maxLength:"200"`
	Body      ReversalDecisionBody
}

// decideReversal handles POST /vouchers/{ref}/reversal/decision.
func (a *API) decideReversal(ctx context.Context, in *ReversalDecisionInput) (*ReversalOutput, error) {
	who, _ := auth.Of(ctx)
	err := a.desk.DecideReversal(ctx, who, in.Reference, in.Body.Proposal,
		proposal.Verdict{Approve: in.Body.Approve, Reason: in.Body.Reason},
		keyOf("decide-reversal", in.IdempotencyKey, in.Reference, in.Body))
	if err != nil {
		return nil, err
	}
	return a.reversalNow(ctx, who, in.Reference)
}

// ReversalRulingBody is finance's word on what is parked.
type ReversalRulingBody struct {
	Ruling  string `json:"ruling" enum:"retry,redate,give_up"`
	Attempt int    `json:"attempt" minimum:"0" doc:"The attempt seen parked"`
	Date    string `json:"date,omitempty" maxLength:"10" doc:"Posting date YYYY-MM-DD, for redate"`
	Opinion string `json:"opinion,omitempty" maxLength:"2000" doc:"Required to give up"`
}

// ReversalRulingInput is finance's word on what is parked.
type ReversalRulingInput struct {
	Keyed
	Reference string `path:"ref" maxLength:"200"`
	Body      ReversalRulingBody
}

// ruleReversal handles POST /vouchers/{ref}/reversal/ruling.
func (a *API) ruleReversal(ctx context.Context, in *ReversalRulingInput) (*ReversalOutput, error) {
	who, _ := auth.Of(ctx)
	err := a.desk.RuleReversal(ctx, who, in.Reference, reversal.Said{
		Ruling: reversal.Ruling(in.Body.Ruling), Attempt: in.Body.Attempt, Date: in.Body.Date, Opinion: in.Body.Opinion,
	}, keyOf("rule-reversal", in.IdempotencyKey, in.Reference, in.Body))
	if err != nil {
		return nil, err
	}
	return a.reversalNow(ctx, who, in.Reference)
}
