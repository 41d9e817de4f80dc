package invariants

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// load reads the whole database as of one instant.
func load(ctx context.Context, address string) (*world, error) {
	db, err := sql.Open("postgres", address)
	if err != nil {
		return nil, fmt.Errorf("invariants: open the database: %w", err)
	}
	defer func() { _ = db.Close() }()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("invariants: begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return loadFrom(ctx, tx)
}

// loadFrom reads the database through a transaction.
func loadFrom(ctx context.Context, tx *sql.Tx) (*world, error) {
	l := &loader{ctx: ctx, tx: tx, world: &world{
		documents: map[string]*document{}, drafts: map[string]bool{}, streams: map[string][]event{},
		heads: map[string]head{}, keys: map[string]string{}, actsAt: map[string]string{}, nonces: map[string][]string{},
	}}
	for _, read := range []func() error{
		l.clock, l.documentRows, l.draftRows, l.eventRows, l.headRows, l.taskRows, l.revisionRows, l.inboxRows, l.keyRows,
		l.causeRows, l.noticeRows, l.effectRows, l.voucherRows, l.startRows, l.orgRows,
		l.ruleRows, l.proposalRows, l.copyRows, l.identityRows, l.passkeyRows, l.policyRows,
		l.reversalRows, l.reviewRows,
	} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("invariants: read the database: %w", err)
		}
	}
	return l.world, nil
}

type loader struct {
	ctx context.Context //nolint:containedctx // it lives as long as one call of load
	tx  *sql.Tx
	*world
}

// each runs a query and hands every row to scan.
func (l *loader) each(query string, scan func(rows *sql.Rows) error) error {
	rows, err := l.tx.QueryContext(l.ctx, query)
	if err != nil {
		return fmt.Errorf("%s: %w", query, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("%s: %w", query, err)
		}
	}
	return rows.Err()
}

func (l *loader) clock() error {
	return l.each(`SELECT clock_timestamp()`, func(r *sql.Rows) error { return r.Scan(&l.now) })
}

func (l *loader) documentRows() error {
	const query = `
		SELECT id, coalesce(number, ''), type, title, reason, entity, department, submitter, requester,
		       payee_kind, payee_id, payee_name, payee_account, urgency, status, content_hash, head_hash, step,
		       round, revision, seq, total_minor, currency, base_minor, base_currency, coalesce(claimed_minor, 0), deciders,
		       parked_ref, parked_attempt, parked_code, parked_detail, parked_at, voucher_ref, voucher_number, closed_at,
		       intervened
		FROM documents WHERE status <> 'draft' ORDER BY id`
	return l.each(query, func(r *sql.Rows) error {
		d := &document{
			tasks: map[string]task{}, revisions: map[int]revision{}, acts: map[string]act{}, causes: map[string]cause{},
			vouchers: map[string]voucherRow{},
		}
		var parkedAt, closedAt sql.NullTime
		err := r.Scan(&d.ID, &d.Number, &d.Type, &d.Title, &d.Reason, &d.Entity, &d.Department, &d.Submitter, &d.Requester,
			&d.PayeeKind, &d.PayeeID, &d.PayeeName, &d.PayeeAccount, &d.Urgency, &d.Status, &d.ContentHash, &d.HeadHash,
			&d.Step, &d.Round, &d.Revision, &d.Seq, &d.Total.Minor, &d.Total.Currency, &d.Base.Minor, &d.Base.Currency, &d.Claimed.Minor,
			pq.Array(&d.Deciders), &d.Parked.Ref, &d.Parked.Attempt, &d.Parked.Code, &d.Parked.Detail, &parkedAt,
			&d.VoucherRef, &d.VoucherNumber, &closedAt, &d.Intervened)
		d.Parked.At, d.ClosedAt = parkedAt.Time, closedAt.Time
		l.documents[d.ID] = d
		l.order = append(l.order, d.ID)
		return err
	})
}

