package port

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
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
	if len(body) > BodyMax || !utf8.Valid(body) || !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		return errStrict
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := readValue(d, 0); err != nil {
		return errStrict
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errStrict
	}
	return json.Unmarshal(body, into)
}

// readValue walks one value; names that differ in case alone are one to encoding/json.
func readValue(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	open, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth == depthMax {
		return errStrict
	}
	seen := map[string]bool{}
	for d.More() {
		if open == '{' {
			name, err := d.Token()
			if err != nil {
				return err
			}
			folded := strings.ToLower(name.(string))
			if seen[folded] {
				return errStrict
			}
			seen[folded] = true
		}
		if err := readValue(d, depth+1); err != nil {
			return err
		}
	}
	_, err = d.Token() // its end
	return err
}

// Once gives the value of a name that came exactly once, "" otherwise: of two
// values, who verifies might read the one and who acts the other.
func Once(values map[string][]string, name string) string {
	if got := values[name]; len(got) == 1 {
		return got[0]
	}
	return ""
}
