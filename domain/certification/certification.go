// Package certification is the periodic review of rights: a campaign asks, of every
// grant in its scope, somebody who is not its holder whether it is still needed.
//
// It is pure: the items of a campaign follow from the organisation as it stood when the
// campaign was opened, so that an audit derives them anew, and silence certifies nothing.
package certification

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/delegation"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
)

// The limits of a campaign.
const (
	ItemsMax = 5000
	TitleMax = 200 // characters
	DueMax   = 366 * 24 * time.Hour
	ScopeMax = 100 // roles, and entities
)

// Who reviews. 复核人规则
const (
	ByManager        = "manager"       // the nearest manager of the holder who may; else an administrator
	ByAdministrators = "administrator" // any administrator who may
)

// What becomes of an item that nobody decided on.
const (
	ListUndecided    = "list"   // it is reported as undecided
	ProposeUndecided = "revoke" // and its revocation is proposed
)

// Scope is which grants a campaign asks about; empty lists mean all. A grant for every
// entity is in the scope of a campaign for every entity alone.
type Scope struct {
	Roles    []string `json:"roles"`
	Entities []string `json:"entities"`
}

func (s Scope) holds(g org.Grant) bool {
	return (len(s.Roles) == 0 || slices.Contains(s.Roles, g.Role)) &&
		(len(s.Entities) == 0 || slices.Contains(s.Entities, g.Entity))
}

// Campaign is one review of rights. 权限复核
type Campaign struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Scope     Scope     `json:"scope"`
	Reviewer  string    `json:"reviewer"`  // ByManager or ByAdministrators
	Undecided string    `json:"undecided"` // ListUndecided or ProposeUndecided
	OpenedBy  string    `json:"opened_by"` // a person, or a system actor
	Opened    time.Time `json:"opened_at"`
	Due       time.Time `json:"due_at"`    // until when its reviewers are asked; then administrators are told
	Closes    time.Time `json:"closes_at"` // what nobody decided on by then stays undecided
	Version   int64     `json:"version"`   // of the organisation that its items were taken from
}

// Over says whether nothing can be decided any more.
func (c Campaign) Over(now time.Time) bool { return !now.Before(c.Closes) }

// Late says whether the reviewers are overdue, so that administrators may decide too.
func (c Campaign) Late(now time.Time) bool { return !now.Before(c.Due) }

// Item is one grant that somebody is asked about. 复核项
type Item struct {
	No         int       `json:"no"` // from 1
	Person     string    `json:"person"`
	Role       string    `json:"role"`
	Entity     string    `json:"entity"`
	Department string    `json:"department"`
	Grant      string    `json:"grant"` // its key among those of the person: access.Key
	Until      time.Time `json:"until,omitzero"`
	Reviewer   string    `json:"reviewer"` // "": whichever administrator may
}

// Right is the grant as a revocation names it.
func (i Item) Right(reason string) access.Revocation {
	r := access.Revocation{Person: i.Person, Role: i.Role, Entity: i.Entity, Department: i.Department, Reason: reason}
	if !strings.Contains(i.Grant, "@") { // what a file or a directory gives has no id
		r.Grant = i.Grant
	}
	return r
}

