package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/countersign/countersign/domain/certification"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) certifications() {
	const tag = "Rights"
	add(a, operation{"list-access-reviews", http.MethodGet, "/access/reviews", tag,
		"Reviews of rights that one may know of, or is asked in, the newest first", 0}, a.listReviews)
	add(a, operation{"open-access-review", http.MethodPost, "/access/reviews", tag,
		"Ask of every right in a scope whether it is still needed: its holder's manager, or an administrator, answers", 201},
		a.openReview)
	add(a, operation{"read-access-review", http.MethodGet, "/access/reviews/{id}", tag,
		"A review with its items, as far as one may know of them", 0}, a.readReview)
	add(a, operation{"decide-access-review", http.MethodPost, "/access/reviews/{id}/items/{no}/decision", tag,
		"Keep a right, or have it revoked or ended earlier, which a second person approves", 0}, a.decideReview)
	add(a, operation{"keep-access-review", http.MethodPost, "/access/reviews/{id}/keep", tag,
		"Keep several rights, each by itself", 0}, a.keepReview)
	add(a, operation{"reassign-access-review", http.MethodPost, "/access/reviews/{id}/reassign", tag,
		"Have somebody else asked about several rights, each by itself, with a reason", 0}, a.reassignReview)
	export := operation{"export-access-review", http.MethodGet, "/access/reviews/{id}/export", tag,
		"What became of each right, as a CSV table", 0}.huma()
	export.Responses = map[string]*huma.Response{"200": stream("Report", desk.FormatCSV)}
	huma.Register(a.huma, export, a.exportReview)
}

// AccessReview is one review of rights.
type AccessReview struct {
	ID        string         `json:"id"`
	Title     string         `json:"title"`
	Roles     []string       `json:"roles" nullable:"false" doc:"None: every role"`
	Entities  []string       `json:"entities" nullable:"false" doc:"None: every company, and the group"`
	Reviewer  string         `json:"reviewer" enum:"manager,administrator"`
	Undecided string         `json:"undecided" enum:"list,revoke" doc:"What becomes of a right that nobody answered for"`
	OpenedBy  string         `json:"opened_by"`
	OpenedAt  time.Time      `json:"opened_at"`
	DueAt     time.Time      `json:"due_at" doc:"Then its reviewers are late, and administrators may answer too"`
	ClosesAt  time.Time      `json:"closes_at" doc:"Then it is over"`
	ClosedAt  *time.Time     `json:"closed_at,omitempty"`
	Counts    map[string]int `json:"counts" nullable:"false" doc:"Items by state, of those one may know of"`
}

func accessReviewOf(c store.Certification) AccessReview {
	r := AccessReview{ID: c.ID, Title: c.Title, Roles: c.Scope.Roles, Entities: c.Scope.Entities, Reviewer: c.Reviewer,
		Undecided: c.Undecided, OpenedBy: c.OpenedBy, OpenedAt: c.Opened, DueAt: c.Due, ClosesAt: c.Closes,
		ClosedAt: instant(c.Closed), Counts: c.Counts}
	if r.Counts == nil {
		r.Counts = map[string]int{}
	}
	return r
}

// AccessReviewItem is one right of a review.
type AccessReviewItem struct {
	No         int        `json:"no"`
	Person     string     `json:"person"`
	Role       string     `json:"role"`
	Entity     string     `json:"entity,omitempty" doc:"None: every entity"`
	Department string     `json:"department,omitempty"`
	Grant      string     `json:"grant" doc:"Names it among those of the person"`
	Until      *time.Time `json:"until,omitempty"`
	Reviewer   string     `json:"reviewer,omitempty" doc:"At first. None: an administrator"`
	Asks       string     `json:"asks,omitempty" doc:"Who is asked now. None: an administrator"`
	HandedBy   string     `json:"reassigned_by,omitempty" doc:"Who last had somebody else asked"`
	HandedAt   *time.Time `json:"reassigned_at,omitempty"`
	HandedWhy  string     `json:"reassigned_because,omitempty"`
	State      string     `json:"state" enum:"open,keep,revoke,shorten,undecided,ended"`
	DecidedBy  string     `json:"decided_by,omitempty"`
	DecidedAt  *time.Time `json:"decided_at,omitempty"`
	Reason     string     `json:"reason,omitempty"`
	NewUntil   *time.Time `json:"new_until,omitempty" doc:"Of one to be ended earlier"`
	Proposal   string     `json:"proposal,omitempty" doc:"Of its revocation"`
	Decision   string     `json:"proposal_state,omitempty" doc:"What became of that: open, approved, refused, expired"`
	MayDecide  bool       `json:"may_decide" doc:"The caller, now"`
	MayAssign  bool       `json:"may_reassign" doc:"The caller, now"`
}

