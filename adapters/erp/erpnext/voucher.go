package erpnext

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	rowsMax            = 1000 // of one voucher
	defaultVoucherType = "Journal Entry"
)

// document makes the Journal Entry of a voucher. The reference stands in the
// cheque number too, where people look and where a Bank Entry must have one.
func (p *Port) document(ctx context.Context, at company, v voucher.Voucher) (object, error) {
	if len(v.Entries) > rowsMax {
		return nil, port.Fault(port.CodeRefused, "too many entries")
	}
	kind := v.Journal
	if kind == "" {
		kind = defaultVoucherType
	}
	rows := make([]object, 0, len(v.Entries))
	for _, e := range v.Entries {
		row, err := p.row(ctx, at, e)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return object{"voucher_type": kind, "company": at.name, "posting_date": v.Date, "user_remark": v.Text,
		"cheque_no": v.Reference, "cheque_date": v.Date, p.reference: v.Reference, "accounts": rows}, nil
}

// row makes the record of one entry. ERPNext keeps a party on receivable and
// payable accounts only.
func (p *Port) row(ctx context.Context, at company, e voucher.Entry) (object, error) {
	base := port.Base(e)
	if base.Currency != at.currency {
		return nil, port.Fault(port.CodeRefused,
			"the books are kept in "+string(at.currency)+", not "+string(base.Currency))
	}
	if base.Minor > port.FloatMax {
		return nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "long_amount"))
	}
	account, err := p.account(ctx, at, e.Account)
	if err != nil {
		return nil, err
	}
	if account.Currency != "" && account.Currency != string(at.currency) {
		return nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "account "+e.Account+" in "+account.Currency))
	}
	line := port.LineOf(e)
	row := object{"account": account.Name, "user_remark": e.Text,
		"debit_in_account_currency": number(line.Debit), "credit_in_account_currency": number(line.Credit)}
	if account.wantsParty() {
		if e.Party == "" {
			return nil, port.Fault(port.CodeUnknownParty, "account "+e.Account+" wants a party", fault.Arg("party", ""))
		}
		if row["party_type"], err = p.party(ctx, account.AccountType, e.Party); err != nil {
			return nil, err
		}
		row["party"] = e.Party
	}
	if at.center != "" {
		row["cost_center"] = at.center
	}
	for _, name := range slices.Sorted(maps.Keys(e.Dimensions)) {
		if p.dimensions[name] == "" {
			return nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", name+": name its field in options.dimensions"))
		}
		row[p.dimensions[name]] = e.Dimensions[name]
	}
	if e.CostCenter == "" {
		return row, nil
	}
	center, err := p.center(ctx, at, e.CostCenter)
	if center != "" {
		row["cost_center"] = center
	} else {
		row["user_remark"] = strings.TrimSpace(e.Text + " [" + e.CostCenter + "]")
	}
	return row, err
}

// number is an amount as ERPNext wants it: a JSON number, written out exactly.
func number(a money.Amount) json.Number { return json.Number(a.Text()) }

// entry is a Journal Entry as it is read.
type entry struct {
	Name        string            `json:"name"`
	Docstatus   int               `json:"docstatus"`
	PostingDate string            `json:"posting_date"`
	VoucherType string            `json:"voucher_type"`
	Rows        []row             `json:"accounts"`
	Fields      map[string]string `json:"-"` // texts, the reference among them
}

// row is one line of a Journal Entry as it is read, in the company's currency.
type row struct {
	Account    string      `json:"account"`
	PartyType  string      `json:"party_type"`
	Party      string      `json:"party"`
	CostCenter string      `json:"cost_center"`
	Remark     string      `json:"user_remark"`
	Debit      json.Number `json:"debit"`
	Credit     json.Number `json:"credit"`

	Fields map[string]string `json:"-"` // texts, the dimensions among them
}

// UnmarshalJSON reads a row, and every text in it by its name.
func (r *row) UnmarshalJSON(raw []byte) error {
	type plain row
	if err := json.Unmarshal(raw, (*plain)(r)); err != nil {
		return err
	}
	var err error
	r.Fields, err = textsOf(raw)
	return err
}

