package activities

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/policy"
	"github.com/countersign/countersign/policy/doctype"
	"github.com/countersign/countersign/store"
)

// The kinds of published texts.
const (
	kindPolicy  = "policy"
	kindType    = "type"
	kindMapping = "mapping"
)

const roleAdmin = "admin"

// Plans are the activities that find who decides. They are local and read only.
type Plans struct {
	Book PlanBook

	texts parsed
}

// PlanBook is the part of the store that Plans needs.
type PlanBook interface {
	Revision(ctx context.Context, document string, n int) (document.Content, string, error)
	PolicyInForce(ctx context.Context, kind, id string) (store.PolicyRow, error)
	PolicyVersion(ctx context.Context, kind, id string, version int) (store.PolicyRow, error)
	Snapshot(ctx context.Context, version int64) (*org.Snapshot, error)
	OrgVersion(ctx context.Context) (int64, error)
	Heir(ctx context.Context, person string) (string, error)
	ClaimedAt(ctx context.Context, document string, round int) (time.Time, error)
	RateFor(ctx context.Context, currency, base, date string) (document.Rate, error)
	Beside(ctx context.Context, id string, key approval.CountKey) (approval.Beside, error)
	Forget()
}

// RouteInput says which round of a document is to be routed.
type RouteInput struct {
	Document string `json:"document"`
	Revision int    `json:"revision"`
	Round    int    `json:"round"`

	// Seen are the revisions that a document which goes straight back was decided on:
	// what differs materially from one of them is told with the route.
	Seen []int `json:"seen,omitempty"`

	// Counted is what a plan counted that is looked at again; nil counts anew.
	Counted *approval.Counted `json:"counted,omitempty"`
}

// Routed is the route, or why there is none.
type Routed struct {
	Plan   *approval.Plan `json:"plan,omitempty"`
	Code   string         `json:"code,omitempty"`   // a fault's code, where there is no plan
	Admins []string       `json:"admins,omitempty"` // who may mend it, for reading

	Changed []string `json:"changed,omitempty"` // materially, since RouteInput.Seen
}

// Route evaluates the policy in force against a revision and the organisation as
// of now. What makes no plan is an answer, not an error: the document then waits
// for an admin, never approved by an error.
//
// Safe to repeat, though the policy in force may be another by then; the plan
// that counts is the one recorded. Errors: Busy.
func (p *Plans) Route(ctx context.Context, in RouteInput) (Routed, error) {
	content, err := p.claimed(ctx, in.Document, in.Revision)
	if err != nil {
		return Routed{}, answer(ctx, err)
	}
	var people *org.Snapshot
	plan, err := asOfNow(p.Book, func() (plan approval.Plan, err error) {
		if people, err = p.Book.Snapshot(ctx, 0); err == nil {
			plan, err = p.route(ctx, in, content, people)
		}
		return plan, err
	})
	if err == nil {
		plan.Rules = approval.RulesNow
		changed, err := p.changed(ctx, in)
		if err != nil {
			return Routed{}, answer(ctx, err)
		}
		return Routed{Plan: &plan, Changed: changed}, nil
	}
	if kind := fault.KindOf(err); kind == fault.Busy || kind == fault.Unknown {
		return Routed{}, answer(ctx, err)
	}
	if people == nil {
		return Routed{}, answer(ctx, err)
	}
	_ = answer(ctx, err) // logged; people see the code
	return Routed{Code: codeOf(err), Admins: holders(people, roleAdmin, content.Entity)}, nil
}

// changed lists what differs materially between what is routed and what was decided on.
func (p *Plans) changed(ctx context.Context, in RouteInput) ([]string, error) {
	if len(in.Seen) == 0 {
		return nil, nil
	}
	now, _, err := p.Book.Revision(ctx, in.Document, in.Revision)
	if err != nil {
		return nil, err
	}
	var seen []document.Content
	for _, n := range in.Seen {
		content, _, err := p.Book.Revision(ctx, in.Document, n)
		if err != nil {
			return nil, err
		}
		seen = append(seen, content)
	}
	return document.MaterialSince(seen, now), nil
}

// claimed is the content of a revision as it was claimed: whom a document needs, and
// whose authority reaches, is judged by that, whatever was sanctioned since.
func (p *Plans) claimed(ctx context.Context, id string, revision int) (document.Content, error) {
	content, _, err := p.Book.Revision(ctx, id, revision)
	if err != nil {
		return content, err
	}
	return content.AsClaimed()
}

func (p *Plans) route(
	ctx context.Context, in RouteInput, content document.Content, people *org.Snapshot,
) (approval.Plan, error) {
	kind, err := p.documentType(ctx, content.Type)
	if err != nil {
		return approval.Plan{}, err
	}
	row, err := p.Book.PolicyInForce(ctx, kindPolicy, kind.Policy)
	if err != nil {
		return approval.Plan{}, err
	}
	return p.routeBy(ctx, row, in, content, people)
}

