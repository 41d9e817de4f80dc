package evidence

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// reader reads strict JSON and writes it canonically as it goes. The standard
// decoder is too kind for evidence: it lets the last of two equal keys win and
// mends broken text.
type reader struct {
	text []byte
	at   int
}

// value reads one value and appends its canonical form.
func (r *reader) value(out []byte, depth int) ([]byte, error) {
	r.space()
	if depth > DepthMax {
		return nil, notCanonical("too deep", r.at)
	}
	switch c := r.peek(); {
	case c == '{':
		return r.object(out, depth)
	case c == '[':
		return r.array(out, depth)
	case c == '"':
		text, err := r.string()
		if err != nil {
			return nil, err
		}
		return appendText(out, text), nil
	case c == '-' || c >= '0' && c <= '9':
		return r.number(out)
	default:
		return r.word(out)
	}
}

func (r *reader) array(out []byte, depth int) ([]byte, error) {
	r.at++
	out = append(out, '[')
	if r.skip(']') {
		return append(out, ']'), nil
	}
	for {
		var err error
		if out, err = r.value(out, depth+1); err != nil {
			return nil, err
		}
		if r.skip(']') {
			return append(out, ']'), nil
		}
		if !r.skip(',') {
			return nil, notCanonical("an array wants , or ]", r.at)
		}
		out = append(out, ',')
	}
}

// members reads an object's members in the order they come.
func (r *reader) members(depth int) ([]member, error) {
	r.at++
	if r.skip('}') {
		return nil, nil
	}
	var members []member
	for {
		r.space()
		if r.peek() != '"' {
			return nil, notCanonical("an object wants a key", r.at)
		}
		key, err := r.string()
		if err != nil {
			return nil, err
		}
		if !r.skip(':') {
			return nil, notCanonical("a key wants :", r.at)
		}
		value, err := r.value(nil, depth+1)
		if err != nil {
			return nil, err
		}
		members = append(members, newMember(key, value))
		if r.skip('}') {
			return members, nil
		}
		if !r.skip(',') {
			return nil, notCanonical("an object wants , or }", r.at)
		}
	}
}

// number reads an integer and refuses every other number.
func (r *reader) number(out []byte) ([]byte, error) {
	start := r.at
	for r.at < len(r.text) && bytes.IndexByte([]byte("+-.eE0123456789"), r.text[r.at]) >= 0 {
		r.at++
	}
	text := string(r.text[start:r.at])
	integer, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(integer, 10) != text {
		return nil, notCanonical("only integers within 64 bits may be hashed", start)
	}
	return append(out, text...), nil
}

func (r *reader) word(out []byte) ([]byte, error) {
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(r.text[r.at:], []byte(word)) {
			r.at += len(word)
			return append(out, word...), nil
		}
	}
	return nil, notCanonical("no JSON value", r.at)
}

// string reads a quoted text and undoes its escapes.
func (r *reader) string() (string, error) {
	r.at++
	var out []byte
	for r.at < len(r.text) {
		c := r.text[r.at]
		switch {
		case c == '"':
			r.at++
			return string(out), nil
		case c == '\\':
			char, err := r.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, char)
		case c < ' ':
			return "", notCanonical("a bare control character", r.at)
		default:
			char, size := utf8.DecodeRune(r.text[r.at:])
			if char == utf8.RuneError && size <= 1 {
				return "", notCanonical("not UTF-8", r.at)
			}
			out = append(out, r.text[r.at:r.at+size]...)
			r.at += size
		}
	}
	return "", notCanonical("a text without an end", r.at)
}

var escapes = map[byte]rune{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escape reads one escaped character, or a pair of escaped surrogates.
func (r *reader) escape() (rune, error) {
	start := r.at
	r.at++
	if char, ok := escapes[r.peek()]; ok {
		r.at++
		return char, nil
	}
	char, ok := r.unit()
	if ok && utf16.IsSurrogate(char) {
		r.at++ // the backslash, which unit checks
		low, paired := r.unit()
		char = utf16.DecodeRune(char, low)
		ok = paired && r.text[start+len(`\uD83D`)] == '\\' && char != utf8.RuneError
	}
	if !ok {
		return 0, notCanonical("a bad escape", start)
	}
	return char, nil
}

// unit reads the u and four digits of an escaped UTF-16 code unit.
func (r *reader) unit() (rune, bool) {
	const length = len("uD83D")
	if r.peek() != 'u' || len(r.text)-r.at < length {
		return 0, false
	}
	value, err := strconv.ParseUint(string(r.text[r.at+1:r.at+length]), 16, 16)
	r.at += length
	return rune(value), err == nil
}

// peek is the next byte, or 0 at the end.
func (r *reader) peek() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

// skip passes over white space and then over c, if it comes next.
func (r *reader) skip(c byte) bool {
	r.space()
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

func (r *reader) space() {
	for r.at < len(r.text) && bytes.IndexByte([]byte(" \t\r\n"), r.text[r.at]) >= 0 {
		r.at++
	}
}
