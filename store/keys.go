package store

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"maps"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
)

// PublicKeys returns every key that ever verified an act.
func (s *Store) PublicKeys(ctx context.Context) (evidence.KeyRing, error) {
	ring, err := s.loadKeys(ctx, s.db)
	return ring, sqlFault("store.PublicKeys", err)
}

// SavePublicKey keeps a verify key for ever.
//
// Safe to repeat. Errors: Conflict key.changed where the id has another key.
func (s *Store) SavePublicKey(ctx context.Context, keyID string, public ed25519.PublicKey) error {
	text := base64.StdEncoding.EncodeToString(public)
	if _, err := evidence.ParsePublicKey(keyID, text); err != nil {
		return err
	}
	return s.inTx(ctx, "store.SavePublicKey", func(tx *sqlx.Tx) error {
		const insert = `INSERT INTO verify_keys (id, public) VALUES ($1, $2) ON CONFLICT DO NOTHING`
		if _, err := tx.ExecContext(ctx, insert, keyID, text); err != nil {
			return err
		}
		var stored string
		if err := tx.GetContext(ctx, &stored, `SELECT public FROM verify_keys WHERE id = $1`, keyID); err != nil {
			return err
		}
		if stored != text {
			return fault.New(fault.Conflict, "key.changed", fault.Arg("key", keyID))
		}
		return nil
	})
}

// keyRing answers from memory where it knows the key: keys never change.
func (s *Store) keyRing(ctx context.Context, q sqlx.QueryerContext, keyID string) (evidence.KeyRing, error) {
	s.mu.Lock()
	ring := s.keys
	s.mu.Unlock()
	if _, known := ring[keyID]; known {
		return ring, nil
	}
	return s.loadKeys(ctx, q)
}

func (s *Store) loadKeys(ctx context.Context, q sqlx.QueryerContext) (evidence.KeyRing, error) {
	var rows []struct{ ID, Public string }
	if err := sqlx.SelectContext(ctx, q, &rows, `SELECT id, public FROM verify_keys`); err != nil {
		return nil, err
	}
	ring := evidence.KeyRing{}
	for _, r := range rows {
		key, err := evidence.ParsePublicKey(r.ID, r.Public)
		if err != nil {
			return nil, err
		}
		ring[r.ID] = key
	}
	s.mu.Lock()
	s.keys = maps.Clone(ring)
	s.mu.Unlock()
	return ring, nil
}
