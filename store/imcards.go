package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// IMCard is a card on a messaging platform, as we meant it and as far as it came. 消息卡片
type IMCard struct {
	ID, App, Notice, Person, Platform string

	Task, Document, Locale string

	Round       int
	ContentHash string
	ExpiresAt   time.Time
	State       string // intended, shown, ended, gone, refused
	Sent        string // what the platform needs to change it: JSON of the adapter's
	Want        string // IMWantPage, or ""
	Tries       int
}

// IMWantPage is what a card is changed to that was pressed where only the page decides.
const IMWantPage = "page"

// How far a card came.
const (
	IMCardShown   = "shown"
	IMCardEnded   = "ended"   // it says how the task ended
	IMCardGone    = "gone"    // the platform lets it be changed no more
	IMCardRefused = "refused" // it was never shown
)

// Of the cards that wait to be changed.
const (
	imCardClaim       = "60 seconds"
	imCardBackoffBase = "2 seconds"
	imCardBackoffMost = "10 minutes"
)

// IMToken is what one button of a card is pressed with.
type IMToken struct {
	Hash    string // HashToken of it
	Verdict string // approve, reject
}

type imCardRow struct {
	ID, App, Notice, Person, Platform, Task, Document, Locale string

	Round       int
	ContentHash string    `db:"content_hash"`
	ExpiresAt   time.Time `db:"expires_at"`
	State       string
	Sent        string
	Want        string
	Tries       int
}

func (r imCardRow) card() IMCard {
	c := IMCard(r)
	c.ExpiresAt = c.ExpiresAt.UTC()
	return c
}

const imCardColumns = `c.id, c.app, c.notice, c.person, c.platform, c.task, c.document, c.locale, c.round,
	c.content_hash, c.expires_at, c.state, c.sent, c.want, c.tries`

// IntendIMCard writes down that a card will be shown, or finds the one of the same
// notice. life is how long its buttons serve. Where it may still have to be sent, its
// tokens are kept beside those of earlier tries: one of them is in somebody's hand.
//
// Safe to repeat.
func (s *Store) IntendIMCard(ctx context.Context, c IMCard, life time.Duration, tokens func(card string) []IMToken) (
	IMCard, error) {
	var row imCardRow
	err := s.inTx(ctx, "store.IntendIMCard", func(tx *sqlx.Tx) error {
		const insert = `
			INSERT INTO im_cards (id, app, notice, person, platform, task, document, round, content_hash, locale, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + make_interval(secs => $11))
			ON CONFLICT (app, notice, person) DO NOTHING`
		_, err := tx.ExecContext(ctx, insert, c.ID, c.App, c.Notice, c.Person, c.Platform, c.Task, c.Document, c.Round,
			c.ContentHash, c.Locale, life.Seconds())
		if err != nil {
			return err
		}
		const find = `SELECT ` + imCardColumns + ` FROM im_cards c WHERE app = $1 AND notice = $2 AND person = $3 FOR UPDATE`
		if err := tx.GetContext(ctx, &row, find, c.App, c.Notice, c.Person); err != nil {
			return err
		}
		if row.State != "intended" {
			return nil
		}
		for _, t := range tokens(row.ID) {
			const keep = `INSERT INTO im_tokens (hash, card, verdict) VALUES ($1, $2, $3)`
			if _, err := tx.ExecContext(ctx, keep, t.Hash, row.ID, t.Verdict); err != nil {
				return err
			}
		}
		return nil
	})
	return row.card(), err
}

// imCardMoved is whether the task of card c is over, in another round or about something else.
const imCardMoved = `EXISTS (
	SELECT FROM tasks t JOIN documents d ON d.id = c.document
	WHERE t.id = c.task AND (t.state <> 'open' OR t.round <> c.round OR d.content_hash <> c.content_hash))`

// holdIMCard waits for whoever is just ending a card's task: a transition marks the card
// before it commits. What is read of the task afterwards is how that left it.
func holdIMCard(ctx context.Context, tx *sqlx.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `SELECT FROM im_cards WHERE id = $1 FOR UPDATE`, id)
	return err
}

// IMCardIs says how far a card came; sent is what the platform told, "" for nothing new.
//
// Safe to repeat.
func (s *Store) IMCardIs(ctx context.Context, id, state, sent, failure string) error {
	return s.inTx(ctx, "store.IMCardIs", func(tx *sqlx.Tx) error {
		if err := holdIMCard(ctx, tx, id); err != nil {
			return err
		}
		const query = `
			UPDATE im_cards c SET state = $2, sent = CASE WHEN $3 = '' THEN sent ELSE $3 END, failure = $4, tries = 0,
			       want = '', due = ` + imCardMoved + `, next_try = clock_timestamp()
			WHERE id = $1 AND state IN ('intended', 'shown')`
		_, err := tx.ExecContext(ctx, query, id, state, sent, failure)
		return err
	})
}

