package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/evidence"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/notice"
)

// SubmitCause is the cause of a document's first event.
const SubmitCause = "submit:1"

// startPatience is how long the gateway may start a workflow itself before the
// relay does; what is imported waits for the relay alone.
const startPatience = "3 seconds"

// SubmitInput is a finished draft: completed, validated and hashed by the caller.
type SubmitInput struct {
	ID           string // the draft; "" submits without one
	Actor        string
	Content      document.Content
	Hash         string   // of Content
	NumberPrefix string   // such as EXP
	YearZone     string   // IANA zone of the entity: the number's year is counted there
	Bulk         bool     // an import: starts after everything interactive
	CC           []string // who is copied in with it 抄送
	CCRemark     string
	Origin       document.Origin // of what another system had made; zero for a person's own
	Idem         Idempotency
}

// Submit makes a document of a draft in one transaction: number, revision 1,
// event 1, and the row that makes its workflow start. 提交
//
// Safe to repeat under its idempotency key: the answer is the document.
// Errors: NotFound draft.not_found, attachment.not_found; Conflict
// document.not_draft, draft.changed where the hash is not the content's,
// idempotency.reused; Invalid offset.*, where the advance does not bear it; those of
// cc.Check.
func (s *Store) Submit(ctx context.Context, in SubmitInput) (Document, error) {
	content, err := canonicalContent(in.Content, in.Hash)
	if err != nil {
		return Document{}, err
	}
	id, fresh := in.ID, true
	if id == "" {
		id = newID()
	}
	err = s.inTx(ctx, "store.Submit", func(tx *sqlx.Tx) error {
		id, fresh, err = claimRequest(ctx, tx, in.Idem, id)
		if err != nil || !fresh {
			return err
		}
		if in.ID != "" {
			if _, err := lockDraft(ctx, tx, in.ID, in.Actor); err != nil {
				return err
			}
		}
		if err := holdOffset(ctx, tx, id, in.Content); err != nil {
			return err
		}
		number, at, err := nextNumber(ctx, tx, in)
		if err != nil {
			return err
		}
		all := submission{in: in, id: id, number: number, at: at, content: content}
		if err := insertSubmission(ctx, tx, all); err != nil {
			return err
		}
		if err := attach(ctx, tx, id, in.Actor, in.Content); err != nil {
			return err
		}
		if err := tellRequester(ctx, tx, all); err != nil || len(in.CC) == 0 {
			return err
		}
		copies := CopyInput{
			Batch: newID(), Document: id, By: in.Actor, How: cc.ByApproval, Remark: in.CCRemark, People: in.CC,
		}
		if err := addCopies(ctx, tx, copies); err != nil {
			return err
		}
		return tellCopied(ctx, tx, copies)
	})
	if err != nil {
		return Document{}, err
	}
	return s.Document(ctx, access.Scope{All: true}, id)
}

// tellRequester tells for whom a colleague submitted. What another system handed in
// was not entered by anybody who could be asked about it.
func tellRequester(ctx context.Context, tx *sqlx.Tx, b submission) error {
	c := b.in.Content
	if c.Requester == "" || c.Requester == b.in.Actor || b.in.Origin != (document.Origin{}) {
		return nil
	}
	const tell = `
		INSERT INTO notices (id, kind, person, role, entity, document, task, quiet, data)
		VALUES ('entered.' || $1, $2, $3, '', $4, $1, '', false,
		        jsonb_build_object('number', $5::text, 'title', $6::text, 'amount_minor', $7::text,
		                           'currency', $8::text, 'by', $9::text))
		ON CONFLICT DO NOTHING`
	_, err := tx.ExecContext(ctx, tell, b.id, notice.EnteredFor, c.Requester, c.Entity, b.number, c.Title,
		strconv.FormatInt(c.Total.Minor, 10), string(c.Total.Currency), b.in.Actor)
	return err
}

// canonicalContent is the text of a content that was hashed and is kept.
//
// Errors: Conflict draft.changed where the hash is another one's.
func canonicalContent(c document.Content, hash string) (string, error) {
	text, err := evidence.Canonical(c)
	if err != nil {
		return "", err
	}
	found, err := evidence.HashOf(c)
	if err != nil {
		return "", err
	}
	if found != hash {
		return "", fault.New(fault.Conflict, "draft.changed")
	}
	return string(text), nil
}

// claimRequest takes an idempotency key for a subject. It waits for a request
// that has the key and is not committed, then answers with that one's subject.
//
// Errors: Conflict idempotency.reused where the key asked for something else.
func claimRequest(ctx context.Context, tx *sqlx.Tx, i Idempotency, subject string) (string, bool, error) {
	if i.Key == "" {
		return subject, true, nil
	}
	const insert = `
		INSERT INTO requests (actor, route, key, fingerprint, subject) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`
	result, err := tx.ExecContext(ctx, insert, i.Actor, i.Route, i.Key, i.Fingerprint, subject)
	if err != nil {
		return "", false, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return subject, true, err
	}
	const find = `SELECT fingerprint, subject FROM requests WHERE actor = $1 AND route = $2 AND key = $3`
	var first struct{ Fingerprint, Subject string }
	if err := tx.GetContext(ctx, &first, find, i.Actor, i.Route, i.Key); err != nil {
		return "", false, err
	}
	if first.Fingerprint != i.Fingerprint {
		return "", false, fault.New(fault.Conflict, "idempotency.reused")
	}
	return first.Subject, false, nil
}

// Claim takes an idempotency key for a request of many parts, whose parts are
// found again by keys of their own.
//
// Safe to repeat. Errors: Conflict idempotency.reused where the key asked for
// something else.
func (s *Store) Claim(ctx context.Context, i Idempotency) error {
	return s.inTx(ctx, "store.Claim", func(tx *sqlx.Tx) error {
		_, _, err := claimRequest(ctx, tx, i, newID())
		return err
	})
}

