package invariants

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// assertion is what a passkey signed, as the act says.
type assertion struct {
	Credential    string `json:"credential"`
	Nonce         string `json:"nonce"`
	Authenticator string `json:"authenticator_data"`
	Client        string `json:"client_data"`
	Signature     string `json:"signature"`

	Together []string `json:"together"` // what was signed at once
}

// passkey is a passkey as its row stands or as its last event says.
type passkey struct {
	ID         string    `json:"id"`
	Person     string    `json:"person"`
	Name       string    `json:"name"`
	Credential string    `json:"credential"`
	PublicKey  string    `json:"public_key"`
	RP         string    `json:"rp_id"`
	By         string    `json:"by"`
	Reason     string    `json:"reason"`
	Synced     bool      `json:"synced"`
	AddedAt    time.Time `json:"added_at"`
	RemovedAt  time.Time `json:"removed_at"`
}

func (l *loader) passkeyRows() error {
	const query = `
		SELECT id, person, name, credential, public_key, rp_id, synced, added_at, removed_by, remove_reason, removed_at FROM passkeys ORDER BY id`
	return l.each(query, func(r *sql.Rows) error {
		var p passkey
		var removedAt sql.NullTime
		err := r.Scan(&p.ID, &p.Person, &p.Name, &p.Credential, &p.PublicKey, &p.RP, &p.Synced, &p.AddedAt, &p.By, &p.Reason, &removedAt)
		p.RemovedAt = removedAt.Time
		l.passkeys = append(l.passkeys, p)
		return err
	})
}

// checkSealed holds that from the limit on every human decision, and every change of
// what is decided on, was signed by a passkey that was the actor's at that moment, and
// that it signed exactly this: I5.
func (c *checker) checkSealed(d *document) {
	all := slices.Clone(d.fold.decisions)
	for _, p := range d.fold.patches {
		all = append(all, p.decision)
	}
	for _, s := range all {
		if s.plan == nil || !s.plan.Passkey || !human(s.event.Actor) {
			continue
		}
		a := d.acts[s.event.Cause]
		signed := a.said.Passkey
		if !c.hold("I5", s.task.ID, signed != nil, "%s did %s without a passkey", s.event.Actor, s.event.Kind) {
			continue
		}
		acts := c.nonces[signed.Nonce]
		c.hold("I5", s.task.ID, len(acts) == 1 || eachOnce(acts, signed.Together), "the answer to one question stands for %d acts", len(acts))
		i := slices.IndexFunc(c.passkeys, func(p passkey) bool { return p.Credential == signed.Credential })
		if !c.hold("I5", s.task.ID, i >= 0, "%s signed with a passkey that nobody has", s.event.Actor) {
			continue
		}
		key := c.passkeys[i]
		c.hold("I5", s.task.ID, key.Person == a.Actor && a.Actor == s.event.Actor, "%s signed with the passkey of %s", a.Actor, key.Person)
		c.hold("I5", s.task.ID, !a.ReceivedAt.Before(key.AddedAt) && (key.RemovedAt.IsZero() || a.ReceivedAt.Before(key.RemovedAt)),
			"%s signed with a passkey before or after they had it", a.Actor)
		wrong := signed.wrong(key, asked(a.Canonical, signed.Together))
		c.hold("I5", s.task.ID, wrong == "", "what the passkey of %s signed is not this decision: %s", a.Actor, wrong)
	}
}