func accessReviewItemOf(i desk.RightsReviewItem) AccessReviewItem {
	return AccessReviewItem{No: i.No, Person: i.Person, Role: i.Role, Entity: i.Entity, Department: i.Department,
		Grant: i.Grant,
		Until: instant(i.Until), Reviewer: i.Reviewer, State: i.State, DecidedBy: i.By, DecidedAt: instant(i.At),
		Reason:   i.Reason,
		NewUntil: instant(i.NewUntil), Proposal: i.Proposal, Decision: i.Decided, MayDecide: i.MayDecide,
		Asks: i.Asks(), HandedBy: i.Handover.By, HandedAt: instant(i.HandedAt), HandedWhy: i.Handover.Reason,
		MayAssign: i.MayAssign}
}

// AccessReviewsInput asks for the reviews.
type AccessReviewsInput struct{ Asked }

// AccessReviewsOutput lists them.
type AccessReviewsOutput struct{ Body List[AccessReview] }

// listReviews handles GET /access/reviews.
func (a *API) listReviews(ctx context.Context, _ *AccessReviewsInput) (*AccessReviewsOutput, error) {
	who, _ := auth.Of(ctx)
	all, err := a.desk.RightsReviews(ctx, who)
	if err != nil {
		return nil, err
	}
	return &AccessReviewsOutput{Body: listOf(all, "", nil, accessReviewOf)}, nil
}

// OpenReviewBody is a review to be opened.
type OpenReviewBody struct {
	Title     string   `json:"title" minLength:"1" maxLength:"200"`
	Roles     []string `json:"roles,omitempty" maxItems:"100" doc:"None: every role"`
	Entities  []string `json:"entities,omitempty" maxItems:"100" doc:"None: every company, and the group"`
	Reviewer  string   `json:"reviewer,omitempty" enum:"manager,administrator"`
	Undecided string   `json:"undecided,omitempty" enum:"list,revoke"`
	Due       string   `json:"due,omitempty" maxLength:"40" example:"15 workday" doc:"Working time, or the last day"`
	Grace     string   `json:"grace,omitempty" maxLength:"40" example:"3 workday" doc:"Working time after it; 0s for none"`
}

// OpenReviewInput opens a review.
type OpenReviewInput struct {
	Keyed
	Body OpenReviewBody
}

// AccessReviewOutput is one review with its items.
type AccessReviewOutput struct {
	Body struct {
		AccessReview
		Items []AccessReviewItem `json:"items" nullable:"false"`
	}
}

// openReview handles POST /access/reviews.
func (a *API) openReview(ctx context.Context, in *OpenReviewInput) (*AccessReviewOutput, error) {
	who, _ := auth.Of(ctx)
	b := in.Body
	asked := desk.AskedReview{Title: b.Title, Roles: b.Roles, Entities: b.Entities, Reviewer: b.Reviewer,
		Undecided: b.Undecided,
		Due:       b.Due, Grace: b.Grace}
	id, err := a.desk.OpenReview(ctx, who, asked, keyOf("open-access-review", in.IdempotencyKey, in.Body))
	if err != nil {
		return nil, err
	}
	return a.reviewAnswer(ctx, who, id)
}

// AccessReviewInput names a review.
type AccessReviewInput struct {
	Asked
	ID string `path:"id" maxLength:"64"`
}

// readReview handles GET /access/reviews/{id}.
func (a *API) readReview(ctx context.Context, in *AccessReviewInput) (*AccessReviewOutput, error) {
	who, _ := auth.Of(ctx)
	return a.reviewAnswer(ctx, who, in.ID)
}

