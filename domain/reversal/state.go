package reversal

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// The events, in reversal:<document>.
const (
	WasRequested = "reversal.requested" // by the maker
	WasRefused   = "reversal.refused"   // by the second person
	WasApproved  = "reversal.approved"  // by the second person
	WasPosted    = "reversal.posted"    // the books answered
	WasParked    = "reversal.parked"
	WasResolved  = "reversal.resolved" // by finance
)

// Kinds lists the events.
func Kinds() []string {
	return []string{WasRequested, WasRefused, WasApproved, WasPosted, WasParked, WasResolved}
}

// Data are the fields of every event; each kind has its own of them.
type Data struct {
	Voucher   string `json:"voucher"`   // what is undone
	Reference string `json:"reference"` // under which
	Attempt   int    `json:"attempt"`   // rulings so far; 0 before the first

	Proposal string `json:"proposal,omitempty"` // requested, refused, approved
	Hash     string `json:"hash,omitempty"`     // requested: of the request
	Expires  string `json:"expires,omitempty"`  // requested
	Maker    string `json:"maker,omitempty"`    // refused, approved
	Date     string `json:"date,omitempty"`     // requested, approved, posted; resolved: of a redate
	Reason   string `json:"reason,omitempty"`   // requested, approved: why; refused: why not

	Ruling  Ruling `json:"ruling,omitempty"` // resolved
	Opinion string `json:"opinion,omitempty"`

	Number     string `json:"number,omitempty"` // posted: the ERP's
	ID         string `json:"id,omitempty"`
	Code       string `json:"code,omitempty"`   // parked: why
	Detail     string `json:"detail,omitempty"` // the ERP's words
	Unanswered bool   `json:"unanswered,omitempty"`
}

// Draft is an event before it is recorded.
func (d Data) Draft(kind, actor string) (evidence.Draft, error) {
	text, err := json.Marshal(d)
	return evidence.Draft{Kind: kind, Actor: actor, Data: text}, err
}

// State is how far the reversal of one voucher has come; the fold of its events.
type State struct {
	Voucher, Reference string

	Status  Status
	Attempt int // that is under way, is parked, or comes next

	Proposal, Maker, Checker, Reason, Date string

	Expires time.Time // of the request

	Code, Detail string // parked: why
	Unanswered   bool
	Number, ID   string // posted: the ERP's
}

// Of is the reversal of one voucher after the events of its document's stream.
//
// Errors: Internal reversal.impossible where they tell what cannot have happened.
func Of(original string, events []evidence.Event) (State, error) {
	s := State{Voucher: original, Reference: voucher.ReversalOf(original)}
	for _, e := range events {
		next, err := s.After(e)
		if err != nil {
			return s, err
		}
		s = next
	}
	return s, nil
}

// After is the state behind one more event of the stream; one about another voucher
// changes nothing.
//
// Errors: Internal reversal.impossible.
func (s State) After(e evidence.Event) (State, error) {
	var d Data
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return s, s.impossible(e)
	}
	if d.Voucher != s.Voucher {
		return s, nil
	}
	next, ok := s.after(e, d)
	if !ok || d.Reference != s.Reference || d.Attempt != s.Attempt {
		return s, s.impossible(e)
	}
	return next, nil
}

func (s State) impossible(e evidence.Event) error {
	return fault.New(fault.Internal, "reversal.impossible", fault.Arg("event", e.Kind+" "+strconv.FormatInt(e.Seq, 10)),
		fault.Arg("status", string(s.Status)))
}

// after is the state behind one event, and whether it can have happened.
func (s State) after(e evidence.Event, d Data) (State, bool) {
	switch e.Kind {
	case WasRequested:
		if s.Requestable(e.At) != nil {
			return s, false
		}
		expires, err := time.Parse(time.RFC3339Nano, d.Expires)
		return State{Voucher: s.Voucher, Reference: s.Reference, Status: Requested, Attempt: s.Attempt, Proposal: d.Proposal,
			Maker: e.Actor, Reason: d.Reason, Date: d.Date, Expires: expires}, err == nil
	case WasRefused, WasApproved:
		possible := s.Status == Requested && d.Proposal == s.Proposal && d.Maker == s.Maker && e.Actor != s.Maker
		s.Status, s.Checker = Approved, e.Actor
		if e.Kind == WasRefused {
			s.Status = Refused
			return s, possible
		}
		return s, possible && d.Date == s.Date && d.Reason == s.Reason
	case WasPosted:
		possible := s.Status == Approved && d.Date == s.Date
		s.Status, s.Number, s.ID = Posted, d.Number, d.ID
		return s, possible
	case WasParked:
		possible := s.Status == Approved && d.Code != ""
		s.Status, s.Code, s.Detail, s.Unanswered = Parked, d.Code, d.Detail, d.Unanswered
		return s, possible
	case WasResolved:
		return s.ruled(d)
	}
	return s, false
}

// ruled is the state behind a ruling: each opens the next attempt, given up or not, so
// that a late answer to the one before means nothing any more.
func (s State) ruled(d Data) (State, bool) {
	if s.Status != Parked || s.Unanswered && d.Ruling != Retry {
		return s, false
	}
	s.Attempt++
	s.Code, s.Detail, s.Unanswered = "", "", false
	s.Status = Approved
	switch d.Ruling {
	case Retry:
	case Redate:
		s.Date = d.Date
	case GiveUp:
		s.Status = GivenUp
	default:
		return s, false
	}
	return s, true
}
