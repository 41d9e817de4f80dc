package desk

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/policy/source"
	"github.com/countersign/countersign/store"
)

// Checked is what is to be said of a text before it is proposed or decided on.
type Checked struct {
	Base     int // version that it is held against; 0 where there is none
	Findings []policy.Finding
	Claims   []policy.Claim  // of a policy: what was proved, and what only sampled
	Changes  []policy.Change // of a policy: what differs from the base, in the terms of the language
	Lines    []source.Line   // base and text side by side

	TypeChanges []doctype.Change // of a document type: what differs from the base

	Aggregate *policy.Aggregate // what a policy adds up; nil: nothing
}

// Review is a proposal with everything that its reader needs to decide.
type Review struct {
	store.ProposalRow
	Checked
	InForce int // the version in force now; Base was, when it was proposed

	Calendar *CalendarChange // of a proposal that is a calendar

	NoApproval *fault.Fault // why the reader may not approve it; nil where they may
	NoRefusal  *fault.Fault // why the reader may not refuse it
}

// Outdated says that another version was published since it was proposed.
func (r Review) Outdated() bool {
	return r.StateNow() == proposal.Open && r.InForce != r.ProposalRow.Base
}

// Check says of a text what publishing it would say, and what it would change.
// Nothing is kept.
//
// Errors: Forbidden access.denied; Invalid proposal.unknown_kind. What is wrong
// with the text is a finding.
func (d *Desk) Check(ctx context.Context, who auth.Who, kind proposal.Kind, subject, yaml string) (Checked, error) {
	if err := need(who, access.PolicyPropose, access.Object{}); err != nil {
		return Checked{}, err
	}
	if err := knownKind(kind); err != nil {
		return Checked{}, err
	}
	base, err := d.textInForce(ctx, kind, subject)
	if err != nil {
		return Checked{}, err
	}
	checked, hash, err := d.checked(ctx, kind, subject, yaml)
	if err != nil {
		return Checked{}, err
	}
	if base.Version > 0 && hash == base.Hash {
		checked.Findings = append(checked.Findings, policy.Finding{Level: policy.LevelError, Fault: fault.New(fault.Conflict,
			"proposal.in_force", fault.Arg("id", subject), fault.Arg("version", strconv.Itoa(base.Version)))})
	}
	checked.compare(kind, base, yaml)
	return checked, nil
}

// Review is one proposal as its reader may decide on it. An open one is checked
// as approving it would; what is over is only held against what it was made from.
//
// Errors: Forbidden access.denied; NotFound proposal.not_found.
func (d *Desk) Review(ctx context.Context, who auth.Who, id string) (Review, error) {
	p, err := d.Proposal(ctx, who, id)
	if err != nil {
		return Review{}, err
	}
	r := Review{ProposalRow: p}
	if p.Kind == proposal.Intervention {
		return r, nil // it publishes nothing: its document's page says what there is to say
	}
	if p.Kind == proposal.Calendar {
		return d.reviewCalendar(ctx, who, r)
	}
	var base store.PolicyRow
	if p.Base > 0 {
		if base, err = d.Store.PolicyVersion(ctx, string(p.Kind), p.Subject, p.Base); err != nil {
			return Review{}, err
		}
	}
	head, err := d.textInForce(ctx, p.Kind, p.Subject)
	if err != nil {
		return Review{}, err
	}
	r.InForce = head.Version
	if p.StateNow() == proposal.Open {
		if r.Checked, _, err = d.checked(ctx, p.Kind, p.Subject, p.Payload); err != nil {
			return Review{}, err
		}
	}
	r.compare(p.Kind, base, p.Payload)
	return r, d.bar(ctx, who, &r)
}

// bar says what keeps the reader from deciding, as DecideProposal would.
func (d *Desk) bar(ctx context.Context, who auth.Who, r *Review) error {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return err
	}
	refuse := need(who, access.PolicyPublish, access.Object{})
	if refuse == nil {
		refuse = r.Judge(proposal.Verdict{Checker: who.Person.ID, Approve: true}, snapshot.Same, r.Now)
	}
	r.NoRefusal, _ = fault.As(refuse)
	r.NoApproval = r.NoRefusal
	if r.NoApproval == nil && r.Outdated() {
		r.NoApproval = fault.New(fault.Conflict, "proposal.outdated",
			fault.Arg("base", strconv.Itoa(r.ProposalRow.Base)), fault.Arg("version", strconv.Itoa(r.InForce)))
	}
	for _, f := range r.Findings {
		if r.NoApproval == nil && f.Level == policy.LevelError {
			r.NoApproval = f.Fault
		}
	}
	return nil
}

