package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) tasks() {
	const tag = "Tasks and acts"
	add(a, operation{
		"list-tasks", http.MethodGet, "/tasks", tag,
		"One's own tasks, those of the queues one holds, and those one decides for others", 0,
	},
		a.listTasks)
	add(a, operation{"decide-task", http.MethodPost, "/tasks/{id}/acts", tag,
		"Approve, reject or return; transfer, consult, add or remove a signer, retract, hold, request info, extend, " +
			"sanction, amend", 0},
		a.decideTask)
	a.alsoAccepted("/tasks/{id}/acts", "200")
	add(a, operation{"read-act", http.MethodGet, "/acts/{id}", tag, "How far an act is", 0},
		a.readAct)
}

// SearchInput narrows a list as the pages do.
type SearchInput struct {
	Query     string   `query:"q" maxLength:"100" doc:"In the number, the title or the applicant's name"`
	Type      []string `query:"type" maxItems:"20" nullable:"false"`
	Entity    []string `query:"entity" maxItems:"50" nullable:"false"`
	Urgency   string   `query:"urgency" enum:"normal,urgent"`
	Applicant string   `query:"applicant" maxLength:"100" doc:"Part of a name, an account or an e-mail address"`
	From      string   `query:"amount_from" maxLength:"24" doc:"At least so much, such as 820.00"`
	To        string   `query:"amount_to" maxLength:"24" doc:"At most so much"`
	Currency  string   `query:"currency" maxLength:"3" doc:"Of the amounts: the document's, or that of its entity"`
}

func (in SearchInput) search() desk.Search {
	return desk.Search{
		Query: in.Query, Types: in.Type, Entities: in.Entity, Urgency: document.Urgency(in.Urgency),
		Applicant: in.Applicant, From: in.From, To: in.To, Currency: in.Currency,
	}
}

// TasksInput narrows a list of tasks.
type TasksInput struct {
	Paged
	SearchInput
	List    string   `query:"list" enum:"waiting,delegated,decided,ended,for_others,by_others" doc:"Or waiting"`
	State   []string `query:"state" maxItems:"10" nullable:"false" doc:"Of waiting: states; open where left out"`
	Overdue bool     `query:"overdue" doc:"Only those whose deadline has passed"`
	Sort    string   `query:"sort" enum:"deadline,newest,amount" doc:"Of waiting and delegated; by deadline if left out"`
	Total   bool     `query:"total" doc:"Count them all"`
}

// TasksOutput is a page of tasks.
type TasksOutput struct {
	Body List[Task]
}

// taskLists are the store's views by the names that programs use.
var taskLists = map[string]store.TaskView{
	"decided": store.TasksDecided, "ended": store.TasksEnded, "for_others": store.TasksForOthers,
	"by_others": store.TasksByOthers,
}

// listTasks handles GET /tasks.
func (a *API) listTasks(ctx context.Context, in *TasksInput) (*TasksOutput, error) {
	who, _ := auth.Of(ctx)
	narrow, err := a.desk.Narrow(ctx, in.search())
	if err != nil {
		return nil, err
	}
	filter := store.TaskFilter{
		View: taskLists[in.List], Narrow: narrow, Cursor: in.Cursor, Limit: in.Limit, WithTotal: in.Total,
	}
	if in.Sort != "deadline" {
		filter.Order = store.TaskOrder(in.Sort)
	}
	if in.Overdue {
		filter.DueBefore = a.desk.Time()
	}
	for _, state := range in.State {
		filter.States = append(filter.States, approval.TaskState(state))
	}
	read := a.desk.Tasks
	if in.List == "delegated" {
		read = a.desk.Delegated
	}
	page, err := read(ctx, who, filter)
	if err != nil {
		return nil, err
	}
	mine, err := a.listed(ctx, who, page.Items)
	return &TasksOutput{Body: listOf(page.Items, page.Next, page.Total, mine)}, err
}

// listed shows tasks as a list does: with what is left of each, and what to look at.
func (a *API) listed(ctx context.Context, who auth.Who, tasks []store.Task) (func(store.Task) Task, error) {
	clocks, err := a.desk.Clocks(ctx)
	if err != nil {
		return nil, err
	}
	marks, err := a.desk.Marked(ctx, tasks)
	return func(t store.Task) Task {
		out := taskOf(t)
		if t.Assignee != who.Person.ID && t.Assignee != approval.AdminQueue {
			out.OnBehalfOf = t.Assignee
		}
		if left, running := clocks.Left(t, marks[t.ID]); running {
			seconds := int64(left.Time.Seconds())
			if left.Late {
				seconds = -seconds
			}
			out.SecondsLeft = &seconds
		}
		for _, m := range marks[t.ID] {
			out.Marks = append(out.Marks, m.Name)
		}
		return out
	}, err
}

// TaskAct is what one may do with a task.
type TaskAct string

// Schema lists the acts.
func (TaskAct) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: []any{
		"approve", "reject", "return", "transfer", "consult", "add_signer", "remove_signer", "retract", "hold",
		"request_info", "extend", "sanction", "amend",
	}}
}

