package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
)

// AttachmentRow is a stored file by reference; its bytes are in the file store. 附件
type AttachmentRow struct {
	document.Attachment
	Uploader   string
	Key        string    // where the file store keeps it
	UploadedAt time.Time // the database's clock; nothing in
}

// SaveAttachment keeps the reference of an uploaded file.
//
// Safe to repeat with the same ID; the first row stays.
func (s *Store) SaveAttachment(ctx context.Context, a AttachmentRow) error {
	return s.inTx(ctx, "store.SaveAttachment", func(tx *sqlx.Tx) error {
		const query = `
			INSERT INTO attachments (id, name, type, size, sha256, key, uploader) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT DO NOTHING`
		_, err := tx.ExecContext(ctx, query, a.ID, a.Name, a.Type, a.Size, a.SHA256, a.Key, a.Uploader)
		return err
	})
}

// Attachment returns a file's reference: of one's own upload, or of a document
// that the scope may read, or of a remark on it that stands.
//
// Errors: NotFound attachment.not_found.
func (s *Store) Attachment(ctx context.Context, scope access.Scope, id string) (AttachmentRow, error) {
	const query = `
		SELECT a.id, a.name, a.type, a.size, a.sha256, a.key, a.uploader, a.uploaded_at
		FROM attachments a
		WHERE a.id = $5 AND ($1 <> '' AND a.uploader = $1 OR EXISTS (
			SELECT 1 FROM attached x JOIN documents d ON d.id = x.document WHERE x.attachment = a.id AND ` + readable + `)
		  OR EXISTS (
			SELECT 1 FROM comment_files x JOIN comments m ON m.id = x.comment AND m.withdrawn_at IS NULL
			JOIN documents d ON d.id = m.document WHERE x.attachment = a.id AND ` + readable + `))`
	var row struct {
		ID, Name, Type, SHA256, Key, Uploader string
		Size                                  int64
		UploadedAt                            time.Time `db:"uploaded_at"`
	}
	if err := s.db.GetContext(ctx, &row, query, scopeArgs(scope, id)...); err != nil {
		missing := fault.New(fault.NotFound, "attachment.not_found", fault.Arg("id", id))
		return AttachmentRow{}, sqlFault("store.Attachment", noRows(err, missing))
	}
	return AttachmentRow{
		Attachment: document.Attachment{ID: row.ID, Name: row.Name, Type: row.Type, Size: row.Size, SHA256: row.SHA256},
		Uploader:   row.Uploader, Key: row.Key, UploadedAt: row.UploadedAt.UTC(),
	}, nil
}
