package api

import (
	"context"
	"net/http"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy"
)

func (a *API) reviews() {
	const tag = "Types and policies"
	add(a, operation{
		"check-policy", http.MethodPost, "/policies/{kind}/{id}/check", tag,
		"Say what is wrong with a text and what it would change; nothing is kept", 0,
	}, a.checkPolicy)
	add(a, operation{
		"simulate-policy", http.MethodPost, "/policies/{kind}/{id}/simulate", tag,
		"Say what a draft would have done to the newest documents, beside the version in force; nothing is kept", 0,
	}, a.simulatePolicy)
	add(a, operation{
		"review-proposal", http.MethodGet, "/proposals/{id}/review", tag,
		"A proposal with its check, its differences, and whether one may decide on it", 0,
	}, a.reviewProposal)
}

// Finding is one thing that the check has to say.
type Finding struct {
	Level   string `json:"level" enum:"error,warning"`
	Code    string `json:"code"`
	Field   string `json:"field,omitempty"`
	Line    int    `json:"line,omitempty" doc:"In the text, from 1"`
	Column  int    `json:"column,omitempty"`
	Text    string `json:"text" doc:"In the caller's language"`
	Example string `json:"example,omitempty" doc:"The request that shows it, and the path it takes"`
}

func findingOf(ctx context.Context, f policy.Finding) Finding {
	shown := Finding{Level: string(f.Level), Code: f.Fault.Code, Field: f.Fault.Field, Text: problem.Text(ctx, f.Fault)}
	shown.Line, _ = strconv.Atoi(f.Fault.Args["line"]) // not every finding has a place
	shown.Column, _ = strconv.Atoi(f.Fault.Args["column"])
	if f.Example != nil {
		shown.Example = f.Example.Words(i18n.Locale(ctx))
	}
	return shown
}

// PolicyClaim is one property of a policy, and how far it was tried.
type PolicyClaim struct {
	Property  string `json:"property"`
	Technique string `json:"technique" enum:"proved,sampled,refuted"`
	Cases     int    `json:"cases"`
	People    int    `json:"people" doc:"Requesters that the cases stand for"`
	Text      string `json:"text" doc:"In the caller's language"`
}