// IMCardLater says why a card was not changed yet; it is tried again later, and later.
func (s *Store) IMCardLater(ctx context.Context, id, failure string) error {
	return s.inTx(ctx, "store.IMCardLater", func(tx *sqlx.Tx) error {
		const query = `
			UPDATE im_cards SET failure = $2, next_try = clock_timestamp() + least(interval '` + imCardBackoffMost + `',
			       interval '` + imCardBackoffBase + `' * power(2, least(tries, 20) - 1)) WHERE id = $1`
		_, err := tx.ExecContext(ctx, query, id, failure)
		return err
	})
}

// ClaimIMCards takes up to limit cards that say something else than is: their task is
// over or moved on, or they were pressed where only the page decides. Nobody else gets
// them for a minute. It reads those that were marked, and none of those that wait.
func (s *Store) ClaimIMCards(ctx context.Context, limit int) ([]IMCard, error) {
	const query = `
		UPDATE im_cards c SET tries = tries + 1, next_try = clock_timestamp() + interval '` + imCardClaim + `'
		WHERE id IN (
			SELECT c.id FROM im_cards c
			WHERE c.state = 'shown' AND c.due AND c.next_try <= statement_timestamp() AND (c.want <> '' OR ` + imCardMoved + `)
			ORDER BY c.next_try LIMIT $1 FOR UPDATE OF c SKIP LOCKED)
		RETURNING ` + imCardColumns
	var rows []imCardRow
	err := s.inTx(ctx, "store.ClaimIMCards", func(tx *sqlx.Tx) error {
		return tx.SelectContext(ctx, &rows, query, limitOf(limit))
	})
	var cards []IMCard
	for _, r := range rows {
		cards = append(cards, r.card())
	}
	return cards, err
}

// IMPressed finds the card that a token belongs to, and what its button says. Whether
// it still serves is the caller's to judge, against now: the database's clock.
//
// Errors: NotFound im.not_linked.
func (s *Store) IMPressed(ctx context.Context, hash string) (c IMCard, verdict string, now time.Time, err error) {
	const query = `
		SELECT ` + imCardColumns + `, t.verdict, clock_timestamp() AS now
		FROM im_tokens t JOIN im_cards c ON c.id = t.card WHERE t.hash = $1`
	var row struct {
		imCardRow
		Verdict string
		Now     time.Time
	}
	if err := s.db.GetContext(ctx, &row, query, hash); err != nil {
		return IMCard{}, "", time.Time{}, sqlFault("store.IMPressed", noRows(err, fault.New(fault.NotFound, "im.not_linked")))
	}
	return row.card(), row.Verdict, row.Now.UTC(), nil
}

// IMCardTold notes what a press told of a card: by what it can be changed now, and
// whether it is to say that the page decides.
func (s *Store) IMCardTold(ctx context.Context, id, sent, want string) error {
	return s.inTx(ctx, "store.IMCardTold", func(tx *sqlx.Tx) error {
		if err := holdIMCard(ctx, tx, id); err != nil {
			return err
		}
		const query = `
			UPDATE im_cards c SET state = 'shown', sent = CASE WHEN $2 = '' THEN sent ELSE $2 END, want = $3,
			       due = $3 <> '' OR ` + imCardMoved + `, next_try = clock_timestamp()
			WHERE id = $1 AND state IN ('intended', 'shown', 'ended', 'gone')`
		_, err := tx.ExecContext(ctx, query, id, sent, want)
		return err
	})
}

// ContentInForce is the content of a document's revision in force, for a card: whoever
// asks has judged who may see it.
//
// Errors: NotFound document.not_found.
func (s *Store) ContentInForce(ctx context.Context, id string) (document.Content, error) {
	const query = `
		SELECT r.content FROM documents d JOIN revisions r ON r.document = d.id AND r.revision = d.revision WHERE d.id = $1`
	var text string
	err := s.db.GetContext(ctx, &text, query, id)
	if errors.Is(err, sql.ErrNoRows) {
		return document.Content{}, fault.New(fault.NotFound, "document.not_found")
	}
	var content document.Content
	if err == nil {
		err = json.Unmarshal([]byte(text), &content)
	}
	return content, sqlFault("store.ContentInForce", err)
}
