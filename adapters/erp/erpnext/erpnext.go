// Package erpnext books vouchers as Journal Entries in ERPNext, by Frappe's REST
// interface.
//
//	Port ─▶ look-ups (codes to names, cached) ─▶ client (token) ─▶ /api/resource/<DocType>[/<name>]
//
// Configuration: user is the API key and password the API secret of a user who
// may read the accounts and write, submit and delete Journal Entries; company is
// the company's name.
//
// The reference lies in a custom field of the Journal Entry, custom_external_ref
// unless the option reference_field names another. It must be unique, so that
// ERPNext itself refuses a second voucher; a System Manager makes it once:
//
//	POST /api/resource/Custom Field
//	{"dt":"Journal Entry","fieldname":"custom_external_ref","label":"External reference",
//	 "fieldtype":"Data","unique":1,"no_copy":1,"read_only":1}
//
// The option dimensions says which dimension of a mapping goes into which field of the
// entry's rows: project, which ERPNext has, or that of an Accounting Dimension. The value
// is the name (ID) of the document there.
//
// Codes: an account by its account number, a party by its name (the ID that
// ERPNext shows), a cost center by its number or name; a cost center that is not
// there stands in the line's remark, and the company's default is used. Books are
// kept in the company's currency; an account in another one is refused.
package erpnext

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"sync"

	"github.com/countersign/countersign/adapters/erp/port"
	"github.com/countersign/countersign/domain/fault"
	"github.com/countersign/countersign/domain/master"
	"github.com/countersign/countersign/domain/voucher"
)

const (
	journalEntry = "Journal Entry"
	referenceMax = 140 // of a Data field
	foundMax     = 10  // vouchers that Find reads; two are already too many
)

// options are what only this adapter knows.
var options = []port.Option{{Name: "reference_field", Default: "custom_external_ref",
	Mend: "name the unique custom field of the Journal Entry that holds our reference"},
	{Name: "dimensions"}} // dimension → field of the entry's rows, such as project=project, region=region

// Port is one company of one ERPNext site.
type Port struct {
	config    port.Config
	client    *client
	reference string // the field of the Journal Entry

	dimensions map[string]string // dimension → field of its rows

	mutex   sync.Mutex
	company company
	cache   map[string]record
}

// Open makes the port of one connection; it does not speak to the site yet.
//
// Errors: Invalid erp.bad_config.
func Open(config port.Config) (port.Port, error) {
	if u, err := url.Parse(config.URL); err != nil || u.Host == "" {
		return nil, port.Fault(port.CodeBadConfig, config.URL, fault.Arg("what", "url"))
	}
	if config.User == "" || config.Secret == "" {
		return nil, port.Fault(port.CodeBadConfig, "user (the API key) and password (the API secret) are needed",
			fault.Arg("what", "login"))
	}
	read, err := config.Read(options)
	if err != nil {
		return nil, err
	}
	dimensions, err := read.DimensionTable("dimensions")
	if err != nil {
		return nil, err
	}
	return &Port{config: config, client: newClient(config), reference: read["reference_field"], dimensions: dimensions,
		cache: map[string]record{}}, nil
}

// Name says which connection this is.
func (p *Port) Name() string { return p.config.Name }

// Capabilities says what ERPNext can do. It computes in floating-point numbers.
func (p *Port) Capabilities() port.Capabilities {
	names := slices.Sorted(maps.Keys(p.dimensions))
	return port.Capabilities{
		Master: []master.Kind{master.Account, master.Party, master.Employee, master.Department, master.CostCenter,
			master.Project, master.Period, master.Currency, master.Rate},
		UniqueReference: true, ChecksBalance: true, ClosedPeriods: true, Reverse: true,
		CostCenters: true, ReferenceMax: referenceMax, AmountMax: port.FloatMax, Dimensions: names, Told: names,
		ChecksDimensions: true,
		Creates:          port.Mark{Method: "POST", Text: `"voucher_type"`},
		Posts:            port.Mark{Method: "PUT", Text: `"docstatus":1`}}
}

