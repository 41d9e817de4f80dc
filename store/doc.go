// Package store is the product's memory: PostgreSQL through sqlx, one file a noun.
//
//	gateway  ▶ SaveDraft Submit CommitAct ▶ documents, inbox, starts
//	relay    ▶ ClaimStarts ClaimActs ClaimNotices ▶ Temporal, mail
//	workflow ▶ Record ▶ events (hash chain), documents and tasks (read model), notices, causes, outcomes
//	activity ▶ BeginEffect StartAttempt FinishAttempt SaveVoucher ▶ effects, effect_attempts, vouchers
//	auditor  ▶ VerifyAudit HeadsSince SaveCheckpoint
//
// # What holds everywhere
//
// Every write is one explicit transaction under a natural unique key, so a repeat
// changes nothing. Every error is a fault, or wraps one: a unique key in the way
// is Conflict store.conflict, a lock, timeout or lost connection Busy store.busy,
// anything else Internal. The codes are in faults.go. Lists are cut to a scope in
// SQL and paged by an opaque cursor over a stable order; a document that a scope
// may not know of is not found.
//
// # One transition
//
// Record locks the document, and in the order of docs/contracts.md answers a known
// cause with its outcome, a caller who is behind with the missing events, proves a
// signed act, lets a deadline yield to acts that were received before it, then
// appends, projects, enqueues notices and stores the outcomes. It is six round
// trips with BEGIN and COMMIT; CommitAct is three, Submit six with an idempotency
// key and a draft seven.
//
// A deadline yields to every unanswered act of the document that was received
// before it, not only to those of its own task: another approver's decision,
// acknowledged in time, must beat a deadline that would reject the document.
// CommitAct takes a key-share lock on the document, so an act is either seen by
// the deadline or received after it.
//
// # What cannot be changed
//
// Triggers, which fire for superusers too, keep events, causes, acts, submitted
// revisions, policies, past organisations, effects and keys as they are; a final
// status stays; a counter only grows. Roles (roles.go, grants.go) give each process
// what it needs. VerifyAudit derives everything anew and compares; against who
// rewrites the whole database stand the checkpoints that left it.
//
// # Who may do what
//
// The organisation is rows with the versions they were in force; a Snapshot is one
// version, cached and shared, never changed. role_holders is who is told through a
// role now. Policies, document types and mappings are published in versions.
//
// Tests take a database from store/storetest.
package store
