package pages

import (
	"archive/zip"
	"encoding/json"
	"io"
	"log/slog"
	"mime"
	"net/http"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/proof"
)

// downloadProof handles GET /documents/:id/proof: the evidence as a file, or with
// ?form=zip that and the attachments beside it.
func downloadProof(v *visit) error {
	bundle, err := v.desk().Proof(v.r.Context(), v.who, v.param("id"))
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(bundle, "", " ")
	if err != nil {
		return err
	}
	name, media := bundle.Number+"-proof.json", "application/json"
	zipped := v.asked("form") == "zip"
	if zipped {
		name, media = bundle.Number+"-proof.zip", "application/zip"
	}
	h := v.w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	v.w.WriteHeader(http.StatusOK)
	if !zipped {
		_, _ = v.w.Write(text) // the reader went away
		return nil
	}
	if err := v.zip(bundle, text); err != nil { // too late for a page: the archive ends early, and opens nowhere
		slog.ErrorContext(v.r.Context(), "proof not written", "document", bundle.Document, "error", err)
	}
	return nil
}

// zip writes the evidence and the files that its contents name, each under its id.
func (v *visit) zip(bundle proof.Bundle, text []byte) error {
	files, err := bundle.Files()
	if err != nil {
		return err
	}
	archive := zip.NewWriter(v.w)
	w, err := archive.Create(proof.BundleName)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	for _, a := range files {
		if err := v.zipFile(archive, a); err != nil {
			return err
		}
	}
	return archive.Close()
}

func (v *visit) zipFile(archive *zip.Writer, a document.Attachment) error {
	_, content, err := v.desk().Attachment(v.r.Context(), v.who, a.ID)
	if err != nil {
		return err
	}
	defer content.Close()                                                 //nolint:errcheck // only read
	header := &zip.FileHeader{Name: proof.FileName(a), Method: zip.Store} // pictures do not shrink
	w, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	return err
}

// proofCard offers the evidence of a document.
type proofCard struct {
	Hash, Word string
	Contents   bool // in full, for whoever audits it
}

func (v *visit) proofCard(headHash string, o access.Object) *proofCard {
	return &proofCard{Hash: headHash, Word: proof.Word(headHash), Contents: v.may(access.AuditRead, o)}
}
