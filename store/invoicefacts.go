package store

import (
	"context"

	"github.com/lib/pq"

	"github.com/countersign/countersign/domain/invoice"
	"github.com/countersign/countersign/domain/money"
)

// KeepInvoiceFact keeps what was read from an attachment.
//
// Safe to repeat: a file does not change, and so what it says stays.
func (s *Store) KeepInvoiceFact(ctx context.Context, attachment string, f invoice.Fact) error {
	const query = `
		INSERT INTO invoice_facts (attachment, number, gross, currency) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	_, err := s.db.ExecContext(ctx, query, attachment, f.Number, f.Gross.Minor, f.Gross.Currency)
	return sqlFault("store.KeepInvoiceFact", err)
}

// InvoiceFacts are what was read from attachments, by their ids. One from which nothing
// was read has none.
func (s *Store) InvoiceFacts(ctx context.Context, attachments []string) (map[string]invoice.Fact, error) {
	const query = `SELECT attachment, number, gross, currency FROM invoice_facts WHERE attachment = ANY($1)`
	var rows []struct {
		Attachment, Number, Currency string
		Gross                        int64
	}
	if err := s.db.SelectContext(ctx, &rows, query, pq.Array(attachments)); err != nil {
		return nil, sqlFault("store.InvoiceFacts", err)
	}
	facts := make(map[string]invoice.Fact, len(rows))
	for _, r := range rows {
		facts[r.Attachment] = invoice.Fact{Number: r.Number,
			Gross: money.Amount{Minor: r.Gross, Currency: money.Currency(r.Currency)}}
	}
	return facts, nil
}
