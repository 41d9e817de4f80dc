package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/evidence"
)

// eventsMost is how many events one page brings.
const eventsMost = 1000

type eventRow struct {
	Stream      string
	Seq         int64
	At          time.Time
	Kind        string
	Actor       string
	OnBehalfOf  string `db:"on_behalf_of"`
	Cause       string
	Round       int
	Revision    int
	ContentHash string `db:"content_hash"`
	Data        string
	Prev        string
	Hash        string
	V           int
}

func (r eventRow) event() evidence.Event {
	return evidence.Event{
		Stream: r.Stream, Seq: r.Seq, At: r.At.UTC(), Kind: r.Kind, Actor: r.Actor, OnBehalfOf: r.OnBehalfOf,
		Cause: r.Cause, Round: r.Round, Revision: r.Revision, ContentHash: r.ContentHash,
		Data: json.RawMessage(r.Data), Prev: r.Prev, Hash: r.Hash, V: r.V,
	}
}

const eventColumns = `stream, seq, at, kind, actor, on_behalf_of, cause, round, revision, content_hash, data, prev,
	hash, v`

// Events lists a stream's events after a number, in order; limit 0 means 1,000,
// which is also the most.
func (s *Store) Events(ctx context.Context, stream string, after int64, limit int) ([]evidence.Event, error) {
	if limit <= 0 || limit > eventsMost {
		limit = eventsMost
	}
	const query = `SELECT ` + eventColumns + ` FROM events WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3`
	var rows []eventRow
	if err := s.db.SelectContext(ctx, &rows, query, stream, after, limit); err != nil {
		return nil, sqlFault("store.Events", err)
	}
	return toEvents(rows), nil
}

func eventsBetween(ctx context.Context, q sqlx.QueryerContext, stream string, first, last int64) (
	[]evidence.Event, error) {
	const query = `SELECT ` + eventColumns + ` FROM events WHERE stream = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq`
	var rows []eventRow
	if err := sqlx.SelectContext(ctx, q, &rows, query, stream, first, last); err != nil {
		return nil, err
	}
	return toEvents(rows), nil
}

func toEvents(rows []eventRow) []evidence.Event {
	events := make([]evidence.Event, 0, len(rows))
	for _, r := range rows {
		events = append(events, r.event())
	}
	return events
}

// eventArrays are the columns of several events as the arguments $4 to $14 bring
// them; eventArrayColumns names them.
const (
	eventArrayColumns = `seq, kind, actor, on_behalf_of, round, revision, content_hash, data, prev, hash, v`
	eventArrays       = `unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::int[], $9::int[], $10::text[],
	       $11::text[], $12::text[], $13::text[], $14::int[])`
)

// eventArgs are the arguments $4 to $14 for them.
func eventArgs(events []evidence.Event) []any {
	var seqs, rounds, revisions, versions pq.Int64Array
	var kinds, actors, behalves, contents, data, prevs, hashes pq.StringArray
	for _, e := range events {
		seqs, rounds = append(seqs, e.Seq), append(rounds, int64(e.Round))
		revisions, versions = append(revisions, int64(e.Revision)), append(versions, int64(e.V))
		kinds, actors, behalves = append(kinds, e.Kind), append(actors, e.Actor), append(behalves, e.OnBehalfOf)
		contents, data = append(contents, e.ContentHash), append(data, string(e.Data))
		prevs, hashes = append(prevs, e.Prev), append(hashes, e.Hash)
	}
	return []any{seqs, kinds, actors, behalves, rounds, revisions, contents, data, prevs, hashes, versions}
}

// insertEvents appends sealed events in one statement. Two writers of the same
// number meet at the primary key.
func insertEvents(ctx context.Context, tx sqlx.ExtContext, events []evidence.Event) error {
	if len(events) == 0 {
		return nil
	}
	const query = `
		INSERT INTO events (stream, at, cause, ` + eventArrayColumns + `)
		SELECT $1, $2, $3, u.* FROM ` + eventArrays + ` AS u`
	args := append([]any{events[0].Stream, events[0].At, events[0].Cause}, eventArgs(events)...)
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}
