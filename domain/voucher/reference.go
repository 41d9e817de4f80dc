package voucher

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
)

// shortBytes of the hash make 13 characters; among a million references two
// share a short form with a chance of one in 37 million.
const shortBytes = 8

// crockford has no i, l, o and u, which people misread.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Reference is the name that a voucher keeps for ever: v:<document>:<kind>:<revision>.
func Reference(document string, kind Kind, revision int) string {
	return "v:" + document + ":" + string(kind) + ":" + strconv.Itoa(revision)
}

// Short is the reference for fields that are too short for it: 13 characters of
// lower-case base32, the first 64 bits of its SHA-256.
func Short(reference string) string {
	sum := sha256.Sum256([]byte(reference))
	return crockford.EncodeToString(sum[:shortBytes])
}
