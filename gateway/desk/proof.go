package desk

import (
	"context"
	"slices"
	"time"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/proof"
	"github.com/countersign/countersign/domain/reversal"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Proof is the evidence of a document, sealed by the house, for whoever may read it.
// The contents go to those who audit it: they hold bank accounts in full, which its
// other readers see masked; the hashes go to everybody.
//
// Errors: NotFound document.not_found; Conflict proof.of_a_draft.
func (d *Desk) Proof(ctx context.Context, who auth.Who, id string) (proof.Bundle, error) {
	detail, err := d.Document(ctx, who, id)
	if err != nil {
		return proof.Bundle{}, err
	}
	if detail.Status == approval.Draft {
		return proof.Bundle{}, fault.New(fault.Conflict, "proof.of_a_draft")
	}
	audits, _ := access.Can(who.Subject, access.AuditRead, detail.Object())
	b := proof.Bundle{
		Format: proof.Format, Document: detail.ID, Number: detail.Number, MadeAt: d.now().UTC().Truncate(time.Microsecond),
	}
	if b.Events, err = d.events(ctx, id); err != nil {
		return proof.Bundle{}, err
	}
	if b.Reversals, err = d.events(ctx, reversal.StreamPrefix+id); err != nil {
		return proof.Bundle{}, err
	}
	if err := d.gather(ctx, &b, audits); err != nil {
		return proof.Bundle{}, err
	}
	return b.Sealed(d.Signer)
}

// gather puts in what the events rest on.
func (d *Desk) gather(ctx context.Context, b *proof.Bundle, contents bool) error {
	last := b.Events[len(b.Events)-1]
	b.Head = proof.Head{Seq: last.Seq, Hash: last.Hash}
	acts, err := d.Store.ActsOf(ctx, b.Document, causesOf(b.Events))
	if err != nil {
		return err
	}
	b.Acts = make([]proof.Act, 0, len(acts))
	for _, row := range acts {
		a := proof.Act{Act: []byte(row.Canonical), Signature: row.Signature, ReceivedAt: row.ReceivedAt}
		if row.Outcome != nil {
			a.Outcome = *row.Outcome
		}
		b.Acts = append(b.Acts, a)
	}
	all, err := d.Store.Contents(ctx, b.Document)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Revision > last.Revision {
			break // it came after the events were read
		}
		if !contents {
			r.Content = nil
		}
		b.Revisions = append(b.Revisions, r)
	}
	ring, err := d.Store.PublicKeys(ctx)
	if err != nil {
		return err
	}
	if b.Passkeys, err = d.passkeysOf(ctx, acts); err != nil {
		return err
	}
	used := evidence.KeyRing{d.Signer.KeyID: d.Signer.Public()}
	for _, a := range b.Acts {
		used[a.Signature.KeyID] = ring[a.Signature.KeyID]
	}
	b.Keys = proof.KeyTexts(used)
	return nil
}

// passkeysOf are the passkeys that acts were signed with, each once.
func (d *Desk) passkeysOf(ctx context.Context, acts []store.ActRow) ([]proof.Passkey, error) {
	var keys []proof.Passkey
	for _, row := range acts {
		signed := row.Act.Passkey
		same := func(k proof.Passkey) bool { return k.Credential == signed.Credential }
		if signed == nil || slices.ContainsFunc(keys, same) {
			continue
		}
		key, err := d.Store.PasskeyOf(ctx, signed.Credential)
		if err != nil {
			return nil, err
		}
		keys = append(keys, proof.Passkey(key.Key()))
	}
	return keys, nil
}

// causesOf are the causes of events, each once: the acts are among them.
func causesOf(events []evidence.Event) []string {
	var causes []string
	for i, e := range events {
		if i == 0 || e.Cause != events[i-1].Cause {
			causes = append(causes, e.Cause)
		}
	}
	return causes
}
