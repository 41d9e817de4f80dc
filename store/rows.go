package store

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/cc"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
)

// Page limits of every list.
const (
	PageDefault = 20
	PageMost    = 200
)

// Page is one page of a list; Next is the cursor of the page after it, "" at the end.
type Page[T any] struct {
	Items []T
	Next  string
	Total *int64 // only where it was asked for
}

// Idempotency is what makes a write findable again: who, where, under which
// key, and a fingerprint of what was asked. 幂等键
type Idempotency struct {
	Actor       string // person or token
	Route       string
	Key         string // "" for none: the write is then only as repeatable as its natural key
	Fingerprint string
}

// Document is the read model of one document: the fold of its events, ready to
// show. 单据
type Document struct {
	ID, Number, Type, Title, Reason, Entity, Department, Submitter, Requester string

	Payee       document.Payee
	Urgency     document.Urgency
	Status      approval.Status
	Round       int
	Revision    int
	ContentHash string
	Seq         int64
	Total       money.Amount
	BaseTotal   money.Amount
	Claimed     money.Amount      // the total claimed, where less was approved
	Step        string            // id of the open step, "" for none
	StepTitle   map[string]string // its title, by locale

	DueAt, CreatedAt, SubmittedAt, UpdatedAt, ClosedAt time.Time // zero where there is none

	Intervened bool // an administrator stepped in, ever

	Origin document.Origin // of what another system had made; zero for a person's own

	ParkedRef     string // what waits for a ruling: a voucher, or plan:<round>; "" for nothing
	ParkedAttempt int    // its attempt, which a ruling names

	ParkedCode, ParkedDetail, VoucherRef, VoucherNumber string

	// In a list of what one was copied in on:
	Unread    bool   // not opened yet
	CopiedHow cc.How // and by whom
	CopiedBy  string

	Content document.Content // only from Document, SaveDraft and Submit; not in lists
}

// Task is one task with what a list shows of its document. 待办
type Task struct {
	approval.Task
	Document, Number, Type, Title, Submitter, Requester, Entity string

	Total          money.Amount
	BaseTotal      money.Amount // in the entity's currency
	Claimed        money.Amount // the total claimed, where less was approved
	BaseClaimed    money.Amount // BaseTotal as claimed: by it authority is judged
	Urgency        document.Urgency
	DocumentStatus approval.Status
	ContentHash    string // of the document as it stands now
	StepTitle      map[string]string
	Provisional    bool   // the deadline reaches into a year without a published calendar
	Calendar       string // by which the deadline is counted; "" where it counts in plain time, or there is none
	Intervened     bool   // an administrator stepped in, ever

	// FreshSignIn is what the plan asks of the sign-in of whoever decides, nil for
	// nothing; Store.Task alone reads it.
	FreshSignIn *approval.FreshSignIn

	Department string // of the document; Store.Task alone reads it

	// Passkey says that the plan asks whoever decides to sign with a passkey; Store.Task
	// alone reads it.
	Passkey bool
}

// limitOf keeps a page's size within its bounds.
func limitOf(asked int) int {
	if asked <= 0 {
		return PageDefault
	}
	return min(asked, PageMost)
}

// cursorOf hides a sort key and an id from the caller, who only hands it back.
func cursorOf(sortKey, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(sortKey + "\x00" + id))
}

// readCursor opens a cursor; an empty one is the beginning.
//
// Errors: Invalid cursor.bad.
func readCursor(cursor string) (sortKey, id string, err error) {
	if cursor == "" {
		return "", "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", "", fault.New(fault.Invalid, "cursor.bad", fault.Field("cursor"))
	}
	sortKey, id, ok := strings.Cut(string(raw), "\x00")
	if !ok || sortKey == "" || id == "" {
		return "", "", fault.New(fault.Invalid, "cursor.bad", fault.Field("cursor"))
	}
	return sortKey, id, nil
}

// readTimeCursor opens a cursor whose sort key must be an instant as PostgreSQL writes it.
func readTimeCursor(cursor string) (sortKey, id string, err error) {
	sortKey, id, err = readCursor(cursor)
	if err != nil || sortKey == "" || sortKey == "infinity" {
		return sortKey, id, err
	}
	if _, err := time.Parse("2006-01-02 15:04:05.999999-07", sortKey); err != nil {
		return "", "", fault.New(fault.Invalid, "cursor.bad", fault.Field("cursor"))
	}
	return sortKey, id, nil
}

func orZero(t sql.NullTime) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return t.Time.UTC()
}

func orNull(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }

func textOrNull(text string) sql.NullString {
	return sql.NullString{String: text, Valid: text != ""}
}

// readTitles opens a title by locale; a title is for display and never worth an error.
func readTitles(raw string) map[string]string {
	titles := map[string]string{}
	if raw != "" {
		_ = json.Unmarshal([]byte(raw), &titles)
	}
	return titles
}

// sortKeyOf writes an instant as a cursor keeps it.
func sortKeyOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999-07") }
