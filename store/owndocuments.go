package store

import (
	"context"

	"github.com/countersign/countersign/domain/approval"
)

// OwnDocuments counts the newest documents of somebody by status: so many at most of
// those that they submitted, and of those that are for them.
func (s *Store) OwnDocuments(ctx context.Context, person string, most int) (map[approval.Status]int64, error) {
	const query = `
		SELECT newest.status, count(*) AS documents FROM (
			(SELECT id, status FROM documents WHERE submitter = $1 ORDER BY sorted_at DESC, id DESC LIMIT $2)
			UNION
			(SELECT id, status FROM documents WHERE requester = $1 AND status <> 'draft'
			 ORDER BY sorted_at DESC, id DESC LIMIT $2)) AS newest
		GROUP BY newest.status`
	var rows []struct {
		Status    string
		Documents int64
	}
	if err := s.db.SelectContext(ctx, &rows, query, person, most); err != nil {
		return nil, sqlFault("store.OwnDocuments", err)
	}
	counts := make(map[approval.Status]int64, len(rows))
	for _, r := range rows {
		counts[approval.Status(r.Status)] = r.Documents
	}
	return counts, nil
}