func (l *loader) draftRows() error {
	return l.each(`SELECT id FROM documents WHERE status = 'draft'`, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		l.drafts[id] = true
		return err
	})
}

func (l *loader) eventRows() error {
	const query = `
		SELECT stream, seq, at, kind, actor, on_behalf_of, cause, round, revision, content_hash, data, prev, hash, v
		FROM events ORDER BY stream, seq`
	return l.each(query, func(r *sql.Rows) error {
		var e event
		err := r.Scan(&e.Stream, &e.Seq, &e.At, &e.Kind, &e.Actor, &e.OnBehalfOf, &e.Cause, &e.Round, &e.Revision,
			&e.ContentHash, &e.Text, &e.Prev, &e.Hash, &e.V)
		e.facts = read[facts](e.Text)
		if d, found := l.documents[e.Stream]; found {
			d.events = append(d.events, e)
			return err
		}
		l.streams[e.Stream] = append(l.streams[e.Stream], e)
		return err
	})
}

func (l *loader) headRows() error {
	return l.each(`SELECT stream, seq, head_hash FROM streams`, func(r *sql.Rows) error {
		var stream string
		var h head
		err := r.Scan(&stream, &h.seq, &h.hash)
		l.heads[stream] = h
		return err
	})
}

func (l *loader) taskRows() error {
	const query = `
		SELECT id, document, step, round, assignee, via, slot, state, decided_by, decided_at, opinion, opened_at,
		       opened_seq, due_at, remind_at, reminded, overdue, provisional, for_task
		FROM tasks ORDER BY document, opened_seq, id`
	return l.each(query, func(r *sql.Rows) error {
		var t task
		var decidedAt, dueAt sql.NullTime
		var remindAt string
		err := r.Scan(&t.ID, &t.Document, &t.Step, &t.Round, &t.Assignee, &t.Via, &t.Slot, &t.State, &t.DecidedBy,
			&decidedAt, &t.Opinion, &t.OpenedAt, &t.OpenedSeq, &dueAt, &remindAt, &t.Reminded, &t.Overdue, &t.Provisional,
			&t.For)
		t.DecidedAt, t.DueAt, t.RemindAt = decidedAt.Time, dueAt.Time, read[[]time.Time](remindAt)
		if d, found := l.documents[t.Document]; found {
			d.tasks[t.ID] = t
		}
		return err
	})
}

func (l *loader) revisionRows() error {
	const query = `SELECT document, revision, hash, content, submitted_at FROM revisions`
	return l.each(query, func(r *sql.Rows) error {
		var id string
		var v revision
		var submittedAt sql.NullTime
		err := r.Scan(&id, &v.N, &v.Hash, &v.Text, &submittedAt)
		v.SubmittedAt, v.content = submittedAt.Time, read[content](v.Text)
		if d, found := l.documents[id]; found {
			d.revisions[v.N] = v
		}
		return err
	})
}

func (l *loader) inboxRows() error {
	const query = `
		SELECT id, document, name, task, actor, canonical, key_id, signature, received_at, outcome, outcome_at
		FROM inbox ORDER BY received_at, id`
	return l.each(query, func(r *sql.Rows) error {
		var a act
		var answer sql.NullString
		var answeredAt sql.NullTime
		err := r.Scan(&a.ID, &a.Document, &a.Name, &a.Task, &a.Actor, &a.Canonical, &a.KeyID, &a.Signature, &a.ReceivedAt,
			&answer, &answeredAt)
		a.said, a.OutcomeAt = read[saidAct](a.Canonical), answeredAt.Time
		if a.said.Passkey != nil {
			l.nonces[a.said.Passkey.Nonce] = append(l.nonces[a.said.Passkey.Nonce], a.Canonical)
		}
		if answer.Valid {
			o := read[outcome](answer.String)
			a.Outcome = &o
		}
		l.actsAt[a.ID] = a.Document
		if d, found := l.documents[a.Document]; found {
			d.inbox = append(d.inbox, a)
			d.acts[a.ID] = a
		}
		return err
	})
}

