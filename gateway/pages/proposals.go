package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/store"
)

const proposalsAt = policiesAt + "/proposals"

// outdated is how an open proposal is shown once another version was published.
const outdated = "outdated"

func proposalAt(id string) string { return proposalsAt + "/" + url.PathEscape(id) }

type proposalRow struct {
	ID, Path, Subject, Maker, Note, State, Checker, Reason string

	Kind                      proposal.Kind
	Version                   int
	Created, Expires, Decided stamp
}

func (v *visit) proposalRow(p store.ProposalRow, inForce int) proposalRow {
	home := v.who.Person.Entity
	row := proposalRow{
		ID: p.ID, Path: proposalAt(p.ID), Subject: p.Subject, Kind: p.Kind, Maker: v.name(p.Maker), Note: p.Note,
		State: string(p.StateNow()), Reason: p.Reason, Version: p.Version,
		Created: v.stamp(p.Created, home), Expires: v.stamp(p.Expires, home), Decided: v.stamp(p.Decided, home),
	}
	if p.Checker != "" {
		row.Checker = v.name(p.Checker)
	}
	if p.Kind == proposal.Intervention { // read and decided on the page of its document
		row.Path, row.Subject = documentAt(p.Subject)+"#intervene", v.entity(p.Entity)
		return row
	}
	if p.StateNow() == proposal.Open && p.Base != inForce {
		row.State = outdated
	}
	return row
}

// proposalRows is a page of proposals, and the cursor of the next.
func (v *visit) proposalRows(f store.ProposalFilter) ([]proposalRow, string, error) {
	ctx := v.r.Context()
	page, err := v.desk().Proposals(ctx, v.who, f)
	if err != nil {
		return nil, "", err
	}
	inForce, titles := map[string]int{}, map[string]string{}
	for _, kind := range textKinds {
		texts, err := v.desk().Texts(ctx, v.who, kind)
		if err != nil {
			return nil, "", err
		}
		for _, row := range texts {
			inForce[row.Kind+"/"+row.ID] = row.Version
			titles[row.Kind+"/"+row.ID] = v.titleOf(row, row.ID)
		}
	}
	calendars, err := v.desk().CalendarVersions(ctx, v.who)
	if err != nil {
		return nil, "", err
	}
	for _, version := range calendars {
		inForce[string(proposal.Calendar)+"/"+version.Calendar.ID] = version.Version
	}
	var rows []proposalRow
	for _, p := range page.Items {
		of := string(p.Kind) + "/" + p.Subject
		row := v.proposalRow(p, inForce[of])
		row.Subject = cmp.Or(titles[of], row.Subject)
		rows = append(rows, row)
	}
	return rows, page.Next, nil
}

type proposalsView struct {
	Only       string
	Rows       []proposalRow
	Next       string
	MayPropose bool
}

// proposals handles GET /policies/proposals: the open ones, or those that are over.
func proposals(v *visit) error {
	view := proposalsView{Only: store.OnlyOpen, MayPropose: v.may(access.PolicyPropose, access.Object{})}
	query := url.Values{}
	if v.asked("only") == store.OnlyEnded {
		view.Only = store.OnlyEnded
		query.Set("only", view.Only)
	}
	var next string
	var err error
	view.Rows, next, err = v.proposalRows(store.ProposalFilter{Only: view.Only, Cursor: v.asked("cursor")})
	if err != nil {
		return err
	}
	view.Next = nextAt(proposalsAt, query, next)
	return v.show(http.StatusOK, v.t("page.proposals.title"), view)
}

type proposalView struct {
	proposalRow
	checkView
	Hash       string
	Text       []diffLine
	TextPath   string // of the text that it is about
	InForce    int
	MayPropose bool
	MayDecide  bool   // at all: whoever only reads is not told why not
	NoApproval string // why the reader may not approve it; "" where they may
	NoRefusal  string
	Key        string
	Wrong      string // why a decision was refused
	Typed      string // the reason of then

	Calendar *calendarChange // of a proposal that is a calendar
	Sheet    *typeSheet      // of one that is a document type
}

// checkView is what the check says of a text.
type checkView struct {
	Checked  bool // a check was made
	Fit      bool
	Findings []findingRow
	Claims   []claimRow
	Changes  []string
	Lines    []diffLine
	Base     int

	Aggregate string // what amounts are added up; "" for none
}

type findingRow struct {
	Level              policy.Level
	Line, Column       string // "" where it has no place
	Text, Quote, Shown string // the line it is about; the example that shows it
}