// Texts lists the newest version of every text of a kind.
func (d *Desk) Texts(ctx context.Context, who auth.Who, kind proposal.Kind) ([]store.PolicyRow, error) {
	if _, err := needAny(who, access.PolicyRead); err != nil {
		return nil, err
	}
	if err := knownKind(kind); err != nil {
		return nil, err
	}
	return d.Store.Policies(ctx, string(kind))
}

// Text is one text in force, or one version of it where version is not 0.
//
// Errors: Forbidden access.denied; NotFound policy.not_found; Invalid proposal.unknown_kind.
func (d *Desk) Text(ctx context.Context, who auth.Who, kind proposal.Kind, id string, version int) (
	store.PolicyRow, error) {
	if _, err := needAny(who, access.PolicyRead); err != nil {
		return store.PolicyRow{}, err
	}
	if err := knownKind(kind); err != nil {
		return store.PolicyRow{}, err
	}
	if version != 0 {
		return d.Store.PolicyVersion(ctx, string(kind), id, version)
	}
	return d.Store.PolicyInForce(ctx, string(kind), id)
}

// TextAgainst holds one version of a text against another.
//
// Errors: as Text.
func (d *Desk) TextAgainst(ctx context.Context, who auth.Who, row store.PolicyRow, against int) (Checked, error) {
	kind := proposal.Kind(row.Kind)
	base, err := d.Text(ctx, who, kind, row.ID, against)
	if err != nil {
		return Checked{}, err
	}
	var c Checked
	c.compare(kind, base, row.YAML)
	return c, nil
}

// Versions lists every version of a text, the newest first, without the texts.
func (d *Desk) Versions(ctx context.Context, who auth.Who, kind proposal.Kind, id string) ([]store.PolicyRow, error) {
	if _, err := needAny(who, access.PolicyRead); err != nil {
		return nil, err
	}
	rows, err := d.Store.PolicyVersions(ctx, string(kind), id)
	for i := range rows {
		rows[i].YAML = ""
	}
	return rows, err
}

// TitleOf is what a text calls itself, by locale; nothing where it has no title or
// cannot be read any more.
func (d *Desk) TitleOf(row store.PolicyRow) map[string]string {
	switch proposal.Kind(row.Kind) {
	case proposal.Policy:
		if p, err := d.parsePolicy(row); err == nil {
			return p.Title
		}
	case proposal.Type:
		if t, err := d.parseType(row); err == nil {
			return t.Title
		}
	}
	return nil
}

func knownKind(kind proposal.Kind) error {
	switch kind {
	case proposal.Policy, proposal.Type, proposal.Mapping:
		return nil
	}
	return fault.New(fault.Invalid, "proposal.unknown_kind", fault.Field("kind"), fault.Arg("kind", string(kind)))
}

// textInForce is the version in force; the zero row where there is none.
func (d *Desk) textInForce(ctx context.Context, kind proposal.Kind, id string) (store.PolicyRow, error) {
	row, err := d.Store.PolicyInForce(ctx, string(kind), id)
	if fault.KindOf(err) == fault.NotFound {
		return store.PolicyRow{}, nil
	}
	return row, err
}

// checked reads and checks a text; the hash is "" where it is not fit.
func (d *Desk) checked(ctx context.Context, kind proposal.Kind, subject, yaml string) (Checked, string, error) {
	if kind == proposal.Policy {
		p, err := policy.Parse(subject, []byte(yaml))
		if err == nil {
			return d.checkedPolicy(ctx, p, subject)
		}
		return asFindings("", err)
	}
	hash, err := d.publishable(ctx, kind, subject, yaml)
	checked, hash, err := asFindings(hash, err)
	if err != nil || len(checked.Findings) > 0 {
		return checked, hash, err
	}
	if kind == proposal.Type {
		checked.Findings, err = d.unbooked(ctx, subject, yaml)
	}
	if kind != proposal.Mapping {
		return checked, hash, err
	}
	cautions, err := d.cautions(ctx, subject, yaml)
	for _, caution := range cautions {
		checked.Findings = append(checked.Findings, policy.Finding{Level: policy.LevelWarning, Fault: caution})
	}
	return checked, hash, err
}