func (l *loader) keyRows() error {
	return l.each(`SELECT id, public FROM verify_keys`, func(r *sql.Rows) error {
		var id, public string
		err := r.Scan(&id, &public)
		l.keys[id] = public
		return err
	})
}

func (l *loader) causeRows() error {
	return l.each(`SELECT stream, cause, first_seq, last_seq, outcome FROM causes`, func(r *sql.Rows) error {
		var stream, answer string
		var c cause
		err := r.Scan(&stream, &c.Name, &c.First, &c.Last, &answer)
		c.Outcome = read[outcome](answer)
		if d, found := l.documents[stream]; found {
			d.causes[c.Name] = c
		}
		return err
	})
}

func (l *loader) noticeRows() error {
	const query = `
		SELECT document, id, kind, person, role, task, quiet, sent_at IS NOT NULL, failure || held FROM notices ORDER BY id`
	return l.each(query, func(r *sql.Rows) error {
		var id string
		var n note
		err := r.Scan(&id, &n.ID, &n.Kind, &n.Person, &n.Role, &n.Task, &n.Quiet, &n.Sent, &n.Failure)
		if d, found := l.documents[id]; found {
			d.notices = append(d.notices, n)
		} else {
			l.loose = append(l.loose, n)
		}
		return err
	})
}

func (l *loader) effectRows() error {
	const query = `SELECT document, reference, attempt, kind, voucher, hash FROM effects ORDER BY reference, attempt`
	return l.each(query, func(r *sql.Rows) error {
		var id string
		var e effect
		err := r.Scan(&id, &e.Reference, &e.Attempt, &e.Kind, &e.Text, &e.Hash)
		if d, found := l.documents[id]; found {
			d.effects = append(d.effects, e)
		}
		return err
	})
}

func (l *loader) voucherRows() error {
	const query = `SELECT document, reference, kind, state, erp_number, voucher, hash FROM vouchers`
	return l.each(query, func(r *sql.Rows) error {
		var id string
		var v voucherRow
		err := r.Scan(&id, &v.Reference, &v.Kind, &v.State, &v.Number, &v.Text, &v.Hash)
		if d, found := l.documents[id]; found {
			d.vouchers[v.Reference] = v
		}
		return err
	})
}

func (l *loader) startRows() error {
	return l.each(`SELECT document, done_at IS NOT NULL FROM starts`, func(r *sql.Rows) error {
		var id string
		var s start
		err := r.Scan(&id, &s.done)
		if d, found := l.documents[id]; found {
			d.start = &s
		}
		return err
	})
}

func (l *loader) ruleRows() error {
	const query = `
		SELECT id, person, delegate, from_at, until_at, types, cap_minor, cap_currency, revoked_at FROM delegations ORDER BY id`
	return l.each(query, func(r *sql.Rows) error {
		var d rule
		var revokedAt sql.NullTime
		err := r.Scan(&d.ID, &d.Person, &d.Delegate, &d.From, &d.Until, pq.Array(&d.Types), &d.Cap.Minor, &d.Cap.Currency,
			&revokedAt)
		d.RevokedAt = revokedAt.Time
		l.rules = append(l.rules, d)
		return err
	})
}

func (l *loader) orgRows() error {
	err := l.each(`SELECT version, at FROM org_versions ORDER BY version`, func(r *sql.Rows) error {
		var v orgVersion
		err := r.Scan(&v.n, &v.at)
		l.org.versions = append(l.org.versions, v)
		return err
	})
	if err != nil {
		return err
	}
	const query = `
		SELECT kind, id, from_version, coalesce(to_version, 0), body FROM org_rows WHERE kind IN ('person', 'grant')
		ORDER BY kind, id, from_version`
	return l.each(query, func(r *sql.Rows) error {
		var row orgRow
		err := r.Scan(&row.kind, &row.id, &row.from, &row.to, &row.body)
		l.org.rows = append(l.org.rows, row)
		return err
	})
}
