package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
)

func (a *API) powers() {
	const tag = "Rights"
	add(a, operation{"report-powers", http.MethodGet, "/access/report", tag,
		"Who could release more than an amount, by what, since when, and who gave it; as of a moment or over a period", 0},
		a.reportPowers)
	export := operation{"export-powers", http.MethodGet, "/access/report/export", tag, "The same as a CSV table", 0}.huma()
	export.Responses = map[string]*huma.Response{"200": stream("Report", desk.FormatCSV)}
	huma.Register(a.huma, export, a.exportPowers)
}

// PowersInput asks who could release more than an amount.
type PowersInput struct {
	Asked
	Over     string    `query:"over" maxLength:"30" example:"50000.00" doc:"The amount; more than it"`
	Currency string    `query:"currency" maxLength:"3" doc:"Policies in another one count with any amount"`
	Entity   string    `query:"entity" maxLength:"64" doc:"A legal entity; none: every one that one may know of"`
	From     time.Time `query:"from" doc:"The beginning of a period; none: as of until"`
	Until    time.Time `query:"until" doc:"The moment, or the end of the period; none: now"`
}

func (in PowersInput) question() (desk.PowerQuestion, error) {
	above, err := money.Parse(in.Over, money.Currency(in.Currency))
	if err != nil {
		return desk.PowerQuestion{}, fault.New(fault.Invalid, "powers.bad_amount", fault.Field("over"))
	}
	return desk.PowerQuestion{Above: above, Entity: in.Entity, From: in.From, Until: in.Until}, nil
}

// Power is one way by which somebody could do something.
type Power struct {
	What       string     `json:"what" enum:"decide,resolve,publish,intervene,grant"`
	Person     string     `json:"person,omitempty" doc:"None: whom the document names"`
	Entity     string     `json:"entity,omitempty" doc:"None: every entity"`
	Alone      bool       `json:"alone" doc:"Nobody else need agree; false: they may be the last one needed"`
	Certain    bool       `json:"certain" doc:"False: it depends on more than the amount, and may be more than there is"`
	Policy     string     `json:"policy,omitempty"`
	Version    int        `json:"version,omitempty"`
	Step       string     `json:"step,omitempty"`
	Way        string     `json:"way" doc:"How the policy finds them"`
	Role       string     `json:"role,omitempty"`
	Department string     `json:"department,omitempty"`
	Grant      string     `json:"grant,omitempty" doc:"Names the right among those of the person"`
	Since      *time.Time `json:"since,omitempty"`
	AtLatest   bool       `json:"at_latest" doc:"Since then at the latest: not followed further back"`
	Until      *time.Time `json:"until,omitempty"`
	AskedBy    string     `json:"asked_by,omitempty"`
	GivenBy    string     `json:"given_by,omitempty"`
	ProposedBy string     `json:"policy_proposed_by,omitempty"`
	ApprovedBy string     `json:"policy_approved_by,omitempty"`

	CertifiedAt *time.Time `json:"last_certified_at,omitempty" doc:"When a review last found the right still needed"`
	CertifiedBy string     `json:"last_certified_by,omitempty"`
}

// PowersOutput is the report.
type PowersOutput struct {
	Body struct {
		From     time.Time `json:"from"`
		Until    time.Time `json:"until"`
		Versions int       `json:"versions" doc:"Of the organisation that were followed"`
		Items    []Power   `json:"items" nullable:"false"`
	}
}

// reportPowers handles GET /access/report.
func (a *API) reportPowers(ctx context.Context, in *PowersInput) (*PowersOutput, error) {
	report, err := a.powersFor(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &PowersOutput{}
	out.Body.From, out.Body.Until, out.Body.Versions = report.Question.From, report.Question.Until, report.Versions
	out.Body.Items = []Power{}
	for _, p := range append(report.Rows, report.Anybody...) {
		out.Body.Items = append(out.Body.Items, Power{
			p.What, p.Person, p.Entity, p.Alone, p.Sure, p.Policy, p.Version, p.Step, p.Way, p.Role, p.Department, p.Grant,
			instant(p.Since), p.AtLeast, instant(p.Until), p.Maker, p.Checker, p.Proposer, p.Approver,
			instant(p.Certified), p.CertifiedBy,
		})
	}
	return out, nil
}

func (a *API) powersFor(ctx context.Context, in *PowersInput) (desk.Powers, error) {
	who, _ := auth.Of(ctx)
	if err := a.desk.MayReport(who); err != nil {
		return desk.Powers{}, err
	}
	q, err := in.question()
	if err != nil {
		return desk.Powers{}, err
	}
	return a.desk.Powers(ctx, who, q)
}

// exportPowers handles GET /access/report/export.
func (a *API) exportPowers(ctx context.Context, in *PowersInput) (*huma.StreamResponse, error) {
	report, err := a.powersFor(ctx, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", desk.FormatCSV)
		out.SetHeader("Content-Disposition", `attachment; filename="powers.csv"`)
		_ = desk.WritePowersCSV(out.BodyWriter(), report) // who asked has gone
	}}, nil
}
