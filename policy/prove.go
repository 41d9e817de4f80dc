package policy

import (
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
)

// Technique says how a claim was established.
type Technique string

// The techniques. Only Proved covers every request that the policy can tell apart.
const (
	Proved  Technique = "proved"  // every case was tried 已证明
	Sampled Technique = "sampled" // some cases were tried; no counter-example among them 抽样
	Refuted Technique = "refuted" // there is a counter-example 有反例
)

// The properties that Prove claims.
const (
	ClaimApprover    = "approver"    // every request finds its approvers
	ClaimBands       = "bands"       // no gap between bands, and no overlap
	ClaimReachable   = "reachable"   // every step is needed by some request
	ClaimDecided     = "decided"     // no dead end, and nothing passes unseen
	ClaimIndependent = "independent" // nobody decides their own, nobody disabled decides
	ClaimTimeouts    = "timeouts"    // a deadline never runs in a circle, nor approves
	ClaimBranches    = "branches"    // no human alone carries two parallel branches
	ClaimHumans      = "humans"      // enough distinct humans above each limit
	ClaimElsewhere   = "elsewhere"   // the same, entered by another or for another entity
	ClaimBooked      = "booked"      // every category has an account
)

// Claim is one property, and how far it holds.
type Claim struct {
	Property  string    `json:"property"`
	Technique Technique `json:"technique"`
	Cases     int       `json:"cases"`  // combinations of requester and request that were tried
	People    int       `json:"people"` // requesters that they stand for
}

// Proof is what Prove found out.
type Proof struct {
	Findings []Finding `json:"findings"` // those of Check, then those with a counter-example
	Claims   []Claim   `json:"claims"`

	// Aggregate is what the policy adds up: its proofs are about amounts so added. nil:
	// nothing.
	Aggregate *Aggregate `json:"aggregate,omitempty"`
}

// Ground is what a policy is judged against.
type Ground struct {
	Types    Types
	Mappings map[string]*booking.Mapping // by id; nil: what is booked is not claimed
	Org      *org.Snapshot
	Passkeys map[string]bool // people who have one; nil: it is not known who does
}

// Prove judges a policy as Check does, then tries every request that its
// conditions can tell apart, by every requester that its approvers can.
//
// Amounts, texts and grades are cut at the constants that conditions compare
// with; requesters of one manager, department and entity who are nothing else to
// the policy are one case. Where a condition cannot be cut, or an approver comes
// from a field, the cases are samples and the claim says so.
//
// Where the policy aggregates, the amount that is cut is the sum: whatever others add
// to a document, it is one of the amounts tried. A condition on own_amount is sampled.
//
// Rates are assumed to be known, and the organisation to stay as it is: where a
// step finds its approvers only when it is reached, today's are a sample of them.
// Delegations are not part of it and are judged when they are used.
func Prove(p *Policy, ground Ground) Proof {
	c := &proving{policy: p, ground: ground, org: ground.Org, found: map[string]int{}, tried: map[string]Claim{}}
	proof := Proof{Findings: append(Check(p, ground.Types, ground.Org), unkeyed(p, ground)...), Aggregate: p.Aggregate}
	if slices.ContainsFunc(proof.Findings, senseless) {
		return proof // a policy that does not hold together claims nothing
	}
	c.prepare()
	for i, t := range c.kinds() {
		c.kind(t, i == 0)
	}
	c.elsewhere()
	c.never()
	c.unbooked()
	proof.Findings = append(proof.Findings, c.findings...)
	proof.Claims = c.claims()
	return proof
}

// senseless findings leave nothing to prove.
func senseless(f Finding) bool {
	return slices.Contains([]string{"policy.bad_condition", "policy.unknown_field", "policy.unknown_role",
		"policy.not_a_person"}, f.Fault.Code)
}

// proving is one run of Prove.
type proving struct {
	policy *Policy
	ground Ground
	org    *org.Snapshot

	cuts    cuts
	humans  *humans
	classes []class
	bare    *Policy // the same steps without conditions: who would be asked
	cores   map[string]*core
	parts   map[[2]string]*org.Snapshot
	named   []string // people whom the policy names

	firstDepartment map[string]string // of each entity, by id

	fixed       bool                // approvers depend on requester, entity and department only
	late        bool                // some are found only when their step is reached
	readsGrades bool                // a source of approvers may look at grades
	offset      int                 // of the next sample
	climbing    []bool              // by step: it follows the requester's managers
	askedFields []string            // fields that name an approver
	someone     string              // stands for whoever may be named there
	holding     map[string][]string // who holds a role for an entity
	last        document.Content    // the last request tried

	needed   []bool // by step: some request needs it
	findings []Finding
	found    map[string]int // by code, step and detail: the finding's place
	tried    map[string]Claim
}