// Answered says whether a request was carried out under a key already.
func (s *Store) Answered(ctx context.Context, i Idempotency) (bool, error) {
	const query = `SELECT EXISTS (SELECT FROM requests WHERE actor = $1 AND route = $2 AND key = $3)`
	var done bool
	err := s.db.GetContext(ctx, &done, query, i.Actor, i.Route, i.Key)
	return done, sqlFault("store.Answered", err)
}

// nextNumber counts on in the entity's year. The counter's row stays locked until
// the commit, so numbers come in the order of submission; a failure leaves no gap.
func nextNumber(ctx context.Context, tx *sqlx.Tx, in SubmitInput) (number string, at time.Time, err error) {
	const query = `
		INSERT INTO counters (prefix, entity, year, value)
		VALUES ($1, $2, extract(year FROM clock_timestamp() AT TIME ZONE $3)::int, 1)
		ON CONFLICT (prefix, entity, year) DO UPDATE SET value = counters.value + 1
		RETURNING year, value, clock_timestamp() AS at`
	zone := in.YearZone
	if zone == "" {
		zone = "UTC"
	}
	var row struct {
		Year  int
		Value int64
		At    time.Time
	}
	if err := tx.GetContext(ctx, &row, query, in.NumberPrefix, in.Content.Entity, zone); err != nil {
		return "", time.Time{}, err
	}
	return fmt.Sprintf("%s-%d-%06d", in.NumberPrefix, row.Year, row.Value), row.At.UTC(), nil
}

// submission is everything that one submission writes.
type submission struct {
	in      SubmitInput
	id      string
	number  string
	at      time.Time
	content string
}

// firstEvent seals document.submitted.
func (b submission) firstEvent() (evidence.Event, error) {
	c := b.in.Content
	submitted := approval.SubmittedData{
		Number: b.number, Type: c.Type, Title: c.Title, Entity: c.Entity, Department: c.Department,
		Submitter: c.Submitter, Requester: c.Requester, Payee: c.Payee.ID, Urgency: string(c.Urgency),
		Total: c.Total, BaseTotal: c.BaseTotal,
	}
	if b.in.Origin != (document.Origin{}) {
		submitted.Origin = &b.in.Origin
	}
	data, err := json.Marshal(submitted)
	if err != nil {
		return evidence.Event{}, err
	}
	draft := evidence.Draft{
		Kind: approval.DocumentSubmitted, Actor: b.in.Actor, Round: 1, Revision: 1, ContentHash: b.in.Hash, Data: data,
	}
	events, err := evidence.Seal(evidence.Event{}, []evidence.Draft{draft}, SubmitCause, b.at, b.id)
	if err != nil {
		return evidence.Event{}, err
	}
	return events[0], nil
}

const submitQuery = `
	WITH document AS (
		INSERT INTO documents (id, submitter, number, status, round, revision, content_hash, seq, head_hash,
		            sorted_at, submitted_at, asked_at, updated_at, type, title, reason, entity, department, requester,
		            payee_kind, payee_id, payee_name, payee_account, urgency, total_minor, currency, base_minor,
		            base_currency, origin_source, origin_reference)
		VALUES ($1, $2, $3, 'submitted', 1, 1, $4, 1, $5, $6, $6, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
		        $17, $18, $19, $20, $21, $30, $31)
		ON CONFLICT (id) DO UPDATE SET submitter = $2, number = $3, status = 'submitted', round = 1, revision = 1,
		            content_hash = $4, seq = 1, head_hash = $5, sorted_at = $6, submitted_at = $6, asked_at = $6,
		            updated_at = $6,
		            type = $7, title = $8, reason = $9, entity = $10, department = $11, requester = $12,
		            payee_kind = $13, payee_id = $14, payee_name = $15, payee_account = $16, urgency = $17,
		            total_minor = $18, currency = $19, base_minor = $20, base_currency = $21, draft = NULL
	), revision AS (
		INSERT INTO revisions (document, revision, hash, content, actor, created_at, submitted_at)
		VALUES ($1, 1, $4, $22, $23, $6, $6)
	), event AS (
		INSERT INTO events (stream, seq, at, kind, actor, on_behalf_of, cause, round, revision, content_hash, data, prev,
		            hash, v)
		VALUES ($1, 1, $6, $24, $23, '', $25, 1, 1, $4, $26, '', $5, $27)
	), cause AS (
		INSERT INTO causes (stream, cause, first_seq, last_seq, outcome, at) VALUES ($1, $25, 1, 1, $28, $6)
	)
	INSERT INTO starts (document, bulk, next_try)
	VALUES ($1, $29, $6::timestamptz + CASE WHEN $29 THEN interval '0' ELSE interval '` + startPatience + `' END)`

func insertSubmission(ctx context.Context, tx *sqlx.Tx, b submission) error {
	event, err := b.firstEvent()
	if err != nil {
		return err
	}
	outcome, err := json.Marshal(approval.Outcome{Code: approval.OK, Status: approval.Submitted, Seq: 1})
	if err != nil {
		return err
	}
	args := append([]any{b.id, b.in.Content.Submitter, b.number, b.in.Hash, event.Hash, b.at},
		summaryArgs(b.in.Content)...)
	args = append(args, b.content, b.in.Actor, event.Kind, event.Cause, string(event.Data), event.V, string(outcome),
		b.in.Bulk, b.in.Origin.Source, b.in.Origin.Reference)
	_, err = tx.ExecContext(ctx, submitQuery, args...)
	return err
}
