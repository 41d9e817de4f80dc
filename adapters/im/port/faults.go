package port

import "github.com/countersign/countersign/domain/fault"

// The codes of what a platform may answer. Args: app, words (the platform's own).
const (
	CodeRefused     = "im.refused"      // the platform refused; asking again would not help
	CodeNobody      = "im.nobody"       // it does not know the person, or may not reach them
	CodeCardGone    = "im.card_gone"    // the card can be changed no more
	CodeNotTheirs   = "im.not_theirs"   // a callback that the platform did not make
	CodeRateLimited = "im.rate_limited" // nothing was sent; later
	CodeUnavailable = "im.unavailable"  // nothing was sent; later
	CodeUnknown     = "im.unknown"      // the answer was lost; it may have been sent
	CodeBadConfig   = "im.bad_config"   // words: the key and what is wrong with it
)

// Faults is what the registry knows of the codes of this room.
var Faults = fault.Register(map[string]fault.Entry{
	CodeRefused:     {Kind: fault.Invalid, Args: []string{"app", "words"}},
	CodeNobody:      {Kind: fault.Invalid, Args: []string{"app", "words"}},
	CodeCardGone:    {Kind: fault.Invalid, Args: []string{"app", "words"}},
	CodeNotTheirs:   {Kind: fault.Forbidden, Args: []string{"app", "words"}},
	CodeRateLimited: {Kind: fault.Busy, Args: []string{"app", "words"}},
	CodeUnavailable: {Kind: fault.Busy, Args: []string{"app", "words"}},
	CodeUnknown:     {Kind: fault.Unknown, Args: []string{"app", "words"}},
	CodeBadConfig:   {Kind: fault.Invalid, Args: []string{"app", "words"}},
})

// wordsMax bounds how much of a platform's answer a fault carries.
const wordsMax = 300

// Fault makes a fault of this room for an app; words are the platform's own, "" for none.
func Fault(code, app, words string) error {
	if r := []rune(words); len(r) > wordsMax {
		words = string(r[:wordsMax]) + "…"
	}
	details := []fault.Detail{fault.Arg("app", app)}
	if words != "" {
		details = append(details, fault.Arg("words", words))
	}
	return fault.New(Faults[code].Kind, code, details...)
}
