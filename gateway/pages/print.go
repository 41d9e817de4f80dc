package pages

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/proof"
)

// printView is a document on paper.
type printView struct {
	documentView

	Files     []document.Attachment
	Revisions []printedRevision
	KeyOf     map[string]string // by cause: the key that signed the act
	Keys      []proof.Key
	Head      int64
	Skips     bool // whether the timeline leaves out numbers of the record
	Made      stamp
	QR        *qrCode
}

type printedRevision struct {
	N        int
	By, Hash string
	At       stamp
}

// printDocument handles GET /documents/:id/print.
func printDocument(v *visit) error {
	ctx, id := v.r.Context(), v.param("id")
	detail, err := v.desk().Document(ctx, v.who, id)
	if err != nil {
		return err
	}
	if detail.Status == approval.Draft {
		return v.leave(documentAt(id)+"/edit", "")
	}
	bundle, err := v.desk().Proof(ctx, v.who, id)
	if err != nil {
		return err
	}
	state, err := approval.FoldAll(bundle.Events)
	if err != nil {
		return err
	}
	view := printView{documentView: documentView{Document: detail.Document}, Files: detail.Content.Files()}
	if err := v.facts(&view.documentView); err != nil {
		return err
	}
	if err := v.story(&view.documentView, state, inTime(bundle.Events, bundle.Reversals)); err != nil {
		return err
	}
	view.Skips = skips(view.Timeline, bundle.Head.Seq)
	view.Proof = v.proofCard(bundle.Head.Hash, detail.Object())
	if err := v.evidence(&view, bundle); err != nil {
		return err
	}
	return v.show(http.StatusOK, detail.Number, view)
}

// skips says whether a timeline leaves out numbers of the record up to its head.
func skips(told []moment, head int64) bool {
	shown := map[int64]bool{}
	for _, m := range told {
		shown[m.Seq] = true
	}
	delete(shown, 0) // of other streams
	return int64(len(shown)) < head
}

// evidence is what proves the page.
func (v *visit) evidence(view *printView, b proof.Bundle) error {
	view.Head, view.Made, view.QR = b.Head.Seq, v.stamp(b.MadeAt, view.Entity), qrOf(b)
	view.KeyOf = map[string]string{}
	for _, row := range b.Acts {
		var act approval.Act
		if err := json.Unmarshal(row.Act, &act); err != nil {
			return err
		}
		view.KeyOf[act.ID] = row.Signature.KeyID
	}
	for _, r := range b.Revisions {
		row := printedRevision{N: r.Revision, By: v.name(r.Actor), Hash: r.Hash, At: v.stamp(r.At, view.Entity)}
		view.Revisions = append(view.Revisions, row)
	}
	ring, err := b.Ring()
	if err != nil {
		return err
	}
	for id, key := range ring {
		view.Keys = append(view.Keys, proof.Key{ID: id, Fingerprint: proof.Fingerprint(key)})
	}
	slices.SortFunc(view.Keys, func(a, b proof.Key) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

const hashShown = 16 // digits of a hash in a table: enough to compare with the file

func shortHash(hash string) string { return hash[:min(len(hash), hashShown)] }
