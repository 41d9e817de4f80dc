package port

import (
	"errors"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/countersign/countersign/domain/fault"
)

// The codes of this room. Refusals carry the ERP's own words in the argument
// words, so that the person on call reads what the ERP said.
const (
	CodeRefused        = "erp.refused"
	CodeClosedPeriod   = "erp.closed_period"
	CodeUnknownAccount = "erp.unknown_account"
	CodeUnknownParty   = "erp.unknown_party"
	CodeUnbalanced     = "erp.unbalanced"
	CodeUnavailable    = "erp.unavailable"
	CodeRateLimited    = "erp.rate_limited"
	CodeUnknown        = "erp.unknown"
	CodeConflict       = "erp.conflict"
	CodeAmbiguous      = "erp.ambiguous"
	CodeSettling       = "erp.settling"
	CodeNotAllowed     = "erp.not_allowed"
	CodeUnsupported    = "erp.unsupported"
	CodeBadConfig      = "erp.bad_config"
	CodeResting        = "erp.resting"
	CodeMaintenance    = "erp.maintenance"

	CodeUnknownDimension = "erp.unknown_dimension"

	// An answer in JSON that is in no encoding which it declares: of a question, and of what
	// may have written.
	CodeNotUTF8        = "erp.not_utf8"
	CodeNotUTF8Written = "erp.not_utf8_written"
)

// ArgUntil is the argument of a fault of kind Busy or Unknown that says until when the
// ERP rests, as RFC 3339: asking before is of no use.
const ArgUntil = "until"

// Until is that argument; a moment within a second is that second's end.
func Until(t time.Time) fault.Detail {
	return fault.Arg(ArgUntil, t.UTC().Add(time.Second-1).Truncate(time.Second).Format(time.RFC3339))
}

// Faults is what the registry knows of the codes of this room.
var Faults = fault.Register(map[string]fault.Entry{
	CodeRefused:        {Kind: fault.Invalid, Args: []string{"words"}},
	CodeClosedPeriod:   {Kind: fault.Invalid, Args: []string{"date", "words"}},
	CodeUnknownAccount: {Kind: fault.Invalid, Args: []string{"account", "words"}},
	CodeUnknownParty:   {Kind: fault.Invalid, Args: []string{"party", "words"}},
	CodeUnbalanced:     {Kind: fault.Invalid, Args: []string{"words"}},
	CodeUnavailable:    {Kind: fault.Busy, Args: []string{"words", "connection", ArgUntil}},
	CodeRateLimited:    {Kind: fault.Busy, Args: []string{"words", "connection", ArgUntil}},
	CodeUnknown:        {Kind: fault.Unknown, Args: []string{"words", "connection", ArgUntil}},
	CodeConflict:       {Kind: fault.Conflict, Args: []string{"reference", "what", "words"}},
	CodeAmbiguous:      {Kind: fault.Conflict, Args: []string{"reference", "count", "ids"}},
	CodeSettling:       {Kind: fault.Busy, Args: []string{"reference", ArgUntil}},
	CodeNotAllowed:     {Kind: fault.Forbidden, Args: []string{"words"}},
	CodeUnsupported:    {Kind: fault.Invalid, Args: []string{"what"}},
	CodeBadConfig:      {Kind: fault.Invalid, Args: []string{"what", "words"}},
	CodeResting:        {Kind: fault.Busy, Args: []string{"connection", ArgUntil}},
	CodeMaintenance:    {Kind: fault.Busy, Args: []string{"connection", ArgUntil}},

	CodeUnknownDimension: {Kind: fault.Invalid, Args: []string{"dimension", "value", "words"}},

	CodeNotUTF8:        {Kind: fault.Busy, Args: []string{"words"}},
	CodeNotUTF8Written: {Kind: fault.Unknown, Args: []string{"words"}},
})

// wordsMax bounds how much of an ERP's answer a fault carries.
const wordsMax = 500

// Fault makes a fault of this room with the kind that belongs to its code and
// the ERP's own words.
func Fault(code, words string, details ...fault.Detail) *fault.Fault {
	words = strings.ToValidUTF8(words, "�")
	if r := []rune(words); len(r) > wordsMax {
		words = string(r[:wordsMax]) + "…"
	}
	if words != "" {
		details = append(details, fault.Arg("words", words))
	}
	return fault.New(Faults[code].Kind, code, details...)
}

// MayHaveHappened says whether an error leaves it open if the ERP wrote something.
func MayHaveHappened(err error) bool {
	kind := fault.KindOf(err)
	return err != nil && (kind == fault.Unknown || kind == fault.Internal)
}

// Refused says whether the ERP refused for good, with nothing written.
func Refused(err error) bool {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Forbidden, fault.Conflict, fault.NotFound:
		return err != nil
	}
	return false
}

// Lost sorts the errors of an exchange that did not end. Only a connection that
// was never made is sure to have carried nothing. writes says whether the
// request may have changed something. The address is left out of the words:
// some ERPs want their token in it.
func Lost(err error, writes bool) error {
	if f, ok := fault.As(err); ok {
		return f // our own gate let nothing through
	}
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" || errors.Is(err, syscall.ECONNREFUSED) {
		return Fault(CodeUnavailable, err.Error())
	}
	return Unclear(err.Error(), writes)
}

// Unclear is Unknown for what writes and Busy for what only reads.
func Unclear(words string, writes bool) error {
	if writes {
		return Fault(CodeUnknown, words)
	}
	return Fault(CodeUnavailable, words)
}
