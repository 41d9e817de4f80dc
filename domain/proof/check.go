package proof

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
)

// Finding is one thing in a bundle that does not add up.
type Finding struct {
	Seq    int64  `json:"seq,omitempty"` // of the event; 0 where it is about none
	What   string `json:"what"`          // a code, as those of audit verify
	Detail string `json:"detail,omitempty"`
}

// Report is the answer of a check.
type Report struct {
	Document string          `json:"document"`
	Number   string          `json:"number"`
	Status   approval.Status `json:"status"`
	Head     Head            `json:"head"`
	Word     string          `json:"word"`

	Events    int `json:"events"`
	Acts      int `json:"acts"`
	Revisions int `json:"revisions"`
	Withheld  int `json:"withheld"` // revisions whose content is not in the bundle

	Keys        []Key                 `json:"keys"`                  // whose signatures were found
	Attachments []document.Attachment `json:"attachments,omitempty"` // that the contents name
	Findings    []Finding             `json:"findings"`

	Reversals []Reversal `json:"reversals,omitempty"` // of its vouchers
}

// Key is a key that signed something. A bundle brings its own keys, so whoever checks
// it compares them with what the house published elsewhere.
type Key struct {
	ID          string `json:"id"`
	Fingerprint string `json:"fingerprint"`
	Trusted     bool   `json:"trusted"` // it is one of those that the checker knows
}

// check is one bundle being checked.
type check struct {
	Bundle
	ring   evidence.KeyRing
	acts   map[string]approval.Act
	report *Report
}

// Check derives a bundle anew, from its own parts alone: the seal, the chain, the
// signatures of the acts, that each act leads to what was recorded of it, and the
// contents. trusted are keys that the checker knows from elsewhere; none: every key of
// the bundle is taken, and told.
func Check(b Bundle, trusted evidence.KeyRing) Report {
	report := Report{
		Document: b.Document, Number: b.Number, Head: b.Head, Word: Word(b.Head.Hash),
		Events: len(b.Events), Acts: len(b.Acts), Revisions: len(b.Revisions), Findings: []Finding{}, Keys: []Key{},
	}
	c := &check{Bundle: b, acts: map[string]approval.Act{}, report: &report}
	ring, err := b.Ring()
	if err != nil {
		c.found(0, "key.unreadable", "%v", err)
		return report
	}
	c.ring = ring
	c.keys(trusted)
	c.seal()
	c.signatures()
	if c.chain() {
		c.story()
	}
	c.contents()
	c.reversals()
	return report
}

func (c *check) found(seq int64, what, format string, args ...any) {
	c.report.Findings = append(c.report.Findings, Finding{Seq: seq, What: what, Detail: fmt.Sprintf(format, args...)})
}

// keys tells whose keys the bundle rests on, and holds them against those known.
func (c *check) keys(trusted evidence.KeyRing) {
	used := []string{c.Seal.KeyID}
	for _, a := range c.Acts {
		used = append(used, a.Signature.KeyID)
	}
	slices.Sort(used)
	for _, id := range slices.Compact(used) {
		key, ok := c.ring[id]
		if !ok {
			c.found(0, "key.missing", "%s", id)
			continue
		}
		known := trusted[id].Equal(key)
		if len(trusted) > 0 && !known {
			c.found(0, "key.untrusted", "%s is not the key that you know by this id", id)
		}
		c.report.Keys = append(c.report.Keys, Key{ID: id, Fingerprint: Fingerprint(key), Trusted: known})
	}
}

// seal proves that the bundle is whole, as the house gave it out.
func (c *check) seal() {
	bare := c.Bundle
	bare.Seal = evidence.Signature{}
	if err := c.ring.Verify(bare, c.Seal); err != nil {
		c.found(0, "seal.broken", "%v", err)
	}
}

