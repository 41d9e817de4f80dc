// Package sap books vouchers in SAP S/4HANA as journal entries.
//
//	Port ─▶ SOAP JournalEntryCreateRequestConfirmation_In (synchronous) posts
//	    └─▶ OData API_OPLACCTGDOCITEMCUBE_SRV finds and reads
//
// SAP posts in one step, so there are no drafts. The reference field holds 16
// characters: it carries our short reference, in capitals. Nothing there is
// unique: what PostOnce looks up is all there is, so give Countersign a user and a
// document type of its own. A line with a party is a creditor's or a debtor's: its
// account must be that party's reconciliation account, or it will not compare.
//
// No part of it was tried on a live S/4HANA; see sim for what is verified.
package sap

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/money"
	"github.com/countersign/countersign/domain/voucher"
)

// options are what a connection needs beside url (the API host), company (the
// company code), user and password of the communication user.
var options = []port.Option{
	{Name: "created_by", Needed: true, Mend: "write the user that shall be named as creator, such as CC0000000002"},
	{Name: "document_type", Default: "SA"},
	{Name: "dimensions"}, // 2202.party=creditor, 66.cost_center=CostCenter, 66.project=WBSElement
	{Name: "chart"},      // chart of accounts, for reading master data
	{Name: "language", Default: "EN"},
	{Name: "posting", Default: postingSync}, // sync, or async: SAP posts later, and refuses in its monitor
	{Name: "rates_path"},                    // service/set of exchange rates, for reading them; "" = none
	{Name: "factors_path"},                  // service/set of the factors that they refer to
	{Name: "rate_type", Default: "M"},       // which of them
	{Name: "soap_path"},                     // "" = that of the way of posting, on the cloud
	{Name: "odata_path", Default: "/sap/opu/odata/sap"},
}

// The fields that a party may go into: the line becomes that party's.
const (
	fieldCreditor = "creditor"
	fieldDebtor   = "debtor"
)

// The account assignments that a cost center or a dimension may go into.
const (
	fieldCostCenter   = "CostCenter"
	fieldProfitCenter = "ProfitCenter"
	fieldWBS          = "WBSElement"
	fieldOrder        = "OrderID"
)

// The ways of posting, and where each is asked for.
const (
	postingSync  = "sync"
	postingAsync = "async"
)

var soapPaths = map[string]string{postingSync: "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi",
	postingAsync: "/sap/bc/srt/scs_ext/sap/journalentrybulkcreationreques"}

// Port is one company code. It keeps no secret itself.
type Port struct {
	name       string
	currency   money.Currency // of the company code
	company    string
	options    port.Options
	client     *client
	dimensions port.Dimensions
	now        func() time.Time
}

// Open makes the port of one connection; it does not speak to SAP yet.
//
// Errors: Invalid erp.bad_config, naming the key and the mend.
func Open(config port.Config) (port.Port, error) {
	base, err := url.Parse(config.URL)
	if err != nil || base.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, "write the API host, such as https://my123456-api.s4hana.cloud.sap",
			fault.Arg("what", "url"))
	}
	for _, needed := range [][2]string{{"company", config.Company}, {"user", config.User}, {"password",
		string(config.Secret)}} {
		if needed[1] == "" {
			return nil, port.Fault(port.CodeBadConfig, needed[0]+" is empty: write the company code and the communication user",
				fault.Arg("what", needed[0]))
		}
	}
	p := &Port{name: config.Name, currency: config.Currency, company: config.Company, now: time.Now}
	if p.currency == "" {
		return nil, port.Fault(port.CodeBadConfig, "write the currency of the company code", fault.Arg("what", "currency"))
	}
	if p.options, err = config.Read(options); err != nil {
		return nil, err
	}
	if p.dimensions, err = p.options.Dimensions("dimensions"); err != nil {
		return nil, err
	}
	for _, d := range p.dimensions {
		party := d.Field == fieldCreditor || d.Field == fieldDebtor
		if party != (d.Of == port.OfParty) || !party && !slices.Contains(assignments(), d.Field) {
			return nil, port.BadOption("dimensions", "has "+d.Field+
				": a party goes into creditor or debtor, all else into CostCenter, ProfitCenter, WBSElement or OrderID")
		}
	}
	if soapPaths[p.options["posting"]] == "" {
		return nil, port.BadOption("posting", "is "+p.options["posting"]+": write sync or async")
	}
	if err := p.checkRates(); err != nil {
		return nil, err
	}
	if p.options["soap_path"] == "" {
		p.options["soap_path"] = soapPaths[p.options["posting"]]
	}
	p.dimensions = p.dimensions.Apart() // a creditor's or a debtor's item takes no account assignment
	p.client = newClient(config, p.options)
	return p, nil
}

