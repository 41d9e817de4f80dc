package kingdee

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	pageSize = 2000 // the most that K3Cloud gives
	pagesMax = 50   // of one question
)

// head is a voucher as it was read, with its entries.
type head struct {
	id, number, status, date, reference string
	rows                                []row
}

// row is one entry as it was read.
type row struct {
	account, text, currency, rate string
	debit, credit, amount         string
	dimensions                    map[string]string // their field → code
}

// headFields come before the reference field and the dimensions.
var headFields = []string{"FVOUCHERID", "FBillNo", "FDocumentStatus", "FDate"}

var rowFields = []string{"FACCOUNTID.FNumber", "FEXPLANATION", "FCURRENCYID.FNumber", "FEXCHANGERATE",
	"FDEBIT", "FCREDIT", "FAMOUNTFOR"}

// byID reads one voucher of our account book.
func (p *Port) byID(ctx context.Context, id string) (head, error) {
	if !isID(id) {
		return head{}, port.Fault(port.CodeRefused, "not a voucher: "+id)
	}
	heads, err := p.vouchers(ctx, "FVOUCHERID="+id, "")
	if err != nil {
		return head{}, err
	}
	if len(heads) != 1 {
		return head{}, port.Fault(port.CodeRefused, "voucher "+id+" is gone")
	}
	return heads[0], nil
}

// vouchers reads the vouchers of a filter, which is a text that becomes SQL:
// what comes from outside is checked, never escaped. only "" = any reference.
func (p *Port) vouchers(ctx context.Context, filter, only string) ([]head, error) {
	if only != "" && !isReference(only) {
		return nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "the reference "+only))
	}
	rows, err := p.query(ctx, p.voucherQuestion(filter))
	if err != nil {
		return nil, err
	}
	heads := p.heads(rows)
	if only != "" { // databases compare without case, and trailing blanks
		heads = slices.DeleteFunc(heads, func(h head) bool { return h.reference != only })
	}
	return heads, nil
}

// voucherQuestion asks for vouchers of our account book, a row an entry.
func (p *Port) voucherQuestion(filter string) question {
	keys := append(append([]string{}, headFields...), p.options["reference_field"])
	keys = append(keys, rowFields...)
	for _, field := range p.flexFields() {
		keys = append(keys, "FDetailID."+field+".FNumber")
	}
	filter += " and FAccountBookID.FNumber='" + p.options["account_book"] + "'"
	return question{formVoucher, keys, filter, "FVOUCHERID"}
}

// heads puts rows together to vouchers, in the order they came.
func (p *Port) heads(rows [][]string) []head {
	var heads []head
	at, flex := map[string]int{}, p.flexFields()
	for _, cells := range rows {
		if _, seen := at[cells[0]]; !seen {
			at[cells[0]] = len(heads)
			heads = append(heads, head{id: cells[0], number: cells[1], status: cells[2], date: day(cells[3]),
				reference: cells[4]})
		}
		here := &heads[at[cells[0]]]
		here.rows = append(here.rows, rowOf(cells[5:], flex))
	}
	return heads
}

func rowOf(cells, flex []string) row {
	r := row{account: cells[0], text: cells[1], currency: cells[2], rate: cells[3], debit: cells[4], credit: cells[5],
		amount: cells[6], dimensions: map[string]string{}}
	for i, field := range flex {
		if code := strings.TrimSpace(cells[len(rowFields)+i]); code != "" {
			r.dimensions[field] = code
		}
	}
	return r
}

// flexFields are all dimensions we fill, whatever goes into them, each once.
func (p *Port) flexFields() []string { return p.dimensions.Fields("") }

// question is what ExecuteBillQuery is asked.
type question struct {
	form   string
	keys   []string
	filter string
	order  string
}

// query asks, page by page. The answer is rows of bare cells.
func (p *Port) query(ctx context.Context, q question) ([][]string, error) {
	var all [][]string
	for page := range pagesMax {
		rows, err := p.page(ctx, q, page*pageSize)
		if err != nil {
			return nil, err
		}
		if all = append(all, rows...); len(rows) < pageSize {
			return all, nil
		}
	}
	return nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", q.form+" has too many rows"))
}

// page asks for one page.
func (p *Port) page(ctx context.Context, q question, start int) ([][]string, error) {
	answer, err := p.client.call(ctx, "ExecuteBillQuery", false, object{"data": object{"FormId": q.form,
		"FieldKeys": strings.Join(q.keys, ","), "FilterString": q.filter, "OrderString": q.order, "TopRowCount": 0,
		"StartRow": start, "Limit": pageSize}})
	if err != nil {
		return nil, err
	}
	if s := statusOf(answer); s != nil && !bool(s.IsSuccess) {
		return nil, port.Sort(words, p.client.hide(s.said()))
	}
	return cells(answer, len(q.keys))
}

// cells reads a page; numbers keep their text.
func cells(answer json.RawMessage, width int) ([][]string, error) {
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	var raw [][]any
	if err := d.Decode(&raw); err != nil {
		return nil, port.Fault(port.CodeUnavailable, "a query did not answer with rows")
	}
	rows := make([][]string, 0, len(raw))
	for _, from := range raw {
		if len(from) != width {
			return nil, port.Fault(port.CodeUnavailable, "a query answered with other columns than were asked for")
		}
		to := make([]string, width)
		for i, cell := range from {
			switch cell := cell.(type) {
			case string:
				to[i] = cell
			case json.Number:
				to[i] = cell.String()
			}
		}
		rows = append(rows, to)
	}
	return rows, nil
}

// found turns what was read into the port's terms.
func (p *Port) found(h head) (port.Found, error) {
	f := port.Found{Reference: h.reference, ID: h.id, Number: h.number, State: p.state(h.status), Date: h.date}
	for _, r := range h.rows {
		line := port.Line{Account: r.account, Party: r.dimensions[p.dimensions.Field(r.account, port.OfParty)],
			Dimensions: voucher.SplitsOf(p.dimensions.Read(r.account, func(field string) string { return r.dimensions[field] }))}
		var err error
		if line.Debit, err = amountOf(r.debit, p.currency); err == nil {
			line.Credit, err = amountOf(r.credit, p.currency)
		}
		if err != nil {
			return f, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", f.ID))
		}
		f.Lines = append(f.Lines, line)
	}
	f.Totals = port.Sum(f.Lines)
	return f, nil
}

func amountOf(text string, c money.Currency) (money.Amount, error) {
	if text == "" {
		return money.Zero(c), nil
	}
	return port.ParseAmount(text, c)
}

// day cuts the time off a date.
func day(text string) string { return text[:min(len(text), len("2006-01-02"))] }
