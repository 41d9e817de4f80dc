package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/proposal"
)

// causeProposed and the id of the proposal are the cause of a calendar that two people
// published.
const causeProposed = "proposal:"

// streamOf is the stream of what a proposal is about.
func streamOf(kind proposal.Kind, subject string) string {
	if kind == proposal.Calendar {
		return calendarStream + subject
	}
	return policyStream + subject
}

// eventsOf are the kinds of event that a proposal leads to.
func eventsOf(kind proposal.Kind) (e struct{ proposed, refused string }) {
	if kind == proposal.Calendar {
		e.proposed, e.refused = CalendarProposed, CalendarRefused
		return e
	}
	e.proposed, e.refused = PolicyProposed, PolicyRefused
	return e
}

// calendarHead is the version in force and the hash of its text, 0 for none.
func calendarHead(ctx context.Context, tx *sqlx.Tx, id string) (int, string, error) {
	const query = `SELECT version, body FROM calendars WHERE id = $1 ORDER BY version DESC LIMIT 1`
	var head struct {
		Version int
		Body    string
	}
	if err := tx.GetContext(ctx, &head, query, id); errors.Is(err, sql.ErrNoRows) {
		return 0, "", nil
	} else if err != nil {
		return 0, "", err
	}
	hash, err := evidence.HashOf(head.Body)
	return head.Version, hash, err
}

// publishCalendar puts a calendar in force that a second person approved. Open
// documents hear of it as they do of an imported one, see SpreadChanges.
func publishCalendar(ctx context.Context, tx *sqlx.Tx, p ProposalRow) error {
	const insert = `INSERT INTO calendars (id, version, body, cause) VALUES ($1, $2, $3, $4)`
	if _, err := tx.ExecContext(ctx, insert, p.Subject, p.Version, p.Payload, causeProposed+p.ID); err != nil {
		return err
	}
	data := policyData{Kind: string(p.Kind), Version: p.Version, Hash: p.Hash, Proposal: p.ID, Maker: p.Maker}
	var err error
	if data.Text, err = evidence.HashOf(p.Payload); err != nil {
		return err
	}
	err = recordFact(ctx, tx, calendarStream+p.Subject, "publish:"+strconv.Itoa(p.Version),
		evidence.Draft{Kind: CalendarPublished, Actor: p.Checker, Data: mustJSON(data)})
	if err != nil {
		return err
	}
	return saveChange(ctx, tx, TellCalendar, p.Subject, int64(p.Version))
}

// publishedCalendars are the calendars that two people published, in the form of other
// published texts.
func (a *auditor) publishedCalendars(ctx context.Context) ([]PolicyRow, error) {
	const query = `
		SELECT 'calendar' AS kind, c.id, c.version, coalesce(p.hash, '') AS hash, c.body AS yaml,
		       coalesce(p.checker, '') AS published_by, c.saved_at AS published_at
		FROM calendars c LEFT JOIN proposals p ON p.id = substr(c.cause, length('` + causeProposed + `') + 1)
		     AND p.kind = 'calendar'
		WHERE c.cause LIKE '` + causeProposed + `%' ORDER BY c.id, c.version`
	var rows []PolicyRow
	err := a.tx.SelectContext(ctx, &rows, query)
	return rows, err
}
