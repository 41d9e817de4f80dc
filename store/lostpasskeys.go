package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/notice"
	"github.com/countersign/countersign/domain/passkey"
)

// TakePasskey takes a lost passkey of somebody away by one administrator's word, records
// it in the stream of whose it was, and tells them and every administrator. Its key is
// kept for what it signed.
//
// Safe to repeat with the same key. Errors: NotFound passkey.not_found; those of
// passkey.Removal.Check; Conflict idempotency.reused.
func (s *Store) TakePasskey(ctx context.Context, r passkey.Removal, idem Idempotency) error {
	return s.inTx(ctx, "store.TakePasskey", func(tx *sqlx.Tx) error {
		if _, fresh, err := claimRequest(ctx, tx, idem, r.Key); err != nil || !fresh {
			return err
		}
		whole, now, err := wholeIn(ctx, tx)
		if err != nil {
			return err
		}
		if err := r.Check(whole.Same(r.By, r.Person)); err != nil {
			return err
		}
		p, err := removePasskey(ctx, tx, r)
		if err != nil {
			return err
		}
		present := whole.At(now)
		o := access.Object{Entity: present.People[r.Person].Entity}
		told := append([]string{r.Person}, access.Allowed(present, access.GrantDecide, o)...)
		return tellOnce(ctx, tx, notice.OfLostPasskey(p.ID, p.Name, r.Person, r.By, r.Reason).For(told...))
	})
}
