package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/webhook"
)

// The states of an endpoint that is told of events.
const (
	EndpointActive   = "active"
	EndpointPaused   = "paused"   // by a person
	EndpointDisabled = "disabled" // by the house: it failed for days, or said that it is gone
	EndpointRemoved  = "removed"  // it is configured no more
)

// Why an endpoint is disabled.
const (
	WhyFailing = "failing"
	WhyGone    = "gone"
)

// The states of a message to an endpoint.
const (
	MessageWaiting   = "waiting"
	MessageDelivered = "delivered"
	MessageSkipped   = "skipped" // somebody left it out
)

const (
	webhookLease = "60 seconds" // a claim that nobody reported on is given again after it
	spreadMost   = 500          // events that one look sorts

	configurationFor = "10 minutes" // after a relay last spoke of it a configuration is in use no more
)

// KeepWebhooks writes down which endpoints there are, as a relay is configured: of the
// configurations in use the newest is believed, so one with an older takes nothing away.
// One that comes back goes on where it was, without what happened in between.
//
// Safe to repeat, and repeated while the relay runs: a configuration that no relay spoke
// of for configurationFor is in use no more.
func (s *Store) KeepWebhooks(ctx context.Context, ids []string) error {
	return s.inTx(ctx, "store.KeepWebhooks", func(tx *sqlx.Tx) error {
		const speak = `
			INSERT INTO webhook_configurations (endpoints) VALUES ($1)
			ON CONFLICT (endpoints) DO UPDATE SET seen_at = clock_timestamp()`
		mine := strings.Join(slices.Sorted(slices.Values(ids)), " ")
		if _, err := tx.ExecContext(ctx, speak, mine); err != nil {
			return err
		}
		const believed = `
			SELECT NOT EXISTS (
				SELECT FROM webhook_configurations c, webhook_configurations mine
				WHERE mine.endpoints = $1 AND c.since > mine.since
				  AND c.seen_at > clock_timestamp() - interval '` + configurationFor + `')`
		var newest bool
		if err := tx.GetContext(ctx, &newest, believed, mine); err != nil || !newest {
			return err
		}
		const keep = `
			INSERT INTO webhook_endpoints (id, state) SELECT unnest($1::text[]), 'active'
			ON CONFLICT (id) DO UPDATE SET state = 'active', changed_by = '', changed_at = clock_timestamp()
			WHERE webhook_endpoints.state = 'removed'`
		if _, err := tx.ExecContext(ctx, keep, pq.Array(ids)); err != nil {
			return err
		}
		const remove = `
			UPDATE webhook_endpoints SET state = 'removed', why = '', changed_by = '', changed_at = clock_timestamp()
			WHERE state <> 'removed' AND id <> ALL ($1)`
		if _, err := tx.ExecContext(ctx, remove, pq.Array(ids)); err != nil {
			return err
		}
		const forget = `
			DELETE FROM webhook_configurations WHERE endpoints <> $1
			  AND seen_at < clock_timestamp() - interval '` + configurationFor + `'`
		_, err := tx.ExecContext(ctx, forget, mine)
		return err
	})
}

// factColumns are what a message says of a document d, by the revision r of its event.
const factColumns = `d.id AS document, coalesce(d.number, '') AS number, d.type, d.entity, d.department, d.submitter,
	d.requester, 	d.origin_source, d.origin_reference,
	coalesce(r.content::jsonb ->> 'total', '') AS total`

type factRow struct {
	eventRow

	Document, Number, Type, Entity, Department, Submitter, Requester, Total string

	OriginSource    string `db:"origin_source"`
	OriginReference string `db:"origin_reference"`
}

func (r factRow) facts() (webhook.Document, error) {
	d := webhook.Document{
		ID: r.Document, Number: r.Number, Type: r.Type, Entity: r.Entity, Department: r.Department, Submitter: r.Submitter,
		Requester: r.Requester, Origin: document.Origin{Source: r.OriginSource, Reference: r.OriginReference},
	}
	if r.Total == "" {
		return d, nil
	}
	var content document.Content
	err := json.Unmarshal([]byte(`{"total":`+r.Total+`}`), &content)
	d.Total = content.Total
	return d, err
}

