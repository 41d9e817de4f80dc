package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// DocumentFilter narrows a list of documents. Empty fields do not narrow.
type DocumentFilter struct {
	Statuses  []approval.Status
	Types     []string
	Submitter string
	Own       bool      // with Submitter: those that others submitted for that person, too
	CopiedTo  string    // who was copied in, and still is
	Unread    bool      // … and did not open it yet
	Query     string    // anywhere in the title; the beginning of the number, or the digits at its end
	Named     []string  // … or for one of these, whom the query names
	From, To  time.Time // [From, To) of the submission, or of a draft's creation

	Intervened bool // only those in which an administrator stepped in

	Entities []string
	People   []string // whom it is for, or who submitted it
	Urgency  document.Urgency
	Amounts  AmountRange

	Cursor    string
	Limit     int // 0 means 20; 200 at most
	WithTotal bool
	TotalMost int64 // where it is enough to count so far; never further than TotalMost
}

// documentRow is a document as the tables hold it.
type documentRow struct {
	ID, Type, Title, Reason, Entity, Department, Submitter, Requester string

	Number       sql.NullString
	PayeeKind    string `db:"payee_kind"`
	PayeeID      string `db:"payee_id"`
	PayeeName    string `db:"payee_name"`
	PayeeAccount string `db:"payee_account"`
	Urgency      string
	Status       string
	Round        int
	Revision     int
	ContentHash  string `db:"content_hash"`
	Seq          int64
	TotalMinor   int64 `db:"total_minor"`
	Currency     string
	BaseMinor    int64  `db:"base_minor"`
	BaseCurrency string `db:"base_currency"`

	ClaimedMinor  sql.NullInt64 `db:"claimed_minor"`
	Step          string
	StepTitles    string       `db:"step_titles"`
	ParkedRef     string       `db:"parked_ref"`
	ParkedAttempt int          `db:"parked_attempt"`
	ParkedCode    string       `db:"parked_code"`
	ParkedDetail  string       `db:"parked_detail"`
	VoucherRef    string       `db:"voucher_ref"`
	VoucherNumber string       `db:"voucher_number"`
	CreatedAt     time.Time    `db:"created_at"`
	SortedAt      time.Time    `db:"sorted_at"`
	SubmittedAt   sql.NullTime `db:"submitted_at"`
	UpdatedAt     time.Time    `db:"updated_at"`
	ClosedAt      sql.NullTime `db:"closed_at"`
	DueAt         sql.NullTime `db:"due_at"`
	Intervened    bool

	OriginSource    string `db:"origin_source"`
	OriginReference string `db:"origin_reference"`

	CurrentContent string `db:"current_content"`
	Fields         string // the type's own, in lists
	Unread         bool   // in a list of copies: not opened yet
	CopiedHow      string `db:"copied_how"`
	CopiedBy       string `db:"copied_by"`
	Edge           bool   // in a list: what is older was not looked at
	Matches        bool   // … and whether it is what was asked for
}

func (r documentRow) document() Document {
	titles := map[string]map[string]string{}
	_ = json.Unmarshal([]byte(r.StepTitles), &titles) // for display
	var content document.Content
	_ = json.Unmarshal([]byte(r.Fields), &content.Fields) // for display
	return Document{
		Content: content,
		ID:      r.ID, Number: r.Number.String, Type: r.Type, Title: r.Title, Reason: r.Reason, Entity: r.Entity,
		Department: r.Department, Submitter: r.Submitter, Requester: r.Requester,
		Payee: document.Payee{
			Kind: document.PayeeKind(r.PayeeKind), ID: r.PayeeID, Name: r.PayeeName, Account: r.PayeeAccount,
		},
		Urgency: document.Urgency(r.Urgency), Status: approval.Status(r.Status),
		Round: r.Round, Revision: r.Revision, ContentHash: r.ContentHash, Seq: r.Seq,
		Total:     money.Amount{Minor: r.TotalMinor, Currency: money.Currency(r.Currency)},
		BaseTotal: money.Amount{Minor: r.BaseMinor, Currency: money.Currency(r.BaseCurrency)},
		Claimed:   claimed(r.ClaimedMinor, r.Currency),
		Step:      r.Step, StepTitle: titleOf(r.Step, titles),
		DueAt: orZero(r.DueAt), CreatedAt: r.CreatedAt.UTC(), SubmittedAt: orZero(r.SubmittedAt),
		UpdatedAt: r.UpdatedAt.UTC(), ClosedAt: orZero(r.ClosedAt),
		ParkedRef: r.ParkedRef, ParkedAttempt: r.ParkedAttempt, ParkedCode: r.ParkedCode, ParkedDetail: r.ParkedDetail,
		VoucherRef: r.VoucherRef, VoucherNumber: r.VoucherNumber, Intervened: r.Intervened, Unread: r.Unread,
		CopiedHow: cc.How(r.CopiedHow), CopiedBy: r.CopiedBy,
		Origin: document.Origin{Source: r.OriginSource, Reference: r.OriginReference},
	}
}