// Name says which connection this is.
func (p *Port) Name() string { return p.name }

// Capabilities says what S/4HANA can do.
func (p *Port) Capabilities() port.Capabilities {
	later := p.later()
	return port.Capabilities{Master: p.kinds(), PostsAtOnce: !later, ChecksBalance: !later,
		ClosedPeriods: !later, Reverse: true, RefusesLater: later, ListsShort: true, ForeignCurrency: true,
		CostCenters: len(p.dimensions.Fields(port.OfCostCenter)) > 0,
		Fields:      p.dimensions, ChecksDimensions: !later, Told: p.dimensions.Names(),
		Creates: port.Mark{Method: "POST", Text: "JournalEntryBulkCreateRequest"}}
}

// referenceID is our reference as SAP's 16 characters hold it.
func referenceID(reference string) string { return strings.ToUpper(voucher.Short(reference)) }

// Find returns every journal entry that carries the reference. Safe to repeat.
func (p *Port) Find(ctx context.Context, reference string) ([]port.Found, error) {
	items, err := p.items(ctx, referenceID(reference))
	if err != nil {
		return nil, err
	}
	return p.found(reference, items)
}

// Create posts a journal entry in one synchronous message.
//
// Errors: Invalid before anything is sent where a code could not be compared.
func (p *Port) Create(ctx context.Context, v voucher.Voucher) (port.Found, error) {
	entry, lines, err := p.entry(v)
	if err != nil {
		return port.Found{}, err
	}
	if p.later() {
		return port.Found{Reference: v.Reference, State: port.Draft, Date: v.Date, Totals: port.Sum(lines), Lines: lines},
			p.hand(ctx, entry)
	}
	document, year, err := p.post(ctx, entry)
	if err != nil {
		return port.Found{}, err
	}
	return port.Found{Reference: v.Reference, ID: p.company + "/" + year + "/" + document, Number: document,
		State: port.Posted, Date: v.Date, Totals: port.Sum(lines), Lines: lines}, nil
}

// Post reads the journal entry back: it was posted when it was created.
func (p *Port) Post(ctx context.Context, f port.Found) (port.Found, error) {
	if p.later() {
		return p.await(ctx, f)
	}
	found, err := p.Find(ctx, f.Reference)
	if err != nil {
		return port.Found{}, err
	}
	now, there, err := port.Only(f.Reference, found)
	if err == nil && !there {
		err = port.Fault(port.CodeRefused, "journal entry "+f.ID+" is gone")
	}
	return now, err
}

// Reverse posts the entry once more with its sides swapped, under a reference of
// its own. It looks for that reference first. SAP's own reversal (FB08) would link
// both; its fields in this interface are not verified.
func (p *Port) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	done, there, err := port.Only(reference, before)
	if err != nil || there {
		return done, err
	}
	items, err := p.items(ctx, referenceID(f.Reference))
	if err != nil {
		return port.Found{}, err
	}
	v := voucher.Voucher{Reference: reference, Date: date, Text: "REV " + f.Number}
	for _, i := range items {
		if i.Document != f.Number {
			continue
		}
		e, err := p.swapped(i)
		if err != nil {
			return port.Found{}, err
		}
		v.Entries = append(v.Entries, e)
	}
	if len(v.Entries) == 0 {
		return port.Found{}, port.Fault(port.CodeRefused, "journal entry "+f.ID+" is gone")
	}
	made, err := p.Create(ctx, v)
	if err != nil || made.State == port.Posted {
		return made, err
	}
	return p.Post(ctx, made)
}
