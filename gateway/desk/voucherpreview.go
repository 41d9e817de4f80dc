package desk

import (
	"context"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/policy/booking"
	"github.com/countersign/countersign/store"
)

// PreviewAsked says which voucher is to be shown.
type PreviewAsked struct {
	Document string            // id; "" where Content is asked about
	Content  *document.Content // as a draft holds it
	Kind     voucher.Kind      // "" = accrual
	Mapping  string            // the text of one that is not in force; "" = the one in force
}

// VoucherPreview is the voucher that a document would be booked with as it stands.
type VoucherPreview struct {
	Document store.Document
	Kind     voucher.Kind
	Voucher  voucher.Voucher
	Whys     []booking.Why // of the entries, in their order
	Mapping  string
	Version  int // of the mapping in force; 0 for another

	// Fault is why no voucher can be made; the others are empty then, but for the mapping
	// where there is one. Lost is why the books would refuse the one that is shown.
	Fault, Lost *fault.Fault
}

// PreviewVoucher derives a voucher of a document, or of a content, from the mapping
// in force or from another, as the posting would today: nothing is kept and nobody
// is told.
//
// Errors: NotFound document.not_found, Forbidden access.denied. What is wrong with
// the document or the mapping is an answer, in Fault.
func (d *Desk) PreviewVoucher(ctx context.Context, who auth.Who, asked PreviewAsked) (VoucherPreview, error) {
	preview := VoucherPreview{Kind: asked.Kind}
	if preview.Kind == "" {
		preview.Kind = voucher.Accrual
	}
	var err error
	if preview.Document, err = d.previewed(ctx, who, asked); err != nil {
		return preview, asAnswer(&preview, err)
	}
	mapping, row, err := d.mappingAsked(ctx, preview.Document.Type, asked.Mapping)
	preview.Mapping, preview.Version = row.ID, row.Version
	if err == nil {
		preview.Voucher, preview.Whys, err = d.explain(ctx, mapping, preview.Document, preview.Kind)
	}
	if err == nil {
		preview.Lost = d.lost(mapping, preview.Voucher, preview.Whys)
	}
	return preview, asAnswer(&preview, err)
}

// lost is what the books of a voucher would leave out of it, nil for nothing.
func (d *Desk) lost(m *booking.Mapping, v voucher.Voucher, whys []booking.Why) *fault.Fault {
	keeps, known := d.keeps()[v.Entity]
	if !known {
		return nil
	}
	lost, _ := fault.As(fault.Join(booking.Lost(m, keeps, v, whys)))
	return lost
}

// asAnswer makes what is wrong with a document or a mapping part of the answer.
func asAnswer(preview *VoucherPreview, err error) error {
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid && f.Kind != fault.NotFound || f.Code == "document.not_found" {
		return err
	}
	preview.Fault = f
	return nil
}

// previewed is the document asked about, or one made of the content.
func (d *Desk) previewed(ctx context.Context, who auth.Who, asked PreviewAsked) (store.Document, error) {
	if asked.Content == nil {
		detail, err := d.mine(ctx, who, asked.Document, access.EffectRead)
		return detail.Document, err
	}
	c, err := d.fill(ctx, who, *asked.Content)
	if err != nil {
		return store.Document{}, err
	}
	if err := need(who, access.EffectRead, access.Object{Entity: c.Entity}); err != nil {
		return store.Document{}, err
	}
	c, err = d.Complete(ctx, c)
	return store.Document{
		ID: "preview", Number: "—", Revision: 1, Type: c.Type, Title: c.Title, Entity: c.Entity, Content: c,
	}, err
}

// mappingAsked is the mapping in force, or the one that was written out.
func (d *Desk) mappingAsked(ctx context.Context, documentType, text string) (*booking.Mapping, store.PolicyRow, error) {
	if text == "" {
		return d.mappingOf(ctx, documentType)
	}
	m, err := booking.Parse("mapping", []byte(text))
	if err != nil {
		return nil, store.PolicyRow{}, err
	}
	return m, store.PolicyRow{ID: m.ID}, nil
}

func (d *Desk) explain(ctx context.Context, m *booking.Mapping, doc store.Document, kind voucher.Kind) (
	voucher.Voucher, []booking.Why, error) {
	snapshot, err := d.Snapshot(ctx)
	if err != nil {
		return voucher.Voucher{}, nil, err
	}
	var books map[string]map[string]string
	if m.ReadsMaster() {
		rows, err := d.Store.MasterOf(ctx, doc.Entity)
		if err != nil {
			return voucher.Voucher{}, nil, err
		}
		books = booking.MasterByName(rows)
	}
	return booking.Explain(m, booking.BuildInput{
		Content: doc.Content, Document: doc.ID, Number: doc.Number, Revision: doc.Revision, Kind: kind,
		Date: d.today(snapshot, doc.Entity), EntityCurrency: money.Currency(snapshot.Entities[doc.Entity].Currency),
		Org: snapshot, Master: books,
	})
}
