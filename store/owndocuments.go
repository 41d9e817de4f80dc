package store

import (
	"context"

	"github.com/countersign/countersign/domain/approval"
)

// OwnDocuments counts the newest documents that somebody submitted, by status, so
// many at most in all.
func (s *Store) OwnDocuments(ctx context.Context, submitter string, most int) (map[approval.Status]int64, error) {
	const query = `
		SELECT newest.status, count(*) AS documents FROM (
			SELECT d.status FROM documents d WHERE d.submitter = $1 ORDER BY d.sorted_at DESC, d.id DESC LIMIT $2) AS newest
		GROUP BY newest.status`
	var rows []struct {
		Status    string
		Documents int64
	}
	if err := s.db.SelectContext(ctx, &rows, query, submitter, most); err != nil {
		return nil, sqlFault("store.OwnDocuments", err)
	}
	counts := make(map[approval.Status]int64, len(rows))
	for _, r := range rows {
		counts[approval.Status(r.Status)] = r.Documents
	}
	return counts, nil
}