// SpreadWebhooks gives what was recorded to the endpoints that it concerns, each in one
// order without a gap, and says whether there may be more.
//
// Safe to repeat, and in several processes at once: one of them works, and only one that
// knows every endpoint there is. What an older configuration does not name is left to
// whoever does.
func (s *Store) SpreadWebhooks(ctx context.Context, to []webhook.Subscription) (more bool, err error) {
	err = s.inTx(ctx, "store.SpreadWebhooks", func(tx *sqlx.Tx) error {
		ids := make([]string, len(to))
		for i, subscription := range to {
			ids[i] = subscription.ID
		}
		var mine bool
		const lock = `
			SELECT NOT EXISTS (SELECT FROM webhook_endpoints WHERE state <> 'removed' AND id <> ALL ($1))
			   AND pg_try_advisory_xact_lock(hashtext('countersign.webhooks'))`
		if err := tx.GetContext(ctx, &mine, lock, pq.Array(ids)); err != nil || !mine {
			return err
		}
		const waiting = `
			SELECT w.n, ` + eventOf + `, ` + factColumns + `
			FROM (SELECT n, stream, seq FROM webhook_events ORDER BY n LIMIT $1) AS w
			JOIN events e ON e.stream = w.stream AND e.seq = w.seq
			JOIN documents d ON d.id = ` + documentOf + `
			LEFT JOIN revisions r ON r.document = d.id AND r.revision = e.revision ORDER BY w.n`
		var rows []struct {
			N int64
			factRow
		}
		if err := tx.SelectContext(ctx, &rows, waiting, spreadMost); err != nil || len(rows) == 0 {
			return err
		}
		numbers := make([]int64, len(rows))
		wanted := make([][]factRow, len(to))
		for i, row := range rows {
			numbers[i] = row.N
			d, err := row.facts()
			if err != nil {
				return err
			}
			for k, subscription := range to {
				if subscription.Wants(row.event(), d) {
					wanted[k] = append(wanted[k], row.factRow)
				}
			}
		}
		for k, subscription := range to {
			if err := addMessages(ctx, tx, subscription.ID, wanted[k]); err != nil {
				return err
			}
		}
		more = len(rows) == spreadMost
		_, err := tx.ExecContext(ctx, `DELETE FROM webhook_events WHERE n = ANY ($1)`, pq.Array(numbers))
		return err
	})
	return more, err
}

// eventOf are the columns of an event e; documentOf is the document that its stream is about.
const (
	eventOf = `e.stream, e.seq, e.at, e.kind, e.actor, e.on_behalf_of, e.cause, e.round, e.revision, e.content_hash,
	e.data, e.prev, e.hash, e.v`
	documentOf = `CASE WHEN e.stream LIKE 'reversal:%' THEN substr(e.stream, 10) ELSE e.stream END`
)

// addMessages numbers what an endpoint is to be told, in the order given. One that is not
// configured any more is told nothing.
func addMessages(ctx context.Context, tx *sqlx.Tx, endpoint string, rows []factRow) error {
	if len(rows) == 0 {
		return nil
	}
	type said struct {
		Stream   string `json:"stream"`
		Seq      int64  `json:"seq"`
		Document string `json:"document"`
		Kind     string `json:"kind"`
	}
	messages := make([]said, 0, len(rows))
	for _, r := range rows {
		messages = append(messages, said{r.Stream, r.Seq, r.Document, r.Kind})
	}
	const add = `
		WITH numbered AS (
			UPDATE webhook_endpoints SET last_no = last_no + $2 WHERE id = $1 AND state <> 'removed'
			RETURNING last_no - $2 AS before)
		INSERT INTO webhook_messages (endpoint, no, stream, seq, document, kind)
		SELECT $1, before + m.n, m.said ->> 'stream', (m.said ->> 'seq')::bigint, m.said ->> 'document', m.said ->> 'kind'
		FROM numbered, jsonb_array_elements($3::jsonb) WITH ORDINALITY AS m (said, n)`
	_, err := tx.ExecContext(ctx, add, endpoint, len(messages), string(mustJSON(messages)))
	return err
}

// ClaimWebhooks takes those of some endpoints that may be told something now; nobody else
// gets them for a minute, so that each hears one thing after another.
func (s *Store) ClaimWebhooks(ctx context.Context, of []string) ([]string, error) {
	const query = `
		UPDATE webhook_endpoints SET next_try = clock_timestamp() + interval '` + webhookLease + `'
		WHERE id IN (
			SELECT w.id FROM webhook_endpoints w
			WHERE w.state = 'active' AND w.id = ANY ($1) AND w.next_try <= clock_timestamp()
			  AND EXISTS (SELECT FROM webhook_messages m WHERE m.endpoint = w.id AND m.state = 'waiting')
			ORDER BY w.next_try FOR UPDATE SKIP LOCKED)
		RETURNING id`
	var ids []string
	err := s.inTx(ctx, "store.ClaimWebhooks", func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &ids, query, pq.Array(of))
	})
	return ids, err
}

