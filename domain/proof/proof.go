// Package proof is the evidence of one document in a file that stands alone: whoever
// holds it can derive the approval anew without us, our database or our word.
//
//	proof.go   the file, and its seal
//	check.go   what must hold between its parts
//	rejudge.go that every recorded act leads to what was recorded of it
package proof

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// Format names this form of the file. A change that an older reader would
// misunderstand is a new one.
const Format = "countersign-proof/1"

// Bundle is the evidence of one document up to an event. 存证包
type Bundle struct {
	Format   string    `json:"format"`
	Document string    `json:"document"`
	Number   string    `json:"number"`
	MadeAt   time.Time `json:"made_at"`
	Head     Head      `json:"head"`

	Events    []evidence.Event  `json:"events"`    // all of the stream, in order: the plan of every round is among them
	Acts      []Act             `json:"acts"`      // those that took effect, in the order received
	Revisions []Revision        `json:"revisions"` // in order
	Keys      map[string]string `json:"keys"`      // that verify the signatures, by id: Ed25519 in base64

	Passkeys []Passkey `json:"passkeys,omitempty"` // that people signed decisions with

	// Reversals is the whole stream of what was undone of its vouchers, in order: who asked,
	// who approved, and what the books said.
	Reversals []evidence.Event `json:"reversals,omitempty"`

	// Seal is the house's signature over everything else.
	Seal evidence.Signature `json:"seal"`
}

// Head is the event up to which the bundle tells.
type Head struct {
	Seq  int64  `json:"seq"`
	Hash string `json:"hash"`
}

// Act is what somebody did, as the house signed it when it was received.
type Act struct {
	Act        json.RawMessage    `json:"act"` // approval.Act
	Signature  evidence.Signature `json:"signature"`
	ReceivedAt time.Time          `json:"received_at"`
	Outcome    approval.Outcome   `json:"outcome"`
}

// Passkey is what judges the signatures of one passkey, in the hands of its owner.
type Passkey struct {
	ID         string    `json:"id"`
	Person     string    `json:"person"`
	Credential string    `json:"credential"`
	Public     string    `json:"public_key"` // PKIX DER in base64
	RP         string    `json:"rp_id"`
	AddedAt    time.Time `json:"added_at"`
	RemovedAt  time.Time `json:"removed_at,omitzero"`
}

// Revision is one content that was decided on.
type Revision struct {
	Revision int       `json:"revision"`
	Hash     string    `json:"hash"`
	Actor    string    `json:"actor"`
	At       time.Time `json:"at"`

	// Content is a document.Content with the hashes of its attachments; none where
	// whoever got the bundle may not see all of it. Then only its hash is told.
	Content json.RawMessage `json:"content,omitempty"`
}

// Sealed is the bundle with the house's signature over it.
//
// Errors: as evidence.Signer.Sign.
func (b Bundle) Sealed(by evidence.Signer) (Bundle, error) {
	b.Seal = evidence.Signature{}
	seal, err := by.Sign(b)
	b.Seal = seal
	return b, err
}

// Ring is the keys of the bundle.
//
// Errors: Invalid evidence.bad_key.
func (b Bundle) Ring() (evidence.KeyRing, error) {
	ring := make(evidence.KeyRing, len(b.Keys))
	for id, text := range b.Keys {
		key, err := evidence.ParsePublicKey(id, text)
		if err != nil {
			return nil, err
		}
		ring[id] = key
	}
	return ring, nil
}

// Names inside an archive of a bundle with its files.
const (
	BundleName = "proof.json"
	filesDir   = "files/"
)

// FileName is where an archive keeps an attachment: under its id, which tells whose
// hash it must have; the name it was given by people is no path of ours.
func FileName(a document.Attachment) string { return filesDir + a.ID }

// Files are the attachments that the contents name, each once.
//
// Errors: Invalid proof.unreadable.
func (b Bundle) Files() ([]document.Attachment, error) {
	var files []document.Attachment
	for _, r := range b.Revisions {
		if r.Content == nil {
			continue
		}
		var content document.Content
		if err := json.Unmarshal(r.Content, &content); err != nil {
			return nil, fault.New(fault.Invalid, "proof.unreadable", fault.Arg("why", err.Error()))
		}
		for _, a := range content.Files() {
			if !slices.ContainsFunc(files, func(o document.Attachment) bool { return o.ID == a.ID }) {
				files = append(files, a)
			}
		}
	}
	return files, nil
}

// KeyTexts are keys as a bundle carries them.
func KeyTexts(ring evidence.KeyRing) map[string]string {
	texts := make(map[string]string, len(ring))
	for id, key := range ring {
		texts[id] = base64.StdEncoding.EncodeToString(key)
	}
	return texts
}

// Fingerprint is what people compare of a key: the SHA-256 of its 32 bytes.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:])
}

// wordBytes is how much of a hash the word tells: 40 bits, eight letters.
const wordBytes = 5

// letters leave out what is easily misread.
var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// Word is a hash as people say it on the telephone or compare it on paper: the
// beginning of it, such as 7Q3D-0MXA. "" for what is no hash. 校验码
func Word(hash string) string {
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) < wordBytes {
		return ""
	}
	word := letters.EncodeToString(raw[:wordBytes])
	return word[:4] + "-" + word[4:]
}

// Read reads a bundle strictly.
//
// Errors: Invalid proof.unreadable.
func Read(text []byte) (Bundle, error) {
	var b Bundle
	if err := json.Unmarshal(text, &b); err != nil {
		return Bundle{}, fault.New(fault.Invalid, "proof.unreadable", fault.Arg("why", err.Error()))
	}
	if b.Format != Format {
		return Bundle{}, fault.New(fault.Invalid, "proof.other_format", fault.Arg("format", b.Format))
	}
	return b, nil
}

var _ = fault.Register(map[string]fault.Entry{
	"proof.unreadable":   {Kind: fault.Invalid, Args: []string{"why"}},
	"proof.other_format": {Kind: fault.Invalid, Args: []string{"format"}},
})
