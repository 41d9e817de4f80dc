package activities

import (
	"context"
	"encoding/json"

	"github.com/countersign/countersign/adapters/erp"
	"github.com/countersign/countersign/domain/fault"
)

// billPagesMost is how many pages one listing of bills has at most.
const billPagesMost = 100

// billMessage is a bill as mappings read it, such as the shipped supplier_bill.
type billMessage struct {
	ID           string     `json:"id"`
	Number       string     `json:"number"`
	Invoice      string     `json:"invoice"`
	Supplier     string     `json:"supplier"`
	SupplierName string     `json:"supplier_name"`
	Currency     string     `json:"currency"`
	Date         string     `json:"date"`
	DueDate      string     `json:"due_date"`
	Link         string     `json:"link,omitempty"`
	Lines        []billLine `json:"lines"`
}

type billLine struct {
	Description string `json:"description"`
	Amount      string `json:"amount"`
	Tax         string `json:"tax"`
}

// Bills hands on the suppliers' bills that were approved in an ERP, as an
// InboundSource's Ask. Its mark moves when every page was read.
//
// Safe to repeat. Errors: those of the port; Invalid erp.unsupported where the ERP
// cannot list them.
func Bills(l Ledger) func(ctx context.Context, after string, take func(item []byte) error) (string, error) {
	return func(ctx context.Context, after string, take func(item []byte) error) (string, error) {
		biller, ok := l.Port.(erp.Biller)
		if !ok {
			return after, unlisted()
		}
		mark, asked := after, erp.BillsAsked{Since: after}
		for range billPagesMost {
			page, err := ask(l, func() (page erp.BillPage, err error) {
				err = erp.Calling(ctx, erp.Call{Op: erp.OpList}, func(ctx context.Context) error {
					page, err = biller.Bills(ctx, asked)
					return err
				})
				return page, err
			})
			if err != nil {
				return after, err
			}
			for _, b := range page.Bills {
				if err := take(messageOf(b)); err != nil {
					return after, err
				}
			}
			mark = max(mark, page.Mark)
			if page.Next == "" {
				return mark, nil
			}
			asked.Cursor = page.Next
		}
		return after, unlisted()
	}
}

func unlisted() error {
	return fault.New(fault.Invalid, erp.CodeUnsupported, fault.Arg("what", "bills"))
}

func messageOf(b erp.Bill) []byte {
	text := b.Text
	if text == "" {
		text = b.Number
	}
	body, _ := json.Marshal(billMessage{ID: b.ID, Number: b.Number, Invoice: b.Invoice, Supplier: b.Supplier,
		SupplierName: b.SupplierName, Currency: string(b.Gross.Currency), Date: b.Date, DueDate: b.DueOn, Link: b.Link,
		Lines: []billLine{{text, b.Gross.Text(), b.Tax.Text()}}}) // texts only
	return body
}
