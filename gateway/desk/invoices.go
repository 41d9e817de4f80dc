package desk

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/platform/archive"
	"github.com/countersign/countersign/platform/picture"
)

// Limits of looking at files.
const (
	lookMax       = 5 * time.Second // for the code in one picture
	thumbnailSide = 240             // points
)

// Reading says what came of looking for an invoice in a file.
type Reading string

// What may come of it.
const (
	InvoiceRead      Reading = "read"       // there it is; a person should look it over
	InvoiceNotFound  Reading = "not_found"  // looked, and no invoice is in it that can be read
	InvoiceNotLooked Reading = "not_looked" // files of this kind are not looked into, such as a PDF (ADR 9)
	noInvoices       Reading = ""           // of a kind that no invoice comes in
)

var _ = fault.Register(map[string]fault.Entry{
	"attachment.no_picture": {Kind: fault.NotFound},
})

// ReadInvoice looks for an invoice in a file: the QR code of a picture, or the XML of a
// fully digital one, by itself or inside an OFD. Nothing is checked with anybody. What it
// comes to is kept: whoever decides sees what a line claims beside it.
//
// Errors: NotFound attachment.not_found.
func (d *Desk) ReadInvoice(ctx context.Context, who auth.Who, id string) (invoice.Invoice, Reading, error) {
	row, content, err := d.bytesOf(ctx, who, id)
	if err != nil {
		return invoice.Invoice{}, noInvoices, err
	}
	found, reading := invoice.Invoice{}, InvoiceNotFound
	ok := false
	switch row.Type {
	case "image/png", "image/jpeg":
		found, ok = invoiceInPicture(ctx, content)
	case "application/xml":
		found, ok = invoice.ReadXML(content)
	case "application/ofd":
		found, ok = invoiceInOFD(content)
	case "application/pdf", "image/webp", "image/heic":
		reading = InvoiceNotLooked
	default:
		reading = noInvoices
	}
	if !ok {
		return found, reading, nil
	}
	if found.Gross.Currency != "" {
		err = d.Store.KeepInvoiceFact(ctx, row.ID, invoice.Fact{Number: found.Reference(), Gross: found.Gross})
	}
	return found, InvoiceRead, err
}

// bytesOf is a file in memory, for whoever may know of it: AttachmentLimit bounds it.
func (d *Desk) bytesOf(ctx context.Context, who auth.Who, id string) (document.Attachment, *bytes.Reader, error) {
	row, content, err := d.Attachment(ctx, who, id)
	if err != nil {
		return document.Attachment{}, nil, err
	}
	defer content.Close() //nolint:errcheck // only read
	all, err := io.ReadAll(io.LimitReader(content, row.Size))
	return row.Attachment, bytes.NewReader(all), err
}

func invoiceInPicture(ctx context.Context, content io.ReadSeeker) (invoice.Invoice, bool) {
	ctx, stop := context.WithTimeout(ctx, lookMax)
	defer stop()
	texts, err := picture.QRCodes(ctx, content)
	if err != nil {
		return invoice.Invoice{}, false // a picture that nobody can look into is still a receipt
	}
	for _, text := range texts {
		if found, ok := invoice.ReadQR(text); ok {
			return found, true
		}
	}
	return invoice.Invoice{}, false
}

// invoiceInOFD looks for the original XML that a tax bureau packs into its OFD. An archive
// that unpacks to more than an invoice has, or holds two originals, tells of none.
func invoiceInOFD(content *bytes.Reader) (invoice.Invoice, bool) {
	if err := archive.Check(content, content.Size(), archive.Invoice()); err != nil {
		return invoice.Invoice{}, false
	}
	opened, err := zip.NewReader(content, content.Size())
	if err != nil {
		return invoice.Invoice{}, false
	}
	originals := slices.DeleteFunc(opened.File, func(f *zip.File) bool {
		return !strings.HasSuffix(f.Name, "/original_invoice.xml") || f.UncompressedSize64 > invoice.XMLMax
	})
	if len(originals) != 1 {
		return invoice.Invoice{}, false
	}
	text, err := originals[0].Open()
	if err != nil {
		return invoice.Invoice{}, false
	}
	defer text.Close() //nolint:errcheck // only read
	return invoice.ReadXML(text)
}

// Thumbnail is a small picture of a file that is one, drawn anew.
//
// Errors: NotFound attachment.not_found, and attachment.no_picture where it is none that
// can be drawn.
func (d *Desk) Thumbnail(ctx context.Context, who auth.Who, id string) ([]byte, error) {
	row, content, err := d.bytesOf(ctx, who, id)
	if err != nil {
		return nil, err
	}
	none := fault.New(fault.NotFound, "attachment.no_picture")
	if !Pictured(row.Type) {
		return nil, none
	}
	ctx, stop := context.WithTimeout(ctx, lookMax)
	defer stop()
	small, err := picture.Thumbnail(ctx, content, thumbnailSide)
	if errors.Is(err, picture.ErrUnreadable) {
		return nil, none
	}
	return small, err
}

// Pictured says whether a small picture can be drawn of a kind of file.
func Pictured(media string) bool { return media == "image/png" || media == "image/jpeg" }
