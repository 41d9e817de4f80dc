package store

import (
	"context"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/notice"
)

// Told is how an endpoint took some of its messages, one after another.
type Told struct {
	Endpoint string
	Answers  []WebhookAnswer // the last one may have failed, no other
	After    time.Duration   // when it may be told more: after what worked at once, else what was waited
	Why      string          // WhyGone: nothing is sent any more
	GiveUp   time.Duration   // for so long it may fail without being disabled
}

// WebhookAnswer is the answer to one message.
type WebhookAnswer struct {
	No     int64         `json:"no"`
	OK     bool          `json:"ok"`
	Status int           `json:"status"`
	Words  string        `json:"words"`
	Took   time.Duration `json:"-"`
	TookMS int64         `json:"took_ms"`
}

// WebhooksTold keeps how an endpoint took its messages, and lets go of it. Where it has
// failed for too long it is disabled, and the administrators are told; its messages stay.
//
// Safe to repeat.
func (s *Store) WebhooksTold(ctx context.Context, t Told) error {
	if t.Answers == nil {
		t.Answers = []WebhookAnswer{}
	}
	for i := range t.Answers {
		t.Answers[i].TookMS = t.Answers[i].Took.Milliseconds()
	}
	return s.inTx(ctx, "store.WebhooksTold", func(tx *sqlx.Tx) error {
		const note = `
			UPDATE webhook_messages m SET state = CASE WHEN a.ok THEN 'delivered' ELSE m.state END, tries = m.tries + 1,
			       tried_at = clock_timestamp(), status = a.status, words = a.words, took_ms = a.took_ms
			FROM jsonb_to_recordset($2::jsonb) AS a (no bigint, ok boolean, status int, words text, took_ms bigint)
			WHERE m.endpoint = $1 AND m.no = a.no AND m.state = 'waiting'`
		if _, err := tx.ExecContext(ctx, note, t.Endpoint, string(mustJSON(t.Answers))); err != nil {
			return err
		}
		n := len(t.Answers)
		failed := n > 0 && !t.Answers[n-1].OK
		const settle = `
			UPDATE webhook_endpoints SET
			       next_try = clock_timestamp() + $4 * interval '1 microsecond',
			       delivered_at = CASE WHEN $2 THEN clock_timestamp() ELSE delivered_at END,
			       tries = CASE WHEN $3 THEN CASE WHEN $2 THEN 1 ELSE tries + 1 END WHEN $2 THEN 0 ELSE tries END,
			       failing_since = CASE WHEN $3 AND $2 THEN clock_timestamp() WHEN $2 THEN NULL
			                            WHEN $3 THEN coalesce(failing_since, clock_timestamp()) ELSE failing_since END
			WHERE id = $1`
		worked := n > 1 || n == 1 && !failed
		if _, err := tx.ExecContext(ctx, settle, t.Endpoint, worked, failed, t.After.Microseconds()); err != nil {
			return err
		}
		return disable(ctx, tx, t)
	})
}

// disable stops telling an endpoint that is gone, or failed for too long.
func disable(ctx context.Context, tx *sqlx.Tx, t Told) error {
	const query = `
		UPDATE webhook_endpoints SET state = 'disabled', changed_by = '', changed_at = clock_timestamp(),
		       why = CASE WHEN $2 = 'gone' THEN 'gone' ELSE 'failing' END
		WHERE id = $1 AND state = 'active'
		  AND ($2 = 'gone' OR failing_since < clock_timestamp() - $3 * interval '1 microsecond')
		RETURNING why, changed_at::text AS at, (SELECT count(*) FROM webhook_messages m
		          WHERE m.endpoint = webhook_endpoints.id AND m.state = 'waiting')::text AS n`
	var ended []struct{ Why, At, N string } // one, or none
	if err := tx.SelectContext(ctx, &ended, query, t.Endpoint, t.Why, t.GiveUp.Microseconds()); err != nil {
		return err
	}
	if len(ended) == 0 {
		return nil
	}
	data := map[string]string{"endpoint": t.Endpoint, "reason": "webhook_" + ended[0].Why, "n": ended[0].N}
	id := t.Endpoint + "." + strings.NewReplacer(" ", "", ":", "", "+", "").Replace(ended[0].At)
	_, err := tx.ExecContext(ctx, tellAdministrators, notice.WebhookDisabled, id, string(mustJSON(data)))
	return err
}
