package store

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/webhook"
)

// Endpoint is how another system that is told of events stands.
type Endpoint struct {
	ID           string
	State, Why   string
	ChangedBy    string // who paused it or had it go on; "" for the house itself
	ChangedAt    time.Time
	LastNo       int64 // of its messages
	DeliveredAt  time.Time
	FailingSince time.Time // zero: it does not fail
	Tries        int       // failed ones in a row
	NextTry      time.Time
	Waiting      int64
	OldestAt     time.Time // of what waits; zero: nothing does
}

type endpointRow struct {
	ID, State, Why string
	ChangedBy      string       `db:"changed_by"`
	ChangedAt      time.Time    `db:"changed_at"`
	LastNo         int64        `db:"last_no"`
	DeliveredAt    sql.NullTime `db:"delivered_at"`
	FailingSince   sql.NullTime `db:"failing_since"`
	Tries          int
	NextTry        time.Time `db:"next_try"`
	Waiting        int64
	OldestAt       sql.NullTime `db:"oldest_at"`
}

// Endpoints lists the systems that are told of events and how each stands.
func (s *Store) Endpoints(ctx context.Context) ([]Endpoint, error) {
	const query = `
		SELECT w.id, w.state, w.why, w.changed_by, w.changed_at, w.last_no, w.delivered_at, w.failing_since, w.tries,
		       w.next_try, x.waiting, x.oldest_at
		FROM webhook_endpoints w, LATERAL (SELECT count(*) AS waiting, min(m.made_at) AS oldest_at FROM webhook_messages m
		     WHERE m.endpoint = w.id AND m.state = 'waiting') AS x
		WHERE w.state <> 'removed' ORDER BY w.id`
	var rows []endpointRow
	if err := s.db.SelectContext(ctx, &rows, query); err != nil {
		return nil, sqlFault("store.Endpoints", err)
	}
	endpoints := make([]Endpoint, 0, len(rows))
	for _, r := range rows {
		endpoints = append(endpoints, Endpoint{
			ID: r.ID, State: r.State, Why: r.Why, ChangedBy: r.ChangedBy, ChangedAt: r.ChangedAt.UTC(), LastNo: r.LastNo,
			DeliveredAt: orZero(r.DeliveredAt), FailingSince: orZero(r.FailingSince), Tries: r.Tries,
			NextTry: r.NextTry.UTC(), Waiting: r.Waiting, OldestAt: orZero(r.OldestAt),
		})
	}
	return endpoints, nil
}

// WebhookFilter narrows the messages to an endpoint.
type WebhookFilter struct {
	Endpoint string
	State    string // "" = any
	Document string // "" = any
	Cursor   string
}

// Webhooks lists messages to an endpoint, the newest first.
//
// Errors: Invalid cursor.bad.
func (s *Store) Webhooks(ctx context.Context, f WebhookFilter) (Page[WebhookMessage], error) {
	var page Page[WebhookMessage]
	key, _, err := readCursor(f.Cursor)
	if err != nil {
		return page, err
	}
	below, err := strconv.ParseInt(key, 10, 64)
	if f.Cursor != "" && err != nil {
		return page, fault.New(fault.Invalid, "cursor.bad")
	}
	const query = messagesFrom + `
		WHERE m.endpoint = $1 AND ($2 = '' OR m.state = $2) AND ($3 = '' OR m.document = $3) AND ($4 = 0 OR m.no < $4)
		ORDER BY m.no DESC LIMIT $5`
	messages, err := s.webhookMessages(ctx, query, f.Endpoint, f.State, f.Document, below, PageDefault+1)
	if len(messages) > PageDefault {
		messages = messages[:PageDefault]
		page.Next = cursorOf(strconv.FormatInt(messages[PageDefault-1].No, 10), "")
	}
	page.Items = messages
	return page, err
}

// WebhookMessage is one message to an endpoint.
//
// Errors: NotFound webhook.no_message.
func (s *Store) WebhookMessage(ctx context.Context, endpoint string, no int64) (WebhookMessage, error) {
	messages, err := s.webhookMessages(ctx, messagesFrom+`WHERE m.endpoint = $1 AND m.no = $2`, endpoint, no)
	if err == nil && len(messages) == 0 {
		err = fault.New(fault.NotFound, "webhook.no_message")
	}
	if err != nil {
		return WebhookMessage{}, err
	}
	return messages[0], nil
}

