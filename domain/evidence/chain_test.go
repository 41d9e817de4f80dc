package evidence

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/countersign/countersign/domain/fault"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

func drafts(kinds ...string) []Draft {
	var made []Draft
	for _, kind := range kinds {
		made = append(made, Draft{Kind: kind, Actor: "lin", Round: 1, Revision: 1, ContentHash: "c0ffee",
			Data: json.RawMessage(`{"b":1,"a":"x"}`)})
	}
	return made
}

func seal(t require.TestingT, prev Event, at time.Time, kinds ...string) []Event {
	events, err := Seal(prev, drafts(kinds...), "submit:1", at, "doc-1")
	require.NoError(t, err)
	return events
}

func TestSealNumbersAndLinks(t *testing.T) {
	events := seal(t, Event{}, noon.Add(1234567*time.Nanosecond), "a.b", "c.d")
	more := seal(t, events[1], noon.Add(time.Hour), "e.f")
	chain := append(events, more...)
	require.NoError(t, VerifyChain(chain))
	require.NoError(t, VerifyAfter(events[1], more))
	for i, e := range chain {
		require.Equal(t, int64(i+1), e.Seq)
		require.Equal(t, "doc-1", e.Stream)
		require.Equal(t, Version, e.V)
		require.Equal(t, time.UTC, e.At.Location())
		require.Equal(t, `{"a":"x","b":1}`, string(e.Data), "data is stored canonically")
	}
	require.Equal(t, noon.Add(1234*time.Microsecond), chain[0].At)
	require.Equal(t, chain[0].At, chain[1].At)
	require.Empty(t, chain[0].Prev)
	require.Equal(t, chain[0].Hash, chain[1].Prev)
	again := seal(t, Event{}, noon.Add(1234567*time.Nanosecond), "a.b", "c.d")
	require.Equal(t, events, again, "the same drafts give the same events")
}

func TestSealRefuses(t *testing.T) {
	head := seal(t, Event{}, noon, "a.b")[0]
	_, err := Seal(head, drafts("c.d"), "x", noon, "doc-2")
	require.Equal(t, codeBadEnvelope, fault.CodeOf(err), "a head of another stream")
	_, err = Seal(Event{Seq: 3, Stream: "doc-1"}, drafts("c.d"), "x", noon, "doc-1")
	require.Equal(t, codeBadEnvelope, fault.CodeOf(err), "a head without a hash")
	_, err = Seal(Event{}, drafts("c.d"), "x", noon, "")
	require.Equal(t, codeBadEnvelope, fault.CodeOf(err), "no stream")
	_, err = Seal(Event{}, []Draft{{Kind: "a.b", Data: json.RawMessage(`{"rate":7.8}`)}}, "x", noon, "doc-1")
	require.Equal(t, codeNotCanonical, fault.CodeOf(err), "a float")
	events, err := Seal(Event{}, []Draft{{Kind: "a.b"}}, "x", noon, "doc-1")
	require.NoError(t, err)
	require.Equal(t, "{}", string(events[0].Data), "no data is an empty object")
	events, err = Seal(Event{}, nil, "x", noon, "doc-1")
	require.NoError(t, err)
	require.Empty(t, events)
}

func TestVerifyChainNamesTheFirstBrokenEvent(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(chain []Event) []Event
		code   string
		seq    string
	}{
		{"whole", func(c []Event) []Event { return c }, "", ""},
		{"none", func([]Event) []Event { return nil }, "", ""},
		{"the first is missing", func(c []Event) []Event { return c[1:] }, codeGap, "2"},
		{"one is missing", func(c []Event) []Event { return append(c[:1:1], c[2:]...) }, codeGap, "3"},
		{"one comes twice", func(c []Event) []Event { return append(c[:2:2], c[1:]...) }, codeGap, "2"},
		{"two are swapped", func(c []Event) []Event { c[1], c[2] = c[2], c[1]; return c }, codeGap, "3"},
		{"a link is broken", func(c []Event) []Event { c[2].Prev = c[0].Hash; return c }, codeBrokenLink, "3"},
		{"the data is changed", func(c []Event) []Event { c[1].Data = json.RawMessage(`{"a":"y","b":1}`); return c },
			codeWrongHash, "2"},
		{"the data is no JSON", func(c []Event) []Event { c[1].Data = json.RawMessage(`{`); return c }, codeBadEnvelope, "2"},
		{"hashed again by a forger", func(c []Event) []Event {
			c[1].Actor = "mallory"
			c[1].Hash, _ = c[1].hash()
			return c
		}, codeBrokenLink, "3"},
		{"another version", func(c []Event) []Event { c[0].V = 2; return c }, codeBadEnvelope, "1"},
		{"another stream", func(c []Event) []Event { c[3].Stream = "doc-2"; return c }, codeBadEnvelope, "4"},
		{"a nanosecond", func(c []Event) []Event { c[1].At = c[1].At.Add(1); return c }, codeBadEnvelope, "2"},
		{"a year of five digits", func(c []Event) []Event { c[1].At = c[1].At.AddDate(9000, 0, 0); return c },
			codeBadEnvelope, "2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := VerifyChain(tt.change(seal(t, Event{}, noon, "a.b", "c.d", "e.f", "g.h")))
			require.Equal(t, tt.code, fault.CodeOf(err))
			if f, ok := fault.As(err); ok {
				require.Equal(t, tt.seq, f.Args["seq"])
				require.NotEmpty(t, f.Args["stream"])
			}
		})
	}
}

