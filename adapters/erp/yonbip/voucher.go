package yonbip

import (
	"context"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// The calls that know vouchers.
const (
	pathAdd    = "/yonbip/fi/ficloud/openapi/voucher/addVoucher"
	pathList   = "/yonbip/fi/ficloud/openapi/voucher/queryVouchers"
	pathDetail = "/yonbip/EFI/openapi/voucher/queryVoucherById" // under another prefix, indeed
	pathDelete = "/yonbip/fi/voucher/del"
)

const (
	referenceMax = 100
	linesMax     = 1000 // of one voucher
	rateDigits   = 8    // decimals of an exchange rate
	source       = "Countersign"
)

// object is one JSON object of the protocol.
type object = map[string]any

// exact is an amount as a JSON number with all its decimals; never a float.
func exact(a money.Amount) json.Number { return json.Number(a.Text()) }

// body is a voucher as addVoucher wants it, and its lines as they will be found.
// It has no «data» around it, unlike everything else in YonBIP.
func (p *Port) body(v voucher.Voucher) (object, []port.Line, error) {
	if len(v.Entries) > linesMax {
		return nil, nil, port.Fault(port.CodeRefused, "too many entries")
	}
	if strings.ContainsAny(v.Reference, " \n") || len(v.Reference) > referenceMax {
		return nil, nil, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "the reference "+v.Reference))
	}
	entries := make([]object, 0, len(v.Entries))
	lines := make([]port.Line, 0, len(v.Entries))
	for _, e := range v.Entries {
		entry, line, err := p.entry(e, v.Date)
		if err != nil {
			return nil, nil, err
		}
		entries, lines = append(entries, entry), append(lines, line)
	}
	maker := "makerMobile"
	if strings.Contains(p.options["maker"], "@") {
		maker = "makerEmail"
	}
	return object{"accbookCode": p.options["account_book"], "voucherTypeCode": p.options["voucher_type"],
		maker: p.options["maker"], "makeTime": v.Date, "period": v.Date[:7], "businessId": voucher.Short(v.Reference),
		"description": strings.TrimSpace(v.Reference + " " + v.Text), "externalSourceDataId": v.Reference,
		"externalSourceDataCode": v.Number, "externalSourceDataType": "voucher", "externalSourceSystemName": source,
		"bodies": entries}, lines, nil
}

// entry is one line. Both amounts must be told, and one side only.
func (p *Port) entry(e voucher.Entry, date string) (object, port.Line, error) {
	line, base := port.LineOf(e), port.Base(e)
	if base.Currency != p.currency {
		return nil, line, port.Fault(port.CodeRefused,
			"the books are kept in "+string(p.currency)+", not "+string(base.Currency))
	}
	amount := e.Amount
	if amount.Currency == "" {
		amount = base
	}
	values, err := p.dimensions.Values(e)
	if err != nil {
		return nil, line, err
	}
	side := "debit"
	if e.Side == voucher.Credit {
		side = "credit"
	}
	entry := object{"description": e.Text, "accsubjectCode": e.Account, "busidate": date,
		"currencyCode": string(amount.Currency), side + "Original": exact(amount), side + "Org": exact(base)}
	if amount.Currency != base.Currency {
		entry["rateType"], entry["rateOrg"], entry["rateOrgOps"] = "02", rate(amount, base), 1
	}
	if auxiliary := auxiliaries(values); len(auxiliary) > 0 {
		entry["clientAuxiliaryList"] = auxiliary
	}
	line.Party = ""
	if field := p.dimensions.Field(e.Account, port.OfParty); field != "" {
		line.Party = values[field]
	}
	line.Dimensions = p.Capabilities().Splits(e)
	return entry, line, nil
}

// auxiliaries are dimensions in YonBIP's form; filedCode is their spelling.
func auxiliaries(values map[string]string) []object {
	var all []object
	for _, field := range slices.Sorted(maps.Keys(values)) {
		all = append(all, object{"filedCode": field, "valueCode": values[field]})
	}
	return all
}

// rate is how much base one unit of amount is worth.
func rate(amount, base money.Amount) json.Number {
	of, in := new(big.Rat), new(big.Rat)
	of.SetString(amount.Text())
	in.SetString(base.Text())
	if of.Sign() == 0 {
		return "1"
	}
	return json.Number(strings.TrimRight(strings.TrimRight(in.Quo(in, of).FloatString(rateDigits), "0"), "."))
}

// added is what addVoucher answers.
type added struct {
	ID       text   `json:"voucherId"`
	BillCode text   `json:"billCode"`
	Status   string `json:"voucherStatus"`
}

// add saves a voucher. An answer of success without an id is not believed.
func (p *Port) add(ctx context.Context, body object) (added, error) {
	var made added
	if err := p.client.call(ctx, request{path: pathAdd, body: body, writes: true}, &made); err != nil {
		return made, err
	}
	if made.ID == "" {
		return made, port.Fault(port.CodeUnknown, "saved, but without an id")
	}
	return made, nil
}

// text is a JSON string or number, kept as text.
type text string

// UnmarshalJSON reads either form; null is "".
func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*t = text(s)
	} else {
		*t = text(raw)
	}
	return nil
}

// String is the text itself.
func (t text) String() string { return string(t) }

// isPlain says that an ERP's words were not recognised.
func isPlain(err error) bool { return fault.CodeOf(err) == port.CodeRefused }
