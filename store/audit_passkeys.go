package store

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/approval"
)

// readPasskeys takes every passkey there ever was: what a removed one signed before
// stays proved.
func (a *auditor) readPasskeys(ctx context.Context) error {
	var rows []passkeyRow
	if err := a.tx.SelectContext(ctx, &rows, `SELECT `+passkeyColumns+` FROM passkeys`); err != nil {
		return err
	}
	a.keys, a.signed = map[string]Passkey{}, map[string][]approval.Act{}
	for _, r := range rows {
		a.keys[r.Credential] = r.passkey()
	}
	return nil
}

// sealed proves that a passkey of whoever decided signed what they decided where the
// plan of then asked for it, and that no signature serves twice, but for acts that were
// signed at once, each for itself.
func (a *auditor) sealed(f *auditFile) {
	asked := false
	for _, e := range f.events {
		if e.Kind == approval.PlanMade {
			d, err := approval.Decode[approval.PlanData](e)
			asked = err == nil && d.Plan.Passkey
		}
		if asked && decisions[e.Kind] {
			a.seal(f, e.Seq, e.Cause)
		}
	}
	for _, row := range f.acts {
		var act approval.Act
		if json.Unmarshal([]byte(row.Canonical), &act) != nil || act.Passkey == nil {
			continue
		}
		for _, other := range a.signed[act.Passkey.Nonce] {
			if !act.SignedBeside(other) {
				a.found(f.ID, 0, "act.replayed_passkey", "%s has the signature of %s", row.ID, other.ID)
			}
		}
		a.signed[act.Passkey.Nonce] = append(a.signed[act.Passkey.Nonce], act)
	}
}

func (a *auditor) seal(f *auditFile, seq int64, cause string) {
	row := f.acts[cause]
	var act approval.Act
	if json.Unmarshal([]byte(row.Canonical), &act) != nil || act.Passkey == nil {
		a.found(f.ID, seq, "act.no_passkey", "%s is not signed with a passkey", cause)
		return
	}
	key := a.keys[act.Passkey.Credential]
	if err := provePasskey(act, key.Key(), row.ReceivedAt); err != nil {
		a.found(f.ID, seq, "act.bad_passkey", "%s: %v", cause, err)
	}
}

// passkeys holds what was added and removed against the events that say so.
func (a *auditor) passkeys(ctx context.Context) error {
	const query = `
		SELECT DISTINCT ON (stream, data::jsonb ->> 'id') stream, seq, actor, data FROM events
		WHERE stream LIKE $1 || '%' AND kind LIKE 'passkey.%' ORDER BY stream, data::jsonb ->> 'id', seq DESC`
	var told []struct {
		Stream, Actor, Data string

		Seq int64
	}
	if err := a.tx.SelectContext(ctx, &told, query, identityStream); err != nil {
		return err
	}
	recorded := map[string]bool{}
	for _, t := range told {
		var said Passkey
		_ = json.Unmarshal([]byte(t.Data), &said) // one that cannot be read is none that is kept
		kept, ok := a.keys[said.Credential]
		recorded[said.Credential] = true
		switch {
		case !ok:
			a.found(t.Stream, t.Seq, "passkey.missing", "%s was recorded, and its row is gone", said.ID)
		case !samePasskey(kept, said) || t.Stream != identityStream+said.Person:
			a.found(t.Stream, t.Seq, "passkey.differs", "%s is not what the events say", said.ID)
		case t.Actor != cmp.Or(said.By, said.Person) || (said.By != "" && said.By != said.Person) != (said.Reason != ""):
			a.found(t.Stream, t.Seq, "passkey.unexplained", "%s was taken away by %s: not by whom, or not why", said.ID, t.Actor)
		}
	}
	for _, credential := range slices.Sorted(maps.Keys(a.keys)) {
		if kept := a.keys[credential]; !recorded[credential] {
			a.found(identityStream+kept.Person, 0, "passkey.invented", "%s was never recorded", kept.ID)
		}
	}
	return nil
}

// samePasskey compares what is evidence of two.
func samePasskey(a, b Passkey) bool {
	a.Counter, a.LastUsedAt, b.Counter, b.LastUsedAt = 0, time.Time{}, 0, time.Time{}
	return string(mustJSON(a)) == string(mustJSON(b))
}
