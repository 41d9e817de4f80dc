package api

import (
	"encoding/json"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

// Document is a document as programs see it.
type Document struct {
	ID          string            `json:"id"`
	Number      string            `json:"number,omitempty" doc:"The human number; none while a draft"`
	Type        string            `json:"type"`
	Title       string            `json:"title"`
	Reason      string            `json:"reason,omitempty"`
	Entity      string            `json:"entity"`
	Department  string            `json:"department"`
	Submitter   string            `json:"submitter"`
	Requester   string            `json:"requester"`
	Payee       *Payee            `json:"payee,omitempty"`
	Urgency     string            `json:"urgency"`
	Status      string            `json:"status" doc:"draft, submitted, pending, returned, approved, …"`
	Round       int               `json:"round"`
	Revision    int               `json:"revision"`
	ContentHash string            `json:"content_hash,omitempty" doc:"What is decided on"`
	Seq         int64             `json:"seq" doc:"Number of the last event"`
	Total       *desk.Money       `json:"total,omitempty"`
	BaseTotal   *desk.Money       `json:"base_total,omitempty" doc:"In the entity's own currency"`
	Claimed     *desk.Money       `json:"claimed,omitempty" doc:"The total claimed, where less was sanctioned"`
	Step        string            `json:"step,omitempty"`
	StepTitle   map[string]string `json:"step_title,omitempty" doc:"By locale"`
	DueAt       *time.Time        `json:"due_at,omitempty"`
	CreatedAt   *time.Time        `json:"created_at,omitempty"`
	SubmittedAt *time.Time        `json:"submitted_at,omitempty"`
	UpdatedAt   *time.Time        `json:"updated_at,omitempty"`
	ClosedAt    *time.Time        `json:"closed_at,omitempty"`
	Intervened  bool              `json:"intervened,omitempty" doc:"An administrator stepped in; the events say how"`
	Parked      *Parked           `json:"parked,omitempty" doc:"Why the books refused it"`
	Voucher     *VoucherName      `json:"voucher,omitempty"`
	Unread      bool              `json:"unread,omitempty" doc:"In a list of copies: one did not open it yet"`
	CopiedHow   string            `json:"copied_how,omitempty" doc:"In a list of copies: cc, passed_on, mention or policy"`
	CopiedBy    string            `json:"copied_by,omitempty" doc:"In a list of copies: by whom one was copied in"`
	Content     *Content          `json:"content,omitempty" doc:"Only of a single document"`
	Tasks       []Task            `json:"tasks,omitempty" doc:"Only of a single document"`
}

// Payee is who is paid.
type Payee struct {
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Account string `json:"account,omitempty" doc:"Its last characters"`
}

// Parked says why a posting waits for finance.
type Parked struct {
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

// VoucherName names a voucher.
type VoucherName struct {
	Reference string `json:"reference"`
	Number    string `json:"number,omitempty" doc:"The number in the books"`
}

// Content is one revision of a document as programs read it.
type Content struct {
	CostCenter  string            `json:"cost_center,omitempty"`
	Currency    string            `json:"currency,omitempty"`
	Rate        *document.Rate    `json:"rate,omitempty" doc:"Frozen at submission"`
	Lines       []Line            `json:"lines" nullable:"false"`
	Fields      map[string]string `json:"fields,omitempty"`
	Attachments []Attachment      `json:"attachments,omitempty"`
	Offset      *Offset           `json:"offset,omitempty" doc:"What it settles of an advance"`
}

// Offset is what a document settles of an advance: that much less is paid.
type Offset struct {
	Document string      `json:"document" doc:"Id of the advance"`
	Advance  string      `json:"advance" doc:"Its number"`
	Amount   *desk.Money `json:"amount"`
	Claimed  *desk.Money `json:"claimed,omitempty" doc:"What was to be settled, where a sanction left less"`
}

// LineStandard is what a line might cost, frozen at submission.
type LineStandard struct {
	Limit *desk.Money `json:"limit"`
	Over  *desk.Money `json:"over" doc:"What the line exceeds it by"`
}

// LineClaim is what a line asked for.
type LineClaim struct {
	Amount *desk.Money `json:"amount"`
	Tax    *desk.Money `json:"tax"`
}

// Line is one line of a document.
type Line struct {
	No          int           `json:"no"`
	Category    string        `json:"category"`
	Description string        `json:"description,omitempty"`
	Date        string        `json:"date,omitempty"`
	Amount      *desk.Money   `json:"amount,omitempty"`
	Tax         *desk.Money   `json:"tax,omitempty"`
	CostCenter  string        `json:"cost_center,omitempty"`
	Invoice     string        `json:"invoice,omitempty"`
	Attachments []Attachment  `json:"attachments,omitempty"`
	City        string        `json:"city,omitempty"`
	Units       int64         `json:"units,omitempty" doc:"Nights or days"`
	Standard    *LineStandard `json:"standard,omitempty"`
	Claimed     *LineClaim    `json:"claimed,omitempty" doc:"What was claimed, where another amount was sanctioned"`
}

// Attachment is a file by reference.
type Attachment struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type" doc:"Found from the content"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func attachmentOf(a document.Attachment) Attachment { return Attachment(a) }

func attachmentsOf(list []document.Attachment) []Attachment {
	var out []Attachment
	for _, a := range list {
		out = append(out, attachmentOf(a))
	}
	return out
}

func documentOf(d store.Document, tasks []store.Task, whole bool) Document {
	out := Document{
		ID: d.ID, Number: d.Number, Type: d.Type, Title: d.Title, Reason: d.Reason, Entity: d.Entity,
		Department: d.Department, Submitter: d.Submitter, Requester: d.Requester, Urgency: string(d.Urgency),
		Status: string(d.Status), Round: d.Round, Revision: d.Revision, ContentHash: d.ContentHash, Seq: d.Seq,
		Total: desk.MoneyOf(d.Total), BaseTotal: desk.MoneyOf(d.BaseTotal), Claimed: desk.MoneyOf(d.Claimed),
		Step: d.Step, StepTitle: d.StepTitle,
		DueAt: instant(d.DueAt), CreatedAt: instant(d.CreatedAt), SubmittedAt: instant(d.SubmittedAt),
		UpdatedAt: instant(d.UpdatedAt), ClosedAt: instant(d.ClosedAt), Intervened: d.Intervened, Unread: d.Unread,
		CopiedHow: string(d.CopiedHow), CopiedBy: d.CopiedBy,
	}
	if d.Payee.ID != "" {
		out.Payee = &Payee{string(d.Payee.Kind), d.Payee.ID, d.Payee.Name, desk.Masked(d.Payee.Account)}
	}
	if d.ParkedCode != "" {
		out.Parked = &Parked{d.ParkedCode, d.ParkedDetail}
	}
	if d.VoucherRef != "" {
		out.Voucher = &VoucherName{d.VoucherRef, d.VoucherNumber}
	}
	if whole {
		out.Content = contentOf(d.Content)
		for _, t := range tasks {
			out.Tasks = append(out.Tasks, taskOf(t))
		}
	}
	return out
}

func contentOf(c document.Content) *Content {
	out := &Content{
		CostCenter: c.CostCenter, Currency: string(c.Currency), Rate: c.Rate, Fields: c.Fields, Lines: []Line{},
		Attachments: attachmentsOf(c.Attachments),
	}
	if o := c.Offset; o != nil {
		out.Offset = &Offset{o.Document, o.Number, desk.MoneyOf(o.Amount), nil}
		if c.Claimed != nil && c.Claimed.Offset != nil {
			out.Offset.Claimed = desk.MoneyOf(*c.Claimed.Offset)
		}
	}
	for _, l := range c.Lines {
		var standard *LineStandard
		if s := l.Standard; s != nil {
			standard = &LineStandard{desk.MoneyOf(s.Limit), desk.MoneyOf(s.Over)}
		}
		var claim *LineClaim
		if l.Claimed != nil {
			claim = &LineClaim{desk.MoneyOf(l.Claimed.Amount), desk.MoneyOf(l.Claimed.Tax)}
		}
		out.Lines = append(out.Lines, Line{
			No: l.No, Category: l.Category, Description: l.Description, Date: l.Date, Amount: desk.MoneyOf(l.Amount),
			Tax: desk.MoneyOf(l.Tax), CostCenter: l.CostCenter, Invoice: l.Invoice, Attachments: attachmentsOf(l.Attachments),
			City: l.City, Units: l.Units, Standard: standard, Claimed: claim,
		})
	}
	return out
}

// Task is a task as programs see it.
type Task struct {
	ID             string            `json:"id"`
	Document       string            `json:"document"`
	Number         string            `json:"number,omitempty"`
	Type           string            `json:"type,omitempty"`
	Title          string            `json:"title,omitempty"`
	Submitter      string            `json:"submitter,omitempty"`
	Requester      string            `json:"requester,omitempty"`
	Total          *desk.Money       `json:"total,omitempty"`
	Claimed        *desk.Money       `json:"claimed,omitempty" doc:"The total claimed, where less was sanctioned"`
	Urgency        string            `json:"urgency,omitempty"`
	DocumentStatus string            `json:"document_status,omitempty"`
	Step           string            `json:"step"`
	StepTitle      map[string]string `json:"step_title,omitempty"`
	Round          int               `json:"round" doc:"Name it in the decision"`
	ContentHash    string            `json:"content_hash,omitempty" doc:"Name it in the decision"`
	Assignee       string            `json:"assignee"`
	OnBehalfOf     string            `json:"on_behalf_of,omitempty" doc:"In one's own list: for whom one decides it"`
	Via            string            `json:"via" doc:"How the policy found them"`
	For            string            `json:"for,omitempty" doc:"The task whose assignee asks for advice"`
	State          string            `json:"state"`
	DecidedBy      string            `json:"decided_by,omitempty"`
	DecidedAt      *time.Time        `json:"decided_at,omitempty"`
	Opinion        string            `json:"opinion,omitempty"`
	OpenedAt       *time.Time        `json:"opened_at,omitempty"`
	DueAt          *time.Time        `json:"due_at,omitempty"`
	Provisional    bool              `json:"provisional,omitempty" doc:"The deadline may still move"`
	SecondsLeft    *int64            `json:"seconds_left,omitempty" doc:"In lists: working time; below 0 late"`
	Marks          []string          `json:"marks,omitempty" doc:"In lists: what to look at before deciding"`
}

func taskOf(t store.Task) Task {
	return Task{
		ID: t.ID, Document: t.Document, Number: t.Number, Type: t.Type, Title: t.Title, Submitter: t.Submitter,
		Requester: t.Requester, Total: desk.MoneyOf(t.Total), Claimed: desk.MoneyOf(t.Claimed),
		Urgency:        string(t.Urgency),
		DocumentStatus: string(t.DocumentStatus), Step: t.Step, StepTitle: t.StepTitle, Round: t.Round,
		ContentHash: t.ContentHash, Assignee: t.Assignee, Via: t.Via, For: t.For, State: string(t.State),
		DecidedBy: t.DecidedBy,
		DecidedAt: instant(t.DecidedAt), Opinion: t.Opinion, OpenedAt: instant(t.OpenedAt), DueAt: instant(t.DueAt),
		Provisional: t.Provisional,
	}
}

// Event is one recorded fact.
type Event struct {
	Stream      string          `json:"stream"`
	Seq         int64           `json:"seq"`
	At          time.Time       `json:"at"`
	Kind        string          `json:"kind"`
	Actor       string          `json:"actor"`
	OnBehalfOf  string          `json:"on_behalf_of,omitempty"`
	Cause       string          `json:"cause"`
	Round       int             `json:"round"`
	Revision    int             `json:"revision"`
	ContentHash string          `json:"content_hash"`
	Data        json.RawMessage `json:"data"`
	Prev        string          `json:"prev"`
	Hash        string          `json:"hash"`
	V           int             `json:"v"`
}

func eventOf(e evidence.Event) Event { return Event(e) }

// Plan is a route.
type Plan struct {
	Round         int        `json:"round"`
	Policy        string     `json:"policy"`
	PolicyVersion int        `json:"policy_version"`
	PolicyHash    string     `json:"policy_hash"`
	OrgVersion    int64      `json:"org_version"`
	Steps         []PlanStep `json:"steps" nullable:"false"`
	Then          []string   `json:"then,omitempty"`

	Counted *Counted         `json:"counted,omitempty" doc:"What was added to its own amount, where its policy aggregates"`
	CC      *approval.Copies `json:"cc,omitempty" doc:"Copied in when it is opened (routed), passed (approved) or closed"`
}

// PlanStep is one stop of a route, with the reason why it is needed or not.
type PlanStep struct {
	ID        string              `json:"id"`
	Title     map[string]string   `json:"title,omitempty"`
	Need      string              `json:"need" enum:"people,auto_approve,skip"`
	Reason    string              `json:"reason,omitempty"`
	Mode      string              `json:"mode,omitempty"`
	Approvers []approval.Approver `json:"approvers,omitempty"`
	Due       string              `json:"due,omitempty" doc:"In working time, such as 1 workday"`
	LatestAt  *time.Time          `json:"latest_at,omitempty" doc:"In a preview: if all deadlines are used up"`
	OnTimeout string              `json:"on_timeout,omitempty"`
	Allow     []string            `json:"allow,omitempty" doc:"Acts beyond approve, reject and return"`
	Branches  []approval.Branch   `json:"branches,omitempty" doc:"Where it is among parallel branches, outermost first"`
	Late      *approval.Late      `json:"late,omitempty" doc:"Approvers are found when it is reached: these are a preview"`
	Amend     []string            `json:"amend,omitempty" doc:"What its approvers may change"`
	CC        *approval.Copies    `json:"cc,omitempty" doc:"Copied in when it is opened (asked) or passed (has agreed)"`
}

func planOf(p approval.Plan) Plan {
	out := Plan{
		Round: p.Round, Policy: p.Policy, PolicyVersion: p.PolicyVersion, PolicyHash: p.PolicyHash,
		OrgVersion: p.OrgVersion, Steps: []PlanStep{}, Then: p.Then, Counted: countedOf(p.Counted), CC: p.CC,
	}
	for _, s := range p.Steps {
		step := PlanStep{
			ID: s.ID, Title: s.Title, Need: string(s.Need), Reason: s.Reason, Mode: string(s.Mode),
			Approvers: s.Approvers, OnTimeout: s.OnTimeout.Do, Branches: s.Branches, Late: s.Late,
			Allow: s.Allow, Amend: s.Amend, CC: s.CC,
		}
		if s.Clock.Due.Count > 0 {
			step.Due = s.Clock.Due.String()
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}
