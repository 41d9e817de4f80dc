// Package jsonread looks at JSON from outside before anybody else does: what two readers
// could read in two ways is refused, since a signature, or a check, says nothing about
// which of them is right.
package jsonread

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrNoJSON is what is no JSON at all, or more than one value.
var ErrNoJSON = errors.New("not one JSON value")

// ErrNotUTF8 is a text in another encoding.
var ErrNotUTF8 = errors.New("not UTF-8")

// Limits bound one text.
type Limits struct {
	Depth  int
	Folded bool // names that differ in case alone are one, as they are to encoding/json
}

// Check walks one value.
//
// Errors: ErrNoJSON, ErrNotUTF8; others where it is JSON that is too deep, or has a name of one
// object twice.
func Check(text []byte, most Limits) error {
	if !utf8.Valid(text) {
		return ErrNotUTF8
	}
	w := walker{json.NewDecoder(bytes.NewReader(text)), most}
	w.UseNumber()
	if err := w.value(0); err != nil {
		return err
	}
	if _, err := w.Token(); !errors.Is(err, io.EOF) {
		return ErrNoJSON
	}
	return nil
}

// Answer looks at what a system answered: what begins as JSON is checked, and what is none
// after all is left to whoever asked, as are the words of a refusal.
//
// Errors: as Check, but for ErrNoJSON.
func Answer(status int, body []byte, most Limits) error {
	text := bytes.TrimLeft(body, "\ufeff \t\r\n")
	if status > 299 || !Begins(text) {
		return nil
	}
	err := Check(text, most)
	if errors.Is(err, ErrNoJSON) {
		return nil
	}
	return err
}

// Begins says whether a text begins as an object or a list does.
func Begins(text []byte) bool {
	text = bytes.TrimLeft(text, "\ufeff \t\r\n")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

type walker struct {
	*json.Decoder

	most Limits
}

func (w walker) next() (json.Token, error) {
	token, err := w.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoJSON, err)
	}
	return token, nil
}

func (w walker) value(depth int) error {
	token, err := w.next()
	if err != nil {
		return err
	}
	open, nested := token.(json.Delim)
	if !nested {
		return nil
	}
	if depth == w.most.Depth {
		return errors.New("nested deeper than " + strconv.Itoa(w.most.Depth))
	}
	seen := map[string]bool{}
	for w.More() {
		if open == '{' {
			if err := w.name(seen); err != nil {
				return err
			}
		}
		if err := w.value(depth + 1); err != nil {
			return err
		}
	}
	_, err = w.next() // its end
	return err
}

func (w walker) name(seen map[string]bool) error {
	token, err := w.next()
	if err != nil {
		return err
	}
	name, _ := token.(string) // the decoder takes nothing else for a name
	if w.most.Folded {
		name = strings.ToLower(name)
	}
	if seen[name] {
		return fmt.Errorf("the name %.80q is there twice", name)
	}
	seen[name] = true
	return nil
}
