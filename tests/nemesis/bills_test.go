package nemesis

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/countersign/countersign/stack"
	"github.com/countersign/countersign/tests/house"
)

const (
	billPatience = 2 * time.Minute
	billLook     = 200 * time.Millisecond
	billEvery    = "5s"
	billDueDays  = 30
)

// billSource has Tryton asked for the suppliers' bills that were posted there.
func billSource() []map[string]any {
	return []map[string]any{{"id": "bills", "kind": "erp", "connection": "tryton", "account": "zhao",
		"entities": []string{stack.TrytonEntity}, "mapping": "supplier_bill", "once_by_invoice": true, "every": billEvery}}
}

// record is an object of Tryton's.
type record = map[string]any

// postBill posts a supplier's bill in Tryton, due in thirty days, beside a draft that is
// none of our business. The worker that reads it first dies before it knows that it did.
func (b *books) postBill(ctx context.Context) {
	b.Helper()
	b.house.Kill(house.Worker)
	supplier, expenses := b.idOf("party.party", "code", "SUP001"), b.idOf("account.journal", "code", "EXP")
	address := b.tryton("model.party.address.create", []any{record{"party": supplier}})
	b.tryton("model.account.journal.write", []any{expenses}, record{"name": "Expenses"})
	term := b.tryton("model.account.invoice.payment_term.create", []any{record{"name": "30 days", "lines": []any{[]any{"create",
		[]any{record{"type": "remainder", "relativedeltas": []any{[]any{"create", []any{record{"days": billDueDays}}}}}}}}}})
	day := time.Now().UTC()
	b.due = day.AddDate(0, 0, billDueDays).Format(time.DateOnly)
	for _, number := range []string{"INV-7", "INV-8"} {
		made := b.tryton("model.account.invoice.create", []any{record{"type": "in", "company": 1, "party": supplier,
			"invoice_address": first(address), "reference": number, "journal": expenses, "payment_term": first(term),
			"currency": b.idOf("currency.currency", "code", "CNY"), "account": b.idOf("account.account", "code", "2202"),
			"invoice_date": record{"__class__": "date", "year": day.Year(), "month": int(day.Month()), "day": day.Day()},
			"lines": []any{[]any{"create", []any{record{"type": "line", "description": "Paper", "quantity": 2,
				"account":    b.idOf("account.account", "code", "660203"),
				"unit_price": record{"__class__": "Decimal", "decimal": "50.25"}}}}}}})
		if number == "INV-7" {
			b.tryton("model.account.invoice.post", []any{first(made)})
		}
	}
	b.house.CrashAt(house.Worker, "inbound.taken")
	b.house.Run(house.Worker)
	select {
	case <-b.house.Exited(house.Worker):
	case <-time.After(billPatience):
		require.FailNow(b, "the worker never read the bill")
	}
	b.house.CrashAt(house.Worker, "")
	b.house.Run(house.Worker)
}

// oneBill holds that the bill became one payment request, with what it says, however often
// it was read; and once more now, from the beginning.
func (b *books) oneBill(ctx context.Context) {
	b.Helper()
	db := b.house.Database(b.T)
	var asked time.Time
	require.NoError(b, db.QueryRowContext(ctx, `SELECT clock_timestamp()`).Scan(&asked))
	_, err := db.ExecContext(ctx, `UPDATE inbound_sources SET watermark = ''`)
	require.NoError(b, err)
	require.Eventually(b, func() bool {
		var again bool
		err := db.QueryRowContext(ctx, `SELECT took_at > $1 AND code = '' FROM inbound_sources WHERE source = 'bills'`,
			asked).Scan(&again)
		return err == nil && again
	}, billPatience, billLook, "the bill is read again")

	var messages, documents int
	var id, supplier, currency, title string
	var total int64
	require.NoError(b, db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM inbound_messages),
		(SELECT count(*) FROM documents WHERE type = 'payment_request')`).Scan(&messages, &documents))
	require.Equal(b, []int{1, 1}, []int{messages, documents}, "messages and payment requests")
	require.NoError(b, db.QueryRowContext(ctx, `SELECT d.id, d.payee_id, d.currency, d.title, d.total_minor
		FROM documents d JOIN inbound_messages m ON m.document = d.id AND m.state = 'submitted'`).Scan(
		&id, &supplier, &currency, &title, &total))
	require.Equal(b, []any{"SUP001", "CNY", int64(10050)}, []any{supplier, currency, total})
	var said struct {
		Content struct {
			Fields map[string]any `json:"fields"`
			Lines  []struct {
				Invoice string `json:"invoice"`
			} `json:"lines"`
		} `json:"content"`
		Reason string `json:"reason"`
	}
	_, err = b.door.As(b.T, "audit").Call(ctx, http.MethodGet, "/documents/"+id, "", nil, &said)
	require.NoError(b, err)
	require.Equal(b, b.due, said.Content.Fields["due_date"])
	require.Len(b, said.Content.Lines, 1)
	require.Equal(b, "INV-7", said.Content.Lines[0].Invoice, "the supplier's own number")
	require.Contains(b, said.Reason, "/model/account.invoice/", "the way back to the bill")
	b.Logf("one supplier bill of Tryton's, one payment request: %s, %d %s to %s", title, total, currency, supplier)
}

// tryton calls Tryton past our connector, in its company.
func (b *books) tryton(method string, params ...any) any {
	b.Helper()
	at := b.house.Stack.Tryton
	body, err := json.Marshal(record{"id": 1, "method": method, "params": append(params, record{"company": 1})})
	require.NoError(b, err)
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, at.URL+"/"+at.Database+"/", bytes.NewReader(body))
	require.NoError(b, err)
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth(at.User, at.Password)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(b, err)
	defer answer.Body.Close() //nolint:errcheck // only read
	var got struct{ Result, Error any }
	require.NoError(b, json.NewDecoder(answer.Body).Decode(&got), "%s: %s", method, answer.Status)
	require.Nil(b, got.Error, method)
	return got.Result
}

func (b *books) idOf(model, field, value string) any {
	b.Helper()
	return first(b.tryton("model."+model+".search", []any{[]any{field, "=", value}}, 0, 1, nil))
}

func first(list any) any {
	if found, ok := list.([]any); ok && len(found) > 0 {
		return found[0]
	}
	return nil
}
