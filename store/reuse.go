package store

import (
	"context"
	"time"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/access"
)

// usedUp holds for the states of a document whose invoices and files count as used.
// What was refused, taken back or undone used nothing up.
const usedUp = `status NOT IN ('draft', 'rejected', 'withdrawn', 'voided')`

// shownTwice counts, of the document d, the invoices and files of its revision in force
// that it shows twice, or that another document shows too, before it or after. It counts
// where it might ask whether there is one: for that PostgreSQL, which takes one number in
// a hundred for a hit, hopes to meet one soon in reading all revisions.
const shownTwice = `
	SELECT count(*) AS times FROM (
		SELECT p.invoice, p.key, count(*) AS here FROM revisions r CROSS JOIN LATERAL (
			SELECT true AS invoice, n #>> '{}' AS key FROM jsonb_path_query(r.content::jsonb, '$.lines[*].invoice') n
			UNION ALL
			SELECT false, n #>> '{}' FROM jsonb_path_query(r.content::jsonb, '$.lines[*].attachments[*].sha256') n
			UNION ALL
			SELECT false, n #>> '{}' FROM jsonb_path_query(r.content::jsonb, '$.attachments[*].sha256') n) AS p
		WHERE r.document = d.id AND r.revision = d.revision
		  AND (r.content LIKE '%"invoice":"%' OR r.content LIKE '%"sha256":"%')
		GROUP BY p.invoice, p.key) AS shown
	WHERE here > 1
	   OR invoice AND 0 < (
		SELECT count(*) FROM revisions o JOIN documents c ON c.id = o.document AND c.revision = o.revision
		WHERE o.content LIKE '%"invoice":"%' AND jsonb_path_query_array(o.content::jsonb, '$.lines[*].invoice') ? shown.key
		  AND c.id <> d.id AND c.` + usedUp + `)
	   OR NOT invoice AND 0 < (
		SELECT count(*) FROM attachments a JOIN attached x ON x.attachment = a.id JOIN documents c ON c.id = x.document
		WHERE a.sha256 = shown.key AND c.id <> d.id AND c.` + usedUp + `)`

// ReuseQuery asks where invoices and files were used before.
type ReuseQuery struct {
	Invoices []string // numbers, as invoice.Plain has them
	Hashes   []string // SHA-256 of files
	Besides  string   // the document that is being written; "" for none
}

// Reuse is one invoice or file that another document shows already. Of a document that
// the scope may not read nothing is told but that there is one.
type Reuse struct {
	Invoice  string // the number, or
	Hash     string // the file's
	Document string // "" where the scope may not read it
	Number   string
	Title    string
	At       time.Time // of its submission
}

// Reused finds the last document that names each of the invoices in its content in
// force, or shows each of the files, and was submitted and is neither rejected, withdrawn
// nor voided; one that the scope may read before all others. 重复报销检查
func (s *Store) Reused(ctx context.Context, scope access.Scope, q ReuseQuery) ([]Reuse, error) {
	const query = `
		WITH used AS (
			SELECT n.invoice, '' AS hash, shown.document FROM unnest($5::text[]) AS n (invoice) CROSS JOIN LATERAL (
				SELECT r.document FROM revisions r JOIN documents c ON c.id = r.document AND c.revision = r.revision
				WHERE r.content LIKE '%"invoice":"%' AND jsonb_path_query_array(r.content::jsonb, '$.lines[*].invoice') ? n.invoice
				OFFSET 0) AS shown -- by itself: for many numbers at once a plan would read all documents
			UNION
			SELECT '', a.sha256, x.document FROM attachments a JOIN attached x ON x.attachment = a.id
			WHERE a.sha256 = ANY($6)
		), found AS (
			SELECT u.invoice, u.hash, d.id, d.number, d.title, d.sorted_at, ` + readable + ` AS known
			FROM used u JOIN documents d ON d.id = u.document
			WHERE d.id <> $7 AND d.` + usedUp + `
		)
		SELECT DISTINCT ON (invoice, hash) invoice, hash, CASE WHEN known THEN id ELSE '' END AS document,
		       CASE WHEN known THEN number ELSE '' END AS number, CASE WHEN known THEN title ELSE '' END AS title,
		       CASE WHEN known THEN sorted_at END AS at
		FROM found ORDER BY invoice, hash, known DESC, sorted_at DESC, id`
	var rows []struct {
		Invoice, Hash, Document, Number, Title string

		At *time.Time
	}
	args := scopeArgs(scope, pq.Array(q.Invoices), pq.Array(q.Hashes), q.Besides)
	if err := s.db.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, sqlFault("store.Reused", err)
	}
	found := make([]Reuse, 0, len(rows))
	for _, r := range rows {
		reuse := Reuse{Invoice: r.Invoice, Hash: r.Hash, Document: r.Document, Number: r.Number, Title: r.Title}
		if r.At != nil {
			reuse.At = r.At.UTC()
		}
		found = append(found, reuse)
	}
	return found, nil
}
