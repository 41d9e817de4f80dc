// Package u8 books vouchers in Yonyou U8+ 用友 through its OpenAPI (U8 V12.0 and later).
//
//	Port ─▶ voucher/add (sync=1, biz_id)        voucherdetails/batch_get finds by coutno_id
//	          └─▶ client: a token, GET and POST {url}/api/…?from_account=&to_account=&app_key=&token=
//
// The short reference is biz_id, which the gateway holds unique, and reserve2, the
// number of an external voucher (外部凭证业务号): it is what is looked up. It stands at the
// end of the first entry's abstract as well, for lists do not tell it. Such a
// voucher cannot be changed or deleted inside U8, only made void (voucher/cancel):
// tell the accountants. Once it is there it counts as posted; they audit and book it.
//
// No part of it was tried on a live U8; see sim for what is verified.
package u8

import (
	"context"
	"net/url"
	"strings"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// options are what a connection needs beside url, user (app_key) and the
// password (app_secret).
var options = []port.Option{
	{Name: "from_account", Needed: true, Mend: "write the caller's id 调用方id"},
	{Name: "to_account", Needed: true, Mend: "write the provider's id 提供方id: the company with the U8"},
	{Name: "maker", Needed: true, Mend: "write the name of the maker 制单人, as U8 knows it"},
	{Name: "ds_sequence", Default: "1"},        // 数据源序号: which set of accounts 账套
	{Name: "voucher_type", Default: "记"},       // 凭证类别
	{Name: "currency_name", Default: "人民币"},    // of the books, as U8 calls it
	{Name: "rate_currencies"},                  // U8's names of foreign ones: 美元=USD; "" = no rates are read
	{Name: "rate_method", Default: multiplied}, // 折算方式 of all of them: multiply or divide
	{Name: "dimensions"},
	// such as 2241.party=personnel_id, 2202.party=supplier_id, 66.cost_center=dept_id, 66.project=item_id
}

// columns are where U8 tells a dimension that it was sent.
var columns = map[string]string{"personnel_id": "cperson_id", "supplier_id": "csup_id", "cust_id": "ccus_id",
	"dept_id": "cdept_id", "item_id": "citem_id"}

// Port is one set of accounts. It keeps no secret itself.
type Port struct {
	name       string
	currency   money.Currency // of the books
	options    port.Options
	client     *client
	dimensions port.Dimensions
	foreign    map[string]string // U8's name of a currency → ISO 4217
}

// Open makes the port of one connection; it does not speak to the gateway yet.
//
// Errors: Invalid erp.bad_config, naming the key and the mend.
func Open(config port.Config) (port.Port, error) {
	base, err := url.Parse(config.URL)
	if err != nil || base.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, "write https://api.yonyouup.com", fault.Arg("what", "url"))
	}
	for _, needed := range [][2]string{{"user", config.User}, {"password", string(config.Secret)}} {
		if needed[1] == "" {
			return nil, port.Fault(port.CodeBadConfig, needed[0]+" is empty: write app_key and app_secret",
				fault.Arg("what", needed[0]))
		}
	}
	p := &Port{name: config.Name, currency: config.Currency}
	if p.currency == "" {
		p.currency = "CNY"
	}
	if p.options, err = config.Read(options); err != nil {
		return nil, err
	}
	if p.dimensions, err = p.options.Dimensions("dimensions"); err != nil {
		return nil, err
	}
	for _, d := range p.dimensions {
		if columns[d.Field] == "" {
			return nil, port.BadOption("dimensions", "has "+d.Field+
				": write personnel_id, supplier_id, cust_id, dept_id or item_id")
		}
	}
	if p.foreign, err = p.options.Table("rate_currencies"); err != nil {
		return nil, err
	}
	for name, code := range p.foreign {
		if _, known := money.Exponent(money.Currency(code)); !known || code == string(p.currency) {
			return nil, port.BadOption("rate_currencies",
				"has "+name+"="+code+": write the code of another currency, such as USD")
		}
	}
	if method := p.options["rate_method"]; method != multiplied && method != divided {
		return nil, port.BadOption("rate_method", "is "+method+": write multiply (外币×汇率=本位币) or divide (外币÷汇率=本位币)")
	}
	p.client = newClient(config, p.options)
	return p, nil
}

// Name says which connection this is.
func (p *Port) Name() string { return p.name }

// Capabilities says what U8 can do.
func (p *Port) Capabilities() port.Capabilities {
	return port.Capabilities{Master: p.kinds(),
		PostsAtOnce: true, UniqueReference: true, ChecksBalance: true, ClosedPeriods: true,
		Reverse: true, CostCenters: len(p.dimensions.Fields(port.OfCostCenter)) > 0,
		Fields: p.dimensions, ChecksDimensions: true, Told: p.dimensions.Names(), ListsShort: true,
		Creates: port.Mark{Method: "POST", Text: "voucher/add"}}
}

// Find returns every voucher that carries the reference. Safe to repeat.
func (p *Port) Find(ctx context.Context, reference string) ([]port.Found, error) {
	rows, err := p.rows(ctx, under(reference))
	if err != nil {
		return nil, err
	}
	return p.found(reference, rows)
}

// under asks for the entries of one reference.
func under(reference string) url.Values { return url.Values{"coutno_id": {voucher.Short(reference)}} }

// Create adds a voucher. What U8 answers is its gateway's id; the voucher is read
// back, for only U8 knows its number.
func (p *Port) Create(ctx context.Context, v voucher.Voucher) (port.Found, error) {
	body, err := p.body(v)
	if err != nil {
		return port.Found{}, err
	}
	err = p.client.post(ctx, "voucher/add", url.Values{"biz_id": {voucher.Short(v.Reference)}, "sync": {"1"}}, body)
	if err != nil {
		return port.Found{}, err
	}
	found, err := p.Find(ctx, v.Reference)
	if err != nil {
		return port.Found{}, port.Fault(port.CodeUnknown, "added, but not read back: "+err.Error())
	}
	made, there, err := port.Only(v.Reference, found)
	if err == nil && !there {
		err = port.Fault(port.CodeUnknown, "added, but not found again")
	}
	return made, err
}

// Post reads the voucher back: adding it is as far as the interface goes.
func (p *Port) Post(ctx context.Context, f port.Found) (port.Found, error) {
	found, err := p.Find(ctx, f.Reference)
	if err != nil {
		return port.Found{}, err
	}
	now, there, err := port.Only(f.Reference, found)
	if err == nil && !there {
		err = port.Fault(port.CodeRefused, "voucher "+f.ID+" is gone")
	}
	return now, err
}

// Reverse adds the voucher once more with its sides swapped, under a reference of
// its own. It looks for that reference first.
func (p *Port) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	done, there, err := port.Only(reference, before)
	if err != nil || there {
		return done, err
	}
	rows, err := p.rows(ctx, under(f.Reference))
	if err != nil {
		return port.Found{}, err
	}
	if len(rows) == 0 {
		return port.Found{}, port.Fault(port.CodeRefused, "voucher "+f.ID+" is gone")
	}
	v := voucher.Voucher{Reference: reference, Date: date}
	for _, r := range rows {
		e, err := p.swapped(r)
		if err != nil {
			return port.Found{}, err
		}
		e.Text = strings.TrimSpace("冲销 " + f.Number + " " + mark.ReplaceAllString(r.Digest, ""))
		v.Entries = append(v.Entries, e)
	}
	return p.Create(ctx, v)
}