type claimRow struct {
	Technique policy.Technique
	Text      string
}

func (v *visit) checkView(c desk.Checked, yaml string) checkView {
	view := checkView{Fit: policy.Publishable(c.Findings), Lines: diffLines(c.Lines), Base: c.Base}
	text := plainLines(yaml)
	titles := v.stepTitles(yaml)
	for _, f := range c.Findings {
		row := findingRow{
			Level: f.Level, Line: f.Fault.Args["line"], Column: f.Fault.Args["column"],
			Text: placeless(v.faultText(v.inWords(f.Fault, titles))),
		}
		if n, err := strconv.Atoi(row.Line); err == nil && n > 0 && n <= len(text) {
			row.Quote = strings.TrimSpace(text[n-1].Text)
		}
		if f.Example != nil {
			row.Shown = f.Example.Words(v.locale)
		}
		view.Findings = append(view.Findings, row)
	}
	if c.Aggregate != nil {
		view.Aggregate = c.Aggregate.Words(v.locale)
	}
	for _, claim := range c.Claims {
		view.Claims = append(view.Claims, claimRow{claim.Technique, claim.Words(v.locale)})
	}
	for _, change := range c.Changes {
		view.Changes = append(view.Changes, change.Words(v.locale))
	}
	for _, change := range c.TypeChanges {
		view.Changes = append(view.Changes, v.typeChange(change))
	}
	return view
}

// place is how the text of a finding begins: file, line and column, which the page
// shows beside it.
var place = regexp.MustCompile(`^[^\s:：]*:\d+:\d+[:：]\s*`)

func placeless(text string) string { return place.ReplaceAllString(text, "") }

// showProposal handles GET /policies/proposals/:id.
func showProposal(v *visit) error { return v.proposal(http.StatusOK, "", "") }

func (v *visit) proposal(status int, wrong, typed string) error {
	r, err := v.desk().Review(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	if r.Kind == proposal.Intervention {
		return v.leave(documentAt(r.Subject)+"#intervene", "")
	}
	view := proposalView{
		proposalRow: v.proposalRow(r.ProposalRow, r.InForce), checkView: v.checkView(r.Checked, r.Payload), Hash: r.Hash,
		Text: plainLines(r.Payload), TextPath: textAt(r.Kind, r.Subject), InForce: r.InForce, Key: random(), Wrong: wrong,
		Typed: typed,
	}
	view.MayPropose = v.may(access.PolicyPropose, access.Object{})
	view.MayDecide = access.Has(v.who.Subject, access.PolicyPublish)
	view.Subject = v.titleOf(store.PolicyRow{Kind: string(r.Kind), ID: r.Subject, YAML: r.Payload}, r.Subject)
	if r.Kind == proposal.Type {
		view.Sheet = v.typeSheet(r.Subject, r.Payload)
	}
	view.Checked = r.StateNow() == proposal.Open && r.Calendar == nil
	if r.Calendar != nil {
		view.TextPath = calendarAt(r.Subject)
		if view.Calendar, err = v.calendarChange(*r.Calendar); err != nil {
			return err
		}
	}
	if r.NoApproval != nil {
		view.NoApproval = v.faultText(r.NoApproval)
	}
	if r.NoRefusal != nil {
		view.NoRefusal = v.faultText(r.NoRefusal)
	}
	return v.show(status, v.t("page.proposal.title", "id", r.Subject), view)
}

// decideProposal handles POST /policies/proposals/:id/decide: by the hash of what
// was shown.
func decideProposal(v *visit) error {
	id, reason := v.param("id"), v.asked("reason")
	verdict := proposal.Verdict{Approve: v.asked("verdict") == "approve", Hash: v.asked("hash"), Reason: reason}
	if verdict.Hash == "" || !slices.Contains([]string{"approve", "refuse"}, v.asked("verdict")) {
		return fault.New(fault.Invalid, "request.malformed")
	}
	key := v.key("proposal", id, verdict.Approve, verdict.Hash, reason)
	p, err := again(func() (store.ProposalRow, error) {
		return v.desk().DecideProposal(v.r.Context(), v.who, id, verdict, key)
	})
	if f, ok := fault.As(err); ok && f.Kind != fault.NotFound && f.Kind != fault.Internal && f.Kind != fault.Busy {
		return v.proposal(problem.Status(f), v.faultText(f), reason)
	}
	if err != nil {
		return err
	}
	if p.State == proposal.Approved {
		return v.leave(proposalAt(id), "proposal_approved")
	}
	return v.leave(proposalAt(id), "proposal_refused")
}
