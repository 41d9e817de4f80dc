package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/notice"
)

// projected is what the events decide of a document's row.
type projected struct {
	Status        approval.Status
	Round         int
	Revision      int
	ContentHash   string `db:"content_hash"`
	Seq           int64
	HeadHash      string `db:"head_hash"`
	Step          string
	StepTitles    string `db:"step_titles"`
	Deciders      pq.StringArray
	ParkedRef     string       `db:"parked_ref"`
	ParkedAttempt int          `db:"parked_attempt"`
	ParkedCode    string       `db:"parked_code"`
	ParkedDetail  string       `db:"parked_detail"`
	ParkedAt      sql.NullTime `db:"parked_at"`
	VoucherRef    string       `db:"voucher_ref"`
	VoucherNumber string       `db:"voucher_number"`
	ClosedAt      sql.NullTime `db:"closed_at"`
	Intervened    bool         // an administrator stepped in, ever
}

// projection folds events into the read model: the next row of the document, and
// what becomes of its tasks. It must agree with approval.State; the audit and a
// property test hold the two together.
type projection struct {
	projected
	document  string
	at        time.Time
	summary   notice.Summary
	titles    map[string]map[string]string
	opened    []taskChange
	changed   map[string]*taskChange
	order     []string // of changed
	resubmits bool
	patch     evidence.Event // of a sanction or an amendment; none has the kind ""
}

// taskChange is a task that opens, or what changes of one; its JSON is what the
// projection's statement reads.
type taskChange struct {
	ID          string     `json:"id"`
	Step        string     `json:"step"`
	StepTitle   string     `json:"step_title"`
	Round       int        `json:"round"`
	Assignee    string     `json:"assignee"`
	Via         string     `json:"via"`
	Slot        int        `json:"slot"`
	State       string     `json:"state"` // "": as it was
	DecidedBy   string     `json:"decided_by"`
	DecidedAt   *time.Time `json:"decided_at"`
	Opinion     string     `json:"opinion"`
	OpenedAt    time.Time  `json:"opened_at"`
	OpenedSeq   int64      `json:"opened_seq"`
	DueAt       *time.Time `json:"due_at"`
	RemindAt    string     `json:"remind_at"`
	Reminded    int        `json:"reminded"`
	Overdue     bool       `json:"overdue"`
	Provisional bool       `json:"provisional"`
	For         string     `json:"for_task"`
	Role        string     `json:"role"`     // the granted role that gives it; "" for none
	OfGroup     bool       `json:"of_group"` // which is for every entity
	Moved       bool       `json:"moved"`    // due_at, remind_at, provisional and the three below are new

	Calendar        string    `json:"calendar"`
	CalendarVersion int       `json:"calendar_version"`
	CountedAt       time.Time `json:"counted_at"`
}

func newProjection(h head) *projection {
	p := &projection{projected: h.projected, document: h.ID, at: h.Now, changed: map[string]*taskChange{}}
	p.titles = map[string]map[string]string{}
	_ = json.Unmarshal([]byte(h.StepTitles), &p.titles) // titles are for display
	p.summary = notice.Summary{
		Document: h.ID, Number: h.Number, Title: h.Title, Entity: h.Entity,
		Submitter: h.Submitter, Requester: h.Requester,
		Total: money.Amount{Minor: h.TotalMinor, Currency: money.Currency(h.Currency)},
	}
	return p
}

// apply folds one event.
func (p *projection) apply(e evidence.Event) error {
	p.Seq, p.HeadHash = e.Seq, e.Hash
	p.Status = approval.NextStatus(p.Status, e.Kind)
	p.Intervened = p.Intervened || slices.Contains(approval.Interventions(), e.Kind)
	noun, _, _ := strings.Cut(e.Kind, ".")
	var err error
	switch noun {
	case "document":
		p.applyDocument(e)
	case "plan":
		err = p.applyPlan(e)
	case "step":
		err = p.applyStep(e)
	case "task":
		err = p.applyTask(e)
	case "voucher":
		err = p.applyVoucher(e)
	}
	return err
}

// owed lists the notices that the folded events owe.
func (p *projection) owed(events []evidence.Event) []notice.Notice {
	p.summary.Steps, p.summary.Deciders = p.titles, p.Deciders
	var owed []notice.Notice
	for _, e := range events {
		owed = append(owed, notice.Owed(e, p.summary)...)
	}
	return owed
}

func (p *projection) applyDocument(e evidence.Event) {
	switch e.Kind {
	case approval.DocumentResubmitted:
		p.Round, p.Revision, p.ContentHash = e.Round, e.Revision, e.ContentHash
		p.Step, p.resubmits = "", true
		p.setTitles(nil)
		p.unpark()
	case approval.DocumentSanctioned, approval.DocumentAmended:
		p.Revision, p.ContentHash, p.patch = e.Revision, e.ContentHash, e
		p.addDecider(e.Actor)
	case approval.DocumentReturned, approval.DocumentRejected, approval.DocumentWithdrawn,
		approval.DocumentApproved, approval.DocumentClosed, approval.DocumentVoided:
		p.Step = ""
	}
	if p.Status.Final() && !p.ClosedAt.Valid {
		p.ClosedAt = orNull(e.At)
		p.unpark()
	}
}

