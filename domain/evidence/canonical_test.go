package evidence

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

func TestCanonical(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"white space goes", " { \"a\" : [ 1 , 2 ] }\n", `{"a":[1,2]}`},
		{"keys in order", `{"b":1,"a":2,"":3}`, `{"":3,"a":2,"b":1}`},
		{"inside too", `{"x":{"z":1,"y":[{"b":1,"a":2}]}}`, `{"x":{"y":[{"a":2,"b":1}],"z":1}}`},
		// The example of RFC 8785: by UTF-16 the smiley (D83D …) comes before the Hebrew of FB33.
		{"keys by UTF-16", `{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}`,
			"{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}"},
		{"the shortest escapes", `"\u0022\u005c\u002f\u0008\u000c\u000a\u000d\u0009\u0000\u001F\u007f\u2028<>&"`,
			"\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u007f\u2028<>&\""},
		{"no normalisation", `["é","é"]`, `["é","é"]`},
		{"words", `[true,false,null,{},[]]`, `[true,false,null,{},[]]`},
		{"integers", `[0,-1,9007199254740993,9223372036854775807,-9223372036854775808]`,
			`[0,-1,9007199254740993,9223372036854775807,-9223372036854775808]`},
		{"a replacement character is a character", `"\ufffd"`, "\"\ufffd\""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Canonical(json.RawMessage(tt.in))
			require.NoError(t, err)
			require.Equal(t, tt.want, string(got))
			again, err := Canonical(json.RawMessage(got))
			require.NoError(t, err)
			require.Equal(t, got, again)
		})
	}
}

func TestCanonicalRefuses(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, in := range map[string]string{
		"a fraction": `1.5`, "a fraction of nothing": `1.0`, "an exponent": `1e2`, "a minus zero": `-0`,
		"a number beyond 64 bits": `9223372036854775808`, "a leading zero": `01`, "a plus": `+1`, "a bare minus": `-`,
		"not a number": `NaN`, "a key twice": `{"a":1,"a":1}`, "a key twice by escape": `{"a":1,"\u0061":2}`,
		"a key twice deep inside": `[{"b":{"a":1,"c":2,"a":1}}]`, "half a pair": `"\ud83d"`, "the other half": `"\ude00"`,
		"two first halves": `"\ud83d\ud83d"`, "half a pair and text": `"\ud83dxude00"`, "a cut pair": `"\ud83d\`,
		"not UTF-8": "\"\xff\"", "a surrogate in UTF-8": "\"\xed\xa0\x80\"", "a bare control": "\"\n\"",
		"an unknown escape": `"\x"`, "a short escape": `"\u12"`, "an escape of no digits": `"\u+123"`, "no end": `"abc`,
		"nothing": ``, "only space": ` `, "two values": `1 2`, "a comma too many": `[1,]`, "a comma too many in an object": `{"a":1,}`,
		"a key without quotes": `{a:1}`, "no colon": `{"a" 1}`, "an open array": `[1`, "an open object": `{"a":1`,
		"an array with a colon": `[1:2]`, "a comment": `/* */1`, "a word cut short": `tru`, "too deep": deep(DepthMax + 2),
		"a byte order mark": "\ufeff1",
	} {
		_, err := Canonical(json.RawMessage(in))
		require.Equal(t, codeNotCanonical, fault.CodeOf(err), name)
	}
	_, err := Canonical(json.RawMessage(deep(DepthMax)))
	require.NoError(t, err)
	_, err = Canonical(json.RawMessage(`"` + strings.Repeat("a", SizeMax) + `"`))
	require.Equal(t, codeNotCanonical, fault.CodeOf(err), "too large")
	for name, v := range map[string]any{"a float": 1.5, "a channel": make(chan int), "raw nonsense": json.RawMessage("{"),
		"a float inside": map[string]any{"rate": 7.85}} {
		_, err := Canonical(v)
		require.Equal(t, codeNotCanonical, fault.CodeOf(err), name)
	}
}

