package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// The limits of what is made canonical.
const (
	SizeMax  = 8 << 20 // bytes of JSON
	DepthMax = 64      // objects and arrays within each other
)

// Canonical is the one JSON text of a value, by RFC 8785: no white space, keys
// in the order of their UTF-16 code units, the shortest escapes. A json.RawMessage
// is taken as the JSON it is.
//
// Numbers are integers that fit int64 and are written exactly; RFC 8785 would
// round those beyond 2⁵³. Fractions, exponents and -0 are refused, and so are
// a key that comes twice, half a surrogate pair, text that is not UTF-8, and
// what is too deep or too large.
//
// Errors: Invalid evidence.not_canonical.
func Canonical(v any) ([]byte, error) {
	text, ok := v.(json.RawMessage)
	if !ok {
		var err error
		if text, err = json.Marshal(v); err != nil {
			return nil, notCanonical(err.Error(), 0)
		}
	}
	if len(text) > SizeMax {
		return nil, notCanonical("too large", SizeMax)
	}
	r := reader{text: text}
	out, err := r.value(make([]byte, 0, len(text)), 0)
	if err != nil {
		return nil, err
	}
	r.space()
	if r.at < len(r.text) {
		return nil, notCanonical("something follows the value", r.at)
	}
	return out, nil
}

// HashOf is the lower-case hex SHA-256 of the canonical form. 内容哈希
//
// Errors: as Canonical.
func HashOf(v any) (string, error) {
	text, err := Canonical(v)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// member is one key of an object with its canonical value.
type member struct {
	units []uint16 // the key in UTF-16, which orders it
	key   string
	value []byte
}

// object writes an object's members in order.
func (r *reader) object(out []byte, depth int) ([]byte, error) {
	members, err := r.members(depth)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(members, func(a, b member) int { return slices.Compare(a.units, b.units) })
	out = append(out, '{')
	for i, m := range members {
		if i > 0 {
			if m.key == members[i-1].key {
				return nil, notCanonical("the key "+quoted(m.key)+" comes twice", r.at)
			}
			out = append(out, ',')
		}
		out = appendText(out, m.key)
		out = append(out, ':')
		out = append(out, m.value...)
	}
	return append(out, '}'), nil
}

func newMember(key string, value []byte) member {
	return member{units: utf16.Encode([]rune(key)), key: key, value: value}
}

// quotedMax is how much of a key a fault repeats, in bytes.
const quotedMax = 40

func quoted(text string) string {
	return string(appendText(nil, string(bytes.ToValidUTF8([]byte(text[:min(len(text), quotedMax)]), nil))))
}

const lowerHex = "0123456789abcdef"

// appendText writes a string with the escapes of RFC 8785: the short ones, then
// \u00xx for the other control characters, and nothing else.
func appendText(out []byte, text string) []byte {
	out = append(out, '"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', byte(c))
		case c >= ' ':
			out = utf8.AppendRune(out, c)
		default:
			out = appendControl(out, byte(c))
		}
	}
	return append(out, '"')
}

func appendControl(out []byte, c byte) []byte {
	switch c {
	case '\b':
		return append(out, `\b`...)
	case '\t':
		return append(out, `\t`...)
	case '\n':
		return append(out, `\n`...)
	case '\f':
		return append(out, `\f`...)
	case '\r':
		return append(out, `\r`...)
	default:
		return append(out, '\\', 'u', '0', '0', lowerHex[c>>4], lowerHex[c&15])
	}
}
