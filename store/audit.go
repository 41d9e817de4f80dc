package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/evidence"
)

// The limits of a verification.
const (
	auditBatch          = 100 // documents in memory at once
	auditFindingsMost   = 1000
	auditIntervenedMost = 1000
	auditStatementLimit = "SET LOCAL statement_timeout = '10min'"
)

// VerifyOptions says what to verify, and against what.
type VerifyOptions struct {
	Streams      []string // only these; none means everything
	Heads        []Head   // of checkpoints that left the database earlier
	FindingsMost int      // 0 means 1,000; the verification stops there
}

// Finding is one thing that does not add up.
type Finding struct {
	Stream string `json:"stream"`
	Seq    int64  `json:"seq,omitempty"` // 0 where it is not about one event
	What   string `json:"what"`          // a code, such as evidence.wrong_hash or read_model.differs
	Detail string `json:"detail,omitempty"`
}

// Report is the answer of a verification: how much was looked at, and what does not add up.
type Report struct {
	Streams  int64     `json:"streams"`
	Events   int64     `json:"events"`
	Acts     int64     `json:"acts"`
	Findings []Finding `json:"findings"`
	Stopped  bool      `json:"stopped,omitempty"` // there were too many findings to go on

	// Interventions are those of administrators, counted, and the first thousand told.
	Interventions int64          `json:"interventions"`
	Intervened    []Intervention `json:"intervened,omitempty"`
}

