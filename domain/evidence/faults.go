package evidence

import (
	"strconv"

	"github.com/countersign/countersign/domain/fault"
)

// The codes of this package.
const (
	codeNotCanonical = "evidence.not_canonical"
	codeBadEnvelope  = "evidence.bad_envelope"
	codeGap          = "evidence.gap"
	codeBrokenLink   = "evidence.broken_link"
	codeWrongHash    = "evidence.wrong_hash"
	codeUnknownKey   = "evidence.unknown_key"
	codeBadSignature = "evidence.bad_signature"
	codeBadKey       = "evidence.bad_key"
)

var _ = fault.Register(map[string]fault.Entry{
	codeNotCanonical: {Kind: fault.Invalid, Args: []string{"reason", "offset"}},
	codeBadEnvelope:  {Kind: fault.Internal, Args: []string{"stream", "seq", "reason"}},
	codeGap:          {Kind: fault.Internal, Args: []string{"stream", "seq"}},
	codeBrokenLink:   {Kind: fault.Internal, Args: []string{"stream", "seq"}},
	codeWrongHash:    {Kind: fault.Internal, Args: []string{"stream", "seq"}},
	codeUnknownKey:   {Kind: fault.Forbidden, Args: []string{"key"}},
	codeBadSignature: {Kind: fault.Forbidden, Args: []string{"key"}},
	codeBadKey:       {Kind: fault.Invalid, Args: []string{"key", "reason"}},
})

func notCanonical(reason string, offset int) *fault.Fault {
	return fault.New(fault.Invalid, codeNotCanonical,
		fault.Arg("reason", reason), fault.Arg("offset", strconv.Itoa(offset)))
}

// broken is a fault of one event of a chain, named by its stream and number.
func broken(code, stream string, seq int64) *fault.Fault {
	return fault.New(fault.Internal, code,
		fault.Arg("stream", stream), fault.Arg("seq", strconv.FormatInt(seq, 10)))
}

func badEnvelope(e Event, reason string) *fault.Fault {
	f := broken(codeBadEnvelope, e.Stream, e.Seq)
	fault.Arg("reason", reason)(f)
	return f
}
