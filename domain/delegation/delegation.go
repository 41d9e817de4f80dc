// Package delegation is the standing rule that one person decides for another
// between two dates.
//
// Rules are looked up at the moment of acting, so they hold for tasks that were
// open before them too. A rule is never passed on: whoever decides for somebody
// needs a rule of that somebody, so a chain of rules ends after its first.
package delegation

import (
	"cmp"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// Rule says that Delegate may decide what Person is asked to decide. 委托
type Rule struct {
	ID       string       `json:"id"`
	Person   string       `json:"person"`   // whose tasks they are 委托人
	Delegate string       `json:"delegate"` // who decides them 受托人
	From     time.Time    `json:"from"`     // [From, Until)
	Until    time.Time    `json:"until"`
	Types    []string     `json:"types,omitempty"` // document types; none means every type
	Cap      money.Amount `json:"cap,omitzero"`    // at most this, in the base currency; no currency means no cap
	Reason   string       `json:"reason,omitempty"`
	MadeBy   string       `json:"made_by"` // Person, or an admin for them
	MadeAt   time.Time    `json:"made_at"`

	RevokedBy    string    `json:"revoked_by,omitempty"`
	RevokedAt    time.Time `json:"revoked_at,omitzero"` // zero: not revoked
	RevokeReason string    `json:"revoke_reason,omitempty"`
}

// The kinds of event in the stream of a person's delegations; their data is the Rule.
const (
	Made      = "delegation.made"
	TakenBack = "delegation.revoked"
)

// Standing is where a rule stands at an instant.
type Standing string

// The standings of a rule.
const (
	Coming  Standing = "coming"   // not begun 未开始
	Current Standing = "in_force" // 生效中
	Ended   Standing = "ended"    // its time is over 已结束
	Revoked Standing = "revoked"  // taken back before its end 已撤销
)

// At says where a rule stands at an instant.
func (r Rule) At(now time.Time) Standing {
	switch {
	case !r.RevokedAt.IsZero() && !now.Before(r.RevokedAt):
		return Revoked
	case now.Before(r.From):
		return Coming
	case now.Before(r.Until):
		return Current
	}
	return Ended
}

// Covers says whether a rule reaches documents of a type over an amount in the
// base currency. A cap in another currency reaches nothing: what cannot be
// compared is not allowed.
func (r Rule) Covers(docType string, amount money.Amount) bool {
	return r.coversType(docType) && r.coversAmount(amount)
}

func (r Rule) coversType(docType string) bool {
	return len(r.Types) == 0 || slices.Contains(r.Types, docType)
}

func (r Rule) coversAmount(amount money.Amount) bool {
	if r.Cap.Currency == "" {
		return true
	}
	over, err := amount.Cmp(r.Cap)
	return err == nil && over <= 0
}

// InForce lists the rules that hold at an instant for a document of a type over
// an amount: of overlapping rules between the same two people the newest, which
// is the one that applies. They are sorted by person, then by delegate.
func InForce(rules []Rule, now time.Time, docType string, amount money.Amount) []Rule {
	var holding []Rule
	for _, r := range rules {
		if r.At(now) == Current && r.Covers(docType, amount) {
			holding = append(holding, r)
		}
	}
	slices.SortFunc(holding, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.Delegate, b.Delegate),
			b.MadeAt.Compare(a.MadeAt), cmp.Compare(b.ID, a.ID))
	})
	return slices.CompactFunc(holding, func(a, b Rule) bool { return a.Person == b.Person && a.Delegate == b.Delegate })
}

// Request asks whether one person may decide for another.
type Request struct {
	Person, Delegate string
	Now              time.Time
	Type             string       // of the document
	Amount           money.Amount // its total in the base currency
}

// Vet finds the rule by which somebody may decide for somebody else. Only a rule
// between these two counts, so no chain of rules is ever followed.
//
// Errors: Forbidden, with the reason of the rule that came nearest: over_cap,
// out_of_scope, not_begun, revoked, ended; delegation.none where there is none.
func Vet(rules []Rule, q Request) (Rule, error) {
	var between []Rule
	for _, r := range rules {
		if r.Person == q.Person && r.Delegate == q.Delegate {
			between = append(between, r)
		}
	}
	if holding := InForce(between, q.Now, q.Type, q.Amount); len(holding) > 0 {
		return holding[0], nil
	}
	var refused error = fault.New(fault.Forbidden, "delegation.none")
	nearest, until := 0, time.Time{}
	for _, r := range between {
		if near, refusal := r.refuse(q); near > nearest || near == nearest && r.Until.After(until) {
			nearest, until, refused = near, r.Until, refusal
		}
	}
	return Rule{}, refused
}

// refuse says why a rule does not hold, and how near it came: the nearer, the
// more it tells of what to ask for.
func (r Rule) refuse(q Request) (int, error) {
	switch r.At(q.Now) {
	case Ended:
		return 1, fault.New(fault.Forbidden, "delegation.ended", instant("at", r.Until))
	case Revoked:
		return 2, fault.New(fault.Forbidden, "delegation.revoked", fault.Arg("by", r.RevokedBy), instant("at", r.RevokedAt))
	case Coming:
		return 3, fault.New(fault.Forbidden, "delegation.not_begun", instant("at", r.From))
	case Current:
	}
	if !r.coversType(q.Type) {
		return 4, fault.New(fault.Forbidden, "delegation.out_of_scope", fault.Arg("type", q.Type))
	}
	return 5, fault.New(fault.Forbidden, "delegation.over_cap",
		fault.Arg("max", r.Cap.Text()), fault.Arg("currency", string(r.Cap.Currency)))
}
