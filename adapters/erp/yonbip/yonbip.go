// Package yonbip books vouchers in Yonyou YonBIP 用友 through its open platform.
//
//	Port ─▶ addVoucher                        queryVouchers finds, queryVoucherById reads
//	          └─▶ client: the tenant's addresses, a token by signature, POST {gateway}/yonbip/…?access_token=
//
// There is no call to audit or to book: a voucher that was saved (01 保存) counts
// as posted, and accountants do the rest in YonBIP. The short reference is its
// businessId, which YonBIP holds unique; the full one is externalSourceDataId
// and begins the head's description, by which it is found: no query knows either.
// So Find pages through the periods from look_back months ago to the next one.
// Give Countersign a voucher type of its own and the pages stay few.
//
// No part of it was tried on a live tenant; see sim for what is verified.
package yonbip

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// lookBackMax bounds how many months Find may have to page through.
const lookBackMax = 36

// options are what a connection needs beside url (where tenants are looked up),
// user (appKey) and the password (appSecret).
var options = []port.Option{
	{Name: "tenant", Needed: true, Mend: "write the tenant's id 租户ID"},
	{Name: "account_book", Needed: true, Mend: "write the code of the account book 账簿"},
	{Name: "voucher_type", Needed: true, Mend: "write the code of a voucher type 凭证类型, best one of its own"},
	{Name: "maker", Needed: true, Mend: "write the mobile number or mail address of the maker 制单人"},
	{Name: "dimensions"},                     // their filedCode, such as 2202.party=0004, 66.cost_center=0001
	{Name: "dimension_types"},                // filedCode → docType, to read them back: 0004=supplier, 0003=staff
	{Name: "look_back", Default: "3"},        // months
	{Name: "gateway_url"},                    // "" = looked up by the tenant
	{Name: "token_url"},                      // "" = looked up by the tenant
	{Name: "zone", Default: "Asia/Shanghai"}, // by which «now» has a month
	{Name: "rate_type"},                      // code of the 汇率类型 that is read; "" = none
	{Name: "rate_scheme"},                    // id of its 汇率方案, where there are several
	{Name: "employees", Default: no},         // whether they are read, yes or no
	{Name: "projects", Default: no},          // whether they are read, yes or no
}

// Whether something is read that an app needs a right of its own for.
const (
	yes = "yes"
	no  = "no"
)

// Port is one account book of one tenant. It keeps no secret itself.
type Port struct {
	name       string
	currency   money.Currency // of the books
	options    port.Options
	client     *client
	dimensions port.Dimensions
	types      map[string]string // filedCode → docType
	lookBack   int
	zone       *time.Location

	mutex    sync.Mutex
	accounts map[string]string // their id → code
}

