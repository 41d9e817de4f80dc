package yonbip

import (
	"cmp"
	"context"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	pageSize = 500 // 1000 is the most that YonBIP gives
	pagesMax = 200
)

// listQuery is what queryVouchers is asked, beside its pager.
type listQuery struct {
	PeriodStart, PeriodEnd     string
	MakeTimeStart, MakeTimeEnd string
}

// listHead is the head of a voucher in a list, whose names have no capitals.
type listHead struct {
	ID          text   `json:"id"`
	Description string `json:"description"`
}

// heads asks one page of our voucher type; last says that there is no further one.
func (p *Port) heads(ctx context.Context, q listQuery, page, size int) (heads []listHead, last bool, err error) {
	var got struct {
		RecordList []struct {
			Header listHead `json:"header"`
		} `json:"recordList"`
	}
	body := object{"pager": object{"pageIndex": page, "pageSize": size}, "accbookCode": p.options["account_book"],
		"voucherTypeCodeList": []string{p.options["voucher_type"]}, "periodStart": q.PeriodStart, "periodEnd": q.PeriodEnd}
	if q.MakeTimeStart != "" {
		body["makeTimeStart"], body["makeTimeEnd"] = q.MakeTimeStart, q.MakeTimeEnd
	}
	if err := p.client.call(ctx, request{path: pathList, body: body}, &got); err != nil {
		return nil, false, err
	}
	for _, r := range got.RecordList {
		heads = append(heads, r.Header)
	}
	return heads, len(heads) < size, nil
}

// referenceOf is the reference at the beginning of a head's description.
func referenceOf(description string) string {
	reference, _, _ := strings.Cut(strings.TrimSpace(description), " ")
	return reference
}

// detail is a voucher as queryVoucherById tells it.
type detail struct {
	ID          text
	Display     string `json:"displayName"`
	BillCode    text   `json:"billCode"`
	MakeTime    string `json:"makeTime"`
	Status      string `json:"voucherStatus"`
	Description string `json:"description"`
	External    string `json:"externalSourceDataId"`
	Bodies      []detailLine
}

type detailLine struct {
	Account        text   `json:"accSubject"` // an id
	Description    string `json:"description"`
	DebitOrg       text   `json:"debitOrg"`
	CreditOrg      text   `json:"creditOrg"`
	DebitOriginal  text   `json:"debitOriginal"`
	CreditOriginal text   `json:"creditOriginal"`
	Auxiliary      []struct {
		DocType string `json:"docType"`
		Code    string `json:"code"`
	} `json:"clientAuxiliary"`
}

// read returns one voucher by its id.
func (p *Port) read(ctx context.Context, id string) (port.Found, error) {
	d, err := p.detail(ctx, id)
	if err != nil {
		return port.Found{}, err
	}
	f := port.Found{Reference: cmp.Or(d.External, referenceOf(d.Description)), ID: d.ID.String(),
		Number: d.BillCode.String(), State: stateOf(d.Status), Date: d.MakeTime[:min(len(d.MakeTime), 10)]}
	for _, b := range d.Bodies {
		line, err := p.line(ctx, b)
		if err != nil {
			return port.Found{}, err
		}
		f.Lines = append(f.Lines, line)
	}
	f.Totals = port.Sum(f.Lines)
	return f, nil
}

func (p *Port) detail(ctx context.Context, id string) (detail, error) {
	var d detail
	if err := p.client.call(ctx, request{path: pathDetail, body: object{"voucherId": id}}, &d); err != nil {
		return d, err
	}
	if d.ID == "" {
		return d, port.Fault(port.CodeRefused, "voucher "+id+" is gone")
	}
	return d, nil
}

func (p *Port) line(ctx context.Context, b detailLine) (port.Line, error) {
	account, err := p.accountCode(ctx, b.Account.String())
	if err != nil {
		return port.Line{}, err
	}
	line := port.Line{Account: account}
	if line.Debit, err = amountOf(b.DebitOrg, p.currency); err == nil {
		line.Credit, err = amountOf(b.CreditOrg, p.currency)
	}
	if err != nil {
		return line, port.Fault(port.CodeConflict, err.Error(), fault.Arg("what", account))
	}
	line.Party = b.code(p.types[p.dimensions.Field(account, port.OfParty)])
	line.Dimensions = voucher.SplitsOf(p.dimensions.Read(account, func(field string) string {
		return b.code(p.types[field])
	}))
	return line, nil
}

// code is what a line holds in the dimension of a docType.
func (b detailLine) code(docType string) string {
	for _, a := range b.Auxiliary {
		if docType != "" && a.DocType == docType {
			return a.Code
		}
	}
	return ""
}

func amountOf(t text, c money.Currency) (money.Amount, error) {
	if t == "" || t == "null" {
		return money.Zero(c), nil
	}
	return port.ParseAmount(t.String(), c)
}

// accountCode turns YonBIP's id of an account into its code, which alone goes in.
func (p *Port) accountCode(ctx context.Context, id string) (string, error) {
	p.mutex.Lock()
	code := p.accounts[id]
	p.mutex.Unlock()
	if code != "" {
		return code, nil
	}
	rows, err := p.base(ctx, "accsubject")
	if err != nil {
		return "", err
	}
	known := make(map[string]string, len(rows))
	for _, r := range rows {
		known[r.ID.String()] = r.Code.String()
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.accounts = known
	if known[id] == "" {
		return "", port.Fault(port.CodeUnknownAccount, "YonBIP tells no code of the account with the id "+id,
			fault.Arg("account", id))
	}
	return known[id], nil
}
