package approval

import (
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/passkey"
)

// Name is the name of an act; it is also the name of its Temporal update, and
// is stored for years. 操作
type Name string

// The acts of this version. docs/acts.md holds the table act → update →
// permission → event, and the names reserved for later.
const (
	Approve  Name = "approve"  // 同意
	Reject   Name = "reject"   // 拒绝
	Return   Name = "return"   // 退回
	Resubmit Name = "resubmit" // 重新提交
	Withdraw Name = "withdraw" // 撤回
	Resolve  Name = "resolve"  // 处理挂起的入账

	Transfer     Name = "transfer"      // 转审
	Consult      Name = "consult"       // 征询: asks; by the one asked, answers
	AddSigner    Name = "add_signer"    // 加签
	RemoveSigner Name = "remove_signer" // 减签
	Retract      Name = "retract"       // 拿回

	Hold        Name = "hold"         // 暂挂
	Release     Name = "release"      // 解除
	RequestInfo Name = "request_info" // 补充材料
	Extend      Name = "extend"       // 延期

	Sanction Name = "sanction" // 核定金额
	Amend    Name = "amend"    // 修改

	Intervene Name = "intervene" // 管理员干预
)

// Act is something a person does to a document. The gateway makes its id, signs
// its canonical form and commits it to the inbox before anybody judges it.
type Act struct {
	ID          string `json:"id"` // UUIDv7; also the update's id
	Name        Name   `json:"name"`
	Document    string `json:"document"`
	Task        string `json:"task,omitempty"`         // the task decided, for approve, reject, return
	Round       int    `json:"round,omitempty"`        // the round seen, for the acts on a task
	ContentHash string `json:"content_hash,omitempty"` // the content seen, for the acts on a task
	Actor       string `json:"actor"`                  // from the session, never from the body
	OnBehalfOf  string `json:"on_behalf_of,omitempty"` // whose task it is, if not the actor's; vetted by the gateway
	Opinion     string `json:"opinion,omitempty"`      // the reason or remark 审批意见
	Revision    int    `json:"revision,omitempty"`     // the new content, for resubmit, sanction, amend; stored first
	NewHash     string `json:"new_hash,omitempty"`     // its hash
	Effect      string `json:"effect,omitempty"`       // the parked reference, or plan:<round>, for resolve
	Attempt     int    `json:"attempt,omitempty"`      // the attempt seen failed, for resolve: Effect.Attempt, PlanAttempt
	Ruling      string `json:"ruling,omitempty"`       // retry, redate or void, for resolve; for intervene see there
	Date        string `json:"date,omitempty"`         // posting date for redate, YYYY-MM-DD
	Channel     string `json:"channel,omitempty"`      // api, web, …

	To     []string `json:"to,omitempty"`      // whom: transfer, consult, remove_signer one, add_signer, approve some
	Where  string   `json:"where,omitempty"`   // before, after or beside, for add_signer
	ToStep string   `json:"to_step,omitempty"` // for return: a step already passed; "" = the submitter. For jump
	Back   string   `json:"back,omitempty"`    // for return to a step: restart or straight; "" = restart
	Extra  string   `json:"extra,omitempty"`   // for extend: how much longer, such as "1 workday"

	Sanction *document.Sanction `json:"sanction,omitempty"` // for sanction: what leads to the new content
	Changes  []document.Change  `json:"changes,omitempty"`  // for amend: what leads to the new content

	// SignIn is how the actor signed in, where the plan asks for a fresh sign-in.
	SignIn *SignIn `json:"sign_in,omitempty"`

	// Passkey is what the actor's passkey signed, where the plan asks for it: Challenge.
	Passkey *passkey.Assertion `json:"passkey,omitempty"`

	// Maker is who proposed an intervention that needs two: the actor approved it. The
	// act's id is then that of the proposal.
	Maker string `json:"maker,omitempty"`
}

// Where an added signer stands.
const (
	SignBefore = "before" // my task waits for them 前加签
	SignAfter  = "after"  // they decide when the step has its yeses 后加签
	SignBeside = "beside" // they decide at the same time 并行加签
)

// What follows when the step that was returned to agrees again.
const (
	BackRestart  = "restart"  // every step after it decides again
	BackStraight = "straight" // straight back to the step that returned it
)

// Rulings of a parked effect.
const (
	RulingRetry  = "retry"  // the cause is mended: try again under the same reference
	RulingRedate = "redate" // post with another date, for a closed period
	RulingVoid   = "void"   // give the posting up; the document stays approved and unposted
)

// Rulings of an intervention. 干预方式
const (
	RulingReassign = "reassign" // somebody else fills the place of a task 改派
	RulingJump     = "jump"     // on to a later step, or back to an earlier one 跳转
	RulingReplan   = "replan"   // the route is asked for anew, in a new round 重新规划
	RulingRelease  = "release"  // a clock that somebody else stopped runs again 解除暂挂
	// RulingVoid ends the document, before anything is booked. 作废
)

// Outcome is the answer to a cause: what it did, or the fault it met. It is
// stored once and given again to whoever asks again.
type Outcome struct {
	Code   string            `json:"code"`             // "ok", or a fault's code
	Kind   string            `json:"kind,omitempty"`   // a fault's kind
	Args   map[string]string `json:"args,omitempty"`   // a fault's arguments
	Status Status            `json:"status,omitempty"` // the document's status after it
	Seq    int64             `json:"seq,omitempty"`    // the stream's head after it
}

// OK is the code of an outcome that took effect.
const OK = "ok"
