package pages

import (
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/passkey"
)

// heldPasskeyRow is a passkey of somebody else, as an administrator sees it.
type heldPasskeyRow struct {
	passkeyRow
	By, Reason string
}

// lostPasskeys are those that the reader might take away; none for who keeps nobody's.
func (v *visit) lostPasskeys(view *personView) error {
	held, err := v.desk().PasskeysOf(v.r.Context(), v.who, view.ID)
	if code := fault.CodeOf(err); code == "passkey.not_found" || code == "act.person_only" {
		return nil
	}
	if err != nil {
		return err
	}
	view.KeepsKeys, view.Own = true, v.org.Same(v.who.Person.ID, view.ID)
	home := v.who.Person.Entity
	for _, p := range held {
		row := heldPasskeyRow{Reason: p.Reason, passkeyRow: passkeyRow{ID: p.ID, Name: p.Name, Synced: p.Synced,
			Added: v.stamp(p.AddedAt, home), Used: v.stamp(p.LastUsedAt, home), Removed: v.stamp(p.RemovedAt, home)}}
		if p.By != "" {
			row.By = v.name(p.By)
		}
		view.Passkeys = append(view.Passkeys, row)
	}
	return nil
}

// takePasskey handles POST /organisation/people/:id/passkeys/:passkey/remove.
func takePasskey(v *visit) error {
	id, lost, reason := v.param("id"), v.param("passkey"), v.asked("reason")
	key := v.key("take-passkey", id, lost, reason)
	_, err := again(func() (struct{}, error) {
		return struct{}{}, v.desk().TakePasskey(v.r.Context(), v.who,
			passkey.Removal{Key: lost, Person: id, Reason: reason}, key)
	})
	return v.rightAnswered(err, id, personAt(id)+"#passkeys", "passkey_taken")
}