// Intervention is one time that an administrator stepped in.
type Intervention struct {
	Document string    `json:"document"`
	Number   string    `json:"number"`
	Seq      int64     `json:"seq"`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`            // of the event
	Actor    string    `json:"actor"`           // who approved it, or did it alone
	Maker    string    `json:"maker,omitempty"` // who proposed it
}

// auditor is one verification under way, on one snapshot of the database.
type auditor struct {
	tx     *sqlx.Tx
	ring   evidence.KeyRing
	report *Report
	most   int

	aggregates map[string][]int          // versions of policies that add amounts up
	keys       map[string]Passkey        // by credential
	signed     map[string][]approval.Act // nonce → the acts that answer it
}

// VerifyAudit derives everything anew from the events and compares: the chains,
// the read model, the signatures of the acts, the contents, what plans counted, the delegations, the copies, the heirs,
// the sign-ins, the rights, their reviews, the reversals, the passkeys and what they signed, the causes, the counters,
// and the heads of earlier checkpoints. It only reads, from one snapshot, a hundred documents at a time.
//
// Findings are no error; an error means that it could not look.
func (s *Store) VerifyAudit(ctx context.Context, o VerifyOptions) (Report, error) {
	report := Report{Findings: []Finding{}}
	err := s.readTx(ctx, func(tx *sqlx.Tx) error {
		ring, err := s.loadKeys(ctx, tx)
		if err != nil {
			return err
		}
		a := &auditor{tx: tx, ring: ring, report: &report, most: o.FindingsMost}
		if a.most <= 0 {
			a.most = auditFindingsMost
		}
		return a.run(ctx, o)
	})
	return report, sqlFault("store.VerifyAudit", err)
}

// readTx runs work on one snapshot and changes nothing.
func (s *Store) readTx(ctx context.Context, work func(tx *sqlx.Tx) error) error {
	tx, err := s.db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, auditStatementLimit); err != nil {
		return err
	}
	return work(tx)
}

func (a *auditor) run(ctx context.Context, o VerifyOptions) error {
	var err error
	if a.aggregates, err = a.aggregating(ctx); err != nil {
		return err
	}
	if err := a.readPasskeys(ctx); err != nil {
		return err
	}
	if err := a.documents(ctx, o.Streams); err != nil {
		return err
	}
	if err := a.otherStreams(ctx, o.Streams); err != nil {
		return err
	}
	if err := a.heads(ctx, o.Heads); err != nil {
		return err
	}
	if len(o.Streams) > 0 {
		return nil
	}
	for _, check := range []func(context.Context) error{
		a.orphans, a.counters, a.organisation, a.delegations, a.policies, a.copies, a.heirs, a.identities,
		a.passkeys, a.grants, a.reversals, a.certifications,
	} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (a *auditor) found(stream string, seq int64, what, format string, args ...any) {
	if len(a.report.Findings) >= a.most {
		a.report.Stopped = true
		return
	}
	a.report.Findings = append(a.report.Findings,
		Finding{Stream: stream, Seq: seq, What: what, Detail: fmt.Sprintf(format, args...)})
}

// documents walks through the documents in the order of their ids.
func (a *auditor) documents(ctx context.Context, only []string) error {
	const query = `
		SELECT id, number, submitter, status, round, revision, content_hash, seq, head_hash, intervened, type, entity,
		       requester, payee_kind, payee_id, asked_at
		FROM documents WHERE status <> 'draft' AND id > $1 AND ($2::text[] IS NULL OR id = ANY($2))
		ORDER BY id LIMIT $3`
	last := ""
	for !a.report.Stopped {
		var batch []auditDocument
		if err := a.tx.SelectContext(ctx, &batch, query, last, textsOrNull(only), auditBatch); err != nil {
			return err
		}
		if len(batch) == 0 {
			return nil
		}
		last = batch[len(batch)-1].ID
		files, err := a.load(ctx, batch)
		if err != nil {
			return err
		}
		for _, f := range files {
			a.verify(f)
			if err := a.counted(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// load brings everything about a batch of documents.
func (a *auditor) load(ctx context.Context, batch []auditDocument) ([]*auditFile, error) {
	files := make([]*auditFile, 0, len(batch))
	byID := map[string]*auditFile{}
	ids := make([]string, 0, len(batch))
	for _, d := range batch {
		f := &auditFile{
			auditDocument: d, causes: map[string]auditCause{}, acts: map[string]auditAct{},
			revisions: map[int]auditRevision{},
		}
		files, byID[d.ID], ids = append(files, f), f, append(ids, d.ID)
	}
	var events []eventRow
	const eventsQuery = `SELECT ` + eventColumns + ` FROM events WHERE stream = ANY($1) ORDER BY stream, seq`
	if err := a.tx.SelectContext(ctx, &events, eventsQuery, pq.Array(ids)); err != nil {
		return nil, err
	}
	for _, e := range events {
		byID[e.Stream].events = append(byID[e.Stream].events, e.event())
	}
	return files, a.loadBeside(ctx, ids, byID)
}

// loadBeside brings what must agree with the events.
func (a *auditor) loadBeside(ctx context.Context, ids []string, byID map[string]*auditFile) error {
	var tasks []taskRow
	const tasksBatch = `SELECT ` + taskColumns + ` FROM tasks t JOIN documents d ON d.id = t.document
		WHERE t.document = ANY($1) ORDER BY t.document, t.opened_seq, t.id`
	if err := a.tx.SelectContext(ctx, &tasks, tasksBatch, pq.Array(ids)); err != nil {
		return err
	}
	for _, t := range tasks {
		byID[t.Document].tasks = append(byID[t.Document].tasks, t.task())
	}
	var causes []auditCause
	const causesBatch = `SELECT stream, cause, first_seq, last_seq, outcome FROM causes WHERE stream = ANY($1)`
	if err := a.tx.SelectContext(ctx, &causes, causesBatch, pq.Array(ids)); err != nil {
		return err
	}
	for _, c := range causes {
		byID[c.Stream].causes[c.Cause] = c
	}
	var acts []auditAct
	const actsBatch = `SELECT id, document, task, actor, canonical, key_id, signature, received_at,
		coalesce(outcome, '') AS outcome FROM inbox WHERE document = ANY($1)`
	if err := a.tx.SelectContext(ctx, &acts, actsBatch, pq.Array(ids)); err != nil {
		return err
	}
	for _, i := range acts {
		byID[i.Document].acts[i.ID] = i
	}
	var revisions []auditRevision
	const revisionsBatch = `SELECT document, revision, hash, content, submitted_at IS NOT NULL AS submitted
		FROM revisions WHERE document = ANY($1)`
	if err := a.tx.SelectContext(ctx, &revisions, revisionsBatch, pq.Array(ids)); err != nil {
		return err
	}
	for _, r := range revisions {
		byID[r.Document].revisions[r.Revision] = r
	}
	var proposed []proposalRow
	const proposedBatch = `SELECT ` + proposalColumns + ` FROM proposals
		WHERE kind = 'intervention' AND subject = ANY($1) ORDER BY id`
	if err := a.tx.SelectContext(ctx, &proposed, proposedBatch, pq.Array(ids)); err != nil {
		return err
	}
	for _, p := range proposed {
		byID[p.Subject].proposed = append(byID[p.Subject].proposed, p.proposal())
	}
	return nil
}
