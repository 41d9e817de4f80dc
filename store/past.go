package store

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/document"
)

// pastPage is how many documents are read at once.
const pastPage = 500

// PastDocument is a submitted document with its newest submitted content.
type PastDocument struct {
	ID, Number string
	Content    document.Content
	AskedAt    time.Time // submitted, or resubmitted last
	Ended      bool      // without an approval
}

// PastDocuments reads the newest submitted documents of some types, page by page:
// memory does not grow with them, and no transaction stays open between pages.
//
// Errors: the sequence ends with the first one.
func (s *Store) PastDocuments(ctx context.Context, types []string, most int) iter.Seq2[PastDocument, error] {
	return func(yield func(PastDocument, error) bool) {
		last := ""
		for most > 0 {
			page, err := s.pastPage(ctx, types, last, min(most, pastPage))
			if err != nil {
				yield(PastDocument{}, sqlFault("store.PastDocuments", err))
				return
			}
			for _, d := range page {
				if !yield(d, nil) {
					return
				}
			}
			if len(page) < pastPage {
				return
			}
			last, most = page[len(page)-1].ID, most-len(page)
		}
	}
}

func (s *Store) pastPage(ctx context.Context, types []string, last string, limit int) ([]PastDocument, error) {
	const query = `
		SELECT d.id, d.number, coalesce(d.asked_at, d.submitted_at) AS asked_at, d.status = ANY($4) AS ended, r.content
		FROM documents d
		JOIN revisions r ON r.document = d.id AND r.revision = d.revision
		WHERE d.status <> 'draft' AND d.type = ANY($1) AND ($2::text IS NULL OR d.id < $2)
		ORDER BY d.id DESC LIMIT $3`
	var rows []struct {
		ID, Number, Content string
		AskedAt             time.Time `db:"asked_at"`
		Ended               bool
	}
	err := s.db.SelectContext(ctx, &rows, query, pq.Array(types), textOrNull(last), limit, pq.Array(uncounted))
	if err != nil {
		return nil, err
	}
	page := make([]PastDocument, len(rows))
	for i, r := range rows {
		page[i].ID, page[i].Number, page[i].AskedAt, page[i].Ended = r.ID, r.Number, r.AskedAt.UTC(), r.Ended
		if err := json.Unmarshal([]byte(r.Content), &page[i].Content); err != nil {
			return nil, err
		}
		if page[i].Content, err = page[i].Content.AsClaimed(); err != nil { // what a route is found by
			return nil, err
		}
	}
	return page, nil
}

// StepPace is how long a step took when people passed it.
type StepPace struct {
	Step   string
	Passes int64
	Mean   time.Duration // from its first task to its last decision, on the wall's clock
}

// StepPaces tells how long the steps of documents of some types took so far.
// What was rejected, returned or decided by the clock does not count.
func (s *Store) StepPaces(ctx context.Context, types []string) ([]StepPace, error) {
	const query = `
		SELECT step, count(*) AS passes, (avg(extract(epoch FROM ended - began)) * 1000)::bigint AS millis FROM (
			SELECT t.step, min(t.opened_at) AS began, max(t.decided_at) AS ended
			FROM tasks t JOIN documents d ON d.id = t.document WHERE d.type = ANY($1)
			GROUP BY t.document, t.round, t.step
			HAVING bool_or(t.state = 'approved') AND NOT bool_or(t.state IN ('open', 'rejected', 'returned', 'expired'))
		) AS passed GROUP BY step ORDER BY step`
	var rows []struct {
		Step           string
		Passes, Millis int64
	}
	if err := s.db.SelectContext(ctx, &rows, query, pq.Array(types)); err != nil {
		return nil, sqlFault("store.StepPaces", err)
	}
	paces := make([]StepPace, len(rows))
	for i, r := range rows {
		paces[i] = StepPace{r.Step, r.Passes, time.Duration(r.Millis) * time.Millisecond}
	}
	return paces, nil
}
