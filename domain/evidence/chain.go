package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/countersign/countersign/domain/fault"
)

// timeForm is the one text of an instant in the envelope: UTC, always six
// decimals, such as 2026-11-21T09:30:00.000000Z.
const timeForm = "2006-01-02T15:04:05.000000Z"

// envelope is what is hashed, exported and sent: an event with its time as text.
type envelope struct {
	Stream      string          `json:"stream"`
	Seq         int64           `json:"seq"`
	At          string          `json:"at"`
	Kind        string          `json:"kind"`
	Actor       string          `json:"actor"`
	OnBehalfOf  string          `json:"on_behalf_of,omitempty"`
	Cause       string          `json:"cause"`
	Round       int             `json:"round"`
	Revision    int             `json:"revision"`
	ContentHash string          `json:"content_hash"`
	Data        json.RawMessage `json:"data"`
	Prev        string          `json:"prev"`
	Hash        string          `json:"hash,omitempty"`
	V           int             `json:"v"`
}

func (e Event) envelope() envelope {
	return envelope{
		Stream: e.Stream, Seq: e.Seq, At: e.At.UTC().Format(timeForm), Kind: e.Kind,
		Actor: e.Actor, OnBehalfOf: e.OnBehalfOf, Cause: e.Cause,
		Round: e.Round, Revision: e.Revision, ContentHash: e.ContentHash,
		Data: e.Data, Prev: e.Prev, Hash: e.Hash, V: e.V,
	}
}

// MarshalJSON writes the envelope as it is hashed and exported, but for the order
// of keys: the time in UTC with six decimals.
func (e Event) MarshalJSON() ([]byte, error) { return json.Marshal(e.envelope()) }

// hash is the hash of an event after the one whose hash is Prev: lower-case hex
// SHA-256 over Prev as text, then the canonical envelope without its hash.
//
// Errors: Invalid evidence.not_canonical, for the event's data.
func (e Event) hash() (string, error) {
	bare := e.envelope()
	bare.Hash = ""
	text, err := Canonical(bare)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append([]byte(e.Prev), text...))
	return hex.EncodeToString(sum[:]), nil
}

// Seal makes events of drafts: numbers them on from prev, gives all of them the
// same time, cut to microseconds, and links each to the one before. prev is the
// stream's head; the zero Event for a new stream. Data is stored canonically;
// none becomes {}. Pure, so safe to repeat.
//
// Errors: Invalid evidence.not_canonical, for a draft's data; Internal
// evidence.bad_envelope, for a head that is none of this stream.
func Seal(prev Event, drafts []Draft, cause string, at time.Time, stream string) ([]Event, error) {
	if prev.Seq != 0 && (prev.Stream != stream || prev.Hash == "") {
		return nil, badEnvelope(prev, "it is not the head of "+stream)
	}
	events := make([]Event, 0, len(drafts))
	for _, d := range drafts {
		e := Event{
			Stream: stream, Seq: prev.Seq + 1, At: at.UTC().Truncate(time.Microsecond), Kind: d.Kind,
			Actor: d.Actor, OnBehalfOf: d.OnBehalfOf, Cause: cause,
			Round: d.Round, Revision: d.Revision, ContentHash: d.ContentHash,
			Prev: prev.Hash, V: Version,
		}
		if err := e.seal(d.Data); err != nil {
			return nil, err
		}
		events = append(events, e)
		prev = e
	}
	return events, nil
}

func (e *Event) seal(data json.RawMessage) error {
	if len(data) == 0 {
		data = json.RawMessage("{}")
	}
	text, err := Canonical(data)
	if err != nil {
		return err
	}
	e.Data = text
	if err := checkEnvelope(*e); err != nil {
		return err
	}
	e.Hash, err = e.hash()
	return err
}

// VerifyChain proves a whole stream, from its first event: numbers without a gap,
// every link, every hash. It stops at the first event that does not hold and
// names it by stream and number.
//
// Errors: Internal evidence.bad_envelope, evidence.gap, evidence.broken_link,
// evidence.wrong_hash.
func VerifyChain(events []Event) error { return VerifyAfter(Event{}, events) }

// VerifyAfter proves the events that follow prev, which was proved before.
//
// Errors: as VerifyChain.
func VerifyAfter(prev Event, events []Event) error {
	for _, e := range events {
		if err := verifyNext(prev, e); err != nil {
			return err
		}
		prev = e
	}
	return nil
}

func verifyNext(prev, e Event) *fault.Fault {
	if err := checkEnvelope(e); err != nil {
		return err
	}
	if prev.Seq != 0 && e.Stream != prev.Stream {
		return badEnvelope(e, "it follows an event of "+prev.Stream)
	}
	if e.Seq != prev.Seq+1 {
		return broken(codeGap, e.Stream, e.Seq)
	}
	if e.Prev != prev.Hash {
		return broken(codeBrokenLink, e.Stream, e.Seq)
	}
	hash, err := e.hash()
	if err != nil {
		return badEnvelope(e, "its data is not canonical JSON")
	}
	if hash != e.Hash {
		return broken(codeWrongHash, e.Stream, e.Seq)
	}
	return nil
}

// checkEnvelope refuses what the hashed form could not tell apart or could not
// hold: a version of another time, a part of a microsecond, a year of five digits.
func checkEnvelope(e Event) *fault.Fault {
	switch {
	case e.V != Version:
		return badEnvelope(e, "its version is unknown")
	case e.Stream == "":
		return badEnvelope(e, "it has no stream")
	case !e.At.Equal(e.At.Truncate(time.Microsecond)):
		return badEnvelope(e, "its time has parts of a microsecond")
	case e.At.UTC().Year() < 1 || e.At.UTC().Year() > 9999:
		return badEnvelope(e, "its time is out of range")
	default:
		return nil
	}
}