// PolicyChange is one difference between two versions of a policy.
type PolicyChange struct {
	Step string `json:"step,omitempty" doc:"Its id; none for the policy itself"`
	What string `json:"what" doc:"added, removed, moved, or the key or date that changed"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	Text string `json:"text" doc:"In the caller's language"`
}

// TextLine is one line of two texts held side by side.
type TextLine struct {
	Old  int    `json:"old,omitempty" doc:"Its number in the base; none where it is new"`
	New  int    `json:"new,omitempty" doc:"Its number in the text; none where it is gone"`
	Text string `json:"text"`
}

// Check is what the check says of a text.
type Check struct {
	Fit      bool           `json:"fit" doc:"No finding is an error: it may be proposed"`
	Base     int            `json:"base" doc:"The version it is held against; 0 for none"`
	Findings []Finding      `json:"findings" nullable:"false"`
	Claims   []PolicyClaim  `json:"claims" nullable:"false" doc:"Of a policy: what was proved, and what only sampled"`
	Changes  []PolicyChange `json:"changes" nullable:"false" doc:"Of a policy or a calendar: what differs from the base"`
	Lines    []TextLine     `json:"lines" nullable:"false" doc:"Base and text, line by line"`

	Aggregate string `json:"aggregate,omitempty" doc:"Of a policy: what amounts are added up, in words"`
}

func checkOf(ctx context.Context, c desk.Checked) Check {
	locale := i18n.Locale(ctx)
	check := Check{
		Fit: policy.Publishable(c.Findings), Base: c.Base, Findings: []Finding{}, Claims: []PolicyClaim{},
		Changes: []PolicyChange{}, Lines: []TextLine{},
	}
	if c.Aggregate != nil {
		check.Aggregate = c.Aggregate.Words(locale)
	}
	for _, f := range c.Findings {
		check.Findings = append(check.Findings, findingOf(ctx, f))
	}
	for _, one := range c.Claims {
		check.Claims = append(check.Claims, PolicyClaim{one.Property, string(one.Technique), one.Cases, one.People,
			one.Words(locale)})
	}
	for _, one := range c.Changes {
		check.Changes = append(check.Changes, PolicyChange{one.Step, one.What, one.Old, one.New, one.Words(locale)})
	}
	for _, l := range c.Lines {
		check.Lines = append(check.Lines, TextLine(l))
	}
	return check
}

// CheckInput is a text to be checked.
type CheckInput struct {
	Asked
	Kind string `path:"kind" enum:"policy,type,mapping"`
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		YAML string `json:"yaml" minLength:"1" maxLength:"65536"`
	}
}

// CheckOutput is what the check says.
type CheckOutput struct{ Body Check }

// checkPolicy handles POST /policies/{kind}/{id}/check.
func (a *API) checkPolicy(ctx context.Context, in *CheckInput) (*CheckOutput, error) {
	who, _ := auth.Of(ctx)
	checked, err := a.desk.Check(ctx, who, proposal.Kind(in.Kind), in.ID, in.Body.YAML)
	if err != nil {
		return nil, err
	}
	return &CheckOutput{Body: checkOf(ctx, checked)}, nil
}

// SimulateInput is a draft to be tried on past documents.
type SimulateInput struct {
	Asked
	Kind string `path:"kind" enum:"policy"`
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		YAML string `json:"yaml" minLength:"1" maxLength:"65536"`
	}
}

// SimulateOutput is what it would have done; examples are documents that the caller may read.
type SimulateOutput struct{ Body policy.SimulationReport }

// simulatePolicy handles POST /policies/{kind}/{id}/simulate.
func (a *API) simulatePolicy(ctx context.Context, in *SimulateInput) (*SimulateOutput, error) {
	who, _ := auth.Of(ctx)
	report, err := a.desk.Simulate(ctx, who, in.ID, in.Body.YAML)
	if err != nil {
		return nil, err
	}
	return &SimulateOutput{Body: report}, nil
}

// Bar is why the caller may not decide.
type Bar struct {
	Code string `json:"code"`
	Text string `json:"text" doc:"In the caller's language"`
}

func barOf(ctx context.Context, f *fault.Fault) *Bar {
	if f == nil {
		return nil
	}
	return &Bar{Code: f.Code, Text: problem.Text(ctx, f)}
}

// Review is a proposal as its reader may decide on it.
type Review struct {
	Proposal   Proposal `json:"proposal"`
	Check      Check    `json:"check" doc:"Of an open one as of now; what is over has its lines and changes only"`
	InForce    int      `json:"in_force" doc:"The version in force now"`
	Outdated   bool     `json:"outdated" doc:"Another version was published since"`
	NoApproval *Bar     `json:"no_approval,omitempty" doc:"Why the caller may not approve it"`
	NoRefusal  *Bar     `json:"no_refusal,omitempty" doc:"Why the caller may not refuse it"`
}

// ReviewOutput is a review.
type ReviewOutput struct{ Body Review }

// reviewProposal handles GET /proposals/{id}/review.
func (a *API) reviewProposal(ctx context.Context, in *ProposalIDInput) (*ReviewOutput, error) {
	who, _ := auth.Of(ctx)
	r, err := a.desk.Review(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	check := checkOf(ctx, r.Checked)
	if r.Calendar != nil {
		check.Changes = append(check.Changes, calendarChangesIn(ctx, *r.Calendar)...)
	}
	return &ReviewOutput{Body: Review{
		Proposal: proposalOf(r.ProposalRow), Check: check, InForce: r.InForce, Outdated: r.Outdated(),
		NoApproval: barOf(ctx, r.NoApproval), NoRefusal: barOf(ctx, r.NoRefusal),
	}}, nil
}
