package inbound

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/countersign/countersign/domain/fault"
)

// The limits of a message.
const (
	BytesMax = 256 << 10
	depthMax = 20
)

// Message is a JSON object: maps, lists, texts, truth, nil, whole numbers as int64, and
// other numbers as the text that they were written as, so that no amount is rounded.
type Message map[string]any

// Read reads one JSON object strictly: within limits, no key twice, nothing behind it.
//
// Errors: Invalid inbound.bad_message.
func Read(body []byte) (Message, error) {
	if len(body) > BytesMax {
		return nil, badMessage("more than " + strconv.Itoa(BytesMax) + " bytes")
	}
	if !utf8.Valid(body) {
		return nil, badMessage("not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	value, err := readValue(decoder, 0)
	if err != nil {
		return nil, badMessage(err.Error())
	}
	message, ok := value.(map[string]any)
	if !ok {
		return nil, badMessage("a JSON object is wanted")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, badMessage("something follows the object")
	}
	return message, nil
}

func badMessage(words string) error {
	return fault.New(fault.Invalid, "inbound.bad_message", fault.Arg("words", words))
}

func readValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	if depth > depthMax {
		return nil, errors.New("nested deeper than " + strconv.Itoa(depthMax))
	}
	switch token := token.(type) {
	case json.Delim:
		if token == '{' {
			return readObject(decoder, depth)
		}
		return readList(decoder, depth)
	case json.Number:
		if whole, err := strconv.ParseInt(token.String(), 10, 64); err == nil {
			return whole, nil
		}
		return token.String(), nil
	}
	return token, nil
}

func readObject(decoder *json.Decoder, depth int) (any, error) {
	object := map[string]any{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string) // the decoder takes nothing else for a key
		if _, twice := object[name]; twice {
			return nil, errors.New("the key " + strconv.Quote(name) + " is there twice")
		}
		if object[name], err = readValue(decoder, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return object, err
}

func readList(decoder *json.Decoder, depth int) (any, error) {
	list := []any{}
	for decoder.More() {
		item, err := readValue(decoder, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	_, err := decoder.Token()
	return list, err
}