// TestTheChainSurvivesJSON: store, export and Temporal all carry events as JSON.
func TestTheChainSurvivesJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "µs")).In(time.FixedZone("", 8*3600))
		chain := seal(t, Event{}, at, "a.b", "c.d")
		text, err := json.Marshal(chain)
		require.NoError(t, err)
		var got []Event
		require.NoError(t, json.Unmarshal(text, &got))
		require.Equal(t, chain, got)
		require.NoError(t, VerifyChain(got))
		again, err := json.Marshal(got)
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
	})
}

func TestTimeHasOneText(t *testing.T) {
	text, err := json.Marshal(Event{At: time.Date(2026, 11, 21, 17, 30, 0, 120e6, time.FixedZone("", 8*3600))})
	require.NoError(t, err)
	require.Contains(t, string(text), `"at":"2026-11-21T09:30:00.120000Z"`)
}

// TestAnyChangeIsFound changes any one field of any event.
func TestAnyChangeIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		chain := seal(t, Event{}, noon, "a.b", "c.d", "e.f")
		chain = append(chain, seal(t, chain[2], noon.Add(time.Second), "g.h", "i.j")...)
		at := rapid.IntRange(0, len(chain)-1).Draw(t, "event")
		field := rapid.IntRange(0, reflect.TypeFor[Event]().NumField()-1).Draw(t, "field")
		value := reflect.ValueOf(&chain[at]).Elem().Field(field)
		name := reflect.TypeFor[Event]().Field(field).Name
		switch value.Interface().(type) {
		case string:
			was := value.String()
			value.SetString(rapid.String().Filter(func(s string) bool { return s != was }).Draw(t, name))
		case int, int64:
			was := value.Int()
			value.SetInt(rapid.Int64().Filter(func(n int64) bool { return n != was }).Draw(t, name))
		case time.Time:
			value.Set(reflect.ValueOf(chain[at].At.Add(time.Duration(rapid.Int64Range(1, 1e18).Draw(t, name)))))
		case json.RawMessage:
			data := rapid.SampledFrom([]string{`{}`, `null`, `{"a":"x"}`, `{"a":"x","b":2}`, `{"a":"x","b":1,"c":null}`,
				`{"a":"x","b":1.0}`, `{"a":"x","b":"1"}`, `[]`}).Draw(t, name)
			value.SetBytes([]byte(data))
		default:
			t.Fatalf("no change known for %s", name)
		}
		require.Error(t, VerifyChain(chain), "a change of %s was not found", name)
	})
}

func TestGoldenChain(t *testing.T) {
	chain := golden(t).Chain
	require.NoError(t, VerifyChain(chain))
	for i := range chain { // the file is written for people
		text, err := Canonical(chain[i].Data)
		require.NoError(t, err)
		chain[i].Data = text
	}
	made, err := Seal(Event{}, []Draft{
		{Kind: "document.submitted", Actor: "lin", Round: 1, Revision: 1, ContentHash: strings.Repeat("ab", 32),
			Data: json.RawMessage(`{"number":"EXP-2026-000001","title":"出差 <上海>","total":{"minor":82000,"currency":"CNY"}}`)},
		{Kind: "task.approved", Actor: "wang", OnBehalfOf: "queue:admin", Round: 1, Revision: 1,
			ContentHash: strings.Repeat("ab", 32), Data: json.RawMessage(`{"task":"d.r1.finance.1","step":"finance"}`)},
	}, "submit:1", time.Date(2026, 3, 2, 12, 0, 0, 5e8, time.FixedZone("", 8*3600)), "019c0000-0000-7000-8000-000000000001")
	require.NoError(t, err)
	require.Equal(t, chain, made, "the hash form changed: events of the past would no longer verify")
}
