package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/evidence"
)

// The streams that are not documents.
const (
	OrgStream    = "org"
	policyStream = "policy:" // and the policy's id

	calendarStream = "calendar:" // and the calendar's id
)

// The kinds of event in them.
const (
	OrganisationReplaced = "organisation.replaced"  // by a file
	OrganisationChanged  = "organisation.changed"   // by a directory: a few people
	OrganisationEdited   = "organisation.edited"    // by an administrator, on the pages
	OrganisationRegrant  = "organisation.regranted" // two people gave a right, or took one away
	DirectoryStopped     = "directory.stopped"      // it took away too many at once
	DirectoryReleased    = "directory.released"     // an operator lets it go on
	PolicyPublished      = "policy.published"       // by who migrates, or by the second person of a proposal
	PolicyProposed       = "policy.proposed"
	PolicyRefused        = "policy.refused"

	CalendarProposed  = "calendar.proposed"
	CalendarRefused   = "calendar.refused"
	CalendarPublished = "calendar.published" // by the second person; what is imported or ships has no event
)

// recordFact appends one event to a stream that is no document, under a lock on
// its head. The cause must be new in the stream.
func recordFact(ctx context.Context, tx sqlx.ExtContext, stream, cause string, d evidence.Draft) error {
	const touch = `
		INSERT INTO streams (stream, seq, head_hash, updated_at) VALUES ($1, 0, '', clock_timestamp())
		ON CONFLICT (stream) DO UPDATE SET updated_at = clock_timestamp()
		RETURNING seq, head_hash, updated_at`
	var head struct {
		Seq       int64
		HeadHash  string    `db:"head_hash"`
		UpdatedAt time.Time `db:"updated_at"`
	}
	if err := sqlx.GetContext(ctx, tx, &head, touch, stream); err != nil {
		return err
	}
	before := evidence.Event{Seq: head.Seq, Hash: head.HeadHash, Stream: stream}
	events, err := evidence.Seal(before, []evidence.Draft{d}, cause, head.UpdatedAt, stream)
	if err != nil {
		return err
	}
	if err := insertEvents(ctx, tx, events); err != nil {
		return err
	}
	const save = `
		WITH cause AS (
			INSERT INTO causes (stream, cause, first_seq, last_seq, outcome, at) VALUES ($1, $4, $2, $2, '{"code":"ok"}', $5)
		)
		UPDATE streams SET seq = $2, head_hash = $3 WHERE stream = $1`
	e := events[0]
	_, err = tx.ExecContext(ctx, save, stream, e.Seq, e.Hash, cause, e.At)
	return err
}

func mustJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic("store: a plain struct does not marshal: " + err.Error())
	}
	return text
}