// unbooked warns of what a type asks for and its mapping does not book yet: it is
// published first, and its mapping after it.
func (d *Desk) unbooked(ctx context.Context, subject, yaml string) ([]policy.Finding, error) {
	t, err := doctype.Parse(subject, []byte(yaml))
	if err != nil || t.Mapping == "" {
		return nil, err
	}
	row, err := d.Store.PolicyInForce(ctx, kindMapping, t.Mapping)
	if err != nil {
		return nil, err
	}
	m, err := booking.Parse(row.ID, []byte(row.YAML))
	if err != nil {
		return nil, err
	}
	places, err := doctype.Places(subject, []byte(yaml))
	if err != nil {
		return nil, err
	}
	var findings []policy.Finding
	for _, wrong := range booking.Check(m, t) {
		told := inTypesWords(wrong, t, places)
		if !slices.ContainsFunc(findings, func(f policy.Finding) bool { return maps.Equal(f.Fault.Args, told.Args) }) {
			findings = append(findings, policy.Finding{Level: policy.LevelWarning, Fault: told})
		}
	}
	return findings, nil
}

// inTypesWords tells what a mapping lacks for a type where the type's text causes it: the
// mapping's own lines are not before whoever writes the type. Once, not once an entity.
func inTypesWords(f *fault.Fault, t *doctype.Type, places *source.Text) *fault.Fault {
	mapping, category := fault.Arg("id", t.Mapping), fault.Arg("category", f.Args["category"])
	switch f.Code {
	case "booking.unmapped_category":
		at := slices.IndexFunc(t.Categories, func(c doctype.Category) bool { return c.ID == f.Args["category"] })
		return places.Fault("proposal.unbooked", fmt.Sprintf("categories[%d]", at), category, mapping)
	case "booking.unknown_category":
		return places.Fault("proposal.booked_still", "categories", category, mapping)
	case "booking.no_advance_account":
		return places.Fault("proposal.settles_nowhere", "offsets", mapping)
	}
	return places.Fault("proposal.books_another", "mapping", mapping, fault.Arg("type", f.Args["type"]))
}

func (d *Desk) checkedPolicy(ctx context.Context, p *policy.Policy, subject string) (Checked, string, error) {
	types, err := d.Types(ctx)
	if err != nil {
		return Checked{}, "", err
	}
	proof, err := d.prove(ctx, p, typesOf(types...))
	if err != nil {
		return Checked{}, "", err
	}
	checked := Checked{Findings: proof.Findings, Claims: proof.Claims, Aggregate: proof.Aggregate}
	if err := sameSubject(subject, p.ID); err != nil {
		checked.Findings = append(checked.Findings, policy.Finding{Level: policy.LevelError, Fault: err})
	}
	slices.SortStableFunc(checked.Findings, func(a, b policy.Finding) int { // what forbids it comes first
		return cmp.Compare(rank(a.Level), rank(b.Level))
	})
	return checked, p.Hash(), nil
}

func rank(l policy.Level) int {
	if l == policy.LevelError {
		return 0
	}
	return 1
}

// asFindings makes what is wrong with a text findings; other errors stay errors.
func asFindings(hash string, err error) (Checked, string, error) {
	if err == nil {
		return Checked{}, hash, nil
	}
	f, ok := fault.As(err)
	if !ok || f.Kind == fault.Internal || f.Kind == fault.Busy || f.Kind == fault.Unknown {
		return Checked{}, "", err
	}
	var checked Checked
	first := *f
	first.More = nil
	for _, one := range append([]*fault.Fault{&first}, f.More...) {
		checked.Findings = append(checked.Findings, policy.Finding{Level: policy.LevelError, Fault: one})
	}
	return checked, "", nil
}

// compare holds a text against a base.
func (c *Checked) compare(kind proposal.Kind, base store.PolicyRow, yaml string) {
	c.Base, c.Lines = base.Version, source.Lines(base.YAML, yaml)
	switch {
	case base.Version == 0:
	case kind == proposal.Policy:
		c.comparePolicies(base, yaml)
	case kind == proposal.Type:
		c.compareTypes(base, yaml)
	}
}

// compareTypes says nothing of a text that cannot be read: the lines do.
func (c *Checked) compareTypes(base store.PolicyRow, yaml string) {
	before, err1 := doctype.Parse(base.ID, []byte(base.YAML))
	after, err2 := doctype.Parse(base.ID, []byte(yaml))
	if err1 == nil && err2 == nil {
		c.TypeChanges = doctype.Compare(before, after)
	}
}

func (c *Checked) comparePolicies(base store.PolicyRow, yaml string) {
	before, err := policy.Parse(base.ID, []byte(base.YAML))
	if err != nil {
		return // of an older language: the lines say it
	}
	if after, err := policy.Parse(base.ID, []byte(yaml)); err == nil {
		c.Changes = policy.Compare(before, after)
	}
}
