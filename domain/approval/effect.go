package approval

import (
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// accrual is the reference of the voucher that books this revision.
func (s State) accrual() string {
	return "v:" + s.Document + ":" + string(voucher.Accrual) + ":" + strconv.Itoa(s.Revision)
}

// PlanReference is how resolve names a route that could not be found.
func (s State) PlanReference() string { return "plan:" + strconv.Itoa(s.Round) }

// judgeSettled takes the answer about the pending effect; any other answer is
// late, and changes nothing.
func (s State) judgeSettled(c Settled, now time.Time) []evidence.Draft {
	if !s.WantsPosting() || c.Reference != s.Effect.Reference || c.Attempt != s.Effect.Attempt {
		return nil
	}
	p := s.pen(now, SystemPosting, "")
	answer := EffectData{
		Reference: c.Reference, Attempt: c.Attempt, Number: foreign(c.Number), ID: foreign(c.ID),
		Code: c.Code, Detail: foreign(c.Detail), Date: s.Effect.Date,
		Unanswered: c.Unanswered && !c.Posted,
	}
	if !c.Posted {
		p.write(VoucherParked, answer)
		return p.drafts
	}
	p.write(VoucherPosted, answer)
	p.write(DocumentClosed, EndedData{Reason: ClosedPosted})
	return p.drafts
}

// foreign makes another system's words storable: text, of a bounded length.
func foreign(words string) string {
	words = strings.ReplaceAll(strings.ToValidUTF8(words, "\uFFFD"), "\x00", "")
	if runes := []rune(words); len(runes) > opinionMax {
		return string(runes[:opinionMax])
	}
	return words
}

// judgeResolve takes a ruling on what is stuck: a parked voucher, or a route
// that could not be found. Whether the actor may rule is the gateway's to vet.
func (s State) judgeResolve(a Act, now time.Time) ([]evidence.Draft, error) {
	if strings.HasPrefix(a.Effect, "plan:") {
		return s.judgeReplan(a, now)
	}
	if s.Done() {
		return nil, s.refuseStatus("document.final")
	}
	if s.Status != Parked || s.Effect == nil {
		return nil, fault.New(fault.Conflict, "voucher.not_parked")
	}
	if a.Effect != s.Effect.Reference || a.Attempt != s.Effect.Attempt {
		return nil, fault.New(fault.Conflict, "voucher.resolve_stale")
	}
	if a.Ruling == RulingVoid && s.Effect.Unanswered {
		return nil, fault.New(fault.Conflict, "voucher.unanswered")
	}
	date := s.Effect.Date
	switch a.Ruling {
	case RulingRetry, RulingVoid:
	case RulingRedate:
		if _, err := time.Parse(time.DateOnly, a.Date); err != nil {
			return nil, fault.New(fault.Invalid, "act.bad_date", fault.Field("date"), fault.Arg("date", a.Date))
		}
		date = a.Date
	default:
		return nil, badRuling(a)
	}
	if s.Effect.Attempt >= attemptsMax && a.Ruling != RulingVoid {
		return nil, fault.New(fault.Conflict, "voucher.too_many_rulings", maxArg(attemptsMax))
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	p.write(VoucherResolved, EffectData{
		Reference: a.Effect, Attempt: a.Attempt + 1, Ruling: a.Ruling, Date: date, Detail: a.Opinion,
	})
	if a.Ruling == RulingVoid {
		p.write(DocumentClosed, EndedData{Reason: ClosedVoid})
	}
	return p.drafts, nil
}

// judgeReplan asks for the route of the round once more.
func (s State) judgeReplan(a Act, now time.Time) ([]evidence.Draft, error) {
	switch {
	case s.Done():
		return nil, s.refuseStatus("document.final")
	case !s.planFailed():
		return nil, fault.New(fault.Conflict, "plan.not_failed")
	case a.Effect != s.PlanReference() || a.Attempt != s.PlanAttempt:
		return nil, fault.New(fault.Conflict, "plan.resolve_stale")
	case a.Ruling != RulingRetry:
		return nil, badRuling(a)
	case s.PlanAttempt >= attemptsMax:
		return nil, fault.New(fault.Conflict, "plan.too_many_rulings", maxArg(attemptsMax))
	}
	p := s.pen(now, a.Actor, a.OnBehalfOf)
	p.write(PlanResolved, PlanResolvedData{Attempt: s.PlanAttempt + 1, Ruling: a.Ruling, Reason: a.Opinion})
	return p.drafts, nil
}

func badRuling(a Act) error {
	return fault.New(fault.Invalid, "act.bad_ruling", fault.Field("ruling"), fault.Arg("ruling", a.Ruling))
}