// signatures proves every act, and that it is about this document.
func (c *check) signatures() {
	for i, row := range c.Acts {
		var act approval.Act
		if err := json.Unmarshal(row.Act, &act); err != nil || act.ID == "" {
			c.found(0, "act.unreadable", "number %d", i+1)
			continue
		}
		if err := c.ring.Verify(row.Act, row.Signature); err != nil {
			c.found(0, "act.bad_signature", "%s: %v", act.ID, err)
		}
		c.passkey(act, row.ReceivedAt)
		if act.Document != c.Document {
			c.found(0, "act.other_document", "%s is about %s", act.ID, act.Document)
		}
		if _, twice := c.acts[act.ID]; twice {
			c.found(0, "act.twice", "%s", act.ID)
		}
		c.acts[act.ID] = act
	}
}

// passkey proves what somebody signed in person. That they signed at all where the plan
// asked for it, the rules tell when the act is judged again.
func (c *check) passkey(act approval.Act, received time.Time) {
	if act.Passkey == nil {
		return
	}
	i := slices.IndexFunc(c.Passkeys, func(p Passkey) bool { return p.Credential == act.Passkey.Credential })
	if i < 0 {
		c.found(0, "act.unknown_passkey", "%s is signed with a passkey that is not there", act.ID)
		return
	}
	key := passkey.Key(c.Passkeys[i])
	if _, err := act.VerifyPasskey(key); err != nil || !key.At(received) {
		c.found(0, "act.bad_passkey", "%s is not signed with the passkey %s of %s: %v", act.ID, key.ID, key.Person, err)
	}
}

// chain proves every link; what follows a broken one tells nothing.
func (c *check) chain() bool {
	if len(c.Events) == 0 {
		c.found(0, "stream.missing", "no events")
		return false
	}
	var prev evidence.Event
	whole := true
	for _, e := range c.Events {
		if err := evidence.VerifyAfter(prev, []evidence.Event{e}); err != nil {
			c.found(e.Seq, fault.CodeOf(err), "%v", err)
			whole = false
		}
		if e.Stream != c.Document {
			c.found(e.Seq, "stream.other", "it is of %s", e.Stream)
			whole = false
		}
		prev = e
	}
	if (Head{prev.Seq, prev.Hash}) != c.Head {
		c.found(prev.Seq, "head.differs", "the bundle says %d %s", c.Head.Seq, c.Head.Hash)
	}
	return whole
}

// contents proves that what was decided on is what is kept, and that what an approver
// changed in it is what is recorded of it.
func (c *check) contents() {
	kept := map[int]Revision{}
	for _, r := range c.Revisions {
		if _, twice := kept[r.Revision]; twice {
			c.found(0, "content.twice", "revision %d", r.Revision)
		}
		kept[r.Revision] = r
		if r.Content == nil {
			c.report.Withheld++
			continue
		}
		if hash, err := evidence.HashOf(r.Content); err != nil || hash != r.Hash {
			c.found(0, "content.differs", "revision %d is not what its hash says", r.Revision)
		}
	}
	files, err := c.Files()
	if err != nil {
		c.found(0, "content.unreadable", "%v", err)
	}
	c.report.Attachments = files
	for _, e := range c.Events {
		if r, ok := kept[e.Revision]; !ok || r.Hash != e.ContentHash {
			c.found(e.Seq, "content.unknown", "%s names revision %d with %s", e.Kind, e.Revision, e.ContentHash)
			continue
		}
		c.patch(e, kept[e.Revision-1].Content, kept[e.Revision].Content)
	}
}

// patch proves a sanction or an amendment.
func (c *check) patch(e evidence.Event, before, after json.RawMessage) {
	changes := e.Kind == approval.DocumentSanctioned || e.Kind == approval.DocumentAmended
	if !changes || before == nil || after == nil {
		return
	}
	if proved, err := approval.Leads(e, before, after); err != nil || !proved {
		c.found(e.Seq, "content.unproved", "%s does not lead from revision %d to the next", e.Kind, e.Revision-1)
	}
}

// bySystem says whether nobody in person did something.
func bySystem(actor string) bool { return strings.HasPrefix(actor, "system:") }