// eachOnce says whether several acts are each one of those that were signed at once, no
// two of them the same.
func eachOnce(acts, together []string) bool {
	left := slices.Clone(together)
	for _, a := range acts {
		i := slices.Index(left, question(a))
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

// asked is what a passkey was asked: about one act, or about two at once, the hash of
// what it would be asked of each.
func asked(act string, together []string) string {
	own := question(act)
	if len(together) == 0 {
		return own
	}
	if len(together) != 2 || together[0] == together[1] || !slices.Contains(together, own) {
		return "another act"
	}
	sum := sha256.Sum256([]byte(`countersign decisions v1` + "\n" + `["` + together[0] + `","` + together[1] + `"]`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// question is what a passkey is asked for an act: the hash of what is decided.
func question(act string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(act), &fields) != nil {
		return ""
	}
	var signed assertion
	_ = json.Unmarshal(fields["passkey"], &signed)
	for _, late := range []string{"id", "channel", "revision", "sign_in", "maker"} {
		delete(fields, late)
	}
	fields["id"] = json.RawMessage(`""`)
	fields["passkey"], _ = json.Marshal(map[string]string{"nonce": signed.Nonce})
	text, err := json.Marshal(fields)
	if err != nil {
		return ""
	}
	if text, err = canonical(text); err != nil {
		return ""
	}
	sum := sha256.Sum256(append([]byte("countersign decision v1\n"), text...))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// wrong says what is wrong with a signature; "" for nothing.
func (a *assertion) wrong(key passkey, asked string) string {
	data, err1 := base64.RawURLEncoding.DecodeString(a.Authenticator)
	client, err2 := base64.RawURLEncoding.DecodeString(a.Client)
	signature, err3 := base64.RawURLEncoding.DecodeString(a.Signature)
	var said struct{ Type, Challenge, Origin string }
	if err1 != nil || err2 != nil || err3 != nil || len(data) < 37 || json.Unmarshal(client, &said) != nil {
		return "it cannot be read"
	}
	domain, hashed := sha256.Sum256([]byte(key.RP)), sha256.Sum256(client)
	host, _, _ := strings.Cut(said.Origin[strings.Index(said.Origin, "//")+2:], ":")
	switch {
	case said.Type != "webauthn.get" || said.Challenge != asked:
		return "another question"
	case host != key.RP && !strings.HasSuffix(host, "."+key.RP), !strings.HasPrefix(said.Origin, "https://") && host != "localhost":
		return "another page"
	case !bytes.Equal(data[:32], domain[:]):
		return "another domain"
	case data[32]&5 != 5:
		return "nobody was verified"
	case !validFor(key.PublicKey, append(data, hashed[:]...), signature):
		return "another key"
	}
	return ""
}

// validFor verifies a signature with a public key of PKIX.
func validFor(public string, signed, signature []byte) bool {
	der, err := base64.StdEncoding.DecodeString(public)
	if err != nil {
		return false
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return false
	}
	kind := x509.SHA256WithRSA
	switch key.(type) {
	case *ecdsa.PublicKey:
		kind = x509.ECDSAWithSHA256
	case ed25519.PublicKey:
		kind = x509.PureEd25519
	}
	return (&x509.Certificate{PublicKey: key}).CheckSignature(kind, signed, signature) == nil
}

// checkPasskeys holds that every passkey was added and removed on record, and that it
// is what the record says: I13.
func (c *checker) checkPasskeys() {
	told := map[string]passkey{}
	for stream, events := range c.streams {
		person, of := strings.CutPrefix(stream, identityStream)
		for _, e := range events {
			if !of || !strings.HasPrefix(e.Kind, "passkey.") {
				continue
			}
			p := read[passkey](e.Text)
			before, known := told[p.ID]
			whole := p.Person == person && (e.Kind == "passkey.added") != known &&
				(!known || before.Credential == p.Credential && before.PublicKey == p.PublicKey)
			c.hold("I13", stream, whole, "%s of %s does not follow what was before it", e.Kind, p.ID)
			c.hold("I13", stream, (p.By != "" && p.By != person) == (p.Reason != "") && (p.By == "" || p.By == e.Actor),
				"%s of %s does not say by whom, or why", e.Kind, p.ID)
			told[p.ID] = p
		}
	}
	for _, row := range c.passkeys {
		said, found := told[row.ID]
		if !c.hold("I13", row.ID, found, "a passkey that nobody recorded") {
			continue
		}
		delete(told, row.ID)
		sameTime(c, "I13", row.ID, "its beginning", row.AddedAt, said.AddedAt)
		sameTime(c, "I13", row.ID, "its end", row.RemovedAt, said.RemovedAt)
		row.AddedAt, row.RemovedAt, said.AddedAt, said.RemovedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		same(c, "I13", row.ID, "the passkey", row, said)
	}
	for id := range told {
		c.fail("I13", id, "a passkey was recorded, and its row is gone")
	}
}