// Faults are the refusals of a campaign and of what is said in it.
var Faults = fault.Register(map[string]fault.Entry{
	"review.not_found":       {Kind: fault.NotFound},
	"review.no_title":        {Kind: fault.Invalid, Args: []string{"max"}},
	"review.bad_due":         {Kind: fault.Invalid},
	"review.bad_rule":        {Kind: fault.Invalid},
	"review.unknown_role":    {Kind: fault.Invalid, Args: []string{"role"}},
	"review.unknown_entity":  {Kind: fault.Invalid, Args: []string{"entity"}},
	"review.empty":           {Kind: fault.Invalid},
	"review.too_many":        {Kind: fault.Invalid, Args: []string{"max"}},
	"review.closed":          {Kind: fault.Conflict},
	"review.decided":         {Kind: fault.Conflict, Args: []string{"by"}},
	"review.own":             {Kind: fault.Forbidden},
	"review.gains":           {Kind: fault.Forbidden, Args: []string{"person"}},
	"review.not_yours":       {Kind: fault.Forbidden},
	"review.grant_ended":     {Kind: fault.Conflict},
	"review.bad_verdict":     {Kind: fault.Invalid},
	"review.reason_required": {Kind: fault.Invalid},
	"review.bad_until":       {Kind: fault.Invalid},
	"review.nothing_chosen":  {Kind: fault.Invalid},

	"review.handed_too_often": {Kind: fault.Conflict, Args: []string{"max"}},
	"review.unknown_reviewer": {Kind: fault.Invalid, Args: []string{"person"}},
	"review.same_reviewer":    {Kind: fault.Invalid, Args: []string{"person"}},
	"review.to_oneself":       {Kind: fault.Forbidden},
	"review.answers_to":       {Kind: fault.Forbidden, Args: []string{"person", "manager"}},
})

// Check says whether a campaign may be opened.
//
// Errors: Invalid review.*.
func (c Campaign) Check(s *org.Snapshot) error {
	switch {
	case strings.TrimSpace(c.Title) == "" || len([]rune(c.Title)) > TitleMax:
		return fault.New(fault.Invalid, "review.no_title", fault.Field("title"), fault.Arg("max", strconv.Itoa(TitleMax)))
	case !c.Due.After(c.Opened) || c.Closes.Before(c.Due) || c.Closes.After(c.Opened.Add(DueMax)):
		return fault.New(fault.Invalid, "review.bad_due", fault.Field("due"))
	case !slices.Contains([]string{ByManager, ByAdministrators}, c.Reviewer):
		return fault.New(fault.Invalid, "review.bad_rule", fault.Field("reviewer"))
	case !slices.Contains([]string{ListUndecided, ProposeUndecided}, c.Undecided):
		return fault.New(fault.Invalid, "review.bad_rule", fault.Field("undecided"))
	case len(c.Scope.Roles) > ScopeMax || len(c.Scope.Entities) > ScopeMax:
		return fault.New(fault.Invalid, "review.too_many", fault.Field("roles"), fault.Arg("max", strconv.Itoa(ScopeMax)))
	}
	for _, role := range c.Scope.Roles {
		if !slices.Contains(access.Roles(), role) || role == access.Employee {
			return fault.New(fault.Invalid, "review.unknown_role", fault.Field("roles"), fault.Arg("role", role))
		}
	}
	for _, entity := range c.Scope.Entities {
		if _, known := s.Entities[entity]; !known {
			return fault.New(fault.Invalid, "review.unknown_entity", fault.Field("entities"), fault.Arg("entity", entity))
		}
	}
	return nil
}

// Items are what a campaign asks: the grants in its scope that hold when it is opened,
// each with who reviews it, in a fixed order. Rights of people who left are among them.
//
// Errors: Invalid review.empty, review.too_many.
func (c Campaign) Items(whole *org.Snapshot, rules []delegation.Rule) ([]Item, error) {
	present := whole.At(c.Opened).Indexed()
	var items []Item
	for _, g := range present.Grants {
		if c.Scope.holds(g) {
			items = append(items, Item{Person: g.Person, Role: g.Role, Entity: g.Entity, Department: g.Department,
				Grant: access.Key(g), Until: g.Until.UTC(), Reviewer: c.reviewer(present, rules, g.Person)})
		}
	}
	if len(items) == 0 {
		return nil, fault.New(fault.Invalid, "review.empty", fault.Field("roles"))
	}
	if len(items) > ItemsMax {
		return nil, fault.New(fault.Invalid, "review.too_many", fault.Field("roles"), fault.Arg("max",
			strconv.Itoa(ItemsMax)))
	}
	slices.SortFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.Grant, b.Grant), cmp.Compare(a.Department, b.Department))
	})
	items = slices.Compact(items)
	for i := range items {
		items[i].No = i + 1
	}
	return items, nil
}

