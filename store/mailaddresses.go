package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/letter"
	"github.com/countersign/countersign/domain/notice"
)

// MailAddress is how an address that letters go to stands.
type MailAddress struct {
	Address, Token, Person string

	letter.Standing
	Status    string // what the last report said
	ChangedAt time.Time
}

type mailAddressRow struct {
	Address, Token, Person, State, Status string

	Softs     int
	Since     sql.NullTime
	ChangedAt time.Time `db:"changed_at"`
}

func (r mailAddressRow) address() MailAddress {
	return MailAddress{Address: r.Address, Token: r.Token, Person: r.Person, Status: r.Status,
		ChangedAt: r.ChangedAt.UTC(),
		Standing:  letter.Standing{State: letter.State(r.State), Softs: r.Softs, Since: orZero(r.Since)}}
}

const mailAddressColumns = `address, token, person, state, softs, since, status, changed_at`

// AddressKey is an address as it is kept: mail servers heed no case that people mean.
func AddressKey(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// MailAddress is how an address stands that somebody is written to at; a new one is ok.
//
// Safe to repeat.
func (s *Store) MailAddress(ctx context.Context, address, person string) (MailAddress, error) {
	address = AddressKey(address)
	const find = `SELECT ` + mailAddressColumns + ` FROM mail_addresses WHERE address = $1`
	var row mailAddressRow
	err := s.db.GetContext(ctx, &row, find, address)
	if err == nil && row.Person == person {
		return row.address(), nil
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return MailAddress{}, sqlFault("store.MailAddress", err)
	}
	err = s.inTx(ctx, "store.MailAddress", func(tx *sqlx.Tx) error {
		const keep = `
			INSERT INTO mail_addresses (address, token, person) VALUES ($1, $2, $3)
			ON CONFLICT (address) DO UPDATE SET person = excluded.person RETURNING ` + mailAddressColumns
		return tx.GetContext(ctx, &row, keep, address, strings.ToLower(rand.Text()), person)
	})
	return row.address(), err
}

// MailAddresses is how some addresses stand, by AddressKey, of those that were written to.
func (s *Store) MailAddresses(ctx context.Context, addresses []string) (map[string]MailAddress, error) {
	const query = `SELECT ` + mailAddressColumns + ` FROM mail_addresses WHERE address = ANY($1)`
	keys := make([]string, len(addresses))
	for i, address := range addresses {
		keys[i] = AddressKey(address)
	}
	var rows []mailAddressRow
	if err := s.db.SelectContext(ctx, &rows, query, pq.Array(keys)); err != nil {
		return nil, sqlFault("store.MailAddresses", err)
	}
	stands := make(map[string]MailAddress, len(rows))
	for _, r := range rows {
		stands[r.Address] = r.address()
	}
	return stands, nil
}

// MailReported notes what was said of an address, by itself or by its token, and tells
// the administrators and the person once nothing is written to it any more. Nobody's
// token is nobody's report.
func (s *Store) MailReported(ctx context.Context, address, token, status string) error {
	return s.inTx(ctx, "store.MailReported", func(tx *sqlx.Tx) error {
		const find = `
			SELECT ` + mailAddressColumns + `, clock_timestamp() AS now FROM mail_addresses
			WHERE address = $1 OR $2 <> '' AND token = $2 FOR UPDATE`
		var row struct {
			mailAddressRow
			Now time.Time
		}
		err := tx.GetContext(ctx, &row, find, AddressKey(address), strings.ToLower(token))
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		was := row.address()
		next := was.After(letter.Sorted(status), row.Now.UTC())
		if next == was.Standing {
			return nil
		}
		const change = `
			UPDATE mail_addresses SET state = $2, softs = $3, since = $4, status = $5, changed_at = $6 WHERE address = $1`
		_, err = tx.ExecContext(ctx, change, was.Address, next.State, next.Softs, orNull(next.Since), status, row.Now)
		if err != nil || next.State != letter.Dead {
			return err
		}
		return tellDeadAddress(ctx, tx, was, status, row.Now)
	})
}

// tellDeadAddress tells the administrators by letter, and the person where they read it
// in the list of notices.
func tellDeadAddress(ctx context.Context, tx *sqlx.Tx, a MailAddress, status string, at time.Time) error {
	data := string(mustJSON(map[string]string{"person": a.Person, "detail": a.Address, "reason": status}))
	id := a.Token[:8] + "." + strconv.FormatInt(at.Unix(), 10)
	if _, err := tx.ExecContext(ctx, tellAdministrators, notice.MailDead, id, data); err != nil {
		return err
	}
	const own = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		VALUES ($1 || '.' || $2, $1, $3, '', '', '', '', true, $4) ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, own, notice.MailDeadOwn, id, a.Person, data)
	return err
}

// WriteAgain lets letters go to an address once more.
//
// Safe to repeat.
func (s *Store) WriteAgain(ctx context.Context, address string) error {
	return s.inTx(ctx, "store.WriteAgain", func(tx *sqlx.Tx) error { return writeAgain(ctx, tx, address) })
}

func writeAgain(ctx context.Context, tx *sqlx.Tx, address string) error {
	const query = `
		UPDATE mail_addresses SET state = 'ok', softs = 0, since = NULL, changed_at = clock_timestamp()
		WHERE address = $1 AND state <> 'ok'`
	_, err := tx.ExecContext(ctx, query, AddressKey(address))
	return err
}

// MailStanding is how an address stands; the zero MailAddress where nobody wrote to it.
func (s *Store) MailStanding(ctx context.Context, address string) (MailAddress, error) {
	const query = `SELECT ` + mailAddressColumns + ` FROM mail_addresses WHERE address = $1`
	var row mailAddressRow
	err := s.db.GetContext(ctx, &row, query, AddressKey(address))
	if errors.Is(err, sql.ErrNoRows) {
		return MailAddress{}, nil
	}
	return row.address(), sqlFault("store.MailStanding", err)
}
