package desk

import (
	"context"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/store"
)

// replanMost is how many documents one preview counts; what is beyond is said.
const replanMost = 5000

// ReplansInput asks what a version would do to the documents under way.
type ReplansInput struct {
	Policy   string
	Version  int    // published; 0 means the one in force
	Proposal string // id; asks of the text that it proposes instead
	Cursor   string
	Limit    int
}

// Replanned is one document under way, and how its route would differ.
type Replanned struct {
	store.Underway
	policy.Rerouting
	May     bool              // the reader is an administrator of its entity
	Waiting store.ProposalRow // to plan it anew, open; the zero row where there is none
}

// ReplanCounts adds up a preview.
type ReplanCounts struct {
	Documents int            `json:"documents" doc:"Under way on an older version"`
	Changed   int            `json:"changed" doc:"Whose path would be another"`
	What      map[string]int `json:"what" doc:"In what they differ; a document counts in several"`
	More      bool           `json:"more" doc:"There are more documents than were counted"`
}

// Replans is the preview of planning documents under way anew.
type Replans struct {
	Policy  string
	Version int // that they would follow
	Items   []Replanned
	Next    string
	Counts  *ReplanCounts // of all of them, with the first page
}

// PreviewReplans says for every open document on an older version of a policy how
// its route would differ under another, by the organisation as it is now. Nothing
// is changed. The reader sees what they may read.
//
// Errors: Forbidden access.denied; NotFound policy.not_found, proposal.not_found;
// Invalid cursor.bad, replan.other_policy.
func (d *Desk) PreviewReplans(ctx context.Context, who auth.Who, in ReplansInput) (Replans, error) {
	if _, err := needAny(who, access.PolicyReview); err != nil {
		return Replans{}, err
	}
	next, version, err := d.replanTo(ctx, who, in)
	if err != nil {
		return Replans{}, err
	}
	preview := Replans{Policy: in.Policy, Version: version}
	scope := access.ScopeFor(who.Subject, access.DocumentRead)
	r := rerouter{desk: d, policy: next, version: version, rates: map[rateKey]rateAnswer{}}
	if r.org, err = d.Snapshot(ctx); err != nil {
		return Replans{}, err
	}
	r.org = r.org.Indexed()
	filter := store.UnderwayFilter{Policy: in.Policy, Below: version, Cursor: in.Cursor, Limit: in.Limit}
	page, err := d.Store.Underway(ctx, scope, filter)
	if err != nil {
		return Replans{}, err
	}
	preview.Next = page.Next
	for _, one := range page.Items {
		row := Replanned{Underway: one, Rerouting: r.reroute(ctx, one)}
		row.May, _ = access.Can(who.Subject, access.DocumentIntervene, access.Object{Entity: one.Entity})
		if row.May {
			if row.Waiting, _, err = d.WaitingReplan(ctx, who, ReplanThis{one.ID, one.Round, one.ContentHash}); err != nil {
				return Replans{}, err
			}
		}
		preview.Items = append(preview.Items, row)
	}
	if in.Cursor == "" {
		preview.Counts, err = d.countReplan(ctx, scope, filter, &r)
	}
	return preview, err
}

// replanTo is the policy that documents would follow, and its version: that which
// a proposal would become.
func (d *Desk) replanTo(ctx context.Context, who auth.Who, in ReplansInput) (*policy.Policy, int, error) {
	if in.Proposal == "" {
		row, err := d.Text(ctx, who, proposal.Policy, in.Policy, in.Version)
		if err != nil {
			return nil, 0, err
		}
		p, err := d.parsePolicy(row)
		return p, row.Version, err
	}
	row, err := d.theirs(ctx, who, in.Proposal)
	if err != nil {
		return nil, 0, err
	}
	if row.Kind != proposal.Policy || row.Subject != in.Policy {
		return nil, 0, fault.New(fault.Invalid, "replan.other_policy", fault.Field("proposal"), fault.Arg("id", in.Policy))
	}
	p, err := policy.Parse(row.Subject, []byte(row.Payload))
	return p, row.Base + 1, err
}

func (d *Desk) countReplan(ctx context.Context, scope access.Scope, f store.UnderwayFilter, r *rerouter) (
	*ReplanCounts, error) {
	counts := &ReplanCounts{What: map[string]int{}}
	f.Cursor, f.Limit = "", store.PageMost
	for {
		page, err := d.Store.Underway(ctx, scope, f)
		if err != nil {
			return nil, err
		}
		for _, one := range page.Items {
			counts.Documents++
			rerouting := r.reroute(ctx, one)
			if rerouting.Changed {
				counts.Changed++
			}
			for _, what := range rerouting.What {
				counts.What[what]++
			}
		}
		if page.Next == "" {
			return counts, nil
		}
		if counts.Documents >= replanMost {
			counts.More = true
			return counts, nil
		}
		f.Cursor = page.Next
	}
}

// rerouter routes documents under way by another version; it asks for each rate once.
type rerouter struct {
	desk    *Desk
	policy  *policy.Policy
	version int
	org     *org.Snapshot
	rates   map[rateKey]rateAnswer
}

type rateKey struct {
	from, to money.Currency
	day      string
}

type rateAnswer struct {
	value string
	known bool
}

func (r *rerouter) reroute(ctx context.Context, one store.Underway) policy.Rerouting {
	day := r.desk.rateDay(r.org, one.Content, one.ClaimedAt)
	rates := r.desk.rates(ctx, day)
	return policy.Replan(one.Plan, policy.RouteInput{
		Policy: r.policy, Version: r.version, Content: one.Content, Org: r.org, Round: one.Round + 1, Document: one.ID,
		Rates: func(from, to money.Currency) (string, bool) {
			key := rateKey{from, to, day}
			answer, asked := r.rates[key]
			if !asked {
				rate, known := rates(from, to)
				answer = rateAnswer{rate.Value, known}
				r.rates[key] = answer
			}
			return answer.value, answer.known
		},
		Beside: r.desk.beside(ctx, one.ID),
	})
}