// Hash is over all items: what the record keeps of them.
func Hash(items []Item) (string, error) { return evidence.HashOf(items) }

// reviewer is the nearest manager of a holder who may review, "" for the administrators.
func (c Campaign) reviewer(present *org.Snapshot, rules []delegation.Rule, holder string) string {
	if c.Reviewer != ByManager {
		return ""
	}
	for _, m := range present.Chain(holder) {
		if m.Active && Impartial(present, rules, holder, m.ID, c.Opened) == nil {
			return m.ID
		}
	}
	return ""
}

// Impartial refuses who may not say whether somebody keeps a right: the holder with
// whatever account, and who decides in the holder's place by a delegation in force or to
// come, and so would gain by it.
//
// Errors: Forbidden review.own, review.gains.
func Impartial(present *org.Snapshot, rules []delegation.Rule, holder, reviewer string, now time.Time) error {
	if present.Same(holder, reviewer) {
		return fault.New(fault.Forbidden, "review.own")
	}
	for _, r := range rules {
		stands := !r.MadeAt.After(now) && (r.At(now) == delegation.Current || r.At(now) == delegation.Coming)
		if stands && present.Same(r.Person, holder) && present.Same(r.Delegate, reviewer) {
			return fault.New(fault.Forbidden, "review.gains", fault.Arg("person", holder))
		}
	}
	return nil
}

// What is said of an item, and what else may become of it.
const (
	Keep    = "keep"    // still needed 保留
	Revoke  = "revoke"  // proposed for revocation 撤销
	Shorten = "shorten" // proposed to end earlier 缩短期限

	Open      = "open"
	Undecided = "undecided" // nobody said anything in time; it is not certified
	Ended     = "ended"     // the right had ended before anybody said anything
)

// Verdict is what a reviewer says of an item.
type Verdict struct {
	Say    string    `json:"verdict"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"` // of Shorten: when the right shall end
}

// Judge says whether a verdict may be given on an item in a state. What the reviewer may
// do at all, and whether they are impartial, is asked of the organisation.
//
// Errors: Conflict review.closed, review.decided; Invalid review.bad_verdict,
// review.reason_required, review.bad_until, proposal.too_long.
func (c Campaign) Judge(i Item, state, by string, v Verdict, now time.Time) error {
	switch {
	case c.Over(now):
		return fault.New(fault.Conflict, "review.closed")
	case state != Open:
		return fault.New(fault.Conflict, "review.decided", fault.Arg("by", by))
	case !slices.Contains([]string{Keep, Revoke, Shorten}, v.Say):
		return fault.New(fault.Invalid, "review.bad_verdict", fault.Field("verdict"))
	case v.Say != Keep && strings.TrimSpace(v.Reason) == "":
		return fault.New(fault.Invalid, "review.reason_required", fault.Field("reason"))
	case (v.Say == Shorten) == v.Until.IsZero():
		return fault.New(fault.Invalid, "review.bad_until", fault.Field("until"))
	case v.Say == Shorten && (!v.Until.After(now) || !i.Until.IsZero() && !v.Until.Before(i.Until)):
		return fault.New(fault.Invalid, "review.bad_until", fault.Field("until"))
	}
	return proposal.Words("reason", v.Reason)
}

// Asked says whether somebody is asked about an item: its reviewer as of now, or an
// administrator of where the right holds if there is none, the one there was is not here
// any more, or they are late.
func (c Campaign) Asked(reviewer, who string, administers bool, present *org.Snapshot, now time.Time) bool {
	if reviewer != "" && reviewer == who {
		return true
	}
	return administers && (reviewer == "" || !present.Active(reviewer) || c.Late(now))
}
