package store

import (
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/letter"
)

var _ = fault.Register(map[string]fault.Entry{
	"delivery.reached":   {Kind: fault.Conflict, Args: []string{"person"}},
	"delivery.bad_since": {Kind: fault.Invalid},
})

// DeliveryFilter says which messages are listed. Empty fields do not narrow.
type DeliveryFilter struct {
	Person   string
	People   []string // only theirs; nil = everybody's
	State    string
	Channel  string
	Document string // its id, or its number
	Since    time.Time
	Cursor   string
}

// toldShown is how many notices of a message in a list are read, to say what it is about.
const toldShown = 3

// Deliveries lists messages to people, the newest first, each with the first notices in it.
//
// Errors: Invalid cursor.bad.
func (s *Store) Deliveries(ctx context.Context, f DeliveryFilter) (Page[Delivery], error) {
	key, id, err := readTimeCursor(f.Cursor)
	if err != nil {
		return Page[Delivery]{}, err
	}
	const query = `
		SELECT ` + deliveryColumns + ` FROM notice_deliveries
		WHERE ($1 = '' OR person = $1) AND ($2 = '' OR state = $2) AND ($3 = '' OR channel = $3)
		  AND ($4 = '' OR (made_at, id) < (nullif($4, '')::timestamptz, $5))
		  AND ($6::text[] IS NULL OR person = ANY ($6)) AND ($7::timestamptz IS NULL OR made_at >= $7)
		  AND ($8 = '' OR id IN (
		       SELECT l.id FROM documents d JOIN notices n ON n.document = d.id
		       JOIN notice_deliveries l ON l.person = n.person AND n.id = ANY (l.notices)
		       WHERE d.id = $8 OR d.number = $8))
		ORDER BY made_at DESC, id DESC LIMIT $9`
	var rows []deliveryRow
	err = s.db.SelectContext(ctx, &rows, query, f.Person, f.State, f.Channel, key, id, pq.Array(f.People), orNull(f.Since),
		f.Document, PageDefault+1)
	if err != nil {
		return Page[Delivery]{}, sqlFault("store.Deliveries", err)
	}
	var page Page[Delivery]
	var ids []string
	for i, r := range rows {
		if i == PageDefault {
			page.Next = cursorOf(sortKeyOf(rows[i-1].MadeAt), rows[i-1].ID)
			break
		}
		page.Items = append(page.Items, r.delivery())
		ids = append(ids, r.Notices[:min(len(r.Notices), toldShown)]...)
	}
	var told []noticeRow
	const first = `SELECT ` + noticeColumns + ` FROM notices WHERE id = ANY ($1) ORDER BY created_at, id`
	if err := s.db.SelectContext(ctx, &told, first, pq.Array(ids)); err != nil {
		return Page[Delivery]{}, sqlFault("store.Deliveries", err)
	}
	for i, d := range page.Items {
		for _, n := range told {
			if slices.Contains(d.Notices, n.ID) {
				page.Items[i].All = append(page.Items[i].All, n.notice())
			}
		}
	}
	return page, nil
}

// DeadAddress is somebody who is reached no more: the last message to them failed for good.
type DeadAddress struct {
	Person, Failure string
	Since           time.Time `db:"since"`
	Held            int       // what waits for them
}

// deadMost is how many are listed.
const deadMost = 200

// DeadAddresses lists whom the last message did not reach, and will not. Who can be reached
// again, as somebody said since, is not among them until another message fails.
func (s *Store) DeadAddresses(ctx context.Context) ([]DeadAddress, error) {
	const query = `
		SELECT l.person, l.failure, l.ended_at AS since,
		       (SELECT count(*) FROM notices n
		        WHERE n.person = l.person AND n.sent_at IS NULL AND n.held IN ` + forDigest + `) AS held
		FROM (SELECT DISTINCT ON (person) person, failure, tried_at, ended_at FROM notice_deliveries
		      WHERE state = 'failed' ORDER BY person, tried_at DESC) l
		WHERE NOT EXISTS (SELECT FROM notice_deliveries d
		                  WHERE d.person = l.person AND d.tried_at > l.tried_at AND d.state = 'delivered')
		  AND NOT EXISTS (SELECT FROM reach_again a WHERE a.person = l.person AND a.at > l.ended_at)
		ORDER BY l.ended_at DESC LIMIT $1`
	var dead []DeadAddress
	err := s.db.SelectContext(ctx, &dead, query, deadMost)
	for i := range dead {
		dead[i].Since = dead[i].Since.UTC()
	}
	return dead, sqlFault("store.DeadAddresses", err)
}

// DeadMail lists the addresses that nothing is written to, the latest first.
func (s *Store) DeadMail(ctx context.Context) ([]MailAddress, error) {
	const query = `
		SELECT ` + mailAddressColumns + ` FROM mail_addresses WHERE state = $1 ORDER BY changed_at DESC LIMIT $2`
	var rows []mailAddressRow
	err := s.db.SelectContext(ctx, &rows, query, letter.Dead, deadMost)
	var all []MailAddress
	for _, r := range rows {
		all = append(all, r.address())
	}
	return all, sqlFault("store.DeadMail", err)
}

// ReachedAgain is who said of somebody, and when, that they can be reached again.
type ReachedAgain struct {
	Person, By, Failure string
	At                  time.Time
}

// ReachAgain writes down that somebody can be reached again, as by says, and lets letters
// go to their address. What waits for them comes with their next message or digest.
func (s *Store) ReachAgain(ctx context.Context, r ReachedAgain, address string) error {
	return s.inTx(ctx, "store.ReachAgain", func(tx *sqlx.Tx) error {
		const log = `INSERT INTO reach_again (person, by, failure) VALUES ($1, $2, $3)`
		if _, err := tx.ExecContext(ctx, log, r.Person, r.By, r.Failure); err != nil {
			return err
		}
		return writeAgain(ctx, tx, address)
	})
}

// ReachesAgain lists what was said so of late, the newest first; people as in DeliveryFilter.
func (s *Store) ReachesAgain(ctx context.Context, people []string) ([]ReachedAgain, error) {
	const query = `
		SELECT person, by, failure, at FROM reach_again
		WHERE $1::text[] IS NULL OR person = ANY ($1) ORDER BY n DESC LIMIT $2`
	var all []ReachedAgain
	err := s.db.SelectContext(ctx, &all, query, pq.Array(people), PageDefault)
	for i := range all {
		all[i].At = all[i].At.UTC()
	}
	return all, sqlFault("store.ReachesAgain", err)
}
