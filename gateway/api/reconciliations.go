package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) reconciliations() {
	const tag = "Reconciliation"
	add(a, operation{
		"list-reconciliations", http.MethodGet, "/reconciliations", tag, "Comparisons with the ERPs, the newest first", 0,
	},
		a.listReconciliations)
	add(a, operation{
		"reconcile", http.MethodPost, "/reconciliations", tag,
		"Compare both sides of a connection; ask for the result at its id", http.StatusAccepted,
	},
		a.reconcile)
	add(a, operation{"read-reconciliation", http.MethodGet, "/reconciliations/{id}", tag, "One comparison", 0},
		a.readReconciliation)
	add(a, operation{
		"list-differences", http.MethodGet, "/reconciliations/{id}/differences", tag, "What a comparison found", 0,
	},
		a.listDifferences)
	add(a, operation{
		"rule-difference", http.MethodPost, "/reconciliations/{id}/differences/{n}/rule", tag,
		"Explain a difference, or have the voucher posted again, which looks first", 0,
	},
		a.ruleDifference)
}

// Reconciliation is one comparison of both sides.
type Reconciliation struct {
	ID          string     `json:"id"`
	Connection  string     `json:"connection"`
	Entities    []string   `json:"entities" nullable:"false"`
	From        string     `json:"from" doc:"First day, YYYY-MM-DD"`
	Until       string     `json:"until" doc:"Last day, YYYY-MM-DD"`
	AskedBy     string     `json:"asked_by,omitempty" doc:"Nobody: the nightly schedule"`
	State       string     `json:"state" enum:"running,done,failed"`
	Code        string     `json:"code,omitempty" doc:"Why it failed"`
	Detail      string     `json:"detail,omitempty" doc:"The ERP's own words"`
	Ours        int64      `json:"ours" doc:"Vouchers of ours that were compared"`
	Theirs      int64      `json:"theirs" doc:"Vouchers of the ERP that were compared"`
	Differences int64      `json:"differences"`
	Open        int64      `json:"open" doc:"Differences that nobody explained"`
	StartedAt   *time.Time `json:"started_at,omitempty"`
	FinishedAt  *time.Time `json:"finished_at,omitempty"`
}

func reconciliationOf(r store.Reconciliation) Reconciliation {
	return Reconciliation{
		ID: r.ID, Connection: r.Connection, Entities: r.Entities, From: r.From, Until: r.Until, AskedBy: r.AskedBy,
		State: r.State, Code: r.Code, Detail: r.Detail, Ours: r.Ours, Theirs: r.Theirs, Differences: r.Differences,
		Open: r.Open, StartedAt: instant(r.StartedAt), FinishedAt: instant(r.FinishedAt),
	}
}

// ReconciliationsInput narrows a list of comparisons.
type ReconciliationsInput struct {
	Asked
	Connection string `query:"connection" maxLength:"64"`
	Cursor     string `query:"cursor" maxLength:"500"`
}

// ReconciliationsOutput is a page of comparisons.
type ReconciliationsOutput struct{ Body List[Reconciliation] }

// listReconciliations handles GET /reconciliations.
func (a *API) listReconciliations(ctx context.Context, in *ReconciliationsInput) (*ReconciliationsOutput, error) {
	who, _ := auth.Of(ctx)
	page, err := a.desk.Reconciliations(ctx, who, in.Connection, in.Cursor)
	if err != nil {
		return nil, err
	}
	return &ReconciliationsOutput{Body: listOf(page.Items, page.Next, nil, reconciliationOf)}, nil
}

// ReconcileBody says what is to be compared.
type ReconcileBody struct {
	Connection string `json:"connection" minLength:"1" maxLength:"64" doc:"As in erp.connections"`
	From       string `json:"from" maxLength:"10" doc:"First day, YYYY-MM-DD"`
	Until      string `json:"until" maxLength:"10" doc:"Last day, YYYY-MM-DD"`
}

// ReconcileInput asks for a comparison.
type ReconcileInput struct {
	Keyed
	Body ReconcileBody
}

// ReconciliationOutput is one comparison.
type ReconciliationOutput struct{ Body Reconciliation }

// reconcile handles POST /reconciliations.
func (a *API) reconcile(ctx context.Context, in *ReconcileInput) (*ReconciliationOutput, error) {
	who, _ := auth.Of(ctx)
	id, err := a.desk.Reconcile(ctx, who, desk.AskedReconciliation(in.Body),
		keyOf("reconcile", in.IdempotencyKey, in.Body))
	if err != nil {
		return nil, err
	}
	r, err := a.desk.Reconciliation(ctx, who, id)
	return &ReconciliationOutput{Body: reconciliationOf(r)}, err
}