// textsOf are the texts of a JSON object by their names.
func textsOf(raw []byte) (map[string]string, error) {
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	texts := map[string]string{}
	for name, value := range all {
		if text, ok := value.(string); ok {
			texts[name] = text
		}
	}
	return texts, nil
}

// dimensionsOf are those of a row, by the names that are ours.
func (p *Port) dimensionsOf(r row) map[string]string {
	read := map[string]string{}
	for name, field := range p.dimensions {
		read[name] = r.Fields[field]
	}
	return read
}

// UnmarshalJSON reads an entry, and every text in it by its name: which of them
// is our reference, the configuration says.
func (e *entry) UnmarshalJSON(raw []byte) error {
	type plain entry
	if err := json.Unmarshal(raw, (*plain)(e)); err != nil {
		return err
	}
	var err error
	e.Fields, err = textsOf(raw)
	return err
}

// found puts an entry into the port's terms. A draft has a number already.
func (p *Port) found(ctx context.Context, at company, e entry) (port.Found, error) {
	f := port.Found{Reference: e.Fields[p.reference], ID: e.Name, Number: e.Name, Date: e.PostingDate,
		State: [...]port.State{port.Draft, port.Posted, port.Cancelled}[max(0, min(e.Docstatus, 2))]}
	for _, r := range e.Rows {
		debit, err := port.RoundAmount(r.Debit.String(), at.currency)
		if err != nil {
			return f, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", f.ID))
		}
		credit, err := port.RoundAmount(r.Credit.String(), at.currency)
		if err != nil {
			return f, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", f.ID))
		}
		code, err := p.number(ctx, r.Account)
		if err != nil {
			return f, err
		}
		f.Lines = append(f.Lines, port.Line{Account: code, Party: r.Party, Debit: debit, Credit: credit,
			Dimensions: voucher.SplitsOf(p.dimensionsOf(r))})
	}
	f.Totals = port.Sum(f.Lines)
	return f, nil
}

// entries reads the entries of a search with their lines, which come one entry a time.
func (p *Port) entries(ctx context.Context, at company, l listing) ([]port.Found, error) {
	var names []record
	if err := p.client.list(ctx, l, &names); err != nil || len(names) == 0 {
		return nil, err
	}
	found := make([]port.Found, 0, len(names))
	for _, r := range names {
		f, err := p.read(ctx, at, r.Name)
		if err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	return found, nil
}

// opposite makes the entry that undoes a submitted one.
func (p *Port) opposite(ctx context.Context, at company, name, reference, date string) (object, error) {
	e, err := p.entry(ctx, name)
	if err != nil {
		return nil, err
	}
	if e.Docstatus != 1 {
		return nil, port.Fault(port.CodeRefused, "only a submitted entry can be reversed")
	}
	rows := make([]object, 0, len(e.Rows))
	for _, r := range e.Rows {
		debit, err := port.RoundAmount(r.Debit.String(), at.currency)
		if err != nil {
			return nil, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", name))
		}
		credit, err := port.RoundAmount(r.Credit.String(), at.currency)
		if err != nil {
			return nil, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", name))
		}
		row := object{"account": r.Account, "user_remark": r.Remark, "cost_center": r.CostCenter,
			"debit_in_account_currency": number(credit), "credit_in_account_currency": number(debit)}
		if r.Party != "" {
			row["party_type"], row["party"] = r.PartyType, r.Party
		}
		for _, field := range p.dimensions {
			if r.Fields[field] != "" {
				row[field] = r.Fields[field]
			}
		}
		rows = append(rows, row)
	}
	return object{"voucher_type": e.VoucherType, "company": at.name, "posting_date": date, "reversal_of": name,
		"user_remark": e.Fields["user_remark"], "cheque_no": reference, "cheque_date": date,
		p.reference: reference, "accounts": rows}, nil
}