// routeBy evaluates one version of a policy.
func (p *Plans) routeBy(
	ctx context.Context, row store.PolicyRow, in RouteInput, content document.Content, people *org.Snapshot,
) (approval.Plan, error) {
	return withBooks(ctx, p, row, in, content, people, policy.Route)
}

// withBooks asks a version of a policy something, with the rates and the other
// documents of the books. What could not be looked up is Busy, whatever was answered
// without it.
func withBooks[T any](
	ctx context.Context, p *Plans, row store.PolicyRow, in RouteInput, content document.Content, people *org.Snapshot,
	ask func(policy.RouteInput) (T, error),
) (T, error) {
	var none T
	rules, err := parseOnce(&p.texts, row, policy.Parse)
	if err != nil {
		return none, err
	}
	var busy error
	answered, err := ask(policy.RouteInput{
		Policy: rules, Version: row.Version, Content: content, Org: people,
		Round: in.Round, Document: in.Document, Counted: in.Counted,
		Rates: func(from, to money.Currency) (string, bool) {
			var rate document.Rate
			date, err := p.rateDay(ctx, in, content, people)
			if err == nil {
				rate, err = p.Book.RateFor(ctx, string(from), string(to), date)
			}
			if err != nil && fault.KindOf(err) != fault.NotFound {
				busy = err // not knowing a rate is not the same as there being none
			}
			return rate.Value, err == nil
		},
		Beside: func(key approval.CountKey) (approval.Beside, error) {
			beside, err := p.Book.Beside(ctx, in.Document, key)
			busy = cmp.Or(busy, err)
			return beside, err
		},
	})
	if busy != nil {
		return none, busy
	}
	return answered, err
}

// rateDay is the day whose rates count for a document: that of its frozen rate. One in
// its entity's own currency froze none, and the policy may still compare in another:
// then it is the day on which it was submitted, however late it is routed.
func (p *Plans) rateDay(
	ctx context.Context, in RouteInput, content document.Content, people *org.Snapshot,
) (string, error) {
	if content.Rate != nil {
		return content.Rate.Date, nil
	}
	at, err := p.Book.ClaimedAt(ctx, in.Document, in.Round)
	if at.IsZero() {
		at = time.Now()
	}
	return today(at, people.Entities[content.Entity].Zone), err
}

func (p *Plans) documentType(ctx context.Context, id string) (*doctype.Type, error) {
	row, err := p.Book.PolicyInForce(ctx, kindType, id)
	if err != nil {
		return nil, err
	}
	return parseOnce(&p.texts, row, doctype.Parse)
}

// NextApproverInput says whose overdue task is passed on.
type NextApproverInput struct {
	From       string   `json:"from"`
	Interested []string `json:"interested"`
	Role       string   `json:"role,omitempty"` // reassign to its holders; "" = escalate to the managers
	Entity     string   `json:"entity"`
}

// NextApprovers is who takes over; at least the admin queue.
type NextApprovers struct {
	To []approval.Approver `json:"to"`
}

// NextApprover finds who takes over an overdue task.
//
// Safe to repeat. Errors: Busy.
func (p *Plans) NextApprover(ctx context.Context, in NextApproverInput) (NextApprovers, error) {
	people, err := p.Book.Snapshot(ctx, 0)
	if err != nil {
		return NextApprovers{}, answer(ctx, err)
	}
	late := approval.Timeout{Do: approval.TimeoutEscalate}
	if in.Role != "" {
		late = approval.Timeout{Do: approval.TimeoutReassign, Role: in.Role}
	}
	return NextApprovers{To: policy.TakeOver(people, late, in.From, in.Interested, in.Entity)}, nil
}

func holders(people *org.Snapshot, role, entity string) []string {
	var ids []string
	for _, person := range people.Holders(role, entity) {
		ids = append(ids, person.ID)
	}
	return ids
}

func codeOf(err error) string {
	if code := fault.CodeOf(err); code != "" {
		return code
	}
	return CodeUnroutable
}

// parsedMax is how many published texts are kept read; a house has a dozen.
const parsedMax = 200

// parsed keeps published texts as they were read, by hash: they never change.
type parsed struct {
	mu     sync.Mutex
	byHash map[string]any
}

// parseOnce reads a published text, or remembers having read it.
func parseOnce[T any](p *parsed, row store.PolicyRow, parse func(name string, yaml []byte) (*T, error)) (*T, error) {
	key := row.Kind + "/" + row.ID + "/" + row.Hash
	p.mu.Lock()
	defer p.mu.Unlock()
	if found, ok := p.byHash[key].(*T); ok && row.Hash != "" {
		return found, nil
	}
	read, err := parse(row.ID+".yaml", []byte(row.YAML))
	if err != nil {
		return nil, err
	}
	if p.byHash == nil || len(p.byHash) >= parsedMax {
		p.byHash = map[string]any{}
	}
	p.byHash[key] = read
	return read, nil
}
