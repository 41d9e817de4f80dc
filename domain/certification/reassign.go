package certification

import (
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/org"
	"github.com/countersign/countersign/domain/proposal"
)

// ReassignMax is how often one item may be handed on: then its reviewer, whoever that is
// by then, or an administrator answers.
const ReassignMax = 10

// Reassignment has somebody else asked about an item, and says why. 转交复核
type Reassignment struct {
	By     string `json:"by"`
	To     string `json:"to"`
	Reason string `json:"reason"`

	Administers bool `json:"-"` // By does, where the right holds
}

// Standing is an item with who is asked about it now.
type Standing struct {
	Item

	State   string // Open, or what was said
	Decided string // by whom
	Asks    string // "": whichever administrator may
	Handed  int    // how often it was handed on
}

// Reassign says whether somebody else may be asked about an item: whoever is asked hands
// it on, or an administrator does, but nobody gives it to themselves, and nobody answers
// for a right of whom they answer to. That neither By nor To is the holder or gains by
// the right is Impartial's to say.
//
// Errors: Conflict review.closed, review.decided, review.handed_too_often; Forbidden
// review.not_yours, review.to_oneself, review.answers_to; Invalid review.reason_required,
// review.unknown_reviewer, review.same_reviewer, proposal.too_long.
func (c Campaign) Reassign(i Standing, r Reassignment, present *org.Snapshot, now time.Time) error {
	switch {
	case c.Over(now):
		return fault.New(fault.Conflict, "review.closed")
	case i.State != Open:
		return fault.New(fault.Conflict, "review.decided", fault.Arg("by", i.Decided))
	case !present.Active(r.By) || !r.Administers && (i.Asks == "" || i.Asks != r.By):
		return fault.New(fault.Forbidden, "review.not_yours")
	case i.Handed >= ReassignMax:
		return fault.New(fault.Conflict, "review.handed_too_often", fault.Arg("max", strconv.Itoa(ReassignMax)))
	case strings.TrimSpace(r.Reason) == "":
		return fault.New(fault.Invalid, "review.reason_required", fault.Field("reason"))
	case !present.Active(r.To):
		return fault.New(fault.Invalid, "review.unknown_reviewer", fault.Field("to"), fault.Arg("person", r.To))
	case i.Asks != "" && present.Same(i.Asks, r.To):
		return fault.New(fault.Invalid, "review.same_reviewer", fault.Field("to"), fault.Arg("person", r.To))
	case present.Same(r.By, r.To):
		return fault.New(fault.Forbidden, "review.to_oneself", fault.Field("to"))
	case answersTo(present, r.To, i.Person):
		return fault.New(fault.Forbidden, "review.answers_to", fault.Field("to"), fault.Arg("person", r.To),
			fault.Arg("manager", i.Person))
	}
	return proposal.Words("reason", r.Reason)
}

// answersTo says whether a manager, with whatever account, is above somebody.
func answersTo(present *org.Snapshot, who, manager string) bool {
	for _, m := range present.Chain(who) {
		if present.Same(m.ID, manager) {
			return true
		}
	}
	return false
}