// Find returns every Journal Entry that carries the reference, with its lines.
// Safe to repeat.
func (p *Port) Find(ctx context.Context, reference string) ([]port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return nil, err
	}
	return p.entries(ctx, at, listing{doctype: journalEntry, limit: foundMax,
		filters: []any{[]any{p.reference, "=", reference}, []any{"company", "=", at.name}}})
}

// Create inserts a draft that carries the reference.
//
// Errors: Invalid before anything is sent where a code is unknown to ERPNext. Busy
// where the reference is taken: the next look finds whose it is.
func (p *Port) Create(ctx context.Context, v voucher.Voucher) (port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Found{}, err
	}
	if len(v.Reference) > referenceMax {
		return port.Found{}, port.Fault(port.CodeUnsupported, "", fault.Arg("what", "long_reference"))
	}
	document, err := p.document(ctx, at, v)
	if err != nil {
		return port.Found{}, err
	}
	return p.insert(ctx, at, document)
}

// insert creates one Journal Entry; the answer holds all of it.
func (p *Port) insert(ctx context.Context, at company, document object) (port.Found, error) {
	var made entry
	err := p.client.call(ctx, request{method: "POST", doctype: journalEntry, body: document, writes: true}, &made)
	if port.Refused(err) {
		p.forget() // a code may have changed its meaning since we looked it up
	}
	if err != nil {
		return port.Found{}, err
	}
	f, err := p.found(ctx, at, made)
	if err != nil || f.ID == "" {
		return port.Found{}, port.Fault(port.CodeUnknown, "inserted, but the answer cannot be read")
	}
	return f, nil
}

// Post submits a draft. Safe to repeat.
func (p *Port) Post(ctx context.Context, f port.Found) (port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Found{}, err
	}
	read := func(ctx context.Context) (port.Found, error) { return p.read(ctx, at, f.ID) }
	return port.PostDraft(ctx, read, func(ctx context.Context, _ port.Found) error {
		return p.client.call(ctx, request{method: "PUT", doctype: journalEntry, name: f.ID,
			body: object{"docstatus": 1}, writes: true}, nil)
	})
}

// Discard deletes a draft. ERPNext refuses it for a submitted one.
func (p *Port) Discard(ctx context.Context, f port.Found) error {
	return p.client.call(ctx, request{method: "DELETE", doctype: journalEntry, name: f.ID, writes: true}, nil)
}

// Reverse books the opposite of a submitted entry and submits it; ERPNext shows it
// as the reversal of the other. Cancelling would take the original out of the
// books, which nobody could follow. 红冲
//
// Errors: after Unknown, call it again: it finds what was left.
func (p *Port) Reverse(ctx context.Context, f port.Found, reference, date string) (port.Found, error) {
	at, err := p.where(ctx)
	if err != nil {
		return port.Found{}, err
	}
	before, err := p.Find(ctx, reference)
	if err != nil {
		return port.Found{}, err
	}
	draft, there, err := port.Only(reference, before)
	if err != nil {
		return port.Found{}, err
	}
	if !there {
		opposite, err := p.opposite(ctx, at, f.ID, reference, date)
		if err != nil {
			return port.Found{}, err
		}
		if draft, err = p.insert(ctx, at, opposite); err != nil {
			return port.Found{}, err
		}
	}
	done, err := p.Post(ctx, draft)
	if port.Refused(err) {
		_ = p.Discard(ctx, draft) // so that another day can be chosen
	}
	return done, err
}

// read returns one entry by its name, with its lines.
func (p *Port) read(ctx context.Context, at company, name string) (port.Found, error) {
	e, err := p.entry(ctx, name)
	if err != nil {
		return port.Found{}, err
	}
	return p.found(ctx, at, e)
}

func (p *Port) entry(ctx context.Context, name string) (entry, error) {
	var e entry
	err := p.client.call(ctx, request{method: "GET", doctype: journalEntry, name: name}, &e)
	return e, err
}
