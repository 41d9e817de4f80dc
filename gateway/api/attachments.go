package api

import (
	"context"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/countersign/countersign/adapters/files"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/gateway/desk"
	"github.com/countersign/countersign/store"
)

func (a *API) attachments() {
	const tag = "Attachments"
	upload := operation{
		"upload-attachment", http.MethodPost, "/attachments", tag,
		"Keep a file, typed by its content", 201,
	}.huma()
	upload.MaxBodyBytes = a.desk.AttachmentLimit() + formOverhead
	upload.BodyReadTimeout = uploadMax
	huma.Register(a.huma, upload, a.upload)
	download := operation{"download-attachment", http.MethodGet, "/attachments/{id}", tag, "Read a file", 0}.huma()
	download.Responses = map[string]*huma.Response{"200": stream("The file", "application/octet-stream")}
	for media := range shownTypes {
		download.Responses["200"].Content[media] = download.Responses["200"].Content["application/octet-stream"]
	}
	huma.Register(a.huma, download, a.download)
}

const (
	formOverhead = 64 << 10     // of a multipart form around its file
	uploadMax    = 10 * readMax // an upload may be slow
)

// shownTypes are the kinds of file that a browser may show by itself.
var shownTypes = map[string]bool{"application/pdf": true, "image/png": true, "image/jpeg": true, "image/webp": true}

// UploadForm is a form with one file.
type UploadForm struct {
	File huma.FormFile `form:"file" required:"true"`
}

// UploadInput is a form with one file.
type UploadInput struct {
	Keyed
	RawBody huma.MultipartFormFiles[UploadForm]
}

// UploadOutput is a kept file.
type UploadOutput struct {
	Location string `header:"Location"`
	Body     Attachment
}

// upload handles POST /attachments.
func (a *API) upload(ctx context.Context, in *UploadInput) (*UploadOutput, error) {
	who, _ := auth.Of(ctx)
	form := in.RawBody.Data()
	if !form.File.IsSet {
		return nil, fault.New(fault.Invalid, "request.missing", fault.Field("file"))
	}
	defer form.File.Close() //nolint:errcheck // only read
	file := desk.Upload{Name: form.File.Filename, Content: form.File, Size: form.File.Size}
	kept, err := a.desk.Attach(ctx, who, file, desk.Key{Route: "upload-attachment", Key: in.IdempotencyKey})
	if err != nil {
		return nil, err
	}
	if _, _, err := a.desk.ReadInvoice(ctx, who, kept.ID); err != nil { // keeps what the claim is held against
		slog.WarnContext(ctx, "no invoice was looked for", "attachment", kept.ID, "error", err)
	}
	return &UploadOutput{Location: Base + "/attachments/" + kept.ID, Body: attachmentOf(kept)}, nil
}

// DownloadInput names a file.
type DownloadInput struct {
	Asked
	ID     string `path:"id" maxLength:"64"`
	Inline bool   `query:"inline" doc:"Show it in the browser, where its kind is safe"`
}

// download handles GET /attachments/{id}.
func (a *API) download(ctx context.Context, in *DownloadInput) (*huma.StreamResponse, error) {
	who, _ := auth.Of(ctx)
	row, content, err := a.desk.Attachment(ctx, who, in.ID)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer content.Close() //nolint:errcheck // only read
		for name, value := range FileHeaders(row, in.Inline) {
			ctx.SetHeader(name, value)
		}
		_, _ = io.Copy(ctx.BodyWriter(), content) // the caller went away, or is told by the length
	}}, nil
}

// filePolicy lets a shown file do nothing at all; the viewer of a browser needs
// styles of its own.
const filePolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; " +
	"img-src 'self' data:; frame-ancestors 'self'"

// pdfPolicy is filePolicy for what a browser's own viewer shows, which a sandbox would
// keep from working. The viewer runs apart from our pages, whatever is in the file.
const pdfPolicy = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; form-action 'none'; " +
	"frame-ancestors 'self'"

// FileHeaders are the headers under which a file is given out: it is saved, not
// run; shown only where its kind is safe, and then without any rights.
func FileHeaders(row store.AttachmentRow, inline bool) map[string]string {
	disposition, media, policy := "attachment", "application/octet-stream", filePolicy
	if inline && files.Inline(row.Type) {
		disposition, media = "inline", row.Type
	}
	if media == "application/pdf" {
		policy = pdfPolicy
	}
	return map[string]string{
		"Content-Type":            media,
		"Content-Length":          strconv.FormatInt(row.Size, 10),
		"Content-Disposition":     mime.FormatMediaType(disposition, map[string]string{"filename": row.Name}),
		"Content-Security-Policy": policy,
		"X-Content-Type-Options":  "nosniff",
		"Cache-Control":           "private, no-store",
		"ETag":                    `"` + row.SHA256 + `"`,
	}
}
