package desk

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path"
	"strings"

	"github.com/google/uuid"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/server/problem"
	"github.com/countersign/countersign/store"
)

// Upload is a file that somebody sends.
type Upload struct {
	Name    string
	Content interface {
		io.Reader
		io.ReaderAt
		io.Seeker
	}
	Size int64
}

// Attach keeps a file, typed by its content, under an id that documents name.
//
// Errors: Invalid attachment.empty, too_large, bad_name, not_allowed, disguised.
func (d *Desk) Attach(ctx context.Context, who auth.Who, in Upload, key Key) (document.Attachment, error) {
	if _, err := needAny(who, access.DocumentCreate); err != nil {
		return document.Attachment{}, err
	}
	name, err := files.CleanName(in.Name)
	if err != nil {
		return document.Attachment{}, err
	}
	if in.Size > d.AttachmentLimit() {
		return document.Attachment{}, fault.New(fault.Invalid, "attachment.too_large",
			fault.Arg("name", name), fault.Arg("limit", problem.Bytes(d.AttachmentLimit())))
	}
	media, err := files.Inspect(name, in.Content, in.Size)
	if err != nil {
		return document.Attachment{}, err
	}
	row := store.AttachmentRow{
		Attachment: document.Attachment{ID: idOf(who, key), Name: name, Type: media, Size: in.Size},
		Uploader:   who.Person.ID,
		Key:        files.NewKey(),
	}
	if row.SHA256, err = sumOf(in.Content); err != nil {
		return document.Attachment{}, err
	}
	if key.Key != "" {
		if before, err := d.Store.Attachment(ctx, access.Scope{Person: who.Person.ID}, row.ID); err == nil {
			return sameAs(before, row)
		}
	}
	if err := d.Files.Put(ctx, row.Key, in.Content, in.Size); err != nil {
		return document.Attachment{}, err
	}
	return row.Attachment, d.Store.SaveAttachment(ctx, row)
}

func sameAs(before, now store.AttachmentRow) (document.Attachment, error) {
	if before.SHA256 != now.SHA256 || before.Name != now.Name {
		return document.Attachment{}, reused()
	}
	return before.Attachment, nil
}

// sumOf reads a file once for its hash, and goes back to its beginning.
func sumOf(content io.ReadSeeker) (string, error) {
	hash := sha256.New()
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if _, err := io.Copy(hash, content); err != nil {
		return "", err
	}
	_, err := content.Seek(0, io.SeekStart)
	return hex.EncodeToString(hash.Sum(nil)), err
}

// Attachment opens a file that somebody may know of: their own, or one of a
// document they may read. The caller closes it.
func (d *Desk) Attachment(ctx context.Context, who auth.Who, id string) (store.AttachmentRow, io.ReadCloser, error) {
	scope, err := needAny(who, access.DocumentRead)
	if err != nil {
		return store.AttachmentRow{}, nil, err
	}
	if uuid.Validate(id) != nil {
		return store.AttachmentRow{}, nil, fault.New(fault.NotFound, "attachment.not_found", fault.Arg("id", id))
	}
	row, err := d.Store.Attachment(ctx, scope, id)
	if err != nil {
		return store.AttachmentRow{}, nil, err
	}
	content, err := d.Files.Open(ctx, row.Key)
	return row, content, err
}

// Bytes makes an upload of bytes in memory, for tests and small callers.
func Bytes(name string, content []byte) Upload {
	return Upload{Name: path.Base(strings.TrimSpace(name)), Content: bytes.NewReader(content), Size: int64(len(content))}
}