// DecisionBody is a decision on a task: what was seen, and what was decided.
type DecisionBody struct {
	Act         TaskAct  `json:"act"`
	Round       int      `json:"round" minimum:"1" doc:"The round that was seen"`
	ContentHash string   `json:"content_hash" minLength:"1" maxLength:"64" doc:"The content that was seen"`
	Opinion     string   `json:"opinion,omitempty" maxLength:"2000" doc:"Needed to reject, to return and to retract"`
	To          []string `json:"to,omitempty" maxItems:"20" nullable:"false" doc:"Whom: account, e-mail or name"`
	Where       string   `json:"where,omitempty" enum:"before,after,beside" doc:"Of an added signer"`
	ToStep      string   `json:"to_step,omitempty" maxLength:"200" doc:"Return to this step; to the submitter if left out"`
	Extra       string   `json:"extra,omitempty" maxLength:"40" doc:"How much longer, such as 1 workday"`
	Back        string   `json:"back,omitempty" enum:"restart,straight" doc:"straight: then back to this step"`

	Lines   []desk.SanctionLine `json:"lines,omitempty" maxItems:"500" nullable:"false" doc:"For sanction; others stay"`
	Changes []desk.FieldChange  `json:"changes,omitempty" maxItems:"500" nullable:"false" doc:"For amend"`

	Passkey *SignedBody `json:"passkey,omitempty" doc:"Where it was 401 act.passkey_required: what was signed"`
}

// DecisionInput is a decision on a task.
type DecisionInput struct {
	Keyed
	ID   string `path:"id" maxLength:"200"`
	Body DecisionBody
}

// decideTask handles POST /tasks/{id}/acts.
func (a *API) decideTask(ctx context.Context, in *DecisionInput) (*ActOutput, error) {
	who, _ := auth.Of(ctx)
	decision, err := in.decision(who)
	if err != nil {
		return nil, err
	}
	asked := in.Body
	asked.Passkey = nil // another signature of the same decision asks for the same
	return acted(a.desk.Decide(ctx, who, decision, keyOf("decide-task", in.IdempotencyKey, in.ID, asked)))
}

// decision reads what was decided.
func (in *DecisionInput) decision(who auth.Who) (desk.Decision, error) {
	for _, part := range []struct {
		of    TaskAct
		field string
		there bool
	}{{"sanction", "lines", len(in.Body.Lines) > 0}, {"amend", "changes", len(in.Body.Changes) > 0}} {
		if part.there && in.Body.Act != part.of {
			return desk.Decision{}, fault.New(fault.Invalid, "request.unknown_property", fault.Field(part.field))
		}
	}
	lines, err := desk.Approvals(in.Body.Lines)
	return desk.Decision{
		Task: in.ID, Act: approval.Name(in.Body.Act), Round: in.Body.Round, ContentHash: in.Body.ContentHash,
		Opinion: in.Body.Opinion, Channel: channel(who),
		To: in.Body.To, Where: in.Body.Where, ToStep: in.Body.ToStep, Back: in.Body.Back, Extra: in.Body.Extra,
		Lines: lines, Changes: desk.Changes(in.Body.Changes), Passkey: in.Body.Passkey.assertion(),
	}, err
}

// Act is how far an act is.
type Act struct {
	ID         string            `json:"id"`
	Act        string            `json:"act"`
	Document   string            `json:"document"`
	State      string            `json:"state" enum:"pending,applied,refused" doc:"pending: being applied"`
	Code       string            `json:"code,omitempty" doc:"ok, or why it was refused"`
	Args       map[string]string `json:"args,omitempty"`
	Status     string            `json:"status,omitempty" doc:"The document's status after it"`
	Seq        int64             `json:"seq,omitempty"`
	NewHash    string            `json:"new_content_hash,omitempty" doc:"Of the content that a sanction or amendment made"`
	ReceivedAt *time.Time        `json:"received_at,omitempty"`
	AnsweredAt *time.Time        `json:"answered_at,omitempty"`
}

// ActOutput is the answer to an act.
type ActOutput struct {
	Status   int
	Location string `header:"Location" doc:"Where to ask again"`
	Body     Act
}

// acted turns the desk's answer into HTTP's: 200 for an act that took effect,
// 202 for one that is recorded and being applied.
func acted(a desk.Acted, err error) (*ActOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &ActOutput{Status: http.StatusOK, Location: Base + "/acts/" + a.ID, Body: Act{
		ID: a.ID, Act: string(a.Name), Document: a.Document, State: "applied", Code: a.Outcome.Code,
		Status: string(a.Outcome.Status), Seq: a.Outcome.Seq, NewHash: a.NewHash,
	}}
	if a.Pending {
		out.Status, out.Body.State = http.StatusAccepted, "pending"
	}
	return out, nil
}

// ActInput names an act.
type ActInput struct {
	Asked
	ID string `path:"id" maxLength:"64"`
}

// ReadActOutput is how far an act is.
type ReadActOutput struct {
	Body Act
}

// readAct handles GET /acts/{id}.
func (a *API) readAct(ctx context.Context, in *ActInput) (*ReadActOutput, error) {
	who, _ := auth.Of(ctx)
	row, err := a.desk.Act(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	body := Act{
		ID: row.Act.ID, Act: string(row.Act.Name), Document: row.Act.Document, State: "pending",
		NewHash:    row.Act.NewHash,
		ReceivedAt: instant(row.ReceivedAt), AnsweredAt: instant(row.OutcomeAt),
	}
	if o := row.Outcome; o != nil {
		body.State, body.Code, body.Args = "refused", o.Code, o.Args
		body.Status, body.Seq = string(o.Status), o.Seq
		if o.Code == approval.OK {
			body.State = "applied"
		}
	}
	return &ReadActOutput{Body: body}, nil
}