// kinds are the document types that go by the policy; where there is none, one
// that knows whatever the conditions speak of.
func (c *proving) kinds() []*doctype.Type {
	var kinds []*doctype.Type
	for _, id := range sortedKeys(c.ground.Types) {
		if t := c.ground.Types[id]; t.Policy == c.policy.ID {
			kinds = append(kinds, t)
		}
	}
	if len(kinds) > 0 {
		return kinds
	}
	t := &doctype.Type{ID: c.policy.ID, Policy: c.policy.ID, Payee: doctype.PayeeSelf}
	t.Categories = []doctype.Category{{ID: "other"}}
	for _, category := range c.cuts.texts["categories"] {
		t.Categories = append(t.Categories, doctype.Category{ID: category})
	}
	return []*doctype.Type{t}
}

// counter adds a finding, or counts one more case of it.
func (c *proving) counter(level Level, code string, step int, x *Example, details ...fault.Detail) {
	path := "policy"
	if step >= 0 {
		path = c.policy.Steps[step].at + ".id"
		details = append(details, fault.Arg("step", c.policy.Steps[step].ID))
	}
	c.counterAt(path, level, code, x, details...)
}

func (c *proving) counterAt(path string, level Level, code string, x *Example, details ...fault.Detail) {
	f := c.policy.text.Fault(code, path, details...)
	key := Finding{level, f, nil}.String()
	if at, ok := c.found[key]; ok {
		if known := c.findings[at].Example; !x.elsewhere && known.lastBy != x.Content.Requester {
			known.People += x.People
			known.lastBy = x.Content.Requester
		}
		return
	}
	c.found[key] = len(c.findings)
	x.lastBy = x.Content.Requester
	x.complete(c)
	c.findings = append(c.findings, Finding{level, f, x})
}

// try counts a case of a property; complete says that cases like it are all tried.
func (c *proving) try(property string, people int, complete bool) {
	claim, ok := c.tried[property]
	if !ok {
		claim = Claim{Property: property, Technique: Proved}
	}
	if !complete {
		claim.Technique = Sampled
	}
	claim.Cases++
	claim.People += people
	c.tried[property] = claim
}

// refutes says which property a finding is the counter-example of.
var refutes = map[string]string{
	"policy.no_approver_found": ClaimApprover, "policy.falls_back": ClaimApprover, "policy.queue_only": ClaimApprover,
	"policy.band_gap": ClaimBands, "policy.band_overlap": ClaimBands, "policy.never_needed": ClaimReachable,
	"policy.dead_end": ClaimDecided, "policy.undecided": ClaimDecided,
	"policy.not_independent": ClaimIndependent, "policy.twin_accounts": ClaimIndependent,
	"policy.escalation_circle": ClaimTimeouts, "policy.approved_by_clock": ClaimTimeouts,
	"policy.same_in_branches": ClaimBranches, "policy.no_chooser": ClaimApprover,
	"policy.too_few_humans": ClaimHumans, "policy.unbooked": ClaimBooked,
}

func (c *proving) claims() []Claim {
	for _, f := range c.findings {
		property := refutes[f.Fault.Code]
		if f.Example.elsewhere {
			property = ClaimElsewhere
		}
		claim := c.tried[property]
		claim.Property, claim.Technique = property, Refuted
		c.tried[property] = claim
	}
	var claims []Claim
	for _, property := range []string{ClaimApprover, ClaimBands, ClaimReachable, ClaimDecided, ClaimIndependent,
		ClaimTimeouts, ClaimBranches, ClaimHumans, ClaimElsewhere, ClaimBooked} {
		if claim, ok := c.tried[property]; ok {
			claims = append(claims, claim)
		}
	}
	return claims
}

// routeOf makes the plan of a request by the policy, or by its bare steps.
func routeOf(p *Policy, content document.Content, snapshot *org.Snapshot) (approval.Plan, error) {
	return Route(RouteInput{Policy: p, Version: 1, Content: content, Org: snapshot, Round: 1, Document: "proof"})
}
