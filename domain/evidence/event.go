// Package evidence is what an auditor can check without believing us: the
// canonical form that is hashed and signed, the event envelope, and the chain.
package evidence

import (
	"encoding/json"
	"time"
)

// Version is the version of the event envelope.
const Version = 1

// Draft is an event that was judged but not yet recorded.
type Draft struct {
	Kind        string          `json:"kind"`                   // noun.verb_past, such as task.opened
	Actor       string          `json:"actor"`                  // a person's id, or system:<what>
	OnBehalfOf  string          `json:"on_behalf_of,omitempty"` // B for A: the A
	Round       int             `json:"round"`
	Revision    int             `json:"revision"`
	ContentHash string          `json:"content_hash"`
	Data        json.RawMessage `json:"data"` // the event's own fields; integers and text, no floats
}

// Event is one recorded fact of a stream. Only Record gives out sequence
// numbers, stamps the database's time and links the chain. 审计事件
type Event struct {
	Stream      string          `json:"stream"`                 // the document's id, or policy:<id>, …
	Seq         int64           `json:"seq"`                    // 1, 2, 3, … without a gap
	At          time.Time       `json:"at"`                     // database clock, UTC, microseconds
	Kind        string          `json:"kind"`                   // noun.verb_past
	Actor       string          `json:"actor"`                  // a person's id, or system:<what>
	OnBehalfOf  string          `json:"on_behalf_of,omitempty"` // B for A: the A
	Cause       string          `json:"cause"`                  // Command.Cause: act id, plan:<round>, …
	Round       int             `json:"round"`                  // approval round, from 1
	Revision    int             `json:"revision"`               // content revision, from 1
	ContentHash string          `json:"content_hash"`           // hash of that revision's content
	Data        json.RawMessage `json:"data"`
	Prev        string          `json:"prev"` // hash of the event before; "" for the first
	Hash        string          `json:"hash"` // see VerifyChain; left out of what is hashed
	V           int             `json:"v"`
}