// TestValuesAndTheirJSONHaveOneForm: it does not matter which side is hashed.
func TestValuesAndTheirJSONHaveOneForm(t *testing.T) {
	type line struct {
		Text   string       `json:"text"`
		Amount money.Amount `json:"amount"`
		Tags   []string     `json:"tags"`
	}
	v := line{Text: "<汇款> & \u2028", Amount: money.Amount{Minor: 82000, Currency: "CNY"}}
	direct, err := Canonical(v)
	require.NoError(t, err)
	require.Equal(t, "{\"amount\":{\"currency\":\"CNY\",\"minor\":82000},\"tags\":null,\"text\":\"<汇款> & \u2028\"}", string(direct))
	var parsed map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(direct)))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&parsed))
	again, err := Canonical(parsed)
	require.NoError(t, err)
	require.Equal(t, direct, again)
}

// vectors pin the forms for years: this file is never regenerated. A change that
// needs one is a new version of the envelope.
type vectors struct {
	Canonical []struct {
		In        json.RawMessage `json:"in"`
		Canonical string          `json:"canonical"`
		SHA256    string          `json:"sha256"`
	} `json:"canonical"`
	Chain     []Event `json:"chain"`
	Signature struct {
		Seed   string          `json:"seed"`
		Public string          `json:"public"`
		KeyID  string          `json:"key_id"`
		In     json.RawMessage `json:"in"`
		Value  string          `json:"value"`
	} `json:"signature"`
}

func golden(t *testing.T) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	require.NoError(t, err)
	var v vectors
	require.NoError(t, json.Unmarshal(text, &v))
	require.NotEmpty(t, v.Canonical)
	require.NotEmpty(t, v.Chain)
	return v
}

func TestGoldenCanonicalForms(t *testing.T) {
	for _, v := range golden(t).Canonical {
		text, err := Canonical(v.In)
		require.NoError(t, err)
		require.Equal(t, v.Canonical, string(text))
		hash, err := HashOf(v.In)
		require.NoError(t, err)
		require.Equal(t, v.SHA256, hash)
	}
}

// anyJSON draws values that have a canonical form.
func anyJSON() *rapid.Generator[any] {
	leaf := rapid.OneOf(rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64().AsAny(), rapid.String().AsAny())
	return rapid.OneOf(leaf, rapid.SliceOfN(leaf, 0, 4).AsAny(), rapid.MapOfN(rapid.String(), leaf, 0, 5).AsAny(),
		rapid.MapOfN(rapid.String(), rapid.SliceOfN(leaf, 0, 3).AsAny(), 0, 3).AsAny())
}

func TestCanonicalIsOfTheValueNotOfItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyJSON().Draw(t, "value")
		direct, err := Canonical(v)
		require.NoError(t, err)
		indented, err := json.MarshalIndent(v, " ", "\t")
		require.NoError(t, err)
		again, err := Canonical(json.RawMessage(indented))
		require.NoError(t, err)
		require.Equal(t, string(direct), string(again))
		require.JSONEq(t, string(indented), string(direct))
	})
}

// FuzzCanonical: what is canonical stays as it is, is valid JSON, and means what
// was put in.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{`{"b":[1,-2,null],"a":"\ud83d\ude00"}`, `{"a":1,"a":2}`, `1.5`, `"\u0000"`, `[[[]]]`, `-0`,
		`{"\u20ac":1,"\ufb33":2}`, `" "`, "\"\xff\"", `9223372036854775807`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		text, err := Canonical(json.RawMessage(in))
		if err != nil {
			require.Equal(t, codeNotCanonical, fault.CodeOf(err))
			return
		}
		require.True(t, json.Valid(in), "accepted what is no JSON")
		again, err := Canonical(json.RawMessage(text))
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
		require.Equal(t, parsed(t, in), parsed(t, text))
	})
}

func parsed(t *testing.T, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var v any
	require.NoError(t, decoder.Decode(&v))
	return v
}