// PauseWebhook has an endpoint told nothing until somebody says so; what happens waits.
//
// Safe to repeat. Errors: NotFound webhook.no_endpoint.
func (s *Store) PauseWebhook(ctx context.Context, endpoint, by string) error {
	return s.ruleWebhook(ctx, "store.PauseWebhook", endpoint, `
		UPDATE webhook_endpoints SET state = 'paused', why = '', changed_by = $2, changed_at = clock_timestamp()
		WHERE id = $1 AND state <> 'removed'`, by)
}

// ResumeWebhook has an endpoint told again from where it stood, at once.
//
// Safe to repeat. Errors: NotFound webhook.no_endpoint.
func (s *Store) ResumeWebhook(ctx context.Context, endpoint, by string) error {
	return s.ruleWebhook(ctx, "store.ResumeWebhook", endpoint, `
		UPDATE webhook_endpoints SET state = 'active', why = '', changed_by = $2, changed_at = clock_timestamp(),
		       failing_since = NULL, tries = 0, next_try = least(next_try, clock_timestamp())
		WHERE id = $1 AND state <> 'removed'`, by)
}

// TestWebhook has an endpoint told something that means nothing, after all that waits.
//
// Errors: NotFound webhook.no_endpoint.
func (s *Store) TestWebhook(ctx context.Context, endpoint, by string) error {
	return s.ruleWebhook(ctx, "store.TestWebhook", endpoint, `
		WITH numbered AS (
			UPDATE webhook_endpoints SET last_no = last_no + 1 WHERE id = $1 AND state <> 'removed' RETURNING last_no)
		INSERT INTO webhook_messages (endpoint, no, stream, seq, document, kind, ruled_by, ruled_at)
		SELECT $1, last_no, '', last_no, '', '`+webhook.Tested+`', $2, clock_timestamp() FROM numbered`, by)
}

// ReplayWebhooks has an endpoint told again all that it was told since an instant, in the
// same order and under the same ids, and says how many messages that is.
//
// Errors: NotFound webhook.no_endpoint.
func (s *Store) ReplayWebhooks(ctx context.Context, endpoint string, since time.Time, by string) (int, error) {
	again := 0
	err := s.inTx(ctx, "store.ReplayWebhooks", func(tx *sqlx.Tx) error {
		if err := mustBeEndpoint(ctx, tx, endpoint); err != nil {
			return err
		}
		const query = `
			UPDATE webhook_messages SET state = 'waiting', ruled_by = $3, ruled_at = clock_timestamp()
			WHERE endpoint = $1 AND state = 'delivered' AND made_at >= $2`
		result, err := tx.ExecContext(ctx, query, endpoint, since, by)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		again = int(n)
		return err
	})
	return again, err
}

// RuleWebhook has one message sent again, before all that waits, or left out.
//
// Safe to repeat. Errors: NotFound webhook.no_message; Conflict webhook.not_so, saying
// how it stands: only what waits is left out, only what does not is sent again.
func (s *Store) RuleWebhook(ctx context.Context, endpoint string, no int64, state, by string) error {
	return s.inTx(ctx, "store.RuleWebhook", func(tx *sqlx.Tx) error {
		const query = `
			UPDATE webhook_messages SET state = $3, ruled_by = $4, ruled_at = clock_timestamp()
			WHERE endpoint = $1 AND no = $2 AND (state = 'waiting') = ($3 = 'skipped')`
		result, err := tx.ExecContext(ctx, query, endpoint, no, state, by)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n > 0 {
			return err
		}
		var stands string
		const how = `SELECT state FROM webhook_messages WHERE endpoint = $1 AND no = $2`
		if err := tx.GetContext(ctx, &stands, how, endpoint, no); err != nil {
			return noRows(err, fault.New(fault.NotFound, "webhook.no_message"))
		}
		if stands == state {
			return nil
		}
		return fault.New(fault.Conflict, "webhook.not_so", fault.Arg("state", stands))
	})
}

func (s *Store) ruleWebhook(ctx context.Context, name, endpoint, query, by string) error {
	return s.inTx(ctx, name, func(tx *sqlx.Tx) error {
		if err := mustBeEndpoint(ctx, tx, endpoint); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, query, endpoint, by)
		return err
	})
}

func mustBeEndpoint(ctx context.Context, tx *sqlx.Tx, id string) error {
	var found string
	const query = `SELECT id FROM webhook_endpoints WHERE id = $1 AND state <> 'removed'`
	return noRows(tx.GetContext(ctx, &found, query, id), fault.New(fault.NotFound, "webhook.no_endpoint"))
}
