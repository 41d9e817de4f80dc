package approval

import (
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// judgeResubmit begins the next round on the next revision; its route is then
// planned anew, by the policy in force.
func (s State) judgeResubmit(a Act, now time.Time) ([]evidence.Draft, error) {
	switch {
	case !s.owns(a.Actor):
		return nil, fault.New(fault.Forbidden, "document.not_yours")
	case s.Done():
		return nil, s.refuseStatus("document.final")
	case s.Status != Returned:
		return nil, s.refuseStatus("document.not_returned")
	case a.Revision != s.Revision+1:
		return nil, fault.New(fault.Conflict, "document.revision_stale", fault.Field("revision"),
			fault.Arg("expected", strconv.Itoa(s.Revision+1)))
	case a.NewHash == "":
		return nil, fault.New(fault.Invalid, "act.hash_required", fault.Field("new_hash"))
	case s.Round >= roundsMax:
		return nil, fault.New(fault.Conflict, "document.too_many_rounds", maxArg(roundsMax))
	case len(s.Seen) >= actsMax:
		return nil, fault.New(fault.Conflict, "document.too_many_acts", maxArg(actsMax))
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	again := p.event(DocumentResubmitted, a.Actor, a.OnBehalfOf, ResubmittedData{Reason: a.Opinion})
	again.Round, again.Revision, again.ContentHash = s.Round+1, a.Revision, a.NewHash
	p.draft(again)
	return p.drafts, nil
}

// judgeWithdraw takes the document back: freely before anybody decided, with a
// reason afterwards, never once it is approved.
func (s State) judgeWithdraw(a Act, now time.Time) ([]evidence.Draft, error) {
	switch {
	case !s.owns(a.Actor):
		return nil, fault.New(fault.Forbidden, "document.not_yours")
	case s.Done():
		return nil, s.refuseStatus("document.final")
	case s.Status != Submitted && s.Status != Pending && s.Status != Returned:
		return nil, s.refuseStatus("document.too_late")
	case s.Decided && strings.TrimSpace(a.Opinion) == "":
		return nil, opinionRequired()
	}
	step := ""
	if waiting := s.WaitingSteps(); len(waiting) > 0 {
		step = waiting[0].ID
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	p.why = a.Opinion
	p.supersede(Withdraw, func(Task) bool { return true })
	p.write(DocumentWithdrawn, EndedData{Step: step, Reason: a.Opinion})
	return p.drafts, nil
}

// owns says whether a person may act for the document itself.
func (s State) owns(person string) bool { return person == s.Submitter || person == s.Requester }

func (s State) refuseStatus(code string) error {
	return fault.New(fault.Conflict, code, fault.Arg("status", string(s.Status)))
}
