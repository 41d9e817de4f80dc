// Package proposal is the four-eyes rule: one person proposes, another one
// decides, and what was not decided in time is worth nothing.
package proposal

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
)

// Kind is what a proposal is about.
type Kind string

// The kinds: each publishes a text as the next version of its subject, but for an
// intervention, which becomes an act on the document that is its subject, and for
// those of rights, which give a person a role or take it away, and for a reversal, which
// has a voucher undone in the books.
const (
	Policy  Kind = "policy"  // 流程
	Type    Kind = "type"    // 单据类型
	Mapping Kind = "mapping" // 凭证模板

	Calendar Kind = "calendar" // 工作日历

	Intervention Kind = "intervention" // 管理员干预

	Grant      Kind = "grant"      // 授权
	Revocation Kind = "revocation" // 撤销授权

	Reversal Kind = "reversal" // 凭证冲销; its subject is the document
)

// OfRights says whether a kind is about somebody's rights: its subject is that person.
func (k Kind) OfRights() bool { return k == Grant || k == Revocation }

// State is how far a proposal has come.
type State string

// The states. Expired is never stored: the clock says it.
const (
	Open     State = "open"
	Approved State = "approved"
	Refused  State = "refused"
	Expired  State = "expired"
)

// The limits of a proposal.
const (
	LifeDefault = 14 * 24 * time.Hour
	LifeMax     = 90 * 24 * time.Hour
	WordsMax    = 2000 // characters of a note or a reason
)

// Proposal is something that needs a second person. 提案（双人复核）
type Proposal struct {
	ID      string    `json:"id"`
	Kind    Kind      `json:"kind"`
	Subject string    `json:"subject"` // id of the policy, type, mapping or calendar; of the document; of the person
	Hash    string    `json:"hash"`    // of the payload: what is decided on
	Base    int       `json:"base"`    // version in force, 0 = none; a document's round; a reversal's attempt
	Note    string    `json:"note"`    // why, in the maker's words
	Maker   string    `json:"maker"`   // person id 经办
	State   State     `json:"state"`   // as stored: never expired
	Checker string    `json:"checker"` // person id; "" while open 复核
	Reason  string    `json:"reason"`  // of the checker
	Version int       `json:"version"` // that it became; 0 = none, or an intervention
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Decided time.Time `json:"decided"` // zero while open
}

func placed(args ...string) []string { return append([]string{"file", "line", "column"}, args...) }

// Faults are the refusals of a proposal and of its decision.
var Faults = fault.Register(map[string]fault.Entry{
	"proposal.not_found":       {Kind: fault.NotFound},
	"proposal.own":             {Kind: fault.Forbidden, Args: []string{"maker"}},
	"proposal.decided":         {Kind: fault.Conflict, Args: []string{"by"}},
	"proposal.expired":         {Kind: fault.Conflict, Args: []string{"at"}},
	"proposal.outdated":        {Kind: fault.Conflict, Args: []string{"base", "version"}},
	"proposal.changed":         {Kind: fault.Conflict},
	"proposal.in_force":        {Kind: fault.Conflict, Args: []string{"id", "version"}},
	"proposal.other_subject":   {Kind: fault.Invalid, Args: []string{"id", "found"}},
	"proposal.reason_required": {Kind: fault.Invalid},
	"proposal.too_long":        {Kind: fault.Invalid, Args: []string{"max"}},
	"proposal.bad_expiry":      {Kind: fault.Invalid, Args: []string{"max"}},
	"proposal.unknown_kind":    {Kind: fault.Invalid, Args: []string{"kind"}},
	"proposal.names_nothing":   {Kind: fault.Invalid, Args: placed("field", "id")},
	"proposal.unbooked":        {Kind: fault.Invalid, Args: placed("category", "id")},
	"proposal.booked_still":    {Kind: fault.Invalid, Args: placed("category", "id")},
	"proposal.settles_nowhere": {Kind: fault.Invalid, Args: placed("id")},
	"proposal.books_another":   {Kind: fault.Invalid, Args: placed("id", "type")},
})

// Verdict is what the second person says.
type Verdict struct {
	Checker string
	Approve bool
	Hash    string // of the payload they saw; "" = not said
	Reason  string // required for a refusal
}

// At is the state as of an instant: an open proposal lives in [created, expires).
func (p Proposal) At(now time.Time) State {
	if p.State == Open && !now.Before(p.Expires) {
		return Expired
	}
	return p.State
}

// Judge says whether a verdict may be given now. same tells whether two accounts
// are one human; nobody decides on their own proposal with whatever account.
//
// Errors: Conflict proposal.decided, proposal.expired, proposal.changed; Forbidden
// proposal.own; Invalid proposal.reason_required, proposal.too_long.
func (p Proposal) Judge(v Verdict, same func(a, b string) bool, now time.Time) error {
	switch p.At(now) {
	case Expired:
		return fault.New(fault.Conflict, "proposal.expired", fault.Arg("at", p.Expires.UTC().Format(time.RFC3339)))
	case Approved, Refused:
		return fault.New(fault.Conflict, "proposal.decided", fault.Arg("by", p.Checker))
	}
	switch {
	case v.Checker == "" || v.Checker == p.Maker || same(v.Checker, p.Maker):
		return fault.New(fault.Forbidden, "proposal.own", fault.Arg("maker", p.Maker))
	case v.Hash != "" && v.Hash != p.Hash:
		return fault.New(fault.Conflict, "proposal.changed", fault.Field("hash"))
	case !v.Approve && strings.TrimSpace(v.Reason) == "":
		return fault.New(fault.Invalid, "proposal.reason_required", fault.Field("reason"))
	}
	return Words("reason", v.Reason)
}

// Words refuses a note or a reason that is too long.
//
// Errors: Invalid proposal.too_long.
func Words(field, text string) error {
	if utf8.RuneCountInString(text) > WordsMax {
		return fault.New(fault.Invalid, "proposal.too_long", fault.Field(field), fault.Arg("max", "2000"))
	}
	return nil
}
