// Package webhook says what other systems are told of a document, which of it, and
// what their answer means. 事件推送
//
// A message is one event of a document's record in a CloudEvents envelope, signed as
// Standard Webhooks say. It is made of what never changes, so that a repeat is the
// same to the last byte; who needs more asks the API.
package webhook

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/money"
)

// Tested is the kind of the message that somebody asks for to see whether an endpoint
// answers. It belongs to no document.
const Tested = "endpoint.tested"

// typePrefix goes before the kind of an event, as CloudEvents want a name of ours.
const typePrefix = "countersign."

// Subscription is what one endpoint is told.
type Subscription struct {
	ID       string
	Events   []string // kinds, or all of a noun: document.approved, voucher.*; none = Ordinary
	Types    []string // document types; none = all
	Entities []string // none = all
	Account  string   // what this account did itself is not told back to it; "" = everything is told
	Evidence bool     // the whole event with its hashes, as the record holds it
}

// Ordinary is what an endpoint is told that does not say what: how a document fares,
// and not who was asked when.
func Ordinary() []string { return []string{"document.*", "voucher.*", "reversal.*", "plan.failed"} }

var kind = regexp.MustCompile(`^[a-z_]+\.(\*|[a-z_]+)$`)

// Named says whether a text may stand in Subscription.Events.
func Named(text string) bool { return kind.MatchString(text) }

// Document is what a message says of the document. None of it ever changes but the
// amount, and that goes by the event's revision.
type Document struct {
	ID, Number, Type, Entity, Department string

	Submitter, Requester string // people's ids
	Total                money.Amount
	Origin               document.Origin
}

// Wants says whether an endpoint is told of an event of a document.
func (s Subscription) Wants(e evidence.Event, d Document) bool {
	if s.Account != "" && e.Actor == s.Account {
		return false
	}
	return allows(s.Types, d.Type) && allows(s.Entities, d.Entity) && s.names(e.Kind)
}

func allows(list []string, what string) bool { return len(list) == 0 || slices.Contains(list, what) }

func (s Subscription) names(kind string) bool {
	events := s.Events
	if len(events) == 0 {
		events = Ordinary()
	}
	noun, _, _ := strings.Cut(kind, ".")
	return slices.Contains(events, kind) || slices.Contains(events, noun+".*")
}

// Message is what is sent: its id, the same in every repeat and for every endpoint, and its body.
type Message struct {
	ID   string
	Body []byte
}

// envelope is the structured mode of CloudEvents 1.0, with its extension sequence.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
type envelope struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject,omitempty"`
	Time        time.Time `json:"time"`
	Sequence    string    `json:"sequence"` // of the endpoint, in twenty digits so that text sorts as numbers do
	ContentType string    `json:"datacontenttype"`
	Data        any       `json:"data"`
}

type told struct {
	Document    string          `json:"document"`
	Number      string          `json:"number"`
	Type        string          `json:"type"`
	Entity      string          `json:"entity"`
	Department  string          `json:"department"`
	Submitter   string          `json:"submitter"`
	Requester   string          `json:"requester"`
	Total       amount          `json:"total"`
	Source      string          `json:"source,omitempty"`
	External    string          `json:"external_id,omitempty"`
	Seq         int64           `json:"seq"` // within the document's record
	Actor       string          `json:"actor"`
	OnBehalfOf  string          `json:"on_behalf_of,omitempty"`
	Round       int             `json:"round"`
	Revision    int             `json:"revision"`
	ContentHash string          `json:"content_hash"`
	URL         string          `json:"url"` // where a person looks at it
	API         string          `json:"api"` // where a program asks how it stands
	Event       *evidence.Event `json:"event,omitempty"`
}

type amount struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// Of makes the message of an event for an endpoint: the no-th it is told. public is
// where the gateway is reached, without a path.
func (s Subscription) Of(e evidence.Event, d Document, no int64, public string) (Message, error) {
	data := told{
		Document: d.ID, Number: d.Number, Type: d.Type, Entity: d.Entity, Department: d.Department,
		Submitter: d.Submitter, Requester: d.Requester, Total: amount{d.Total.Text(), string(d.Total.Currency)},
		Source: d.Origin.Source, External: d.Origin.Reference, Seq: e.Seq, Actor: e.Actor,
		OnBehalfOf: e.OnBehalfOf, Round: e.Round, Revision: e.Revision, ContentHash: e.ContentHash,
		URL: public + "/documents/" + d.ID,
		API: public + "/api/v1/documents/" + d.ID,
	}
	if s.Evidence {
		data.Event = &e
	}
	return sealed(envelope{
		ID: e.Stream + "." + strconv.FormatInt(e.Seq, 10), Source: public, Type: typePrefix + e.Kind, Subject: d.Number,
		Time: e.At, Data: data,
	}, no)
}

// Test makes the message that shows whether an endpoint answers.
func (s Subscription) Test(no int64, at time.Time, public string) (Message, error) {
	return sealed(envelope{
		ID: "test." + s.ID + "." + strconv.FormatInt(no, 10), Source: public, Type: typePrefix + Tested, Time: at,
		Data: struct{}{},
	}, no)
}

func sealed(e envelope, no int64) (Message, error) {
	e.SpecVersion, e.ContentType, e.Sequence = "1.0", "application/json", fmt.Sprintf("%020d", no)
	body, err := json.Marshal(e)
	return Message{e.ID, body}, err
}

// Verdict is what an answer means.
type Verdict string

// The verdicts.
const (
	Delivered Verdict = "delivered"
	Again     Verdict = "again" // not now; the same message again, and none after it before
	Gone      Verdict = "gone"  // nobody is there any more: nothing is sent until somebody says so
)

// Judge says what an HTTP status means; 0 is that there was no answer. A redirection is
// no delivery: whoever moves says so to a person.
func Judge(status int) Verdict {
	switch {
	case status >= 200 && status < 300:
		return Delivered
	case status == statusGone:
		return Gone
	}
	return Again
}

// statusGone is how an endpoint says that it is not there any more: RFC 9110, 15.5.11.
const statusGone = 410

// waits are those between tries, as Standard Webhooks suggest; the last goes on.
var waits = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour,
	4 * time.Hour,
}

// Wait is how long to let an endpoint be after so many tries that failed, from 1; what
// it asked for itself is heard, up to the longest of ours.
func Wait(tries int, asked time.Duration) time.Duration {
	wait := waits[min(max(tries, 1), len(waits))-1]
	return max(wait, min(asked, waits[len(waits)-1]))
}
