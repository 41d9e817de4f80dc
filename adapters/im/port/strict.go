package port

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/countersign/countersign/platform/jsonread"
)

// The limits of a callback: platforms send a few kilobytes.
const (
	BodyMax  = 1 << 20
	depthMax = 32
)

// errStrict is why a callback's JSON is refused; nobody is told more.
var errStrict = errors.New("not one JSON object, each name once")

// ReadStrict reads a callback's JSON: one object, each name once at every level,
// nothing behind it. Names that this program does not know are let be, because
// platforms add some. What two readers could read in two ways is refused, since a
// signature says nothing about which of them is right.
func ReadStrict(body []byte, into any) error {
	if len(body) > BodyMax || !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		return errStrict
	}
	if jsonread.Check(body, jsonread.Limits{Depth: depthMax, Folded: true}) != nil {
		return errStrict
	}
	return json.Unmarshal(body, into)
}

// Once gives the value of a name that came exactly once, "" otherwise: of two
// values, who verifies might read the one and who acts the other.
func Once(values map[string][]string, name string) string {
	if got := values[name]; len(got) == 1 {
		return got[0]
	}
	return ""
}
