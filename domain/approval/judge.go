package approval

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

var _ Machine = State{}

// Judge says what a command would do to the document; it changes nothing.
//
// Safe to repeat: the same command on the same state gives the same drafts.
// Errors: a *fault.Fault, see faults.go, for an act that is refused; none for a
// plan, clock or effect that is no longer wanted, which gives no drafts.
func (s State) Judge(c Command, now time.Time) ([]evidence.Draft, error) {
	switch c := c.(type) {
	case Act:
		return s.judgeAct(c, now)
	case Planned:
		return s.judgePlanned(c, now), nil
	case Unplanned:
		return s.judgeUnplanned(c, now), nil
	case Staffed:
		return s.judgeStaffed(c, now), nil
	case Struck:
		return s.judgeStruck(c, now), nil
	case Settled:
		return s.judgeSettled(c, now), nil
	case Recounted:
		return s.judgeRecounted(c, now), nil
	case HandedOver:
		return s.judgeHandedOver(c, now), nil
	case LetGo:
		return s.judgeLetGo(c, now), nil
	}
	return nil, fault.New(fault.Invalid, "act.unknown", fault.Arg("act", ""))
}

func (s State) judgeAct(a Act, now time.Time) ([]evidence.Draft, error) {
	if err := s.admissible(a); err != nil {
		return nil, err
	}
	switch a.Name {
	case Approve, Reject, Return:
		return s.judgeDecision(a, now)
	case Resubmit:
		return s.judgeResubmit(a, now)
	case Withdraw:
		return s.judgeWithdraw(a, now)
	case Resolve:
		return s.judgeResolve(a, now)
	case Hold, RequestInfo, Release, Extend:
		return s.judgeClock(a, now)
	case Transfer, Consult, AddSigner, RemoveSigner, Retract:
		return s.judgeHandling(a, now)
	case Sanction, Amend:
		return s.judgePatch(a, now)
	case Intervene:
		return s.judgeIntervene(a, now)
	}
	return nil, fault.New(fault.Invalid, "act.unknown", fault.Arg("act", string(a.Name)), fault.Field("name"))
}

// admissible checks what every act must satisfy, whatever it asks for.
func (s State) admissible(a Act) error {
	if a.Document == "" || a.Document != s.Document {
		return fault.New(fault.Invalid, "act.wrong_document", fault.Field("document"))
	}
	if !isAct(a.ID) || len(a.ID) > textMax {
		return fault.New(fault.Invalid, "act.bad_id", fault.Field("id"))
	}
	if _, seen := s.Seen[a.ID]; seen {
		return fault.New(fault.Conflict, "act.seen")
	}
	if !human(a.Actor) {
		return fault.New(fault.Forbidden, "act.no_person", fault.Field("actor"))
	}
	for _, f := range []struct{ field, text string }{
		{"actor", a.Actor}, {"on_behalf_of", a.OnBehalfOf}, {"new_hash", a.NewHash},
		{"effect", a.Effect}, {"ruling", a.Ruling}, {"date", a.Date},
		{"where", a.Where}, {"to_step", a.ToStep}, {"back", a.Back}, {"to", strings.Join(a.To, "")},
		{"extra", a.Extra}, {"maker", a.Maker},
	} {
		if len(f.text) > textMax || !storable(f.text) {
			return fault.New(fault.Invalid, "act.bad_text", fault.Field(f.field))
		}
	}
	if !storable(a.Opinion) {
		return fault.New(fault.Invalid, "act.bad_text", fault.Field("opinion"))
	}
	if utf8.RuneCountInString(a.Opinion) > opinionMax {
		return fault.New(fault.Invalid, "act.opinion_too_long", fault.Field("opinion"), maxArg(opinionMax))
	}
	return nil
}

// storable says whether a text can be recorded: a database takes no NUL, and an
// act that cannot be recorded would be tried for ever.
func storable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

// pen writes drafts, and folds each into its own copy of the state at once, so
// that the rules which follow see what was written.
type pen struct {
	s      State
	now    time.Time
	actor  string // whose decision it is; what follows by rule is by SystemPolicy
	behalf string
	why    string // told to those whose tasks it supersedes; a withdrawal and an intervention say it
	ruling string // of an intervention
	drafts []evidence.Draft
}

func (s State) pen(now time.Time, actor, behalf string) *pen {
	return &pen{s: s.clone(), now: now.UTC(), actor: actor, behalf: behalf}
}

// write drafts an event of the actor.
func (p *pen) write(kind string, data any) { p.draft(p.event(kind, p.actor, p.behalf, data)) }

// follow drafts an event that follows by rule.
func (p *pen) follow(kind string, data any) { p.draft(p.event(kind, SystemPolicy, "", data)) }

func (p *pen) event(kind, actor, behalf string, data any) evidence.Draft {
	return evidence.Draft{
		Kind: kind, Actor: actor, OnBehalfOf: behalf,
		Round: p.s.Round, Revision: p.s.Revision, ContentHash: p.s.ContentHash, Data: encode(data),
	}
}

func (p *pen) draft(d evidence.Draft) {
	p.drafts = append(p.drafts, d)
	_ = p.s.apply(evidence.Event{ // encoded a moment ago, so it can be read
		Stream: p.s.Document, Seq: p.s.Seq + 1, At: p.now, Kind: d.Kind, Actor: d.Actor, OnBehalfOf: d.OnBehalfOf,
		Round: d.Round, Revision: d.Revision, ContentHash: d.ContentHash, Data: d.Data,
	})
}
