package approval

import "github.com/countersign/countersign/domain/calendar"

// Mode says how the decisions of a step's approvers combine. 会签方式
type Mode string

// The modes of a step.
const (
	AnyOf   Mode = "any_of"   // the first decision decides 或签
	AllOf   Mode = "all_of"   // all must agree; one rejection is a veto 会签
	InOrder Mode = "in_order" // one after another, a rejection ends it 依次审批

	Quorum   Mode = "quorum"    // Votes.Count yeses of the places 票签
	Ratio    Mode = "ratio"     // yeses of at least Votes.Num/Den of the weight 比例会签
	PerGroup Mode = "per_group" // one yes of each Approver.Group, whoever of it answers first 分组会签
)

// Votes is how many yeses a step of mode quorum or ratio needs; exact, never rounded.
type Votes struct {
	Count int   `json:"count,omitempty"` // quorum: yeses
	Num   int64 `json:"num,omitempty"`   // ratio: Num of Den of the weight
	Den   int64 `json:"den,omitempty"`
}

// What one rejection does in a step.
const (
	RejectVeto     = "veto"     // it ends the document: the default of every mode but quorum and ratio
	RejectVote     = "vote"     // it is a no, and ends the document once the yeses can no longer be enough: quorum, ratio
	RejectEveryone = "everyone" // as vote, for any_of: the document ends when everybody has rejected
)

// Plan is the route that a policy gave one document in one round. 流程
type Plan struct {
	Round         int      `json:"round"`
	Policy        string   `json:"policy"`         // policy id
	PolicyVersion int      `json:"policy_version"` // from 1
	PolicyHash    string   `json:"policy_hash"`
	OrgVersion    int64    `json:"org_version"` // organisation snapshot id
	Interested    []string `json:"interested"`  // submitter, requester, payee and their aliases: none of them approves
	Admins        []string `json:"admins"`      // who holds the admin queue, for reading; the gateway judges it anew
	Steps         []Step   `json:"steps"`
	Then          []string `json:"then"` // accrue, archive

	// Humans is how many different humans must have agreed before the document is
	// approved, whoever took over from whom; 0 asks for no number.
	Humans int `json:"humans,omitempty"`

	// SignIn says how fresh the sign-in of whoever decides must be; nil asks for none.
	SignIn *FreshSignIn `json:"sign_in,omitempty"`

	// Passkey says that whoever decides signs what they decide with a passkey.
	Passkey bool `json:"passkey,omitempty"`

	// Rules is the edition of these rules that the round is judged by, see RulesNow.
	Rules int `json:"rules,omitempty"`

	// Same lists the accounts of each human who has several: one human decides one
	// place of a step, with whatever account, also who is asked only later.
	Same [][]string `json:"same,omitempty"`

	// Counted is what was added to the document's own amount; nil where the policy
	// does not aggregate.
	Counted *Counted `json:"counted,omitempty"`

	// CC are copied in when the plan is made, the document approved, or over; nil:
	// the policy names nobody.
	CC *Copies `json:"cc,omitempty"`
}

// RulesNow is the edition of the rules that a plan of today is judged by. 规则版本
//
// A history replays what was judged long ago. So a rule that refuses what was taken
// before, or drafts something else, holds from an edition on: a round is judged by
// the one that its plan was recorded with, and those before plan.rules was are of 0.
//
//	1: signers stay with a task that is transferred or reassigned; who may not approve
//	   changes no content; the limit of tasks holds for retractions and hand-overs;
//	   no plan of rules alone approves what asks for humans
//	2: a return to the submitter may lead straight back to who returned it; a yes may
//	   count again in a later step of its round
//	3: a place that was not asked stands in a round that goes straight back only with
//	   the yes that it rests on: not where that was asked again
//	4: a step that stands in a round that goes straight back, and whose approvers were
//	   found when it was reached, keeps those
const RulesNow = 4

// edition is the edition of the rules that the round is judged by.
func (s State) edition() int {
	if s.Plan == nil {
		return 0
	}
	return s.Plan.Rules
}

// Need says whether a step needs people.
type Need string