func (a *API) reviewAnswer(ctx context.Context, who auth.Who, id string) (*AccessReviewOutput, error) {
	r, err := a.desk.RightsReview(ctx, who, id)
	if err != nil {
		return nil, err
	}
	out := &AccessReviewOutput{}
	out.Body.AccessReview, out.Body.Items = accessReviewOf(r.Certification), []AccessReviewItem{}
	for _, i := range r.Rows {
		out.Body.Items = append(out.Body.Items, accessReviewItemOf(i))
	}
	return out, nil
}

// DecideReviewInput says whether a right is still needed.
type DecideReviewInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	No   int    `path:"no" minimum:"1" maximum:"5000"`
	Body struct {
		Verdict string     `json:"verdict" enum:"keep,revoke,shorten"`
		Reason  string     `json:"reason,omitempty" maxLength:"2000" doc:"Needed unless it is kept"`
		Until   *time.Time `json:"until,omitempty" doc:"Of shorten: when the right shall end"`
	}
}

// decideReview handles POST /access/reviews/{id}/items/{no}/decision.
func (a *API) decideReview(ctx context.Context, in *DecideReviewInput) (*AccessReviewOutput, error) {
	who, _ := auth.Of(ctx)
	said := certification.Verdict{Say: in.Body.Verdict, Reason: in.Body.Reason}
	if in.Body.Until != nil {
		said.Until = *in.Body.Until
	}
	key := keyOf("decide-access-review", in.IdempotencyKey, in.ID, in.No, in.Body)
	if err := a.desk.DecideReview(ctx, who, in.ID, in.No, said, key); err != nil {
		return nil, err
	}
	return a.reviewAnswer(ctx, who, in.ID)
}

// KeepReviewInput keeps several rights.
type KeepReviewInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Items  []int  `json:"items" minItems:"1" maxItems:"100" nullable:"false"`
		Reason string `json:"reason,omitempty" maxLength:"2000"`
	}
}

// KeptItem is what became of one of them.
type KeptItem struct {
	No   int    `json:"no"`
	Code string `json:"code,omitempty" doc:"Why it was refused; none: it is done"`
}

// KeepReviewOutput is what became of each.
type KeepReviewOutput struct{ Body List[KeptItem] }

// keepReview handles POST /access/reviews/{id}/keep.
func (a *API) keepReview(ctx context.Context, in *KeepReviewInput) (*KeepReviewOutput, error) {
	who, _ := auth.Of(ctx)
	results, err := a.desk.KeepAll(ctx, who, in.ID, in.Body.Items, in.Body.Reason,
		keyOf("keep-access-review", in.IdempotencyKey, in.ID, in.Body))
	if err != nil {
		return nil, err
	}
	return &KeepReviewOutput{Body: listOf(results, "", nil, func(k desk.ItemResult) KeptItem {
		return KeptItem{k.No, fault.CodeOf(k.Err)}
	})}, nil
}

// ReassignReviewInput has somebody else asked about several rights.
type ReassignReviewInput struct {
	Keyed
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Items  []int  `json:"items" minItems:"1" maxItems:"100" nullable:"false"`
		To     string `json:"to" minLength:"1" maxLength:"200" doc:"By account, e-mail address or whole name"`
		Reason string `json:"reason" minLength:"1" maxLength:"2000"`
	}
}

// reassignReview handles POST /access/reviews/{id}/reassign.
func (a *API) reassignReview(ctx context.Context, in *ReassignReviewInput) (*KeepReviewOutput, error) {
	who, _ := auth.Of(ctx)
	results, err := a.desk.ReassignReview(ctx, who, in.ID, in.Body.Items,
		certification.Reassignment{To: in.Body.To, Reason: in.Body.Reason},
		keyOf("reassign-access-review", in.IdempotencyKey, in.ID, in.Body))
	if err != nil {
		return nil, err
	}
	return &KeepReviewOutput{Body: listOf(results, "", nil, func(k desk.ItemResult) KeptItem {
		return KeptItem{k.No, fault.CodeOf(k.Err)}
	})}, nil
}

// exportReview handles GET /access/reviews/{id}/export.
func (a *API) exportReview(ctx context.Context, in *AccessReviewInput) (*huma.StreamResponse, error) {
	who, _ := auth.Of(ctx)
	r, err := a.desk.RightsReview(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", desk.FormatCSV)
		out.SetHeader("Content-Disposition", `attachment; filename="access-review.csv"`)
		_ = desk.WriteReviewCSV(out.BodyWriter(), r) // who asked has gone
	}}, nil
}
