package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/fault"
)

// The codes that are born in the store.
var _ = fault.Register(map[string]fault.Entry{
	"document.not_found":       {Kind: fault.NotFound},
	"document.not_draft":       {Kind: fault.Conflict, Args: []string{"status"}},
	"document.not_open":        {Kind: fault.Conflict, Args: []string{"status"}},
	"document.ahead":           {Kind: fault.Internal, Args: []string{"expected", "head"}},
	"document.unattended":      {Kind: fault.Busy},
	"draft.not_found":          {Kind: fault.NotFound},
	"draft.not_yours":          {Kind: fault.Forbidden},
	"draft.changed":            {Kind: fault.Conflict},
	"draft.saved_elsewhere":    {Kind: fault.Conflict, Args: []string{"at"}},
	"revision.not_found":       {Kind: fault.NotFound},
	"revision.changed":         {Kind: fault.Conflict},
	"task.not_found":           {Kind: fault.NotFound},
	"act.not_found":            {Kind: fault.NotFound},
	"act.forged":               {Kind: fault.Forbidden, Args: []string{"id"}},
	"idempotency.reused":       {Kind: fault.Conflict, Status: 422},
	"idempotency.running":      {Kind: fault.Conflict},
	"key.changed":              {Kind: fault.Conflict, Args: []string{"key"}},
	"voucher.changed":          {Kind: fault.Conflict, Args: []string{"reference"}},
	"voucher.not_found":        {Kind: fault.NotFound},
	"reconciliation.not_found": {Kind: fault.NotFound},
	"exchange.not_found":       {Kind: fault.NotFound},
	"ruling.not_found":         {Kind: fault.NotFound},
	"effect.not_found":         {Kind: fault.NotFound},
	"effect.answered":          {Kind: fault.Conflict, Args: []string{"reference"}},
	"import.not_found":         {Kind: fault.NotFound},
	"import.too_large":         {Kind: fault.Invalid, Args: []string{"most"}},
	"import.empty":             {Kind: fault.Invalid},
	"attachment.not_found":     {Kind: fault.NotFound, Args: []string{"id"}},
	"comment.empty":            {Kind: fault.Invalid},
	"urge.too_soon":            {Kind: fault.Conflict, Args: []string{"until"}},
	"urge.nobody":              {Kind: fault.Conflict},
	"token.not_found":          {Kind: fault.NotFound},
	"token.expired":            {Kind: fault.Forbidden},
	"session.not_found":        {Kind: fault.NotFound},
	"session.logout_used":      {Kind: fault.Conflict},
	"identity.unbound":         {Kind: fault.NotFound},
	"notice.not_found":         {Kind: fault.NotFound},
	"im.not_linked":            {Kind: fault.NotFound, Args: []string{"app"}},
	"person.not_found":         {Kind: fault.NotFound},
	"organisation.none":        {Kind: fault.NotFound},
	"organisation.missing":     {Kind: fault.NotFound, Args: []string{"version"}},
	"policy.not_found":         {Kind: fault.NotFound, Args: []string{"id"}},
	"policy.changed":           {Kind: fault.Conflict, Args: []string{"id", "version"}},
	"rate.not_found":           {Kind: fault.NotFound, Args: []string{"currency", "base", "date"}},
	"calendar.not_stored":      {Kind: fault.NotFound, Args: []string{"id"}},
	"calendar.moved_on":        {Kind: fault.Conflict, Args: []string{"id"}},
	"handover.active":          {Kind: fault.Conflict, Args: []string{"person"}},
	"cursor.bad":               {Kind: fault.Invalid},
	"store.busy":               {Kind: fault.Busy},
	"store.conflict":           {Kind: fault.Conflict, Args: []string{"rule"}},
	"store.unmigrated":         {Kind: fault.Internal},
	"store.refused":            {Kind: fault.Internal},
	"checkpoint.stale":         {Kind: fault.Conflict},
	"webhook.no_endpoint":      {Kind: fault.NotFound},
	"webhook.no_message":       {Kind: fault.NotFound},
	"webhook.not_so":           {Kind: fault.Conflict, Args: []string{"state"}},
})

// PostgreSQL's error classes and codes that mean something to a caller.
const (
	pgUniqueViolation   = "23505"
	pgSerialization     = "40001"
	pgDeadlock          = "40P01"
	pgLockNotAvailable  = "55P03"
	pgQueryCanceled     = "57014"
	pgIdleInTransaction = "25P03"
	pgUndefinedTable    = "42P01"
	pgUndefinedFunction = "42883"
	pgNoPrivilege       = "42501"
)

// sqlFault sorts an error of the database by what the caller should do next.
// Faults pass untouched; sql.ErrNoRows is for the caller to name before.
func sqlFault(name string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	var pqErr *pq.Error
	if errors.As(err, &pqErr) {
		return fmt.Errorf("%s: %w: %w", name, pgFault(pqErr), err)
	}
	if connectionLost(err) {
		return fmt.Errorf("%s: %w: %w", name, fault.New(fault.Busy, "store.busy"), err)
	}
	return fmt.Errorf("%s: %w", name, err)
}

func pgFault(e *pq.Error) *fault.Fault {
	code := string(e.Code)
	switch code {
	case pgUniqueViolation:
		return fault.New(fault.Conflict, "store.conflict", fault.Arg("rule", e.Constraint))
	case pgSerialization, pgDeadlock, pgLockNotAvailable, pgQueryCanceled, pgIdleInTransaction:
		return fault.New(fault.Busy, "store.busy")
	case pgUndefinedTable, pgUndefinedFunction:
		return fault.New(fault.Internal, "store.unmigrated")
	case pgNoPrivilege:
		return fault.New(fault.Internal, "store.refused")
	}
	for _, class := range []string{"08", "53", "57", "58"} { // connection, resources, operator, system
		if strings.HasPrefix(code, class) {
			return fault.New(fault.Busy, "store.busy")
		}
	}
	return fault.New(fault.Internal, "store.refused")
}

// connectionLost says whether the error is about reaching the database. A
// commit may have happened then; every write is repeatable under its natural key.
func connectionLost(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.Is(err, sql.ErrTxDone)
}

// noRows turns «no rows» into the fault that names what is missing.
func noRows(err error, missing *fault.Fault) error {
	if errors.Is(err, sql.ErrNoRows) {
		return missing
	}
	return err
}