// What a step needs.
const (
	NeedsPeople Need = "people"
	AutoApprove Need = "auto_approve" // by rule, recorded so 自动通过
	Skip        Need = "skip"
)

// Step is one stop of a plan. 审批节点
type Step struct {
	ID        string            `json:"id"`
	Title     map[string]string `json:"title"` // by locale
	Need      Need              `json:"need"`
	Reason    string            `json:"reason"` // why it is needed or not: the condition, as written, and its value
	Mode      Mode              `json:"mode,omitempty"`
	Votes     *Votes            `json:"votes,omitempty"`     // for quorum and ratio
	OnReject  string            `json:"on_reject,omitempty"` // veto, vote or everyone; "" = the mode's default
	Approvers []Approver        `json:"approvers,omitempty"`
	Clock     Clock             `json:"clock"`
	OnTimeout Timeout           `json:"on_timeout"`
	Allow     []string          `json:"allow,omitempty"` // acts beyond approve, reject and return

	// DistinctFrom are earlier steps: no human agrees both there and here.
	DistinctFrom []string `json:"distinct_from,omitempty"`

	// Once lets a yes of this round count again: who agreed in a step before it is not
	// asked here. 审批人去重
	Once bool `json:"once,omitempty"`

	// Branches says where the step stands among parallel branches, outermost first;
	// none: on the trunk. A step follows those before it in Plan.Steps, but for the
	// steps of another branch of one of its forks: with those it is asked at the same
	// time. What comes after a fork waits for all its branches.
	Branches []Branch `json:"branches,omitempty"`

	// Late says that the approvers are found when the step is reached, and how; those
	// in Approvers are a preview. nil: they were found with the plan.
	Late *Late `json:"late,omitempty"`

	// Amend names what the approvers may change where Allow has amend: "title",
	// "lines.cost_center", "fields.<name>", ….
	Amend []string `json:"amend,omitempty"`

	// CC are copied in when the step is asked, or when it has agreed; nil: the policy
	// names nobody, or the step needs no people.
	CC *Copies `json:"cc,omitempty"`
}

// Branch is one of the parallel branches of a fork. 并行分支
type Branch struct {
	Fork  string            `json:"fork"`            // id, as unique as that of a step
	N     int               `json:"n"`               // which branch of it, from 0
	Title map[string]string `json:"title,omitempty"` // by locale
}

// Late is how approvers are found when a step is reached: anew by the policy, with
// the organisation of then; or, with Chooser, by whoever passes that earlier step.
type Late struct {
	Chooser string   `json:"chooser,omitempty"` // id of the step whose approvers choose 由上一审批人指定
	Among   []string `json:"among,omitempty"`   // person ids, for Chooser; none else may be chosen
}

// Approver is a person, or the admin queue, asked to decide a step. 审批人
type Approver struct {
	Person string `json:"person"`           // person id, or AdminQueue
	Via    string `json:"via"`              // how the policy found them: role:finance_clerk, manager:1, fallback:self, …
	Group  string `json:"group,omitempty"`  // for per_group, such as department:sales
	Weight int64  `json:"weight,omitempty"` // of their vote in ratio, from 1; 0 = 1
}

// AdminQueue is asked where no eligible human could be found. Whoever holds the
// role admin may act for it; the gateway verifies that and signs it as OnBehalfOf.
const AdminQueue = "queue:admin"

// Clock is a step's deadline and reminders in working time. The instants are
// stamped when a task opens, outside workflow code.
type Clock struct {
	Calendar string            `json:"calendar"` // calendar id
	Due      calendar.Duration `json:"due"`      // zero: no deadline
	First    calendar.Duration `json:"first"`    // first reminder after opening; zero: none
	Every    calendar.Duration `json:"every"`
	AtMost   int               `json:"at_most"`
}

// Timeout is what happens when a task is overdue.
type Timeout struct {
	Do   string `json:"do"`             // escalate, reassign, reject, approve, or "" (only remind)
	Role string `json:"role,omitempty"` // for reassign
}

// What a timeout may do.
const (
	TimeoutEscalate = "escalate"
	TimeoutReassign = "reassign"
	TimeoutReject   = "reject"
	TimeoutApprove  = "approve"
)
