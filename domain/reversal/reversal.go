// Package reversal is how a voucher in the books is undone: somebody asks, somebody
// else approves, and the books are told once. 红字冲销
//
//	none ─request─▶ requested ─approve─▶ approved ─▶ posted, for ever
//	                    └─refuse─▶ refused    └─▶ parked ─retry, redate─▶ approved
//	                                                └─give up─▶ given up
//
// Who was refused or gave up may ask again: the reference stays, the attempt goes on.
// The document keeps its outcome: a reversal has a stream of its own.
package reversal

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/voucher"
)

// StreamPrefix and a document's id are the stream of the reversals of its vouchers.
const StreamPrefix = "reversal:"

// Status is how far the reversal of one voucher has come.
type Status string

// The statuses; None where nobody ever asked.
const (
	None      Status = ""
	Requested Status = "requested" // waits for a second person 待复核
	Refused   Status = "refused"   // by that person 已驳回
	Approved  Status = "approved"  // on its way to the books 冲销中
	Parked    Status = "parked"    // the books refused it, or did not answer 挂起
	GivenUp   Status = "given_up"  // after a refusal of the books 已放弃
	Posted    Status = "posted"    // in the books, for ever 已冲销
)

// Statuses lists them but None.
func Statuses() []Status {
	return []Status{Requested, Approved, Parked, Posted, Refused, GivenUp}
}

// Ruling is what finance says of a parked reversal.
type Ruling string

// The rulings.
const (
	Retry  Ruling = "retry"   // the same again
	Redate Ruling = "redate"  // with another posting date
	GiveUp Ruling = "give_up" // nothing is booked
)

// The limits of what people write.
const wordsMax = 2000

// Request is what somebody asks for: what the second person decides on.
type Request struct {
	Voucher  string `json:"voucher"` // reference of what is to be undone
	Document string `json:"document"`
	Date     string `json:"date"` // posting date, YYYY-MM-DD
	Reason   string `json:"reason"`
}

// Faults are the refusals of a reversal.
var Faults = fault.Register(map[string]fault.Entry{
	"reversal.not_found":       {Kind: fault.NotFound},
	"reversal.not_posted":      {Kind: fault.Conflict},
	"reversal.of_reversal":     {Kind: fault.Invalid},
	"reversal.under_way":       {Kind: fault.Conflict, Args: []string{"by"}},
	"reversal.done":            {Kind: fault.Conflict, Args: []string{"number"}},
	"reversal.settled":         {Kind: fault.Conflict},
	"reversal.interested":      {Kind: fault.Forbidden, Args: []string{"person"}},
	"reversal.whole_company":   {Kind: fault.Forbidden, Args: []string{"entity"}},
	"reversal.reason_required": {Kind: fault.Invalid},
	"reversal.too_long":        {Kind: fault.Invalid, Args: []string{"max"}},
	"reversal.bad_date":        {Kind: fault.Invalid, Args: []string{"date"}},
	"reversal.before_voucher":  {Kind: fault.Invalid, Args: []string{"date"}},
	"reversal.not_parked":      {Kind: fault.Conflict},
	"reversal.moved_on":        {Kind: fault.Conflict},
	"reversal.unanswered":      {Kind: fault.Conflict},
	"reversal.bad_ruling":      {Kind: fault.Invalid, Args: []string{"ruling"}},
	"reversal.impossible":      {Kind: fault.Internal, Args: []string{"event", "status"}},
})

// Check holds a request against the voucher that it would undo.
//
// Errors: Invalid reversal.of_reversal, reversal.reason_required, reversal.too_long,
// reversal.bad_date, reversal.before_voucher.
func (r Request) Check(original voucher.Voucher) error {
	if original.Kind == voucher.Reversal {
		return fault.New(fault.Invalid, "reversal.of_reversal", fault.Field("voucher"))
	}
	if err := words("reason", r.Reason); err != nil {
		return err
	}
	if strings.TrimSpace(r.Reason) == "" {
		return fault.New(fault.Invalid, "reversal.reason_required", fault.Field("reason"))
	}
	return checkDate(r.Date, original.Date)
}

// checkDate refuses what is no day, and a day before that of the voucher.
func checkDate(date, original string) error {
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fault.New(fault.Invalid, "reversal.bad_date", fault.Field("date"), fault.Arg("date", date))
	}
	if date < original {
		return fault.New(fault.Invalid, "reversal.before_voucher", fault.Field("date"), fault.Arg("date", original))
	}
	return nil
}

func words(field, text string) error {
	if utf8.RuneCountInString(text) > wordsMax {
		return fault.New(fault.Invalid, "reversal.too_long", fault.Field(field), fault.Arg("max", strconv.Itoa(wordsMax)))
	}
	return nil
}

// Requestable says whether the reversal may be asked for now.
//
// Errors: Conflict reversal.done, reversal.under_way.
func (s State) Requestable(now time.Time) error {
	switch s.Status {
	case Posted:
		return fault.New(fault.Conflict, "reversal.done", fault.Arg("number", s.Number))
	case Approved, Parked:
		return fault.New(fault.Conflict, "reversal.under_way", fault.Arg("by", s.Checker))
	case Requested:
		if now.Before(s.Expires) {
			return fault.New(fault.Conflict, "reversal.under_way", fault.Arg("by", s.Maker))
		}
	}
	return nil
}

// Said is what somebody rules on a parked reversal.
type Said struct {
	Ruling  Ruling
	Attempt int    // that they saw parked
	Date    string // of a redate
	Opinion string
}

// Rule judges a ruling; original is the day of the voucher. Where the books did not
// answer the reversal may stand there: then nothing but the same again is safe.
//
// Errors: Conflict reversal.not_parked, reversal.moved_on, reversal.unanswered; Invalid
// reversal.bad_ruling, reversal.bad_date, reversal.before_voucher,
// reversal.reason_required, reversal.too_long.
func (s State) Rule(r Said, original string) error {
	switch {
	case s.Status != Parked:
		return fault.New(fault.Conflict, "reversal.not_parked")
	case r.Attempt != s.Attempt:
		return fault.New(fault.Conflict, "reversal.moved_on", fault.Field("attempt"))
	}
	if err := words("opinion", r.Opinion); err != nil {
		return err
	}
	switch r.Ruling {
	case Retry:
		return nil
	case Redate, GiveUp:
		if s.Unanswered {
			return fault.New(fault.Conflict, "reversal.unanswered", fault.Field("ruling"))
		}
	default:
		return fault.New(fault.Invalid, "reversal.bad_ruling", fault.Field("ruling"), fault.Arg("ruling", string(r.Ruling)))
	}
	if r.Ruling == Redate {
		return checkDate(r.Date, original)
	}
	if strings.TrimSpace(r.Opinion) == "" {
		return fault.New(fault.Invalid, "reversal.reason_required", fault.Field("opinion"))
	}
	return nil
}