// ReconciliationInput names a comparison.
type ReconciliationInput struct {
	Asked
	ID string `path:"id" maxLength:"64"`
}

// readReconciliation handles GET /reconciliations/{id}.
func (a *API) readReconciliation(ctx context.Context, in *ReconciliationInput) (*ReconciliationOutput, error) {
	who, _ := auth.Of(ctx)
	r, err := a.desk.Reconciliation(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &ReconciliationOutput{Body: reconciliationOf(r)}, nil
}

// Difference is one thing that is not the same on both sides.
type Difference struct {
	N         int64             `json:"n" doc:"Names it within its comparison"`
	Kind      string            `json:"kind" doc:"missing_there, missing_here, duplicate, amount and so on"`
	Reference string            `json:"reference"`
	Document  string            `json:"document,omitempty"`
	Number    string            `json:"document_number,omitempty"`
	Entity    string            `json:"entity,omitempty"`
	BookID    string            `json:"erp_id,omitempty"`
	BookNo    string            `json:"erp_number,omitempty"`
	Ours      string            `json:"ours,omitempty"`
	Theirs    string            `json:"theirs,omitempty"`
	Ruling    *DifferenceRuling `json:"ruling,omitempty" doc:"What was last said of it, in whichever comparison"`
}

// DifferenceRuling is what a person said of a difference.
type DifferenceRuling struct {
	Ruling  string     `json:"ruling" enum:"explained,post"`
	Person  string     `json:"person"`
	Reason  string     `json:"reason,omitempty"`
	At      *time.Time `json:"at,omitempty"`
	Outcome string     `json:"outcome,omitempty" doc:"Of post: posted or refused; nothing while it is under way"`
	Code    string     `json:"code,omitempty"`
	Detail  string     `json:"detail,omitempty"`
	BookNo  string     `json:"erp_number,omitempty"`
}

func differenceOf(d store.FoundDifference) Difference {
	out := Difference{N: d.N, Kind: string(d.Kind), Reference: d.Reference, Document: d.Document, Number: d.DocumentNumber,
		Entity: d.Entity, BookID: d.ERPID, BookNo: d.Number, Ours: d.Ours, Theirs: d.Theirs}
	if r := d.Ruling; r.ID != "" {
		out.Ruling = &DifferenceRuling{r.Ruling, r.Person, r.Reason, instant(r.RuledAt), r.Outcome, r.Code, r.Detail,
			r.Number}
	}
	return out
}

// DifferencesInput narrows what a comparison found.
type DifferencesInput struct {
	Paged
	ID   string `path:"id" maxLength:"64"`
	Kind string `query:"kind" maxLength:"20"`
	Open bool   `query:"open" doc:"Only what nobody explained"`
}

// DifferencesOutput is a page of differences.
type DifferencesOutput struct{ Body List[Difference] }

// listDifferences handles GET /reconciliations/{id}/differences.
func (a *API) listDifferences(ctx context.Context, in *DifferencesInput) (*DifferencesOutput, error) {
	who, _ := auth.Of(ctx)
	var after int64
	if in.Cursor != "" {
		var err error
		if after, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil {
			return nil, fault.New(fault.Invalid, "cursor.bad", fault.Field("cursor"))
		}
	}
	page, err := a.desk.Differences(ctx, who, store.DifferenceFilter{
		Run: in.ID, Kind: in.Kind, Open: in.Open, After: after, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	return &DifferencesOutput{Body: listOf(page.Items, page.Next, nil, differenceOf)}, nil
}

// DifferenceRulingBody is a ruling on a difference.
type DifferenceRulingBody struct {
	Ruling string `json:"ruling" enum:"explained,post"`
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Needed to explain"`
}

// DifferenceRulingInput is a ruling on a difference.
type DifferenceRulingInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	N    int64  `path:"n" minimum:"1"`
	Body DifferenceRulingBody
}

// DifferenceOutput is one difference.
type DifferenceOutput struct{ Body Difference }

// ruleDifference handles POST /reconciliations/{id}/differences/{n}/rule.
func (a *API) ruleDifference(ctx context.Context, in *DifferenceRulingInput) (*DifferenceOutput, error) {
	who, _ := auth.Of(ctx)
	ruling := desk.DifferenceRuling{Run: in.ID, N: in.N, Ruling: in.Body.Ruling, Reason: in.Body.Reason}
	err := a.desk.Rule(ctx, who, ruling, keyOf("rule-difference", in.IdempotencyKey, in.ID, in.N, in.Body))
	if err != nil {
		return nil, err
	}
	page, err := a.desk.Differences(ctx, who, store.DifferenceFilter{Run: in.ID, Number: in.N})
	if err != nil || len(page.Items) != 1 {
		return nil, err
	}
	return &DifferenceOutput{Body: differenceOf(page.Items[0])}, nil
}