// claimed is what was asked for; none where it is what was approved.
func claimed(minor sql.NullInt64, currency string) money.Amount {
	if !minor.Valid {
		return money.Amount{}
	}
	return money.Amount{Minor: minor.Int64, Currency: money.Currency(currency)}
}

// titleOf names the steps that a document waits at, by locale.
func titleOf(steps string, titles map[string]map[string]string) map[string]string {
	var all map[string]string
	for _, step := range stepsIn(steps) {
		for locale, title := range titles[step] {
			if all == nil {
				all = map[string]string{}
			}
			if all[locale] != "" {
				all[locale] += " · "
			}
			all[locale] += title
		}
	}
	return all
}

const documentColumns = `
	d.id, d.number, d.type, d.title, d.reason, d.entity, d.department, d.submitter, d.requester,
	d.payee_kind, d.payee_id, d.payee_name, d.payee_account, d.urgency, d.status, d.round, d.revision, d.content_hash,
	d.seq, d.total_minor, d.currency, d.base_minor, d.base_currency, d.claimed_minor, d.step, d.step_titles, d.parked_ref,
	d.parked_attempt, d.parked_code, d.parked_detail, d.voucher_ref, d.voucher_number, d.created_at, d.sorted_at,
	d.submitted_at, d.updated_at, d.closed_at, d.intervened, d.origin_source, d.origin_reference,
	(SELECT min(t.due_at) FROM tasks t WHERE t.document = d.id AND t.state = 'open') AS due_at`

// visible is what a scope may know of: $1 the person, $2 entities, $3
// departments, $4 all. A draft is its author's alone. Who decides for somebody by
// a delegation sees what they may decide, while they may. OFFSET 0 keeps PostgreSQL
// from reading everything a person ever decided, to look one document up in it.
const visible = `
	(d.status <> 'draft' AND ($4 OR d.entity = ANY($2) OR d.department = ANY($3))
	 OR $1 <> '' AND d.submitter = $1
	 OR $1 <> '' AND d.status <> 'draft' AND (d.requester = $1
	    OR EXISTS (SELECT FROM tasks t WHERE t.document = d.id AND (t.assignee = $1 OR t.decided_by = $1) OFFSET 0)
	    OR EXISTS (SELECT FROM tasks t JOIN delegations g ON g.person = t.assignee
	               WHERE t.document = d.id AND t.state = 'open' AND g.delegate = $1 AND ` + ruleReaches + ` OFFSET 0)))`

// readable is what a scope may read: what it may know of, and what its person was
// copied in on. A copy shows a document and its files, nothing else of it.
const readable = `
	(` + visible + ` OR $1 <> '' AND d.status <> 'draft' AND EXISTS (
	    SELECT FROM copies c WHERE c.document = d.id AND c.person = $1 AND c.removed_at IS NULL OFFSET 0))`

// scopeArgs are the first four arguments of a query with visible in it.
func scopeArgs(scope access.Scope, more ...any) []any {
	return append([]any{scope.Person, pq.Array(scope.Entities), pq.Array(scope.Departments), scope.All}, more...)
}

// Document returns one document with its content.
//
// Errors: NotFound document.not_found if there is none, or if the scope may not
// know of it.
func (s *Store) Document(ctx context.Context, scope access.Scope, id string) (Document, error) {
	const one = `
		SELECT ` + documentColumns + `,
		       coalesce(d.draft, (SELECT r.content FROM revisions r
		                          WHERE r.document = d.id AND r.revision = d.revision), '') AS current_content
		FROM documents d WHERE d.id = `
	query, args := one+`$5 AND `+readable, scopeArgs(scope, id)
	if scope.All && scope.Person == "" {
		// The house itself: to plan the conditions would cost more than to read the row.
		query, args = one+`$1 AND d.status <> 'draft'`, []any{id}
	}
	var row documentRow
	err := s.db.GetContext(ctx, &row, query, args...)
	if err != nil {
		return Document{}, sqlFault("store.Document", noRows(err, fault.New(fault.NotFound, "document.not_found")))
	}
	d := row.document()
	if err := json.Unmarshal([]byte(row.CurrentContent), &d.Content); err != nil {
		return Document{}, sqlFault("store.Document", err)
	}
	return d, nil
}

// textsOrNull is a text array, or null where it is empty: no narrowing.
func textsOrNull[T ~string](values []T) any {
	if len(values) == 0 {
		return pq.Array([]string(nil))
	}
	texts := make([]string, 0, len(values))
	for _, v := range values {
		texts = append(texts, string(v))
	}
	return pq.Array(texts)
}

// like is the pattern of «somewhere in», with the wild cards of the text escaped.
func like(text string) string {
	if text == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
