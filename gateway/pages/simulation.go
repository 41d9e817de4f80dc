package pages

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/gateway/i18n"
	"github.com/countersign/countersign/policy"
)

// loadShown is how many approvers a simulation names; those for whom most changes.
const loadShown = 15

// simulationView is what a draft would have done to past documents. 试运行
type simulationView struct {
	Documents, Compared, Changed int64
	Most                         int
	Share                        string
	Kinds                        []whatCount
	Failures                     []failureRow
	Approvals, Waiting           sidesView
	Steps                        []stepRow
	Load                         []loadRow
	LoadRest                     int
	Departments                  []unitRow
	Samples                      []sampleRow
	Assumptions                  []string
}

// sidesView is one figure on both sides, and its growth.
type sidesView struct{ Before, After, Growth string }

type failureRow struct {
	Code          string
	Before, After int64
}

type stepRow struct {
	Title         string
	Before, After policy.Visits
}

type loadRow struct {
	Person        string
	Before, After int64
	More          int64 // below 0 for less
}

type unitRow struct {
	Title              string
	Changed, Documents int64
}

type sampleRow struct {
	Path, Number, Requester, Department, Before, After string

	Total money.Amount
}

const hour = 3600

func (v *visit) simulationView(r policy.SimulationReport) *simulationView {
	before, after := r.Total.Before, r.Total.After
	view := &simulationView{
		Documents: r.Documents, Compared: r.Compared, Changed: r.Changed, Most: desk.SimulateMost,
		Share: policy.Percent(r.Changed, r.Documents),
		Approvals: sidesView{
			policy.Ratio(before.Approvals, r.Compared), policy.Ratio(after.Approvals, r.Compared),
			policy.Growth(before.Approvals, after.Approvals),
		},
		Waiting: sidesView{
			policy.Ratio(before.Seconds, hour*r.Compared), policy.Ratio(after.Seconds, hour*r.Compared),
			policy.Growth(before.Seconds, after.Seconds),
		},
	}
	for _, kind := range []whatCount{
		{"broken", int(r.Changes.Broken)}, {"mended", int(r.Changes.Mended)}, {"needs", int(r.Changes.Needs)},
		{"approvers", int(r.Changes.Approvers)}, {"rule", int(r.Changes.Rule)}, {"terms", int(r.Changes.Terms)},
	} {
		if kind.N > 0 {
			view.Kinds = append(view.Kinds, kind)
		}
	}
	v.simulatedWork(view, r)
	for _, one := range r.Samples {
		view.Samples = append(view.Samples, sampleRow{
			Path: documentAt(one.Document), Number: one.Number, Requester: v.name(one.Requester),
			Department: v.department(one.Department), Total: one.Total,
			Before: one.Before.Words(v.locale, v.name), After: one.After.Words(v.locale, v.name),
		})
	}
	for _, code := range r.Assumptions {
		view.Assumptions = append(view.Assumptions, policy.AssumptionWords(v.locale, code))
	}
	return view
}

// simulatedWork says at which steps and for whom there would have been more or less to do.
func (v *visit) simulatedWork(view *simulationView, r policy.SimulationReport) {
	for code, pair := range r.Failures {
		view.Failures = append(view.Failures, failureRow{code, pair.Before, pair.After})
	}
	slices.SortFunc(view.Failures, func(a, b failureRow) int {
		return cmp.Or(cmp.Compare(b.After, a.After), cmp.Compare(a.Code, b.Code))
	})
	for _, s := range r.Steps {
		title := i18n.Pick(s.Title, v.locale)
		if title == "" {
			title = s.Step
		}
		view.Steps = append(view.Steps, stepRow{title, s.Before, s.After})
	}
	for _, l := range r.Load[:min(len(r.Load), loadShown)] {
		view.Load = append(view.Load, loadRow{v.name(l.Person), l.Before, l.After, l.After - l.Before})
	}
	view.LoadRest = len(r.Load) - len(view.Load)
	for _, u := range r.Departments {
		if u.Changed > 0 {
			view.Departments = append(view.Departments, unitRow{v.department(u.Department), u.Changed, u.Documents})
		}
	}
}

// simulate tries a text on past documents. What is wrong with the text the check
// says; that somebody else simulates is told beside it.
func (v *visit) simulate(id, yaml string) (*simulationView, string, error) {
	return v.simulated(v.desk().Simulate(v.r.Context(), v.who, id, yaml))
}

func (v *visit) simulated(report policy.SimulationReport, err error) (*simulationView, string, error) {
	if f, ok := fault.As(err); ok && (f.Kind == fault.Invalid || f.Code == "policy.simulation_busy") {
		return nil, v.faultText(f), nil
	}
	if err != nil {
		return nil, "", err
	}
	return v.simulationView(report), "", nil
}

type simulatedView struct {
	ID, Subject, Path string
	Simulation        *simulationView
	Wrong             string
}

// simulateProposal handles GET /policies/proposals/:id/simulation: what a proposal
// would have done, for who is to decide on it and for auditors.
func simulateProposal(v *visit) error {
	p, report, err := v.desk().SimulateProposal(v.r.Context(), v.who, v.param("id"))
	view := simulatedView{ID: p.ID, Subject: p.Subject, Path: proposalAt(p.ID)}
	if view.Simulation, view.Wrong, err = v.simulated(report, err); err != nil {
		return err
	}
	return v.show(http.StatusOK, v.t("page.simulation.of", "id", p.Subject), view)
}
