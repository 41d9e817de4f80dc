package pages

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/policy"
)

type replansView struct {
	Title, Path string
	Version     int // that they would follow
	Proposed    bool
	Rows        []replanRow
	Counts      *desk.ReplanCounts
	Whats       []whatCount
	Next        string

	May     bool // there is something here to plan anew, or to approve
	Key     string
	Results []resultRow
	Wrong   string
	Typed   string // the reason of then
}

type replanRow struct {
	ID, Number, Title, Applicant, Step, What, Before, After string

	Version int // that it follows
	Changed bool
	Take    string // value of the box that plans it anew; "" where the reader may not
	Approve string // value of the box that approves what another administrator proposed
	Waits   string // who proposed it, where it waits
}

type whatCount struct {
	What string
	N    int
}

type resultRow struct{ ID, Number, State, Why string }

// replans handles GET /policies/:kind/:id/replan: how the routes of documents under
// way would differ.
func replans(v *visit) error { return v.replans(http.StatusOK, replansView{}) }

// replans shows the preview, with what became of a request.
func (v *visit) replans(status int, view replansView) error {
	if v.param("kind") != string(proposal.Policy) {
		return fault.New(fault.NotFound, "request.no_such_route")
	}
	version, _ := strconv.Atoi(v.asked("version")) // no number is the one in force
	in := desk.ReplansInput{
		Policy: v.param("id"), Version: max(version, 0), Proposal: v.asked("proposal"), Cursor: v.asked("cursor"),
	}
	preview, err := v.desk().PreviewReplans(v.r.Context(), v.who, in)
	if err != nil {
		return err
	}
	view.Title, view.Path, view.Version = v.typeTitle(in.Policy), textAt(proposal.Policy, in.Policy), preview.Version
	view.Proposed, view.Counts, view.Key = in.Proposal != "", preview.Counts, random()
	for _, one := range preview.Items {
		row := v.replanRow(one, in.Proposal == "" && in.Version == 0)
		view.May = view.May || row.Take != "" || row.Approve != ""
		view.Rows = append(view.Rows, row)
	}
	if view.Counts != nil {
		for _, what := range policy.Differences() {
			if n := view.Counts.What[what]; n > 0 {
				view.Whats = append(view.Whats, whatCount{what, n})
			}
		}
	}
	query := url.Values{}
	for name, value := range map[string]string{"version": v.asked("version"), "proposal": in.Proposal} {
		if value != "" {
			query.Set(name, value)
		}
	}
	view.Next = nextAt(view.Path+"/replan", query, preview.Next)
	return v.show(status, v.t("page.replan.title", "id", view.Title), view)
}

// replanRow tells one document; inForce says that planning it anew would give what
// is shown.
func (v *visit) replanRow(one desk.Replanned, inForce bool) replanRow {
	row := replanRow{
		ID: one.ID, Number: one.Number, Title: one.Title, Applicant: v.name(one.Requester),
		Step: i18n.Pick(one.StepTitle, v.locale), Version: one.Plan.PolicyVersion, Changed: one.Changed,
	}
	row.What, row.Before, row.After = one.Words(v.locale, v.name)
	waits, me := one.Waiting, v.who.Person.ID
	switch {
	case waits.ID != "" && waits.Maker != me && !v.org.Same(waits.Maker, me):
		row.Waits, row.Approve = v.name(waits.Maker), waits.ID+" "+waits.Hash
	case waits.ID != "":
		row.Waits = v.name(waits.Maker)
	case one.May && inForce:
		row.Take = one.ID + " " + strconv.Itoa(one.Round) + " " + one.ContentHash
	}
	return row
}

// replanThese handles POST /policies/:kind/:id/replan: plans what was chosen anew,
// or approves what another administrator proposed.
func replanThese(v *visit) error {
	var results []desk.ReplanResult
	err := error(fault.New(fault.Invalid, "replan.nothing"))
	key, opinion := v.key("replan-these", v.param("id")), v.asked("opinion")
	if v.asked("do") == "approve" {
		var these []desk.ApproveThis
		for _, box := range v.r.PostForm["approve"] {
			id, hash, _ := strings.Cut(box, " ")
			these = append(these, desk.ApproveThis{Proposal: id, Hash: hash})
		}
		if len(these) > 0 {
			results, err = v.desk().ApproveThese(v.r.Context(), v.who, these, key)
		}
	} else {
		var these []desk.ReplanThis
		for _, box := range v.r.PostForm["these"] {
			parts := strings.Fields(box)
			if len(parts) != 3 { //nolint:mnd // id, round and hash
				return fault.New(fault.Invalid, "request.malformed")
			}
			round, _ := strconv.Atoi(parts[1]) // no number is no round: refused as moved on
			these = append(these, desk.ReplanThis{Document: parts[0], Round: round, ContentHash: parts[2]})
		}
		if len(these) > 0 {
			results, err = v.desk().ReplanThese(v.r.Context(), v.who, these, opinion, key)
		}
	}
	view := replansView{Typed: opinion}
	for _, r := range results {
		view.Results = append(view.Results, v.resultRow(r))
	}
	if f, ok := fault.As(err); ok && f.Kind != fault.Internal {
		view.Wrong = v.faultText(f)
		return v.replans(problem.Status(f), view)
	}
	if err != nil {
		return err
	}
	return v.replans(http.StatusOK, view)
}

func (v *visit) resultRow(r desk.ReplanResult) resultRow {
	row := resultRow{ID: r.Document, Number: r.Document, State: r.State}
	if detail, err := v.desk().Document(v.r.Context(), v.who, r.Document); err == nil {
		row.Number = numberOr(detail.Number, r.Document)
	}
	if r.Fault != nil {
		row.Why = v.faultText(r.Fault)
	}
	return row
}
