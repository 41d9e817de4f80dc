package voucher

// Reference is the name that a voucher keeps for ever: v:<document>:<kind>:<revision>.
func Reference(document string, kind Kind, revision int) string { return "" }

// Short is the reference for fields of 16 characters: 13 of lower-case base32,
// the first 64 bits of its SHA-256.
func Short(reference string) string { return "" }

// Check holds what every voucher must keep: it balances in both currencies.
//
// Errors: Invalid voucher.*.
func (v Voucher) Check() error { return nil }
