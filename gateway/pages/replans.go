package pages

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proposal"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy"
)

type replansView struct {
	ID, Path string
	Version  int // that they would follow
	Proposed bool
	Rows     []replanRow
	Counts   *desk.ReplanCounts
	Whats    []whatCount
	Next     string
}

type replanRow struct {
	ID, Number, Title, Applicant, Step, What, Before, After string

	Version int // that it follows
	Changed bool
}

type whatCount struct {
	What string
	N    int
}

// replans handles GET /policies/:kind/:id/replan: how the routes of documents under
// way would differ.
func replans(v *visit) error {
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
	view := replansView{
		ID: in.Policy, Path: textAt(proposal.Policy, in.Policy), Version: preview.Version, Proposed: in.Proposal != "",
		Counts: preview.Counts,
	}
	for _, one := range preview.Items {
		row := replanRow{
			ID: one.ID, Number: one.Number, Title: one.Title, Applicant: v.name(one.Requester),
			Step: i18n.Pick(one.StepTitle, v.locale), Version: one.Plan.PolicyVersion, Changed: one.Changed,
		}
		row.What, row.Before, row.After = one.Words(v.locale, v.name)
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
	return v.show(http.StatusOK, v.t("page.replan.title", "id", in.Policy), view)
}
