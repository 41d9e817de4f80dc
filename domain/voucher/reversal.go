package voucher

import "strings"

// reversalSuffix marks the kind in a reversal's reference: it stays one part of four,
// and each voucher of a document has a reversal of its own.
const reversalSuffix = "-" + string(Reversal)

// ReversalOf is the reference under which a voucher is reversed: one for ever, however
// often the books refuse it. v:<document>:<kind>:<revision> gives
// v:<document>:<kind>-reversal:<revision>.
func ReversalOf(reference string) string {
	last := strings.LastIndexByte(reference, ':')
	if last < 0 {
		return reference + reversalSuffix
	}
	return reference[:last] + reversalSuffix + reference[last:]
}

// Reversed is what undoes a voucher: the same entries on the other side, on a day of
// its own. 红字冲销
func (v Voucher) Reversed(date string) Voucher {
	undo := v
	undo.Reverses, undo.Kind, undo.Date = v.Reference, Reversal, date
	undo.Reference = ReversalOf(v.Reference)
	undo.Short = Short(undo.Reference)
	undo.Entries = make([]Entry, len(v.Entries))
	for i, e := range v.Entries {
		e.Side = e.Side.Other()
		undo.Entries[i] = e
	}
	return undo
}

// Other is the side across.
func (s Side) Other() Side {
	if s == Debit {
		return Credit
	}
	return Debit
}

// ownReference is the one that the voucher must carry.
func (v Voucher) ownReference() string {
	if v.Kind == Reversal {
		return ReversalOf(v.Reverses)
	}
	return Reference(v.Document, v.Kind, v.Revision)
}
