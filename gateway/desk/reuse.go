package desk

import (
	"context"

	"github.com/countersign/countersign/domain/access"
	"github.com/countersign/countersign/domain/approval"
	"github.com/countersign/countersign/domain/document"
	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/gateway/auth"
	"github.com/countersign/countersign/store"
)

// Reuse is an invoice or a file of a content that is used elsewhere too: a warning, for one
// invoice may honestly be split, and a file shown twice. 重复提示
type Reuse struct {
	Place document.Place
	Twin  *document.Place // where the same content shows it already; or
	Of    store.Reuse     // another document, named only to who may know of it
}

// reused looks a content's invoices and files up, in the content itself and in others.
func (d *Desk) reused(ctx context.Context, who auth.Who, c document.Content, id string) ([]Reuse, error) {
	places := c.Proofs()
	q := store.ReuseQuery{Besides: id}
	for _, p := range places {
		if p.Invoice != "" {
			q.Invoices = append(q.Invoices, p.Invoice)
		} else {
			q.Hashes = append(q.Hashes, p.File.SHA256)
		}
	}
	before := map[string]store.Reuse{}
	if len(places) > 0 {
		found, err := d.Store.Reused(ctx, access.ScopeFor(who.Subject, access.DocumentRead), q)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			before[document.Place{Invoice: r.Invoice, File: document.Attachment{SHA256: r.Hash}}.Key()] = r
		}
	}
	var list []Reuse
	seen := map[string]document.Place{}
	for _, p := range places {
		key := p.Key()
		first, twice := seen[key]
		if of, used := before[key]; used {
			list = append(list, Reuse{Place: p, Of: of})
		} else if twice {
			list = append(list, Reuse{Place: p, Twin: &first})
		}
		if !twice {
			seen[key] = p
		}
	}
	return list, nil
}

// ReusedIn tells which invoices and files of a document stand elsewhere too, or in it
// twice, to whoever may read it. One that was refused, taken back or undone uses nothing.
func (d *Desk) ReusedIn(ctx context.Context, who auth.Who, doc store.Document) ([]Reuse, error) {
	switch doc.Status {
	case approval.Rejected, approval.Withdrawn, approval.Voided:
		return nil, nil
	}
	return d.reused(ctx, who, doc.Content, doc.ID)
}

// Invoiced holds the lines of a content, of which the caller may know, against the invoices
// that were read from its files.
func (d *Desk) Invoiced(ctx context.Context, c document.Content) ([]document.Invoiced, error) {
	var ids []string
	for _, file := range c.Files() {
		ids = append(ids, file.ID)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	facts, err := d.Store.InvoiceFacts(ctx, ids)
	return c.Invoiced(facts), err
}

// Reused tells where invoices and files were used before, to whoever may write documents.
func (d *Desk) Reused(ctx context.Context, who auth.Who, invoices, hashes []string) ([]store.Reuse, error) {
	if _, err := needAny(who, access.DocumentCreate); err != nil {
		return nil, err
	}
	q := store.ReuseQuery{Hashes: hashes}
	for _, number := range invoices {
		q.Invoices = append(q.Invoices, invoice.Plain(number))
	}
	return d.Store.Reused(ctx, access.ScopeFor(who.Subject, access.DocumentRead), q)
}
