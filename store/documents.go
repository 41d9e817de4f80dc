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
	CopiedTo  string    // who was copied in, and still is
	Unread    bool      // … and did not open it yet
	Query     string    // somewhere in the number or the title
	From, To  time.Time // [From, To) of the submission, or of a draft's creation

	Intervened bool // only those in which an administrator stepped in

	Cursor    string
	Limit     int // 0 means 20; 200 at most
	WithTotal bool
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

	ClaimedMinor   sql.NullInt64 `db:"claimed_minor"`
	Step           string
	StepTitles     string       `db:"step_titles"`
	ParkedRef      string       `db:"parked_ref"`
	ParkedAttempt  int          `db:"parked_attempt"`
	ParkedCode     string       `db:"parked_code"`
	ParkedDetail   string       `db:"parked_detail"`
	VoucherRef     string       `db:"voucher_ref"`
	VoucherNumber  string       `db:"voucher_number"`
	CreatedAt      time.Time    `db:"created_at"`
	SortedAt       time.Time    `db:"sorted_at"`
	SubmittedAt    sql.NullTime `db:"submitted_at"`
	UpdatedAt      time.Time    `db:"updated_at"`
	ClosedAt       sql.NullTime `db:"closed_at"`
	DueAt          sql.NullTime `db:"due_at"`
	Intervened     bool
	CurrentContent string `db:"current_content"`
	Fields         string // the type's own, in lists
	Unread         bool   // in a list of copies: not opened yet
	CopiedHow      string `db:"copied_how"`
	CopiedBy       string `db:"copied_by"`
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
	d.submitted_at, d.updated_at, d.closed_at, d.intervened,
	(SELECT min(t.due_at) FROM tasks t WHERE t.document = d.id AND t.state = 'open') AS due_at`

// visible is what a scope may know of: $1 the person, $2 entities, $3
// departments, $4 all. A draft is its author's alone. Who decides for somebody by
// a delegation sees what they may decide, while they may.
const visible = `
	(d.status <> 'draft' AND ($4 OR d.entity = ANY($2) OR d.department = ANY($3))
	 OR $1 <> '' AND d.submitter = $1
	 OR $1 <> '' AND d.status <> 'draft' AND (d.requester = $1
	    OR d.id IN (SELECT t.document FROM tasks t WHERE t.assignee = $1)
	    OR d.id IN (SELECT t.document FROM tasks t WHERE t.decided_by = $1 AND t.decided_by <> '')
	    OR d.id IN (SELECT t.document FROM delegations g JOIN tasks t ON t.assignee = g.person AND t.state = 'open'
	                JOIN documents d ON d.id = t.document WHERE g.delegate = $1 AND ` + ruleReaches + `)))`

// readable is what a scope may read: what it may know of, and what its person was
// copied in on. A copy shows a document and its files, nothing else of it.
const readable = `
	(` + visible + ` OR $1 <> '' AND d.status <> 'draft' AND d.id IN (
	    SELECT c.document FROM copies c WHERE c.person = $1 AND c.removed_at IS NULL))`

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

const documentFilter = `
	AND ($5::text[] IS NULL OR d.status = ANY($5)) AND ($6::text[] IS NULL OR d.type = ANY($6))
	AND ($7 = '' OR d.submitter = $7)
	AND ($8 = '' OR d.number ILIKE $8 OR d.title ILIKE $8)
	AND ($9::timestamptz IS NULL OR d.sorted_at >= $9) AND ($10::timestamptz IS NULL OR d.sorted_at < $10)
	AND ($11 = '' OR d.id IN (SELECT c.document FROM copies c
	     WHERE c.person = $11 AND c.removed_at IS NULL AND (NOT $12 OR c.read_at IS NULL)))
	AND (NOT $13::boolean OR d.intervened)`

// Documents lists what a scope may know of, the newest submission first; of their
// contents only the type's own fields are there. The order is stable: what is
// submitted meanwhile does not move later pages.
//
// Errors: Invalid cursor.bad.
func (s *Store) Documents(ctx context.Context, scope access.Scope, f DocumentFilter) (Page[Document], error) {
	key, id, err := readTimeCursor(f.Cursor)
	if err != nil {
		return Page[Document]{}, err
	}
	const query = `
		SELECT ` + documentColumns + `,
		       coalesce(coalesce(d.draft, (SELECT r.content FROM revisions r
		           WHERE r.document = d.id AND r.revision = d.revision))::jsonb ->> 'fields', '') AS fields,
		       coalesce(held.unread, false) AS unread, coalesce(held.how, '') AS copied_how,
		       coalesce(held.made_by, '') AS copied_by
		FROM documents d
		LEFT JOIN LATERAL (SELECT c.read_at IS NULL AS unread, c.how, c.made_by FROM copies c
		    WHERE $11 <> '' AND c.document = d.id AND c.person = $11 AND c.removed_at IS NULL) AS held ON true
		WHERE ` + readable + documentFilter + `
		  AND ($14 = '' OR (d.sorted_at, d.id) < (nullif($14, '')::timestamptz, $15))
		ORDER BY d.sorted_at DESC, d.id DESC LIMIT $16`
	limit := limitOf(f.Limit)
	args := scopeArgs(scope, textsOrNull(f.Statuses), textsOrNull(f.Types), f.Submitter, like(f.Query),
		orNull(f.From), orNull(f.To), f.CopiedTo, f.Unread, f.Intervened)
	var rows []documentRow
	if err := s.db.SelectContext(ctx, &rows, query, append(args[:len(args):len(args)], key, id, limit+1)...); err != nil {
		return Page[Document]{}, sqlFault("store.Documents", err)
	}
	var page Page[Document]
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = cursorOf(sortKeyOf(rows[limit-1].SortedAt), rows[limit-1].ID)
	}
	for _, r := range rows {
		page.Items = append(page.Items, r.document())
	}
	if f.WithTotal {
		const count = `SELECT count(*) FROM documents d WHERE ` + readable + documentFilter
		page.Total = new(int64)
		err = s.db.GetContext(ctx, page.Total, count, args...)
	}
	return page, sqlFault("store.Documents", err)
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
