package passkey

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
)

// RemovalReasonMax is the longest reason, in characters.
const RemovalReasonMax = 500

var _ = fault.Register(map[string]fault.Entry{
	"passkey.own":        {Kind: fault.Forbidden},
	"passkey.bad_reason": {Kind: fault.Invalid, Args: []string{"max"}},
})

// Removal is how an administrator takes a lost passkey of somebody else away. One does
// it alone and at once: while two would agree, whoever found the key could sign with it.
// It only takes, so nothing is signed by it that was not before. 移除他人的通行密钥
type Removal struct {
	Key    string // id of the passkey
	Person string // whose it is
	By     string // the administrator
	Reason string
}

// Check says whether a passkey may be taken away so; own is whether it belongs to the
// human who takes it, who has a way of their own.
//
// Errors: Forbidden passkey.own; Invalid passkey.bad_reason.
func (r Removal) Check(own bool) error {
	switch {
	case own:
		return fault.New(fault.Forbidden, "passkey.own")
	case strings.TrimSpace(r.Reason) == "" || !utf8.ValidString(r.Reason) ||
		utf8.RuneCountInString(r.Reason) > RemovalReasonMax:
		return fault.New(fault.Invalid, "passkey.bad_reason", fault.Field("reason"),
			fault.Arg("max", strconv.Itoa(RemovalReasonMax)))
	}
	return nil
}
