package invariants

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// canonical rewrites JSON as RFC 8785 has it: keys in the order of their UTF-16
// units, no white space, the shortest escapes, integers only.
//
// Errors: what is no JSON, or holds a number that is no integer.
func canonical(text []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the value")
	}
	var out bytes.Buffer
	err := writeCanonical(&out, value)
	return out.Bytes(), err
}

func writeCanonical(out *bytes.Buffer, value any) error {
	switch v := value.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		fmt.Fprintf(out, "%t", v)
	case json.Number:
		integer, err := v.Int64()
		if err != nil || fmt.Sprint(integer) != v.String() {
			return fmt.Errorf("%s is no integer", v)
		}
		out.WriteString(v.String())
	case string:
		writeText(out, v)
	case []any:
		out.WriteByte('[')
		for i, element := range v {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := writeCanonical(out, element); err != nil {
				return err
			}
		}
		out.WriteByte(']')
	case map[string]any:
		return writeObject(out, v)
	default:
		return fmt.Errorf("%T is no JSON", value)
	}
	return nil
}

func writeObject(out *bytes.Buffer, members map[string]any) error {
	keys := make([]string, 0, len(members))
	for key := range members {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
	})
	out.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			out.WriteByte(',')
		}
		writeText(out, key)
		out.WriteByte(':')
		if err := writeCanonical(out, members[key]); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

var shortEscapes = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func writeText(out *bytes.Buffer, text string) {
	out.WriteByte('"')
	for _, char := range shortEscapes.Replace(text) {
		if char < ' ' {
			fmt.Fprintf(out, `\u%04x`, char)
			continue
		}
		out.WriteRune(char)
	}
	out.WriteByte('"')
}

// isCanonical says whether a text is its own canonical form.
func isCanonical(text string) bool {
	out, err := canonical([]byte(text))
	return err == nil && string(out) == text
}

// hashText is the lower-case hex SHA-256 of bytes.
func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// envelopeTime is how an instant stands in the envelope that is hashed.
const envelopeTime = "2006-01-02T15:04:05.000000Z"

// hash is SHA-256(prev ‖ canonical envelope without its hash), in hex.
//
// Errors: data that is no canonical JSON of integers.
func (e event) hash() (string, error) {
	envelope := map[string]any{
		"stream": e.Stream, "seq": e.Seq, "at": e.At.UTC().Format(envelopeTime), "kind": e.Kind, "actor": e.Actor,
		"cause": e.Cause, "round": e.Round, "revision": e.Revision, "content_hash": e.ContentHash,
		"data": json.RawMessage(e.Text), "prev": e.Prev, "v": e.V,
	}
	if e.OnBehalfOf != "" {
		envelope["on_behalf_of"] = e.OnBehalfOf
	}
	text, err := json.Marshal(envelope)
	if err != nil {
		return "", err
	}
	form, err := canonical(text)
	if err != nil {
		return "", err
	}
	return hashText(e.Prev + string(form)), nil
}

// signed says whether the text carries a signature of one of the keys: Ed25519
// over the bytes of the text.
func signed(keys map[string]string, keyID, text, signature string) bool {
	public, err := base64.StdEncoding.DecodeString(keys[keyID])
	if err != nil || len(public) != ed25519.PublicKeySize {
		return false
	}
	value, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && ed25519.Verify(public, []byte(text), value)
}