// WebhookMessage is one message to an endpoint, with how it went.
type WebhookMessage struct {
	Endpoint string
	No       int64 // of the endpoint
	Event    evidence.Event
	Document webhook.Document // zero for a test
	Kind     string
	MadeAt   time.Time
	State    string
	Tries    int
	TriedAt  time.Time // zero: never
	Status   int       // of the last answer; 0: none came
	Words    string    // what the last answer said
	Took     time.Duration
	RuledBy  string // who had it sent again, or left it out
	RuledAt  time.Time
}

type messageRow struct {
	factRow

	Endpoint string
	No       int64
	Said     string
	MadeAt   time.Time `db:"made_at"`
	State    string
	Tries    int
	TriedAt  sql.NullTime `db:"tried_at"`
	Status   int
	Words    string
	TookMS   int64        `db:"took_ms"`
	RuledBy  string       `db:"ruled_by"`
	RuledAt  sql.NullTime `db:"ruled_at"`
}

func (r messageRow) message() (WebhookMessage, error) {
	m := WebhookMessage{
		Endpoint: r.Endpoint, No: r.No, Kind: r.Said, MadeAt: r.MadeAt.UTC(), State: r.State, Tries: r.Tries,
		TriedAt: orZero(r.TriedAt), Status: r.Status, Words: r.Words, Took: time.Duration(r.TookMS) * time.Millisecond,
		RuledBy: r.RuledBy, RuledAt: orZero(r.RuledAt),
	}
	if r.Stream == "" {
		return m, nil
	}
	m.Event = r.event()
	var err error
	m.Document, err = r.facts()
	return m, err
}

// messagesFrom reads messages m with their events and documents; of a test there are none.
const messagesFrom = `
	SELECT m.endpoint, m.no, m.kind AS said, m.made_at, m.state, m.tries, m.tried_at, m.status, m.words, m.took_ms,
	       m.ruled_by, m.ruled_at, coalesce(e.stream, '') AS stream, m.seq, coalesce(e.at, m.made_at) AS at,
	       coalesce(e.kind, '') AS kind,
	       coalesce(e.actor, '') AS actor, coalesce(e.on_behalf_of, '') AS on_behalf_of, coalesce(e.cause, '') AS cause,
	       coalesce(e.round, 0) AS round, coalesce(e.revision, 0) AS revision,
	       coalesce(e.content_hash, '') AS content_hash,
	       coalesce(e.data, '') AS data, coalesce(e.prev, '') AS prev, coalesce(e.hash, '') AS hash, coalesce(e.v, 0) AS v,
	       coalesce(d.id, '') AS document, coalesce(d.number, '') AS number, coalesce(d.type, '') AS type,
	       coalesce(d.entity, '') AS entity, coalesce(d.department, '') AS department,
	       coalesce(d.submitter, '') AS submitter,
	       coalesce(d.requester, '') AS requester, coalesce(d.origin_source, '') AS origin_source,
	       coalesce(d.origin_reference, '') AS origin_reference, coalesce(r.content::jsonb ->> 'total', '') AS total
	FROM webhook_messages m
	LEFT JOIN events e ON e.stream = m.stream AND e.seq = m.seq
	LEFT JOIN documents d ON d.id = m.document
	LEFT JOIN revisions r ON r.document = d.id AND r.revision = e.revision `

// WaitingWebhooks are the next messages to an endpoint, in order.
func (s *Store) WaitingWebhooks(ctx context.Context, endpoint string, limit int) ([]WebhookMessage, error) {
	const query = messagesFrom + `WHERE m.endpoint = $1 AND m.state = 'waiting' ORDER BY m.no LIMIT $2`
	return s.webhookMessages(ctx, query, endpoint, limitOf(limit))
}

func (s *Store) webhookMessages(ctx context.Context, query string, args ...any) ([]WebhookMessage, error) {
	var rows []messageRow
	if err := s.db.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, sqlFault("store.webhookMessages", err)
	}
	messages := make([]WebhookMessage, 0, len(rows))
	for _, r := range rows {
		m, err := r.message()
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// ForgetWebhooks deletes up to limit messages that were delivered or left out so long ago.
func (s *Store) ForgetWebhooks(ctx context.Context, age time.Duration, limit int) (int, error) {
	const query = `
		DELETE FROM webhook_messages WHERE (endpoint, no) IN (
			SELECT endpoint, no FROM webhook_messages
			WHERE state <> 'waiting' AND made_at < clock_timestamp() - $1 * interval '1 microsecond' LIMIT $2)`
	forgotten := 0
	err := s.inTx(ctx, "store.ForgetWebhooks", func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, query, age.Microseconds(), limit)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		forgotten = int(n)
		return err
	})
	return forgotten, err
}