// Open makes the port of one connection; it does not speak to YonBIP yet.
//
// Errors: Invalid erp.bad_config, naming the key and the mend.
func Open(config port.Config) (port.Port, error) {
	base, err := url.Parse(config.URL)
	if err != nil || base.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, "write https://apigateway.yonyoucloud.com", fault.Arg("what", "url"))
	}
	for _, needed := range [][2]string{{"user", config.User}, {"password", string(config.Secret)}} {
		if needed[1] == "" {
			return nil, port.Fault(port.CodeBadConfig, needed[0]+" is empty: write appKey and appSecret",
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
	if p.types, err = p.options.Table("dimension_types"); err != nil {
		return nil, err
	}
	if p.lookBack, err = strconv.Atoi(p.options["look_back"]); err != nil || p.lookBack < 0 || p.lookBack > lookBackMax {
		return nil, port.BadOption("look_back", "is "+p.options["look_back"]+": write months, 0 to 36")
	}
	for _, name := range []string{"employees", "projects"} {
		if p.options[name] != yes && p.options[name] != no {
			return nil, port.BadOption(name, "is "+p.options[name]+": write yes or no")
		}
	}
	if p.options["rate_scheme"] != "" && p.options["rate_type"] == "" {
		return nil, port.BadOption("rate_scheme", "stands without rate_type: write the code of the 汇率类型 too")
	}
	if p.zone, err = time.LoadLocation(p.options["zone"]); err != nil {
		return nil, port.BadOption("zone", "is no time zone: write one such as Asia/Shanghai")
	}
	p.client, err = newClient(config, p.options, base)
	return p, err
}

// Name says which connection this is.
func (p *Port) Name() string { return p.name }

// Capabilities says what YonBIP can do.
func (p *Port) Capabilities() port.Capabilities {
	return port.Capabilities{Master: p.kinds(), PostsAtOnce: true, UniqueReference: true, ChecksBalance: true,
		ClosedPeriods: true, Reverse: true, ForeignCurrency: true,
		CostCenters: len(p.dimensions.Fields(port.OfCostCenter)) > 0,
		Fields:      p.dimensions, ChecksDimensions: true, Told: p.told(),
		ReferenceMax: referenceMax, Creates: port.Mark{Method: "POST", Text: "voucher/addVoucher"}}
}

// told are the dimensions that can be read back: YonBIP tells them by their docType,
// which the options must name for each field.
func (p *Port) told() []string {
	return slices.DeleteFunc(p.dimensions.Names(), func(name string) bool {
		return slices.ContainsFunc(p.dimensions.Fields(name), func(field string) bool { return p.types[field] == "" })
	})
}

// Find returns every voucher that carries the reference. Safe to repeat.
func (p *Port) Find(ctx context.Context, reference string) ([]port.Found, error) {
	var found []port.Found
	from, until := p.window()
	asked := listQuery{PeriodStart: from, PeriodEnd: until}
	for page := 1; page <= pagesMax; page++ {
		heads, last, err := p.heads(ctx, asked, page, pageSize)
		if err != nil {
			return nil, err
		}
		for _, h := range heads {
			if referenceOf(h.Description) != reference {
				continue
			}
			f, err := p.read(ctx, h.ID.String())
			if err != nil {
				return nil, err
			}
			found = append(found, f)
		}
		if last {
			return found, nil
		}
	}
	return nil, port.Fault(port.CodeUnsupported, "give Countersign a voucher type of its own",
		fault.Arg("what", "more vouchers than can be looked through"))
}

// window is the first and the last period that Find looks through.
func (p *Port) window() (from, until string) {
	now := time.Now().In(p.zone)
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, -p.lookBack, 0).Format("2006-01"), first.AddDate(0, 1, 0).Format("2006-01")
}

// Create saves a voucher, which YonBIP then holds as saved: there is no draft.
//
// Errors: Invalid before anything is sent where Find could not see it again.
func (p *Port) Create(ctx context.Context, v voucher.Voucher) (port.Found, error) {
	from, until := p.window()
	if len(v.Date) < len("2006-01") || v.Date[:7] < from || v.Date[:7] > until {
		return port.Found{}, port.Fault(port.CodeUnsupported, "raise options.look_back, or choose another date",
			fault.Arg("what", "a date outside "+from+" to "+until))
	}
	body, lines, err := p.body(v)
	if err != nil {
		return port.Found{}, err
	}
	made, err := p.add(ctx, body)
	if err != nil {
		return port.Found{}, err
	}
	return port.Found{Reference: v.Reference, ID: made.ID.String(), Number: made.BillCode.String(),
		State: stateOf(made.Status),
		Date:  v.Date, Totals: port.Sum(lines), Lines: lines}, nil
}

// Post reads the voucher back: saved is as far as the interface goes.
//
// Errors: Invalid erp.refused where YonBIP keeps it aside (00 暂存) or calls it
// wrong (02 错误): an accountant must mend it there.
func (p *Port) Post(ctx context.Context, f port.Found) (port.Found, error) {
	now, err := p.read(ctx, f.ID)
	if err != nil {
		return port.Found{}, err
	}
	if now.State != port.Posted {
		return port.Found{}, port.Fault(port.CodeRefused, "凭证 "+now.Number+" 是暂存、错误或作废状态")
	}
	return now, nil
}

// Discard deletes a voucher that was only kept aside.
func (p *Port) Discard(ctx context.Context, f port.Found) error {
	now, err := p.read(ctx, f.ID)
	if err != nil {
		return err
	}
	if now.State != port.Draft {
		return port.Fault(port.CodeRefused, "voucher "+now.Number+" is no draft")
	}
	return p.client.call(ctx, request{path: pathDelete, body: map[string]any{"ids": []string{f.ID}}, writes: true}, nil)
}

// stateOf is the port's word for a voucherStatus.
func stateOf(status string) port.State {
	switch status {
	case "01", "03", "04": // saved 保存, audited 审核, booked 记账
		return port.Posted
	case "05": // 作废
		return port.Cancelled
	}
	return port.Draft // 00 kept aside 暂存, 02 wrong 错误
}
