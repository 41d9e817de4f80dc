package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// InboundReading is how a source was last read. 来源读取状态
type InboundReading struct {
	Source    string
	Watermark string    // of the newest row that was read; "" = from the beginning
	ReadAt    time.Time // the last time
	TookAt    time.Time // the last time that something came; zero for never
	Files     int       // that came then
	Items     int
	Code      string // of the fault that the last time ended with
	Detail    string
}

// NoteInboundReading keeps how a source was read just now: a watermark of "" and counts
// of nothing leave those of before. Safe to repeat.
func (s *Store) NoteInboundReading(ctx context.Context, r InboundReading) error {
	const note = `
		INSERT INTO inbound_sources AS old (source, watermark, read_at, took_at, files, items, code, detail)
		VALUES ($1, $2, clock_timestamp(), CASE WHEN $4 > 0 THEN clock_timestamp() END, $3, $4, $5, $6)
		ON CONFLICT (source) DO UPDATE SET
		       watermark = CASE WHEN EXCLUDED.watermark = '' THEN old.watermark ELSE EXCLUDED.watermark END,
		       read_at = EXCLUDED.read_at, took_at = coalesce(EXCLUDED.took_at, old.took_at),
		       files = CASE WHEN $4 > 0 THEN EXCLUDED.files ELSE old.files END,
		       items = CASE WHEN $4 > 0 THEN EXCLUDED.items ELSE old.items END,
		       code = EXCLUDED.code, detail = EXCLUDED.detail`
	return s.inTx(ctx, "store.NoteInboundReading", func(tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, note, r.Source, r.Watermark, r.Files, r.Items, r.Code, r.Detail)
		return err
	})
}

// InboundReadings are how the sources were last read, by source.
func (s *Store) InboundReadings(ctx context.Context) (map[string]InboundReading, error) {
	const list = `SELECT source, watermark, read_at, took_at, files, items, code, detail FROM inbound_sources`
	var rows []struct {
		Source, Watermark, Code, Detail string

		ReadAt       time.Time    `db:"read_at"`
		TookAt       sql.NullTime `db:"took_at"`
		Files, Items int
	}
	if err := s.db.SelectContext(ctx, &rows, list); err != nil {
		return nil, sqlFault("store.InboundReadings", err)
	}
	readings := map[string]InboundReading{}
	for _, r := range rows {
		readings[r.Source] = InboundReading{Source: r.Source, Watermark: r.Watermark, ReadAt: r.ReadAt.UTC(),
			TookAt: orZero(r.TookAt), Files: r.Files, Items: r.Items, Code: r.Code, Detail: r.Detail}
	}
	return readings, nil
}

// InboundWatermark is how far a source was read; "" for one that was never.
func (s *Store) InboundWatermark(ctx context.Context, source string) (string, error) {
	var mark string
	err := s.db.GetContext(ctx, &mark, `SELECT watermark FROM inbound_sources WHERE source = $1`, source)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return mark, sqlFault("store.InboundWatermark", err)
}

// InboundNamed are the messages of a source under some names, by name and without what
// they say.
func (s *Store) InboundNamed(ctx context.Context, source string, names []string) (map[string]Inbound, error) {
	const list = `
		SELECT m.id, m.source, m.external_id, m.entities, m.entity, '' AS body, m.body_hash, m.state, m.document, m.fault,
		       m.decided_by, m.reason, m.changed_at, m.received_at, m.received_by, m.settled_at,
		       coalesce(d.number, '') AS number,
		       coalesce(d.status, '') AS status, coalesce(d.voucher_number, '') AS voucher
		FROM inbound_messages m LEFT JOIN documents d ON d.id = m.document
		WHERE m.source = $1 AND m.external_id = ANY($2)`
	var rows []inboundRow
	if err := s.db.SelectContext(ctx, &rows, list, source, pq.Array(names)); err != nil {
		return nil, sqlFault("store.InboundNamed", err)
	}
	all, err := inboundOf(rows)
	found := make(map[string]Inbound, len(all))
	for _, m := range all {
		found[m.Origin.Reference] = m
	}
	return found, err
}