func (p *projection) applyPlan(e evidence.Event) error {
	switch e.Kind {
	case approval.PlanMade:
		d, err := approval.Decode[approval.PlanData](e)
		titles := map[string]map[string]string{}
		for _, step := range d.Plan.Steps {
			titles[step.ID] = step.Title
		}
		p.setTitles(titles)
		p.Step = ""
		p.unpark()
		return err
	case approval.PlanDiscarded:
		p.Round, p.Step = e.Round, ""
		p.setTitles(nil)
	case approval.PlanFailed:
		d, err := approval.Decode[approval.PlanFailedData](e)
		p.park(planReference(e.Round), d.Attempt, d.Code, "", e.At)
		return err
	case approval.PlanResolved:
		p.unpark()
	}
	return nil
}

// applyStep keeps the ids of the steps that wait, in the order they were opened.
func (p *projection) applyStep(e evidence.Event) error {
	d, err := approval.Decode[approval.ReopenedData](e)
	waiting := stepsIn(p.Step)
	gone := func(steps ...string) {
		waiting = slices.DeleteFunc(waiting, func(step string) bool { return slices.Contains(steps, step) })
	}
	gone(d.Step)
	switch e.Kind {
	case approval.StepReopened:
		gone(d.Steps...)
		if len(d.Steps) == 0 { // written before there were branches
			waiting = nil
		}
		waiting = append(waiting, d.Step)
	case approval.StepJumped:
		jumped, err := approval.Decode[approval.StepJumpedData](e)
		if err != nil {
			return err
		}
		gone(jumped.Over...)
	case approval.StepOpened, approval.StepStaffed:
		waiting = append(waiting, d.Step)
	}
	p.Step = strings.Join(waiting, stepsBetween)
	return err
}

// stepsBetween stands between the ids of steps that wait at the same time.
const stepsBetween = ","

func stepsIn(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, stepsBetween)
}

func (p *projection) applyVoucher(e evidence.Event) error {
	d, err := approval.Decode[approval.EffectData](e)
	switch e.Kind {
	case approval.VoucherPosted:
		p.VoucherRef, p.VoucherNumber = d.Reference, d.Number
		p.unpark()
	case approval.VoucherParked:
		p.park(d.Reference, d.Attempt, d.Code, d.Detail, e.At)
	case approval.VoucherResolved:
		p.unpark()
	}
	return err
}

func (p *projection) park(reference string, attempt int, code, detail string, at time.Time) {
	p.ParkedRef, p.ParkedAttempt, p.ParkedCode, p.ParkedDetail = reference, attempt, code, detail
	p.ParkedAt = orNull(at)
}

func (p *projection) unpark() { p.park("", 0, "", "", time.Time{}) }

func (p *projection) setTitles(titles map[string]map[string]string) {
	p.titles = titles
	text, err := json.Marshal(titles)
	if titles == nil || err != nil {
		text = []byte("{}")
	}
	p.StepTitles = string(text)
}

// addDecider keeps the people who decided something, each once.
func (p *projection) addDecider(actor string) {
	human := actor != "" && !strings.HasPrefix(actor, "system:") && !strings.HasPrefix(actor, "queue:")
	if human && !slices.Contains(p.Deciders, actor) {
		p.Deciders = append(p.Deciders, actor)
	}
}

// tasksJSON are the tasks that open and those that change, as a statement reads them.
func (p *projection) tasksJSON() (opened, changed string, err error) {
	changes := make([]*taskChange, 0, len(p.order))
	for _, id := range p.order {
		changes = append(changes, p.changed[id])
	}
	text, err := json.Marshal(append([]taskChange{}, p.opened...))
	if err != nil {
		return "", "", err
	}
	changedText, err := json.Marshal(changes)
	return string(text), string(changedText), err
}

// takeRevision freezes the revision that was resubmitted, sanctioned or amended, and
// shows its content.
//
// Errors: Conflict revision.changed where the stored content is another one.
func (p *projection) takeRevision(ctx context.Context, q sqlx.ExecerContext) error {
	const query = `
		WITH taken AS (
			UPDATE revisions SET submitted_at = $4
			WHERE document = $1 AND revision = $2 AND hash = $3 AND submitted_at IS NULL
			RETURNING content::jsonb AS c
		)
		UPDATE documents
		SET title = c->>'title', reason = c->>'reason', department = c->>'department', requester = c->>'requester',
		    payee_kind = c#>>'{payee,kind}', payee_id = c#>>'{payee,id}', payee_name = c#>>'{payee,name}',
		    payee_account = c#>>'{payee,account}', urgency = c->>'urgency',
		    total_minor = (c#>>'{total,minor}')::bigint, currency = c#>>'{total,currency}',
		    base_minor = (c#>>'{base_total,minor}')::bigint, base_currency = c#>>'{base_total,currency}',
		    claimed_minor = (c#>>'{claimed,total,minor}')::bigint,
		    claimed_base_minor = (c#>>'{claimed,base_total,minor}')::bigint,
		    asked_at = CASE WHEN $5 THEN $4 ELSE asked_at END
		FROM taken WHERE id = $1`
	result, err := q.ExecContext(ctx, query, p.document, p.Revision, p.ContentHash, p.at, p.resubmits)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fault.New(fault.Conflict, "revision.changed")
	}
	return nil
}
